"""Makes the exports beside this file with jax 0.10.2: `python make.py`. Each shows one part of the calling convention."""
import io
import os
import pathlib

os.environ["XLA_FLAGS"] = "--xla_force_host_platform_device_count=2"
import collections
import functools

import jax
import jax.numpy as jnp
import numpy as np
from jax import export
from jax._src import core, effects
from jax._src.interpreters import mlir
from jax._src.lib.mlir.dialects import hlo
from jaxlib.mlir.dialects import stablehlo

jax.config.update("jax_traceback_in_locations_limit", 1)
jax.config.update("jax_hlo_source_file_canonicalization_regex", ".*/")
here = pathlib.Path(__file__).parent


def save(name, exported, **options):
    (here / f"{name}.jaxexp").write_bytes(bytes(exported.serialize(**options)))


def shape(text, dtype=jnp.float32, scope=None):
    return jax.ShapeDtypeStruct(export.symbolic_shape(text, scope=scope), dtype)


f32 = functools.partial(jax.ShapeDtypeStruct, dtype=jnp.float32)

# Trees: dictionaries, lists, None, keyword arguments, a registered named tuple; the second leaf is not used by the program.
Point = collections.namedtuple("Point", ["x", "y"])
export.register_namedtuple_serialization(Point, serialized_name="fixtures.Point")


def trees(p, extra, *, scale):
    return {"sum": p["w"] + scale, "point": Point(p["b"][0], None)}


save("trees", export.export(jax.jit(trees))(
    {"w": f32((2, 3)), "b": [f32(()), None]}, f32((4,)), scale=f32(())))

# Several platforms: a leading index.
save("platforms", export.export(jax.jit(
    lambda x: jax.lax.platform_dependent(x, cpu=lambda x: x + 1, default=lambda x: x + 2)),
    platforms=["cuda", "cpu", "barejax"],
    disabled_checks=[export.DisabledSafetyCheck.platform(), export.DisabledSafetyCheck.custom_call("mine")])(f32((3,))))

# Typed keys.
save("keys", export.export(jax.jit(lambda key: jax.random.split(key)))(jax.random.key(0)))

# Symbolic dimensions with constraints.
save("symbolic", export.export(jax.jit(lambda x, y: (x.reshape(-1), x @ y)))(
    *export.symbolic_args_specs((f32((2, 3)), f32((3, 4))), ("b, 2*k + 1", "2*k + 1, m"), constraints=("b >= 2", "m <= 8"))))
save("polymorphic", export.export(jax.jit(
    lambda x: (jnp.concatenate([x, x], axis=0)[1:], jnp.sum(x, axis=0), jnp.arange(x.shape[0] * 2),
               jnp.broadcast_to(x[0, :1], (x.shape[0],)), jax.lax.dynamic_slice_in_dim(x, 1, x.shape[0] - 1),
               jnp.pad(x, ((1, x.shape[0]), (0, 0))), jax.lax.cumsum(x, axis=0), x[::2], x.at[0].set(0.0))))(shape("n, 4")))
save("polymorphic_while", export.export(jax.jit(
    lambda x: jax.lax.fori_loop(0, x.shape[0], lambda i, c: c + x[i], jnp.zeros(x.shape[1:]))))(shape("n, m")))

# Donation.
save("donated", export.export(jax.jit(lambda x, y: (x + y, y * 2), donate_argnums=0))(f32((5,)), f32((5,))))

# The backward pass, twice.
save("vjp", export.export(jax.jit(lambda x: jnp.sin(x) * x))(f32((3,))), vjp_order=2)

# Two devices: a mesh and shardings.
mesh = jax.make_mesh((2,), ("d",), axis_types=(jax.sharding.AxisType.Auto,))
P = jax.sharding.PartitionSpec


@functools.partial(jax.jit, in_shardings=jax.sharding.NamedSharding(mesh, P("d")),
                   out_shardings=jax.sharding.NamedSharding(mesh, P(None)))
def sharded(x):
    return jax.shard_map(lambda s: jax.lax.psum(s, "d"), mesh=mesh, in_specs=P("d"), out_specs=P())(x)


save("sharded", export.export(sharded)(f32((4,))))

# An ordered effect: a token comes in and goes out.
class Tick(effects.Effect):
    def __str__(self):
        return "Tick"

    def __eq__(self, other):
        return isinstance(other, Tick)

    def __hash__(self):
        return 1


for registry in (effects.lowerable_effects, effects.ordered_effects, effects.control_flow_allowed_effects):
    registry.add_type(Tick)
tick = core.Primitive("tick")
tick.def_effectful_abstract_eval(lambda x: (x, {Tick()}))


def lower_tick(ctx, x):
    token = ctx.tokens_in.get(Tick())
    ctx.set_tokens_out(mlir.TokenSet({Tick(): hlo.after_all([token])}))
    return [hlo.add(x, x)]


mlir.register_lowering(tick, lower_tick)
save("effects", export.export(jax.jit(lambda x: tick.bind(tick.bind(x))))(f32((2,))))

# One program in every version of the container, of StableHLO as MLIR writes it, and in versions of VHLO.
def versions(x, w, i):
    steps = jax.lax.scan(lambda c, a: (jnp.maximum(c @ w, a), c.sum()), jnp.zeros((3,)), x)
    moved = x[i].at[i].add(2.0)
    branch = jax.lax.cond(x[0, 0] > 0, lambda v: v * 2, lambda v: -v, x)
    filtered = jax.lax.conv_general_dilated(x[None, None], w[None, None], (1, 1), "SAME")
    pooled = jax.lax.reduce_window(x, -jnp.inf, jax.lax.max, (2, 2), (1, 1), "VALID")
    return steps, moved, branch, filtered, pooled, jnp.argmax(x), x > 1, jnp.abs(x)


lowered = jax.jit(versions).lower(f32((4, 3)), f32((3, 3)), jax.ShapeDtypeStruct((2,), jnp.int32)).compiler_ir("stablehlo")
(here / "versions").mkdir(exist_ok=True)
for version in range(7):
    buffer = io.BytesIO()
    lowered.operation.write_bytecode(buffer, desired_version=version)
    (here / "versions" / f"container{version}.mlirbc").write_bytes(buffer.getvalue())
for version in ["0.9.0", "0.12.0", "0.14.0", "1.0.0", "1.5.0", "1.9.0", "1.17.0"]:
    artifact = stablehlo.serialize_portable_artifact_str(str(lowered), version)
    (here / "versions" / f"vhlo{version}.mlirbc").write_bytes(artifact)

# An older calling convention.
jax.config.update("jax_export_calling_convention_version", 9)
save("version9", export.export(jax.jit(lambda x: jnp.tanh(x)))(f32((2,))))
