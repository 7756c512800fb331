"""jax.jit: a cache of traced functions by the types of the arrays, the trees and the static arguments."""
import _native
from jax import _trace
from jax.tree_util import PyTreeDef, _build, _flatten, keystr, tree_leaves_with_path

_MAXIMUM_ENTRIES = 256
# Programs hold pages of machine code: caches of so many functions are kept.
_MAXIMUM_FUNCTIONS = 64
disabled = [False]


def parameters_of(fun):
    while hasattr(fun, "__wrapped__"):
        fun = fun.__wrapped__
    return _native.parameters(fun) or ()


def as_tuple(x):
    return () if x is None else (x,) if isinstance(x, (int, str)) else tuple(x)


_caches = {}


def _cache_of(fun, *options):
    """One cache for all that `jit` makes of a function."""
    try:
        hash(fun)
    except TypeError:
        return {}
    if len(_caches) >= _MAXIMUM_FUNCTIONS:
        _caches.clear()
    return _caches.setdefault((fun,) + options, {})


class PjitFunction:
    def __init__(self, fun, static_argnums=None, static_argnames=None, donate_argnums=None, donate_argnames=None):
        if not callable(fun):
            raise TypeError("Expected a callable value, got " + str(fun))
        self.__wrapped__ = fun
        self.__name__ = _trace.name_of(fun)
        self._static_argnums, self._static_argnames = as_tuple(static_argnums), as_tuple(static_argnames)
        if self._static_argnums or self._static_argnames:
            self._infer(fun)
        self._donate = as_tuple(donate_argnums)
        self._cache = _cache_of(fun, self._static_argnums, self._static_argnames)

    def _infer(self, fun):
        """Numbers stand for names too, and the other way round."""
        names = _native.parameters(fun)
        if not names:
            return
        for number in self._static_argnums:
            if not -len(names) <= number < len(names) and names:
                raise ValueError("jitted function has static_argnums=" + str(self._static_argnums) + ", but only accepts " + str(len(names))
                                 + " positional arguments.")
        numbers = [number % len(names) for number in self._static_argnums]
        numbers += [names.index(name) for name in self._static_argnames if name in names and names.index(name) not in numbers]
        for name in self._static_argnames:
            if name not in names:
                raise ValueError("jitted function has invalid argnames {" + repr(name) + "} in `static_argnames`. Function does not take these args.")
        self._static_argnames = tuple(set(self._static_argnames) | set(names[number] for number in numbers))
        self._static_argnums = tuple(numbers)

    def _split(self, args, kwargs):
        """The dynamic arguments, and the static ones as a part of the key."""
        if not self._static_argnums and not self._static_argnames:
            return args, kwargs, None
        static, numbers = [], [number % len(args) if number < 0 and args else number for number in self._static_argnums]
        for number in numbers:
            if number < len(args):
                static.append((number, type(args[number]), args[number]))
        for name in self._static_argnames:
            if name in kwargs:
                static.append((name, type(kwargs[name]), kwargs[name]))
        for _, kind, value in static:
            try:
                hash(value)
            except TypeError as error:
                raise ValueError("Non-hashable static arguments are not supported. An error occurred while trying to hash an object of type "
                                 + str(kind) + ", " + str(value) + ". The error was:\nTypeError: " + str(error))
        dynamic = tuple([x for i, x in enumerate(args) if i not in numbers])
        return dynamic, {k: v for k, v in kwargs.items() if k not in self._static_argnames}, tuple(static)

    def _merge(self, args, kwargs, static):
        if static is None:
            return args, kwargs
        args, kwargs = list(args), dict(kwargs)
        for place, _, value in sorted([entry for entry in static if isinstance(entry[0], int)], key=lambda entry: entry[0]):
            args.insert(place, value)
        for place, _, value in static:
            if isinstance(place, str):
                kwargs[place] = value
        return args, kwargs

    def _leaves(self, args, kwargs):
        args, kwargs, static = self._split(args, kwargs)
        leaves = []
        node = _flatten((args, kwargs), leaves)
        try:
            types = _trace.signature(leaves)
        except TypeError:
            self._refuse(args, kwargs)
            raise
        return leaves, node, static, types

    def _refuse(self, args, kwargs):
        names = parameters_of(self.__wrapped__)
        for path, leaf in tree_leaves_with_path((args, kwargs)):
            if not _trace.is_array(leaf):
                place = path[1]
                name = place.key if hasattr(place, "key") else names[place.idx] if place.idx < len(names) else "args" + str(place)
                raise TypeError("Error interpreting argument to " + repr(self.__wrapped__) + " as an abstract array. The problematic value is of "
                                "type " + str(type(leaf)) + " and was passed to the function at path " + name + keystr(path[2:]) + ".\nThis typically "
                                "means that a jit-wrapped function was called with a non-array argument, and this argument was not marked as "
                                "static using the static_argnums or static_argnames parameters of jax.jit.")

    def _traced(self, leaves, node, static, types):
        # Functions with derivative rules of their own record them only where they are needed.
        key = (node, types, static, _trace.order())
        entry = self._cache.get(key)
        if entry is None:
            def run(tracers):
                args, kwargs = _build(node, iter(tracers))
                args, kwargs = self._merge(args, kwargs, static)
                return self.__wrapped__(*args, **kwargs)
            entry = _trace.trace("jit", self.__wrapped__, leaves, run)
            # What belongs to a trace outside ends with it.
            if not entry[0].has_tracers:
                if len(self._cache) >= _MAXIMUM_ENTRIES:
                    self._cache.clear()
                self._cache[key] = entry
        return entry

    def __call__(self, *args, **kwargs):
        if disabled[0]:
            return self.__wrapped__(*args, **kwargs)
        leaves, node, static, types = self._leaves(args, kwargs)
        traced, out = self._traced(leaves, node, static, types)
        return _build(out, iter(_trace.call(traced, leaves, True)))

    def __get__(self, instance, owner=None):
        return self if instance is None else lambda *args, **kwargs: self(instance, *args, **kwargs)

    def __repr__(self):
        return "<PjitFunction of " + repr(self.__wrapped__) + ">"

    def trace(self, *args, **kwargs):
        return Traced(self, *self._traced(*self._leaves(args, kwargs)), self._leaves(args, kwargs)[1])

    def lower(self, *args, **kwargs):
        return self.trace(*args, **kwargs).lower()

    def eval_shape(self, *args, **kwargs):
        from jax import eval_shape
        return eval_shape(self, *args, **kwargs)

    def clear_cache(self):
        self._cache.clear()

    def _cache_size(self):
        return len(self._cache)


