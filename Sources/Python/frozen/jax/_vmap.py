"""jax.vmap: the axes of arguments and results, given for each leaf or for whole trees."""
import _native
from jax import _trace
from jax._jit import parameters_of
from jax.tree_util import PyTreeDef, _LEAF, _build, _flatten, _count, keystr, tree_leaves_with_path


def _spread(axes, node, what, found):
    """One axis for each leaf of `node`: an axis stands for all below it."""
    if axes is None or isinstance(axes, int):
        found.extend([axes] * _count(node))
        return
    if node is None and not axes:
        return
    kind = None if node is None or node == _LEAF else node[0]
    if isinstance(axes, dict) and kind is dict and tuple(sorted(axes)) == node[1]:
        children = [axes[key] for key in node[1]]
    elif isinstance(axes, (tuple, list)) and kind in (tuple, list) and len(axes) == len(node[2]):
        children = axes
    elif kind is not None and type(axes) is kind:
        leaves = []
        children = [_build(child, iter([])) if child is None else child for child in _flatten(axes, leaves, lambda x: x is None)[2]]
        leaves = iter(leaves)
        children = [_build(child, leaves) for child in children]
    else:
        raise ValueError("vmap " + what + " specification must be a tree prefix of the corresponding value, got specification " + repr(axes)
                         + " for value tree " + repr(PyTreeDef(node)) + ".")
    for child, own in zip(children, node[2]):
        _spread(child, own, what, found)


def _size(leaves, axes, names, paths):
    """The size of the dimension that is mapped over, the same in all. Throws in JAX's words where it is not."""
    sizes = []
    for leaf, axis, path in zip(leaves, axes, paths):
        if axis is None:
            continue
        shape = _trace.aval(leaf)[0]
        if not -len(shape) <= axis < len(shape):
            raise ValueError("vmap was requested to map its argument along axis " + str(axis) + ", which implies that its rank should be at least "
                             + str(axis + 1 if axis >= 0 else -axis) + ", but is only " + str(len(shape)) + " (its shape is " + repr(shape) + ")")
        sizes.append((shape[axis], axis, path, leaf))
    if not sizes:
        raise ValueError("vmap must have at least one non-None value in in_axes or axis_size must be specified")
    different = []
    for size, axis, path, leaf in sizes:
        if not any(size == other[0] for other in different):
            different.append((size, axis, path, leaf))
    if len(different) > 1:
        lines = []
        for size, axis, path, leaf in different:
            same = [entry for entry in sizes if entry[0] == size]
            place, (shape, dtype, _) = _path_text(path, names), _trace.aval(leaf)
            kind = dtype.name + "[" + ",".join(str(n) for n in shape) + "]"
            if len(same) == 1:
                lines.append("one axis had size " + str(size) + ": axis " + str(axis) + " of " + place + " of type " + kind)
            else:
                lines.append("most axes (" + str(len(same)) + " of them) had size " + str(size) + ", e.g. axis " + str(axis) + " of " + place + " of type "
                             + kind if len(same) > len(sizes) / 2 else "some axes (" + str(len(same)) + " of them) had size " + str(size) + ", e.g. axis "
                             + str(axis) + " of " + place + " of type " + kind)
        raise ValueError("vmap got inconsistent sizes for array axes to be mapped:\n" + ";\n".join("  * " + line for line in lines))
    return different[0][0]


def _path_text(path, names):
    part = path[1]
    if hasattr(part, "key"):
        return "kwargs" + keystr(path[1:])
    if part.idx < len(names):
        return "argument " + names[part.idx] + keystr(path[2:])
    return "args" + keystr(path[1:])


axis_names = []


def vmap(fun, in_axes=0, out_axes=0, axis_name=None, axis_size=None, spmd_axis_name=None, sum_match=False):
    if isinstance(in_axes, list):
        in_axes = tuple(in_axes)
    if not (in_axes is None or isinstance(in_axes, (int, tuple))):
        raise TypeError("vmap in_axes must be an int, None, or a tuple of entries corresponding to the positional arguments passed to the "
                        "function, but got " + str(in_axes) + ".")

    def batched(*args, **kwargs):
        if isinstance(in_axes, tuple) and len(in_axes) != len(args):
            raise ValueError("vmap in_axes must be an int, None, or a tuple of entries corresponding to the positional arguments passed to the "
                             "function, but got len(in_axes)=" + str(len(in_axes)) + ", len(args)=" + str(len(args)))
        leaves = []
        node = _flatten((args, kwargs), leaves)
        axes = []
        _spread((in_axes, 0), node, "in_axes", axes)
        for leaf in leaves:
            if not _trace.is_array(leaf):
                raise TypeError("Output from batched function " + repr(leaf) + " with type " + str(type(leaf)) + " is not a valid JAX type")
        paths = [path for path, _ in tree_leaves_with_path((args, kwargs))]
        if axis_size is None or any(axis is not None for axis in axes):
            size = _size(leaves, axes, parameters_of(fun), paths)
        else:
            size = axis_size
        mapped = [i for i, axis in enumerate(axes) if axis is not None]

        def run(tracers):
            full = list(leaves)
            for i, tracer in zip(mapped, tracers):
                full[i] = tracer
            own, keywords = _build(node, iter(full))
            return fun(*own, **keywords)

        given, own_axes = [leaves[i] for i in mapped], [axes[i] for i in mapped]
        traced, out = _trace.trace("vmap", fun, given, run, own_axes)
        results = []
        _spread(out_axes, out, "out_axes", results)
        program = _trace.transform(traced, "vmap", in_axes=own_axes, out_axes=results, axis_size=size)
        return _build(out, iter(_trace.call(program, given, False)))

    return batched
