"""Programs of the kinds that people run, exported by real JAX with random weights: what they are, and their arguments.

Each entry of `programs()` is (name, function, arguments, platforms). Weights are scaled so that jitted and eager JAX agree
within a tenth of the tolerance that the machine is held to; `models_test.py --jax` checks that.
"""
import functools

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax


def normal(key, *shape, scale=None, dtype=jnp.float32):
    scale = scale if scale is not None else 1.0 / np.sqrt(shape[0])
    return (jax.random.normal(key, shape) * scale).astype(dtype)


def keys(seed, count):
    return jax.random.split(jax.random.key(seed), count)


# Optimisers

def adam(loss, rate=1e-3, b1=0.9, b2=0.999, eps=1e-6):
    """A training step: (params, m, v, step, *data) -> (loss, params, m, v)."""
    def step(params, m, v, count, *data):
        value, grads = jax.value_and_grad(loss)(params, *data)
        m = jax.tree.map(lambda m, g: b1 * m + (1 - b1) * g, m, grads)
        v = jax.tree.map(lambda v, g: b2 * v + (1 - b2) * g * g, v, grads)
        t = count + 1
        params = jax.tree.map(
            lambda p, m, v: p - rate * (m / (1 - b1 ** t)) / (jnp.sqrt(v / (1 - b2 ** t)) + eps), params, m, v)
        return value, params, m, v
    return step


def zeros_like(params):
    return jax.tree.map(jnp.zeros_like, params)


def adam_arguments(params, *data):
    # Moments as after some steps: from zero moments the first Adam step is the sign of each gradient, which magnifies rounding.
    moment = jax.tree.map(lambda p: jnp.full_like(p, 0.01), params)
    square = jax.tree.map(lambda p: jnp.full_like(p, 0.01), params)
    return (params, moment, square, jnp.float32(10), *data)


# Multilayer perceptron

def mlp_params(widths, dtype=jnp.float32):
    return [(normal(k, a, b, dtype=dtype), jnp.zeros(b, dtype)) for k, a, b in zip(keys(0, len(widths)), widths, widths[1:])]


def mlp(params, x):
    for w, b in params[:-1]:
        x = jnp.tanh(x @ w + b)
    w, b = params[-1]
    return x @ w + b


def mlp_loss(params, x, y):
    return -jnp.mean(jnp.sum(jax.nn.log_softmax(mlp(params, x)) * y, axis=-1))


# Convolutional network with batch statistics

def cnn_params():
    k = keys(1, 4)
    return {"c1": normal(k[0], 3, 3, 1, 8, scale=0.3), "c2": normal(k[1], 3, 3, 8, 16, scale=0.1),
            "g1": jnp.ones(8), "b1": jnp.zeros(8), "w": normal(k[2], 16 * 4 * 4, 10)}


