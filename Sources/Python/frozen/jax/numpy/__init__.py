"""jax.numpy: the functions are native (Sources/Python/Bindings/Functions); what needs Python only stands in the modules beside this one."""
import _native
from _native import Array

_native.populate("jax.numpy", globals())
globals().update(_scalar_types())

ndarray = Array
pi = 3.141592653589793
e = 2.718281828459045
euler_gamma = 0.5772156649015329
inf = float("inf")
nan = float("nan")
newaxis = None




from jax.numpy._shapes import *
from jax.numpy._statistics import *
from jax.numpy._elements import *
from jax.numpy._einsum import einsum, einsum_path
from jax.numpy._types import *
from jax.numpy import fft, linalg
