"""Programs that this project writes, read and executed by real JAX: the hosted tool loads each program and writes it, as bytecode
and as an export; jaxlib must take both and give what it gives for the original.

    written.py            the conformance programs through jaxlib's deserialiser, a sample of them executed; models, exports with
                          symbolic dimensions, CHLO's functions, donation, several platforms
    written.py --all      all conformance programs executed
"""
import argparse
import pathlib
import random
import subprocess
import tempfile
import warnings

import jax
import jax.numpy as jnp
import numpy as np
from jax import export, lax

warnings.filterwarnings("ignore")
from jax._src import xla_bridge  # noqa: E402
from jax._src.interpreters import mlir  # noqa: E402
from jaxlib.mlir.dialects import stablehlo  # noqa: E402

import compare  # noqa: E402
import models  # noqa: E402
import symbolic  # noqa: E402
from machine import ROOT, MachineError, run_cases  # noqa: E402

CONFORMANCE = ROOT.parent / "shared" / "conformance" / "stablehlo"
TOOL = ROOT / ".build" / "debug" / "hosted-check"
#: What this project writes.
VERSION = "1.17.0"


class Written:
    """Programs in a folder, and in another one what the hosted tool wrote of them."""

    def __init__(self, folder):
        self.originals, self.copies = folder / "originals", folder / "copies"
        self.originals.mkdir()
        self.copies.mkdir()

    def add(self, name, program):
        kind = "mlirbc" if bytes(program[:4]) == b"ML\xefR" else "jaxexp"
        (self.originals / f"{name}.{kind}").write_bytes(program)

    def write(self):
        self.output = subprocess.run([TOOL, self.originals, "--save", self.copies], capture_output=True, text=True).stdout

    def copy(self, name, kind):
        path = self.copies / f"{name}.{kind}"
        if not path.exists():
            lines = [line for line in self.output.splitlines() if line.startswith(f"FAIL {name}:")]
            raise MachineError(lines[0] if lines else f"{name} was not written")
        return path.read_bytes()


def deserialised(context, program):
    module = stablehlo.deserialize_portable_artifact(context, program)
    module.operation.verify()
    return module


def text(program):
    """A program as jaxlib reads it, without locations."""
    with mlir.make_ir_context() as context:
        return deserialised(context, program).operation.get_asm(large_elements_limit=1 << 40)


def without_checks(program):
    """A self-checking program that only computes its results."""
    with mlir.make_ir_context() as context:
        module = deserialised(context, program)
        for function in module.body.operations:
            for operation in list(function.regions[0].blocks[0].operations):
                if operation.name == "stablehlo.custom_call" and str(operation.attributes["call_target_name"]).startswith('"check.'):
                    operation.erase()
        return stablehlo.serialize_portable_artifact(module, VERSION)


def executed(program):
    """What jaxlib gives for a program without arguments."""
    backend = xla_bridge.get_backend("cpu")
    return backend.compile_and_load(program, executable_devices=backend.devices()[:1]).execute([])


def differing(actual, expected, tol=0):
    """None, or the first result that differs; by default bit by bit, for the same program gives the same."""
    actual, expected = jax.tree.leaves(actual), jax.tree.leaves(expected)
    if len(actual) != len(expected):
        return f"{len(actual)} results, expected {len(expected)}"
    for index, (a, e) in enumerate(zip(actual, expected)):
        if jax.dtypes.issubdtype(a.dtype, jax.dtypes.prng_key):
            a, e = jax.random.key_data(a), jax.random.key_data(e)
        a, e = np.asarray(a), np.asarray(e)
        if tol == 0 and a.dtype == e.dtype and a.shape == e.shape and a.tobytes() == e.tobytes():
            continue
        if line := compare.difference(a, e, tol):
            return f"result {index}: {line}"
    return None


# The conformance programs.

