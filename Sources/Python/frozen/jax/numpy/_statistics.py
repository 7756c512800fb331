"""Functions of jax.numpy that sum up: averages, quantiles, histograms, polynomials, and their kin without NaNs."""
import sys

# The package itself, which is still being filled while this module is imported.
jnp = sys.modules["jax.numpy"]
from jax.numpy._shapes import _axis, _along, _slice

__all__ = ("average", "median", "quantile", "percentile", "nanmean", "nansum", "nanprod", "nanmax", "nanmin", "nanstd", "nanvar", "nanmedian",
           "nanargmax", "nanargmin", "nancumsum", "nancumprod", "cov", "corrcoef", "histogram", "histogram_bin_edges", "bincount", "digitize",
           "searchsorted", "interp", "trapezoid", "gradient", "convolve", "correlate", "polyval", "polyadd", "polysub", "polymul", "polyder", "polyint",
           "unique", "unique_values", "union1d", "intersect1d", "setdiff1d", "setxor1d", "isin", "cumulative_sum", "cumulative_prod", "lexsort", "partition",
           "argpartition", "amax", "amin", "sort_complex", "nanquantile", "nanpercentile", "polyfit", "roots", "poly", "sum", "mean", "prod", "max", "min",
           "any", "all", "var", "std")

amax = jnp.max
amin = jnp.min


def _reduction(native, neutral):
    """The native function, with `where` and `initial`."""
    def reduce(a, axis=None, dtype=None, out=None, keepdims=False, initial=None, where=None):
        a = jnp.asarray(a) if hasattr(a, "shape") or isinstance(a, (int, float, complex, bool)) else _refuse(a, native)
        if where is not None:
            if neutral is None and initial is None:
                raise ValueError("reduction operation " + native.__name__ + " does not have an identity, so to use a where mask one has to specify "
                                 "'initial'")
            a = jnp.where(where, a, neutral if neutral is not None else initial)
        options = {} if dtype is None else {"dtype": dtype}
        result = native(a, axis=axis, keepdims=keepdims, **options)
        if initial is not None:
            result = {"sum": jnp.add, "prod": jnp.multiply, "max": jnp.maximum, "min": jnp.minimum}[native.__name__](result, initial)
        return result
    return reduce


def _refuse(a, native):
    raise TypeError(native.__name__ + " requires ndarray or scalar arguments, got " + str(type(a)) + " at position 0.")


sum, prod = _reduction(jnp.sum, 0), _reduction(jnp.prod, 1)
max, min = _reduction(jnp.max, None), _reduction(jnp.min, None)
_native_mean, _native_var, _native_any, _native_all = jnp.mean, jnp.var, jnp.any, jnp.all


def any(a, axis=None, out=None, keepdims=False, *, where=None):
    return _native_any(a if where is None else jnp.logical_and(jnp.asarray(a), where), axis=axis, keepdims=keepdims)


def all(a, axis=None, out=None, keepdims=False, *, where=None):
    return _native_all(a if where is None else jnp.logical_or(jnp.asarray(a), jnp.logical_not(where)), axis=axis, keepdims=keepdims)


def mean(a, axis=None, dtype=None, out=None, keepdims=False, *, where=None):
    if where is None:
        return _native_mean(a, axis=axis, dtype=dtype, keepdims=keepdims)
    count = sum(jnp.broadcast_to(where, a.shape).astype(jnp.float32), axis=axis, keepdims=keepdims)
    return sum(a, axis=axis, keepdims=keepdims, where=where) / count


def var(a, axis=None, dtype=None, out=None, ddof=0, keepdims=False, *, where=None, correction=None):
    ddof = ddof if correction is None else correction
    if where is None:
        return _native_var(a, axis=axis, ddof=ddof, keepdims=keepdims)
    count = sum(jnp.broadcast_to(where, a.shape).astype(jnp.float32), axis=axis, keepdims=keepdims)
    center = mean(a, axis=axis, keepdims=True, where=where)
    return sum(jnp.square(a - center), axis=axis, keepdims=keepdims, where=where) / (count - ddof)


