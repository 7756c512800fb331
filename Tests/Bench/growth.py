"""How hosted-bench's times grow: run time with the size of the data, compile time with the number of operations.

Used through `compiled.py --growth`.
"""
import math

import jax.numpy as jnp
import numpy as np
from jax import lax

import compiled_programs
from compiled_programs import f32
from hosted import Hosted, Missing

#: How often the data is doubled.
DOUBLINGS = 3
#: What one doubling may multiply the time by, and what ten times the operations may multiply the compile time by.
DOUBLED, TENFOLD = 2.4, 13
#: How often what is above its bound is measured, since other work on the host may have slowed one size and not the next; and how
#: often a program is compiled. Of all the best counts.
ROUNDS = 3


def window(combine, start):
    """A window of a quarter of the data's length, so that only an algorithm that is linear for every length is linear here."""
    def function(x):
        length = x.shape[0] // 4
        return lax.reduce_window(x, start, combine, (length,), (1,), "SAME")
    return function


def rows(count):
    """A table, indices of `count` of its rows, and as many new rows. The table does not grow: a larger one lies further away."""
    size, width = compiled_programs.ROWS, compiled_programs.WIDTH
    return f32(size, width), np.random.default_rng(6).integers(0, size, count).astype(np.int32), f32(count, width, seed=7)


def families():
    """(name, size to begin with, what makes (function, arguments) of a size, what doubling may multiply the time by). What only
    passes over memory begins beyond the second-level cache, so that no doubling crosses its edge."""
    size = 1 << 19
    return [
        ("elementwise", size, lambda n: (compiled_programs.chain, (f32(n), f32(n, seed=7))), DOUBLED),
        ("sum over rows", 1024, lambda n: (lambda x: x.sum(0), (f32(n, 1024),)), DOUBLED),
        ("sum over columns", 1024, lambda n: (lambda x: x.sum(1), (f32(n, 1024),)), DOUBLED),
        ("sum of all", size, lambda n: (jnp.sum, (f32(n),)), DOUBLED),
        ("argmax", size // 4, lambda n: (jnp.argmax, (f32(n),)), DOUBLED),
        ("cumsum", 1 << 15, lambda n: (jnp.cumsum, (f32(n),)), DOUBLED),
        ("cummax", 1 << 15, lambda n: (lax.cummax, (f32(n),)), DOUBLED),
        ("window sum, a quarter long", 1 << 12, lambda n: (window(lax.add, 0.0), (f32(n),)), DOUBLED),
        ("window max, a quarter long", 1 << 12, lambda n: (window(lax.max, -np.inf), (f32(n),)), DOUBLED),
        ("sort", 1 << 15, lambda n: (jnp.sort, (f32(n),)), DOUBLED),
        ("gather", 15_000, lambda n: (lambda table, places, _: table[places], rows(n)), DOUBLED),
        ("scatter-add", 15_000, lambda n: (lambda table, places, new: table.at[places].add(new), rows(n)), DOUBLED),
        ("while loop", 1 << 15, lambda n: (compiled_programs.loop, (np.int32(n), np.float32(1))), DOUBLED),
        # By their own laws: n log n, and the cube.
        ("fft", 1 << 13, lambda n: (jnp.fft.fft, (compiled_programs.complex_signal(n),)), 1.1 * DOUBLED),
        ("product", 128, lambda n: compiled_programs.product(n, n, n), 4 * DOUBLED),
    ]


def operations(count):
    """As many operations in a row, of which none repeats and one in fifty is a product."""
    def function(x, y):
        for index in range(count // 5):
            x = lax.max(lax.tanh(lax.add(lax.mul(x, y), y)), y)
            x = lax.dot(x, y) if index % 10 == 0 else lax.sub(x, y)
        return x
    return function, (f32(8, 8), f32(8, 8, seed=7))


def steps(times):
    """What each step multiplies the time by."""
    return [after / before for before, after in zip(times, times[1:])]


def line(name, times, limit):
    """Prints a line; false where a step is above `limit`."""
    ratios = steps(times)
    within = max(ratios) <= limit
    print(f"{name:36}" + "".join(f"{time:11.4g}" for time in times) + "   " + "".join(f"{ratio:7.2f}" for ratio in ratios)
          + ("" if within else f"   above {limit:.2f}"), flush=True)
    return within


def run_times(runs, limit, name, size, make, allowed, options, command):
    times = [math.inf] * (DOUBLINGS + 1)
    for _ in range(ROUNDS):
        for doubling in range(DOUBLINGS + 1):
            with Hosted(*make(size << doubling), options=options, command=command) as hosted:
                report, _ = hosted.measure(runs, limit)
            times[doubling] = min(times[doubling], *report["run_ms"])
        if max(steps(times)) <= allowed:
            break
    return line(f"{name}, from {size:,}", times, allowed)


def compile_times(limit, options, command):
    loads, compiles = [], []
    for count in (1_000, 10_000, 100_000):
        with Hosted(*operations(count), options=options, command=command) as hosted:
            reports = [hosted.run(1, limit) for _ in range(ROUNDS)]
        loads.append(min(report["load_ms"] for report in reports))
        compiles.append(min(report["compile_ms"] for report in reports))
    # The bound is the compiler's; loading is held to the same.
    return all([line("load 1,000 to 100,000 ops", loads, TENFOLD), line("compile 1,000 to 100,000 ops", compiles, TENFOLD)])


def check(only, runs, limit, options, command):
    """Prints times in milliseconds, and what each step multiplies them by. False where one is above its bound, or missing."""
    checks = {name: lambda family=family: run_times(runs, limit, *family, options, command)
              for family in families() for name in [family[0]]}
    checks["compile"] = lambda: compile_times(limit, options, command)
    within = True
    for name, measure in checks.items():
        if only and not any(word in name for word in only):
            continue
        try:
            within = measure() and within
        except Missing as error:
            print(f"{name:36} missing: {error}", flush=True)
            within = False
    return within
