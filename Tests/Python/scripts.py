"""Scripts that real JAX and the prompt run: scripts.py PROGRAM [FILE…], where PROGRAM is hosted-python or "barejax eval -f".

The scripts of Tests/Python/Scripts run unchanged by both; their output must be the same line by line, numbers to four significant
digits.
"""
import glob
import os
import subprocess
import sys

from expressions import same


def output(command, path):
    run = subprocess.run(command + [path], capture_output=True, text=True, env={**os.environ, "JAX_PLATFORMS": "cpu"})
    return run.stdout.replace("\r", "").rstrip("\n").split("\n"), run.stderr


def main(program, paths):
    passed = failed = 0
    for path in paths:
        theirs, trouble = output([sys.executable, "-W", "ignore"], path)
        if trouble:
            sys.exit("%s fails under real JAX: %s" % (path, trouble[-800:]))
        ours, trouble = output(program, path)
        for number, line in enumerate(theirs):
            own = ours[number] if number < len(ours) else "(no line) " + trouble[-300:]
            if not same(own, line):
                failed += 1
                print("%s, line %d of the output:\n  ours   %s\n  JAX's  %s" % (os.path.basename(path), number + 1, own[:400], line[:400]))
                break
        else:
            if len(ours) != len(theirs):
                failed += 1
                print("%s: %d lines, JAX's are %d" % (os.path.basename(path), len(ours), len(theirs)))
            else:
                passed += 1
    print("%d passed, %d failed" % (passed, failed))
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    here = os.path.dirname(os.path.abspath(__file__))
    main(sys.argv[1].split(), sys.argv[2:] or sorted(glob.glob(here + "/Scripts/*.py")))
