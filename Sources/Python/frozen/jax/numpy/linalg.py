"""jax.numpy.linalg: what is made of LAPACK's routines (Sources/Python/Bindings/Functions/LinalgModule.swift)."""
import _native
from collections import namedtuple
import sys

# The package itself, which is still being filled while this module is imported.
jnp = sys.modules["jax.numpy"]
from jax.numpy import matmul, outer, tensordot, vecdot, matrix_transpose, cross, diagonal, trace

_native.populate("jax.numpy.linalg", globals())

EighResult = namedtuple("EighResult", ("eigenvalues", "eigenvectors"))
EigResult = namedtuple("EigResult", ("eigenvalues", "eigenvectors"))
QRResult = namedtuple("QRResult", ("Q", "R"))
SVDResult = namedtuple("SVDResult", ("U", "S", "Vh"))
SlogdetResult = namedtuple("SlogdetResult", ("sign", "logabsdet"))

_sum, _max, _min, _abs = jnp.sum, jnp.max, jnp.min, jnp.abs


def _H(a):
    return jnp.conj(jnp.swapaxes(a, -1, -2))


def _symmetric(a):
    return (a + _H(a)) / 2


def _checked(result, info):
    """NaNs where the routine has failed."""
    failed = (info != 0).reshape(info.shape + (1,) * (result.ndim - info.ndim))
    return jnp.where(failed, jnp.nan, result)


def cholesky(a, *, upper=False, symmetrize_input=True):
    a = jnp.asarray(a)
    lower = _cholesky(_symmetric(a) if symmetrize_input else a)
    lower = jnp.tril(lower)
    return _H(lower) if upper else lower


def _permutation(pivots, rows):
    """The order of rows that pivots (from 1) make; a stack of them."""
    order = jnp.broadcast_to(jnp.arange(rows), pivots.shape[:-1] + (rows,))
    for i in range(pivots.shape[-1]):
        j = pivots[..., i] - 1
        x = order[..., i]
        y = jnp.take_along_axis(order, j[..., None], -1)[..., 0]
        places = jnp.arange(rows)
        order = jnp.where(places == j[..., None], x[..., None], jnp.where(places == i, y[..., None], order))
    return order


def lu(a):
    """P, L, U as in jax.scipy.linalg, and the signs of the permutation."""
    a = jnp.asarray(a)
    factors, pivots, info = _lu(a)
    return factors, pivots


def slogdet(a, *, method=None):
    a = jnp.asarray(a)
    if a.ndim < 2 or a.shape[-1] != a.shape[-2]:
        raise ValueError("Argument to slogdet() must have shape [..., n, n], got " + str(a.shape))
    factors, pivots, _ = _lu(a)
    d = jnp.diagonal(factors, axis1=-2, axis2=-1)
    parity = _sum((pivots != jnp.arange(1, a.shape[-1] + 1)).astype(jnp.int32), axis=-1)
    if d.dtype.kind == "c":
        parts = jnp.where(d == 0, 0, d / jnp.where(d == 0, 1, _abs(d)))
        sign = jnp.prod(parts, axis=-1) * jnp.where(parity % 2 == 1, -1, 1)
        sign = jnp.where(jnp.any(d == 0, axis=-1), 0, sign)
    else:
        negative = parity + _sum((d < 0).astype(jnp.int32), axis=-1)
        sign = jnp.where(jnp.any(d == 0, axis=-1), 0, 1 - 2 * (negative % 2)).astype(d.dtype)
    return SlogdetResult(sign, _sum(jnp.log(_abs(d)), axis=-1))


def det(a):
    a = jnp.asarray(a)
    if a.ndim < 2 or a.shape[-1] != a.shape[-2]:
        raise ValueError("Argument to _det() must have shape [..., n, n], got " + str(a.shape))
    if a.shape[-1] == 2:
        return a[..., 0, 0] * a[..., 1, 1] - a[..., 0, 1] * a[..., 1, 0]
    if a.shape[-1] == 3:
        return (a[..., 0, 0] * a[..., 1, 1] * a[..., 2, 2] + a[..., 0, 1] * a[..., 1, 2] * a[..., 2, 0] + a[..., 0, 2] * a[..., 1, 0] * a[..., 2, 1]
                - a[..., 0, 2] * a[..., 1, 1] * a[..., 2, 0] - a[..., 0, 0] * a[..., 1, 2] * a[..., 2, 1] - a[..., 0, 1] * a[..., 1, 0] * a[..., 2, 2])
    factors, pivots, _ = _lu(a)
    parity = _sum((pivots != jnp.arange(1, a.shape[-1] + 1)).astype(jnp.int32), axis=-1)
    return jnp.prod(jnp.diagonal(factors, axis1=-2, axis2=-1), axis=-1) * jnp.where(parity % 2 == 1, -1, 1).astype(factors.dtype)


