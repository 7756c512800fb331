"""jax.tree_util: containers of arrays as lists of leaves, and back.

A tree's structure is a node: "*" for a leaf, None for None, or (kind, data, children), where `data` is what the kind keeps beside its
children: a dict's keys, a class's own. Nodes are hashable, so that caches may go by them."""
from _native import Array

_LEAF = "*"
_registry = {}


class PyTreeDef:
    def __init__(self, node):
        self._node = node

    @property
    def num_leaves(self):
        return _count(self._node)

    @property
    def num_nodes(self):
        def nodes(node):
            return 1 if node is None or node == _LEAF else 1 + sum(nodes(child) for child in node[2])
        return nodes(self._node)

    def unflatten(self, leaves):
        return tree_unflatten(self, leaves)

    def flatten_up_to(self, tree):
        leaves = []
        _flatten_up_to(self._node, tree, leaves, "")
        return leaves

    def children(self):
        return [] if self._node is None or self._node == _LEAF else [PyTreeDef(child) for child in self._node[2]]

    def node_data(self):
        return None if self._node is None or self._node == _LEAF else (self._node[0], self._node[1])

    def __eq__(self, other):
        return isinstance(other, PyTreeDef) and self._node == other._node

    def __hash__(self):
        return hash(self._node)

    def __repr__(self):
        return "PyTreeDef(" + _text(self._node) + ")"


def _count(node):
    if node is None:
        return 0
    return 1 if node == _LEAF else sum(_count(child) for child in node[2])


def _text(node):
    if node is None:
        return "None"
    if node == _LEAF:
        return _LEAF
    kind, data, children = node
    parts = [_text(child) for child in children]
    if kind is tuple:
        return "(" + ", ".join(parts) + (",)" if len(parts) == 1 else ")")
    if kind is list:
        return "[" + ", ".join(parts) + "]"
    if kind is dict:
        return "{" + ", ".join(repr(key) + ": " + part for key, part in zip(data, parts)) + "}"
    if kind in _registry:
        return "CustomNode(" + kind.__name__ + "[" + str(data) + "], [" + ", ".join(parts) + "])"
    return "CustomNode(namedtuple[" + kind.__name__ + "], [" + ", ".join(parts) + "])"


def _is_named(x):
    """Of a tuple that is no plain one."""
    return isinstance(x, tuple)


def _sorted_keys(tree):
    try:
        return tuple(sorted(tree))
    except TypeError:
        raise ValueError("Comparator raised exception while sorting pytree dictionary keys.")


def _flatten(x, leaves, is_leaf=None):
    if x is None:
        if is_leaf is not None and is_leaf(x):
            leaves.append(x)
            return _LEAF
        return None
    kind = type(x)
    if kind is Array or kind is float or kind is int or kind is bool or (is_leaf is not None and is_leaf(x)):
        leaves.append(x)
        return _LEAF
    if kind is tuple or kind is list:
        return (kind, None, tuple([_flatten(child, leaves, is_leaf) for child in x]))
    if kind is dict:
        keys = _sorted_keys(x)
        return (kind, keys, tuple([_flatten(x[key], leaves, is_leaf) for key in keys]))
    entry = _registry.get(kind)
    if entry is not None:
        children, data = entry[0](x)[:2]
        return (kind, data, tuple([_flatten(child, leaves, is_leaf) for child in children]))
    if _is_named(x):
        return (kind, None, tuple([_flatten(child, leaves, is_leaf) for child in x]))
    leaves.append(x)
    return _LEAF


def _build(node, leaves):
    """`leaves` is an iterator."""
    if node is None:
        return None
    if node == _LEAF:
        return next(leaves)
    kind, data, children = node
    parts = [_build(child, leaves) for child in children]
    if kind is list:
        return parts
    if kind is tuple:
        return tuple(parts)
    if kind is dict:
        return dict(zip(data, parts))
    entry = _registry.get(kind)
    if entry is not None:
        return entry[1](data, tuple(parts))
    return kind(*parts)


def _mismatch(what, path, lines):
    return ValueError("pytree structure error: different " + what + " at key path\n    tree_map tree" + path + "\nAt that key path, the prefix pytree "
                      "tree_map tree has a subtree of " + lines)


