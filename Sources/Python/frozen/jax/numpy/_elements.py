"""Functions of jax.numpy, element by element, that are made of others."""
import sys

# The package itself, which is still being filled while this module is imported.
jnp = sys.modules["jax.numpy"]

__all__ = ("round", "around", "nan_to_num", "sinc", "signbit", "heaviside", "copysign", "nextafter", "gcd", "lcm", "isposinf", "isneginf", "isreal",
           "iscomplex", "isrealobj", "iscomplexobj", "isscalar", "logaddexp2", "ldexp", "frexp", "modf", "divmod", "bitwise_count", "i0", "unwrap",
           "vecdot", "matvec", "vecmat", "clip", "nonzero", "where", "argsort", "sort", "array_repr", "array_str", "spacing",
           "hanning", "hamming", "blackman", "bartlett")


def round(a, decimals=0, out=None):
    a = jnp.asarray(a)
    if a.dtype.kind in "iub":
        if decimals < 0:
            raise NotImplementedError("integer np.round not implemented for decimals < 0")
        return a
    if decimals == 0:
        return jnp.rint(a)
    factor = 10.0 ** decimals
    return jnp.rint(a * factor) / factor


around = round


def nan_to_num(x, copy=True, nan=0.0, posinf=None, neginf=None):
    x = jnp.asarray(x)
    if x.dtype.kind not in "fc":
        return x
    largest = jnp.finfo(x.dtype).max
    x = jnp.where(jnp.isnan(x), jnp.asarray(nan, dtype=x.dtype), x)
    x = jnp.where(x == jnp.inf, jnp.asarray(largest if posinf is None else posinf, dtype=x.dtype), x)
    return jnp.where(x == -jnp.inf, jnp.asarray(-largest if neginf is None else neginf, dtype=x.dtype), x)


def sinc(x):
    x = jnp.asarray(x)
    x = jnp.pi * (x if x.dtype.kind in "fc" else x.astype(jnp.float32))
    zero = x == 0
    safe = jnp.where(zero, 1, x)
    return jnp.where(zero, 1 - x * x / 6, jnp.sin(safe) / safe)


def signbit(x):
    from jax import lax
    x = jnp.asarray(x)
    if x.dtype.kind in "ub":
        return jnp.zeros(x.shape, bool)
    if x.dtype.kind == "i":
        return x < 0
    kind = {2: jnp.int16, 4: jnp.int32, 8: jnp.int64}[x.dtype.itemsize]
    return lax.bitcast_convert_type(x, kind) < 0


def heaviside(x1, x2):
    x1, x2 = jnp.asarray(x1) + 0.0, jnp.asarray(x2) + 0.0
    return jnp.where(x1 < 0, 0., jnp.where(x1 > 0, 1., jnp.where(x1 == 0, x2, x1)))


def copysign(x1, x2):
    x1 = jnp.asarray(x1) + 0.0
    return jnp.where(signbit(x2 + 0.0 if not hasattr(x2, "dtype") or x2.dtype.kind != "f" else x2), -jnp.abs(x1), jnp.abs(x1))


def nextafter(x, y):
    from jax import lax
    x, y = jnp.broadcast_arrays(jnp.asarray(x) + 0.0 if isinstance(x, (int, float)) else x, jnp.asarray(y) + 0.0 if isinstance(y, (int, float)) else y)
    kind = jnp.result_type(x, y)
    x, y = x.astype(kind), y.astype(kind)
    word = {2: jnp.int16, 4: jnp.int32}[kind.itemsize]
    bits, one = lax.bitcast_convert_type(x, word), jnp.ones((), word)
    up = jnp.where((x < y) == (x > 0), bits + one, bits - one)
    least = lax.bitcast_convert_type(jnp.ones(x.shape, word), kind)
    result = jnp.where(x == 0, jnp.where(y > 0, least, -least), lax.bitcast_convert_type(up, kind))
    return jnp.where(x == y, y, jnp.where(jnp.isnan(x) | jnp.isnan(y), jnp.nan, result))


def gcd(x1, x2):
    from jax import lax
    x1, x2 = jnp.broadcast_arrays(jnp.abs(jnp.asarray(x1)), jnp.abs(jnp.asarray(x2)))
    kind = jnp.result_type(x1, x2)

    def step(pair):
        a, b = pair
        return jnp.where(b != 0, b, a), jnp.where(b != 0, lax.rem(a, jnp.where(b != 0, b, 1)), 0)
    from jax import _trace
    weak = x1.weak_type and x2.weak_type
    return _trace.with_weak_type(lax.while_loop(lambda pair: jnp.any(pair[1] != 0), step, (x1.astype(kind), x2.astype(kind)))[0], weak)


