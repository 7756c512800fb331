"""Programs compiled and executed by hosted-bench beside jaxlib, on this host: times, their ratio, and its geometric mean.

    build/venv/bin/python Tests/Bench/compiled.py [--only NAME…] [--runs N] [--rounds N] [--compile] [--memory] [--fallbacks] [--growth]

Both sides have their arguments resident and drop results after the clock has stopped; of each the best run counts, of at least
`--runs`, more where runs are short. A program of which so many do not fit into `--limit` seconds is measured by one run and says
so; one of which not even that fits is missing.
"""
import argparse
import math
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "Differential"))

import jax  # noqa: E402
import numpy as np  # noqa: E402

import compare  # noqa: E402
import compiled_programs  # noqa: E402
import growth  # noqa: E402
from hosted import COMMAND, Hosted, Missing, leaves, steady_runs  # noqa: E402

#: Of f32: long sums in another order, through several layers, differ by more than single operations do.
TOLERANCE = 1e-4


def theirs(compiled, arguments, least):
    """(milliseconds of the best run, results) of what jaxlib compiled."""
    def once():
        begun = time.perf_counter()
        results = jax.block_until_ready(compiled(*arguments))
        return time.perf_counter() - begun, results
    once()
    seconds, results = once()
    return min(once()[0] for _ in range(steady_runs(seconds, least))) * 1e3, leaves(results)


def disagreement(actual, expected):
    """None where the results are close, else what differs."""
    if len(actual) != len(expected):
        return f"{len(actual)} results, expected {len(expected)}"
    for index, (a, e) in enumerate(zip(actual, expected)):
        if text := compare.difference(a, e, TOLERANCE if e.dtype in (np.float32, np.complex64) else None):
            return f"result {index}: {text}"
    return None


def figures(make, runs, limit, platform="cpu", options=(), command=COMMAND, rounds=1):
    """The figures of one program by name: `xla` and `ours` in milliseconds, compile times, bytes, and `note`."""
    function, arguments = make()
    jitted = jax.jit(function)
    lowered = jitted.lower(*arguments)
    begun = time.perf_counter()
    compiled = lowered.compile()
    found = {"xla_compile": (time.perf_counter() - begun) * 1e3, "note": ""}
    memory = compiled.memory_analysis()
    found["xla_bytes"] = memory.argument_size_in_bytes + memory.output_size_in_bytes + memory.temp_size_in_bytes
    resident = jax.tree.map(jax.device_put, arguments)
    found["xla"], expected = theirs(compiled, resident, runs)
    with Hosted(function, arguments, platform, options, command) as hosted:
        try:
            report, results = hosted.measure(runs, limit)
            notes = ["one run"] if len(report["run_ms"]) < runs else []
            for _ in range(rounds - 1):
                found["xla"] = min(found["xla"], theirs(compiled, resident, runs)[0])
                report["run_ms"] += hosted.measure(runs, limit)[0]["run_ms"]
        except Missing as error:
            found["note"] = f"missing: {error}"
            return found
    found.update(ours=min(report["run_ms"]), ours_load=report["load_ms"], ours_compile=report["compile_ms"],
                 ours_bytes=report["peak_bytes"], fallbacks=report["fallbacks"])
    if text := disagreement(results, expected):
        notes.insert(0, "differs: " + text)
    found["note"] = "; ".join(notes)
    return found


def geometric_mean(ratios):
    return math.exp(sum(map(math.log, ratios)) / len(ratios)) if ratios else None


def measure(record, runs=7, limit=20):
    """For bench.py: the ratios, in its table."""
    ratios = []
    for name, make in compiled_programs.programs().items():
        found = figures(make, runs, limit)
        ratio = found["ours"] / found["xla"] if "ours" in found else None
        record("compiled", f"{name}: hosted / XLA:CPU" + (f" ({found['note']})" if found["note"] else ""), ratio, "")
        ratios += [ratio] if ratio else []
    record("compiled", f"geometric mean of {len(ratios)}", geometric_mean(ratios), "")


def row(name, found, columns):
    """One line of the table: for each of `columns`, (theirs, ours), both and their ratio."""
    text = f"{name:28}"
    for theirs, ours, scale in columns:
        if ours in found:
            text += f"{found[theirs] / scale:11.4g}{found[ours] / scale:11.4g}{found[ours] / found[theirs]:10.3g}"
        else:
            text += f"{found[theirs] / scale:11.4g}{'':21}"
    return (text + "  " + found["note"]).rstrip()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME", help="programs whose name contains one of these")
    parser.add_argument("--runs", type=int, default=7, help="of each the best counts (default 7)")
    parser.add_argument("--rounds", type=int, default=1, help="how often both are measured, by turns (default 1)")
    parser.add_argument("--limit", type=float, default=120, help="seconds for one program's runs (default 120)")
    parser.add_argument("--compile", action="store_true", help="compile times too")
    parser.add_argument("--memory", action="store_true", help="peak memory beside arguments, results and temporaries of XLA")
    parser.add_argument("--fallbacks", action="store_true", help="the operations that the evaluator executes, and how many")
    parser.add_argument("--growth", action="store_true", help="how time grows with the size of data and program, instead")
    parser.add_argument("--evaluator", action="store_true", help="the evaluator in place of compiled code")
    parser.add_argument("--device", choices=("cpu", "gpu"), default="cpu", help="gpu: the host's Vulkan (default cpu)")
    parser.add_argument("--platform", default="cpu", help="what the programs are exported for (default cpu)")
    parser.add_argument("--command", default=COMMAND, help="the hosted-bench to measure (default build/hosted-bench)")
    chosen = parser.parse_args()
    options = ["--device", chosen.device] + ["--evaluator"] * chosen.evaluator
    if chosen.growth:
        sys.exit(0 if growth.check(chosen.only, chosen.runs, chosen.limit, options, chosen.command) else 1)

    columns = [("xla", "ours", 1)] + [("xla_compile", "ours_compile", 1)] * chosen.compile + \
        [("xla_bytes", "ours_bytes", 2**20)] * chosen.memory
    titles = {"xla": ("XLA ms", "ours ms"), "xla_compile": ("XLA compile", "ours"), "xla_bytes": ("XLA MiB", "peak MiB")}
    print(f"{'program':28}" + "".join(f"{titles[c][0]:>11}{titles[c][1]:>11}{'ratio':>10}" for c, _, _ in columns), flush=True)
    ratios, agree = [], True
    for name, make in compiled_programs.programs().items():
        if chosen.only and not any(word in name for word in chosen.only):
            continue
        found = figures(make, chosen.runs, chosen.limit, chosen.platform, options, chosen.command, chosen.rounds)
        print(row(name, found, columns), flush=True)
        if chosen.fallbacks:
            print(f"{'':28}    evaluated: {', '.join(f'{op} {count}' for op, count in found.get('fallbacks', {}).items()) or 'none'}")
        agree = agree and not found["note"].startswith("differs")
        if "ours" in found:
            ratios.append(found["ours"] / found["xla"])
    if ratios:
        print(f"geometric mean of {len(ratios)}: {geometric_mean(ratios):.3g}")
    sys.exit(0 if agree else 1)


if __name__ == "__main__":
    main()
