"""Functions of linear algebra and Fourier transforms, for the differential tests of transformations. What is only determined up to signs,
phases or an order enters through functions that do not see them."""
import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.scipy import linalg as scipy

from transforms import case, normal

M = normal(20, 4, 4)
SPD = M @ M.T + 4 * np.eye(4, dtype=np.float32)
TALL, WIDE = normal(22, 5, 3), normal(23, 3, 5)
STACK = normal(24, 2, 3, 3)
DOUBLE = np.float64


def hermitian(x, y):
    z = lax.complex(x, y)
    return z @ jnp.conj(z.T) + 4 * jnp.eye(x.shape[-1])


def symmetric(a):
    return (a + jnp.swapaxes(a, -1, -2)) / 2


# Cholesky factors and triangular solves.
case("cholesky", SPD)(lambda a: jnp.linalg.cholesky(symmetric(a)))
case("cholesky_upper", SPD)(lambda a: scipy.cholesky(symmetric(a)))
case("cholesky_unsymmetrised", SPD)(lambda a: jnp.linalg.cholesky(a, symmetrize_input=False))
case("cholesky_stack", STACK)(lambda a: jnp.linalg.cholesky(a @ jnp.swapaxes(a, 1, 2) + 2 * jnp.eye(3)))
case("cholesky_complex", M, normal(25, 4, 4))(lambda x, y: jnp.abs(jnp.linalg.cholesky(hermitian(x, y))))
case("double_cholesky_stack", STACK.astype(DOUBLE))(lambda a: jnp.linalg.cholesky(a @ jnp.swapaxes(a, 1, 2) + 2 * jnp.eye(3)))
case("cho_solve", SPD, normal(21, 4))(lambda a, b: scipy.cho_solve((jnp.linalg.cholesky(a @ a.T), True), b))
case("cho_factor", SPD, normal(21, 4))(lambda a, b: scipy.cho_solve(scipy.cho_factor(symmetric(a)), b))
case("triangular_solve", SPD, normal(21, 4, 2))(lambda a, b: scipy.solve_triangular(a, b, lower=True))
case("triangular_solve_transposed", SPD, normal(21, 4, 2))(lambda a, b: scipy.solve_triangular(a, b, lower=False, trans=1))
case("triangular_solve_unit", M, normal(21, 4, 2))(lambda a, b: scipy.solve_triangular(a, b, lower=True, unit_diagonal=True))
case("triangular_solve_right", SPD, normal(21, 2, 4))(lambda a, b: lax.linalg.triangular_solve(a, b, left_side=False, lower=False))
case("triangular_solve_right_transposed", SPD, normal(21, 2, 4))(
    lambda a, b: lax.linalg.triangular_solve(a, b, left_side=False, lower=True, transpose_a=True))
case("triangular_solve_stack", STACK + 3 * np.eye(3, dtype=np.float32), normal(21, 2, 3, 2))(
    lambda a, b: lax.linalg.triangular_solve(a, b, left_side=True, lower=True, transpose_a=True))
case("triangular_solve_complex", SPD, normal(25, 4, 4))(
    lambda x, y: jnp.abs(scipy.solve_triangular(lax.complex(x, y), lax.complex(y, x), lower=True)) ** 2)
case("triangular_solve_adjoint", SPD, normal(25, 4, 4))(
    lambda x, y: jnp.abs(scipy.solve_triangular(lax.complex(x, y), lax.complex(y, x), lower=True, trans=2)) ** 2)

