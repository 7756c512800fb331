"""Compares the prompt's arrays with real JAX's: against_jax.py PROGRAM, where PROGRAM is hosted-python.

A seeded sample of arrays is printed by both (repr and str), and a seeded sample of operations is evaluated by both: dtype,
weak type, shape and values, or the exception's name. Real JAX runs on the host's cpu.
"""
import random
import subprocess
import sys
import tempfile

import jax.numpy as jnp
import numpy as np

COUNT = int(sys.argv[2]) if len(sys.argv) > 2 else 400
DTYPES = ["bool", "int8", "int16", "int32", "uint8", "uint16", "uint32", "float16", "bfloat16", "float32", "complex64"]


def values(rng, dtype, count):
    """Numbers that lead to every branch of the printing."""
    kind = rng.randrange(8)
    scale = [1, 10.0 ** rng.randrange(-12, 12), 1000, 1, 1e-3, 1e6, 10.0 ** rng.randrange(-4, 4), 1][kind]
    numbers = [rng.gauss(0, 1) * scale for _ in range(count)]
    if kind == 3:
        numbers = [float(rng.randrange(-20, 20)) for _ in range(count)]
    if kind == 7:
        numbers = [rng.choice([0.0, -0.0, 1.5, float("nan"), float("inf"), -float("inf"), 1e-5, 123456.0]) for _ in range(count)]
    if dtype == "bool":
        return [rng.random() < 0.5 for _ in range(count)]
    if "int" in dtype:
        low, high = (0, 200) if dtype.startswith("u") else (-120, 120)
        return [rng.randrange(low, high) for _ in range(count)]
    if dtype.startswith("complex"):
        return [complex(a, rng.gauss(0, 1) * scale if abs(a) < 1e30 else 0.0) for a in numbers]
    return numbers


def literal(value):
    if isinstance(value, bool) or isinstance(value, int):
        return repr(value)
    if isinstance(value, complex):
        return "complex(%s, %s)" % (literal(value.real), literal(value.imag))
    return "float('%r')" % value


def printing_cases(rng, count):
    for _ in range(count):
        dtype = rng.choice(DTYPES)
        shape = rng.choice([(), (1,), (3,), (7,), (2, 3), (4, 1), (3, 2, 2), (30,), (5, 9), (1001,), (40, 30), (2, 0), (3, 500),
                            (12, 11, 10)])
        size = int(np.prod(shape))
        data = values(rng, dtype, min(size, 40))
        source = "[" + ", ".join(literal(v) for v in data) + "]"
        repeats = -(-size // max(len(data), 1))
        name = "bool_" if dtype == "bool" else dtype
        yield "jnp.array((%s * %d)[:%d], dtype=jnp.%s).reshape(%r)" % (source, repeats, size, name, shape)


OPERATORS = ["+", "-", "*", "/", "//", "%", "**", "<", "==", ">="]
FUNCTIONS = ["sum", "mean", "max", "argmin", "cumsum", "abs", "sin", "exp", "sqrt", "floor", "sign", "sort", "std", "prod", "tanh",
             "square", "any"]
INDICES = ["[0]", "[-1]", "[::-1]", "[1:]", "[..., 0]", "[None]", "[jnp.array([1, 0, 1])]", "[:, 1]", "[1, ::2]",
           "[jnp.array([True, False])]", "[jnp.array([0, 1]), jnp.array([2, 0])]", "[5]", "[:, jnp.array([[0, 1], [2, 2]])]", "[1:1]",
           "[..., -2:0:-1]", ".T", ".ravel()"]


def operand(rng):
    if rng.random() < 0.25:
        return rng.choice(["2", "-3", "1.5", "True", "0.25", "1j"])
    dtype = rng.choice(["bool_", "int8", "int32", "uint8", "float16", "bfloat16", "float32"])
    numbers = [rng.randrange(1, 6) for _ in range(6)]
    shape = rng.choice(["(2, 3)", "(3,)", "(1, 3)", "(2, 1)", "()"])
    count = {"(2, 3)": 6, "(3,)": 3, "(1, 3)": 3, "(2, 1)": 2, "()": 1}[shape]
    return "jnp.array(%r, dtype=jnp.%s).reshape(%s)" % (numbers[:count], dtype, shape)


def operation_cases(rng, count):
    for _ in range(count):
        kind = rng.randrange(4)
        if kind == 0:
            a, b = operand(rng), operand(rng)
            if "jnp" in a or "jnp" in b:
                yield "%s %s %s" % (a, rng.choice(OPERATORS), b)
        elif kind == 1:
            yield "jnp.%s(%s)" % (rng.choice(FUNCTIONS), operand(rng) if rng.random() < 0.9 else "jnp.arange(12).reshape(3, 4)")
        elif kind == 2:
            yield "jnp.arange(%s).reshape(2, 3)%s" % (rng.choice(["6", "6.0"]), rng.choice(INDICES))
        else:
            yield "jnp.where(%s > 2, %s, %s)" % (operand(rng).replace("1j", "1"), operand(rng), operand(rng))


def run(program, expressions):
    """Evaluates every expression in the program; 'ExceptionName: text' where one raises."""
    with tempfile.NamedTemporaryFile("w", suffix=".py") as file:
        file.write("import jax.numpy as jnp\ndef show(f):\n    try:\n        x = f()\n        print(repr(x)); print('~'); print(str(x))\n"
                   "    except Exception as e:\n        print(type(e).__name__)\n    print('=====')\n")
        for expression in expressions:
            file.write("show(lambda: %s)\n" % expression)
        file.flush()
        output = subprocess.run([program, file.name], capture_output=True, text=True)
    parts = output.stdout.split("=====\n")
    if len(parts) != len(expressions) + 1:
        print(output.stdout[-2000:], output.stderr[-2000:])
        sys.exit("the program ended early: %d of %d" % (len(parts) - 1, len(expressions)))
    return parts[:-1]


def jax_answer(expression):
    """The same from real JAX."""
    try:
        x = eval(expression, {"jnp": jnp})
        return repr(x) + "\n~\n" + str(x) + "\n"
    except Exception as e:
        return type(e).__name__ + "\n"


def close(ours, theirs):
    """Equal text, or values that differ in the last printed digits only (library functions are rounded differently)."""
    if ours == theirs:
        return True
    a, b = ours.split(), theirs.split()
    if len(a) != len(b):
        return False
    for x, y in zip(a, b):
        strip = "Array([]),"
        x, y = x.strip(strip), y.strip(strip)
        if x == y:
            continue
        try:
            if abs(complex(x) - complex(y)) > 2e-6 * max(abs(complex(y)), 1e-6) and abs(complex(x) - complex(y)) > 1e-2 * abs(complex(y)):
                return False
        except ValueError:
            return False
    return True


def main(program):
    rng = random.Random(20240613)
    failures = total = 0
    suites = [("printing", list(printing_cases(rng, COUNT)), True), ("operations", list(operation_cases(rng, COUNT)), False)]
    for name, cases, exact in suites:
        answers = run(program, cases)
        passed = 0
        total += len(cases)
        for expression, ours in zip(cases, answers):
            theirs = jax_answer(expression)
            if ours == theirs or (not exact and close(ours, theirs)):
                passed += 1
            else:
                failures += 1
                if failures <= 12:
                    print(expression[:300], "\n--- ours\n" + ours[:600] + "--- jax\n" + theirs[:600])
        print("%s: %d of %d as JAX has them" % (name, passed, len(cases)))
    print("%d passed, %d failed" % (total - failures, failures))
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main(sys.argv[1])
