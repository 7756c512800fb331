"""Makes the programs beside this file with jax 0.10.2: `python make.py`."""
import pathlib

import jax
import jax.numpy as jnp
from jax import export

here = pathlib.Path(__file__).parent
f32 = jax.ShapeDtypeStruct((2, 3), jnp.float32)


def save(name, function, *arguments):
    (here / f"{name}.jaxexp").write_bytes(bytes(export.export(jax.jit(function))(*arguments).serialize()))


save("affine", lambda x, y: (x * y + 1, jnp.sum(x)), f32, f32)
# An array of 1 MiB, of which a donated argument needs no second.
save("update", lambda x, u: jax.lax.dynamic_update_slice(x, u, (5,)), jax.ShapeDtypeStruct((1 << 18,), jnp.float32),
     jax.ShapeDtypeStruct((2,), jnp.float32))


def folds(x):
    """Calls, loops and regions over scalars, whose preparation has many steps that may be the last."""
    largest = jax.lax.reduce((x, jnp.arange(6)), (-jnp.inf, 0), lambda a, b: (jnp.maximum(a[0], b[0]), jnp.where(a[0] < b[0], b[1], a[1])), (0,))
    total = jax.lax.fori_loop(0, 3, lambda i, s: s + jnp.cumsum(jnp.sort(x))[i], 0.0)
    return largest[0] + total, largest[1], jax.vmap(lambda a: jnp.sum(jax.nn.softmax(a * x)))(x)


save("folds", folds, jax.ShapeDtypeStruct((6,), jnp.float32))
save("endless", lambda x: jax.lax.while_loop(lambda x: x >= 0, lambda x: x * 0 + 1, x), jax.ShapeDtypeStruct((), jnp.float32))
# The same over an array, so that each trip has several steps.
save("endless_array", lambda x: jax.lax.while_loop(lambda x: jnp.sum(x) >= 0, lambda x: jnp.sort(x * 0 + 1), x), f32)
