# Runge-Kutta by scan, and the gradient of where a pendulum ends by its length.
import jax
import jax.numpy as jnp


def pendulum(state, length):
    angle, speed = state
    return jnp.stack([speed, -9.81 / length * jnp.sin(angle)])


def rk4(f, state, dt, *args):
    k1 = f(state, *args)
    k2 = f(state + dt / 2 * k1, *args)
    k3 = f(state + dt / 2 * k2, *args)
    k4 = f(state + dt * k3, *args)
    return state + dt / 6 * (k1 + 2 * k2 + 2 * k3 + k4)


def solve(length, state, steps=50, dt=0.02):
    def step(s, _):
        s = rk4(pendulum, s, dt, length)
        return s, s[0]
    return jax.lax.scan(step, state, None, length=steps)


start = jnp.array([0.5, 0.])
final, angles = solve(1.0, start)
print(final, angles[::10])
print(jax.grad(lambda l: solve(l, start)[0][0])(1.0))
print(jax.jacfwd(lambda s: solve(1.0, s)[0])(start))
print(jax.vmap(lambda l: solve(l, start)[0])(jnp.array([0.5, 1., 2.])))
energy = lambda s: 0.5 * s[1] ** 2 + 9.81 * (1 - jnp.cos(s[0]))
print(jnp.abs(energy(final) - energy(start)) < 1e-3)
