"""Functions of jax.numpy that rearrange arrays, or make and take indices."""
import sys

# The package itself, which is still being filled while this module is imported.
jnp = sys.modules["jax.numpy"]

__all__ = ("meshgrid", "column_stack", "repeat", "append", "full_indices", "cross", "diff", "trace", "diagonal", "pad", "take_along_axis", "dstack",
           "hsplit", "vsplit", "dsplit", "rot90", "fliplr", "flipud", "rollaxis", "broadcast_arrays", "broadcast_shapes", "atleast_3d", "block",
           "indices", "ix_", "tril_indices", "triu_indices", "diag_indices", "diag_indices_from", "mask_indices", "tril_indices_from",
           "triu_indices_from", "unravel_index", "ravel_multi_index", "flatnonzero", "argwhere", "delete", "insert", "resize", "kron", "vander",
           "logspace", "geomspace", "mgrid", "ogrid", "r_", "c_", "permute_dims", "matrix_transpose", "unstack", "concat", "compress", "extract",
           "put_along_axis", "place", "put", "fill_diagonal", "diagflat", "ediff1d", "trim_zeros", "select", "choose", "piecewise", "copy",
           "apply_along_axis", "apply_over_axes", "vectorize", "roll", "array_equiv", "astype", "view", "iterable", "fromfunction")

_slice = __import__("builtins").slice


def _axis(axis, rank):
    if not -rank <= axis < rank:
        raise ValueError("axis " + str(axis) + " is out of bounds for array of dimension " + str(rank))
    return axis % rank


def _along(axis, item):
    return (_slice(None),) * axis + (item,)


def meshgrid(*xi, copy=True, sparse=False, indexing="xy"):
    arrays = [jnp.asarray(x) for x in xi]
    count = len(arrays)
    shape = [a.size for a in arrays]
    grids = []
    for axis in range(count):
        own = [1] * count
        own[axis] = -1
        grid = arrays[axis].reshape(tuple(own))
        grids.append(grid if sparse else jnp.broadcast_to(grid, tuple(shape)))
    if indexing == "xy" and count > 1:
        grids = [jnp.swapaxes(grid, 0, 1) for grid in grids]
    return grids


def trace(a, offset=0, axis1=0, axis2=1, dtype=None):
    return jnp.sum(diagonal(a, offset, axis1, axis2), axis=-1, dtype=dtype)


def diagonal(a, offset=0, axis1=0, axis2=1):
    a = jnp.asarray(a)
    if a.ndim < 2:
        raise ValueError("diagonal requires an array of at least two dimensions.")
    first, second = _axis(axis1, a.ndim), _axis(axis2, a.ndim)
    a = jnp.moveaxis(a, (first, second), (-2, -1))
    rows, columns = a.shape[-2:]
    count = max(0, min(rows + min(offset, 0), columns - max(offset, 0)))
    line = jnp.arange(count)
    return a[..., line + max(-offset, 0), line + max(offset, 0)]


def cross(a, b, axisa=-1, axisb=-1, axisc=-1, axis=None):
    a, b = jnp.moveaxis(jnp.asarray(a), axisa if axis is None else axis, -1), jnp.moveaxis(jnp.asarray(b), axisb if axis is None else axis, -1)
    if a.shape[-1] == 2 and b.shape[-1] == 2:
        return a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]
    a0, a1, a2 = a[..., 0], a[..., 1], a[..., 2] if a.shape[-1] == 3 else jnp.zeros_like(a[..., 0])
    b0, b1, b2 = b[..., 0], b[..., 1], b[..., 2] if b.shape[-1] == 3 else jnp.zeros_like(b[..., 0])
    return jnp.moveaxis(jnp.stack([a1 * b2 - a2 * b1, a2 * b0 - a0 * b2, a0 * b1 - a1 * b0], axis=-1), -1, axisc if axis is None else axis)


