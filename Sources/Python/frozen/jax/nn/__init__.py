"""jax.nn: activations and what stands round them."""
import math
from jax import lax
from jax import numpy as jnp
from jax.custom_derivatives import custom_jvp
from jax.nn import initializers
from jax.numpy import logaddexp as _logaddexp


def _inexact(x):
    x = jnp.asarray(x)
    return x if x.dtype.kind in "fc" else x.astype(jnp.float32)


@custom_jvp
def relu(x):
    return jnp.maximum(x, 0)


@relu.defjvp
def _relu_jvp(primals, tangents):
    x, = primals
    return relu(x), jnp.where(x > 0, tangents[0], jnp.zeros_like(tangents[0]))


@custom_jvp
def relu6(x):
    return jnp.minimum(jnp.maximum(x, 0), 6.)


@relu6.defjvp
def _relu6_jvp(primals, tangents):
    x, = primals
    return relu6(x), jnp.where((x > 0) & (x < 6), tangents[0], jnp.zeros_like(tangents[0]))


def sigmoid(x):
    return lax.logistic(x)


def softplus(x):
    return jnp.logaddexp(x, 0)


def soft_sign(x):
    x = _inexact(x)
    return x / (jnp.abs(x) + 1)


def silu(x):
    x = _inexact(x)
    return x * sigmoid(x)


swish = silu


def mish(x):
    x = _inexact(x)
    return x * jnp.tanh(softplus(x))


def log_sigmoid(x):
    return -softplus(-_inexact(x))


def elu(x, alpha=1.0):
    x = _inexact(x)
    return jnp.where(x > 0, x, alpha * jnp.expm1(jnp.where(x > 0, 0., x)))


def leaky_relu(x, negative_slope=1e-2):
    x = _inexact(x)
    return jnp.where(x >= 0, x, negative_slope * x)


def hard_tanh(x):
    return jnp.where(x > 1, 1, jnp.where(x < -1, -1, x))


def celu(x, alpha=1.0):
    return jnp.maximum(x, 0.0) + alpha * jnp.expm1(jnp.minimum(x, 0.0) / alpha)


def selu(x):
    return 1.0507009873554804934193349852946 * elu(x, 1.6732632423543772848170429916717)


def gelu(x, approximate=True):
    x = _inexact(x)
    if approximate:
        return x * (0.5 * (1.0 + jnp.tanh(jnp.asarray(math.sqrt(2 / math.pi), dtype=x.dtype) * (x + 0.044715 * (x ** 3)))))
    return 0.5 * x * jnp.asarray(lax.erfc(-x * jnp.asarray(math.sqrt(0.5), dtype=x.dtype)), dtype=x.dtype)


def glu(x, axis=-1):
    size = x.shape[axis]
    if size % 2:
        raise ValueError("axis size must be divisible by 2")
    first, second = jnp.split(x, 2, axis)
    return first * sigmoid(second)


def hard_sigmoid(x):
    return relu6(x + 3.) / 6.


def hard_silu(x):
    x = _inexact(x)
    return x * hard_sigmoid(x)


hard_swish = hard_silu


def squareplus(x, b=4):
    x = _inexact(x)
    return (x + jnp.sqrt(jnp.square(x) + b)) / 2


def sparse_plus(x):
    return jnp.where(x <= -1.0, 0.0, jnp.where(x >= 1.0, x, (x + 1.0) ** 2 / 4))


def sparse_sigmoid(x):
    return 0.5 * jnp.clip(x + 1.0, 0.0, 2.0)


def identity(x):
    return jnp.asarray(x)


