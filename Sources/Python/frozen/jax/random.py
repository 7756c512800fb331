"""jax.random: keys, and what is drawn by them. The bits are JAX's (Sources/Python/Bindings/Functions/RandomModule.swift)."""
import _native
import math
from _native import Array
from jax import lax
from jax import numpy as jnp
from jax import tree_util

_native.populate("jax.random", globals())


class PRNGKeyArray:
    """Keys of `jax.random.key`: an array of them, each of two words."""

    def __init__(self, data):
        self._data = data

    @property
    def shape(self):
        return self._data.shape[:-1]

    @property
    def ndim(self):
        return self._data.ndim - 1

    @property
    def size(self):
        return self._data.size // 2

    @property
    def dtype(self):
        return _KeyDType()

    def __len__(self):
        if not self.shape:
            raise TypeError("len() of unsized object")
        return self.shape[0]

    def __getitem__(self, index):
        index = index if isinstance(index, tuple) else (index,)
        return PRNGKeyArray(self._data[index + (Ellipsis, slice(None))] if Ellipsis not in index else self._data[index + (slice(None),)])

    def __iter__(self):
        return iter([self[i] for i in range(len(self))])

    def reshape(self, *shape):
        shape = shape[0] if len(shape) == 1 and isinstance(shape[0], (tuple, list)) else shape
        return PRNGKeyArray(self._data.reshape(tuple(shape) + (2,)))

    def ravel(self):
        return self.reshape(-1)

    def __eq__(self, other):
        return jnp.all(self._data == other._data, axis=-1)

    def __repr__(self):
        return "Array(" + repr(self.shape) + ", dtype=key<fry>) overlaying:\n" + str(self._data)

    def __str__(self):
        return repr(self)


class _KeyDType:
    name = "key<fry>"

    def __repr__(self):
        return "key<fry>"

    def __eq__(self, other):
        return isinstance(other, _KeyDType)

    def __hash__(self):
        return 7


tree_util.register_pytree_node(PRNGKeyArray, lambda key: ((key._data,), None), lambda _, children: PRNGKeyArray(children[0]))


def PRNGKey(seed, *, impl=None):
    if isinstance(seed, int):
        return jnp.array([0, seed & 0xffffffff], dtype=jnp.uint32)
    seed = jnp.asarray(seed)
    if seed.shape != ():
        raise TypeError("PRNGKey accepts a scalar seed, but was given an array of shape " + str(seed.shape) + " != (). Use jax.vmap for batching")
    if seed.dtype.kind not in "iu":
        raise TypeError("PRNG key seed must be an integer; got " + repr(seed))
    return jnp.stack([jnp.zeros((), jnp.uint32), seed.astype(jnp.uint32)])


def key(seed, *, impl=None):
    return PRNGKeyArray(PRNGKey(seed))


def key_data(keys):
    return keys._data if isinstance(keys, PRNGKeyArray) else keys


def wrap_key_data(key_bits_array, *, impl=None):
    return PRNGKeyArray(jnp.asarray(key_bits_array))


def key_impl(keys):
    return "fry"


def clone(key):
    return key


def _single(key, name):
    """The two words of a key."""
    data = key._data if isinstance(key, PRNGKeyArray) else key
    if not isinstance(data, Array):
        raise TypeError("JAX encountered invalid PRNG key data: expected key_data to have ndim, shape, and dtype attributes. Got " + repr(key))
    if data.ndim > 1:
        raise ValueError(name + " accepts a single key, but was given a key array of shape " + str(data.shape[:-1] if isinstance(key, PRNGKeyArray)
                         else data.shape) + (" != (). " if isinstance(key, PRNGKeyArray) else " != (2,). ") + "Use jax.vmap for batching.")
    return data


def _like(data, key):
    return PRNGKeyArray(data) if isinstance(key, PRNGKeyArray) else data


def split(key, num=2):
    shape = (num,) if isinstance(num, (int, Array)) else tuple(num)
    return _like(_split(_single(key, "split"), tuple([int(n) for n in shape])), key)


def fold_in(key, data):
    return _like(_fold_in(_single(key, "fold_in"), data), key)


def _shape(shape):
    return (int(shape),) if isinstance(shape, (int, Array)) else tuple([int(n) for n in shape])


def _dtype(dtype, standard):
    return jnp.dtype(standard if dtype is None else dtype)


def bits(key, shape=(), dtype=None):
    word, dtype = _bits(_single(key, "bits"), _shape(shape)), _dtype(dtype, jnp.uint32)
    return word if dtype == jnp.uint32 else word.astype(dtype)


