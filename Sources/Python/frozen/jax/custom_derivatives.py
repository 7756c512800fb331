"""custom_jvp and custom_vjp: functions with derivative rules of their own; checkpoint and stop_gradient."""
from jax import _trace
from jax.tree_util import PyTreeDef, _LEAF, _build, _flatten, _flatten_up_to


def _zeros(x):
    from jax import numpy
    shape, dtype, _ = _trace.aval(x)
    return numpy.zeros(shape, dtype if dtype.kind in "fc" else numpy.bool_)


class _Custom:
    def __init__(self, fun, nondiff_argnums=(), nondiff_argnames=()):
        self.__wrapped__ = self.fun = fun
        self.__name__ = _trace.name_of(fun)
        self.nondiff_argnums = tuple(nondiff_argnums)
        # How many of its rules are being traced within each other.
        self._depth = 0

    def __get__(self, instance, owner=None):
        return self if instance is None else lambda *args, **kwargs: self(instance, *args, **kwargs)

    def _split(self, args):
        static = [args[i] for i in self.nondiff_argnums]
        return static, tuple([x for i, x in enumerate(args) if i not in self.nondiff_argnums])

    def _merge(self, static, dynamic):
        args = list(dynamic)
        for number, x in sorted(zip(self.nondiff_argnums, static), key=lambda pair: pair[0]):
            args.insert(number, x)
        return args

    def _record(self, args, kwargs, rule):
        """Calls the function; where a trace records it, with what `rule` records in its place."""
        if kwargs:
            from _native import parameters
            names = parameters(self.fun) or ()
            args = list(args) + [kwargs[name] for name in names[len(args):] if name in kwargs]
        static, dynamic = self._split(args)
        leaves = []
        node = _flatten(dynamic, leaves)
        # A rule that calls the function itself needs the rule again only where it will be differentiated once more.
        if self._depth >= _trace.order() or not _trace.is_recording([x for x in leaves if _trace.is_array(x)]):
            return self.fun(*args)
        function, out = _trace.trace("jit", self.fun, leaves, lambda tracers: self.fun(*self._merge(static, _build(node, iter(tracers)))))
        self._depth += 1
        try:
            results = rule(static, leaves, node, function, out)
        finally:
            self._depth -= 1
        return _build(out, iter(results))


def _like(x, type_of):
    """`x` as an array of the aval's dtype and shape."""
    from jax import numpy
    shape, dtype, _ = type_of
    return numpy.broadcast_to(numpy.asarray(x, dtype=dtype), shape)


class custom_jvp(_Custom):
    jvp = None

    def defjvp(self, jvp, symbolic_zeros=False):
        self.jvp = jvp
        return jvp

    def defjvps(self, *jvps):
        def rule(*args):
            primals, tangents = args[-2:]
            out = self(*primals)
            total = None
            for function, tangent in zip(jvps, tangents):
                if function is not None:
                    part = function(tangent, out, *primals)
                    total = part if total is None else total + part
            return out, _zeros(out) if total is None else total
        self.jvp = rule

    def __call__(self, *args, **kwargs):
        return self._record(args, kwargs, self._rule)

    def _rule(self, static, leaves, node, function, out):
        if self.jvp is None:
            raise AttributeError("No JVP defined for custom_jvp function " + self.__name__ + " using defjvp.")
        count, inexact = len(leaves), [_trace.is_inexact(x) for x in leaves]

        def run(tracers):
            primals, rest = tracers[:count], iter(tracers[count:])
            tangents = [next(rest) if flag else _zeros(x) for x, flag in zip(leaves, inexact)]
            pair = self.jvp(*static, _build(node, iter(primals)), _build(node, iter(tangents)))
            if not isinstance(pair, (tuple, list)) or len(pair) != 2:
                raise TypeError("Custom JVP rule " + _trace.name_of(self.jvp) + " for function " + self.__name__ + " must produce a pair (list or tuple of "
                                "length two) representing primal and tangent outputs, but got " + repr(pair) + ".")
            values, tangents = [], []
            if _flatten(pair[0], values) != out:
                raise TypeError("Custom JVP rule " + _trace.name_of(self.jvp) + " for function " + self.__name__ + " must produce primal outputs with the "
                                "same container (pytree) structure as the function's")
            if _flatten(pair[1], tangents) != out:
                raise TypeError("Custom JVP rule " + _trace.name_of(self.jvp) + " for function " + self.__name__ + " must produce primal and tangent outputs "
                                "with equal container (pytree) structures, but got " + repr(PyTreeDef(out)) + " and "
                                + repr(PyTreeDef(_flatten(pair[1], []))) + " respectively.")
            avals = function.out_avals
            return [_like(x, a) for x, a in zip(values, avals)] + [_like(t, a) for t, a in zip(tangents, avals) if a[1].kind in "fc"]

        rule, _ = _trace.trace("jit", self.jvp, leaves + [x for x, flag in zip(leaves, inexact) if flag], run)
        return _trace.custom_jvp(function, rule, leaves)