class Traced:
    """What `jax.jit(f).trace(…)` and `.lower(…).compile()` give: the function for these types."""

    def __init__(self, function, traced, out_node, in_node):
        self._function, self._traced, self._out, self._in = function, traced, out_node, in_node
        self.in_tree, self.out_tree = PyTreeDef(in_node), PyTreeDef(out_node)

    def lower(self):
        return self

    def compile(self):
        return self

    def as_text(self):
        return self._traced.text

    def __call__(self, *args, **kwargs):
        args, kwargs, _ = self._function._split(args, kwargs)
        leaves = []
        if _flatten((args, kwargs), leaves) != self._in:
            raise TypeError("Function compiled with input pytree does not match the input pytree it was called with.")
        return _build(self._out, iter(_trace.call(self._traced, leaves, True)))


def jit(fun=None, *, in_shardings=None, out_shardings=None, static_argnums=None, static_argnames=None, donate_argnums=None,
        donate_argnames=None, keep_unused=False, device=None, backend=None, inline=False, abstracted_axes=None, compiler_options=None):
    if fun is None:
        return lambda fun: PjitFunction(fun, static_argnums, static_argnames, donate_argnums, donate_argnames)
    return PjitFunction(fun, static_argnums, static_argnames, donate_argnums, donate_argnames)
