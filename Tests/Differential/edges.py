"""Edge cases of single operations that the harnesses lack, on the machine against jaxlib.

    edges.py [--hosted]     the evaluator alone, without the machine
"""
import sys
import warnings

import jax
import jax.numpy as jnp
import ml_dtypes
import numpy as np
from jax import export, lax

jax.config.update("jax_enable_x64", True)
warnings.filterwarnings("ignore")

import compare  # noqa: E402
from machine import HostedMachine, Machine, run_cases  # noqa: E402

EXTREMES = np.array([127.5, -100, 7.9, 7.5, -8.2, -1, -0.5, 0, np.nan, np.inf, -np.inf], np.float32)


def scatter(operand, start, updates, kind):
    numbers = lax.ScatterDimensionNumbers(update_window_dims=(1,), inserted_window_dims=(), scatter_dims_to_operand_dims=(0,))
    return kind(operand, start, updates, numbers, mode="drop")


def cases():
    """Name, function, arguments."""
    for dtype in (jnp.int4, jnp.uint4):
        yield f"to {np.dtype(dtype).name}, saturating", lambda x, d=dtype: lax.convert_element_type(lax.convert_element_type(x, d), jnp.int32), [EXTREMES]
        small = np.arange(-8, 8).astype(dtype)
        yield f"{np.dtype(dtype).name} of a constant", lambda c=small: jnp.asarray(c).astype(jnp.int32), []
        yield f"{np.dtype(dtype).name} of an argument", lambda x: (x.astype(jnp.int32), x + x, x * x, x < 0, lax.sign(x)), [small]
    yield "int2 of a constant", lambda: jnp.asarray(np.arange(-2, 2).astype(ml_dtypes.int2)).astype(jnp.int32), []
    scales = np.array([0.0, -0.0, 1, 3, 12, 5, -1, 2.0**127, np.inf, np.nan], np.float32)
    yield "to float8_e8m0fnu", lambda x: lax.convert_element_type(lax.convert_element_type(x, ml_dtypes.float8_e8m0fnu), jnp.float32), [scales]
    for place in (-1, 0, 2, 3, 5):
        start = np.array([[place]], np.int32)
        yield f"scatter_add of a window at {place}", lambda x, i, u: scatter(x, i, u, lax.scatter_add), [np.zeros(5, np.float32), start, np.ones((1, 3), np.float32)]
        yield f"scatter of a window at {place}", lambda x, i, u: scatter(x, i, u, lax.scatter), [np.zeros(5, np.int8), start, np.ones((1, 3), np.int8)]
    for exponent in (1 - 1j, 1 + 1j, 2, 0, -1):
        yield f"0 ** {exponent}", lambda z, w: z ** w, [np.zeros(1, np.complex128), np.array([exponent], np.complex128)]
    parts = [0.0, -0.0, 1, -2.5, 30, np.inf, -np.inf, np.nan]
    corners = np.array([complex(a, b) for a in parts for b in parts])
    for name in ("exp", "expm1", "sinh", "cosh", "tanh", "sin", "log", "sqrt"):
        yield f"complex {name} at its corners", getattr(jnp, name), [corners]
    yield "complex to bool", lambda z: z.astype(bool), [corners]
    yield "complex division at its corners", lambda a, b: a[:, None] / b[None, :], [corners, corners]
    yield "cumsum of 2 ** 14 elements", lambda x: jnp.cumsum(x), [np.arange(1 << 14, dtype=np.float32) % 7]
    broken = np.array([[1, 2, 3], [2, np.nan, 1], [3, 1, 1]], np.float32)
    for dtype in (np.float32, np.complex128):
        for name in ("eig", "eigh", "svd", "schur"):
            yield f"{name} of NaN in {np.dtype(dtype).name}", getattr(lax.linalg, name), [broken.astype(dtype)]
    yield "irfft of one element", jnp.fft.irfft, [np.ones((1, 1), np.complex64)]
    yield "a product over nothing", lambda a, b: a @ b, [np.zeros((3, 0), np.float32), np.zeros((0, 4), np.float32)]
    yield "random bits of none", lambda k: jax.random.bits(k, (3, 0, 2)), [np.array([1, 2], np.uint32)]
    yield "cholesky of none", lambda a: lax.linalg.cholesky(a), [np.zeros((4, 0, 0), np.float32)]
    yield "sums with NaN and empty", lambda a: (a.sum(), a.max(initial=-1.0), a.prod()), [np.zeros((0, 3), np.float32)]
    yield "take with places out of bounds", lambda a, i: jnp.take(a, i), [np.arange(4, dtype=np.float32), np.array([1, 9, -1, -9])]


def check(machine, function, arguments):
    """None where the machine agrees with jaxlib, else what differs."""
    jitted = jax.jit(function)
    expected = [np.asarray(r) for r in jax.tree_util.tree_leaves(jitted(*arguments))]
    actual = machine.run(export.export(jitted, platforms=["cpu"])(*arguments).serialize(), arguments)
    if len(actual) != len(expected):
        return f"{len(actual)} results, expected {len(expected)}"
    return next((text for a, e in zip(actual, expected) if (text := compare.difference(a, e))), None)


def main():
    with (HostedMachine if "--hosted" in sys.argv else Machine)() as machine:
        run_cases((name, lambda f=function, a=arguments: check(machine, f, a)) for name, function, arguments in cases())


if __name__ == "__main__":
    main()
