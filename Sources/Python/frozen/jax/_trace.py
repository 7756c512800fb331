"""What transformations are made of: tracing a function, and running what came of it. The natives are Sources/Python/Bindings/Tracing."""
import _native
from _native import Array
from jax.tree_util import PyTreeDef, _LEAF, _build, _flatten

_native.populate("jax._trace", globals())


def name_of(fun):
    while not hasattr(fun, "__name__") and hasattr(fun, "func"):
        fun = fun.func
    return getattr(fun, "__name__", None) or getattr(type(fun), "__name__", "function")


def is_array(x):
    return isinstance(x, (Array, bool, int, float, complex))


def trace(kind, fun, leaves, run, axes=None):
    """Calls `run` with tracers for `leaves`; what it returned as a traced function, and its tree."""
    weak = [aval(x)[2] for x in leaves]
    tracers = begin(kind, name_of(fun), leaves, axes)
    try:
        flat = []
        node = _flatten(run(tracers), flat)
        for x in flat:
            if not is_array(x):
                raise TypeError("function " + name_of(fun) + " traced for " + ("jit" if kind == "jit" else "transformation")
                                + " returned a value of type " + str(type(x)) + ", which is not a valid JAX type")
        return end(flat, weak), node
    except BaseException:
        abandon()
        raise


def call_tree(traced, leaves, node, compiled=False):
    return _build(node, iter(call(traced, leaves, compiled)))


def bind(fun, leaves, captures, record):
    """What `record` makes of the leaves in a trace; outside of traces, one is made for it and called."""
    if is_recording(leaves + captures):
        return record(leaves)
    traced, _ = trace("jit", fun, leaves, record)
    return call(traced, leaves, False)


def is_inexact(x):
    return aval(x)[1].kind in "fc"
