"""Functions over all families of operations, for the differential tests of transformations: exported by JAX, transformed by the machine,
and compared with what JAX itself makes of them. Away from ties and kinks, without custom rules that can be observed."""
import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

#: name -> (function, arguments). A function returns one array; gradients are those of its sum with weights.
FUNCTIONS = {}


def case(name, *arguments):
    def add(function):
        assert name not in FUNCTIONS, name
        narrow = [np.asarray(a, np.int32) if np.asarray(a).dtype == np.int64 else np.asarray(a) for a in arguments]
        FUNCTIONS[name] = (function, narrow)
        return function
    return add


def normal(seed, *shape, dtype=np.float32):
    return np.random.default_rng(seed).standard_normal(shape).astype(dtype)


def uniform(seed, *shape, low=0.1, high=0.9, dtype=np.float32):
    return np.random.default_rng(seed).uniform(low, high, shape).astype(dtype)


X, Y = normal(1, 3, 4), normal(2, 3, 4)
P, Q = uniform(3, 3, 4), uniform(4, 3, 4)

# Elementwise.
for name, function, argument in [
    ("abs", jnp.abs, X), ("negative", jnp.negative, X), ("exp", jnp.exp, X), ("exp2", jnp.exp2, X), ("expm1", jnp.expm1, X), ("log", jnp.log, P),
    ("log1p", jnp.log1p, P), ("log2", jnp.log2, P), ("sqrt", jnp.sqrt, P), ("rsqrt", lax.rsqrt, P), ("cbrt", jnp.cbrt, P), ("sin", jnp.sin, X),
    ("cos", jnp.cos, X), ("tan", jnp.tan, P), ("tanh", jnp.tanh, X), ("sinh", jnp.sinh, X), ("cosh", jnp.cosh, X), ("asin", jnp.arcsin, P),
    ("acos", jnp.arccos, P), ("atan", jnp.arctan, X), ("asinh", jnp.arcsinh, X), ("acosh", jnp.arccosh, P + 1.5), ("atanh", jnp.arctanh, P),
    ("erf", jax.scipy.special.erf, X), ("erfc", jax.scipy.special.erfc, X), 
    ("logistic", jax.nn.sigmoid, X), ("lgamma", jax.scipy.special.gammaln, P + 1), ("digamma", jax.scipy.special.digamma, P + 1),
    ("square", jnp.square, X), ("reciprocal", jnp.reciprocal, P), ("sign", jnp.sign, X), ("floor", jnp.floor, X), ("round", jnp.round, X),
    ("softplus", jax.nn.softplus, X), ("gelu", jax.nn.gelu, X), ("silu", jax.nn.silu, X), ("relu", jax.nn.relu, X), ("elu", jax.nn.elu, X),
    ("leaky_relu", jax.nn.leaky_relu, X), ("log_sigmoid", jax.nn.log_sigmoid, X), ("integer_pow", lambda x: x ** 3, X),
    ("sinc", jnp.sinc, X), ("bessel_i1e", lax.bessel_i1e, X), ("nan_to_num", jnp.nan_to_num, X), ("clip", lambda x: jnp.clip(x, -0.5, 0.7), X),
    ("reduce_precision", lambda x: lax.reduce_precision(x, 8, 23), X),
]:
    case(name, argument)(function)

for name, function, a, b in [
    ("add", jnp.add, X, Y), ("subtract", jnp.subtract, X, Y), ("multiply", jnp.multiply, X, Y), ("divide", jnp.divide, X, P),
    ("power", jnp.power, P, Y), ("maximum", jnp.maximum, X, Y), ("minimum", jnp.minimum, X, Y), ("atan2", jnp.arctan2, X, Y),
    ("remainder", lax.rem, X, P), ("mod", jnp.mod, X, P), ("hypot", jnp.hypot, X, Y), ("logaddexp", jnp.logaddexp, X, Y),
    ("where", lambda x, y: jnp.where(x > 0, x * y, y), X, Y), ("nextafter_free", lambda x, y: x * jnp.floor(y), X, Y),
    ("xlogy", jax.scipy.special.xlogy, P, Q), ("outer", jnp.outer, normal(5, 3), normal(6, 4)), ("broadcast_add", jnp.add, X, normal(7, 4)),
]:
    case(name, a, b)(function)