def std(a, axis=None, dtype=None, out=None, ddof=0, keepdims=False, *, where=None, correction=None):
    return jnp.sqrt(var(a, axis, dtype, out, ddof, keepdims, where=where, correction=correction))


def average(a, axis=None, weights=None, returned=False, keepdims=False):
    a = jnp.asarray(a)
    if weights is None:
        result = mean(a, axis=axis, keepdims=keepdims)
        total = jnp.full(result.shape, a.size / result.size, result.dtype)
    else:
        weights = jnp.asarray(weights)
        if weights.ndim != a.ndim and axis is not None:
            shape = [1] * a.ndim
            shape[_axis(axis, a.ndim)] = weights.shape[0]
            weights = weights.reshape(tuple(shape))
        total = sum(weights * jnp.ones_like(a), axis=axis, keepdims=keepdims)
        result = sum(a * weights, axis=axis, keepdims=keepdims) / total
    return (result, total) if returned else result


def median(a, axis=None, out=None, overwrite_input=False, keepdims=False):
    return quantile(a, 0.5, axis=axis, method="midpoint", keepdims=keepdims)


def _flat_axes(a, axis):
    """The array with the axes that are reduced joined in front, and the shape that keeps them."""
    axes = tuple(range(a.ndim)) if axis is None else (axis,) if isinstance(axis, int) else tuple(axis)
    axes = [_axis(place, a.ndim) for place in axes]
    rest = [i for i in range(a.ndim) if i not in axes]
    size = 1
    for place in axes:
        size *= a.shape[place]
    joined = jnp.transpose(a, tuple(axes + rest)).reshape((size,) + tuple([a.shape[i] for i in rest]))
    return joined, tuple([1 if i in axes else n for i, n in enumerate(a.shape)])


def quantile(a, q, axis=None, out=None, overwrite_input=False, method="linear", keepdims=False, *, interpolation=None):
    a, q = jnp.asarray(a), jnp.asarray(q)
    if a.dtype.kind not in "fc":
        a = a.astype(jnp.float32)
    q = q.astype(a.dtype)
    joined, kept = _flat_axes(a, axis)
    ordered = jnp.sort(joined, axis=0)
    place = q * (joined.shape[0] - 1)
    low, high = jnp.floor(place), jnp.ceil(place)
    weight = place - low
    below, above = jnp.take(ordered, low.astype(jnp.int32), axis=0), jnp.take(ordered, high.astype(jnp.int32), axis=0)
    weight = weight.reshape(weight.shape + (1,) * (joined.ndim - 1))
    if method == "linear":
        result = below * (1 - weight) + above * weight
    elif method == "lower":
        result = below
    elif method == "higher":
        result = above
    elif method == "nearest":
        result = jnp.where(weight <= 0.5, below, above)
    else:
        result = (below + above) * jnp.asarray(0.5, dtype=a.dtype)
    # NaNs are sorted last: one is enough.
    last = ordered[-1]
    result = jnp.where(jnp.isnan(last), last, result)
    return result.reshape(q.shape + kept) if keepdims else result


def percentile(a, q, axis=None, out=None, overwrite_input=False, method="linear", keepdims=False, *, interpolation=None):
    return quantile(a, jnp.asarray(q, dtype=jnp.float32) / 100, axis, method=method, keepdims=keepdims)


# --- without NaNs ---


def _without(a, value):
    a = jnp.asarray(a)
    return jnp.where(jnp.isnan(a), jnp.asarray(value, dtype=a.dtype), a) if a.dtype.kind in "fc" else a


def nansum(a, axis=None, dtype=None, out=None, keepdims=False):
    return sum(_without(a, 0), axis=axis, dtype=dtype, keepdims=keepdims)


def nanprod(a, axis=None, dtype=None, out=None, keepdims=False):
    return prod(_without(a, 1), axis=axis, dtype=dtype, keepdims=keepdims)


def nancumsum(a, axis=None, dtype=None):
    return jnp.cumsum(_without(a, 0), axis=axis, dtype=dtype)


def nancumprod(a, axis=None, dtype=None):
    return jnp.cumprod(_without(a, 1), axis=axis, dtype=dtype)