def conformance(folder, share):
    paths = sorted(CONFORMANCE.glob("*.mlirbc")) if CONFORMANCE.exists() else []
    everything = Written(folder / "conformance")
    sample = Written(folder / "sample")
    chosen = paths if share is None else random.Random(1).sample(paths, min(share, len(paths)))
    for path in paths:
        everything.add(path.stem, path.read_bytes())
    for path in chosen:
        sample.add(path.stem, without_checks(path.read_bytes()))
    for programs in (everything, sample) if paths else ():
        programs.write()

    def read(path):
        if text(everything.copy(path.stem, "mlirbc")) != text(path.read_bytes()):
            return "jaxlib reads another program"
        return None

    def run(path):
        original = (sample.originals / path.name).read_bytes()
        expected = executed(original)
        if line := differing(executed(sample.copy(path.stem, "mlirbc")), expected):
            return line
        with jax.enable_x64(True):
            return differing(export.deserialize(bytearray(sample.copy(path.stem, "jaxexp"))).call(), expected)

    for path in paths:
        yield f"read {path.stem}", lambda path=path: read(path)
    for path in chosen:
        yield f"run {path.stem}", lambda path=path: run(path)


# Exports.

def functions():
    """(name, function, arguments) of what models do not have."""
    x = np.linspace(-0.99, 0.99, 31).astype(np.float32)
    for dtype in (jnp.float32, jnp.float16, jnp.bfloat16, jnp.complex64):
        for function in (lax.acos, lax.acosh, lax.asin, lax.asinh, lax.atan, lax.atanh, lax.cosh, lax.sinh, lax.tan, lax.erf, lax.erfc):
            if dtype != jnp.complex64 or function not in (lax.erf, lax.erfc):
                yield f"{function.__name__} {dtype.__name__}", function, (jnp.asarray(x, dtype),)
    yield "top_k", lambda x: lax.top_k(x.reshape(1, 31), 3), (x,)
    yield "keys", lambda key: (jax.random.split(key), jax.random.normal(key, (3,))), (jax.random.key(0),)
    yield "tree", lambda x, *, y: {"a": x + y["b"], "c": [x, None]}, (x, {"y": {"b": x}})
    yield "unused", lambda x, y: x, (x, x)
    yield "nothing", lambda: (), ()
    yield "empty", lambda x: (x[:0] * 2, jnp.zeros((0, 3))), (x,)
    yield "predicates", lambda x: (jnp.array([True, False, True]), x > 0, jnp.ones((3, 4), bool), jnp.zeros(2, bool)), (x,)
    yield "small integers", lambda: (jnp.array([1, -2, -8], jnp.int4), jnp.array([1, 15], jnp.uint4), jnp.array([3, 200], jnp.uint8)), ()
    yield "constants", lambda: (jnp.array([np.nan, -0.0, np.inf]), jnp.arange(5, dtype=jnp.int8), jnp.array([1 + 2j]), jnp.float32(3)), ()
    yield "precision", lambda x: (jnp.dot(x, x, precision="highest"), jnp.dot(x, x, precision=lax.DotAlgorithmPreset.F32_F32_F32)), (x,)


def called(program, arguments):
    """What real JAX gives for an export; a dictionary behind the arguments are its keyword arguments."""
    keywords = arguments[-1] if arguments and isinstance(arguments[-1], dict) and set(arguments[-1]) == {"y"} else {}
    return export.deserialize(bytearray(program)).call(*(arguments[:-1] if keywords else arguments), **keywords)