def logsumexp(a, axis=None, b=None, keepdims=False, return_sign=False, where=None):
    a = _inexact(a)
    if where is not None:
        a = jnp.where(where, a, -jnp.inf)
    largest = lax.stop_gradient(jnp.max(a, axis=axis, keepdims=True))
    largest = jnp.where(jnp.isfinite(largest), largest, jnp.zeros_like(largest))
    terms = jnp.exp(a - largest)
    if b is not None:
        terms = jnp.where(b != 0, b * terms, 0.)
    total = jnp.sum(terms, axis=axis, keepdims=keepdims)
    sign = jnp.sign(total)
    if return_sign or b is not None:
        total = jnp.abs(total)
    result = jnp.log(total) + (largest if keepdims else jnp.squeeze(largest, axis=_axes(axis, a.ndim)))
    if return_sign:
        return result, sign
    return jnp.where(sign < 0, jnp.nan, result) if b is not None else result


def _axes(axis, rank):
    if axis is None:
        return tuple(range(rank))
    return (axis,) if isinstance(axis, int) else tuple(axis)


def logmeanexp(x, axis=None, where=None, keepdims=False):
    count = 1
    for place in _axes(axis, x.ndim):
        count *= x.shape[place]
    return logsumexp(x, axis, keepdims=keepdims) - math.log(count)


def softmax(x, axis=-1, where=None, initial=-jnp.inf):
    x = _inexact(x)
    if where is not None:
        x = jnp.where(where, x, -jnp.inf)
    largest = lax.stop_gradient(jnp.max(x, axis=axis, keepdims=True))
    terms = jnp.exp(x - largest)
    result = terms / jnp.sum(terms, axis=axis, keepdims=True)
    return result if where is None else jnp.where(where, result, 0)


def log_softmax(x, axis=-1, where=None, initial=-jnp.inf):
    x = _inexact(x)
    if where is not None:
        x = jnp.where(where, x, -jnp.inf)
    shifted = x - lax.stop_gradient(jnp.max(x, axis=axis, keepdims=True))
    return shifted - jnp.log(jnp.sum(jnp.exp(shifted), axis=axis, keepdims=True))


def standardize(x, axis=-1, mean=None, variance=None, epsilon=1e-5, where=None):
    if mean is None:
        mean = jnp.mean(x, axis, keepdims=True)
    if variance is None:
        variance = jnp.mean(jnp.square(x), axis, keepdims=True) - jnp.square(mean)
    return (x - mean) * lax.rsqrt(variance + epsilon)


def one_hot(x, num_classes, *, dtype=None, axis=-1):
    x = jnp.asarray(x)
    place = axis % (x.ndim + 1)
    shape = [1] * (x.ndim + 1)
    shape[place] = num_classes
    classes = jnp.arange(num_classes, dtype=x.dtype if x.dtype.kind in "iu" else None).reshape(tuple(shape))
    return (jnp.expand_dims(x, place) == classes).astype(jnp.float32 if dtype is None else dtype)


def dot_product_attention(query, key, value, bias=None, mask=None, *, scale=None, is_causal=False, **options):
    scale = 1.0 / math.sqrt(query.shape[-1]) if scale is None else scale
    if query.ndim == 3:
        query, key, value = query[None], key[None], value[None]
        return dot_product_attention(query, key, value, bias, mask, scale=scale, is_causal=is_causal)[0]
    groups = query.shape[2] // key.shape[2]
    if groups > 1:
        key, value = jnp.repeat(key, groups, 2), jnp.repeat(value, groups, 2)
    logits = jnp.einsum("btnh,bsnh->bnts", query, key) * scale
    if bias is not None:
        logits = logits + bias
    if is_causal:
        causal = jnp.tril(jnp.ones((query.shape[1], key.shape[1]), bool))
        mask = causal if mask is None else mask & causal
    if mask is not None:
        logits = jnp.where(mask, logits, jnp.asarray(-0.7 * 3.4028235e38, dtype=logits.dtype))
    return jnp.einsum("bnts,bsnh->btnh", softmax(logits, axis=-1), value)


def log1mexp(x):
    return jnp.where(x < math.log(2), jnp.log(-jnp.expm1(-x)), jnp.log1p(-jnp.exp(-x)))
