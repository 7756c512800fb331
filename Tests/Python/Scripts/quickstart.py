# A first look: arrays, jit, grad, vmap.
import jax
import jax.numpy as jnp
from jax import grad, jit, random, vmap


def selu(x, alpha=1.67, lmbda=1.05):
    return lmbda * jnp.where(x > 0, x, alpha * jnp.exp(x) - alpha)


x = jnp.arange(5.0)
print(selu(x))
key = random.key(1701)
print(random.normal(key, (4,)))
selu_jit = jit(selu)
print(selu_jit(x - 2))


def sum_logistic(x):
    return jnp.sum(1.0 / (1.0 + jnp.exp(-x)))


small = jnp.arange(3.)
derivative = grad(sum_logistic)
print(derivative(small))


def first_finite_differences(f, x, eps=1e-2):
    return jnp.array([(f(x + eps * v) - f(x - eps * v)) / (2 * eps) for v in jnp.eye(len(x))])


print(jnp.allclose(first_finite_differences(sum_logistic, small), derivative(small), atol=1e-2))
print(grad(jit(grad(jit(grad(sum_logistic)))))(1.0))
print(jax.jacobian(jnp.exp)(small))


def hessian(fun):
    return jit(jax.jacfwd(jax.jacrev(fun)))


print(hessian(sum_logistic)(small))
first, second = random.split(key)
mat = random.normal(first, (15, 10))
batch = random.normal(second, (3, 10))


def apply_matrix(x):
    return jnp.dot(mat, x)


naive = jnp.stack([apply_matrix(v) for v in batch])
by_vmap = jit(vmap(apply_matrix))(batch)
print(naive.shape, bool(jnp.allclose(naive, by_vmap, atol=1e-4)))
print(f"{float(naive.sum()):.3f}")
