"""lax's loops and branches: the bodies are traced to functions of their own, and become regions of one operation."""
from jax import _trace
from jax.tree_util import PyTreeDef, _LEAF, _build, _flatten, _count, keystr


def _types(avals):
    return [(shape, dtype) for shape, dtype, _ in avals]


def _text(aval):
    return aval[1].name + "[" + ",".join(str(size) for size in aval[0]) + "]"


def _body(fun, leaves, run):
    return _trace.trace("jit", fun, leaves, run)


def _settled(fun, make, carry, results_of):
    """Traces with `carry` as the types of a loop's state; weakly typed ones give way to what the body makes of them."""
    state = list(carry)
    for _ in range(8):
        traced, node = make(state)
        after = results_of(traced)
        if len(after) != len(state):
            return traced, node, state
        changed = False
        for i, (own, other) in enumerate(zip(state, after)):
            shape, dtype, weak = _trace.aval(own)
            if weak and shape == other[0] and dtype != other[1]:
                state[i] = _trace_convert(own, other[1])
                changed = True
        if not changed:
            return traced, node, state
    return traced, node, state


def _trace_convert(x, dtype):
    from jax import numpy
    return _trace.with_weak_type(numpy.asarray(x, dtype=dtype), False)


def _shown(x):
    """A value in a message: a tracer by its type."""
    if _trace.is_array(x):
        shape, dtype, weak = _trace.aval(x)
        return ("~" if weak else "") + _text((shape, dtype))
    return repr(x)


def _arrays(leaves):
    from jax import numpy
    return [numpy.asarray(x) for x in leaves]


def _check_carry(name, fun, node, out_node, before, after):
    if node != out_node:
        raise TypeError(name + " carry input and carry output must have the same pytree structure, but they differ:\n\nThe input carry is a "
                        + repr(PyTreeDef(node)) + " and the output carry is a " + repr(PyTreeDef(out_node)) + ".")
    lines = []
    for i, ((shape, dtype, _), (own, other, _)) in enumerate(zip(before, after)):
        if shape != own or dtype != other:
            place = "carry" if node == _LEAF else "carry component " + str(i)
            lines.append("the input " + place + " has type " + _text((shape, dtype)) + " but the corresponding output carry component has type "
                         + _text((own, other)) + ", so the " + (("dtypes do not match" if shape == own else "shapes do not match")))
    if lines:
        raise TypeError(name + " carry input and carry output must have equal types, but they differ:\n\n"
                        + "\n".join(line[0].upper() + line[1:] for line in lines) + ".\n\nRevise the function so that all output types match the "
                        "corresponding input types.")


def _rows(leaves, length, name):
    sizes = []
    for x in leaves:
        shape = _trace.aval(x)[0]
        if not shape:
            raise ValueError(name + " got value with no leading axis to scan over: " + repr(x) + ".")
        sizes.append(shape[0])
    if length is not None:
        length = int(length)
        for size in sizes:
            if size != length:
                raise ValueError(name + " got `length` argument of " + str(length) + " which disagrees with leading axis sizes " + str(sizes) + ".")
        return length
    if not sizes:
        raise ValueError(name + " got no values to scan over and `length` not provided.")
    if len(set(sizes)) > 1:
        raise ValueError(name + " got values with different leading axis sizes: " + ", ".join(str(size) for size in sizes) + ".")
    return sizes[0]


def scan(f, init, xs=None, length=None, reverse=False, unroll=1, _split_transpose=False):
    carry, stacks = [], []
    node, rows = _flatten(init, carry), _flatten(xs, stacks)
    carry, stacks = _arrays(carry), _arrays(stacks)
    count = _rows(stacks, length, "scan")
    kept = {}

    def make(state):
        def run(tracers):
            out = f(_build(node, iter(tracers[:len(state)])), _build(rows, iter(tracers[len(state):])))
            if not isinstance(out, (tuple, list)) or len(out) != 2:
                raise TypeError("scan body output must be a pair, got " + _shown(out) + ".")
            after, ys = [], []
            kept["carry"], kept["ys"] = _flatten(out[0], after), _flatten(out[1], ys)
            kept["count"] = len(after)
            if kept["carry"] == node:
                after = [_adopt(x, own) for x, own in zip(after, state)]
            return after + ys
        return _trace.trace("jit", f, state + stacks, run, [None] * len(state) + [0] * len(stacks))

    traced, _, carry = _settled(f, make, carry, lambda traced: traced.out_avals[:kept["count"]])
    _check_carry("scan body function", f, node, kept["carry"], [_trace.aval(x) for x in carry], traced.out_avals)

    def record(leaves):
        return _trace.scan(traced, leaves[:len(carry)], leaves[len(carry):], count, bool(reverse))

    results = _trace.bind(f, carry + stacks, traced.captures, record)
    return _build(node, iter(results[:len(carry)])), _build(kept["ys"], iter(results[len(carry):]))