class custom_vjp(_Custom):
    fwd = bwd = None

    def defvjp(self, fwd, bwd, symbolic_zeros=False, optimize_remat=False):
        self.fwd, self.bwd = fwd, bwd

    def __call__(self, *args, **kwargs):
        return self._record(args, kwargs, self._rule)

    def _rule(self, static, leaves, node, function, out):
        if self.fwd is None:
            raise AttributeError("No VJP defined for custom_vjp function " + self.__name__ + " using defvjp.")
        avals, found = function.out_avals, []

        def run_forward(tracers):
            pair = self.fwd(*self._merge(static, _build(node, iter(tracers))))
            if not isinstance(pair, (tuple, list)) or len(pair) != 2:
                raise TypeError("Custom VJP fwd rule " + _trace.name_of(self.fwd) + " for function " + self.__name__ + " must produce a pair (list or tuple "
                                "of length two) where the first element represents the primal output (equal to those of the custom_vjp-decorated "
                                "function " + self.__name__ + ") and the second element represents residuals (i.e. values stored from the forward pass for "
                                "use on the backward pass), but instead of a pair the fwd rule output had type " + str(type(pair)) + ".")
            values, residuals = [], []
            if _flatten(pair[0], values) != out:
                raise TypeError("Custom VJP fwd rule " + _trace.name_of(self.fwd) + " for function " + self.__name__ + " must produce a pair whose first "
                                "element has the same container (pytree) structure as the function's output")
            found.append(_flatten(pair[1], residuals))
            return [_like(x, a) for x, a in zip(values, avals)], residuals

        forward, _ = _trace.trace("jit", self.fwd, leaves, run_forward)
        residuals = forward.out_avals[len(avals):]

        def run_backward(tracers):
            kept, rest = _build(found[0], iter(tracers[:len(residuals)])), iter(tracers[len(residuals):])
            from jax import numpy
            cotangents = [next(rest) if a[1].kind in "fc" else numpy.zeros(a[0], numpy.bool_) for a in avals]
            made = self.bwd(*static, kept, _build(out, iter(cotangents)))
            if not isinstance(made, (tuple, list)):
                raise TypeError("Custom VJP bwd rule " + _trace.name_of(self.bwd) + " must produce a tuple, but got " + str(type(made)) + ".")
            if len(made) != len(node[2]):
                raise TypeError("Custom VJP bwd rule " + _trace.name_of(self.bwd) + " must produce an output with the same container (pytree) structure as "
                                "the args tuple of the primal function, and in particular must produce a tuple of length equal to the number of arguments "
                                "to the primal function, but got " + str(len(made)) + " elements for " + str(len(node[2])) + " arguments.")
            results, place = [], 0
            for child, part in zip(node[2], made):
                own = PyTreeDef(child).num_leaves
                parts = [None] * own if part is None else PyTreeDef(child).flatten_up_to(part)
                for x, leaf in zip(parts, leaves[place:place + own]):
                    if _trace.is_inexact(leaf):
                        results.append(_zeros(leaf) if x is None else _like(x, _trace.aval(leaf)))
                place += own
            return results

        backward, _ = _trace.trace("jit", self.bwd, residuals + [a for a in avals if a[1].kind in "fc"], run_backward)
        return _trace.custom_vjp(function, forward, backward, leaves)


def checkpoint(fun=None, *, prevent_cse=True, policy=None, static_argnums=(), concrete=False):
    if fun is None:
        return lambda fun: checkpoint(fun, prevent_cse=prevent_cse, policy=policy, static_argnums=static_argnums)
    numbers = (static_argnums,) if isinstance(static_argnums, int) else tuple(static_argnums)

    def rematerialised(*args, **kwargs):
        dynamic = tuple([x for i, x in enumerate(args) if i not in numbers])
        leaves = []
        node = _flatten((dynamic, kwargs), leaves)
        if not _trace.is_recording([x for x in leaves if _trace.is_array(x)]):
            return fun(*args, **kwargs)

        def run(tracers):
            own, keywords = _build(node, iter(tracers))
            own = list(own)
            for number in sorted(numbers):
                own.insert(number, args[number])
            return fun(*own, **keywords)

        function, out = _trace.trace("jit", fun, leaves, run)
        name = getattr(policy, "__name__", policy) or "nothing_saveable"
        return _build(out, iter(_trace.checkpoint(function, leaves, name, prevent_cse)))

    return rematerialised


remat = checkpoint


@custom_jvp
def _constant(x):
    return x


@_constant.defjvp
def _constant_jvp(primals, tangents):
    return primals[0], _zeros(primals[0])


def stop_gradient(x):
    leaves = []
    node = _flatten(x, leaves)
    return _build(node, iter([_constant(leaf) if _trace.is_tracer(leaf) and _trace.is_inexact(leaf) else leaf for leaf in leaves]))