def solve(a, b):
    a, b = jnp.asarray(a), jnp.asarray(b)
    if a.ndim < 2 or a.shape[-1] != a.shape[-2]:
        raise ValueError("The arguments to solve must have shapes a=[..., n, n] and b=[..., n, k] or b=[..., n]; got a=" + str(a.shape) + " and b=" + str(b.shape))
    kind = jnp.result_type(a, b)
    kind = kind if kind.kind in "fc" else jnp.dtype(jnp.float32)
    a, b = a.astype(kind), b.astype(kind)
    is_vector = b.ndim == 1
    if is_vector:
        b = b[:, None]
    batch = jnp.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    a, b = jnp.broadcast_to(a, batch + a.shape[-2:]), jnp.broadcast_to(b, batch + b.shape[-2:])
    factors, pivots, _ = _lu(a)
    x = jnp.take_along_axis(b, _permutation(pivots, a.shape[-1])[..., None], -2)
    x = _triangular_solve(factors, x, True, True, False, False, True)
    x = _triangular_solve(factors, x, True, False, False, False, False)
    return x[:, 0] if is_vector else x


def inv(a):
    a = jnp.asarray(a)
    if a.ndim < 2 or a.shape[-1] != a.shape[-2]:
        raise ValueError("Argument to inv must have shape [..., n, n], got " + str(a.shape) + ".")
    return solve(a, jnp.broadcast_to(jnp.eye(a.shape[-1], dtype=a.dtype), a.shape))


def qr(a, mode="reduced"):
    a = jnp.asarray(a)
    rows, columns = a.shape[-2:]
    if a.dtype.kind not in "fc":
        a = a.astype(jnp.float32)
    factors, taus = _geqrf(a)
    count = min(rows, columns)
    if mode == "r":
        return jnp.triu(factors[..., :count, :])
    if mode not in ("reduced", "complete", "full"):
        raise ValueError("Unsupported QR decomposition mode '" + str(mode) + "'")
    if mode != "reduced" and rows > columns:
        widened = jnp.concatenate([factors, jnp.zeros(a.shape[:-1] + (rows - columns,), a.dtype)], axis=-1)
        return QRResult(_orgqr(widened, taus)[0], jnp.triu(factors))
    return QRResult(_orgqr(factors[..., :, :count], taus)[0], jnp.triu(factors[..., :count, :]))


def eigh(a, UPLO=None, symmetrize_input=True):
    a = jnp.asarray(a)
    if symmetrize_input:
        a = _symmetric(a)
    elif UPLO == "U":
        a = _H(a)
    v, w, info = _eigh(a)
    return EighResult(_checked(w, info), _checked(v, info))


def eigvalsh(a, UPLO="L", *, symmetrize_input=True):
    return eigh(a, UPLO, symmetrize_input).eigenvalues


def eig(a):
    w, _, v, info = _eig(jnp.asarray(a))
    return EigResult(w, v)


def eigvals(a):
    return eig(a).eigenvalues


def svd(a, full_matrices=True, compute_uv=True, hermitian=False, subset_by_index=None):
    a = jnp.asarray(a)
    _, s, u, vh, info = _svd(a, bool(full_matrices and compute_uv))
    s = _checked(s, info)
    return SVDResult(u, s, vh) if compute_uv else s


def svdvals(x, /):
    return svd(x, compute_uv=False)


def _axes(axis, rank):
    if axis is None:
        return tuple(range(rank))
    return tuple([place % rank for place in ((axis,) if isinstance(axis, int) else axis)])


