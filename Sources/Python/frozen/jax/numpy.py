"""jax.numpy: the functions are native (Sources/Python/Bindings/Functions); here stands what needs Python only."""
import _native
from _native import Array

_native.populate("jax.numpy", globals())
globals().update(_scalar_types())

ndarray = Array
pi = 3.141592653589793
e = 2.718281828459045
euler_gamma = 0.5772156649015329
inf = float("inf")
nan = float("nan")
newaxis = None


def meshgrid(*xi, indexing="xy"):
    arrays = [asarray(x) for x in xi]
    count = len(arrays)
    shape = [a.size for a in arrays]
    grids = []
    for axis in range(count):
        own = [1] * count
        own[axis] = -1
        grids.append(broadcast_to(arrays[axis].reshape(tuple(own)), tuple(shape)))
    if indexing == "xy" and count > 1:
        grids = [swapaxes(grid, 0, 1) for grid in grids]
    return grids


def average(a, axis=None, weights=None):
    if weights is None:
        return mean(a, axis=axis)
    return sum(a * weights, axis=axis) / sum(weights * ones_like(a), axis=axis)


def trace(a, offset=0):
    return sum(diag(a, offset))


def cross(a, b):
    a0, a1, a2 = a[..., 0], a[..., 1], a[..., 2]
    b0, b1, b2 = b[..., 0], b[..., 1], b[..., 2]
    return stack([a1 * b2 - a2 * b1, a2 * b0 - a0 * b2, a0 * b1 - a1 * b0], axis=-1)


def diff(a, n=1, axis=-1):
    if ndim(a) == 0:
        raise ValueError("diff requires input that is at least one dimensional; got " + str(a))
    if n < 0:
        raise ValueError("order must be non-negative but got " + str(n))
    a = moveaxis(a, axis, -1)
    difference = not_equal if a.dtype == bool_ else subtract
    # Each step takes one element: after as many as there are, nothing is left.
    for _ in range(n if n < a.shape[-1] else a.shape[-1]):
        a = difference(a[..., 1:], a[..., :-1])
    return moveaxis(a, -1, axis)


def column_stack(tup):
    return concatenate([a.reshape(-1, 1) if a.ndim < 2 else a for a in tup], axis=1)


def repeat(a, repeats, axis=None):
    a = asarray(a)
    if axis is None:
        a = ravel(a)
        axis = 0
    index = [i for i in range(a.shape[axis]) for _ in range(repeats if isinstance(repeats, int) else int(repeats[i]))]
    return take(a, array(index, dtype=int32), axis=axis)


def full_indices(shape):
    return [arange(size) for size in shape]


def append(arr, values, axis=None):
    return concatenate([asarray(arr), asarray(values)], axis=axis)


def median(a, axis=None, keepdims=False):
    a = asarray(a)
    if axis is None:
        a = ravel(a)
        axis = 0
    ordered = sort(a, axis=axis)
    size = ordered.shape[axis]
    low = take(ordered, array([(size - 1) // 2]), axis=axis)
    high = take(ordered, array([size // 2]), axis=axis)
    middle = (low + high) / 2
    return middle if keepdims else squeeze(middle, axis=axis)