def _flatten_up_to(node, tree, leaves, path):
    """The subtrees of `tree` in the places of the leaves of `node`."""
    if node == _LEAF:
        leaves.append(tree)
        return
    if node is None:
        if tree is not None:
            raise ValueError("Expected None, got " + repr(tree) + ".\n\nIn previous releases of JAX, flatten-up-to used to consider None to be "
                             "a tree-prefix of any value.")
        return
    kind, data, children = node
    if type(tree) is not kind:
        raise _mismatch("types", path, "type\n    " + str(kind) + "\nbut at the same key path the full pytree has a subtree of different type\n    "
                        + str(type(tree)) + ".")
    if kind is dict:
        if _sorted_keys(tree) != data:
            raise _mismatch("pytree metadata", path, "type\n    " + str(kind) + "\nwith metadata\n    " + repr(data) + "\nbut at the same key path the full "
                            "pytree has a subtree of the same type but with metadata\n    " + repr(_sorted_keys(tree)))
        parts = [tree[key] for key in data]
    elif kind in _registry:
        parts, own = _registry[kind][0](tree)[:2]
        if own != data:
            raise ValueError("Mismatch custom node data: " + repr(data) + " != " + repr(own) + "; value: " + repr(tree) + ".")
    else:
        parts = tree
    parts = list(parts)
    if len(parts) != len(children):
        raise _mismatch("lengths of " + kind.__name__, path, "type " + kind.__name__ + " of length " + str(len(children)) + ", but the full pytree has a "
                        "subtree of the same type but of length " + str(len(parts)) + ".")
    for i, (child, part) in enumerate(zip(children, parts)):
        _flatten_up_to(child, part, leaves, path + "[" + repr(data[i] if kind is dict else i) + "]")


def tree_flatten(tree, is_leaf=None):
    leaves = []
    return leaves, PyTreeDef(_flatten(tree, leaves, is_leaf))


def tree_unflatten(treedef, leaves):
    leaves = list(leaves)
    if len(leaves) != treedef.num_leaves:
        raise ValueError("Too " + ("many" if len(leaves) > treedef.num_leaves else "few") + " leaves for PyTreeDef; expected "
                         + str(treedef.num_leaves) + ", got " + str(len(leaves)))
    return _build(treedef._node, iter(leaves))


def tree_leaves(tree, is_leaf=None):
    leaves = []
    _flatten(tree, leaves, is_leaf)
    return leaves


def tree_structure(tree, is_leaf=None):
    return PyTreeDef(_flatten(tree, [], is_leaf))


def treedef_children(treedef):
    return treedef.children()


def treedef_is_leaf(treedef):
    return treedef.num_nodes == 1


def tree_map(f, tree, *rest, is_leaf=None):
    leaves = []
    node = _flatten(tree, leaves, is_leaf)
    columns = [leaves]
    for other in rest:
        column = []
        _flatten_up_to(node, other, column, "")
        columns.append(column)
    return _build(node, iter([f(*row) for row in zip(*columns)]))


_absent = object()


def tree_reduce(function, tree, initializer=_absent, is_leaf=None):
    leaves = tree_leaves(tree, is_leaf)
    if initializer is _absent:
        if not leaves:
            raise TypeError("reduce() of empty iterable with no initial value")
        result, leaves = leaves[0], leaves[1:]
    else:
        result = initializer
    for leaf in leaves:
        result = function(result, leaf)
    return result


def tree_all(tree, *, is_leaf=None):
    return all(tree_leaves(tree, is_leaf))


def tree_transpose(outer_treedef, inner_treedef, pytree_to_transpose):
    outer, inner = outer_treedef.num_leaves, inner_treedef.num_leaves
    leaves = tree_leaves(pytree_to_transpose)
    rows = [leaves[i * inner:(i + 1) * inner] for i in range(outer)]
    return tree_unflatten(inner_treedef, [tree_unflatten(outer_treedef, [row[i] for row in rows]) for i in range(inner)])


def all_leaves(iterable, is_leaf=None):
    return all(tree_structure(x, is_leaf)._node == _LEAF for x in iterable)


# --- classes of the user's ---


def register_pytree_node(nodetype, flatten_func, unflatten_func, flatten_with_keys_func=None):
    if nodetype in _registry:
        raise ValueError("Duplicate custom PyTreeDef type registration for " + repr(nodetype) + ".")
    _registry[nodetype] = (flatten_func, unflatten_func, flatten_with_keys_func)


def register_pytree_with_keys(nodetype, flatten_with_keys, unflatten_func, flatten_func=None):
    def flatten(x):
        children, data = flatten_with_keys(x)
        return tuple(child for _, child in children), data
    register_pytree_node(nodetype, flatten_func or flatten, unflatten_func, flatten_with_keys)


