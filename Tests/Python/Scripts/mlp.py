# A small network learns to tell two spirals' moons apart, by plain gradient descent and by Adam.
import jax
import jax.numpy as jnp
from jax import random


def make_moons(key, count):
    angle_key, noise_key = random.split(key)
    angles = jnp.pi * random.uniform(angle_key, (count,))
    upper = jnp.stack([jnp.cos(angles), jnp.sin(angles)], axis=1)
    lower = jnp.stack([1 - jnp.cos(angles), 0.5 - jnp.sin(angles)], axis=1)
    labels = jnp.arange(count) % 2
    points = jnp.where((labels == 0)[:, None], upper, lower)
    return points + 0.1 * random.normal(noise_key, points.shape), labels


def init_params(key, sizes):
    params = []
    for m, n, k in zip(sizes[:-1], sizes[1:], random.split(key, len(sizes) - 1)):
        params.append({"w": random.normal(k, (m, n)) * jnp.sqrt(2.0 / m), "b": jnp.zeros(n)})
    return params


def predict(params, x):
    for layer in params[:-1]:
        x = jax.nn.relu(x @ layer["w"] + layer["b"])
    return x @ params[-1]["w"] + params[-1]["b"]


def loss(params, x, y):
    logp = jax.nn.log_softmax(predict(params, x))
    return -jnp.mean(jnp.sum(jax.nn.one_hot(y, 2) * logp, axis=1))


@jax.jit
def update(params, x, y, lr):
    value, grads = jax.value_and_grad(loss)(params, x, y)
    return jax.tree.map(lambda p, g: p - lr * g, params, grads), value


@jax.jit
def adam(state, x, y):
    params, m, v, t = state
    value, grads = jax.value_and_grad(loss)(params, x, y)
    t = t + 1
    m = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, m, grads)
    v = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g ** 2, v, grads)
    params = jax.tree.map(lambda p, m, v: p - 0.02 * (m / (1 - 0.9 ** t)) / (jnp.sqrt(v / (1 - 0.999 ** t)) + 1e-8), params, m, v)
    return (params, m, v, t), value


data_key, init_key = random.split(random.key(0))
x, y = make_moons(data_key, 200)
print(x[:2], y[:4])
params = init_params(init_key, [2, 16, 2])
print(jax.tree.map(jnp.shape, params))
print("loss before", loss(params, x, y))
for step in range(20):
    params, value = update(params, x, y, 0.1)
print(f"after gradient descent {value:.2f}")
zeros = jax.tree.map(jnp.zeros_like, params)
state = (params, zeros, zeros, 0.)
for step in range(150):
    state, value = adam(state, x, y)
accuracy = jnp.mean(jnp.argmax(predict(state[0], x), axis=1) == y)
print("learned", bool(accuracy >= 0.95), bool(value < 0.15))