def nanmax(a, axis=None, out=None, keepdims=False):
    result = max(_without(a, -jnp.inf), axis=axis, keepdims=keepdims)
    return jnp.where(_native_all(jnp.isnan(a), axis=axis, keepdims=keepdims), jnp.nan, result)


def nanmin(a, axis=None, out=None, keepdims=False):
    result = min(_without(a, jnp.inf), axis=axis, keepdims=keepdims)
    return jnp.where(_native_all(jnp.isnan(a), axis=axis, keepdims=keepdims), jnp.nan, result)


def nanmean(a, axis=None, dtype=None, out=None, keepdims=False):
    return mean(a, axis=axis, keepdims=keepdims, where=jnp.logical_not(jnp.isnan(a)))


def nanvar(a, axis=None, dtype=None, out=None, ddof=0, keepdims=False):
    return var(a, axis=axis, ddof=ddof, keepdims=keepdims, where=jnp.logical_not(jnp.isnan(a)))


def nanstd(a, axis=None, dtype=None, out=None, ddof=0, keepdims=False):
    return jnp.sqrt(nanvar(a, axis=axis, ddof=ddof, keepdims=keepdims))


def nanargmax(a, axis=None, keepdims=False):
    return jnp.argmax(_without(a, -jnp.inf), axis=axis, keepdims=keepdims)


def nanargmin(a, axis=None, keepdims=False):
    return jnp.argmin(_without(a, jnp.inf), axis=axis, keepdims=keepdims)


def nanquantile(a, q, axis=None, method="linear", keepdims=False):
    a, q = jnp.asarray(a), jnp.asarray(q, dtype=jnp.float32)
    joined, kept = _flat_axes(a, axis)
    ordered = jnp.sort(joined, axis=0)
    count = sum(jnp.logical_not(jnp.isnan(joined)).astype(jnp.float32), axis=0)
    place = q.reshape(q.shape + (1,) * count.ndim) * (count - 1)
    low, high = jnp.floor(place), jnp.ceil(place)
    take = lambda i: jnp.take_along_axis(ordered, i.astype(jnp.int32).reshape((-1,) + count.shape), 0).reshape(place.shape)
    return take(low) * (1 - (place - low)) + take(high) * (place - low)


def nanpercentile(a, q, axis=None, method="linear", keepdims=False):
    return nanquantile(a, jnp.asarray(q, dtype=jnp.float32) / 100, axis, method, keepdims)


def nanmedian(a, axis=None, out=None, overwrite_input=False, keepdims=False):
    return nanquantile(a, 0.5, axis)


# --- covariances, histograms ---


def cov(m, y=None, rowvar=True, bias=False, ddof=None, fweights=None, aweights=None):
    x = jnp.atleast_2d(jnp.asarray(m))
    if x.dtype.kind not in "fc":
        x = x.astype(jnp.float32)
    if not rowvar and x.shape[0] != 1:
        x = x.T
    if y is not None:
        y = jnp.atleast_2d(jnp.asarray(y))
        x = jnp.concatenate([x, y.T if not rowvar and y.shape[0] != 1 else y], axis=0)
    ddof = (0 if bias else 1) if ddof is None else ddof
    x = x - mean(x, axis=1, keepdims=True)
    return jnp.squeeze(jnp.dot(x, jnp.conj(x.T)) / (x.shape[1] - ddof))


def corrcoef(x, y=None, rowvar=True):
    c = cov(x, y, rowvar)
    if c.ndim == 0:
        return jnp.divide(c, c)
    d = jnp.sqrt(jnp.diag(c))
    return c / d[:, None] / d[None, :]


def bincount(x, weights=None, minlength=0, *, length=None):
    x = jnp.ravel(jnp.asarray(x))
    if length is None:
        largest = int(jnp.max(x)) + 1 if x.size else 0
        length = largest if largest > minlength else minlength
    weights = jnp.ones(x.shape, jnp.int32) if weights is None else jnp.asarray(weights)
    return jnp.zeros((length,), weights.dtype).at[jnp.clip(x, 0, None)].add(weights)


