"""jax.numpy.fft: transforms along chosen axes, which are brought to the end for it."""
import math
import sys

# The package itself, which is still being filled while this module is imported.
jnp = sys.modules["jax.numpy"]

_sum = jnp.sum


def _lax_fft(x, kind, lengths):
    from jax import lax
    return lax.fft(x, kind, lengths)


def _scale(lengths, norm, is_inverse):
    total = 1
    for n in lengths:
        total *= n
    if norm == "ortho":
        return (math.sqrt(total) if is_inverse else 1 / math.sqrt(total))
    if norm == "forward":
        return total if is_inverse else 1 / total
    if norm not in (None, "backward"):
        raise ValueError("jax.numpy.fft only supports norm=\"backward\", \"ortho\" or \"forward\"; got " + str(norm))
    return 1


def _transform(a, kind, s, axes, norm, name):
    a = jnp.asarray(a)
    if a.ndim == 0:
        raise ValueError("jax.numpy.fft." + name + " needs at least one dimension")
    is_real = kind in ("RFFT", "IRFFT")
    if kind != "RFFT" and a.dtype.kind != "c":
        a = a.astype(jnp.complex64)
    elif kind == "RFFT" and a.dtype.kind != "f":
        a = a.astype(jnp.float32)
    if axes is None:
        axes = range(a.ndim) if s is None else range(a.ndim - len(s), a.ndim)
    axes = [axis % a.ndim for axis in axes]
    if len(set(axes)) != len(axes):
        raise ValueError("jax.numpy.fft." + name + " does not support repeated axes. Got axes " + str(list(axes)) + ".")
    sizes = [a.shape[axis] for axis in axes] if s is None else list(s)
    if s is None and kind == "IRFFT":
        sizes[-1] = max(0, 2 * (a.shape[axes[-1]] - 1))
    places = list(range(a.ndim - len(axes), a.ndim))
    a = jnp.moveaxis(a, tuple(axes), tuple(places))
    for i, (place, size) in enumerate(zip(places, sizes)):
        wanted = size // 2 + 1 if kind == "IRFFT" and i == len(sizes) - 1 else size
        own = a.shape[place]
        if own > wanted:
            a = a[(slice(None),) * place + (slice(0, wanted),)]
        elif own < wanted:
            a = jnp.pad(a, [(0, wanted - n if axis == place else 0) for axis, n in enumerate(a.shape)])
    # Three dimensions at a time, those of a real transform last; the others are complex.
    if kind == "RFFT" and len(sizes) > 3:
        a = _lax_fft(a, "RFFT", sizes[-1:])
        result = _groups(a, "FFT", places[:-1], sizes[:-1])
    elif kind == "IRFFT" and len(sizes) > 3:
        result = _lax_fft(_groups(a, "IFFT", places[:-1], sizes[:-1]), "IRFFT", sizes[-1:])
    elif is_real or len(sizes) <= 3:
        result = _lax_fft(a, kind, sizes)
    else:
        result = _groups(a, kind, places, sizes)
    scale = _scale(sizes, norm, kind in ("IFFT", "IRFFT"))
    if scale != 1:
        result = result * jnp.asarray(scale, dtype=jnp.float32)
    return jnp.moveaxis(result, tuple(places), tuple(axes))


def _groups(a, kind, places, sizes):
    for place, size in zip(places, sizes):
        a = jnp.moveaxis(_lax_fft(jnp.moveaxis(a, place, -1), kind, [size]), -1, place)
    return a


def fft(a, n=None, axis=-1, norm=None):
    return _transform(a, "FFT", None if n is None else [n], [axis], norm, "fft")


def ifft(a, n=None, axis=-1, norm=None):
    return _transform(a, "IFFT", None if n is None else [n], [axis], norm, "ifft")


def rfft(a, n=None, axis=-1, norm=None):
    return _transform(a, "RFFT", None if n is None else [n], [axis], norm, "rfft")


def irfft(a, n=None, axis=-1, norm=None):
    return _transform(a, "IRFFT", None if n is None else [n], [axis], norm, "irfft")


def fft2(a, s=None, axes=(-2, -1), norm=None):
    return _transform(a, "FFT", s, axes, norm, "fft2")


def ifft2(a, s=None, axes=(-2, -1), norm=None):
    return _transform(a, "IFFT", s, axes, norm, "ifft2")


def rfft2(a, s=None, axes=(-2, -1), norm=None):
    return _transform(a, "RFFT", s, axes, norm, "rfft2")


def irfft2(a, s=None, axes=(-2, -1), norm=None):
    return _transform(a, "IRFFT", s, axes, norm, "irfft2")


def fftn(a, s=None, axes=None, norm=None):
    return _transform(a, "FFT", s, axes, norm, "fftn")


def ifftn(a, s=None, axes=None, norm=None):
    return _transform(a, "IFFT", s, axes, norm, "ifftn")


def rfftn(a, s=None, axes=None, norm=None):
    return _transform(a, "RFFT", s, axes, norm, "rfftn")


def irfftn(a, s=None, axes=None, norm=None):
    return _transform(a, "IRFFT", s, axes, norm, "irfftn")


_INVERSE = {None: "forward", "backward": "forward", "forward": "backward", "ortho": "ortho"}


def hfft(a, n=None, axis=-1, norm=None):
    return irfft(jnp.conj(jnp.asarray(a)), n, axis, _INVERSE[norm])


def ihfft(a, n=None, axis=-1, norm=None):
    return jnp.conj(rfft(a, n, axis, _INVERSE[norm]))


def fftfreq(n, d=1.0, *, dtype=None):
    half = (n - 1) // 2 + 1
    return jnp.concatenate([jnp.arange(0, half, dtype=jnp.float32), jnp.arange(-(n // 2), 0, dtype=jnp.float32)]) / (d * n)


def rfftfreq(n, d=1.0, *, dtype=None):
    return jnp.arange(0, n // 2 + 1, dtype=jnp.float32) / (d * n)


def _shifted(x, axes, sign):
    x = jnp.asarray(x)
    for axis in range(x.ndim) if axes is None else (axes,) if isinstance(axes, int) else axes:
        x = jnp.roll(x, x.shape[axis] // 2 if sign > 0 else -(x.shape[axis] // 2), axis)
    return x


def fftshift(x, axes=None):
    return _shifted(x, axes, 1)


def ifftshift(x, axes=None):
    return _shifted(x, axes, -1)