def diff(a, n=1, axis=-1, prepend=None, append=None):
    if jnp.ndim(a) == 0:
        raise ValueError("diff requires input that is at least one dimensional; got " + str(a))
    if n < 0:
        raise ValueError("order must be non-negative but got " + str(n))
    a = jnp.moveaxis(jnp.asarray(a), axis, -1)
    for extra, is_front in ((prepend, True), (append, False)):
        if extra is not None:
            extra = jnp.asarray(extra)
            extra = jnp.broadcast_to(extra, a.shape[:-1] + (1,)) if extra.ndim == 0 else jnp.moveaxis(extra, axis, -1)
            a = jnp.concatenate([extra, a] if is_front else [a, extra], axis=-1)
    difference = jnp.not_equal if a.dtype == jnp.bool_ else jnp.subtract
    # Each step takes one element: after as many as there are, nothing is left.
    for _ in range(n if n < a.shape[-1] else a.shape[-1]):
        a = difference(a[..., 1:], a[..., :-1])
    return jnp.moveaxis(a, -1, axis)


def ediff1d(ary, to_end=None, to_begin=None):
    parts = [diff(jnp.ravel(jnp.asarray(ary)))]
    if to_begin is not None:
        parts.insert(0, jnp.ravel(jnp.asarray(to_begin)))
    if to_end is not None:
        parts.append(jnp.ravel(jnp.asarray(to_end)))
    return jnp.concatenate(parts)


def column_stack(tup):
    return jnp.concatenate([a.reshape(-1, 1) if a.ndim < 2 else a for a in [jnp.asarray(x) for x in tup]], axis=1)


def dstack(tup, dtype=None):
    return jnp.concatenate([atleast_3d(a) for a in tup], axis=2)


def repeat(a, repeats, axis=None, total_repeat_length=None):
    a = jnp.asarray(a)
    if axis is None:
        a = jnp.ravel(a)
        axis = 0
    axis = _axis(axis, a.ndim)
    size = a.shape[axis]
    if isinstance(repeats, int):
        wide = jnp.broadcast_to(jnp.expand_dims(a, axis + 1), a.shape[:axis + 1] + (repeats,) + a.shape[axis + 1:])
        return wide.reshape(a.shape[:axis] + (size * repeats,) + a.shape[axis + 1:])
    if total_repeat_length is not None:
        ends = jnp.cumsum(jnp.broadcast_to(jnp.asarray(repeats), (size,)))
        places = jnp.clip(jnp.searchsorted(ends, jnp.arange(total_repeat_length), side="right"), 0, size - 1)
        return jnp.take(a, places, axis=axis)
    counts = [int(n) for n in (repeats if hasattr(repeats, "__len__") else jnp.ravel(jnp.asarray(repeats)))]
    if len(counts) == 1:
        counts = counts * size
    return jnp.take(a, jnp.array([i for i in range(size) for _ in range(counts[i])], dtype=jnp.int32), axis=axis)


def full_indices(shape):
    return [jnp.arange(size) for size in shape]


def append(arr, values, axis=None):
    return jnp.concatenate([jnp.asarray(arr), jnp.asarray(values)], axis=axis)


def concat(arrays, /, *, axis=0):
    return jnp.concatenate(arrays, axis=axis)


def permute_dims(a, /, axes):
    return jnp.transpose(a, axes)


def matrix_transpose(x, /):
    return jnp.swapaxes(x, -1, -2)


def unstack(x, /, *, axis=0):
    return tuple([part for part in jnp.moveaxis(x, axis, 0)])


def copy(a, order=None):
    return jnp.asarray(a).copy()


def astype(x, dtype, /, *, copy=False):
    return jnp.asarray(x).astype(dtype)


def view(x, dtype):
    from jax import lax
    return lax.bitcast_convert_type(x, dtype)


# --- padding ---


def _pairs(width, rank):
    if isinstance(width, int):
        return [(width, width)] * rank
    width = [tuple(w) if hasattr(w, "__len__") else w for w in width]
    if len(width) == 2 and isinstance(width[0], int) and isinstance(width[1], int):
        return [tuple(width)] * rank
    if len(width) == 1:
        pair = width[0]
        return [(pair, pair) if isinstance(pair, int) else (pair * 2 if len(pair) == 1 else pair)] * rank
    if len(width) != rank:
        raise ValueError("jnp.pad: pad_width with nd=" + str(rank) + " has unsupported shape")
    return [(w, w) if isinstance(w, int) else w for w in width]