def register_pytree_node_class(cls):
    register_pytree_node(cls, lambda x: x.tree_flatten(), cls.tree_unflatten)
    return cls


def register_pytree_with_keys_class(cls):
    register_pytree_with_keys(cls, lambda x: x.tree_flatten_with_keys(), cls.tree_unflatten)
    return cls


def register_dataclass(nodetype, data_fields=None, meta_fields=None, drop_fields=()):
    if data_fields is None:
        data_fields = [name for name in nodetype.__dataclass_fields__ if name not in drop_fields]
    meta_fields = meta_fields or []

    def flatten(x):
        return tuple(getattr(x, name) for name in data_fields), tuple(getattr(x, name) for name in meta_fields)

    def flatten_with_keys(x):
        return tuple((GetAttrKey(name), getattr(x, name)) for name in data_fields), tuple(getattr(x, name) for name in meta_fields)

    def unflatten(data, children):
        return nodetype(**dict(zip(data_fields, children)), **dict(zip(meta_fields, data)))

    register_pytree_node(nodetype, flatten, unflatten, flatten_with_keys)
    return nodetype


class Partial:
    """A partially applied function that is a tree of its arguments."""

    def __init__(self, func, *args, **keywords):
        self.func, self.args, self.keywords = func, args, keywords

    def __call__(self, *args, **keywords):
        return self.func(*self.args, *args, **{**self.keywords, **keywords})


register_pytree_node(Partial, lambda p: ((p.args, p.keywords), p.func), lambda func, parts: Partial(func, *parts[0], **parts[1]))


# --- paths ---


class _Key:
    def __eq__(self, other):
        return type(self) is type(other) and self.__dict__ == other.__dict__

    def __hash__(self):
        return hash(str(self))

    def __repr__(self):
        return str(self)


class SequenceKey(_Key):
    def __init__(self, idx):
        self.idx = idx

    def __repr__(self):
        return "SequenceKey(idx=" + repr(self.idx) + ")"

    def __str__(self):
        return "[" + repr(self.idx) + "]"


class DictKey(_Key):
    def __init__(self, key):
        self.key = key

    def __repr__(self):
        return "DictKey(key=" + repr(self.key) + ")"

    def __str__(self):
        return "[" + repr(self.key) + "]"


class GetAttrKey(_Key):
    def __init__(self, name):
        self.name = name

    def __repr__(self):
        return "GetAttrKey(name=" + repr(self.name) + ")"

    def __str__(self):
        return "." + self.name


class FlattenedIndexKey(_Key):
    def __init__(self, key):
        self.key = key

    def __repr__(self):
        return "FlattenedIndexKey(key=" + repr(self.key) + ")"

    def __str__(self):
        return "[<flat index " + str(self.key) + ">]"


def _paths(x, path, found, is_leaf):
    if is_leaf is not None and is_leaf(x):
        found.append((path, x))
        return
    kind = type(x)
    if x is None:
        return
    if kind is tuple or kind is list:
        children = [(SequenceKey(i), child) for i, child in enumerate(x)]
    elif kind is dict:
        children = [(DictKey(key), x[key]) for key in _sorted_keys(x)]
    elif kind in _registry:
        entry = _registry[kind]
        if entry[2] is not None:
            children = entry[2](x)[0]
        else:
            children = [(FlattenedIndexKey(i), child) for i, child in enumerate(entry[0](x)[0])]
    elif _is_named(x):
        names = getattr(x, "_fields", None)
        children = [(GetAttrKey(names[i]) if names else SequenceKey(i), child) for i, child in enumerate(x)]
    else:
        found.append((path, x))
        return
    for key, child in children:
        _paths(child, path + (key,), found, is_leaf)


def tree_leaves_with_path(tree, is_leaf=None):
    found = []
    _paths(tree, (), found, is_leaf)
    return found


def tree_flatten_with_path(tree, is_leaf=None):
    return tree_leaves_with_path(tree, is_leaf), tree_structure(tree, is_leaf)


def tree_map_with_path(f, tree, *rest, is_leaf=None):
    pairs, treedef = tree_flatten_with_path(tree, is_leaf)
    columns = [treedef.flatten_up_to(other) for other in rest]
    return tree_unflatten(treedef, [f(path, leaf, *[column[i] for column in columns]) for i, (path, leaf) in enumerate(pairs)])


def keystr(keys, *, simple=False, separator=""):
    if not simple:
        return separator.join(str(key) for key in keys)
    return separator.join(str(getattr(key, "idx", getattr(key, "key", getattr(key, "name", "")))) for key in keys)