def lcm(x1, x2):
    d = gcd(x1, x2)
    x1, x2 = jnp.abs(jnp.asarray(x1)), jnp.abs(jnp.asarray(x2))
    return jnp.where(d == 0, 0, x1 * (x2 // jnp.where(d == 0, 1, d)))


def isposinf(x, /, out=None):
    return jnp.asarray(x) == jnp.float32(jnp.inf)


def isneginf(x, /, out=None):
    return jnp.asarray(x) == jnp.float32(-jnp.inf)


def isreal(x):
    return jnp.imag(jnp.asarray(x)) == 0


def iscomplex(x):
    return jnp.imag(jnp.asarray(x)) != 0


def iscomplexobj(x):
    return jnp.asarray(x).dtype.kind == "c"


def isrealobj(x):
    return not iscomplexobj(x)


def isscalar(element):
    return isinstance(element, (int, float, complex, bool, str)) or (hasattr(element, "shape") and element.shape == ())


def logaddexp2(x1, x2):
    return jnp.logaddexp(jnp.asarray(x1) * jnp.log(2.0), jnp.asarray(x2) * jnp.log(2.0)) / jnp.log(2.0)


def ldexp(x1, x2):
    return jnp.asarray(x1) * jnp.exp2(jnp.asarray(x2).astype(jnp.float32))


def frexp(x):
    x = jnp.asarray(x) + 0.0
    exponent = jnp.where(x == 0, 0, jnp.floor(jnp.log2(jnp.where(x == 0, 1, jnp.abs(x)))) + 1)
    mantissa = x / jnp.exp2(exponent)
    small = jnp.abs(mantissa) < 0.5
    exponent = jnp.where(small & (x != 0), exponent - 1, exponent)
    return x / jnp.exp2(exponent), exponent.astype(jnp.int32)


def modf(x, /, out=None):
    x = jnp.asarray(x) + 0.0
    whole = jnp.trunc(x)
    return x - whole, whole


def divmod(x1, x2):
    return jnp.floor_divide(x1, x2), jnp.remainder(x1, x2)


def bitwise_count(x):
    from jax import lax
    return lax.population_count(jnp.abs(jnp.asarray(x))).astype(jnp.uint8)


def i0(x):
    x = jnp.abs(jnp.asarray(x) + 0.0)
    term, total = jnp.ones_like(x), jnp.ones_like(x)
    for k in range(1, 60):
        term = term * (x / (2 * k)) ** 2
        total = total + term
    return total


def unwrap(p, discont=None, axis=-1, period=6.283185307179586):
    p = jnp.moveaxis(jnp.asarray(p) + 0.0, axis, -1)
    half = period / 2
    step = jnp.diff(p)
    wrapped = jnp.mod(step + half, period) - half
    wrapped = jnp.where((wrapped == -half) & (step > 0), half, wrapped)
    correction = jnp.where(jnp.abs(step) < (half if discont is None else discont), 0., wrapped - step)
    return jnp.moveaxis(jnp.concatenate([p[..., :1], p[..., 1:] + jnp.cumsum(correction, axis=-1)], axis=-1), -1, axis)


def vecdot(x1, x2, /, *, axis=-1, precision=None, preferred_element_type=None):
    x1, x2 = jnp.asarray(x1), jnp.asarray(x2)
    return jnp.sum(jnp.conj(jnp.moveaxis(x1, axis, -1)) * jnp.moveaxis(x2, axis, -1), axis=-1)


def matvec(x1, x2, /):
    return jnp.matmul(x1, x2[..., None])[..., 0]


def vecmat(x1, x2, /):
    return jnp.matmul(jnp.conj(x1)[..., None, :], x2)[..., 0, :]


_clip, _where, _nonzero, _argsort, _sort = jnp.clip, jnp.where, jnp.nonzero, jnp.argsort, jnp.sort


def clip(arr=None, /, min=None, max=None, *, a=None, a_min=None, a_max=None):
    return _clip(a if arr is None else arr, a_min if min is None else min, a_max if max is None else max)


def where(condition, x=None, y=None, /, *, size=None, fill_value=None):
    if x is None and y is None:
        return nonzero(condition, size=size, fill_value=fill_value)
    return _where(condition, x, y)


def nonzero(a, *, size=None, fill_value=None):
    if size is None:
        return _nonzero(a)
    from jax.numpy._shapes import nonzero_of
    return nonzero_of(jnp.asarray(a), size, fill_value)


def argsort(a, axis=-1, *, kind=None, order=None, stable=True, descending=False):
    return _argsort(a, axis=axis, descending=descending)


def sort(a, axis=-1, *, kind=None, order=None, stable=True, descending=False):
    return _sort(a, axis=axis, descending=descending)


def array_repr(arr, max_line_width=None, precision=None, suppress_small=None):
    return repr(arr)


def array_str(a, max_line_width=None, precision=None, suppress_small=None):
    return str(a)


def spacing(x, /):
    x = jnp.asarray(x) + 0.0
    return jnp.copysign(jnp.nextafter(jnp.abs(x), jnp.inf) - jnp.abs(x), x)


def _window(M, function):
    if M <= 1:
        return jnp.ones((M,))
    return function(jnp.arange(M, dtype=jnp.float32), M - 1)


def hanning(M):
    return _window(M, lambda n, last: 0.5 - 0.5 * jnp.cos(2 * jnp.pi * n / last))


def hamming(M):
    return _window(M, lambda n, last: 0.54 - 0.46 * jnp.cos(2 * jnp.pi * n / last))


def blackman(M):
    return _window(M, lambda n, last: 0.42 - 0.5 * jnp.cos(2 * jnp.pi * n / last) + 0.08 * jnp.cos(4 * jnp.pi * n / last))


def bartlett(M):
    return _window(M, lambda n, last: 1 - jnp.abs(2 * n / last - 1))