def pad(array, pad_width, mode="constant", **options):
    from jax import lax
    array = jnp.asarray(array)
    if isinstance(pad_width, dict):
        pad_width = [pad_width.get(i, pad_width.get(i - array.ndim, 0)) for i in range(array.ndim)]
    widths = _pairs(pad_width, array.ndim)
    if mode == "constant":
        values = options.get("constant_values", 0)
        if isinstance(values, (int, float, complex)) or not hasattr(values, "__len__"):
            return lax.pad(array, jnp.asarray(values, dtype=array.dtype), [(int(low), int(high), 0) for low, high in widths])
        pairs = [p if isinstance(p, (tuple, list)) else (p, p) for p in values] if isinstance(values[0], (tuple, list)) else [tuple(values)] * array.ndim
        for axis, ((low, high), (before, after)) in enumerate(zip(widths, pairs)):
            for count, value, place in ((low, before, 0), (high, after, 1)):
                config = [(0, 0, 0)] * array.ndim
                config[axis] = (0, count, 0) if place else (count, 0, 0)
                array = lax.pad(array, jnp.asarray(value, dtype=array.dtype), config)
        return array
    for axis, (low, high) in enumerate(widths):
        size = array.shape[axis]
        if low == 0 and high == 0:
            continue
        if mode == "edge":
            places = [min(max(i, 0), size - 1) for i in range(-low, size + high)]
        elif mode == "wrap":
            places = [i % size for i in range(-low, size + high)]
        elif mode in ("reflect", "symmetric"):
            period = 2 * size - (2 if mode == "reflect" else 0)
            places = []
            for i in range(-low, size + high):
                j = i % period if period > 0 else 0
                places.append(j if j < size else period - j - (0 if mode == "reflect" else 1))
        elif mode in ("maximum", "minimum", "mean", "median"):
            function = {"maximum": jnp.max, "minimum": jnp.min, "mean": jnp.mean, "median": jnp.median}[mode]
            own = function(array, axis=axis, keepdims=True).astype(array.dtype)
            parts = [jnp.repeat(own, low, axis), array, jnp.repeat(own, high, axis)]
            array = jnp.concatenate(parts, axis=axis)
            continue
        elif mode == "empty":
            places = [min(max(i, 0), size - 1) for i in range(-low, size + high)]
        else:
            raise NotImplementedError("Unimplemented padding mode '" + str(mode) + "' for np.pad.")
        array = jnp.take(array, jnp.array(places, dtype=jnp.int32), axis=axis)
    return array


# --- indices ---


def take_along_axis(arr, indices, axis=None, mode=None, fill_value=None):
    arr, indices = jnp.asarray(arr), jnp.asarray(indices)
    if axis is None:
        return jnp.ravel(arr)[jnp.ravel(indices)]
    axis = _axis(axis, arr.ndim)
    if arr.ndim != indices.ndim:
        raise ValueError("indices and arr must have the same number of dimensions; " + str(indices.ndim) + " vs. " + str(arr.ndim))
    shape = [max(a, b) if i != axis else b for i, (a, b) in enumerate(zip(arr.shape, indices.shape))]
    arr = jnp.broadcast_to(arr, tuple([a if i == axis else n for i, (a, n) in enumerate(zip(arr.shape, shape))]))
    index = []
    for i, n in enumerate(shape):
        if i == axis:
            index.append(jnp.broadcast_to(indices, tuple(shape)))
        else:
            own = [1] * len(shape)
            own[i] = n
            index.append(jnp.broadcast_to(jnp.arange(n).reshape(tuple(own)), tuple(shape)))
    return arr[tuple(index)]


def put_along_axis(arr, indices, values, axis, inplace=True, *, mode=None):
    if inplace:
        raise ValueError("jax.numpy.put_along_axis cannot modify arrays in-place, because JAX arrays are immutable. Pass inplace=False to instead "
                         "return an updated array.")
    axis = _axis(axis, arr.ndim)
    index = []
    for i, n in enumerate(indices.shape):
        own = [1] * indices.ndim
        own[i] = n
        index.append(indices if i == axis else jnp.broadcast_to(jnp.arange(n).reshape(tuple(own)), indices.shape))
    return arr.at[tuple(index)].set(values)


