# Higher order, stop_gradient, straight-through estimators, per-example gradients.
import jax
import jax.numpy as jnp

f = lambda x: x ** 3 + 2 * x ** 2 - 3 * x + 1
dfdx = jax.grad(f)
d2fdx = jax.grad(dfdx)
d3fdx = jax.grad(d2fdx)
d4fdx = jax.grad(d3fdx)
print(dfdx(1.), d2fdx(1.), d3fdx(1.), d4fdx(1.))


def hessian(f):
    return jax.jacfwd(jax.grad(f))


print(hessian(lambda x: jnp.dot(x, x))(jnp.array([1., 2., 3.])))

value_fn = lambda theta, state: jnp.dot(theta, state)
theta = jnp.array([0.1, -0.1, 0.])
s_tm1 = jnp.array([1., 2., -1.])
r_t = jnp.array(1.)
s_t = jnp.array([2., 1., 0.])


def td_loss(theta, s_tm1, r_t, s_t):
    v_tm1 = value_fn(theta, s_tm1)
    target = r_t + value_fn(theta, s_t)
    return -0.5 * ((jax.lax.stop_gradient(target) - v_tm1) ** 2)


print(jax.grad(td_loss)(theta, s_tm1, r_t, s_t))


def straight_through_f(x):
    zero = x - jax.lax.stop_gradient(x)
    return zero + jax.lax.stop_gradient(jnp.round(x))


print("grad(f)(x):", jax.grad(jnp.round)(5.6))
print("grad(straight_through_f)(x):", jax.grad(straight_through_f)(5.6))

perex_grads = jax.jit(jax.vmap(jax.grad(td_loss), in_axes=(None, 0, 0, 0)))
batched = (jnp.stack([s_tm1, s_tm1]), jnp.stack([r_t, r_t]), jnp.stack([s_t, s_t]))
print(perex_grads(theta, *batched))


def meta_loss(lr, theta):
    inner = lambda t: jnp.sum((t - 1.) ** 2)
    return inner(theta - lr * jax.grad(inner)(theta))


print(jax.grad(meta_loss)(0.1, theta))
print(jax.value_and_grad(lambda p: (p["x"] ** 2, p["y"]), has_aux=True)({"x": 3., "y": 4.})[1])