# Shapes.
case("reshape", X)(lambda x: jnp.sin(x).reshape(2, 6))
case("transpose", normal(8, 2, 3, 4))(lambda x: jnp.transpose(x, (2, 0, 1)) ** 2)
case("broadcast_to", normal(9, 1, 4))(lambda x: jnp.broadcast_to(x, (3, 4)) * X)
case("broadcast_in_dim", normal(9, 4, 3))(lambda x: lax.broadcast_in_dim(x, (4, 2, 3), (0, 2)) ** 2)
case("squeeze", normal(9, 3, 1, 4))(lambda x: jnp.squeeze(x) ** 2)
case("concatenate", X, Y)(lambda x, y: jnp.concatenate([x, y * 2, x * x], axis=1))
case("stack", X, Y)(lambda x, y: jnp.stack([x, y, x * y], axis=1))
case("split", X)(lambda x: jnp.split(x, 2, axis=1)[0] * jnp.split(x, 2, axis=1)[1])
case("slice", X)(lambda x: x[1:, ::2] ** 2)
case("reverse", X)(lambda x: x[::-1] * X)
case("pad", X)(lambda x: lax.pad(x, 0.5, ((1, 2, 1), (-1, 1, 0))) ** 2)
case("pad_value", X, np.float32(2))(lambda x, v: lax.pad(x, v, ((1, 2, 1), (0, 1, 0))) ** 2)
case("roll", X)(lambda x: jnp.roll(x, 1, axis=1) * x)
case("tile", X)(lambda x: jnp.tile(x, (2, 1)) ** 2)
case("repeat", X)(lambda x: jnp.repeat(x, 2, axis=0) ** 2)
case("dynamic_slice", X, np.int32(1))(lambda x, i: lax.dynamic_slice(x, (i, i), (2, 2)) ** 2)
case("dynamic_update_slice", X, normal(3, 2, 2), np.int32(1))(lambda x, u, i: lax.dynamic_update_slice(x * x, u * u, (i, i)))
case("diag", normal(3, 4))(lambda x: jnp.diag(x) @ X.T)
case("diagonal", normal(3, 4, 4))(lambda x: jnp.diagonal(x) ** 2)
case("tril", normal(3, 4, 4))(lambda x: jnp.tril(x) ** 2)
case("trace", normal(3, 4, 4))(lambda x: jnp.trace(x) ** 2)
case("moveaxis", normal(3, 2, 3, 4))(lambda x: jnp.moveaxis(x, 0, -1) ** 2)
case("flip_roll", normal(3, 2, 3, 4))(lambda x: jnp.rot90(x, axes=(1, 2)) ** 2)

# Reductions.
case("sum", X)(lambda x: jnp.sum(jnp.sin(x), axis=0))
case("sum_all", X)(lambda x: jnp.sum(jnp.sin(x)))
case("mean", X)(lambda x: jnp.mean(x ** 2, axis=1))
case("prod", P)(lambda x: jnp.prod(x, axis=1))
case("max", X)(lambda x: jnp.max(x, axis=1) ** 2)
case("min", X)(lambda x: jnp.min(x) ** 2)
case("var", X)(lambda x: jnp.var(x, axis=0))
case("std", X)(lambda x: jnp.std(x, axis=0))
case("logsumexp", X)(lambda x: jax.nn.logsumexp(x, axis=1))
case("softmax", X)(lambda x: jax.nn.softmax(x))
case("log_softmax", X)(lambda x: jax.nn.log_softmax(x))
case("argmax_take", X)(lambda x: x[jnp.arange(3), jnp.argmax(x, axis=1)] ** 2)
case("norm", X)(lambda x: jnp.linalg.norm(x, axis=1))
case("cumsum", X)(lambda x: jnp.cumsum(x, axis=1) ** 2)
case("cumprod", P)(lambda x: jnp.cumprod(x, axis=1))
case("cummax", X)(lambda x: lax.cummax(x, axis=1) ** 2)
case("cummin", X)(lambda x: lax.cummin(x, axis=0, reverse=True) ** 2)
case("cumlogsumexp", X)(lambda x: lax.cumlogsumexp(x, axis=1))
case("reduce_general", P)(lambda x: lax.reduce(x, np.float32(1), lambda a, b: a * b + 0 * a, (1,)))
case("median", normal(3, 3, 5))(lambda x: jnp.median(x, axis=1))
case("einsum_trace", normal(4, 3, 3))(lambda x: jnp.einsum("ii->i", x) ** 2)

