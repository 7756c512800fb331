"""JAX programs on the machine's GPU beside XLA:CPU on the host: times from request to answer, their ratio, and its geometric mean.

    build/venv/bin/python Tests/Bench/accelerated.py [--only NAME…] [--runs N] [--limit SECONDS]

The GPU is what the machine finds, on a host without one Mesa's lavapipe. Arguments are on the device before, results stay there; of each
side the best run counts. The results are compared.
"""
import argparse
import json
import pathlib
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "Differential"))

import jax  # noqa: E402

import compiled_programs  # noqa: E402
from compiled import disagreement, geometric_mean, row, theirs  # noqa: E402
from hosted import Hosted, Missing  # noqa: E402
from machine import COMMAND, Machine  # noqa: E402


class OnTheMachine(Hosted):
    """A program that a running machine executes on its GPU."""

    def __init__(self, function, arguments, machine):
        super().__init__(function, arguments)
        self.machine = machine

    def run(self, runs, seconds, *options):
        words = [str(COMMAND), "run", *self.files, "--device", "gpu", "--runs", str(runs), "--connect", self.machine.socket, *options]
        try:
            done = subprocess.run(words, capture_output=True, text=True, timeout=seconds)
        except subprocess.TimeoutExpired:
            raise Missing(f"not done after {seconds:.0f} s") from None
        if done.returncode:
            raise Missing(done.stderr.strip())
        return json.loads(done.stdout.splitlines()[-1])


def figures(make, runs, limit, machine):
    """`xla` and `ours` in milliseconds, and `note`."""
    function, arguments = make()
    compiled = jax.jit(function).lower(*arguments).compile()
    resident = jax.tree.map(jax.device_put, arguments)
    found = {"note": ""}
    found["xla"], expected = theirs(compiled, resident, runs)
    with OnTheMachine(function, arguments, machine) as program:
        try:
            report, results = program.measure(runs, limit)
        except Missing as error:
            found["note"] = f"missing: {error}"
            return found
    found["ours"] = min(report["run_ms"])
    if text := disagreement(results, expected):
        found["note"] = "differs: " + text
    return found


def measure(record, runs=3, limit=60):
    """All programs, for `make bench`."""
    ratios = []
    with Machine(device="gpu") as machine:
        for name, make in compiled_programs.programs().items():
            found = figures(make, runs, limit, machine)
            ratio = found["ours"] / found["xla"] if "ours" in found else None
            record("gpu", f"{name}: machine's GPU / XLA:CPU" + (f" ({found['note']})" if found["note"] else ""), ratio, "")
            if ratio:
                ratios.append(ratio)
    record("gpu", f"geometric mean of {len(ratios)}", geometric_mean(ratios), "")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME", help="programs whose name contains one of these")
    parser.add_argument("--runs", type=int, default=3, help="of each the best counts (default 3)")
    parser.add_argument("--limit", type=float, default=60, help="seconds for one program's runs (default 60)")
    chosen = parser.parse_args()
    ratios, agree = [], True
    with Machine(device="gpu") as machine:
        begun = time.monotonic()
        for name, make in compiled_programs.programs().items():
            if chosen.only and not any(word in name for word in chosen.only):
                continue
            found = figures(make, chosen.runs, chosen.limit, machine)
            print(row(name, found, [("xla", "ours", 1)]), flush=True)
            agree = agree and not found["note"].startswith("differs")
            if "ours" in found:
                ratios.append(found["ours"] / found["xla"])
    if ratios:
        print(f"geometric mean of {len(ratios)}: {geometric_mean(ratios):.3g}, {time.monotonic() - begun:.0f} s")
    sys.exit(0 if agree else 1)


if __name__ == "__main__":
    main()