def _adopt(x, like):
    """A result of a body as its carry's type, where only weak types differ."""
    from jax import numpy
    if isinstance(x, (int, float, complex)):
        return numpy.asarray(x)
    return x


def while_loop(cond_fun, body_fun, init_val):
    state = []
    node = _flatten(init_val, state)
    state = _arrays(state)
    out = {}

    def make(state):
        def run(tracers):
            after = []
            out["node"] = _flatten(body_fun(_build(node, iter(tracers))), after)
            return _arrays(after)
        return _trace.trace("jit", body_fun, state, run)

    body, _, state = _settled(body_fun, make, state, lambda traced: traced.out_avals)
    _check_carry("while_loop body function", body_fun, node, out["node"], [_trace.aval(x) for x in state], body.out_avals)
    condition, test = _trace.trace("jit", cond_fun, state, lambda tracers: cond_fun(_build(node, iter(tracers))))
    if test != _LEAF:
        raise TypeError("cond_fun must return a boolean scalar, but got pytree " + repr(PyTreeDef(test)) + ".")
    if _types(condition.out_avals)[0][0] != () or condition.out_avals[0][1].kind != "b":
        raise TypeError("cond_fun must return a boolean scalar, but got output type(s) [" + _short(condition.out_avals[0]) + "].")
    results = _trace.bind(body_fun, state, condition.captures + body.captures, lambda leaves: _trace.loop(condition, body, leaves))
    return _build(node, iter(results))


def _short(aval):
    return "ShapedArray(" + _text(aval) + (", weak_type=True" if aval[2] else "") + ")"


def fori_loop(lower, upper, body_fun, init_val, *, unroll=None):
    from jax import numpy
    if isinstance(lower, int) and isinstance(upper, int):
        # As many rounds as are known now: a scan, which reverse mode goes through.
        def step(carry, _):
            i, value = carry
            return (i + 1, body_fun(i, value)), None
        if lower >= upper:
            state = []
            node = _flatten(init_val, state)
            return _build(node, iter(_arrays(state)))
        return scan(step, (numpy.asarray(lower), init_val), None, length=upper - lower)[0][1]
    lower, upper = numpy.asarray(lower), numpy.asarray(upper)
    kind = numpy.result_type(lower, upper)
    if kind.kind not in "iu":
        raise TypeError("lower and upper arguments to fori_loop must have equal types, got " + lower.dtype.name + " and " + upper.dtype.name)
    lower, upper = [x if x.dtype == kind else x.astype(kind) for x in (lower, upper)]
    state = (lower, upper, init_val)
    return while_loop(lambda s: s[0] < s[1], lambda s: (s[0] + 1, s[1], body_fun(s[0], s[2])), state)[2]


def _branches(name, index, functions, operands, labels):
    leaves = []
    node = _flatten(tuple(operands), leaves)
    leaves = _arrays(leaves)
    traced, nodes = [], []
    for function in functions:
        made, out = _trace.trace("jit", function, leaves, lambda tracers: function(*_build(node, iter(tracers))))
        traced.append(made)
        nodes.append(out)
    order = range(len(functions)) if name == "switch" else (1, 0)
    first = order[0]
    for other in order[1:]:
        if nodes[first] != nodes[other]:
            raise TypeError(_structure_text(name, labels[first], labels[other], nodes[first], nodes[other]))
        lines = []
        for a, b in zip(traced[first].out_avals, traced[other].out_avals):
            if _types([a]) != _types([b]):
                lines.append("The output of " + labels[first] + (" has type " + _text(a)) + " but the corresponding output of "
                             + labels[other] + " has type " + _text(b) + ", so the " + ("dtypes do not match" if a[0] == b[0] else "shapes do not match"))
        if lines:
            raise TypeError(name + " branches must have equal output types but they differ.\n\n" + ".\n".join(lines) + ".")
    captures = [x for made in traced for x in made.captures]
    results = _trace.bind(functions[0], [index] + leaves, captures, lambda all: _trace.cond(all[0], traced, all[1:]))
    return _build(nodes[0], iter(results))