def _float_dtype(name, dtype):
    dtype = _dtype(dtype, jnp.float32)
    if dtype.kind != "f":
        raise ValueError("dtype argument to `" + name + "` must be a float dtype, got " + dtype.name)
    return dtype


def uniform(key, shape=(), dtype=None, minval=0.0, maxval=1.0):
    dtype, shape = _float_dtype("uniform", dtype), _shape(shape)
    word = _bits(_single(key, "uniform"), shape)
    minval, maxval = jnp.asarray(minval, dtype=dtype), jnp.asarray(maxval, dtype=dtype)
    if dtype.name == "float32":
        mantissa = jnp.bitwise_or(jnp.right_shift(word, jnp.uint32(9)), jnp.uint32(0x3f800000))
        unit = lax.bitcast_convert_type(mantissa, jnp.float32) - jnp.float32(1)
    elif dtype.name == "float16":
        half = jnp.bitwise_or(jnp.right_shift(word.astype(jnp.uint16), jnp.uint16(6)), jnp.uint16(0x3c00))
        unit = lax.bitcast_convert_type(half, jnp.float16) - jnp.float16(1)
    else:
        # Of types with less than eight bits of mantissa, bytes are enough.
        half = jnp.bitwise_or(jnp.right_shift(word.astype(jnp.uint8), jnp.uint8(1)).astype(jnp.uint16), jnp.uint16(0x3f80))
        unit = lax.bitcast_convert_type(half, jnp.bfloat16) - jnp.bfloat16(1)
    return jnp.maximum(minval, unit * (maxval - minval) + minval)


_BELOW_ONE = {"float32": 0.99999994039535522, "float16": 0.99951171875, "bfloat16": 0.99609375}
_TINY = {"float32": 1.1754943508222875e-38, "float16": 6.103515625e-05, "bfloat16": 1.1754943508222875e-38}
_EPS = {"float32": 1.1920928955078125e-07, "float16": 0.0009765625, "bfloat16": 0.0078125}


def normal(key, shape=(), dtype=None):
    dtype = _dtype(dtype, jnp.float32)
    if dtype.kind == "c":
        a, b = split(key)
        return lax.complex(normal(a, shape), normal(b, shape)) / jnp.float32(math.sqrt(2))
    dtype = _float_dtype("normal", dtype)
    u = uniform(key, shape, dtype, -_BELOW_ONE[dtype.name], 1.0)
    return jnp.asarray(math.sqrt(2), dtype=dtype) * lax.erf_inv(u)


def truncated_normal(key, lower, upper, shape=None, dtype=None):
    dtype = _float_dtype("truncated_normal", dtype)
    lower, upper = jnp.asarray(lower, dtype=dtype), jnp.asarray(upper, dtype=dtype)
    shape = jnp.broadcast_shapes(lower.shape, upper.shape) if shape is None else _shape(shape)
    root = jnp.asarray(math.sqrt(2), dtype=dtype)
    u = uniform(key, shape, dtype, lax.erf(lower / root), lax.erf(upper / root))
    # The ends themselves are outside.
    low = jnp.nextafter(lax.stop_gradient(lower), jnp.asarray(jnp.inf, dtype=dtype))
    high = jnp.nextafter(lax.stop_gradient(upper), jnp.asarray(-jnp.inf, dtype=dtype))
    return jnp.clip(root * lax.erf_inv(u), low, high)


def bernoulli(key, p=0.5, shape=None, mode="low"):
    p = jnp.asarray(p)
    if p.dtype.kind != "f":
        p = p.astype(jnp.float32)
    return uniform(key, p.shape if shape is None else shape, p.dtype) < p