def histogram_bin_edges(a, bins=10, range=None, weights=None):
    a = jnp.ravel(jnp.asarray(a))
    if not isinstance(bins, int):
        return jnp.asarray(bins)
    low, high = (min(a), max(a)) if range is None else range
    low, high = jnp.asarray(low, dtype=jnp.float32), jnp.asarray(high, dtype=jnp.float32)
    same = low == high
    return jnp.linspace(jnp.where(same, low - 0.5, low), jnp.where(same, high + 0.5, high), bins + 1)


def histogram(a, bins=10, range=None, weights=None, density=None):
    a = jnp.ravel(jnp.asarray(a))
    edges = histogram_bin_edges(a, bins, range, weights)
    places = searchsorted(edges, a.astype(edges.dtype), side="right")
    places = jnp.where(a == edges[-1], edges.size - 1, places)
    counts = bincount(places, jnp.ones(a.shape, jnp.float32) if weights is None else weights, length=edges.size)[1:]
    if density:
        widths = jnp.diff(edges)
        counts = counts / widths / sum(counts)
    return counts, edges


def searchsorted(a, v, side="left", sorter=None, *, method="scan"):
    a, v = jnp.asarray(a), jnp.asarray(v)
    if sorter is not None:
        a = a[sorter]
    kind = jnp.result_type(a, v)
    a, v = a.astype(kind), v.astype(kind)
    # As many elements as come before: an array of comparisons, which a program makes no more than a sum of.
    before = a < v[..., None] if side == "left" else a <= v[..., None]
    if kind.kind == "f":
        nan = jnp.isnan(v)[..., None]
        before = jnp.where(nan, jnp.logical_not(jnp.isnan(a)) if side == "left" else True, before)
    return sum(before.astype(jnp.int32), axis=-1)


def digitize(x, bins, right=False, *, method=None):
    bins = jnp.asarray(bins)
    side = "left" if right else "right"
    if bins.size < 2:
        return searchsorted(bins, x, side)
    increasing = bins[-1] >= bins[0]
    up = searchsorted(bins, x, side)
    down = bins.size - searchsorted(jnp.flip(bins), x, "right" if right else "left")
    return jnp.where(increasing, up, down)


def interp(x, xp, fp, left=None, right=None, period=None):
    x, xp, fp = jnp.asarray(x), jnp.asarray(xp), jnp.asarray(fp)
    if x.dtype.kind != "f":
        x = x.astype(jnp.float32)
    i = jnp.clip(searchsorted(xp, x, side="right"), 1, xp.size - 1)
    x0, x1, f0, f1 = xp[i - 1], xp[i], fp[i - 1], fp[i]
    delta = x1 - x0
    f = jnp.where(delta == 0, f0, f0 + ((x - x0) / jnp.where(delta == 0, 1, delta)) * (f1 - f0))
    f = jnp.where(x < xp[0], fp[0] if left is None else left, f)
    return jnp.where(x > xp[-1], fp[-1] if right is None else right, f)


def trapezoid(y, x=None, dx=1.0, axis=-1):
    y = jnp.moveaxis(jnp.asarray(y), axis, -1)
    if x is None:
        return jnp.float32(dx * 0.5) * sum(y[..., 1:] + y[..., :-1], axis=-1)
    x = jnp.asarray(x)
    widths = jnp.diff(x) if x.ndim == 1 else jnp.diff(jnp.moveaxis(x, axis, -1), axis=-1)
    return 0.5 * sum(widths * (y[..., 1:] + y[..., :-1]), axis=-1)


