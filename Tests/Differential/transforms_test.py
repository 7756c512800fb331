"""Transforms the functions of transforms.py on the machine and compares with what JAX itself makes of them."""
import argparse
import os

os.environ.setdefault("JAX_PLATFORMS", "cpu")

import jax
import jax.numpy as jnp
import numpy as np
from jax import export

import compare
import transforms
import transforms_models
from machine import HostedMachine, Machine, run_cases


def is_float(argument):
    return np.asarray(argument).dtype.kind in "fc"


def weighted(function):
    """The sum of a function's result with weights that tell its elements apart."""
    def scalar(*arguments):
        y = jnp.ravel(function(*arguments))
        return jnp.sum(y * (1 + jnp.arange(y.size, dtype=y.real.dtype) / 7))
    scalar.platform = platform(function)
    return scalar


def platform(function):
    """What the function is exported for."""
    return getattr(function, "platform", "cpu")


#: Routines that JAX calls but does not promise to keep, which an export has to allow.
UNPROMISED = [export.DisabledSafetyCheck.custom_call(f"lapack_{name}_ffi") for name in ("sgesvd", "sgtsv", "dgtsv", "cgtsv", "sormqr", "cunmqr")]


def exported(function, arguments):
    types = [jax.ShapeDtypeStruct(np.shape(a), np.asarray(a).dtype) for a in arguments]
    return export.export(jax.jit(function), platforms=[platform(function)], disabled_checks=UNPROMISED)(*types).serialize()


def tangent(index, argument):
    return np.random.default_rng(100 + index).standard_normal(np.shape(argument)).astype(jnp.result_type(argument))


def stacked(argument):
    """Three variations of an argument, the first of them itself."""
    argument = np.asarray(argument)
    if argument.dtype.kind not in "fc":
        return np.stack([argument] * 3)
    return np.stack([argument, argument * argument.dtype.type(0.9), argument * argument.dtype.type(1.05)])


def leaves(tree):
    return [np.asarray(leaf) for leaf in jax.tree_util.tree_leaves(tree) if leaf.dtype != jax.dtypes.float0]


def cases(name, function, arguments):
    """(transformation, function to export, arguments of the result, options, JAX's results)."""
    floats = [i for i, a in enumerate(arguments) if is_float(a)]
    scalar = weighted(function)
    # What JAX is to differentiate in place of a function of which it has no derivative.
    known = getattr(function, "reference", function)
    known_scalar = weighted(known)
    argnums = tuple(floats)
    batch = [stacked(a) for a in arguments]
    if not getattr(function, "is_differentiable", True):
        yield "vmap", function, batch, dict(in_axes=[0] * len(batch)), jax.vmap(known)
        return
    if name not in transforms.FORWARD:
        yield "value_and_grad", scalar, arguments, dict(argnums=argnums), jax.value_and_grad(known_scalar, argnums)
        yield "vjp", function, (*arguments, tangent(9, jax.eval_shape(function, *arguments))), {}, \
            lambda *a: (lambda y, pull: (y, pull(a[-1])))(*jax.vjp(known, *a[:-1]))
    yield "jvp", function, (*arguments, *[tangent(i, arguments[i]) for i in floats]), {}, \
        lambda *a: jax.jvp(lambda *fs: known(*[fs[floats.index(i)] if i in floats else a[i] for i in range(len(arguments))]),
                           tuple(a[i] for i in floats), tuple(a[len(arguments):]))
    yield "vmap", function, batch, dict(in_axes=[0] * len(batch)), jax.vmap(known)
    if len(arguments) > 1:
        axes = [0] + [None] * (len(arguments) - 1)
        yield "vmap", function, (batch[0], *arguments[1:]), dict(in_axes=axes), jax.vmap(known, in_axes=axes)
        axes = [None] * (len(arguments) - 1) + [0]
        yield "vmap", function, (*arguments[:-1], batch[-1]), dict(in_axes=axes), jax.vmap(known, in_axes=axes)
    if name not in transforms.FORWARD:
        yield "vmap(grad)", scalar, batch, dict(argnums=argnums, in_axes=[0] * len(batch)), jax.vmap(jax.grad(known_scalar, argnums))
        if sum(np.size(a) for a in arguments) <= 24 and len(floats) == len(arguments) == 1:
            yield "hessian", scalar, arguments, {}, jax.hessian(known_scalar)
            yield "jacfwd", function, arguments, {}, jax.jacfwd(known)
            yield "jacrev", function, arguments, {}, jax.jacrev(known)


