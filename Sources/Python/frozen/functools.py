"""functools: the part that programs use."""

WRAPPER_ASSIGNMENTS = ("__module__", "__name__", "__qualname__", "__doc__")


def update_wrapper(wrapper, wrapped, assigned=WRAPPER_ASSIGNMENTS, updated=()):
    return wrapper


def wraps(wrapped, assigned=WRAPPER_ASSIGNMENTS, updated=()):
    return lambda wrapper: wrapper


class partial:
    def __init__(self, func, *args, **keywords):
        if isinstance(func, partial):
            args = func.args + args
            keywords = {**func.keywords, **keywords}
            func = func.func
        self.func = func
        self.args = args
        self.keywords = keywords

    def __call__(self, *args, **keywords):
        return self.func(*self.args, *args, **{**self.keywords, **keywords})

    def __repr__(self):
        parts = [repr(self.func)] + [repr(a) for a in self.args] + [k + "=" + repr(v) for k, v in self.keywords.items()]
        return "functools.partial(" + ", ".join(parts) + ")"


_absent = object()


def reduce(function, iterable, initial=_absent):
    iterator = iter(iterable)
    if initial is _absent:
        try:
            initial = next(iterator)
        except StopIteration:
            raise TypeError("reduce() of empty iterable with no initial value")
    for item in iterator:
        initial = function(initial, item)
    return initial


class _Cached:
    def __init__(self, function, maxsize):
        self.__wrapped__ = function
        self._maxsize = maxsize
        self.cache_clear()

    def __call__(self, *args, **keywords):
        key = (args, tuple(sorted(keywords.items())))
        if key in self._entries:
            self._hits += 1
            value = self._entries.pop(key)  # the one used last comes last
        else:
            self._misses += 1
            value = self.__wrapped__(*args, **keywords)
            if self._maxsize is not None and len(self._entries) >= self._maxsize > 0:
                del self._entries[next(iter(self._entries))]
        if self._maxsize != 0:
            self._entries[key] = value
        return value

    def cache_clear(self):
        self._entries = {}
        self._hits = self._misses = 0

    def cache_info(self):
        return (self._hits, self._misses, self._maxsize, len(self._entries))


def lru_cache(maxsize=128, typed=False):
    if callable(maxsize):
        return _Cached(maxsize, 128)
    return lambda function: _Cached(function, maxsize)


def cache(function):
    return _Cached(function, None)


class _CachedProperty(property):
    pass


def cached_property(function):
    name = "_cached_" + function.__name__

    def get(self):
        if not hasattr(self, name):
            setattr(self, name, function(self))
        return getattr(self, name)

    return property(get)


def cmp_to_key(compare):
    class Key:
        def __init__(self, value):
            self.value = value

        def __lt__(self, other):
            return compare(self.value, other.value) < 0

        def __gt__(self, other):
            return compare(self.value, other.value) > 0

        def __eq__(self, other):
            return compare(self.value, other.value) == 0

    return Key


def total_ordering(cls):
    return cls


class singledispatch:
    def __init__(self, function):
        self._default = function
        self._table = []

    def register(self, kind, function=None):
        if function is None:
            return lambda f: self.register(kind, f)
        self._table.append((kind, function))
        return function

    def __call__(self, value, *args, **keywords):
        for kind, function in reversed(self._table):
            if isinstance(value, kind):
                return function(value, *args, **keywords)
        return self._default(value, *args, **keywords)
