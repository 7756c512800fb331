"""jax.lax: operators, and the loops and branches that functions are traced through."""
import _native
from jax import numpy as _jnp
from jax._control import associative_scan, cond, fori_loop, map, scan, switch, while_loop
from jax.custom_derivatives import stop_gradient

_native.populate("jax.lax", globals())

for _name, _function in (
        ("abs", "abs"), ("acos", "arccos"), ("acosh", "arccosh"), ("add", "add"), ("asin", "arcsin"), ("asinh", "arcsinh"), ("atan", "arctan"),
        ("atan2", "arctan2"), ("atanh", "arctanh"), ("bitwise_and", "bitwise_and"), ("bitwise_not", "bitwise_not"), ("bitwise_or", "bitwise_or"),
        ("bitwise_xor", "bitwise_xor"), ("cbrt", "cbrt"), ("ceil", "ceil"), ("conj", "conj"), ("cos", "cos"), ("cosh", "cosh"), ("eq", "equal"),
        ("erf", "erf"), ("erfc", "erfc"), ("exp", "exp"), ("exp2", "exp2"), ("expm1", "expm1"), ("floor", "floor"), ("ge", "greater_equal"), ("gt", "greater"),
        ("imag", "imag"), ("is_finite", "isfinite"), ("le", "less_equal"), ("log", "log"), ("log1p", "log1p"), ("logistic", "sigmoid"), ("lt", "less"),
        ("max", "maximum"), ("min", "minimum"), ("mul", "multiply"), ("ne", "not_equal"), ("neg", "negative"), ("pow", "power"),
        ("real", "real"), ("rsqrt", "rsqrt"), ("shift_left", "left_shift"), ("sign", "sign"),
        ("sin", "sin"), ("sinh", "sinh"), ("sqrt", "sqrt"), ("square", "square"), ("sub", "subtract"), ("tan", "tan"), ("tanh", "tanh"),
        ("full_like", "full_like"), ("expand_dims", "expand_dims"), ("squeeze", "squeeze"), ("dot", "dot"),
        ("reshape", "reshape"), ("transpose", "transpose")):
    globals()[_name] = getattr(_jnp, _function)


def reciprocal(x):
    return 1 / x


def integer_pow(x, y):
    return x ** y


def convert_element_type(operand, new_dtype):
    return _jnp.asarray(operand).astype(new_dtype)


def clamp(min, x, max):
    return _jnp.clip(x, min, max)


def select(pred, on_true, on_false):
    return _jnp.where(pred, on_true, on_false)


def select_n(which, *cases):
    if which.dtype.kind == "b":
        return _jnp.where(which, cases[1], cases[0])
    result = cases[0]
    for i, case in enumerate(cases[1:]):
        result = _jnp.where(which == i + 1, case, result)
    return result


def concatenate(operands, dimension):
    return _jnp.concatenate(operands, axis=dimension)


def full(shape, fill_value, dtype=None):
    return _jnp.full(shape, fill_value, dtype)


def iota(dtype, size):
    return _jnp.arange(size, dtype=dtype)


def broadcasted_iota(dtype, shape, dimension):
    own = [1] * len(shape)
    own[dimension] = shape[dimension]
    return _jnp.broadcast_to(_jnp.arange(shape[dimension], dtype=dtype).reshape(tuple(own)), shape)


def broadcast(operand, sizes):
    return _jnp.broadcast_to(operand, tuple(sizes) + operand.shape)


def broadcast_in_dim(operand, shape, broadcast_dimensions):
    own = [1] * len(shape)
    for axis, place in enumerate(broadcast_dimensions):
        own[place] = operand.shape[axis]
    return _jnp.broadcast_to(operand.reshape(tuple(own)), shape)


def rev(operand, dimensions):
    return _jnp.flip(operand, tuple(dimensions))


def slice(operand, start_indices, limit_indices, strides=None):
    strides = strides or [1] * len(start_indices)
    return operand[tuple([_slice(a, b, c) for a, b, c in zip(start_indices, limit_indices, strides)])]


_slice = __import__("builtins").slice


def slice_in_dim(operand, start_index, limit_index, stride=1, axis=0):
    return operand[(_slice(None),) * (axis % operand.ndim) + (_slice(start_index, limit_index, stride),)]


def index_in_dim(operand, index, axis=0, keepdims=True):
    size = operand.shape[axis]
    index = index + size if index < 0 else index
    result = slice_in_dim(operand, index, index + 1, 1, axis)
    return result if keepdims else _jnp.squeeze(result, axis)


def dynamic_slice_in_dim(operand, start_index, slice_size, axis=0):
    starts, sizes = [0] * operand.ndim, list(operand.shape)
    starts[axis], sizes[axis] = start_index, slice_size
    return dynamic_slice(operand, starts, sizes)


def dynamic_index_in_dim(operand, index, axis=0, keepdims=True):
    result = dynamic_slice_in_dim(operand, index, 1, axis)
    return result if keepdims else _jnp.squeeze(result, axis)


def dynamic_update_slice_in_dim(operand, update, start_index, axis):
    starts = [0] * operand.ndim
    starts[axis] = start_index
    return dynamic_update_slice(operand, update, starts)


def dynamic_update_index_in_dim(operand, update, index, axis):
    update = _jnp.asarray(update)
    if update.ndim != operand.ndim:
        update = _jnp.expand_dims(update, axis)
    return dynamic_update_slice_in_dim(operand, update, index, axis)


def cumsum(operand, axis=0, reverse=False):
    return _cumulative(_jnp.cumsum, operand, axis, reverse)


def cumprod(operand, axis=0, reverse=False):
    return _cumulative(_jnp.cumprod, operand, axis, reverse)


def cummax(operand, axis=0, reverse=False):
    return associative_scan(_jnp.maximum, operand, reverse, axis)


def cummin(operand, axis=0, reverse=False):
    return associative_scan(_jnp.minimum, operand, reverse, axis)


def _cumulative(function, operand, axis, reverse):
    if reverse:
        return _jnp.flip(function(_jnp.flip(operand, axis), axis=axis), axis)
    return function(operand, axis=axis)


def sort(operand, dimension=-1, is_stable=True):
    return _jnp.sort(operand, axis=dimension)


def argmax(operand, axis, index_dtype):
    return _jnp.argmax(operand, axis).astype(index_dtype)


def argmin(operand, axis, index_dtype):
    return _jnp.argmin(operand, axis).astype(index_dtype)


def reduce_sum(operand, axes):
    return _jnp.sum(operand, tuple(axes))


def reduce_max(operand, axes):
    return _jnp.max(operand, tuple(axes))


def reduce_min(operand, axes):
    return _jnp.min(operand, tuple(axes))


def reduce_prod(operand, axes):
    return _jnp.prod(operand, tuple(axes))


def batch_matmul(lhs, rhs, precision=None):
    return _jnp.matmul(lhs, rhs)


class Precision:
    DEFAULT, HIGH, HIGHEST = "default", "high", "highest"