def norm(x, ord=None, axis=None, keepdims=False):
    x = jnp.asarray(x)
    if x.dtype.kind not in "fc":
        x = x.astype(jnp.float32)
    if axis is None and ord is None:
        return jnp.sqrt(_sum(jnp.real(x * jnp.conj(x)), keepdims=keepdims))
    axes = _axes(axis, x.ndim)
    if len(axes) == 1:
        place = axes[0]
        if ord is None or ord == 2:
            return jnp.sqrt(_sum(jnp.real(x * jnp.conj(x)), axis=place, keepdims=keepdims))
        if ord == jnp.inf:
            return _max(_abs(x), axis=place, keepdims=keepdims)
        if ord == -jnp.inf:
            return _min(_abs(x), axis=place, keepdims=keepdims)
        if ord == 0:
            return _sum((x != 0).astype(jnp.float32), axis=place, keepdims=keepdims)
        if ord == 1:
            return _sum(_abs(x), axis=place, keepdims=keepdims)
        if isinstance(ord, str):
            raise ValueError("Invalid order '" + ord + "' for vector norm.")
        return jnp.power(_sum(_abs(x) ** ord, axis=place, keepdims=keepdims), 1.0 / ord)
    if len(axes) == 2:
        rows, columns = axes
        if ord in (None, "f", "fro"):
            return jnp.sqrt(_sum(jnp.real(x * jnp.conj(x)), axis=axes, keepdims=keepdims))
        if ord in (1, -1, jnp.inf, -jnp.inf):
            inner, outer_ = (rows, columns) if abs(ord) == 1 else (columns, rows)
            totals = _sum(_abs(x), axis=inner, keepdims=True)
            result = (_max if ord > 0 else _min)(totals, axis=outer_, keepdims=True)
        elif ord in (2, -2, "nuc"):
            s = svd(jnp.moveaxis(x, (rows, columns), (-2, -1)), compute_uv=False)
            value = _sum(s, axis=-1) if ord == "nuc" else _max(s, axis=-1) if ord == 2 else _min(s, axis=-1)
            return jnp.expand_dims(value, axes) if keepdims else value
        else:
            raise ValueError("Invalid order '" + str(ord) + "' for matrix norm.")
        return result if keepdims else jnp.squeeze(result, axis=axes)
    raise ValueError("Invalid axis values (" + str(axes) + ") for jnp.linalg.norm.")


def vector_norm(x, /, *, axis=None, keepdims=False, ord=2):
    x = jnp.asarray(x)
    if axis is None:
        result = norm(jnp.ravel(x), ord)
        return result.reshape((1,) * x.ndim) if keepdims else result
    return norm(x, ord, axis, keepdims)


def matrix_norm(x, /, *, keepdims=False, ord="fro"):
    return norm(x, ord, (-2, -1), keepdims)


def matrix_power(a, n):
    a = jnp.asarray(a)
    if n < 0:
        a, n = inv(a), -n
    result = None
    while n:
        if n & 1:
            result = a if result is None else result @ a
        a = a @ a
        n >>= 1
    return jnp.broadcast_to(jnp.eye(a.shape[-1], dtype=a.dtype), a.shape) if result is None else result


def matrix_rank(M, rtol=None, *, tol=None):
    s = svd(M, full_matrices=False, compute_uv=False)
    if rtol is None:
        rtol = max(M.shape[-2:]) * jnp.finfo(s.dtype).eps
    return _sum((s > (rtol * _max(s, axis=-1, keepdims=True))).astype(jnp.int32), axis=-1)


def pinv(a, rtol=None, hermitian=False, *, rcond=None):
    a = jnp.asarray(a)
    rtol = rcond if rtol is None else rtol
    if rtol is None:
        rtol = 10.0 * max(a.shape[-2:]) * jnp.finfo(a.dtype if a.dtype.kind in "fc" else jnp.float32).eps
    u, s, vh = svd(a, full_matrices=False)
    keep = s > rtol * _max(s, axis=-1, keepdims=True)
    inverse = jnp.where(keep, 1 / jnp.where(keep, s, 1), 0)
    return matmul(_H(vh) * inverse[..., None, :], _H(u))


def cond(x, p=None):
    if p in (None, 2, -2):
        s = svd(x, compute_uv=False)
        return s[..., -1] / s[..., 0] if p == -2 else s[..., 0] / s[..., -1]
    return norm(x, p, (-2, -1)) * norm(inv(x), p, (-2, -1))


def lstsq(a, b, rcond=None, *, numpy_resid=False):
    a, b = jnp.asarray(a), jnp.asarray(b)
    is_vector = b.ndim == 1
    if is_vector:
        b = b[:, None]
    u, s, vh = svd(a, full_matrices=False)
    rcond = jnp.finfo(s.dtype).eps * max(a.shape) if rcond is None else rcond
    keep = s > rcond * s[0]
    inverse = jnp.where(keep, 1 / jnp.where(keep, s, 1), 0)
    x = matmul(_H(vh), inverse[:, None] * matmul(_H(u), b))
    residuals = _sum(_abs(b - matmul(a, x)) ** 2, axis=0)
    return (x[:, 0] if is_vector else x), residuals, _sum(keep.astype(jnp.int32)), s


def multi_dot(arrays, *, precision=None):
    result = arrays[0]
    for a in arrays[1:]:
        result = jnp.dot(result, a)
    return result


def tensorinv(a, ind=2):
    a = jnp.asarray(a)
    size = 1
    for n in a.shape[ind:]:
        size *= n
    return inv(a.reshape(-1, size)).reshape(a.shape[ind:] + a.shape[:ind])


def tensorsolve(a, b, axes=None):
    a, b = jnp.asarray(a), jnp.asarray(b)
    shape = a.shape[b.ndim:]
    return solve(a.reshape(b.size, -1), jnp.ravel(b)).reshape(shape)
