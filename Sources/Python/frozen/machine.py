"""The machine itself: memory, devices, faults, files, power."""
import _native
from _native import Fault

_native.populate("machine", globals())


def gpu_selftest():
    """Runs the test kernels on every accelerator, prints what each measured, and says whether all results were right."""
    right = True
    for line, is_wrong in _gpu_selftest():
        print(line)
        right = right and not is_wrong
    return right
