"""Comparison of a program's results with jaxlib's: by value, or by reconstruction where JAX leaves signs free."""
import re

import numpy as np


def tolerance(dtype):
    name = np.dtype(dtype).name
    if name == "bfloat16":
        return 1.6e-2
    if name.startswith("float8") or name.startswith("float4") or name.startswith("float6"):
        return 0.25
    return {"float16": 2e-3, "float32": 1e-5, "complex64": 1e-5, "float64": 1e-11, "complex128": 1e-11}.get(name, 0)


def restore(result, dtype):
    """numpy saves the types of ml_dtypes as raw bytes: gives them their type back."""
    dtype = np.dtype(dtype)
    return result.view(dtype) if result.dtype.kind == "V" else result


def wide(array):
    """The array in a type that numpy computes in."""
    array = np.asarray(array)
    if array.dtype.kind in "biu":
        return array
    return array.astype(np.complex128 if array.dtype.kind == "c" else np.float64)


def difference(actual, expected, tol=None):
    """None where the arrays agree, else one line that says how they differ."""
    expected = np.asarray(expected)
    actual = restore(np.asarray(actual), expected.dtype)
    if actual.shape != expected.shape:
        return f"shape {actual.shape}, expected {expected.shape}"
    if actual.dtype != expected.dtype:
        return f"dtype {actual.dtype}, expected {expected.dtype}"
    tol = tolerance(expected.dtype) if tol is None else tol
    a, e = wide(actual), wide(expected)
    if tol == 0:
        if np.array_equal(a, e):
            return None
        where = np.argwhere(np.atleast_1d(a != e))[0]
        return f"{int(np.sum(a != e))} of {e.size} elements differ, first at {where.tolist()}: " \
               f"{np.atleast_1d(a)[tuple(where)]}, expected {np.atleast_1d(e)[tuple(where)]}"
    with np.errstate(all="ignore"):
        scale = np.max(np.abs(e[np.isfinite(e)]), initial=0.0)
        close = np.isclose(a, e, rtol=tol, atol=tol * min(max(scale, 1.0), 1e3), equal_nan=True)
    if close.all():
        return None
    where = tuple(np.argwhere(np.atleast_1d(~close))[0])
    return f"{int(np.sum(~close))} of {e.size} elements differ, first at {[int(i) for i in where]}: " \
           f"{np.atleast_1d(a)[where]}, expected {np.atleast_1d(e)[where]}"


def reconstruction(family, actual, expected):
    """For decompositions whose vectors are free in sign or phase: what they multiply to, and the values that are unique."""
    tol = max(tolerance(np.asarray(e).dtype) for e in expected) * 50
    for a, e in zip(actual, expected):
        if np.asarray(a).shape != np.asarray(e).shape:
            return f"shape {np.asarray(a).shape}, expected {np.asarray(e).shape}"
    mine = [wide(restore(np.asarray(a), np.asarray(e).dtype)) for a, e in zip(actual, expected)]
    theirs = [wide(e) for e in expected]

    def off(name, a, b):
        scale = max(1.0, float(np.max(np.abs(b), initial=0.0)))
        error = float(np.max(np.abs(a - b), initial=0.0)) / scale
        return None if error <= tol else f"{name} is off by {error:.2e}, allowed {tol:.2e}"

    if family == "svd":
        if len(mine) == 1:
            return off("singular values", mine[0], theirs[0])
        (s, product, gram), (s0, product0, gram0) = svd_invariants(mine), svd_invariants(theirs)
        return off("singular values", s, s0) or off("u s v*", product, product0) or off("u* u", gram, gram0)
    if family == "eigh":
        (w, product), (w0, product0) = eigh_invariants(mine), eigh_invariants(theirs)
        return off("eigenvalues", w, w0) or off("v w v*", product, product0)
    if family == "eig":
        order = lambda w: np.sort_complex(np.round(w, 6))
        return off("eigenvalues", order(mine[0]), order(theirs[0]))
    raise ValueError(family)


def adjoint(matrix):
    return np.conj(np.swapaxes(matrix, -1, -2))


def svd_invariants(results):
    """Singular values, u s v*, u* u; the values are the result of least rank, wherever it stands."""
    least = min(range(3), key=lambda i: results[i].ndim)
    s = results[least]
    u, vh = [r for i, r in enumerate(results) if i != least]
    k = s.shape[-1]
    return s, (u[..., :, :k] * s[..., None, :]) @ vh[..., :k, :], adjoint(u) @ u


def eigh_invariants(results):
    """Eigenvalues and v w v*."""
    v, w = results if results[0].ndim > results[1].ndim else results[::-1]
    return w, (v * w[..., None, :]) @ adjoint(v)


def sorted_results(name, actual, expected):
    """Results of `lax.sort` on several arrays. Where the sort need not be stable, the order among rows of equal keys is free:
    the keys must agree, and the rows as a set."""
    if "isstable_False" not in name:
        return next((text for a, e in zip(actual, expected) if (text := difference(a, e))), None)
    actual = [restore(np.asarray(a), np.asarray(e).dtype) for a, e in zip(actual, expected)]
    axis = int(re.search(r"axis_(-?\d+)", name)[1])
    keys = int(re.search(r"num_keys_(\d+)", name)[1])
    for index in range(keys):
        if text := difference(actual[index], expected[index]):
            return f"key {index}: {text}"

    def rows(arrays):
        arrays = [wide(a) for a in arrays]    # bfloat16 is not a type that numpy orders
        order = np.lexsort([np.moveaxis(a, axis, -1) for a in reversed(arrays)], axis=-1)
        return [np.take_along_axis(np.moveaxis(a, axis, -1), order, -1) for a in arrays]

    for index, (a, e) in enumerate(zip(rows(actual), rows(expected))):
        if text := difference(a, e):
            return f"operand {index}, rows in any order among equal keys: {text}"
    return None


def selected_results(operand, actual, expected):
    """Values and places of `lax.approx_max_k`, which leaves open what stands first among equal values: the values must agree,
    and the places be different ones that hold them."""
    values, places = (restore(np.asarray(a), np.asarray(e).dtype) for a, e in zip(actual, expected))
    if text := difference(values, expected[0]):
        return f"values: {text}"
    if places.shape != values.shape or places.dtype != np.asarray(expected[1]).dtype:
        return f"places of type {places.dtype}{list(places.shape)}"
    axis = next((i for i in range(values.ndim) if operand.shape[i] != values.shape[i]), values.ndim - 1)
    if places.min(initial=0) < 0 or places.max(initial=0) >= operand.shape[axis]:
        return "a place that is none of the operand's"
    ordered = np.sort(places, axis=axis)
    if np.any(np.diff(ordered, axis=axis) == 0):
        return "a place is named twice"
    if text := difference(np.take_along_axis(operand, places, axis), values, tol=0):
        return f"what stands at the places: {text}"
    return None
