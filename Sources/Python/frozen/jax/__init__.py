"""JAX without an operating system: arrays and exported programs."""
from _native import Array
from jax import numpy
from jax import export

__version__ = "0.10.2"


def device_get(x):
    """The value as it is: arrays are in the machine's memory."""
    return x


def block_until_ready(x):
    """The value as it is: operations end before they return."""
    return x
