# Regression by a Gaussian process, whose length scale is learned by the gradient of its marginal likelihood.
import jax
import jax.numpy as jnp
from jax import random


def kernel(x, y, params):
    scale, amplitude = jnp.exp(params["scale"]), jnp.exp(params["amplitude"])
    return amplitude * jnp.exp(-0.5 * ((x - y) / scale) ** 2)


def gram(a, b, params):
    return jax.vmap(lambda x: jax.vmap(lambda y: kernel(x, y, params))(b))(a)


def negative_log_likelihood(params, x, y):
    K = gram(x, x, params) + jnp.exp(params["noise"]) * jnp.eye(x.shape[0])
    L = jnp.linalg.cholesky(K)
    alpha = jnp.linalg.solve(K, y)
    return 0.5 * y @ alpha + jnp.sum(jnp.log(jnp.diag(L))) + 0.5 * x.shape[0] * jnp.log(2 * jnp.pi)


x = jnp.linspace(-2., 2., 12)
y = jnp.sin(2 * x) + 0.1 * random.normal(random.key(0), x.shape)
params = {"scale": 0., "amplitude": 0., "noise": -2.}
print(negative_log_likelihood(params, x, y))
print(jax.grad(negative_log_likelihood)(params, x, y))
step = jax.jit(lambda p: jax.tree.map(lambda p, g: p - 0.02 * g, p, jax.grad(negative_log_likelihood)(p, x, y)))
for _ in range(30):
    params = step(params)
print({k: round(float(v), 2) for k, v in sorted(params.items())})
xs = jnp.array([-1.5, 0.1, 1.2])
K = gram(x, x, params) + jnp.exp(params["noise"]) * jnp.eye(12)
print(jnp.round(gram(xs, x, params) @ jnp.linalg.solve(K, y), 2))
