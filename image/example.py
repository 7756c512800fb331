"""Makes the example that lies on the EFI partition, with jax 0.10.2: `build/venv/bin/python image/example.py`."""
import pathlib

import jax
import jax.numpy as jnp

folder = pathlib.Path(__file__).parent / "esp" / "models"


def softmax(x):
    return jax.nn.softmax(x)


exported = jax.export.export(jax.jit(softmax), platforms=["cpu"])(jax.ShapeDtypeStruct((4,), jnp.float32))
(folder / "softmax.jaxexp").write_bytes(bytes(exported.serialize()))