# LU, and what stands on it.
case("lu", M)(lambda a: (lambda p, l, u: l ** 2 + u ** 2)(*scipy.lu(a)))
case("lu_wide", WIDE)(lambda a: lax.linalg.lu(a)[0])
case("lu_tall", TALL)(lambda a: lax.linalg.lu(a)[0])
case("lu_stack", STACK)(lambda a: lax.linalg.lu(a)[0])
case("lu_complex", M, normal(25, 4, 4))(lambda x, y: jnp.abs(lax.linalg.lu(lax.complex(x, y))[0]))
case("double_lu", M.astype(DOUBLE))(lambda a: lax.linalg.lu(a)[0])
case("lu_solve", M, normal(21, 4, 2))(lambda a, b: scipy.lu_solve(scipy.lu_factor(a), b))
case("lu_solve_transposed", M, normal(21, 4))(lambda a, b: scipy.lu_solve(scipy.lu_factor(a), b, trans=1))
case("solve", M, normal(21, 4, 2))(jnp.linalg.solve)
case("solve_vector", M, normal(21, 4))(jnp.linalg.solve)
case("solve_stack", STACK, normal(21, 2, 3, 2))(jnp.linalg.solve)
case("solve_complex", M, normal(25, 4, 4))(lambda x, y: jnp.abs(jnp.linalg.solve(lax.complex(x, y), lax.complex(y, x))) ** 2)
case("double_solve", M.astype(DOUBLE), normal(21, 4, 2, dtype=DOUBLE))(jnp.linalg.solve)
case("solve_positive", SPD, normal(21, 4))(lambda a, b: scipy.solve(symmetric(a), b, assume_a="pos"))
case("inv", M)(jnp.linalg.inv)
case("inv_stack", STACK)(jnp.linalg.inv)
case("double_inv", M.astype(DOUBLE))(jnp.linalg.inv)
case("det", M)(jnp.linalg.det)
case("det_stack", STACK)(jnp.linalg.det)
case("double_det", normal(26, 4, 4, dtype=DOUBLE))(jnp.linalg.det)
case("slogdet", M)(lambda a: jnp.linalg.slogdet(a)[1])
case("slogdet_complex", M, normal(25, 4, 4))(lambda x, y: (lambda s, d: jnp.real(s) + jnp.imag(s) + d)(*jnp.linalg.slogdet(lax.complex(x, y))))
case("matrix_power", M / 2)(lambda a: jnp.linalg.matrix_power(a, 3))
case("matrix_power_negative", M)(lambda a: jnp.linalg.matrix_power(a, -2))
case("multi_dot", normal(27, 2, 3), normal(28, 3, 4), normal(29, 4, 2))(lambda a, b, c: jnp.linalg.multi_dot([a, b, c]))
case("tensorsolve", normal(27, 2, 3, 6), normal(28, 2, 3))(jnp.linalg.tensorsolve)

# QR.
case("qr", TALL)(lambda a: jnp.abs(jnp.linalg.qr(a)[0]) @ jnp.abs(jnp.linalg.qr(a)[1]))
case("qr_q", TALL)(lambda a: jnp.linalg.qr(a)[0])
case("qr_r", TALL)(lambda a: jnp.linalg.qr(a, mode="r"))
case("qr_square", M)(lambda a: (lambda q, r: q + 2 * r)(*jnp.linalg.qr(a)))
case("qr_wide", WIDE)(lambda a: (lambda q, r: q @ jnp.sin(r))(*jnp.linalg.qr(a)))
case("qr_stack", STACK)(lambda a: (lambda q, r: q + 2 * r)(*jnp.linalg.qr(a)))
case("qr_complete", TALL)(lambda a: (lambda q, r: q @ jnp.sin(r))(*jnp.linalg.qr(a, mode="complete")))
case("qr_complete_q", TALL)(lambda a: jnp.linalg.qr(a, mode="complete")[0])
case("qr_triangular", np.triu(M))(lambda a: (lambda q, r: q + 2 * r)(*jnp.linalg.qr(a)))
case("qr_identity", np.eye(5, 3, dtype=np.float32))(lambda a: (lambda q, r: q @ jnp.cos(r))(*jnp.linalg.qr(a)))
case("qr_complex", normal(22, 4, 3), normal(23, 4, 3))(lambda x, y: (lambda q, r: jnp.abs(q @ jnp.sin(r)))(*jnp.linalg.qr(lax.complex(x, y))))
case("qr_complex_square", M, normal(25, 4, 4))(lambda x, y: (lambda q, r: jnp.abs(q @ jnp.sin(r)))(*jnp.linalg.qr(lax.complex(x, y))))
case("qr_complex_wide", normal(22, 3, 4), normal(23, 3, 4))(lambda x, y: (lambda q, r: jnp.abs(q @ jnp.sin(r)))(*jnp.linalg.qr(lax.complex(x, y))))
case("double_qr", TALL.astype(DOUBLE))(lambda a: (lambda q, r: q @ jnp.sin(r))(*jnp.linalg.qr(a)))
case("lstsq", TALL, normal(21, 5))(lambda a, b: jnp.linalg.lstsq(a, b)[0])

# Eigenvalues and eigenvectors.
case("eigvalsh", SPD)(lambda a: jnp.linalg.eigvalsh(symmetric(a)))
case("eigh_projector", SPD)(lambda a: (lambda w, v: v[:, :1] @ v[:, :1].T * w[0])(*jnp.linalg.eigh(symmetric(a))))
case("eigh_vectors", SPD)(lambda a: (lambda w, v: jnp.abs(v) * w)(*jnp.linalg.eigh(a)))
case("eigh_stack", STACK)(lambda a: (lambda w, v: v ** 2 * w[:, None, :])(*jnp.linalg.eigh(a)))
case("eigh_complex", M, normal(25, 4, 4))(lambda x, y: (lambda w, v: jnp.abs(v) ** 2 * w)(*jnp.linalg.eigh(hermitian(x, y))))
case("double_eigh", SPD.astype(DOUBLE))(lambda a: (lambda w, v: v ** 2 * w)(*jnp.linalg.eigh(a)))


