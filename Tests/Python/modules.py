# The modules in Python, and those over the JAX layer. Every line that prints "FAIL" is a failure.
import sys
import collections
import dataclasses
import functools
import itertools
import operator
import typing

import jax
import jax.numpy as jnp
import machine

failures = checks = 0


def check(condition, text):
    global failures, checks
    checks += 1
    if not condition:
        failures += 1
        print("FAIL", text)


def raises(body):
    try:
        body()
    except Exception as e:
        return repr(e)
    return None


check(functools.partial(lambda a, b=2, *c, **k: (a, b, c, k), 1)(5, 6, z=3) == (1, 5, (6,), {"z": 3}), "partial")
check(functools.reduce(operator.add, [1, 2, 3]) == 6, "reduce")
check(list(itertools.product([1, 2], "ab")) == [(1, "a"), (1, "b"), (2, "a"), (2, "b")], "product")
check(list(itertools.combinations(range(4), 2))[-1] == (2, 3), "combinations")
check(list(itertools.islice(itertools.count(3), 2, 8, 3)) == [5, 8], "islice")
check(collections.Counter("abca").most_common(1) == [("a", 2)], "Counter")
words = collections.defaultdict(list)
words["a"].append(1)
check(words == {"a": [1]}, "defaultdict")


@dataclasses.dataclass
class Point:
    x: int
    y: float = 2.0
    tags: list = dataclasses.field(default_factory=list)


check(repr(Point(1)) == "Point(x=1, y=2.0, tags=[])" and Point(1) == Point(1), "dataclass")
check(dataclasses.replace(Point(1), x=5).x == 5 and dataclasses.asdict(Point(3))["x"] == 3, "replace, asdict")

x = jnp.arange(6).reshape(2, 3)
check(repr(x * 1.5) == "Array([[0. , 1.5, 3. ],\n       [4.5, 6. , 7.5]], dtype=float32, weak_type=True)", "x * 1.5")
check(repr(2.0 * x) == repr(x * 2.0) and str(1 < x) == "[[False False  True]\n [ True  True  True]]", "scalars on the left")
check(raises(lambda: x + jnp.ones(4)) == "TypeError('add got incompatible shapes for broadcasting: (2, 3), (4,).')", "shapes")
check(f"{jnp.float32(3.14159):.2f}|{x[0, 1]:>4}" == "3.14|   1", "format of arrays")
check(float(x.sum()) == 15.0 and int(x[1, 2]) == 5 and [int(v) for v in x[0]] == [0, 1, 2], "conversions")
check(str(x.T @ jnp.ones((2, 2))) == "[[3. 3.]\n [5. 5.]\n [7. 7.]]", "matmul")
check(x.dtype == jnp.int32 and x.dtype == "int32" and repr(x.dtype) == "dtype('int32')", "dtype")
check(raises(lambda: x.__setitem__(0, 1)) is not None and raises(lambda: hash(x)) is not None, "immutable")
check(repr(jnp.sort(jnp.array([3., 0., 1.]) / jnp.array([1., 0., 1.]))) == "Array([ 1.,  3., nan], dtype=float32)", "NaNs are sorted last, whatever their sign")
check(jnp.argsort(jnp.array([0., -0., 0.])).tolist() == [0, 1, 2], "zeros of both signs are equal")
check(jnp.reshape(jnp.arange(6), (2, 3), order="F").tolist() == [[0, 2, 4], [1, 3, 5]], "reshape by columns")
check(jnp.arange(6).reshape((2, 3)).ravel(order="F").tolist() == [0, 3, 1, 4, 2, 5], "ravel by columns")
check(jnp.arange(6).reshape(2, 3, order="F").tolist() == [[0, 2, 4], [1, 3, 5]], "the method, too")
check(repr(jnp.take(jnp.arange(3.), jnp.array([1, 7, -1]))) == "Array([ 1., nan,  2.], dtype=float32)", "take fills")
check(jnp.take(jnp.arange(3), 9).tolist() == -2147483648, "take fills integers")
check(jnp.take(jnp.arange(6).reshape(2, 3), jnp.array([0, 5]), axis=1).tolist() == [[0, -2147483648], [3, -2147483648]], "take fills along an axis")
check(jnp.arange(5)[::2**62].tolist() == [0] and jnp.arange(5)[::-2**62].tolist() == [4], "steps past the end")
check("TypeError" in raises(lambda: jnp.zeros(4).reshape(2**40, 2**40)), "a shape that overflows")
check("ValueError" in raises(lambda: jnp.moveaxis(jnp.zeros((2, 3)), (0, 1), (1, 1))), "moveaxis to one place twice")
check("MemoryError" in raises(lambda: jnp.tile(jnp.zeros(4), 2**62)), "tile to more than there is")
check("ValueError" in raises(lambda: jnp.arange(float("nan"))), "arange to NaN")
check("ValueError" in raises(lambda: jnp.arange(1e30)), "arange too far")
check(jnp.diff(jnp.ones(3), n=10**6).shape == (0,) and jnp.diff(jnp.ones((2, 3)), n=2**70, axis=0).shape == (0, 3), "diff without an end")
for offset in (2**40, -2**63, 2**63 - 1, 2**70):
    check(raises(lambda: jnp.diag(jnp.ones(3), offset)) is not None, "a diagonal outside of any array")
check("module 'jax.numpy' has no attribute 'nosuch'" in raises(lambda: jnp.nosuch), "what a module lacks is said with its name")
total = 0
for _ in range(3000):
    total = jnp.ones(1000).sum()  # garbage that only the collector finds
check(float(total) == 1000.0, "3000 arrays")

kept = jnp.arange(3)
try:
    machine.raise_fault("page")
    check(False, "machine.Fault was not raised")
except machine.Fault:
    check(str(kept) == "[0 1 2]", "variables survive a fault")
with machine.limits(time=5, permissions=[]) as now:
    check(now == machine.limits() and now["time"] == 5.0 and now["permissions"] == [], "limits for a block")
check(machine.limits()["time"] is None and "machine control" in machine.limits()["permissions"], "and those from before after it")
check(raises(lambda: open("no such file", "rb")) is not None, "a missing file")
check("read only" in raises(lambda: open("x", "wb")), "writing is refused")
check(raises(lambda: __import__("jax.export")) is None and "ValueError" in raises(lambda: jax.export.deserialize(b"nonsense")), "hostile artifact")

print("%d passed, %d failed" % (checks - failures, failures))
sys.exit(1 if failures else 0)
