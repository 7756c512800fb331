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
save("endless", lambda x: jax.lax.while_loop(lambda x: x >= 0, lambda x: x * 0 + 1, x), jax.ShapeDtypeStruct((), jnp.float32))