def _kind(node):
    return "pytree leaf" if node == _LEAF else "<class 'NoneType'>" if node is None else str(node[0])


def _structure_text(name, first, other, a, b):
    text = name + " branch outputs must have the same pytree structure, but they differ:\n\n"
    if _kind(a) != _kind(b):
        return text + first + " output is a " + _kind(a) + " but " + other + " output is a " + _kind(b) + ", so their Python types differ."
    return text + first + " output has structure " + repr(PyTreeDef(a)) + " but " + other + " output has structure " + repr(PyTreeDef(b)) + "."


_absent = object()


def cond(pred, true_fun, false_fun, *operands, operand=_absent, linear=None):
    from jax import numpy
    if operand is not _absent:
        operands = (operand,)
    if not (callable(true_fun) and callable(false_fun)):
        raise TypeError("lax.cond: true_fun and false_fun arguments should be callable.")
    if not _trace.is_array(pred):
        raise TypeError("Pred must be a scalar, got " + str(pred) + " of type " + str(type(pred)))
    pred = numpy.asarray(pred)
    if pred.shape != ():
        raise TypeError("Pred must be a scalar, got " + str(pred) + " of shape " + str(pred.shape) + ".")
    return _branches("cond", (pred != 0 if pred.dtype.kind != "b" else pred).astype(numpy.int32), [false_fun, true_fun], operands, ["false_fun", "true_fun"])


def switch(index, branches, *operands, operand=_absent):
    from jax import numpy
    if operand is not _absent:
        operands = (operand,)
    index = numpy.asarray(index)
    if index.shape != ():
        raise TypeError("Branch index must be scalar, got " + str(index) + " of shape " + str(index.shape) + ".")
    if index.dtype.kind not in "iu":
        raise TypeError("Index type must be an integer, got " + str(index) + " as " + index.dtype.name)
    branches = list(branches)
    if not branches:
        raise ValueError("Empty branch sequence")
    if len(branches) == 1:
        return branches[0](*operands)
    index = numpy.clip(index.astype(numpy.int32), 0, len(branches) - 1)
    return _branches("switch", index, branches, operands, ["branch " + str(i) for i in range(len(branches))])


def map(f, xs, *, batch_size=None):
    return scan(lambda _, x: ((), f(x)), (), xs)[1]


def associative_scan(fn, elems, reverse=False, axis=0):
    from jax import numpy
    from jax.tree_util import tree_flatten, tree_unflatten
    leaves, tree = tree_flatten(elems)
    if reverse:
        leaves = [numpy.flip(x, axis) for x in leaves]

    def combine(a, b):
        return tree_flatten(fn(tree_unflatten(tree, a), tree_unflatten(tree, b)))[0]

    def part(x, start, stop, step=1):
        return x[(slice(None),) * (axis % x.ndim) + (slice(start, stop, step),)]

    def interleave(a, b):
        # Elements of a and b by turns; a may have one more.
        rank = a.ndim
        place = axis % rank
        size = a.shape[place] + b.shape[place]
        if a.shape[place] > b.shape[place]:
            b = numpy.concatenate([b, part(a, 0, 1)], axis=place)
        both = numpy.stack([a, b], axis=place + 1)
        shape = list(a.shape)
        shape[place] *= 2
        return part(both.reshape(tuple(shape)), 0, size)

    def run(items):
        size = items[0].shape[axis % items[0].ndim]
        if size < 2:
            return items
        reduced = combine([part(x, 0, size - 1, 2) for x in items], [part(x, 1, None, 2) for x in items])
        odd = run(reduced)
        if size % 2 == 0:
            even = combine([part(x, 0, -1) for x in odd], [part(x, 2, None, 2) for x in items])
        else:
            even = combine(odd, [part(x, 2, None, 2) for x in items])
        even = [numpy.concatenate([part(x, 0, 1), y], axis=axis) for x, y in zip(items, even)]
        return [interleave(a, b) for a, b in zip(even, odd)]

    results = run(leaves)
    if reverse:
        results = [numpy.flip(x, axis) for x in results]
    return tree_unflatten(tree, results)