def _immutable(name):
    return ValueError("jax.numpy." + name + " cannot modify arrays in-place, because JAX arrays are immutable. Pass inplace=False to instead return an "
                      "updated array.")


def fill_diagonal(a, val, wrap=False, *, inplace=True):
    if inplace:
        raise _immutable("fill_diagonal")
    line = jnp.arange(min(a.shape))
    return a.at[tuple([line] * a.ndim)].set(val)


def place(arr, mask, vals, *, inplace=True):
    if inplace:
        raise _immutable("place")
    vals = jnp.ravel(jnp.asarray(vals))
    order = jnp.clip(jnp.cumsum(jnp.ravel(mask).astype(jnp.int32)) - 1, 0, None) % vals.size
    return jnp.where(mask, vals[order].reshape(arr.shape), arr)


def put(a, ind, v, mode=None, *, inplace=True):
    if inplace:
        raise _immutable("put")
    return jnp.ravel(a).at[jnp.asarray(ind)].set(v).reshape(a.shape)


def unravel_index(indices, shape):
    indices, result = jnp.asarray(indices), []
    for size in reversed(tuple(shape)):
        result.append(indices % size)
        indices = indices // size
    return tuple(reversed(result))


def ravel_multi_index(multi_index, dims, mode="raise", order="C"):
    result = jnp.zeros((), jnp.int32)
    for index, size in zip(multi_index, dims):
        result = result * size + jnp.asarray(index)
    return result


def flatnonzero(a, *, size=None, fill_value=None):
    return nonzero_of(jnp.ravel(jnp.asarray(a)), size, fill_value)[0]


def nonzero_of(a, size=None, fill_value=None):
    if size is None:
        return jnp.nonzero(a)
    flat = jnp.ravel(a != 0)
    order = jnp.cumsum(flat.astype(jnp.int32)) - 1
    places = jnp.full((size,), a.size, jnp.int32).at[jnp.where(flat, order, size)].set(jnp.arange(a.size))
    found = places < a.size
    return tuple([jnp.where(found, part, 0 if fill_value is None else fill_value) for part in unravel_index(places, a.shape)])


def argwhere(a, *, size=None, fill_value=None):
    a = jnp.asarray(a)
    parts = nonzero_of(a, size, fill_value)
    return jnp.stack(parts, axis=1) if parts else jnp.zeros((int(bool(a)), 0), jnp.int32)


def _triangle_indices(n, k, m, keep):
    m = n if m is None else m
    pairs = [(i, j) for i in range(n) for j in range(m) if keep(j - i, k)]
    return jnp.array([i for i, _ in pairs], dtype=jnp.int32), jnp.array([j for _, j in pairs], dtype=jnp.int32)


def tril_indices(n, k=0, m=None):
    return _triangle_indices(n, k, m, lambda d, k: d <= k)


def triu_indices(n, k=0, m=None):
    return _triangle_indices(n, k, m, lambda d, k: d >= k)


def tril_indices_from(arr, k=0):
    return tril_indices(arr.shape[-2], k, arr.shape[-1])


def triu_indices_from(arr, k=0):
    return triu_indices(arr.shape[-2], k, arr.shape[-1])


def diag_indices(n, ndim=2):
    return (jnp.arange(n),) * ndim


def diag_indices_from(arr):
    return diag_indices(arr.shape[0], arr.ndim)


def mask_indices(n, mask_func, k=0):
    return jnp.nonzero(mask_func(jnp.ones((n, n)), k) != 0)


def diagflat(v, k=0):
    return jnp.diag(jnp.ravel(jnp.asarray(v)), k)


def indices(dimensions, dtype=None, sparse=False):
    grids = meshgrid(*[jnp.arange(n, dtype=dtype) for n in dimensions], sparse=sparse, indexing="ij")
    return tuple(grids) if sparse else jnp.stack(grids)


def ix_(*args):
    result = []
    for i, x in enumerate(args):
        shape = [1] * len(args)
        shape[i] = -1
        result.append(jnp.asarray(x).reshape(tuple(shape)))
    return tuple(result)