def gradient(f, *varargs, axis=None, edge_order=None):
    f = jnp.asarray(f)
    if f.dtype.kind not in "fc":
        f = f.astype(jnp.float32)
    axes = list(range(f.ndim)) if axis is None else [axis] if isinstance(axis, int) else list(axis)
    steps = [1.0] * len(axes) if not varargs else list(varargs) * (len(axes) if len(varargs) == 1 else 1)
    results = []
    for place, step in zip(axes, steps):
        g = jnp.moveaxis(f, place, 0)
        if hasattr(step, "ndim") and step.ndim == 1:
            h = jnp.diff(step).reshape((-1,) + (1,) * (g.ndim - 1))
            h0, h1 = h[:-1], h[1:]
            inner = -h1 / (h0 * (h0 + h1)) * g[:-2] + (h1 - h0) / (h0 * h1) * g[1:-1] + h0 / (h1 * (h0 + h1)) * g[2:]
            first, last = (g[1:2] - g[:1]) / h[:1], (g[-1:] - g[-2:-1]) / h[-1:]
        else:
            inner = (g[2:] - g[:-2]) * 0.5 / step
            first, last = (g[1:2] - g[:1]) / step, (g[-1:] - g[-2:-1]) / step
        results.append(jnp.moveaxis(jnp.concatenate([first, inner, last], axis=0), 0, place))
    return results[0] if len(results) == 1 else results


# --- polynomials ---


def convolve(a, v, mode="full", *, precision=None, preferred_element_type=None):
    a, v = jnp.asarray(a), jnp.asarray(v)
    a, v = a if a.dtype.kind in "fc" else a.astype(jnp.float32), v if v.dtype.kind in "fc" else v.astype(jnp.float32)
    if a.ndim != 1 or v.ndim != 1:
        raise ValueError("convolve() only support 1-dimensional inputs.")
    if a.size < v.size:
        a, v = v, a
    full = a.size + v.size - 1
    # Every place of the result is a product with a window.
    padded = jnp.pad(a, (v.size - 1, v.size - 1))
    places = jnp.arange(full)[:, None] + jnp.arange(v.size)[None, :]
    result = jnp.dot(padded[places], jnp.flip(v))
    if mode == "full":
        return result
    if mode == "same":
        start = (v.size - 1) // 2
        return result[start:start + a.size]
    return result[v.size - 1:a.size]


def correlate(a, v, mode="valid", *, precision=None, preferred_element_type=None):
    a, v = jnp.asarray(a), jnp.asarray(v)
    swapped = a.size < v.size
    result = convolve(a, jnp.flip(jnp.conj(v)), mode)
    return result


def polyval(p, x, *, unroll=16):
    p, x = jnp.asarray(p), jnp.asarray(x)
    result = jnp.zeros_like(x)
    for i in range(p.shape[0]):
        result = result * x + p[i]
    return result


def _aligned(a, b):
    a, b = jnp.atleast_1d(jnp.asarray(a)), jnp.atleast_1d(jnp.asarray(b))
    size = a.size if a.size > b.size else b.size
    return jnp.pad(a, (size - a.size, 0)), jnp.pad(b, (size - b.size, 0))


def polyadd(a1, a2):
    a, b = _aligned(a1, a2)
    return a + b


def polysub(a1, a2):
    a, b = _aligned(a1, a2)
    return a - b


def polymul(a1, a2, *, trim_leading_zeros=False):
    return convolve(jnp.atleast_1d(jnp.asarray(a1)), jnp.atleast_1d(jnp.asarray(a2)))


def polyder(p, m=1):
    p = jnp.asarray(p)
    for _ in range(m):
        p = p[:-1] * jnp.arange(p.size - 1, 0, -1)
    return p


def polyint(p, m=1, k=None):
    p = jnp.asarray(p)
    for _ in range(m):
        p = jnp.concatenate([p / jnp.arange(p.size, 0, -1), jnp.zeros((1,)) if k is None else jnp.atleast_1d(jnp.asarray(k, dtype=jnp.float32))])
    return p


def polyfit(x, y, deg, rcond=None, full=False, w=None, cov=False):
    x, y = jnp.asarray(x, dtype=jnp.float32), jnp.asarray(y, dtype=jnp.float32)
    lhs = jnp.vander(x, deg + 1)
    scale = jnp.sqrt(sum(lhs * lhs, axis=0))
    return (jnp.linalg.lstsq(lhs / scale, y)[0].T / scale).T


def poly(seq_of_zeros):
    result = jnp.ones((1,))
    for root in jnp.asarray(seq_of_zeros):
        result = convolve(result, jnp.stack([jnp.ones_like(root), -root]))
    return result


