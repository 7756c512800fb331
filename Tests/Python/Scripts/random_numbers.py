# Keys, splitting, distributions: all bits as JAX has them.
import jax
import jax.numpy as jnp
from jax import random

key = random.key(42)
print(key)
print(random.normal(key), random.normal(key))
for i in range(3):
    new_key, subkey = random.split(key)
    del key
    val = random.normal(subkey)
    del subkey
    print(f"draw {i}: {val:.4f}")
    key = new_key
key = random.key(42)
subkeys = random.split(key, 3)
print("individually:", jnp.stack([random.normal(k) for k in subkeys]))
print("all at once:", random.normal(key, (3,)))
print(random.PRNGKey(7), random.split(random.PRNGKey(7)))
print(random.fold_in(random.key(0), 3))
print(random.uniform(random.key(1), (2, 2), minval=-1.0, maxval=1.0))
print(random.randint(random.key(2), (6,), 0, 100))
print(random.bernoulli(random.key(3), 0.4, (6,)))
print(random.permutation(random.key(4), jnp.arange(6)))
print(random.categorical(random.key(5), jnp.log(jnp.array([0.2, 0.3, 0.5])), shape=(5,)))
print(random.choice(random.key(6), jnp.array([5, 6, 7]), (4,)))
print(random.truncated_normal(random.key(7), -1., 1., (3,)))
print(random.gumbel(random.key(8), (2,)), random.exponential(random.key(8), (2,)))
print(jax.vmap(lambda k: random.uniform(k, (2,)))(random.split(random.key(9), 3)))
print(jax.jit(lambda k: random.normal(k, (2,)))(random.key(10)))


def estimate(key, count):
    xy = random.uniform(key, (count, 2), minval=-1, maxval=1)
    return 4 * jnp.mean(jnp.sum(xy ** 2, axis=1) <= 1)


print(estimate(random.key(11), 2000))