def randint(key, shape, minval, maxval, dtype=None):
    dtype, shape = _dtype(dtype, jnp.int32), _shape(shape)
    if dtype.kind not in "iu":
        raise ValueError("randint only accepts integer dtypes, got " + dtype.name)
    size = dtype.itemsize * 8
    unsigned = {8: jnp.uint8, 16: jnp.uint16, 32: jnp.uint32}[size]
    largest = (1 << (size - (dtype.kind == "i"))) - 1
    beyond = isinstance(maxval, int) and maxval > largest
    if isinstance(maxval, int):
        maxval = min(maxval, largest)
    low, high = jnp.asarray(minval, dtype=dtype), jnp.asarray(maxval, dtype=dtype)
    first, second = split(key)
    higher, lower = bits(first, shape, unsigned), bits(second, shape, unsigned)
    span = jnp.where(high <= low, jnp.ones((), unsigned), (high - low).astype(unsigned))
    if beyond:
        span = jnp.where(high > low, span + jnp.ones((), unsigned), span)
    # Two words are one number of twice the size, taken modulo the span.
    half = lax.rem(jnp.asarray(1 << (size // 2), dtype=unsigned), span)
    multiplier = lax.rem(half * half, span)
    offset = lax.rem(lax.rem(higher, span) * multiplier + lax.rem(lower, span), span)
    return low + offset.astype(dtype)


def _shuffled(key, x, axis):
    rounds = math.ceil(3 * math.log(max(1, x.size)) / math.log(0xffffffff))
    for _ in range(rounds):
        key, subkey = split(key)
        order = jnp.argsort(_bits(_single(subkey, "permutation"), x.shape), axis=axis)
        x = jnp.take_along_axis(x, order, axis)
    return x


def permutation(key, x, axis=0, independent=False):
    if isinstance(x, int):
        return _shuffled(key, jnp.arange(x), 0)
    x = jnp.asarray(x)
    if x.ndim == 0:
        return _shuffled(key, jnp.arange(int(x)), 0)
    if independent or x.ndim == 1:
        return _shuffled(key, x, axis)
    return jnp.take(x, _shuffled(key, jnp.arange(x.shape[axis]), 0), axis=axis)


def shuffle(key, x, axis=0):
    return _shuffled(key, x, axis)


def choice(key, a, shape=(), replace=True, p=None, axis=0, mode=None):
    shape = _shape(shape)
    scalar = isinstance(a, int)
    arr = None if scalar else jnp.asarray(a)
    if arr is not None and arr.ndim == 0:
        scalar, a = True, int(arr)
    count = a if scalar else arr.shape[axis]
    draws = 1
    for n in shape:
        draws *= n
    if draws == 0:
        return jnp.zeros(shape, jnp.int32 if scalar else arr.dtype)
    if count <= 0:
        raise ValueError("a must be greater than 0 unless no samples are taken")
    if not replace and draws > count:
        raise ValueError("Cannot take a larger sample (size " + str(draws) + ") than population (size " + str(count) + ") when 'replace=False'")
    if p is None:
        if replace:
            places = randint(key, shape, 0, count)
        elif scalar:
            return permutation(key, count)[:draws].reshape(shape)
        else:
            result = permutation(key, arr, axis)[(slice(None),) * axis + (slice(0, draws),)]
            return result.reshape(arr.shape[:axis] + shape + arr.shape[axis + 1:])
    else:
        p = jnp.asarray(p)
        if p.shape != (count,):
            raise ValueError("p must be None or a 1D vector with the same size as a.shape[axis]. p has shape " + str(p.shape) + " and a.shape[axis] is "
                             + str(count) + ".")
        if replace:
            sums = jnp.cumsum(p)
            places = jnp.searchsorted(sums, sums[-1] * (1 - uniform(key, shape, sums.dtype)))
        else:
            places = lax.top_k(gumbel(key, (count,), p.dtype) + jnp.log(p), draws)[1].reshape(shape)
    if scalar:
        return places.reshape(shape)
    return jnp.take(arr, places, axis=axis).reshape(arr.shape[:axis] + shape + arr.shape[axis + 1:])


def gumbel(key, shape=(), dtype=None, mode=None):
    dtype = _float_dtype("gumbel", dtype)
    return -jnp.log(-jnp.log(uniform(key, shape, dtype, _TINY[dtype.name], 1.0)))


def categorical(key, logits, axis=-1, shape=None, replace=True, mode=None):
    logits = jnp.asarray(logits)
    place = axis % logits.ndim
    batch = logits.shape[:place] + logits.shape[place + 1:]
    shape = batch if shape is None else _shape(shape)
    prefix = shape[:len(shape) - len(batch)]
    if not replace:
        draws = 1
        for n in prefix:
            draws *= n
        noisy = gumbel(key, logits.shape, logits.dtype) + logits
        return jnp.moveaxis(lax.top_k(jnp.moveaxis(noisy, place, -1), draws)[1], -1, 0).reshape(shape)
    own = list(shape[len(prefix):])
    own.insert(place, logits.shape[place])
    return jnp.argmax(gumbel(key, prefix + tuple(own), logits.dtype) + jnp.expand_dims(logits, tuple(range(len(prefix)))), axis=place - logits.ndim)


def exponential(key, shape=(), dtype=None):
    return -jnp.log1p(-uniform(key, shape, _float_dtype("exponential", dtype)))


def laplace(key, shape=(), dtype=None):
    dtype = _float_dtype("laplace", dtype)
    u = uniform(key, shape, dtype, -1.0 + _EPS[dtype.name] / 2, 1.0)
    return jnp.sign(u) * jnp.log1p(-jnp.abs(u))


def logistic(key, shape=(), dtype=None):
    dtype = _float_dtype("logistic", dtype)
    u = uniform(key, shape, dtype, _TINY[dtype.name], 1.0)
    return jnp.log(u) - jnp.log1p(-u)


def cauchy(key, shape=(), dtype=None):
    dtype = _float_dtype("cauchy", dtype)
    u = uniform(key, shape, dtype, _EPS[dtype.name], 1.0)
    return jnp.tan(jnp.asarray(math.pi, dtype=dtype) * (u - jnp.asarray(0.5, dtype=dtype)))


def rademacher(key, shape=(), dtype=None):
    return (2 * bernoulli(key, 0.5, shape).astype(jnp.int32) - 1).astype(_dtype(dtype, jnp.int32))


def rayleigh(key, scale, shape=None, dtype=None):
    scale = jnp.asarray(scale, dtype=_dtype(dtype, jnp.float32))
    shape = scale.shape if shape is None else _shape(shape)
    return scale * jnp.sqrt(-2 * jnp.log(uniform(key, shape, scale.dtype)))


def pareto(key, b, shape=None, dtype=None):
    b = jnp.asarray(b, dtype=_dtype(dtype, jnp.float32))
    return jnp.exp(exponential(key, b.shape if shape is None else shape, b.dtype) / b)


def weibull_min(key, scale, concentration, shape=(), dtype=None):
    u = uniform(key, shape, _dtype(dtype, jnp.float32))
    return (-jnp.log1p(-u)) ** (1.0 / concentration) * scale


def maxwell(key, shape=(), dtype=None):
    return jnp.linalg.norm(normal(key, _shape(shape) + (3,), dtype), axis=-1)


def geometric(key, p, shape=None, dtype=None):
    p = jnp.asarray(p, dtype=jnp.float32)
    u = uniform(key, p.shape if shape is None else shape, jnp.float32)
    return (jnp.floor(jnp.log1p(-u) / jnp.log1p(-p)) + 1).astype(_dtype(dtype, jnp.int32))


def multivariate_normal(key, mean, cov, shape=None, dtype=None, method="cholesky"):
    mean, cov = jnp.asarray(mean), jnp.asarray(cov)
    shape = jnp.broadcast_shapes(mean.shape[:-1], cov.shape[:-2]) if shape is None else _shape(shape)
    if method == "cholesky":
        factor = jnp.linalg.cholesky(cov)
    elif method == "eigh":
        w, v = jnp.linalg.eigh(cov)
        factor = v * jnp.sqrt(w[..., None, :])
    else:
        u, s, _ = jnp.linalg.svd(cov)
        factor = u * jnp.sqrt(s[..., None, :])
    return mean + jnp.einsum("...ij,...j->...i", factor, normal(key, shape + mean.shape[-1:], mean.dtype if mean.dtype.kind == "f" else None))


def orthogonal(key, n, shape=(), dtype=None, m=None):
    m = n if m is None else m
    z = normal(key, _shape(shape) + (max(n, m), min(n, m)), dtype)
    q, r = jnp.linalg.qr(z)
    d = jnp.diagonal(r, axis1=-2, axis2=-1)
    q = q * (d / jnp.abs(d))[..., None, :]
    return q if n >= m else jnp.swapaxes(q, -1, -2)


def ball(key, d, p=2, shape=(), dtype=None):
    a, b = split(key)
    g = generalized_normal(a, p, _shape(shape) + (d,), dtype)
    e = exponential(b, shape, dtype)
    return g / (((jnp.abs(g) ** p).sum(-1) + e) ** (1 / p))[..., None]


def _gamma_one(key, alpha, log_space):
    """One draw by the rejection method of Marsaglia and Tsang; below 1 from alpha + 1, with a further uniform number."""
    boosts = alpha >= 1
    original, alpha = alpha, jnp.where(boosts, alpha, alpha + 1)
    third = jnp.asarray(1. / 3., dtype=alpha.dtype)
    d = alpha - third
    c = third / jnp.sqrt(d)
    zero, one = jnp.zeros((), alpha.dtype), jnp.ones((), alpha.dtype)

    def rejects(state):
        _, x, v, u = state
        return (u >= 1 - 0.0331 * (x * x)) & (jnp.log(u) >= x * 0.5 + d * ((1 - v) + jnp.log(v)))

    def draw(state):
        key = state[0]
        key, x_key, u_key = split(key, 3)

        def again(inner):
            own, sub = split(inner[0])
            x = normal(sub, (), alpha.dtype)
            return own, x, 1 + x * c

        _, x, v = lax.while_loop(lambda inner: inner[2] <= 0, again, (x_key, zero, -one))
        return key, x * x, v * v * v, uniform(u_key, (), alpha.dtype)

    key, sub = split(key)
    _, _, v, _ = lax.while_loop(rejects, draw, (key, zero, one, 2 * one))
    if log_space:
        boost = jnp.where(boosts, zero, -exponential(sub, (), alpha.dtype) * jnp.where(original == 0, jnp.inf, 1 / original))
        return jnp.where(original == 0, -jnp.inf, jnp.log(d) + jnp.log(v) + boost)
    boost = jnp.where(boosts, one, (1 - uniform(sub, (), alpha.dtype)) ** (1 / original))
    return jnp.where(original == 0, zero, d * v * boost)


def _gammas(key, a, shape, dtype, log_space):
    from jax._vmap import vmap
    a = jnp.asarray(a, dtype=_float_dtype("gamma", dtype))
    shape = a.shape if shape is None else _shape(shape)
    alphas = jnp.broadcast_to(a, shape).ravel()
    keys = split(_single(key, "gamma"), alphas.size)
    if alphas.size == 0:
        return jnp.zeros(shape, a.dtype)
    return vmap(lambda k, alpha: _gamma_one(k, alpha, log_space))(keys, alphas).reshape(shape)


def gamma(key, a, shape=None, dtype=None):
    return _gammas(key, a, shape, dtype, False)


def loggamma(key, a, shape=None, dtype=None):
    return _gammas(key, a, shape, dtype, True)


def chisquare(key, df, shape=None, dtype=None):
    return 2 * jnp.exp(loggamma(key, 0.5 * jnp.asarray(df, dtype=_dtype(dtype, jnp.float32)), shape, dtype))


def beta(key, a, b, shape=None, dtype=None):
    a, b = jnp.asarray(a, dtype=_dtype(dtype, jnp.float32)), jnp.asarray(b, dtype=_dtype(dtype, jnp.float32))
    shape = jnp.broadcast_shapes(a.shape, b.shape) if shape is None else _shape(shape)
    first, second = split(key)
    log_a, log_b = loggamma(first, jnp.broadcast_to(a, shape), shape, dtype), loggamma(second, jnp.broadcast_to(b, shape), shape, dtype)
    largest = jnp.maximum(log_a, log_b)
    x, y = jnp.exp(log_a - largest), jnp.exp(log_b - largest)
    return x / (x + y)


def dirichlet(key, alpha, shape=None, dtype=None):
    from jax import nn
    alpha = jnp.asarray(alpha, dtype=_dtype(dtype, jnp.float32))
    shape = alpha.shape[:-1] if shape is None else _shape(shape)
    return nn.softmax(loggamma(key, alpha, shape + alpha.shape[-1:], dtype), axis=-1)


def t(key, df, shape=(), dtype=None):
    df = jnp.asarray(df, dtype=_dtype(dtype, jnp.float32))
    first, second = split(key)
    n = normal(first, shape, dtype)
    half = df / 2
    g = gamma(second, half, shape, dtype)
    return n * jnp.sqrt(half / g)


def double_sided_maxwell(key, loc, scale, shape=(), dtype=None):
    first, second = split(key)
    return rademacher(second, shape, jnp.float32) * maxwell(first, shape) * scale + loc


def generalized_normal(key, p, shape=(), dtype=None):
    first, second = split(key)
    g = gamma(first, 1 / p, shape, dtype)
    return rademacher(second, shape, g.dtype) * g ** (1 / p)


def poisson(key, lam, shape=None, dtype=None):
    """By counting uniform factors, as for small rates in JAX; the draws are not JAX's for rates of 10 and more."""
    from jax._vmap import vmap
    lam = jnp.asarray(lam, dtype=jnp.float32)
    shape = lam.shape if shape is None else _shape(shape)
    rates = jnp.broadcast_to(lam, shape)

    def step(state):
        k, log_product, key = state
        key, sub = split(key)
        k = jnp.where(log_product > -rates, k + 1, k)
        return k, log_product + jnp.log(uniform(sub, shape)), key

    start = (jnp.full(shape, -1, jnp.int32), jnp.zeros(shape), _single(key, "poisson"))
    k = lax.while_loop(lambda state: jnp.any(state[1] > -rates), step, start)[0]
    return jnp.where(rates == 0, 0, k).astype(_dtype(dtype, jnp.int32))