def eigenvalues(a):
    # Second derivatives are those of the vectors.
    return lax.linalg.eig(a, compute_left_eigenvectors=False, compute_right_eigenvectors=False, enable_eigvec_derivs=True)[0]


case("eigvals", M)(lambda a: jnp.sort(jnp.abs(eigenvalues(a) + 1.5)))
case("eigvals_complex", M, normal(25, 4, 4))(lambda x, y: jnp.sort(jnp.abs(eigenvalues(lax.complex(x, y)))))
case("eigvals_stack", STACK)(lambda a: jnp.sum(jnp.abs(eigenvalues(a)), axis=1))


def eigenvectors(a, **options):
    w, *vs = lax.linalg.eig(a, enable_eigvec_derivs=True, **options)
    order = jnp.argsort(jnp.abs(w + 1.5 + 0.3j))
    return sum((jnp.abs(v) ** 2 + jnp.real(v ** 2))[:, order] for v in vs)


case("eig_right", M)(lambda a: eigenvectors(a, compute_left_eigenvectors=False))
case("eig_left", M)(lambda a: eigenvectors(a, compute_right_eigenvectors=False))
case("eig_both", M)(eigenvectors)
case("eig_complex", M, normal(25, 4, 4))(lambda x, y: eigenvectors(lax.complex(x, y)))
case("double_eig", M.astype(DOUBLE))(eigenvectors)

# Singular values and vectors.
case("svdvals", TALL)(lambda a: jnp.linalg.svd(a, compute_uv=False))
case("svd_rank_one", TALL)(lambda a: (lambda u, s, v: u[:, :1] * s[0] @ v[:1])(*jnp.linalg.svd(a, full_matrices=False)))
case("svd_wide", WIDE)(lambda a: (lambda u, s, v: u @ (jnp.sin(s)[:, None] * v))(*jnp.linalg.svd(a, full_matrices=False)))
case("svd_square", M)(lambda a: (lambda u, s, v: jnp.abs(u) @ (s[:, None] * jnp.abs(v)))(*jnp.linalg.svd(a)))
case("svd_stack", STACK)(lambda a: (lambda u, s, v: u @ (jnp.sin(s)[..., None] * v))(*jnp.linalg.svd(a, full_matrices=False)))
case("svdvals_stack", normal(24, 2, 3, 4))(lambda a: jnp.linalg.svd(a, compute_uv=False))
case("svd_complex", normal(22, 4, 3), normal(23, 4, 3))(
    lambda x, y: (lambda u, s, v: jnp.abs(u @ (jnp.sin(s)[:, None] * v)))(*jnp.linalg.svd(lax.complex(x, y), full_matrices=False)))
case("double_svd", TALL.astype(DOUBLE))(lambda a: (lambda u, s, v: u @ (jnp.sin(s)[:, None] * v))(*jnp.linalg.svd(a, full_matrices=False)))
case("svd_gesvd", TALL)(lambda a: lax.linalg.svd(a, compute_uv=False, algorithm=lax.linalg.SvdAlgorithm.QR))
case("pinv", TALL)(jnp.linalg.pinv)
case("norm_nuclear", TALL)(lambda a: jnp.linalg.norm(a, "nuc"))
case("norm_spectral", TALL)(lambda a: jnp.linalg.norm(a, 2))
case("norm_frobenius", TALL)(lambda a: jnp.linalg.norm(a))
case("norm_one", TALL)(lambda a: jnp.linalg.norm(a, 1))
case("cond_number", M)(jnp.linalg.cond)
case("polar", TALL)(lambda a: scipy.polar(a, method="svd")[1])

