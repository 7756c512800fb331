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


class Limits(dict):
    """The limits in force. As a context manager: those from before hold again at its end."""

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        _limits(**self._before)


def limits(*changes, **named):
    """What each native call may use: limits(memory=bytes, time=seconds, permissions=names); None takes a limit away. At the prompt
    the time is a statement's, too. Returns what holds now; `with limits(…):` holds for its block."""
    before = _limits()
    now = Limits(_limits(*changes, **named))
    now._before = before
    return now
