"""grad, jvp, vjp, linearize and the Jacobians: a function is traced, and the engine's passes make another of it."""
import _native
from _native import Array
from jax import _trace
from jax.tree_util import PyTreeDef, _LEAF, _build, _flatten, _text


def _numbers(argnums, count):
    numbers = [argnums] if isinstance(argnums, int) else list(argnums)
    for number in numbers:
        if not -count <= number < count:
            raise TypeError("differentiating with respect to argnums=" + str(argnums) + " requires at least "
                             + str(max(number + 1 if number >= 0 else -number for number in numbers)) + " positional arguments to be passed by the caller, but got only "
                             + str(count) + " positional arguments.")
    return [number % count for number in numbers]


def _check(leaves):
    for x in leaves:
        if not _trace.is_array(x):
            raise TypeError("Argument " + repr(x) + " of type " + str(type(x)) + " is not a valid JAX type.")


class _Arguments:
    """The arguments that a function is differentiated with respect to, as leaves, and a call of the function with others in their place."""

    def __init__(self, fun, argnums, args, kwargs):
        self.fun, self.args, self.kwargs = fun, args, kwargs
        self.is_single = isinstance(argnums, int)
        self.numbers = _numbers(argnums, len(args))
        self.leaves = []
        self.node = _flatten(tuple([args[number] for number in self.numbers]), self.leaves)
        _check(self.leaves)

    def call(self, tracers):
        args = list(self.args)
        for number, part in zip(self.numbers, _build(self.node, iter(tracers))):
            args[number] = part
        return self.fun(*args, **self.kwargs)

    def build(self, leaves):
        parts = _build(self.node, iter(leaves))
        return parts[0] if self.is_single else parts


def _split_aux(out):
    if not isinstance(out, (tuple, list)) or len(out) != 2:
        raise TypeError("expected function with aux output to return a two-element tuple, but got type " + str(type(out)) + " with value "
                        + repr(out))
    return out


class _Aux:
    """What a function returns beside its value; what is no array waits here."""

    def keep(self, aux):
        leaves = []
        self.node = _flatten(aux, leaves)
        self.leaves = leaves
        self.arrays = [x for x in leaves if _trace.is_array(x)]
        return self.arrays

    def build(self, values):
        values = iter(values)
        return _build(self.node, iter([next(values) if _trace.is_array(x) else x for x in self.leaves]))


def _gradient(fun, argnums, has_aux, holomorphic, allow_int, with_value):
    name = "value_and_grad" if with_value else "grad"

    def differentiated(*args, **kwargs):
        arguments, aux = _Arguments(fun, argnums, args, kwargs), _Aux()

        def run(tracers):
            out = arguments.call(tracers)
            rest = []
            if has_aux:
                out, other = _split_aux(out)
                rest = aux.keep(other)
            if not _trace.is_array(out):
                if isinstance(out, (tuple, list, dict)) or out is None:
                    raise TypeError("Gradient only defined for scalar-output functions. Output was " + repr(out) + ".")
                raise TypeError("Argument " + repr(out) + " of type " + str(type(out)) + " is not a valid JAX type")
            return [out] + rest

        traced, _ = _trace.trace("derivative", fun, arguments.leaves, run)
        count = len(arguments.leaves)
        program = _trace.transform(traced, name, list(range(count)), has_aux, holomorphic, allow_int)
        results = _trace.call(program, arguments.leaves, False)
        if not with_value:
            gradients = arguments.build(results[:count])
            return (gradients, aux.build(results[count:])) if has_aux else gradients
        rest = len(results) - count
        value = (results[0], aux.build(results[1:rest])) if has_aux else results[0]
        return value, arguments.build(results[rest:])

    return differentiated


def grad(fun, argnums=0, has_aux=False, holomorphic=False, allow_int=False, reduce_axes=()):
    return _gradient(fun, argnums, has_aux, holomorphic, allow_int, False)


def value_and_grad(fun, argnums=0, has_aux=False, holomorphic=False, allow_int=False, reduce_axes=()):
    return _gradient(fun, argnums, has_aux, holomorphic, allow_int, True)


