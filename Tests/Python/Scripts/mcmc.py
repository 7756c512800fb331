# A random walk of Metropolis over a banana, and Hamiltonian steps by the gradient.
import jax
import jax.numpy as jnp
from jax import lax, random


def log_density(x):
    return -0.5 * (x[0] ** 2 / 2 + (x[1] - 0.5 * x[0] ** 2) ** 2)


def metropolis(carry, key):
    x, logp = carry
    move_key, accept_key = random.split(key)
    proposal = x + 0.8 * random.normal(move_key, x.shape)
    new = log_density(proposal)
    accepted = jnp.log(random.uniform(accept_key)) < new - logp
    x, logp = jnp.where(accepted, proposal, x), jnp.where(accepted, new, logp)
    return (x, logp), (x, accepted)


start = jnp.zeros(2)
_, (samples, accepted) = lax.scan(metropolis, (start, log_density(start)), random.split(random.key(0), 50))
print(samples[:3], samples.shape)
print(samples[10], accepted[:12])


def leapfrog(x, p, step, count):
    def body(_, state):
        x, p = state
        p = p + 0.5 * step * jax.grad(log_density)(x)
        x = x + step * p
        return x, p + 0.5 * step * jax.grad(log_density)(x)
    return lax.fori_loop(0, count, body, (x, p))


x, p = leapfrog(jnp.array([0.3, -0.2]), jnp.array([1., 0.5]), 0.1, 10)
print(x, p)
before = -log_density(jnp.array([0.3, -0.2])) + 0.5 * 1.25
after = -log_density(x) + 0.5 * jnp.sum(p ** 2)
print(bool(jnp.abs(before - after) < 0.01))