def roots(p, *, strip_zeros=True):
    p = jnp.asarray(p, dtype=jnp.float32)
    size = p.size - 1
    if size < 1:
        return jnp.zeros((0,))
    companion = jnp.zeros((size, size)).at[0].set(-p[1:] / p[0]) + jnp.eye(size, k=-1)
    return jnp.linalg.eigvals(companion)


# --- sets and order ---


def unique(ar, return_index=False, return_inverse=False, return_counts=False, axis=None, *, equal_nan=True, size=None, fill_value=None, sorted=True):
    a = jnp.ravel(jnp.asarray(ar))
    order = jnp.argsort(a)
    ordered = a[order]
    first = jnp.concatenate([jnp.ones((a.size and 1,), bool), ordered[1:] != ordered[:-1]])
    if size is None:
        places = jnp.nonzero(first)[0]
    else:
        places = _first_places(first, size)
    values = ordered[places]
    if size is not None and fill_value is not None:
        values = jnp.where(jnp.arange(size) < sum(first.astype(jnp.int32)), values, fill_value)
    results = [values]
    if return_index:
        results.append(order[places])
    if return_inverse:
        results.append(jnp.zeros(a.shape, jnp.int32).at[order].set(jnp.cumsum(first.astype(jnp.int32)) - 1).reshape(jnp.shape(ar)))
    if return_counts:
        results.append(jnp.diff(jnp.concatenate([places, jnp.array([a.size])])))
    return results[0] if len(results) == 1 else tuple(results)


def _first_places(first, size):
    from jax.numpy._shapes import nonzero_of
    return nonzero_of(first, size)[0]


def unique_values(x, /, *, size=None, fill_value=None):
    return unique(x, size=size, fill_value=fill_value)


def union1d(ar1, ar2, *, size=None, fill_value=None):
    return unique(jnp.concatenate([jnp.ravel(jnp.asarray(ar1)), jnp.ravel(jnp.asarray(ar2))]), size=size, fill_value=fill_value)


def isin(element, test_elements, assume_unique=False, invert=False, *, method="auto"):
    found = _native_any(jnp.asarray(element)[..., None] == jnp.ravel(jnp.asarray(test_elements)), axis=-1)
    return jnp.logical_not(found) if invert else found


def intersect1d(ar1, ar2, assume_unique=False, return_indices=False, *, size=None, fill_value=None):
    a = unique(ar1)
    return a[isin(a, ar2)]


def setdiff1d(ar1, ar2, assume_unique=False, *, size=None, fill_value=None):
    a = unique(ar1)
    return a[isin(a, ar2, invert=True)]


def setxor1d(ar1, ar2, assume_unique=False, *, size=None, fill_value=None):
    return union1d(setdiff1d(ar1, ar2), setdiff1d(ar2, ar1))


def cumulative_sum(x, /, *, axis=None, dtype=None, include_initial=False):
    axis = 0 if axis is None else axis
    result = jnp.cumsum(x, axis=axis, dtype=dtype)
    if include_initial:
        result = jnp.concatenate([jnp.zeros_like(result[_along(_axis(axis, result.ndim), _slice(0, 1))]), result], axis=axis)
    return result


def cumulative_prod(x, /, *, axis=None, dtype=None, include_initial=False):
    axis = 0 if axis is None else axis
    result = jnp.cumprod(x, axis=axis, dtype=dtype)
    if include_initial:
        result = jnp.concatenate([jnp.ones_like(result[_along(_axis(axis, result.ndim), _slice(0, 1))]), result], axis=axis)
    return result


def lexsort(keys, axis=-1):
    keys = [jnp.asarray(key) for key in keys]
    order = jnp.argsort(keys[0], axis=axis)
    for key in keys[1:]:
        order = jnp.take_along_axis(order, jnp.argsort(jnp.take_along_axis(key, order, axis), axis=axis), axis)
    return order


def partition(a, kth, axis=-1):
    return jnp.sort(a, axis=axis)


def argpartition(a, kth, axis=-1):
    return jnp.argsort(a, axis=axis)


def sort_complex(a):
    a = jnp.sort(a)
    return a if a.dtype.kind == "c" else a.astype(jnp.complex64)