# Others.
case("expm", M / 4)(scipy.expm)
case("expm_stack", STACK / 4)(scipy.expm)
case("expm_frechet", M / 4, normal(21, 4, 4))(lambda a, e: scipy.expm_frechet(a, e, compute_expm=False))
DIAGONALS = [normal(50, 5), normal(51, 5) + 4, normal(52, 5)]
case("tridiagonal_solve", *DIAGONALS, normal(53, 5, 2))(lax.linalg.tridiagonal_solve)
case("tridiagonal_solve_stack", *[np.stack([d, d * 1.1]) for d in DIAGONALS], normal(53, 2, 5, 2))(lax.linalg.tridiagonal_solve)
case("double_tridiagonal_solve", *[d.astype(DOUBLE) for d in DIAGONALS], normal(53, 5, 2, dtype=DOUBLE))(lax.linalg.tridiagonal_solve)
case("tridiagonal_solve_complex", *DIAGONALS, normal(53, 5, 2))(
    lambda l, d, u, b: jnp.abs(lax.linalg.tridiagonal_solve(l + 0.5j * u, d + 1j * l, u - 1j * d / 4, b * (1 + 2j))) ** 2)
case("normal_logpdf", normal(54, 4), SPD)(lambda x, a: jax.scipy.stats.multivariate_normal.logpdf(x, jnp.zeros(4), a))


def reflecting(reflectors, taus, c, left=True, adjoint=False):
    """Q c and the like as products of reflectors."""
    rows = jnp.arange(reflectors.shape[0])
    q = jnp.eye(reflectors.shape[0], dtype=reflectors.dtype)
    for k in range(taus.shape[0]):
        v = jnp.where(rows < k, 0, jnp.where(rows == k, 1, reflectors[:, k]))
        q = q - taus[k] * jnp.outer(q @ v, jnp.conj(v))
    q = jnp.conj(q.T) if adjoint else q
    return q @ c if left else c @ q


def referring(function, reference):
    """JAX has no derivative of `function`, but of `reference`, which is equal."""
    function.reference = reference
    return function


REFLECTORS, TAUS = [np.asarray(a) for a in jnp.linalg.qr(TALL, mode="raw")]
REFLECTORS = np.ascontiguousarray(REFLECTORS.T)
case("householder_product", REFLECTORS, TAUS)(referring(
    lambda a, t: lax.linalg.householder_product(a, t), lambda a, t: reflecting(a, t, jnp.eye(5, 3))))
for left in (True, False):
    for adjoint in (True, False):
        case(f"ormqr_{'left' if left else 'right'}{'_adjoint' * adjoint}", REFLECTORS, TAUS, normal(55, *((5, 2) if left else (2, 5))))(referring(
            lambda a, t, c, o=dict(left=left, transpose=adjoint): lax.linalg.ormqr(a, t, c, **o),
            lambda a, t, c, o=(left, adjoint): reflecting(a, t, c, *o)))
case("ormqr_complex", REFLECTORS, TAUS, normal(55, 5, 2))(referring(
    lambda a, t, c: jnp.abs(lax.linalg.ormqr(a * (1 + 0.5j), t * (1 - 0.2j), c * (1 + 1j), transpose=True)),
    lambda a, t, c: jnp.abs(reflecting(a * (1 + 0.5j), t * (1 - 0.2j), c * (1 + 1j), True, True))))
case("householder_product_complex", REFLECTORS, TAUS)(referring(
    lambda a, t: jnp.abs(lax.linalg.householder_product(a * (1 + 0.5j), t * (1 - 0.2j))),
    lambda a, t: jnp.abs(reflecting(a * (1 + 0.5j), t * (1 - 0.2j), jnp.eye(5, 3)))))
case("qr_raw", TALL)(referring(
    lambda a: (lambda p, t: p.T @ jnp.diag(t))(*jnp.linalg.qr(a, mode="raw")),
    lambda a: reflected(a)))


def reflected(a):
    """geqrf by reflectors, times their factors."""
    rows, taus = jnp.arange(a.shape[0]), []
    for k in range(a.shape[1]):
        x = jnp.where(rows < k, 0, a[:, k])
        beta = -jnp.sign(a[k, k]) * jnp.sqrt(jnp.sum(x ** 2))
        tau = (beta - a[k, k]) / beta
        v = jnp.where(rows == k, 1, x / (a[k, k] - beta))
        b = a - tau * jnp.outer(v, v @ a)
        a = jnp.where((jnp.arange(a.shape[1]) == k) & (rows[:, None] > k), v[:, None], jnp.where(jnp.arange(a.shape[1]) >= k, b, a))
        taus.append(tau)
    return a @ jnp.diag(jnp.stack(taus))


def for_tpu(function):
    """Exported for a TPU, whose programs call other routines."""
    function.platform = "tpu"
    return function