def cnn(params, x):
    conv = functools.partial(lax.conv_general_dilated, window_strides=(1, 1), padding="SAME",
                             dimension_numbers=("NHWC", "HWIO", "NHWC"))
    x = conv(x, params["c1"])
    mean, var = x.mean((0, 1, 2)), x.var((0, 1, 2))
    x = (x - mean) * lax.rsqrt(var + 1e-3) * params["g1"] + params["b1"]
    x = lax.reduce_window(jax.nn.relu(x), -jnp.inf, lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")
    x = jax.nn.gelu(conv(x, params["c2"]))
    x = lax.reduce_window(x, 0.0, lax.add, (1, 2, 2, 1), (1, 2, 2, 1), "VALID") / 4
    return x.reshape(x.shape[0], -1) @ params["w"]


def cnn_step(params, x, y):
    loss = lambda p: -jnp.mean(jnp.sum(jax.nn.log_softmax(cnn(p, x)) * y, axis=-1))
    value, grads = jax.value_and_grad(loss)(params)
    return value, jax.tree.map(lambda p, g: p - 0.1 * g, params, grads)


# Transformer

def transformer_params(layers=4, width=32, vocabulary=50, dtype=jnp.float32):
    def layer(key):
        k = jax.random.split(key, 4)
        return {"qkv": normal(k[0], width, 3 * width, dtype=dtype), "out": normal(k[1], width, width, dtype=dtype),
                "up": normal(k[2], width, 4 * width, dtype=dtype), "down": normal(k[3], 4 * width, width, dtype=dtype),
                "ln1": jnp.ones(width, dtype), "ln2": jnp.ones(width, dtype)}
    stack = [layer(k) for k in keys(2, layers)]
    return {"embed": normal(jax.random.key(3), vocabulary, width, scale=0.5, dtype=dtype),
            "layers": jax.tree.map(lambda *leaves: jnp.stack(leaves), *stack)}


def norm(x, gain):
    x = x - x.mean(-1, keepdims=True)
    return x * lax.rsqrt((x * x).mean(-1, keepdims=True) + 1e-3) * gain


def block(x, p, heads=4):
    batch, length, width = x.shape
    q, k, v = jnp.split(norm(x, p["ln1"]) @ p["qkv"], 3, axis=-1)
    split = lambda t: t.reshape(batch, length, heads, width // heads).transpose(0, 2, 1, 3)
    scores = jnp.einsum("bhqd,bhkd->bhqk", split(q), split(k)) / np.sqrt(width // heads).astype(x.dtype)
    mask = jnp.tril(jnp.ones((length, length), bool))
    weights = jax.nn.softmax(jnp.where(mask, scores, jnp.asarray(-1e4, x.dtype)), axis=-1)
    mixed = jnp.einsum("bhqk,bhkd->bhqd", weights, split(v)).transpose(0, 2, 1, 3).reshape(x.shape)
    x = x + mixed @ p["out"]
    return x + jax.nn.gelu(norm(x, p["ln2"]) @ p["up"]) @ p["down"]


def transformer(params, tokens, scanned=True):
    x = params["embed"][tokens]
    if scanned:
        x, _ = lax.scan(lambda x, p: (block(x, p), None), x, params["layers"])
    else:
        for index in range(params["layers"]["ln1"].shape[0]):
            x = block(x, jax.tree.map(lambda leaf: leaf[index], params["layers"]))
    return x @ params["embed"].T


def transformer_loss(params, tokens, scanned=True):
    logits = transformer(params, tokens[:, :-1], scanned)
    picked = jnp.take_along_axis(jax.nn.log_softmax(logits), tokens[:, 1:, None], axis=-1)
    return -picked.mean()


# Recurrent network

def lstm(params, xs):
    def cell(carry, x):
        h, c = carry
        i, f, g, o = jnp.split(x @ params["wx"] + h @ params["wh"] + params["b"], 4, axis=-1)
        c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
        h = jax.nn.sigmoid(o) * jnp.tanh(c)
        return (h, c), h
    width = params["wh"].shape[0]
    start = (jnp.zeros((xs.shape[1], width)), jnp.zeros((xs.shape[1], width)))
    return lax.scan(cell, start, xs)


# Single functions

def collatz(n):
    """A loop whose count depends on its data."""
    def body(state):
        n, steps = state
        return jnp.where(n % 2 == 0, n // 2, 3 * n + 1), steps + 1
    return lax.while_loop(lambda state: state[0] != 1, body, (n, jnp.int32(0)))


def random_bits(key):
    k = jax.random.split(key, 5)
    return (jax.random.bits(k[0], (64,)), jax.random.uniform(k[1], (64,)), jax.random.normal(k[2], (64,)),
            jax.random.categorical(k[3], jnp.log(jnp.arange(1.0, 9.0)), shape=(64,)), jax.random.permutation(k[4], 100))


def spd(matrix):
    return matrix @ matrix.T + 3 * jnp.eye(matrix.shape[0], dtype=matrix.dtype)


def programs():
    """(name, function, arguments, platforms) of every program."""
    generator = np.random.default_rng(5)
    f32 = lambda *shape: generator.standard_normal(shape).astype(np.float32)
    onehot = lambda count: np.eye(10, dtype=np.float32)[generator.integers(0, 10, count)]
    both, cpu, bare = ("barejax", "cpu"), ("cpu",), ("barejax",)

    params = mlp_params([64, 128, 128, 10])
    x, y = f32(32, 64), onehot(32)
    yield "mlp_forward", mlp, (params, x), bare
    yield "mlp_adam", adam(mlp_loss), adam_arguments(params, x, y), bare
    images = f32(8, 16, 16, 1)
    yield "cnn_forward", cnn, (cnn_params(), images), bare
    yield "cnn_sgd", cnn_step, (cnn_params(), images, onehot(8)), bare
    tokens = generator.integers(0, 50, (2, 17)).astype(np.int32)
    for scanned in (True, False):
        name = "scan" if scanned else "unrolled"
        forward = functools.partial(transformer, scanned=scanned)
        loss = functools.partial(transformer_loss, scanned=scanned)
        yield f"transformer_{name}_forward", forward, (transformer_params(), tokens), bare
        yield f"transformer_{name}_adam", adam(loss), adam_arguments(transformer_params(), tokens), bare
    k = keys(4, 2)
    yield "lstm", lstm, ({"wx": normal(k[0], 16, 128), "wh": normal(k[1], 32, 128), "b": jnp.zeros(128)}, f32(12, 4, 16)), bare
    yield "random", random_bits, (np.array([0, 42], np.uint32),), bare

    vector, matrix = f32(257), f32(24, 24)
    yield "sort", lambda v: (jnp.sort(v), jnp.argsort(v), lax.sort((v, v * 2), num_keys=1)), (vector,), bare
    yield "top_k", lambda v: lax.top_k(v, 7), (vector,), bare
    yield "cumsum", lambda v: (jnp.cumsum(v), jnp.cumprod(v), lax.cummax(v)), (f32(100) * 0.5,), bare
    segments = generator.integers(0, 9, 257).astype(np.int32)
    yield "segment_sum", lambda v, s: jax.ops.segment_sum(v, s, 9), (vector, segments), bare
    for name, platforms in (("cholesky", both), ("qr", both), ("lu", both), ("solve", both), ("eigh", cpu), ("svd", cpu)):
        function = {"cholesky": lambda m: jnp.linalg.cholesky(spd(m)), "qr": lambda m: tuple(jnp.linalg.qr(m)),
                    "lu": lambda m: lax.linalg.lu(m), "solve": lambda m: jnp.linalg.solve(spd(m), m[:, 0]),
                    "eigh": lambda m: tuple(jnp.linalg.eigh(spd(m))), "svd": lambda m: tuple(jnp.linalg.svd(m[:, :17]))}[name]
        for platform in platforms:
            yield f"{name}_{platform}", function, (matrix,), (platform,)
    signal = f32(4, 30)
    yield "fft", lambda s: (jnp.fft.fft(s), jnp.fft.ifft(s), jnp.fft.rfft(s), jnp.fft.irfft(jnp.fft.rfft(s)), jnp.fft.fft2(s)), (signal,), bare
    yield "collatz", collatz, (np.int32(27),), bare
    for dtype in (jnp.bfloat16, jnp.float16):
        name = np.dtype(dtype).name
        yield f"mlp_{name}", mlp, (mlp_params([64, 128, 128, 10], dtype), x.astype(dtype)), bare
        yield f"transformer_{name}", transformer, (transformer_params(dtype=dtype), tokens), bare
