"""jax.core: abstract values and jaxprs, as far as they are looked at."""
from jax import _trace


class ShapedArray:
    def __init__(self, shape, dtype, weak_type=False):
        self.shape, self.dtype, self.weak_type = tuple(shape), dtype, weak_type

    @property
    def ndim(self):
        return len(self.shape)

    def __repr__(self):
        return "ShapedArray(" + self.str_short() + (", weak_type=True" if self.weak_type else "") + ")"

    def str_short(self):
        return self.dtype.name + "[" + ",".join(str(n) for n in self.shape) + "]"

    def __eq__(self, other):
        return isinstance(other, ShapedArray) and (self.shape, self.dtype, self.weak_type) == (other.shape, other.dtype, other.weak_type)

    def __hash__(self):
        return hash((self.shape, self.dtype.name, self.weak_type))


class ClosedJaxpr:
    """A traced function, printed as JAX prints it."""

    def __init__(self, traced):
        self._traced = traced

    @property
    def in_avals(self):
        return [ShapedArray(*aval) for aval in self._traced.in_avals]

    @property
    def out_avals(self):
        return [ShapedArray(*aval) for aval in self._traced.out_avals]

    @property
    def consts(self):
        return self._traced.captures

    def __repr__(self):
        return self._traced.jaxpr


class Tracer:
    pass
