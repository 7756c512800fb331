# Reading and updating by every kind of index.
import jax
import jax.numpy as jnp

x = jnp.arange(24).reshape(2, 3, 4)
print(x[1], x[-1, 0], x[0, :, 1])
print(x[..., 0], x[:, None, 0].shape, x[0, ::2, ::-1])
print(x[jnp.array([1, 0])][:, 0], x[:, jnp.array([0, 2]), 1])
print(x[jnp.array([0, 1]), jnp.array([2, 0])])
print(x[x % 5 == 0])
print(jnp.take(x, jnp.array([0, 2]), axis=1).shape, jnp.take_along_axis(x, x % 4, axis=2)[0, 0])
y = jnp.zeros((3, 4))
print(y.at[1].set(jnp.arange(4.)))
print(y.at[:, 2].add(5).at[0, 0].multiply(3).at[2, ::2].set(-1))
print(y.at[jnp.array([0, 2]), jnp.array([1, 3])].add(jnp.array([1., 2.])))
print(jnp.zeros(5).at[jnp.array([1, 1, 3])].add(1), jnp.ones(4).at[jnp.array([0, 9])].max(3.))
print(jax.jit(lambda a, i: (a[i], a.at[i].set(0)))(jnp.arange(4), 2))
print(jax.vmap(lambda row, i: row[i])(x[0], jnp.array([0, 1, 3])))
print(jax.grad(lambda v: (v[jnp.array([0, 1, 1])] * jnp.arange(3.)).sum())(jnp.ones(3)))
print(jnp.where(x[0] > 5, x[0], -1))
print(jnp.nonzero(jnp.array([0, 3, 0, 4])), jnp.argwhere(jnp.array([[0, 1], [2, 0]])))
for index in (5, (0, 5, 0)):
    print(x[index].sum())
for bad in (lambda: x["a"], lambda: x[[0, 1]], lambda: x[0, 0, 0, 0], lambda: x[1.5]):
    try:
        bad()
    except (TypeError, IndexError) as e:
        print(type(e).__name__, str(e).split(";")[0][:60])