def exports(folder):
    written = Written(folder / "exports")
    cases = []

    def add(name, function, arguments, check=None, **options):
        jitted = function if hasattr(function, "lower") else jax.jit(function)
        keywords = arguments[-1] if name == "tree" else {}
        program = export.export(jitted, **options)(*(arguments[:-1] if keywords else arguments), **keywords).serialize()
        name = name.replace(" ", "_")
        written.add(name, program)
        cases.append((name, check or (lambda: differing(called(written.copy(name, "jaxexp"), arguments), called(program, arguments)))))

    for name, function, arguments, _ in models.programs():
        if name == "random":
            function = lambda data, inner=function: inner(jax.random.wrap_key_data(data))
        add(f"model {name}", function, arguments, disabled_checks=[export.DisabledSafetyCheck.custom_call("Qr")])
    for name, function, arguments in functions():
        add(name, function, arguments)
    add("several platforms", lambda x: jnp.sin(x) @ x, (np.arange(4, dtype=np.float32),), platforms=["cpu", "tpu", "cuda"])

    donated = np.arange(4, dtype=np.float32)

    def check_donation():
        argument = jnp.asarray(donated)
        outer = jax.jit(lambda x: called(written.copy("donation", "jaxexp"), (x,)))
        if line := differing(outer(argument), donated * 2):
            return line
        module = export.deserialize(bytearray(written.copy("donation", "jaxexp"))).mlir_module()
        return None if "tf.aliasing_output = 0" in module else "the donation is lost"

    add("donation", jax.jit(lambda x: x * 2, donate_argnums=0), (donated,), check_donation)

    generator = np.random.default_rng(7)
    for name, function, shapes, constraints, runs in symbolic.CASES:
        if None in shapes:
            continue
        scope = export.SymbolicScope(constraints)
        specs = [symbolic.symbolic(shape, scope) for shape in shapes]
        arguments = [[symbolic.sample(shape, sizes, generator) for shape in shapes] for sizes in runs]
        try:
            program = export.export(jax.jit(function))(*specs).serialize()
        except Exception:  # What JAX itself does not lower, `symbolic.py` lists.
            continue
        name = "symbolic_" + name.replace(" ", "_")
        written.add(name, program)

        def check(name=name, program=program, arguments=arguments):
            lines = (differing(called(written.copy(name, "jaxexp"), tuple(list_)), called(program, tuple(list_))) for list_ in arguments)
            return next((line for line in lines if line), None)

        cases.append((name, check))
    written.write()
    yield from cases


# What JAX's own exports never have.

def composites(folder):
    """erfc and atan as programs name them that another exporter made."""
    written = Written(folder / "composites")
    x = np.concatenate([np.linspace(-6, 12, 301), [0.0, np.inf, -np.inf, np.nan]])
    cases = [(name, dtype, function) for name, function in (("erfc", lax.erfc), ("atan", lax.atan))
             for dtype in ("float32", "float64", "bfloat16")]
    for name, dtype, _ in cases:
        element = {"float32": "f32", "float64": "f64", "bfloat16": "bf16"}[dtype]
        kind = f"tensor<{x.size}x{element}>"
        written.add(f"{name}_{dtype}", stablehlo.serialize_portable_artifact_str(
            f'func.func public @main(%x: {kind}) -> {kind} {{ %0 = stablehlo.composite "chlo.{name}" %x {{decomposition = @d}} : '
            f"({kind}) -> {kind} return %0 : {kind} }} func.func private @d(%x: {kind}) -> {kind} {{ return %x : {kind} }}", VERSION))
    written.write()

    def check(name, dtype, function):
        with jax.enable_x64(True):
            argument = jnp.asarray(x, dtype)
            return differing(called(written.copy(f"{name}_{dtype}", "jaxexp"), (argument,)), function(argument), compare.tolerance(dtype))

    for case in cases:
        yield f"composite {case[0]} {case[1]}", lambda case=case: check(*case)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--all", action="store_true", help="execute all conformance programs, not a sample of 100")
    options = parser.parse_args()
    subprocess.run(["swift", "build", "--product", "hosted-check"], cwd=ROOT, check=True, capture_output=True)
    with tempfile.TemporaryDirectory(prefix="barejax-") as folder:
        folder = pathlib.Path(folder)
        for name in ("conformance", "sample", "exports", "composites"):
            (folder / name).mkdir()
        run_cases(case for cases in (exports(folder), composites(folder), conformance(folder, None if options.all else 100)) for case in cases)


if __name__ == "__main__":
    main()
