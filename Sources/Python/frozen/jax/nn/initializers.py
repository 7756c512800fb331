"""jax.nn.initializers: functions (key, shape, dtype) -> array."""
import math
from jax import numpy as jnp


def zeros(key, shape, dtype=jnp.float32, out_sharding=None):
    return jnp.zeros(shape, dtype)


def ones(key, shape, dtype=jnp.float32, out_sharding=None):
    return jnp.ones(shape, dtype)


def constant(value, dtype=jnp.float32):
    return lambda key, shape, dtype=dtype, out_sharding=None: jnp.full(shape, value, dtype)


def uniform(scale=1e-2, dtype=jnp.float32):
    from jax import random
    return lambda key, shape, dtype=dtype, out_sharding=None: random.uniform(key, shape, dtype) * jnp.asarray(scale, dtype=dtype)


def normal(stddev=1e-2, dtype=jnp.float32):
    from jax import random
    return lambda key, shape, dtype=dtype, out_sharding=None: random.normal(key, shape, dtype) * jnp.asarray(stddev, dtype=dtype)


def truncated_normal(stddev=1e-2, dtype=jnp.float32, lower=-2.0, upper=2.0):
    from jax import random
    return lambda key, shape, dtype=dtype, out_sharding=None: (random.truncated_normal(key, lower, upper, shape, dtype)
                                                                * jnp.asarray(stddev, dtype=dtype))


def _fans(shape, in_axis, out_axis, batch_axis):
    if len(shape) <= 1:
        raise ValueError("Can't compute input and output sizes of a " + str(len(shape)) + "-dimensional weights tensor. Must be at least 2D.")

    def size(axis):
        total = 1
        for place in ((axis,) if isinstance(axis, int) else axis):
            total *= shape[place]
        return total

    everything = size(tuple(range(len(shape))))
    field = everything / size(in_axis) / size(out_axis) / size(batch_axis)
    return size(in_axis) * field, size(out_axis) * field


def variance_scaling(scale, mode, distribution, in_axis=-2, out_axis=-1, batch_axis=(), dtype=jnp.float32):
    def init(key, shape, dtype=dtype, out_sharding=None):
        from jax import random
        fan_in, fan_out = _fans(shape, in_axis, out_axis, batch_axis)
        if mode not in ("fan_in", "fan_out", "fan_avg", "fan_geo_avg"):
            raise ValueError("invalid mode for variance scaling initializer: " + str(mode))
        fan = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2, "fan_geo_avg": (fan_in * fan_out) ** 0.5}[mode]
        variance = jnp.asarray(scale / fan, dtype=dtype)
        if distribution == "normal":
            return random.normal(key, shape, dtype) * jnp.sqrt(variance)
        if distribution == "uniform":
            return random.uniform(key, shape, dtype, -1) * jnp.sqrt(3 * variance)
        if distribution == "truncated_normal":
            # The deviation of a normal distribution that is cut off at twice its own.
            stddev = jnp.sqrt(variance) / jnp.asarray(.87962566103423978, dtype=dtype)
            return random.truncated_normal(key, -2, 2, shape, dtype) * stddev
        raise ValueError("invalid distribution for variance scaling initializer: " + str(distribution))
    return init


def glorot_uniform(in_axis=-2, out_axis=-1, batch_axis=(), dtype=jnp.float32):
    return variance_scaling(1.0, "fan_avg", "uniform", in_axis, out_axis, batch_axis, dtype)


def glorot_normal(in_axis=-2, out_axis=-1, batch_axis=(), dtype=jnp.float32):
    return variance_scaling(1.0, "fan_avg", "truncated_normal", in_axis, out_axis, batch_axis, dtype)


def lecun_uniform(in_axis=-2, out_axis=-1, batch_axis=(), dtype=jnp.float32):
    return variance_scaling(1.0, "fan_in", "uniform", in_axis, out_axis, batch_axis, dtype)


def lecun_normal(in_axis=-2, out_axis=-1, batch_axis=(), dtype=jnp.float32):
    return variance_scaling(1.0, "fan_in", "truncated_normal", in_axis, out_axis, batch_axis, dtype)


def he_uniform(in_axis=-2, out_axis=-1, batch_axis=(), dtype=jnp.float32):
    return variance_scaling(2.0, "fan_in", "uniform", in_axis, out_axis, batch_axis, dtype)


def he_normal(in_axis=-2, out_axis=-1, batch_axis=(), dtype=jnp.float32):
    return variance_scaling(2.0, "fan_in", "truncated_normal", in_axis, out_axis, batch_axis, dtype)


xavier_uniform, xavier_normal, kaiming_uniform, kaiming_normal = glorot_uniform, glorot_normal, he_uniform, he_normal


def orthogonal(scale=1.0, column_axis=-1, dtype=jnp.float32):
    def init(key, shape, dtype=dtype, out_sharding=None):
        from jax import random
        columns = shape[column_axis]
        rows = 1
        for n in shape:
            rows *= n
        rows //= columns
        q, r = jnp.linalg.qr(random.normal(key, (rows, columns) if rows >= columns else (columns, rows), dtype))
        d = jnp.diag(r)
        q = q * (d / jnp.abs(d))
        q = q if rows >= columns else q.T
        q = q.reshape(tuple([n for i, n in enumerate(shape) if i != column_axis % len(shape)]) + (columns,))
        return scale * jnp.moveaxis(q, -1, column_axis)
    return init
