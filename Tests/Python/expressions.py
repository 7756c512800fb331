"""Expressions that the prompt and real JAX evaluate: expressions.py PROGRAM [FILE…], where PROGRAM is hosted-python.

Each line of Tests/Python/Expressions/*.txt is an expression; lines that begin with "!" are statements for all that follow in the
file. Compared are the text of the value, numbers to four significant digits, or the exception's name and the first line of its text.
"""
import glob
import os
import re
import subprocess
import sys
import tempfile

PRELUDE = """import jax, jax.numpy as jnp
from functools import partial
def show(f):
    try:
        print(repr(f()))
    except Exception as e:
        print(type(e).__name__ + ": " + str(e).split("\\n")[0])
    print("=====")
"""
NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*(?:e[-+]?\d+)?|nan|inf)j?", re.IGNORECASE)


def lines(path):
    return [line for line in open(path).read().split("\n") if line.strip() and not line.startswith("#")]


def program_text(path):
    text = PRELUDE
    for line in lines(path):
        text += line[2:] + "\n" if line.startswith("!") else "show(lambda: %s)\n" % line
    return text


def answers(command, path):
    with tempfile.NamedTemporaryFile("w", suffix=".py") as file:
        file.write(program_text(path))
        file.flush()
        output = subprocess.run(command + [file.name], capture_output=True, text=True, env={**os.environ, "JAX_PLATFORMS": "cpu"})
    parts = output.stdout.split("=====\n")
    return [part.strip() for part in parts[:-1]], parts[-1] + output.stderr


def same_number(a, b, digits=4):
    if a == b:
        return True
    try:
        x, y = complex(a), complex(b)
    except ValueError:
        return False
    if x != x or y != y:
        return x != x and y != y
    return abs(x - y) <= 10.0 ** -digits * max(abs(x), abs(y)) or abs(x - y) < 1e-5


def same(ours, theirs):
    """Whether the texts are the same but for the numbers' last digits, and for how they are laid out."""
    # JAX says where functions and calls are; numbers of objects differ.
    ours, theirs = [re.sub(r" at (0x\w+|\S+:\d+)", "", " ".join(text.split())) for text in (ours, theirs)]
    if ours == theirs:
        return True
    a, b = NUMBER.sub("#", ours), NUMBER.sub("#", theirs)
    squeeze = lambda text: re.sub(r"\s+", "", text)
    if squeeze(a) != squeeze(b):
        return False
    return all(same_number(x, y) for x, y in zip(NUMBER.findall(ours), NUMBER.findall(theirs)))


def main(program, paths):
    passed = failed = 0
    for path in paths:
        expressions = [line for line in lines(path) if not line.startswith("!")]
        ours, rest = answers([program], path)
        theirs, trouble = answers([sys.executable, "-W", "ignore"], path)
        if len(theirs) != len(expressions):
            sys.exit("%s: real JAX gave %d answers to %d expressions: %s" % (path, len(theirs), len(expressions), trouble[-500:]))
        wrong = 0
        for index, expression in enumerate(expressions):
            answer = ours[index] if index < len(ours) else "(ended early) " + rest[-300:]
            if same(answer, theirs[index]):
                passed += 1
                continue
            wrong += 1
            print("%s: %s\n  ours   %s\n  JAX's  %s" % (os.path.basename(path), expression[:200], answer[:300], theirs[index][:300]))
        failed += wrong
        print("%s: %d of %d as JAX has them" % (os.path.basename(path), len(expressions) - wrong, len(expressions)))
    print("%d passed, %d failed" % (passed, failed))
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    here = os.path.dirname(os.path.abspath(__file__))
    main(sys.argv[1], sys.argv[2:] or sorted(glob.glob(here + "/Expressions/*.txt")))
