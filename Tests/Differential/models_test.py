"""Runs the programs of models.py on the machine and compares every result with jaxlib's."""
import argparse
import contextlib

import jax
import numpy as np
from jax import export

import compare
import models
from machine import HostedMachine, Machine, run_cases

#: Programs of 16-bit floats, held to their type's tolerance.
HALF = ("bfloat16", "float16")
#: Programs whose vectors are free in sign.
FREE = {"eigh_cpu": "eigh", "svd_cpu": "svd"}


def leaves(tree):
    return [np.asarray(leaf) for leaf in jax.tree_util.tree_leaves(tree)]


def lower(name, function, arguments, platforms):
    """(program bytes, flat arguments, jaxlib's results)."""
    if name == "random":
        inner = function
        function = lambda data: inner(jax.random.wrap_key_data(data))
    jitted = jax.jit(function)
    exported = export.export(jitted, platforms=list(platforms),
                             disabled_checks=[export.DisabledSafetyCheck.custom_call("Qr")])(*arguments)
    return exported.serialize(), leaves(arguments), leaves(jitted(*arguments)), function


def check_jax(name, function, arguments, platforms):
    """None where jitted and eager JAX agree within a tenth of the tolerance: only then does the tolerance mean something."""
    _, _, expected, function = lower(name, function, arguments, platforms)
    if name in FREE or name.endswith(HALF):
        return None
    with jax.disable_jit():
        for index, (a, e) in enumerate(zip(leaves(function(*arguments)), expected)):
            if text := compare.difference(a, e, tol=1e-6 if e.dtype.kind in "fc" else 0):
                return f"jitted and eager JAX differ in result {index}: {text}"
    return None


def check(machine, name, function, arguments, platforms):
    program, flat, expected, function = lower(name, function, arguments, platforms)
    half = name.endswith(HALF)
    actual = machine.run(program, flat)
    if len(actual) != len(expected):
        return f"{len(actual)} results, expected {len(expected)}"
    if name in FREE:
        return compare.reconstruction(FREE[name], actual, expected)
    for index, (a, e) in enumerate(zip(actual, expected)):
        tol = None
        if half and e.dtype.name in ("bfloat16", "float16"):
            tol = 4 * compare.tolerance(e.dtype)
        if text := compare.difference(a, e, tol):
            return f"result {index}: {text}"
    return None


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--hosted", action="store_true", help="the evaluator alone, without the machine")
    parser.add_argument("--device", choices=("cpu", "gpu"), default="cpu", help="which of the machine's devices (default cpu)")
    parser.add_argument("--only", default="", help="programs whose name contains this")
    parser.add_argument("--jax", action="store_true", help="check that jitted and eager JAX agree; no machine is used")
    options = parser.parse_args()
    if options.jax:
        examine = lambda machine, *program: check_jax(*program)
    else:
        examine = check
    with contextlib.nullcontext() if options.jax else HostedMachine() if options.hosted else Machine(device=options.device) as machine:
        run_cases((program[0], lambda program=program: examine(machine, *program))
                  for program in models.programs() if options.only in program[0])


if __name__ == "__main__":
    main()
