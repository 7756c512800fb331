"""Runs the old programs that the jax wheel keeps for its own compatibility tests, and compares with the results kept beside
them. Each must load and run, or be refused with the reason (a custom call by name). `--hosted`: on the evaluator alone.
"""
import importlib
import pathlib
import pkgutil
import sys

import numpy as np

import compare
import machine

PACKAGE = "jax._src.internal_test_util.export_back_compat_test_data"


#: Programs whose stored results are those of one platform, and the reason.
PLATFORM_SPECIFIC = {
    "tpu_stablehlo_dynamic_reduce_window.data_variadic_2023_06_17": "the initial value 1.0 is no identity of addition; TPU adds it more than once",
}


def records(value, path):
    """All records in a module's data, which come in dictionaries and lists."""
    if isinstance(value, dict):
        if "mlir_module_serialized" in value:
            yield path, value
        else:
            for key, inner in value.items():
                yield from records(inner, f"{path}.{key}")
    elif isinstance(value, (list, tuple)):
        for index, inner in enumerate(value):
            yield from records(inner, f"{path}.{index}")


def programs():
    package = importlib.import_module(PACKAGE)
    for module in pkgutil.walk_packages(package.__path__, PACKAGE + "."):
        if module.ispkg:
            continue
        contents = vars(importlib.import_module(module.name))
        for name, value in sorted(contents.items()):
            if not name.startswith("__"):
                yield from records(value, f"{module.name[len(PACKAGE) + 1:]}.{name}")


def agree(path, results, expected):
    """None, or how the results differ. Decompositions are free in signs and order of vectors: shapes and types only."""
    if len(results) != len(expected):
        return f"{len(results)} results, expected {len(expected)}"
    free = any(word.lower() in path.lower() for word in ("eig", "svd", "qr", "schur", "hessenberg", "tridiagonal_lapack", "sytrd"))
    for index, (actual, wanted) in enumerate(zip(results, expected)):
        wanted = np.asarray(wanted)
        if free:
            if actual.shape != wanted.shape:
                return f"result {index} has the shape {actual.shape}, expected {wanted.shape}"
            continue
        line = compare.difference(actual, wanted, 1e-4 if wanted.dtype.kind in "fc" else None)
        if line:
            return f"result {index}: {line}"
    return None


def main():
    kind = machine.HostedMachine if "--hosted" in sys.argv else machine.Machine
    passed = failed = refused = 0
    with kind() as device:
        for path, record in programs():
            try:
                results = device.run(bytes(record["mlir_module_serialized"]), [np.asarray(x) for x in record["inputs"]])
                line = None if path in PLATFORM_SPECIFIC else agree(path, results, record["expected_outputs"])
            except machine.MachineError as error:
                line = str(error).strip().splitlines()[-1]
                if "NotImplementedError" in line or "was exported for" in line:
                    refused += 1
                    print(f"refused {path}: {line[:200]}")
                    continue
            if line:
                failed += 1
                print(f"FAIL {path}: {line[:300]}")
            else:
                passed += 1
    print(f"{refused} refused by name")
    print(f"{passed + refused} passed, {failed} failed")
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
