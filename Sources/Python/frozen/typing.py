"""typing: names for annotations, which nothing checks."""
from collections import namedtuple as _namedtuple


class _Special:
    def __init__(self, name):
        self._name = name

    def __getitem__(self, parameters):
        return self

    def __or__(self, other):
        return self

    __ror__ = __or__

    def __call__(self, *args, **keywords):
        return args[0] if args else None

    def __repr__(self):
        return "typing." + self._name


for _name in ("Any Callable ClassVar Concatenate Final Generator Iterable Iterator Literal Mapping MutableMapping MutableSequence "
              "Never NoReturn Optional ParamSpec Self Sequence Sized SupportsFloat SupportsIndex SupportsInt TypeAlias Union "
              "Annotated AnyStr Awaitable Collection Container Coroutine Hashable Reversible Type Text Dict List Set FrozenSet "
              "Tuple DefaultDict OrderedDict Counter Deque").split():
    globals()[_name] = _Special(_name)

TYPE_CHECKING = False


class Generic:
    pass


class _Base:
    """`class C(Generic[T])`: the subscript is the class itself."""

    def __init__(self, cls):
        self._cls = cls

    def __getitem__(self, parameters):
        return self._cls


Protocol = _Base(Generic)
Generic = _Base(Generic)


def TypeVar(name, *constraints, bound=None, covariant=False, contravariant=False):
    return _Special(name)


def NewType(name, tp):
    return lambda x: x


def cast(tp, value):
    return value


def overload(function):
    return function


def final(x):
    return x


def no_type_check(x):
    return x


def runtime_checkable(x):
    return x


def get_type_hints(x):
    return dict(getattr(x, "__annotations__", {}))


def assert_never(x):
    raise AssertionError("expected code to be unreachable, but got: " + repr(x))


class TypedDict(dict):
    pass


class _NamedTuple:
    """`NamedTuple('N', [('x', int)])`; a class that derives from it becomes a named tuple of its annotations (patch.py)."""

    def __call__(self, name, fields=()):
        return _namedtuple(name, [field[0] for field in fields])


NamedTuple = _NamedTuple()