class _Grid:
    def __init__(self, sparse):
        self._sparse = sparse

    def __getitem__(self, key):
        parts = [_range(s) for s in (key if isinstance(key, tuple) else (key,))]
        if not isinstance(key, tuple):
            return parts[0]
        kind = jnp.result_type(*parts)
        grids = meshgrid(*[part.astype(kind) for part in parts], sparse=self._sparse, indexing="ij")
        return tuple(grids) if self._sparse else jnp.stack(grids)


def _range(s):
    start, step = s.start or 0, s.step
    if isinstance(step, complex):
        return jnp.linspace(start, s.stop, int(abs(step)))
    return jnp.arange(start, s.stop, 1 if step is None else step)


mgrid, ogrid = _Grid(False), _Grid(True)


class _Concatenator:
    def __init__(self, columns):
        self._columns = columns

    def __getitem__(self, key):
        parts = []
        for part in key if isinstance(key, tuple) else (key,):
            part = _range(part) if isinstance(part, _slice) else jnp.atleast_1d(jnp.asarray(part))
            parts.append(part.reshape(part.shape + (1,)) if self._columns and part.ndim == 1 else part)
        return jnp.concatenate(parts, axis=-1 if self._columns else 0)


r_, c_ = _Concatenator(False), _Concatenator(True)


# --- shapes ---


def broadcast_shapes(*shapes):
    rank = max([len(shape) for shape in shapes]) if shapes else 0
    result = [1] * rank
    for shape in shapes:
        for i, size in enumerate(shape):
            place = rank - len(shape) + i
            if size != 1:
                if result[place] not in (1, size):
                    raise ValueError("Incompatible shapes for broadcasting: shapes=" + str([tuple(s) for s in shapes]))
                result[place] = size
    return tuple(result)


def broadcast_arrays(*args):
    arrays = [jnp.asarray(x) for x in args]
    shape = broadcast_shapes(*[a.shape for a in arrays])
    return [jnp.broadcast_to(a, shape) for a in arrays]


def atleast_3d(*arys):
    if len(arys) != 1:
        return [atleast_3d(a) for a in arys]
    a = jnp.asarray(arys[0])
    if a.ndim == 0:
        return a.reshape(1, 1, 1)
    if a.ndim == 1:
        return a.reshape(1, -1, 1)
    return a.reshape(a.shape + (1,)) if a.ndim == 2 else a


def hsplit(ary, indices_or_sections):
    return jnp.split(ary, indices_or_sections, 1 if ary.ndim > 1 else 0)


def vsplit(ary, indices_or_sections):
    return jnp.split(ary, indices_or_sections, 0)


def dsplit(ary, indices_or_sections):
    return jnp.split(ary, indices_or_sections, 2)


def fliplr(m):
    return jnp.flip(m, 1)


def flipud(m):
    return jnp.flip(m, 0)


def rot90(m, k=1, axes=(0, 1)):
    m = jnp.asarray(m)
    first, second = _axis(axes[0], m.ndim), _axis(axes[1], m.ndim)
    k = k % 4
    if k == 0:
        return m
    if k == 2:
        return jnp.flip(jnp.flip(m, first), second)
    order = list(range(m.ndim))
    order[first], order[second] = order[second], order[first]
    return jnp.transpose(jnp.flip(m, second), tuple(order)) if k == 1 else jnp.flip(jnp.transpose(m, tuple(order)), second)


def rollaxis(a, axis, start=0):
    axis, start = _axis(axis, a.ndim), start % (a.ndim + 1) if start < 0 else start
    return jnp.moveaxis(a, axis, start - 1 if axis < start else start)


_roll = jnp.roll


def roll(a, shift, axis=None):
    a = jnp.asarray(a)
    if isinstance(axis, (tuple, list)) or isinstance(shift, (tuple, list)):
        axes = axis if isinstance(axis, (tuple, list)) else [axis] * len(shift)
        shifts = shift if isinstance(shift, (tuple, list)) else [shift] * len(axes)
        for s, place in zip(shifts, axes):
            a = roll(a, s, place)
        return a
    if isinstance(shift, int):
        return _roll(a, shift, axis)
    flat = jnp.ravel(a) if axis is None else a
    place = 0 if axis is None else _axis(axis, a.ndim)
    rolled = jnp.take(flat, (jnp.arange(flat.shape[place]) - shift) % flat.shape[place], axis=place)
    return rolled.reshape(a.shape)


