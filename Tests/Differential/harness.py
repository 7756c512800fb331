"""Runs the cases of JAX's own test_harnesses on the machine and compares with jaxlib.

    harness.py --sample 500 --seed 1     a seeded sample, for `make test`
    harness.py --all                     all that lower, with a table by op family and dtype, for `make conformance`

A case is exported by real JAX for the platform "barejax", or for "cpu" where JAX has no general lowering of it.
"""
import argparse
import collections
import random
import sys
import warnings

import jax
import numpy as np
from jax import export

jax.config.update("jax_enable_x64", True)
warnings.filterwarnings("ignore")
from jax._src.internal_test_util import test_harnesses  # noqa: E402

import compare  # noqa: E402
from known import known_difference  # noqa: E402
from machine import HostedMachine, Machine, MachineError  # noqa: E402

#: Families whose results are unique up to signs or order only.
FREE = {"svd", "eigh", "eig"}


class Unlowered(Exception):
    """JAX itself cannot lower or execute the case; the text says why."""


def lower(harness):
    """The case as (program bytes, arguments, expected results)."""
    try:
        arguments = [np.asarray(a) for a in jax.tree_util.tree_leaves(harness.dyn_args_maker(np.random.RandomState(7)))]
        function = jax.jit(harness.dyn_fun)
        expected = [np.asarray(r) for r in jax.tree_util.tree_leaves(function(*arguments))]
    except Exception as error:
        raise Unlowered(f"jaxlib: {type(error).__name__}: {str(error)[:80]}") from error
    reason = None
    for platform in ("barejax", "cpu"):
        try:
            exported = export.export(function, platforms=[platform],
                                     disabled_checks=[export.DisabledSafetyCheck.custom_call("Qr")])(*arguments)
            return exported.serialize(), arguments, expected
        except Exception as error:
            reason = f"export: {type(error).__name__}: {str(error)[:80]}"
    raise Unlowered(reason)


def check(machine, harness, program, arguments, expected):
    """None where the machine's results agree, else a line."""
    try:
        actual = machine.run(program, arguments)
    except MachineError as error:
        return str(error).splitlines()[0]
    if len(actual) != len(expected):
        return f"{len(actual)} results, expected {len(expected)}"
    try:
        return disagreement(harness, arguments, actual, expected)
    except Exception as error:    # results that the comparison cannot take are a failure of this case, not of the run
        return f"comparison: {type(error).__name__}: {str(error)[:120]}"


def disagreement(harness, arguments, actual, expected):
    """None where the results agree in the sense of the case's family, else a line."""
    if harness.group_name in FREE:
        return compare.reconstruction(harness.group_name, actual, expected)
    if harness.group_name == "sort":
        return compare.sorted_results(harness.fullname, actual, expected)
    if harness.group_name == "approx_top_k":
        return compare.selected_results(arguments[0], actual, expected)
    for index, (a, e) in enumerate(zip(actual, expected)):
        if text := compare.difference(a, e):
            return f"result {index}: {text}"
    return None


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--sample", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--hosted", action="store_true", help="the evaluator alone, without the machine")
    parser.add_argument("--only", help="cases whose name contains this")
    options = parser.parse_args()

    harnesses = [h for h in test_harnesses.all_harnesses if not options.only or options.only in h.fullname]
    random.Random(options.seed).shuffle(harnesses)
    wanted = len(harnesses) if options.all or options.only else options.sample
    passed, failed, unlowered = collections.Counter(), collections.Counter(), collections.Counter()
    excused = []
    with (HostedMachine if options.hosted else Machine)() as machine:
        for harness in harnesses:
            if sum(passed.values()) + sum(failed.values()) >= wanted:
                break
            key = (harness.group_name, np.dtype(harness.dtype).name)
            try:
                program, arguments, expected = lower(harness)
            except Unlowered:
                unlowered[key] += 1
                continue
            text = check(machine, harness, program, arguments, expected)
            if text is None:
                passed[key] += 1
            elif reason := known_difference(harness.fullname):
                excused.append((harness.fullname, reason))
            else:
                failed[key] += 1
                print(f"FAILED {harness.fullname}: {text}", flush=True)
    if options.all:
        print_table(passed, failed, unlowered)
    for name, reason in excused:
        print(f"known difference: {name}: {reason}")
    print(f"{sum(unlowered.values())} cases do not lower in JAX itself; {len(excused)} differ for a known reason")
    print(f"{sum(passed.values())} passed, {sum(failed.values())} failed")
    sys.exit(1 if failed else 0)


def print_table(passed, failed, unlowered):
    """One row an op family, one column a dtype: passed/lowered."""
    keys = set(passed) | set(failed) | set(unlowered)
    dtypes = sorted({dtype for _, dtype in keys})
    print("family".ljust(28) + "".join(d.rjust(12) for d in dtypes))
    for family in sorted({f for f, _ in keys}):
        cells = []
        for dtype in dtypes:
            total = passed[family, dtype] + failed[family, dtype]
            cells.append((f"{passed[family, dtype]}/{total}" if total else "").rjust(12))
        print(family.ljust(28) + "".join(cells))


if __name__ == "__main__":
    main()
