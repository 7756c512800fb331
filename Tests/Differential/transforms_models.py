"""Real models, from which transforms_test.py takes gradients, tangents and batches: (name, loss, arguments, argnums)."""
import functools

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

import models


def resnet(params, x, y):
    """A residual block with batch statistics and a loss."""
    conv = functools.partial(lax.conv_general_dilated, window_strides=(1, 1), padding="SAME", dimension_numbers=("NHWC", "HWIO", "NHWC"))

    def normed(x, gain, bias):
        mean, var = x.mean((0, 1, 2)), x.var((0, 1, 2))
        return (x - mean) * lax.rsqrt(var + 1e-3) * gain + bias
    h = jax.nn.softplus(normed(conv(x, params["c1"]), params["g1"], params["b1"]))
    h = jax.nn.softplus(normed(conv(h, params["c2"]), params["g2"], params["b2"]) + x)
    return -jnp.mean(jnp.sum(jax.nn.log_softmax(h.mean((1, 2)) @ params["w"]) * y, axis=-1))


def vae(params, x, noise):
    """The negative evidence bound of a variational autoencoder."""
    h = jnp.tanh(x @ params["e1"])
    mean, deviation = h @ params["em"], jax.nn.softplus(h @ params["es"]) + 1e-3
    z = mean + deviation * noise + 1e-2 * jax.random.normal(jax.random.key(7), mean.shape)
    logits = jnp.tanh(z @ params["d1"]) @ params["d2"]
    likelihood = jnp.sum(x * jax.nn.log_sigmoid(logits) + (1 - x) * jax.nn.log_sigmoid(-logits), axis=-1)
    divergence = 0.5 * jnp.sum(mean ** 2 + deviation ** 2 - 2 * jnp.log(deviation) - 1, axis=-1)
    return jnp.mean(divergence - likelihood)


def gaussian_process(params, x, y):
    """The negative log likelihood of observations under a Gaussian process."""
    scale, amplitude, noise = jnp.exp(params)
    distance = jnp.sum((x[:, None] - x[None]) ** 2, axis=-1)
    covariance = amplitude * jnp.exp(-distance / (2 * scale ** 2)) + (noise + 1e-3) * jnp.eye(len(x), dtype=x.dtype)
    factor = jnp.linalg.cholesky(covariance)
    weights = jax.scipy.linalg.solve_triangular(factor, y, lower=True)
    return 0.5 * weights @ weights + jnp.sum(jnp.log(jnp.diagonal(factor)))


def lstm_loss(params, xs):
    (h, c), hs = models.lstm(params, xs)
    return jnp.mean(hs ** 2) + jnp.mean(h * c)


def programs():
    """(name, loss, arguments): the gradient is that with respect to the first argument."""
    generator = np.random.default_rng(8)
    f32 = lambda *shape, scale=1.0: (generator.standard_normal(shape) * scale).astype(np.float32)
    onehot = lambda count: np.eye(10, dtype=np.float32)[generator.integers(0, 10, count)]
    yield "mlp", models.mlp_loss, (models.mlp_params([16, 32, 32, 10]), f32(8, 16), onehot(8))
    cnn_loss = lambda p, x, y: -jnp.mean(jnp.sum(jax.nn.log_softmax(models.cnn(p, x)) * y, axis=-1))
    yield "cnn", cnn_loss, (models.cnn_params(), f32(4, 16, 16, 1), onehot(4))
    k = models.keys(4, 2)
    yield "lstm", lstm_loss, ({"wx": models.normal(k[0], 8, 64), "wh": models.normal(k[1], 16, 64), "b": jnp.zeros(64)}, f32(12, 4, 8))
    tokens = generator.integers(0, 50, (2, 9)).astype(np.int32)
    yield "transformer_scanned", models.transformer_loss, (models.transformer_params(), tokens)
    yield "transformer_unrolled", functools.partial(models.transformer_loss, scanned=False), (models.transformer_params(), tokens)
    block = {"c1": f32(3, 3, 6, 6, scale=0.2), "c2": f32(3, 3, 6, 6, scale=0.2), "g1": np.ones(6, np.float32), "b1": np.zeros(6, np.float32),
             "g2": np.ones(6, np.float32), "b2": np.zeros(6, np.float32), "w": f32(6, 10, scale=0.3)}
    yield "resnet", resnet, (block, f32(3, 8, 8, 6), onehot(3))
    coder = {"e1": f32(12, 16, scale=0.3), "em": f32(16, 4, scale=0.3), "es": f32(16, 4, scale=0.3), "d1": f32(4, 16, scale=0.3),
             "d2": f32(16, 12, scale=0.3)}
    yield "vae", vae, (coder, generator.uniform(0, 1, (6, 12)).astype(np.float32), f32(6, 4))
    yield "gaussian_process", gaussian_process, (np.array([0.1, -0.2, -1.0], np.float32), f32(10, 2), f32(10))
