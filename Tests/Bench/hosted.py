"""hosted-bench from Python: a function exported by real JAX, and the reports of its runs."""
import json
import pathlib
import subprocess
import tempfile

import jax
import numpy as np
from jax import export

COMMAND = pathlib.Path(__file__).resolve().parents[2] / "build" / "hosted-bench"
#: Seconds that the runs of a short program take together, and how many there are at most.
STEADY, MOST_RUNS = 0.5, 200


class Missing(Exception):
    """Why there is no figure."""


def leaves(tree):
    return [np.asarray(leaf) for leaf in jax.tree_util.tree_leaves(tree)]


def steady_runs(seconds, least):
    """How often a program that takes so long is run."""
    return max(least, min(MOST_RUNS, int(STEADY / max(seconds, 1e-6))))


class Hosted:
    """A program with its arguments in files, as long as the `with` block lasts."""

    def __init__(self, function, arguments, platform="cpu", options=(), command=COMMAND):
        self.program = export.export(jax.jit(function), platforms=[platform])(*arguments).serialize()
        self.arguments, self.options, self.command = leaves(arguments), list(options), str(command)

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="barejax-")
        root = pathlib.Path(self.folder.name)
        (root / "program").write_bytes(self.program)
        self.files = [str(root / "program")]
        for index, argument in enumerate(self.arguments):
            self.files.append(str(root / f"argument{index}.npy"))
            np.save(self.files[-1], argument)
        self.out = root / "out"
        return self

    def __exit__(self, *_):
        self.folder.cleanup()

    def run(self, runs, seconds, *options):
        """hosted-bench's report. Raises `Missing` with its error, or where it takes longer than `seconds`."""
        words = [self.command, *self.files, "--runs", str(runs), *self.options, *options]
        try:
            done = subprocess.run(words, capture_output=True, text=True, timeout=seconds)
        except subprocess.TimeoutExpired:
            raise Missing(f"not done after {seconds:.0f} s") from None
        if done.returncode:
            raise Missing(done.stderr.strip() or f"hosted-bench ended with {done.returncode}")
        return json.loads(done.stdout)

    def measure(self, least, limit):
        """(the report of at least `least` runs, the first run's results); the report is of one run where `least` of them take
        longer than `limit` seconds. Raises `Missing`."""
        report = self.run(1, limit, "--out", str(self.out))
        results = []
        while (path := self.out / f"{len(results)}.npy").exists():
            results.append(np.load(path))
        first = report["run_ms"][0] / 1e3
        if first * least <= limit:
            # Twice as long, since loading counts here and the first run may have been the luckiest.
            report = self.run(steady_runs(first, least), 2 * limit)
        return report, results