class _Traced:
    """A function of several trees, traced at a point."""

    def __init__(self, fun, primals, has_aux):
        self.fun, self.leaves, self.has_aux, self.aux = fun, [], has_aux, _Aux()
        self.node = _flatten(tuple(primals), self.leaves)
        _check(self.leaves)
        self.traced, (_, _, nodes) = _trace.trace("derivative", fun, self.leaves, self._run)
        self.out_node = nodes[0]
        self.out_count = PyTreeDef(self.out_node).num_leaves
        self.inexact = [_trace.is_inexact(x) for x in self.leaves]

    def _run(self, tracers):
        out = self.fun(*_build(self.node, iter(tracers)))
        rest = []
        if self.has_aux:
            out, other = _split_aux(out)
            rest = self.aux.keep(other)
        return (out, rest)

    def out(self, results):
        return _build(self.out_node, iter(results[:self.out_count]))

    def out_avals(self):
        return self.traced.out_avals[:self.out_count]

    def transform(self, name):
        return _trace.transform(self.traced, name, list(range(len(self.leaves))))


def _zero_tangent(x):
    from jax import numpy
    return numpy.zeros(_trace.aval(x)[0], dtype=numpy.bool_)


def _check_tangents(primals, tangents, what):
    for primal, tangent in zip(primals, tangents):
        (shape, dtype, _), (own, given, _) = _trace.aval(primal), _trace.aval(tangent)
        if dtype.kind in "fc" and given != dtype and not (isinstance(tangent, (int, float)) and given.kind == dtype.kind):
            raise TypeError("primal and tangent arguments to " + what + " do not match; dtypes must be equal, or in case of int/bool primal dtype "
                            "the tangent dtype must be float0.Got primal dtype " + dtype.name + " and so expected tangent dtype " + dtype.name
                            + ", but got tangent dtype " + given.name + " instead.")
        if own != shape:
            raise ValueError(what.replace("jax.", "") + " called with different primal and tangent shapes;Got primal shape " + repr(shape)
                             + " and tangent shape as " + repr(own))


def jvp(fun, primals, tangents, has_aux=False):
    if not isinstance(primals, (tuple, list)) or not isinstance(tangents, (tuple, list)):
        raise TypeError("primal and tangent arguments to jax.jvp must be tuples or lists; found " + type(primals).__name__ + " and "
                        + type(tangents).__name__ + ".")
    given = []
    traced = _Traced(fun, primals, has_aux)
    if _flatten(tuple(tangents), given) != traced.node:
        raise TypeError("primal and tangent arguments to jax.jvp must have the same tree structure; primals have tree structure "
                        + repr(PyTreeDef(traced.node)) + " whereas tangents have tree structure " + repr(PyTreeDef(_flatten(tuple(tangents), []))) + ".")
    _check_tangents(traced.leaves, given, "jax.jvp")
    results = _trace.call(traced.transform("jvp"), traced.leaves + [t for t, flag in zip(given, traced.inexact) if flag], False)
    primal, tangent = traced.out(results), _out_tangents(traced, results)
    if has_aux:
        return primal, tangent, traced.aux.build(results[traced.out_count:len(traced.traced.out_avals)])
    return primal, tangent


def _out_tangents(traced, results):
    rest = iter(results[len(traced.traced.out_avals):])
    tangents = [next(rest) if aval[1].kind in "fc" else _zero_tangent(x) for aval, x in zip(traced.out_avals(), results)]
    return _build(traced.out_node, iter(tangents))


def linearize(fun, *primals, has_aux=False):
    traced = _Traced(fun, primals, has_aux)
    results = _trace.call(traced.traced, traced.leaves, False)
    program = []

    def f_jvp(*tangents):
        given = []
        if _flatten(tuple(tangents), given) != traced.node:
            raise TypeError("linearized function called on tangent values with a tree structure that differs from the primals'")
        for primal, tangent in zip(traced.leaves, given):
            (shape, dtype, _), (own, other, _) = _trace.aval(primal), _trace.aval(tangent)
            if shape != own or dtype != other:
                raise ValueError("linearized function called on tangent values inconsistent with the original primal values: got tangent aval "
                                 + _aval_text(tangent) + " for primal aval " + _aval_text(primal) + " but expected " + _aval_text(primal))
        if not program:
            program.append(traced.transform("jvp"))
        return _out_tangents(traced, _trace.call(program[0], traced.leaves + [t for t, flag in zip(given, traced.inexact) if flag], False))

    out = traced.out(results)
    return (out, f_jvp, traced.aux.build(results[traced.out_count:])) if has_aux else (out, f_jvp)


