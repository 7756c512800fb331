"""dataclasses: from the annotations of the class and its bases."""


class _Missing:
    def __repr__(self):
        return "MISSING"


MISSING = _Missing()
KW_ONLY = object()


class FrozenInstanceError(AttributeError):
    pass


class Field:
    def __init__(self, default, default_factory, init, repr, compare, metadata, kw_only):
        self.name = None
        self.type = None
        self.default = default
        self.default_factory = default_factory
        self.init = init
        self.repr = repr
        self.compare = compare
        self.metadata = metadata
        self.kw_only = kw_only


def field(*, default=MISSING, default_factory=MISSING, init=True, repr=True, hash=None, compare=True, metadata=None, kw_only=False):
    return Field(default, default_factory, init, repr, compare, metadata or {}, kw_only)


def _collect(cls, kw_only):
    result = {}
    for base in reversed(cls.__bases__):
        for f in getattr(base, "__dataclass_fields__", {}).values():
            result[f.name] = f
    only = kw_only
    own = cls.__dict__
    for name, kind in own.get("__annotations__", {}).items():
        if kind is KW_ONLY:
            only = True
            continue
        if "ClassVar" in repr(kind):
            continue
        value = own.get(name, MISSING)
        f = value if isinstance(value, Field) else field(default=value)
        if isinstance(f.default, (list, dict, set)):
            raise ValueError("mutable default " + repr(type(f.default)) + " for field " + name + " is not allowed: use default_factory")
        f.name = name
        f.type = kind
        f.kw_only = f.kw_only or only
        result[name] = f
    return result


def _process(cls, init, repr_, eq, order, frozen, kw_only):
    fields_ = _collect(cls, kw_only)
    for f in fields_.values():
        if f.name in cls.__dict__ and isinstance(cls.__dict__[f.name], Field):
            if f.default is MISSING:
                delattr(cls, f.name)
            else:
                setattr(cls, f.name, f.default)
    positional = [f for f in fields_.values() if f.init and not f.kw_only]

    def __init__(self, *args, **keywords):
        if len(args) > len(positional):
            raise TypeError("__init__() takes " + str(len(positional) + 1) + " positional arguments but "
                            + str(len(args) + 1) + " were given")
        values = {f.name: value for f, value in zip(positional, args)}
        for name, value in keywords.items():
            if name not in fields_ or not fields_[name].init:
                raise TypeError("__init__() got an unexpected keyword argument '" + name + "'")
            if name in values:
                raise TypeError("__init__() got multiple values for argument '" + name + "'")
            values[name] = value
        for f in fields_.values():
            if f.name in values:
                value = values[f.name]
            elif f.default is not MISSING:
                value = f.default
            elif f.default_factory is not MISSING:
                value = f.default_factory()
            elif not f.init:
                continue
            else:
                raise TypeError("__init__() missing 1 required positional argument: '" + f.name + "'")
            object.__setattr__(self, f.name, value)
        post = getattr(self, "__post_init__", None)
        if post is not None:
            post()

    def __repr__(self):
        parts = [f.name + "=" + repr(getattr(self, f.name)) for f in fields_.values() if f.repr]
        return cls.__name__ + "(" + ", ".join(parts) + ")"

    def key(self):
        return tuple(getattr(self, f.name) for f in fields_.values() if f.compare)

    own = cls.__dict__
    cls.__dataclass_fields__ = fields_
    if init and "__init__" not in own:
        cls.__init__ = __init__
    if repr_ and "__repr__" not in own:
        cls.__repr__ = __repr__
    if eq and "__eq__" not in own:
        cls.__eq__ = lambda self, other: type(other) is type(self) and key(self) == key(other)
        if frozen and "__hash__" not in own:
            cls.__hash__ = lambda self: hash(key(self))
    if order:
        cls.__lt__ = lambda self, other: key(self) < key(other)
        cls.__le__ = lambda self, other: key(self) <= key(other)
        cls.__gt__ = lambda self, other: key(self) > key(other)
        cls.__ge__ = lambda self, other: key(self) >= key(other)
    if frozen:
        def refuse(self, name, value=None):
            raise FrozenInstanceError("cannot assign to field '" + name + "'")

        cls.__setattr__ = refuse
        cls.__delattr__ = refuse
    return cls


def dataclass(cls=None, *, init=True, repr=True, eq=True, order=False, unsafe_hash=False, frozen=False, match_args=True,
              kw_only=False, slots=False):
    if cls is None:
        return lambda c: _process(c, init, repr, eq, order, frozen, kw_only)
    return _process(cls, init, repr, eq, order, frozen, kw_only)


def fields(x):
    return tuple(x.__dataclass_fields__.values())


def is_dataclass(x):
    return hasattr(x, "__dataclass_fields__")


def replace(_instance, **changes):
    values = {f.name: getattr(_instance, f.name) for f in fields(_instance) if f.init}
    return type(_instance)(**{**values, **changes})


def _convert(value, mapping):
    if is_dataclass(value) and not isinstance(value, type):
        return mapping([(f.name, _convert(getattr(value, f.name), mapping)) for f in fields(value)])
    if isinstance(value, (list, tuple)):
        return type(value)([_convert(v, mapping) for v in value])
    if isinstance(value, dict):
        return {k: _convert(v, mapping) for k, v in value.items()}
    return value


def asdict(x):
    return _convert(x, dict)


def astuple(x):
    return _convert(x, lambda pairs: tuple(v for _, v in pairs))
