"""Attributes of arrays that are written in Python: a function of the array each (Sources/Python/port/object.c)."""
from jax import numpy as jnp
from jax.numpy import _update


class _IndexUpdateRef:
    """`x.at[index]`, whose methods give a new array."""

    def __init__(self, array, index):
        self.array, self.index = array, index

    def set(self, values, *, indices_are_sorted=False, unique_indices=False, mode=None, wrap_negative_indices=True):
        return _update(self.array, self.index, values, "set")

    def add(self, values, *, indices_are_sorted=False, unique_indices=False, mode=None, wrap_negative_indices=True):
        return _update(self.array, self.index, values, "add")

    def subtract(self, values, **options):
        return _update(self.array, self.index, -jnp.asarray(values), "add")

    def multiply(self, values, *, indices_are_sorted=False, unique_indices=False, mode=None, wrap_negative_indices=True):
        return _update(self.array, self.index, values, "multiply")

    mul = multiply

    def divide(self, values, **options):
        return self.array / _update(jnp.ones_like(self.array), self.index, values, "multiply")

    def power(self, values, **options):
        return self.array ** _update(jnp.ones_like(self.array), self.index, values, "multiply")

    def min(self, values, *, indices_are_sorted=False, unique_indices=False, mode=None, wrap_negative_indices=True):
        return _update(self.array, self.index, values, "min")

    def max(self, values, *, indices_are_sorted=False, unique_indices=False, mode=None, wrap_negative_indices=True):
        return _update(self.array, self.index, values, "max")

    def apply(self, func, **options):
        return self.set(func(self.array[self.index]))

    def get(self, *, indices_are_sorted=False, unique_indices=False, mode=None, fill_value=None, wrap_negative_indices=True):
        if mode == "fill" or fill_value is not None:
            return _filled(self.array, self.index, fill_value)
        return self.array[self.index]


def _filled(array, index, fill_value):
    """Of one axis: elements out of bounds are `fill_value`."""
    index = jnp.asarray(index)
    size = array.shape[0]
    inside = (index >= -size) & (index < size)
    if fill_value is None:
        fill_value = float("nan") if array.dtype.kind in "fc" else jnp.iinfo(array.dtype).min if array.dtype.kind == "i" else 0
    taken = array[index]
    return jnp.where(inside.reshape(inside.shape + (1,) * (taken.ndim - inside.ndim)), taken, jnp.asarray(fill_value, dtype=array.dtype))


class _IndexUpdateHelper:
    def __init__(self, array):
        self.array = array

    def __getitem__(self, index):
        return _IndexUpdateRef(self.array, index)

    def __repr__(self):
        return "_IndexUpdateHelper(" + repr(self.array) + ")"


def _aval(array):
    from jax import core, _trace
    return core.ShapedArray(*_trace.aval(array))


properties = {
    "at": _IndexUpdateHelper,
    "aval": _aval,
    "sharding": lambda array: "SingleDeviceSharding(device=CpuDevice(id=0), memory_kind=device)",
    "device": lambda array: "cpu:0",
    "is_fully_addressable": lambda array: True,
}

methods = {
    "round": lambda self, decimals=0: jnp.round(self, decimals),
    "trace": lambda self, offset=0: jnp.trace(self, offset),
    "diagonal": lambda self, offset=0: jnp.diagonal(self, offset),
    "repeat": lambda self, repeats, axis=None: jnp.repeat(self, repeats, axis),
    "searchsorted": lambda self, v, side="left": jnp.searchsorted(self, v, side),
    "is_deleted": lambda self: False,
    "devices": lambda self: {"cpu:0"},
    "copy_to_host_async": lambda self: None,
    "delete": lambda self: None,
    "unsafe_buffer_pointer": lambda self: 0,
    "view": lambda self, dtype: jnp.view(self, dtype),
    "compress": lambda self, condition, axis=None: jnp.compress(condition, self, axis),
}