def _aval_text(x):
    shape, dtype, weak = _trace.aval(x)
    return "ShapedArray(" + dtype.name + "[" + ",".join(str(size) for size in shape) + "]" + (", weak_type=True" if weak else "") + ")"


def vjp(fun, *primals, has_aux=False, reduce_axes=()):
    traced = _Traced(fun, primals, has_aux)
    results = _trace.call(traced.traced, traced.leaves, False)
    program = []

    def f_vjp(cotangent):
        given = []
        node = _flatten(cotangent, given)
        if node != traced.out_node:
            raise ValueError("unexpected tree structure.\n\nThe argument to a VJP function returned by `jax.vjp` must match the pytree\nstructure of "
                             "the differentiated function " + _trace.name_of(fun) + ".\n\nBut the tree structures differ: got " + repr(PyTreeDef(node))
                             + ", but expected to match " + repr(PyTreeDef(traced.out_node)))
        for (shape, dtype, _), ct in zip(traced.out_avals(), given):
            own, other, _ = _trace.aval(ct)
            if dtype.kind in "fc" and (own != shape or (other != dtype and not isinstance(ct, (int, float)))):
                raise ValueError("unexpected JAX type (e.g. shape/dtype) for argument to VJP function: got " + _type_text(own, other)
                                 + ", but expected " + _type_text(shape, dtype) + " because the corresponding output of the differentiated function "
                                 "had JAX type " + _type_text(shape, dtype))
        if not program:
            program.append(traced.transform("vjp"))
        cotangents = [ct for ct, aval in zip(given, traced.out_avals()) if aval[1].kind in "fc"]
        # What is returned beside the value gets nothing.
        for shape, dtype, _ in traced.traced.out_avals[traced.out_count:]:
            if dtype.kind in "fc":
                from jax import numpy
                cotangents.append(numpy.zeros(shape, dtype))
        made = iter(_trace.call(program[0], traced.leaves + cotangents, False)[len(traced.traced.out_avals):])
        return _build(traced.node, iter([next(made) if flag else _zero_tangent(x) for x, flag in zip(traced.leaves, traced.inexact)]))

    out = traced.out(results)
    return (out, f_vjp, traced.aux.build(results[traced.out_count:])) if has_aux else (out, f_vjp)


def _type_text(shape, dtype):
    return dtype.name + "[" + ",".join(str(size) for size in shape) + "]"


def _jacobian(fun, argnums, has_aux, name):
    def jacobian(*args, **kwargs):
        plain = (lambda *a, **k: _split_aux(fun(*a, **k))[0]) if has_aux else fun
        arguments = _Arguments(plain, argnums, args, kwargs)
        traced, node = _trace.trace("derivative", fun, arguments.leaves, arguments.call)
        count = len(arguments.leaves)
        program = _trace.transform(traced, name, list(range(count)))
        results = _trace.call(program, arguments.leaves, False)
        rows = [arguments.build(results[i:i + count]) for i in range(0, len(results), count)]
        out = _build(node, iter(rows))
        return (out, _split_aux(fun(*args, **kwargs))[1]) if has_aux else out

    return jacobian


def jacfwd(fun, argnums=0, has_aux=False, holomorphic=False):
    return _jacobian(fun, argnums, has_aux, "jacfwd")


def jacrev(fun, argnums=0, has_aux=False, holomorphic=False, allow_int=False):
    return _jacobian(fun, argnums, has_aux, "jacrev")


def jacobian(fun, argnums=0, has_aux=False, holomorphic=False, allow_int=False):
    return jacrev(fun, argnums, has_aux, holomorphic, allow_int)


def hessian(fun, argnums=0, has_aux=False, holomorphic=False):
    return jacfwd(jacrev(fun, argnums, has_aux), argnums, has_aux)