def block(arrays):
    def depth(x):
        return 1 + depth(x[0]) if isinstance(x, list) else 0
    levels = depth(arrays)

    def build(x, level):
        if not isinstance(x, list):
            x = jnp.asarray(x)
            return x.reshape((1,) * (levels - x.ndim) + x.shape) if x.ndim < levels else x
        return jnp.concatenate([build(part, level + 1) for part in x], axis=-(levels - level))
    return build(arrays, 0)


def delete(arr, obj, axis=None, *, assume_unique_indices=False):
    arr = jnp.asarray(arr)
    if axis is None:
        arr, axis = jnp.ravel(arr), 0
    size = arr.shape[axis]
    if isinstance(obj, int):
        gone = [obj % size]
    elif isinstance(obj, _slice):
        gone = list(range(size))[obj]
    else:
        gone = [int(i) % size for i in obj]
    return jnp.take(arr, jnp.array([i for i in range(size) if i not in gone], dtype=jnp.int32), axis=axis)


def insert(arr, obj, values, axis=None):
    arr = jnp.asarray(arr)
    if axis is None:
        arr, axis = jnp.ravel(arr), 0
    axis = _axis(axis, arr.ndim)
    place = obj if isinstance(obj, int) else int(obj)
    place = place + arr.shape[axis] if place < 0 else place
    values = jnp.asarray(values, dtype=arr.dtype)
    shape = list(arr.shape)
    shape[axis] = 1 if values.ndim < arr.ndim else values.shape[axis]
    values = jnp.broadcast_to(jnp.expand_dims(values, axis) if values.ndim == arr.ndim - 1 else values, tuple(shape))
    return jnp.concatenate([arr[_along(axis, _slice(0, place))], values, arr[_along(axis, _slice(place, None))]], axis=axis)


