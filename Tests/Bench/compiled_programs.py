"""The programs by which compiled code is measured against jaxlib: what they are, and their arguments.

`programs()` names functions that make (function, arguments), so that only what is asked for is made.
"""
import functools

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

import models

ONES = 1 << 18
ROWS, WIDTH = 50_000, 64


def f32(*shape, scale=1.0, seed=5):
    return (np.random.default_rng(seed).standard_normal(shape) * scale).astype(np.float32)


def onehot(count):
    return np.eye(10, dtype=np.float32)[np.random.default_rng(6).integers(0, 10, count)]


# Contractions

def product(m, k, n, dtype=np.float32):
    return jnp.matmul, (f32(m, k).astype(dtype), f32(k, n, seed=7).astype(dtype))


def batched_product():
    return jnp.matmul, (f32(32, 128, 128), f32(32, 128, 128, seed=7))


def matrix_vector():
    return jnp.matmul, (f32(4096, 4096), f32(4096, seed=7))


# Models

def mlp(step):
    params, x = models.mlp_params([784, 512, 512, 10]), f32(128, 784)
    if step:
        return models.adam(models.mlp_loss), models.adam_arguments(params, x, onehot(128))
    return models.mlp, (params, x)


def cnn():
    params = {**models.cnn_params(), "w": models.normal(jax.random.key(8), 16 * 7 * 7, 10)}
    return models.cnn_step, (params, f32(16, 28, 28, 1), onehot(16))


def resnet_block(params, x):
    """Two convolutions, each normalised with the batch's own statistics, beside the identity."""
    def normalised(x, kernel, gain, bias):
        x = lax.conv_general_dilated(x, kernel, (1, 1), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC"))
        mean, var = x.mean((0, 1, 2)), x.var((0, 1, 2))
        return (x - mean) * lax.rsqrt(var + 1e-3) * gain + bias
    y = jax.nn.relu(normalised(x, params["k1"], params["g1"], params["b1"]))
    return jax.nn.relu(x + normalised(y, params["k2"], params["g2"], params["b2"]))


def resnet(gradient):
    k = models.keys(9, 2)
    params = {"k1": models.normal(k[0], 3, 3, 64, 64, scale=0.04), "k2": models.normal(k[1], 3, 3, 64, 64, scale=0.04),
              "g1": jnp.ones(64), "b1": jnp.zeros(64), "g2": jnp.ones(64), "b2": jnp.zeros(64)}
    arguments = params, f32(8, 28, 28, 64)
    if gradient:
        return jax.grad(lambda params, x: jnp.mean(resnet_block(params, x) ** 2), argnums=(0, 1)), arguments
    return resnet_block, arguments


def transformer(step, scanned):
    params = models.transformer_params(layers=4, width=256, vocabulary=1000)
    tokens = np.random.default_rng(6).integers(0, 1000, (2, 129)).astype(np.int32)
    if step:
        return models.adam(functools.partial(models.transformer_loss, scanned=scanned)), models.adam_arguments(params, tokens)
    return functools.partial(models.transformer, scanned=scanned), (params, tokens[:, :-1])


def lstm(gradient):
    k = models.keys(4, 2)
    arguments = {"wx": models.normal(k[0], 64, 512), "wh": models.normal(k[1], 128, 512), "b": jnp.zeros(512)}, f32(100, 16, 64)
    if gradient:
        return jax.grad(lambda params, xs: jnp.mean(models.lstm(params, xs)[1] ** 2)), arguments
    return models.lstm, arguments


# Single operations

def chain(x, y):
    """Twenty elementwise operations."""
    for _ in range(4):
        x = jnp.maximum(x * y + 0.5, -x) - y
    return x


def softmax():
    return lambda x: jax.nn.softmax(x, axis=-1), (f32(1024, 1024),)


def layer_norm(x, gain, bias):
    mean, var = x.mean(-1, keepdims=True), x.var(-1, keepdims=True)
    return (x - mean) * lax.rsqrt(var + 1e-5) * gain + bias


def indices():
    return np.random.default_rng(6).integers(0, ROWS, 20_000).astype(np.int32)


def random_normal():
    return lambda data: jax.random.normal(jax.random.wrap_key_data(data), (ONES,)), (np.array([0, 42], np.uint32),)


def loop(trips, x):
    """As many trips as the first argument says, so that no compiler takes the loop apart."""
    return lax.while_loop(lambda state: state[0] < trips, lambda state: (state[0] + 1, state[1] * 0.999 + 0.5), (np.int32(0), x))[1]


def definite(size):
    matrix = f32(size, size, scale=1 / np.sqrt(size))
    return matrix @ matrix.T + 3 * np.eye(size, dtype=np.float32)


def complex_signal(size):
    return (f32(size) + 1j * f32(size, seed=7)).astype(np.complex64)


def programs():
    """Name → what makes (function, arguments), in the order of the table."""
    tall = f32(4096, 1024)
    return {
        "product 64": lambda: product(64, 64, 64),
        "product 256": lambda: product(256, 256, 256),
        "product 1024": lambda: product(1024, 1024, 1024),
        "product 2048x64x2048": lambda: product(2048, 64, 2048),
        "product batched 32x128": batched_product,
        "matrix-vector 4096": matrix_vector,
        "product bf16 1024": lambda: product(1024, 1024, 1024, jnp.bfloat16),
        "mlp forward": lambda: mlp(step=False),
        "mlp adam": lambda: mlp(step=True),
        "cnn sgd": cnn,
        "resnet block forward": lambda: resnet(gradient=False),
        "resnet block gradient": lambda: resnet(gradient=True),
        "transformer forward": lambda: transformer(step=False, scanned=False),
        "transformer adam": lambda: transformer(step=True, scanned=False),
        "transformer scanned forward": lambda: transformer(step=False, scanned=True),
        "transformer scanned adam": lambda: transformer(step=True, scanned=True),
        "lstm forward": lambda: lstm(gradient=False),
        "lstm gradient": lambda: lstm(gradient=True),
        "elementwise chain": lambda: (chain, (f32(1 << 20), f32(1 << 20, seed=7))),
        "softmax 1024": softmax,
        "layer norm 4096x1024": lambda: (layer_norm, (tall, f32(1024), f32(1024, seed=7))),
        "sum over rows": lambda: (lambda x: x.sum(0), (tall,)),
        "sum over columns": lambda: (lambda x: x.sum(1), (tall,)),
        "argmax": lambda: (lambda x: jnp.argmax(x, axis=1), (tall,)),
        "cumsum": lambda: (jnp.cumsum, (f32(ONES),)),
        "sort": lambda: (jnp.sort, (f32(ONES),)),
        "top_k 100": lambda: (lambda x: lax.top_k(x, 100), (f32(ONES),)),
        "gather rows": lambda: (lambda table, rows: table[rows], (f32(ROWS, WIDTH), indices())),
        "scatter-add rows": lambda: (lambda table, rows, values: table.at[rows].add(values),
                                     (f32(ROWS, WIDTH), indices(), f32(20_000, WIDTH, seed=7))),
        "random normal": random_normal,
        "while loop": lambda: (loop, (np.int32(1_000_000), np.float32(1))),
        "cholesky 512": lambda: (jnp.linalg.cholesky, (definite(512),)),
        "solve 512": lambda: (jnp.linalg.solve, (definite(512), f32(512))),
        "fft": lambda: (jnp.fft.fft, (complex_signal(1 << 16),)),
    }
