# vmap: a convolution by hand, over batches of one and of both arguments.
import jax
import jax.numpy as jnp

x = jnp.arange(5)
w = jnp.array([2., 3., 4.])


def convolve(x, w):
    output = []
    for i in range(1, len(x) - 1):
        output.append(jnp.dot(x[i - 1:i + 2], w))
    return jnp.array(output)


print(convolve(x, w))
xs = jnp.stack([x, x])
ws = jnp.stack([w, w])
auto_batch_convolve = jax.vmap(convolve)
print(auto_batch_convolve(xs, ws))
print(jax.vmap(convolve, in_axes=1, out_axes=1)(jnp.transpose(xs), jnp.transpose(ws)))
print(jax.vmap(convolve, in_axes=[0, None])(xs, w))
print(jax.jit(auto_batch_convolve)(xs, ws))


def distance(a, b):
    return jnp.sqrt(jnp.sum((a - b) ** 2))


points = jnp.array([[0., 0.], [3., 4.], [6., 8.]])
print(jax.vmap(jax.vmap(distance, (None, 0)), (0, None))(points, points))
tree = {"a": jnp.arange(3.), "b": (jnp.ones(3), 2.)}
print(jax.vmap(lambda t: t["a"] * t["b"][0] + t["b"][1], in_axes=({"a": 0, "b": (0, None)},))(tree))
try:
    jax.vmap(lambda a, b: a + b)(jnp.ones(2), jnp.ones(3))
except ValueError as e:
    print(str(e).split("\n")[0])
