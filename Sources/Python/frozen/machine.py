"""The machine itself: memory, devices, faults, files, power."""
import _native
from _native import Fault

_native.populate("machine", globals())
