"""jax.lax: operators, and the loops and branches that functions are traced through."""
import _native
from jax import numpy as _jnp
from jax._control import associative_scan, cond, fori_loop, map, scan, switch, while_loop
from jax.custom_derivatives import custom_jvp, stop_gradient

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


@custom_jvp
def erf_inv(x):
    """By Giles' polynomials in single precision (Approximating the erfinv function, GPU Computing Gems, 2010)."""
    x = _jnp.asarray(x)
    kind = x.dtype
    y = x if kind == _jnp.float32 else x.astype(_jnp.float32)
    w = -_jnp.log1p(-y * y)
    near = w < 5
    w = _jnp.where(near, w - 2.5, _jnp.sqrt(_jnp.where(near, 5., w)) - 3.0)
    p = None
    for a, b in ((2.81022636e-08, -0.000200214257), (3.43273939e-07, 0.000100950558), (-3.5233877e-06, 0.00134934322), (-4.39150654e-06, -0.00367342844),
                 (0.00021858087, 0.00573950773), (-0.00125372503, -0.0076224613), (-0.00417768164, 0.00943887047), (0.246640727, 1.00167406),
                 (1.50140941, 2.83297682)):
        c = _jnp.where(near, _jnp.float32(a), _jnp.float32(b))
        p = c if p is None else c + p * w
    result = _jnp.where(_jnp.abs(y) == 1, y * _jnp.inf, p * y)
    return result if kind == _jnp.float32 else result.astype(kind)


@erf_inv.defjvp
def _erf_inv_jvp(primals, tangents):
    result = erf_inv(primals[0])
    return result, tangents[0] * 0.8862269254527579 * exp(result * result)


def nextafter(x1, x2):
    return _jnp.nextafter(x1, x2)


def _spatial(text, letters):
    """The dimensions of "NCHW" that batch, feature and the spatial letters have."""
    return [text.index(letter) for letter in letters]


def conv_general_dilated(lhs, rhs, window_strides, padding, lhs_dilation=None, rhs_dilation=None, dimension_numbers=None, feature_group_count=1,
                         batch_group_count=1, precision=None, preferred_element_type=None, out_sharding=None):
    rank = lhs.ndim - 2
    if dimension_numbers is None:
        plain = list(range(rank + 2))
        numbers = [plain, plain, plain]
    elif hasattr(dimension_numbers, "lhs_spec"):
        numbers = [list(dimension_numbers.lhs_spec), list(dimension_numbers.rhs_spec), list(dimension_numbers.out_spec)]
    else:
        own, kernel, out = dimension_numbers
        spatial = [c for c in kernel if c not in "OI"]
        numbers = [_spatial(own, ["N", "C"] + spatial), _spatial(kernel, ["O", "I"] + spatial), _spatial(out, ["N", "C"] + spatial)]
    ones = [1] * rank
    lhs_dilation, rhs_dilation = list(lhs_dilation or ones), list(rhs_dilation or ones)
    if isinstance(padding, str):
        sizes = [(lhs.shape[i] - 1) * d + 1 for i, d in zip(numbers[0][2:], lhs_dilation)]
        windows = [(rhs.shape[i] - 1) * d + 1 for i, d in zip(numbers[1][2:], rhs_dilation)]
        padding = padtype_to_pads(sizes, windows, window_strides, padding)
    return _convolution(lhs, rhs, list(window_strides), numbers[0], numbers[1], numbers[2], [list(p) for p in padding], lhs_dilation, rhs_dilation,
                        feature_group_count, batch_group_count)


def padtype_to_pads(in_shape, window_shape, window_strides, padding):
    if padding.upper() == "VALID":
        return [(0, 0)] * len(in_shape)
    if padding.upper() not in ("SAME", "SAME_LOWER"):
        raise RuntimeError("Unrecognized padding type: expected 'VALID', 'SAME', or 'SAME_LOWER', got " + padding + ".")
    pads = []
    for size, window, stride in zip(in_shape, window_shape, window_strides):
        total = _builtin_max((-(-size // stride) - 1) * stride + window - size, 0)
        half = total // 2
        pads.append((half, total - half) if padding.upper() == "SAME" else (total - half, half))
    return pads


_builtin_max = __import__("builtins").max


class ConvDimensionNumbers:
    def __init__(self, lhs_spec, rhs_spec, out_spec):
        self.lhs_spec, self.rhs_spec, self.out_spec = lhs_spec, rhs_spec, out_spec


def conv_dimension_numbers(lhs_shape, rhs_shape, dimension_numbers):
    own, kernel, out = dimension_numbers
    spatial = [c for c in kernel if c not in "OI"]
    return ConvDimensionNumbers(tuple(_spatial(own, ["N", "C"] + spatial)), tuple(_spatial(kernel, ["O", "I"] + spatial)),
                                tuple(_spatial(out, ["N", "C"] + spatial)))


def conv(lhs, rhs, window_strides, padding, precision=None, preferred_element_type=None):
    return conv_general_dilated(lhs, rhs, window_strides, padding)


def conv_with_general_padding(lhs, rhs, window_strides, padding, lhs_dilation, rhs_dilation, precision=None, preferred_element_type=None):
    return conv_general_dilated(lhs, rhs, window_strides, padding, lhs_dilation, rhs_dilation)


_KINDS = {"add": "add", "sum": "add", "mul": "mul", "multiply": "mul", "prod": "mul", "max": "max", "maximum": "max", "min": "min", "minimum": "min"}


def reduce_window(operand, init_value, computation, window_dimensions, window_strides, padding, base_dilation=None, window_dilation=None):
    name = getattr(computation, "__name__", "")
    if name not in _KINDS:
        raise NotImplementedError("reduce_window with a computation other than add, mul, max and min")
    ones = [1] * operand.ndim
    if isinstance(padding, str):
        dilated = [(n - 1) * d + 1 for n, d in zip(window_dimensions, window_dilation or ones)]
        padding = padtype_to_pads(operand.shape, dilated, window_strides, padding)
    return _reduce_window(operand, init_value, _KINDS[name], list(window_dimensions), list(window_strides or ones), [list(p) for p in padding],
                          list(base_dilation or ones), list(window_dilation or ones))


def reduce(operands, init_values, computation, dimensions):
    name = _KINDS.get(getattr(computation, "__name__", ""))
    functions = {"add": _jnp.sum, "mul": _jnp.prod, "max": _jnp.max, "min": _jnp.min}
    combine = {"add": _jnp.add, "mul": _jnp.multiply, "max": _jnp.maximum, "min": _jnp.minimum}
    if name is None:
        raise NotImplementedError("reduce with a computation other than add, mul, max and min")
    return combine[name](functions[name](operands, axis=tuple(dimensions)), init_values)


def axis_index(axis_name):
    raise NameError("Found an unbound axis name: " + str(axis_name) + ". To fix this, please call " + str(axis_name) + " under `jax.shard_map`.")