def model_cases(loss, arguments):
    """The same of a model: gradients, a tangent, and gradients of a batch of data, with respect to its first argument."""
    flat, tree = jax.tree_util.tree_flatten(arguments)
    flat = [np.asarray(leaf) for leaf in flat]
    unflattened = lambda function: lambda *leaves: function(*jax.tree_util.tree_unflatten(tree, leaves))
    yield "value_and_grad", loss, flat, {}, unflattened(jax.value_and_grad(loss)), arguments
    floats = [leaf for leaf in flat if is_float(leaf)]
    tangents = [tangent(i, leaf) * np.float32(0.1) for i, leaf in enumerate(floats)]

    def tangent_of(*leaves):
        inner, given = leaves[:len(flat)], list(leaves[len(flat):])
        moving = [i for i, leaf in enumerate(flat) if is_float(leaf)]

        def function(*moved):
            full = list(inner)
            for i, leaf in zip(moving, moved):
                full[i] = leaf
            return unflattened(loss)(*full)
        return jax.jvp(function, [inner[i] for i in moving], given)
    yield "jvp", loss, (*flat, *tangents), {}, tangent_of, arguments
    first = len(jax.tree_util.tree_leaves(arguments[0]))
    batch = flat[:first] + [np.stack([leaf, leaf]) for leaf in flat[first:]]
    axes = [None] + [0] * (len(arguments) - 1)
    yield "vmap(grad)", loss, batch, dict(in_axes=axes), unflattened(jax.vmap(jax.grad(loss), in_axes=axes)), arguments


def check_saved(machine, loss, arguments):
    """The gradient that the machine made goes back to JAX."""
    saved = machine.saved("value_and_grad", export.export(jax.jit(loss))(*arguments).serialize())
    flat = [np.asarray(leaf) for leaf in jax.tree_util.tree_leaves(arguments)]
    return compare_results(leaves(export.deserialize(bytearray(saved)).call(*flat)), leaves(jax.jit(jax.value_and_grad(loss))(*arguments)))


@jax.custom_vjp
def halved(x):
    return jnp.sin(x)


halved.defvjp(lambda x: (jnp.sin(x), x), lambda x, g: (g * jnp.cos(x) / 2,))


def check_stored(machine, n):
    """A backward pass that came with the export knows rules that the program has lost."""
    loss = lambda x, k: jnp.sum(halved(x) * k)
    x, k = transforms.normal(3, n), np.int32(3)
    program = export.export(jax.jit(loss))(x, k).serialize(vjp_order=1)
    return compare_results(machine.transform("value_and_grad", program, (x, k)), leaves(jax.value_and_grad(loss)(x, k)))


TOLERANCE = {"float32": 1e-4, "float64": 1e-9}


def check(machine, transformation, function, arguments, options, reference, inner=None):
    if inner is not None:
        program = export.export(jax.jit(function))(*inner).serialize()
        return compare_results(machine.transform(transformation, program, arguments, **options), leaves(jax.jit(reference)(*arguments)))
    inner = arguments
    if transformation == "vjp":
        inner = arguments[:-1]
    elif transformation == "jvp":
        inner = arguments[:len(arguments) - sum(is_float(a) for a in arguments) // 2]
    elif transformation.startswith("vmap"):
        inner = [a if axis is None else a[0] for a, axis in zip(arguments, options["in_axes"])]
    with jax.enable_x64(any(np.asarray(a).dtype == np.float64 for a in arguments)):
        inner = [np.asarray(a) for a in inner]
        program = exported(function, inner)
        expected = leaves(jax.jit(reference)(*arguments))
    return compare_results(machine.transform(transformation, program, arguments, **options), expected)


def compare_results(actual, expected):
    if len(actual) != len(expected):
        return f"{len(actual)} results, expected {len(expected)}"
    for index, (a, e) in enumerate(zip(actual, expected)):
        tol = TOLERANCE.get(e.dtype.name)
        if text := compare.difference(a, e, tol):
            return f"result {index}: {text}"
    return None


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--hosted", action="store_true")
    parser.add_argument("--only", nargs="*")
    parser.add_argument("--transformation")
    parser.add_argument("--every", type=int, default=1, help="of the functions' cases one in so many; the models' all")
    options = parser.parse_args()
    with (HostedMachine if options.hosted else Machine)() as machine:
        def all_cases():
            total = 0
            for name, (function, arguments) in transforms.FUNCTIONS.items():
                if options.only and name not in options.only:
                    continue
                with jax.enable_x64(any(np.asarray(a).dtype == np.float64 for a in arguments)):
                    found = list(cases(name, function, arguments))
                for number, (transformation, *rest) in enumerate(found):
                    total += 1
                    if total % options.every:
                        continue
                    if options.transformation in (None, transformation):
                        yield f"{transformation} of {name} ({number})", lambda t=transformation, r=rest: check(machine, t, *r)
            if not options.only and not options.transformation:
                yield "a stored backward pass", lambda: check_stored(machine, 5)
            for name, loss, arguments in transforms_models.programs():
                if options.only and name not in options.only:
                    continue
                for transformation, *rest in model_cases(loss, arguments):
                    if options.transformation in (None, transformation):
                        yield f"{transformation} of {name}", lambda t=transformation, r=rest: check(machine, t, *r)
                if not options.hosted and options.transformation in (None, "saved"):
                    yield f"saved gradient of {name}", lambda l=loss, a=arguments: check_saved(machine, l, a)
        run_cases(all_cases())