# Windows.
IMAGE = normal(5, 2, 6, 6, 3)
case("avg_pool", IMAGE)(lambda x: lax.reduce_window(x, 0., lax.add, (1, 2, 3, 1), (1, 2, 1, 1), "SAME") ** 2)
case("max_pool", IMAGE)(lambda x: lax.reduce_window(x, -jnp.inf, lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID") ** 2)
case("max_pool_overlap", IMAGE)(lambda x: lax.reduce_window(x, -jnp.inf, lax.max, (1, 3, 3, 1), (1, 2, 2, 1), "SAME") ** 2)
case("min_pool", IMAGE)(lambda x: lax.reduce_window(x, jnp.inf, lax.min, (1, 3, 3, 1), (1, 1, 2, 1), "SAME") ** 2)
case("window_dilated", IMAGE)(lambda x: lax.reduce_window(x, 0., lax.add, (1, 2, 2, 1), (1, 1, 1, 1), ((0, 0), (1, 2), (0, 1), (0, 0)),
                                                          (1, 2, 1, 1), (1, 1, 2, 1)) ** 2)

# Contractions.
case("dot", X, normal(6, 4, 5))(jnp.dot)
case("matvec", X, normal(6, 4))(jnp.dot)
case("vecdot", normal(7, 4), normal(6, 4))(jnp.dot)
case("batched_matmul", normal(7, 2, 3, 4), normal(8, 2, 4, 5))(jnp.matmul)
case("einsum", normal(7, 2, 3, 4), normal(8, 4, 2, 5))(lambda a, b: jnp.einsum("abc,cad->dab", a, b))
case("tensordot", normal(7, 2, 3, 4), normal(8, 4, 3, 5))(lambda a, b: jnp.tensordot(a, b, axes=((1, 2), (1, 0))))
case("dot_general", normal(7, 2, 3, 4), normal(8, 4, 5, 2))(lambda a, b: lax.dot_general(a, b, (((2,), (0,)), ((0,), (2,)))))
case("conv", normal(9, 2, 8, 8, 3), normal(10, 3, 3, 3, 4))(
    lambda x, k: lax.conv_general_dilated(x, k, (1, 1), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC")))
case("conv_strided", normal(9, 2, 3, 9, 8), normal(10, 4, 3, 3, 2))(lambda x, k: lax.conv_general_dilated(x, k, (2, 3), ((1, 2), (0, 1))))
case("conv_dilated", normal(9, 2, 3, 9, 8), normal(10, 4, 3, 3, 2))(
    lambda x, k: lax.conv_general_dilated(x, k, (1, 1), ((1, 2), (0, 1)), (2, 1), (1, 2)))
case("conv_grouped", normal(9, 2, 4, 7, 7), normal(10, 6, 2, 3, 3))(
    lambda x, k: lax.conv_general_dilated(x, k, (1, 2), "SAME", feature_group_count=2))
case("conv_depthwise", normal(9, 2, 4, 7), normal(10, 8, 1, 3))(
    lambda x, k: lax.conv_general_dilated(x, k, (1,), "VALID", feature_group_count=4))
case("conv_batch_grouped", normal(9, 4, 3, 7), normal(10, 6, 3, 3))(
    lambda x, k: lax.conv_general_dilated(x, k, (1,), "SAME", batch_group_count=2))
case("conv_transpose", normal(9, 2, 5, 3), normal(10, 3, 3, 4))(lambda x, k: lax.conv_transpose(x, k, (2,), "SAME"))

# Indexing.
case("take", normal(11, 5, 3), np.array([0, 2, 2, 4]))(lambda x, i: x[i] ** 2)
case("take_clip", normal(11, 5, 3), np.array([0, 7, -9, 4]))(lambda x, i: jnp.take(x, i, axis=0, mode="clip") ** 2)
case("take_fill", normal(11, 5, 3), np.array([0, 7, 1, 4]))(lambda x, i: jnp.take(x, i, axis=0, mode="fill", fill_value=0.5) ** 2)
case("take_along_axis", X, np.array([[0, 3], [1, 1], [2, 0]]))(lambda x, i: jnp.take_along_axis(x, i, axis=1) ** 2)
case("gather_pairs", X, np.array([0, 2, 1]))(lambda x, i: x[i, i] ** 2)
case("embedding", normal(12, 7, 3), np.array([[1, 2], [6, 1]]))(lambda t, i: jnp.sin(t[i]))
case("scatter_set", normal(13, 5, 3), normal(14, 3, 3), np.array([0, 2, 2]))(lambda x, u, i: (x * x).at[i].set(u * u))
case("scatter_unique", normal(13, 5, 3), normal(14, 3, 3), np.array([0, 2, 4]))(lambda x, u, i: (x * x).at[i].set(u * u, unique_indices=True))
case("scatter_add", normal(13, 5, 3), normal(14, 3, 3), np.array([0, 2, 2]))(lambda x, u, i: (x * x).at[i].add(u * u))
case("scatter_drop", normal(13, 5, 3), normal(14, 3, 3), np.array([0, 9, 2]))(lambda x, u, i: (x * x).at[i].add(u * u, mode="drop"))
case("scatter_mul", normal(13, 5, 3), normal(14, 2, 3), np.array([0, 2]))(lambda x, u, i: x.at[i].mul(u, unique_indices=True) ** 2)
case("scatter_max", normal(13, 5, 3), normal(14, 3, 3), np.array([0, 2, 2]))(lambda x, u, i: x.at[i].max(u) ** 2)
case("scatter_min", normal(13, 5, 3), normal(14, 3, 3), np.array([0, 2, 2]))(lambda x, u, i: x.at[i].min(u) ** 2)
case("segment_sum", normal(13, 6, 3), np.array([0, 1, 1, 3, 3, 3]))(lambda x, s: jax.ops.segment_sum(x ** 2, s, num_segments=4))
case("index_update_scalar", X, np.float32(3))(lambda x, v: x.at[1, 2].set(v) ** 2)

# Sorting.
case("sort", X)(lambda x: jnp.sort(x, axis=1) * jnp.arange(4.0))
case("sort_pairs", X, Y)(lambda x, y: sum(a * jnp.arange(4.0) ** (k + 1) for k, a in enumerate(lax.sort((x, y), dimension=1, num_keys=1))))
case("argsort_take", X)(lambda x: jnp.take_along_axis(x, jnp.argsort(x, axis=1), axis=1) * jnp.arange(4.0))
case("top_k", X)(lambda x: lax.top_k(x, 2)[0] ** 2)
case("quantile", normal(3, 9))(lambda x: jnp.quantile(x, 0.3))

# Complex numbers and transforms.
case("complex_parts", X, Y)(lambda x, y: jnp.real(lax.complex(x, y) ** 2) + jnp.imag(jnp.exp(lax.complex(x, y))))
case("complex_abs", X, Y)(lambda x, y: jnp.abs(lax.complex(x, y)))
case("complex_angle", X, Y)(lambda x, y: jnp.angle(lax.complex(x, y)))
case("complex_divide", X, Y)(lambda x, y: jnp.real(1 / lax.complex(x, y)) * jnp.imag(jnp.conj(lax.complex(x, y)) * lax.complex(y, x)))
case("complex_functions", X, Y)(lambda x, y: jnp.real(jnp.sin(lax.complex(x, y)) + jnp.log(lax.complex(x, y)) + jnp.sqrt(lax.complex(x, y))))

# Conversions.
case("to_half", X)(lambda x: (x.astype(jnp.bfloat16) * 2).astype(jnp.float32))
case("from_integers", X, np.arange(4, dtype=np.int32))(lambda x, i: x * i)
case("to_integers", X)(lambda x: x * x.astype(jnp.int32))

# Control flow.


@case("scan", normal(30, 4, 4), normal(31, 7, 4), normal(32, 4))
def scan(w, xs, h):
    def body(c, x):
        c = jnp.tanh(c @ w + x)
        return c, c * 2
    c, ys = lax.scan(body, h, xs)
    return ys + c


@case("scan_reverse", normal(30, 4, 4), normal(31, 7, 4), normal(32, 4))
def scan_reverse(w, xs, h):
    def body(c, x):
        c = jnp.sin(c @ w) * x
        return c, c
    return lax.scan(body, h, xs, reverse=True)[1]


@case("scan_nested", normal(31, 3, 4), normal(32, 4))
def scan_nested(xs, h):
    def outer(c, x):
        c, ys = lax.scan(lambda a, b: (jnp.cos(a) * b, a.sum()), c, jnp.outer(x[:2], x))
        return c, ys
    c, ys = lax.scan(outer, h, xs)
    return c * ys.sum()


@case("scan_integers", normal(31, 5, 4), normal(32, 4))
def scan_integers(xs, h):
    def body(c, x):
        n, v = c
        return (n + 1, v * x + n), v
    (n, v), vs = lax.scan(body, (0, h), xs)
    return vs * n + v


@case("fori_loop", normal(33, 4), normal(34, 4, 4))
def fori_loop(x, w):
    return lax.fori_loop(0, 5, lambda i, v: jnp.sin(v @ w) + i * w[i % 3], x)


@case("cond", normal(35, 4), np.int32(1))
def cond(x, p):
    return lax.cond(p > 0, lambda x: jnp.sin(x) * x, lambda x: jnp.cos(x), x) * x


@case("cond_data", normal(35, 4))
def cond_data(x):
    return lax.cond(x[0] > 0, lambda x: jnp.sin(x) * x, lambda x: jnp.exp(x), x) * x


@case("switch", normal(35, 4), np.int32(2))
def switch(x, k):
    return lax.switch(k, [jnp.sin, jnp.exp, lambda x: x * x, lambda x: x], x * 2)


@case("associative_scan", P)
def associative_scan(x):
    return lax.associative_scan(jnp.multiply, x, axis=1)


@case("map", normal(36, 3, 4))
def mapped(xs):
    return lax.map(lambda x: jnp.sin(x) * x.sum(), xs)


@case("cond_in_scan", normal(37, 6, 4))
def cond_in_scan(xs):
    return lax.scan(lambda c, x: (lax.cond(x[0] > 0, lambda c: jnp.sin(c * x), lambda c: c + x, c), c), jnp.ones(4), xs)[0]


#: Loops whose trips depend on data: forward mode and batching alone.
FORWARD = {"while"}


@case("while", normal(38, 4))
def while_loop(x):
    return lax.while_loop(lambda v: jnp.sum(v ** 2) < 100, lambda v: v * 1.5 + 0.1, x)


# Random numbers with a key that is fixed.
case("random_normal", X)(lambda x: x * jax.random.normal(jax.random.key(3), x.shape))
case("reparametrised", X, Y)(lambda m, s: m + jnp.exp(s) * jax.random.normal(jax.random.key(1), m.shape))

# Other types.
case("double", normal(40, 3, 4, dtype=np.float64))(lambda x: jnp.sin(x) * jnp.exp(x))
case("double_matmul", normal(40, 3, 4, dtype=np.float64), normal(41, 4, 2, dtype=np.float64))(lambda a, b: jnp.tanh(a @ b))
case("double_scan", normal(42, 5, 3, dtype=np.float64))(lambda xs: lax.scan(lambda c, x: (jnp.sin(c + x), c), jnp.zeros(3), xs)[1])

import transforms_linalg  # noqa: E402,F401  its cases stand in the same table
