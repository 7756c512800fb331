# What surprises: pure functions, updates, indices out of bounds, dtypes, NaNs, tracers that leak.
import jax
import jax.numpy as jnp
from jax import grad, jit

g = 0.


def impure(x):
    return x + g


print(jit(impure)(4.))
g = 10.
print(jit(impure)(5.))


def printing(x):
    print("Executing function")
    return x


f = jit(printing)
print(f(4.))
print(f(5.))
print(f(jnp.array([5.])))

array = jnp.zeros((3, 3), dtype=jnp.float32)
try:
    array[1, :] = 1.0
except TypeError as e:
    print(str(e).split(".")[0])
print(array.at[1, :].set(1.))
print(jnp.ones((5, 6)).at[::2, 3:].add(7.))
print(jnp.arange(10)[11])
print(jnp.arange(10.0).at[11].get())
print(jnp.arange(10.0).at[11].get(mode="fill", fill_value=jnp.nan))
try:
    jnp.sum([1, 2, 3])
except TypeError as e:
    print(str(e).split(",")[0])
leaks = []


def leak(x):
    leaks.append(x + 1)
    return x


jit(leak)(1.)
try:
    leaks[0] + 1
except jax.errors.UnexpectedTracerError as e:
    print(type(e).__name__, str(e)[:41])
print(jnp.arange(1000.).dtype, jnp.array([1, 2.]).dtype, (jnp.int8(1) + 1).dtype, (jnp.float16(1) + jnp.float32(1)).dtype)
print(jnp.divide(0., 0.), jnp.add(1, 1.0), grad(lambda x: jnp.where(x > 0, jnp.log(jnp.where(x > 0, x, 1.)), 0.))(-1.))
try:
    jit(lambda x: x[x > 0])(jnp.arange(3.))
except jax.errors.NonConcreteBooleanIndexError as e:
    print(str(e).split("\n")[0])
try:
    jit(lambda n: jnp.zeros(n))(3)
except TypeError as e:
    print(str(e).split("\n")[0])
print(jit(lambda x: jnp.reshape(x, (x.shape[0] // 2, -1)))(jnp.arange(6)))