case("qr_tpu", TALL)(for_tpu(lambda a: (lambda q, r: q @ jnp.sin(r))(*jnp.linalg.qr(a))))
case("qr_complete_tpu", TALL)(for_tpu(lambda a: (lambda q, r: q @ jnp.sin(r))(*jnp.linalg.qr(a, mode="complete"))))
case("lu_tpu", M)(for_tpu(lambda a: lax.linalg.lu(a)[0]))
case("solve_tpu", STACK, normal(21, 2, 3, 2))(for_tpu(lambda a, b: jnp.linalg.solve(a, b)))
case("eigh_tpu", SPD)(for_tpu(lambda a: (lambda w, v: v ** 2 * w)(*jnp.linalg.eigh(a))))
case("cholesky_tpu", SPD)(for_tpu(lambda a: jnp.linalg.cholesky(symmetric(a))))


def not_differentiable(function):
    """JAX has no derivative of it; it is only batched."""
    function.is_differentiable = False
    return function


case("schur", M)(not_differentiable(lambda a: (lambda t, z: z @ t @ z.T)(*lax.linalg.schur(a))))
case("hessenberg", M)(not_differentiable(lambda a: jnp.triu(lax.linalg.hessenberg(a)[0], -1)))
case("tridiagonal", SPD)(not_differentiable(lambda a: lax.linalg.tridiagonal(a)[1] * jnp.sum(jnp.abs(lax.linalg.tridiagonal(a)[2]))))


# Fourier transforms.
X, Y = normal(1, 3, 4), normal(2, 3, 4)
case("fft", X, Y)(lambda x, y: jnp.abs(jnp.fft.fft(lax.complex(x, y))) ** 2)
case("ifft", X, Y)(lambda x, y: jnp.abs(jnp.fft.ifft(lax.complex(x, y), axis=0)) ** 2)
case("fftn", normal(1, 2, 3, 4), normal(2, 2, 3, 4))(lambda x, y: jnp.abs(jnp.fft.fftn(lax.complex(x, y))) ** 2)
case("ifft2", normal(15, 4, 5), normal(16, 4, 5))(lambda x, y: jnp.real(jnp.fft.ifft2(lax.complex(x, y))) ** 2)
case("fft_padded", X)(lambda x: jnp.abs(jnp.fft.fft(x, n=6, norm="ortho")) ** 2)
case("rfft", normal(15, 3, 8))(lambda x: jnp.abs(jnp.fft.rfft(x)) ** 2)
case("rfft_odd", normal(15, 3, 7))(lambda x: jnp.abs(jnp.fft.rfft(x)) ** 2)
case("rfft2", normal(15, 4, 6))(lambda x: jnp.abs(jnp.fft.rfft2(x)) ** 2)
case("rfft2_odd", normal(15, 4, 5))(lambda x: jnp.abs(jnp.fft.rfft2(x)) ** 2)
case("rfftn", normal(15, 2, 3, 4))(lambda x: jnp.abs(jnp.fft.rfftn(x)) ** 2)
case("irfft", normal(15, 3, 5), normal(16, 3, 5))(lambda x, y: jnp.fft.irfft(lax.complex(x, y)) ** 2)
case("irfft_odd", normal(15, 3, 5), normal(16, 3, 5))(lambda x, y: jnp.fft.irfft(lax.complex(x, y), n=9) ** 2)
case("irfft2", normal(15, 4, 3), normal(16, 4, 3))(lambda x, y: jnp.fft.irfft2(lax.complex(x, y)) ** 2)
case("irfftn_odd", normal(15, 2, 3, 3), normal(16, 2, 3, 3))(lambda x, y: jnp.fft.irfftn(lax.complex(x, y), s=(2, 3, 5)) ** 2)
case("hfft", normal(15, 5), normal(16, 5))(lambda x, y: jnp.fft.hfft(lax.complex(x, y)) ** 2)
case("ihfft", normal(15, 8))(lambda x: jnp.abs(jnp.fft.ihfft(x)) ** 2)
case("double_fft", normal(15, 3, 7, dtype=DOUBLE))(lambda x: jnp.abs(jnp.fft.fft(x)) ** 2)
case("double_rfft", normal(15, 3, 8, dtype=DOUBLE))(lambda x: jnp.fft.irfft(jnp.fft.rfft(x) ** 2))
case("fft_convolution", normal(15, 8), normal(16, 8))(lambda a, b: jnp.fft.irfft(jnp.fft.rfft(a) * jnp.fft.rfft(b)))
case("double_cholesky", SPD.astype(DOUBLE))(lambda a: jnp.linalg.cholesky(symmetric(a)))

# The custom calls that are neither.
case("approx_max_k", normal(3, 3, 8))(lambda x: lax.approx_max_k(x, 3)[0] ** 2)
