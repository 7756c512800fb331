"""jax.export: loads and calls what real JAX exported. Exporting itself is JAX's, on another machine."""
import _native

_native.populate("jax.export", globals())
