"""Programs of several devices (shard_map, pmap, jit with shardings), exported by JAX for 2, 4 and 8 of them, executed on a machine whose
processors are as many devices, and compared with what JAX computes on as many host devices."""
import argparse
import functools
import os

os.environ["XLA_FLAGS"] = "--xla_force_host_platform_device_count=8"
os.environ.setdefault("JAX_PLATFORMS", "cpu")

import jax
import jax.numpy as jnp
import numpy as np
from jax import export, lax
from jax.sharding import NamedSharding, PartitionSpec as P

import compare
from machine import HostedMachine, Machine, run_cases


def mesh_of(shape, names):
    return jax.make_mesh(shape, names, axis_types=(jax.sharding.AxisType.Auto,) * len(shape), devices=jax.devices()[:int(np.prod(shape))])


def normal(seed, *shape):
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def sharded(mesh, in_specs, out_specs, function):
    return jax.shard_map(function, mesh=mesh, in_specs=in_specs, out_specs=out_specs, check_vma=False)


def data_parallel(n):
    """A step of gradient descent on a batch that is divided among the devices."""
    mesh = mesh_of((n,), ("data",))

    def step(w, x, y):
        loss, gradient = jax.value_and_grad(lambda w: jnp.mean((jnp.tanh(x @ w) - y) ** 2))(w)
        return lax.pmean(loss, "data"), w - 0.1 * lax.psum(gradient, "data") / n
    return sharded(mesh, (P(), P("data"), P("data")), (P(), P()), step), (normal(1, 5, 3), normal(2, 16, 5), normal(3, 16, 3))


def tensor_parallel(n):
    """A perceptron whose hidden layer is divided: gathered inputs, scattered sums."""
    mesh = mesh_of((n,), ("model",))

    def layer(x, up, down):
        whole = lax.all_gather(x, "model", axis=1, tiled=True)
        return lax.psum_scatter(jax.nn.relu(whole @ up) @ down, "model", scatter_dimension=1, tiled=True)
    return sharded(mesh, (P(None, "model"), P(None, "model"), P("model", None)), P(None, "model"), layer), \
        (normal(4, 3, 8), normal(5, 8, 16), normal(6, 16, 8))


def ring(n):
    """Parts go round, and each device adds what comes by."""
    mesh = mesh_of((n,), ("ring",))

    def body(x):
        def turn(_, state):
            part, total = state
            part = lax.ppermute(part, "ring", [(i, (i + 1) % n) for i in range(n)])
            return part, total + part * (1 + lax.axis_index("ring"))
        return lax.fori_loop(0, n - 1, turn, (x, x))[1]
    return sharded(mesh, P("ring"), P("ring"), body), (normal(7, 16, 3),)


def shifted(n):
    """What nothing is sent to gets zeros."""
    mesh = mesh_of((n,), ("ring",))
    return sharded(mesh, P("ring"), P("ring"), lambda x: lax.ppermute(x, "ring", [(i, i + 1) for i in range(n - 1)])), (normal(7, 8, 3),)


def exchange(n):
    mesh = mesh_of((n,), ("i",))
    return sharded(mesh, P("i"), P(None, "i"), lambda x: lax.all_to_all(x, "i", split_axis=1, concat_axis=0, tiled=True)), (normal(8, 16, 16),)


def extremes(n):
    mesh = mesh_of((n,), ("i",))

    def body(x):
        return lax.pmax(x, "i"), lax.pmin(x, "i"), lax.pmean(x, "i"), lax.psum(jnp.float32(1), "i") * x, lax.all_gather(x.sum(), "i")
    return sharded(mesh, P("i"), (P(), P(), P(), P("i"), P()), body), (normal(9, 16, 2),)


def two_axes(n):
    mesh = mesh_of((n // 2, 2), ("a", "b"))

    def body(x, w):
        y = lax.psum(x @ w, "b")
        return y + lax.axis_index("a"), lax.all_gather(y, "a", axis=0, tiled=True), lax.psum(y, ("a", "b"))
    return sharded(mesh, (P("a", "b"), P("b", None)), (P("a", None), P(), P()), body), (normal(10, 8, 4), normal(11, 4, 6))


def looped(n):
    """Devices that leave a loop at different times."""
    mesh = mesh_of((n,), ("i",))

    def body(x):
        return lax.while_loop(lambda v: jnp.sum(v) < 20, lambda v: v * 1.5 + 0.5, jnp.abs(x))
    return sharded(mesh, P("i"), P("i"), body), (normal(12, 8, 2),)


def mapped(n):
    return jax.pmap(lambda x, y: (lax.psum(x * y, "i"), x + lax.axis_index("i")), axis_name="i", devices=jax.devices()[:n]), \
        (normal(13, n, 3), normal(14, n, 3))


def constrained(n):
    mesh = mesh_of((n,), ("x",))
    rows, columns = NamedSharding(mesh, P("x", None)), NamedSharding(mesh, P(None, "x"))

    def function(a, b):
        return lax.with_sharding_constraint(jnp.tanh(a @ b), columns).sum(axis=0)
    return jax.jit(function, in_shardings=(rows, columns)), (normal(15, 8, 16), normal(16, 16, 8))


PROGRAMS = {f.__name__: f for f in (data_parallel, tensor_parallel, ring, shifted, exchange, extremes, two_axes, looped, mapped, constrained)}


def check(machine, make, n):
    function, arguments = make(n)
    jitted = function if make is constrained else jax.jit(function)
    shapes = [jax.ShapeDtypeStruct(a.shape, a.dtype) for a in arguments]
    program = export.export(jitted)(*shapes).serialize()
    expected = [np.asarray(leaf) for leaf in jax.tree_util.tree_leaves(jitted(*arguments))]
    actual = machine.run(program, arguments)
    if len(actual) != len(expected):
        return f"{len(actual)} results, expected {len(expected)}"
    for index, (a, e) in enumerate(zip(actual, expected)):
        if text := compare.difference(a, e):
            return f"result {index}: {text}"
    return None


def refused(machine):
    """A program of more devices than there are says so, and the next one is right."""
    function, arguments = ring(8)
    program = export.export(jax.jit(function))(*[jax.ShapeDtypeStruct(a.shape, a.dtype) for a in arguments]).serialize()
    try:
        machine.run(program, arguments)
    except Exception as error:
        return None if "was exported for 8 devices" in str(error) else str(error)
    return "it ran"


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--hosted", action="store_true")
    options = parser.parse_args()
    kind = HostedMachine if options.hosted else functools.partial(Machine, "--cpu-devices", "8")
    cases = []
    with kind() as machine:
        for n in (2, 4, 8):
            for name, make in PROGRAMS.items():
                cases.append((f"{name} on {n}", lambda make=make, n=n: check(machine, make, n)))
        if not options.hosted:
            def small():
                with Machine("--cpu-devices", "4") as four:
                    return refused(four) or check(four, ring, 4)
            cases.append(("more devices than there are", small))
        run_cases(cases)
