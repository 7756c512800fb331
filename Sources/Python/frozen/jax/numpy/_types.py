"""Functions of jax.numpy about dtypes."""
import sys

# The package itself, which is still being filled while this module is imported.
jnp = sys.modules["jax.numpy"]

__all__ = ("finfo", "iinfo", "promote_types", "issubdtype", "can_cast", "isdtype", "integer", "signedinteger", "unsignedinteger", "inexact", "floating",
           "complexfloating", "number", "generic", "character", "set_printoptions", "get_printoptions", "printoptions")

_FLOATS = {
    "float16": (16, 9.77e-04, 0.000977, 65504.0, 6.104e-05, 10, 5, 3, 4.88e-04), "bfloat16": (16, 0.0078125, 0.0078125, 3.3895313892515355e38, 1.1754943508222875e-38, 7, 8, 2, 0.00390625),
    "float32": (32, 1.1920928955078125e-07, 1.1920929e-07, 3.4028234663852886e38, 1.1754943508222875e-38, 23, 8, 6, 5.960464477539063e-08),
    "float64": (64, 2.220446049250313e-16, 2.220446049250313e-16, float("1.7976931348623157e308"), float("2.2250738585072014e-308"), 52, 11, 15, 1.1102230246251565e-16),
}


class finfo:
    def __init__(self, dtype):
        name = jnp.dtype(dtype).name
        name = {"complex64": "float32", "complex128": "float64"}.get(name, name)
        if name not in _FLOATS:
            raise ValueError("data type <class 'numpy." + name + "'> not inexact")
        bits, eps, _, largest, tiny, mantissa, exponent, precision, epsneg = _FLOATS[name]
        kind = getattr(jnp, name)
        self.dtype, self.bits, self.nmant, self.nexp, self.precision = jnp.dtype(kind), bits, mantissa, exponent, precision
        self.eps, self.max, self.min, self.tiny, self.epsneg = eps if name != "float16" else 0.0009765625, largest, -largest, tiny, epsneg
        if name == "float16":
            self.tiny, self.epsneg = 6.103515625e-05, 0.00048828125
        self.smallest_normal, self.resolution = self.tiny, 10.0 ** -precision

    def __repr__(self):
        return "finfo(resolution=" + str(self.resolution) + ", min=" + str(self.min) + ", max=" + str(self.max) + ", dtype=" + self.dtype.name + ")"


class iinfo:
    def __init__(self, dtype):
        dtype = jnp.dtype(dtype)
        if dtype.kind not in "iu":
            raise ValueError("Invalid integer data type '" + dtype.kind + "'.")
        self.dtype = dtype
        self.bits = int(dtype.name.lstrip("uint"))
        self.kind = dtype.kind
        self.min = 0 if dtype.kind == "u" else -(1 << (self.bits - 1))
        self.max = (1 << self.bits) - 1 if dtype.kind == "u" else (1 << (self.bits - 1)) - 1

    def __repr__(self):
        return "iinfo(min=" + str(self.min) + ", max=" + str(self.max) + ", dtype=" + self.dtype.name + ")"


class _Kind:
    def __init__(self, name, kinds):
        self.__name__, self._kinds = name, kinds

    def __repr__(self):
        return "<class 'jax.numpy." + self.__name__ + "'>"


generic, number = _Kind("generic", "biufc"), _Kind("number", "iufc")
integer, signedinteger, unsignedinteger = _Kind("integer", "iu"), _Kind("signedinteger", "i"), _Kind("unsignedinteger", "u")
inexact, floating, complexfloating = _Kind("inexact", "fc"), _Kind("floating", "f"), _Kind("complexfloating", "c")
character = _Kind("character", "")


def issubdtype(arg1, arg2):
    if isinstance(arg1, _Kind):
        return isinstance(arg2, _Kind) and all([k in arg2._kinds for k in arg1._kinds])
    if getattr(arg1, "name", "").startswith("key<"):
        return False
    kind = jnp.dtype(arg1)
    return kind.kind in arg2._kinds if isinstance(arg2, _Kind) else kind == jnp.dtype(arg2)


def promote_types(a, b):
    return jnp.result_type(jnp.dtype(a), jnp.dtype(b))


_ORDER = "buifc"


def can_cast(from_, to, casting="safe"):
    return promote_types(from_, to) == jnp.dtype(to)


def isdtype(dtype, kind):
    if isinstance(kind, tuple):
        return any([isdtype(dtype, k) for k in kind])
    dtype = jnp.dtype(dtype)
    if isinstance(kind, str):
        names = {"bool": "b", "signed integer": "i", "unsigned integer": "u", "integral": "iu", "real floating": "f", "complex floating": "c",
                 "numeric": "iufc"}
        if kind not in names:
            raise ValueError("Unrecognized kind='" + kind + "'")
        return dtype.kind in names[kind]
    return dtype == jnp.dtype(kind)


def set_printoptions(*args, **kwargs):
    pass


def get_printoptions():
    return {}


class printoptions:
    def __init__(self, *args, **kwargs):
        pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return False