def resize(a, new_shape):
    a = jnp.ravel(jnp.asarray(a))
    shape = (new_shape,) if isinstance(new_shape, int) else tuple(new_shape)
    size = 1
    for n in shape:
        size *= n
    if a.size == 0:
        return jnp.zeros(shape, a.dtype)
    return jnp.tile(a, -(-size // a.size))[:size].reshape(shape)


def kron(a, b):
    a, b = jnp.asarray(a), jnp.asarray(b)
    rank = max(a.ndim, b.ndim)
    a, b = a.reshape((1,) * (rank - a.ndim) + a.shape), b.reshape((1,) * (rank - b.ndim) + b.shape)
    wide = a.reshape(tuple([n for size in a.shape for n in (size, 1)])) * b.reshape(tuple([n for size in b.shape for n in (1, size)]))
    return wide.reshape(tuple([m * n for m, n in zip(a.shape, b.shape)]))


def vander(x, N=None, increasing=False):
    x = jnp.asarray(x)
    count = x.shape[0] if N is None else N
    powers = jnp.arange(count) if increasing else jnp.arange(count - 1, -1, -1)
    return x[:, None] ** powers[None, :]


def logspace(start, stop, num=50, endpoint=True, base=10.0, dtype=None, axis=0):
    result = jnp.power(jnp.asarray(base, dtype=jnp.float32), jnp.linspace(start, stop, num, endpoint))
    return result if dtype is None else result.astype(dtype)


def geomspace(start, stop, num=50, endpoint=True, dtype=None, axis=0):
    start, stop = jnp.asarray(start, dtype=jnp.float32), jnp.asarray(stop, dtype=jnp.float32)
    sign = jnp.sign(start)
    result = sign * logspace(jnp.log10(sign * start), jnp.log10(sign * stop), num, endpoint)
    if num > 0:
        result = result.at[0].set(start)
        if endpoint and num > 1:
            result = result.at[-1].set(stop)
    return result if dtype is None else result.astype(dtype)


def compress(condition, a, axis=None, *, size=None, fill_value=0):
    a = jnp.asarray(a)
    if axis is None:
        a, axis = jnp.ravel(a), 0
    places = [i for i, flag in enumerate(condition) if flag]
    return jnp.take(a, jnp.array(places, dtype=jnp.int32), axis=axis)


def extract(condition, arr, *, size=None, fill_value=0):
    return compress(jnp.ravel(jnp.asarray(condition)), jnp.ravel(arr))


def trim_zeros(filt, trim="fb"):
    flags = [bool(x != 0) for x in filt]
    first = flags.index(True) if True in flags and "f" in trim else 0 if True in flags else len(flags)
    last = len(flags) - list(reversed(flags)).index(True) if True in flags and "b" in trim else len(flags)
    return filt[first:last]


def select(condlist, choicelist, default=0):
    if len(condlist) != len(choicelist):
        raise ValueError("condlist must have length equal to choicelist (" + str(len(condlist)) + " vs " + str(len(choicelist)) + ")")
    result = default
    for condition, value in reversed(list(zip(condlist, choicelist))):
        result = jnp.where(condition, value, result)
    return result


def choose(a, choices, out=None, mode="raise"):
    choices = [jnp.asarray(c) for c in choices]
    result = choices[0]
    for i, value in enumerate(choices[1:]):
        result = jnp.where(a == i + 1, value, result)
    return result


def piecewise(x, condlist, funclist, *args, **kw):
    x = jnp.asarray(x)
    functions = list(funclist)
    default = functions.pop() if len(functions) == len(condlist) + 1 else 0

    def value(f):
        return f(x, *args, **kw) if callable(f) else jnp.full_like(x, f)
    result = value(default)
    for condition, f in zip(condlist, functions):
        result = jnp.where(condition, value(f), result)
    return result.astype(x.dtype)


def array_equiv(a1, a2):
    a1, a2 = jnp.asarray(a1), jnp.asarray(a2)
    try:
        shape = broadcast_shapes(a1.shape, a2.shape)
    except ValueError:
        return jnp.asarray(False)
    return jnp.all(jnp.equal(a1, a2))


def fromfunction(function, shape, *, dtype=float, **kwargs):
    return function(*[part.astype(dtype) for part in indices(shape)], **kwargs)


def iterable(y):
    try:
        iter(y)
        return True
    except TypeError:
        return False


# --- functions of functions ---


def apply_along_axis(func1d, axis, arr, *args, **kwargs):
    from jax._vmap import vmap
    arr = jnp.asarray(arr)
    axis = _axis(axis, arr.ndim)
    function = lambda a: func1d(a, *args, **kwargs)
    for i in range(arr.ndim - axis - 1):
        function = vmap(function, in_axes=1, out_axes=-1)
    for i in range(axis):
        function = vmap(function, in_axes=0, out_axes=0)
    return function(arr)


def apply_over_axes(func, a, axes):
    for axis in axes:
        b = func(a, axis)
        a = b if b.ndim == a.ndim else jnp.expand_dims(b, axis)
    return a


def vectorize(pyfunc, *, excluded=(), signature=None):
    from jax._vmap import vmap

    def core_ranks():
        if signature is None:
            return None
        inputs = signature.split("->")[0]
        return [0 if not part.strip("() ") else part.count(",") + 1 for part in inputs.replace("),(", ");(").replace("), (", ");(").split(";")]

    def wrapped(*args):
        dynamic = [i for i in range(len(args)) if i not in excluded]
        arrays = [jnp.asarray(args[i]) for i in dynamic]
        ranks = core_ranks() or [0] * len(arrays)
        shapes = [a.shape[:a.ndim - rank] for a, rank in zip(arrays, ranks)]
        shape = broadcast_shapes(*shapes)

        def function(*parts):
            full = list(args)
            for i, part in zip(dynamic, parts):
                full[i] = part
            return pyfunc(*full)
        # One vmap for each dimension, the last one first; dimensions of size 1 are not mapped over.
        squeezed = []
        for a, own, rank in zip(arrays, shapes, ranks):
            keep = [i for i, n in enumerate(own) if not (n == 1 and shape[len(shape) - len(own) + i] != 1)]
            squeezed.append(a.reshape(tuple([own[i] for i in keep]) + a.shape[len(own):]))
        for place in range(1, len(shape) + 1):
            axes = []
            for own in shapes:
                has = place <= len(own) and not (own[-place] == 1 and shape[-place] != 1)
                axes.append(0 if has else None)
            if all([axis is None for axis in axes]):
                continue
            function = vmap(function, in_axes=tuple(axes))
        return function(*squeezed)

    return wrapped
