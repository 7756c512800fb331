# Python's control flow under transformations, and lax's.
import jax
import jax.numpy as jnp
from jax import lax


def f(x):
    if x < 3:
        return 3. * x ** 2
    else:
        return -4 * x


print(jax.grad(f)(2.))
print(jax.grad(f)(4.))
try:
    jax.jit(f)(2)
except jax.errors.TracerBoolConversionError as e:
    print(type(e).__name__, str(e).split("\n")[0])
print(jax.jit(f, static_argnums=(0,))(2.))


def loop(x, n):
    y = 0.
    for i in range(n):
        y = y + x[i]
    return y


print(jax.jit(loop, static_argnums=(1,))(jnp.array([2., 3., 4.]), 2))


def example_fun(length, val):
    return jnp.ones((length,)) * val


print(jax.jit(example_fun, static_argnums=(0,))(4, 5))
print(lax.cond(True, lambda x: x + 1, lambda x: x - 1, jnp.array([0.])))
print(lax.while_loop(lambda x: x < 10, lambda x: x + 1, jnp.array(0)))
print(lax.fori_loop(0, 10, lambda i, x: x + i, jnp.array(0)))
print(lax.switch(2, [lambda x: x, lambda x: 2 * x, lambda x: 3 * x], 5.))


def cumulative(xs):
    def step(carry, x):
        new = carry + x
        return new, new * 2
    return lax.scan(step, 0., xs)


print(cumulative(jnp.arange(4.)))
print(jax.grad(lambda xs: cumulative(xs)[1].sum())(jnp.arange(4.)))
print(jax.jit(jax.grad(lambda x: lax.fori_loop(0, 5, lambda i, c: jnp.sin(c) * x, x)))(0.9))
print(jax.vmap(lambda x: lax.while_loop(lambda c: c < 20., lambda c: c * 2., x))(jnp.array([1., 3., 7.])))


def newton(a):
    def step(state):
        x, i = state
        return 0.5 * (x + a / x), i + 1
    return lax.while_loop(lambda s: jnp.abs(s[0] ** 2 - a) > 1e-3, step, (a, 0))


print(newton(2.)[0])
try:
    lax.cond(True, lambda x: x, lambda x: (x, x), 1.)
except TypeError as e:
    print(str(e).split("\n")[0])
try:
    lax.scan(lambda c, x: (jnp.ones(2), x), 0., jnp.arange(3.))
except TypeError as e:
    print(str(e).split("\n")[0])
