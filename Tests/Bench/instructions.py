"""Guest instructions of the differential tests' programs: `instructions.py [COMMAND]` prints them as JSON.

QEMU counts (`-icount`): one instruction is one nanosecond of the guest's clock, whatever the host does. The emulator is
reached through a wrapper of its name on the path, so that the command itself needs no option for this.
"""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

import numpy as np

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(HERE.parent / "Differential"))

MEASURE = """
import machine, jax, jax.numpy as jnp
data = open("host:program", "rb").read()
t0 = machine.uptime()
program = jax.export.deserialize(data)
t1 = machine.uptime()
a = [%s]
program.call(*%s)
t2 = machine.uptime()
program.call(*%s)
t3 = machine.uptime()
print('{"load": %%.0f, "run": %%.0f}' %% ((t1 - t0) * 1e9, (t3 - t2) * 1e9))
"""

# Elementwise operations on a million elements each, against the same on one: what a single element costs.
ELEMENTS = """
import machine, jax.numpy as jnp
def cost(f, x):
    f(x)
    t = machine.uptime()
    f(x)
    return machine.uptime() - t
costs = []
for name, f in (("add", lambda x: x + x), ("multiply", lambda x: x * x), ("maximum", lambda x: jnp.maximum(x, x)), ("tanh", jnp.tanh)):
    costs.append('"%s": %.2f' % (name, (cost(f, jnp.ones(1 << 18)) - cost(f, jnp.ones(1))) * 1e9 / (1 << 18)))
print("{" + ", ".join(costs) + "}")
"""


# A program without operations, compiled before: what a call costs from Python and back, without the arithmetic around it.
EMPTY = """
import machine, jax, jax.numpy as jnp
program = jax.export.deserialize(open("host:program", "rb").read())
x = jnp.ones(4)
def cost(f):
    f(x)
    t = machine.uptime()
    for _ in range(100):
        f(x)
    return machine.uptime() - t
print('{"call": %.0f}' % ((cost(program.call) - cost(lambda x: x)) * 1e7))
"""


class CountedMachine:
    """A machine of one processor whose clock counts instructions."""

    def __init__(self, command, share):
        self.command, self.share = command, share

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="barejax-")
        wrapper = pathlib.Path(self.folder.name, "qemu-system-x86_64")
        wrapper.write_text(f"#!/bin/sh\nexec {shutil.which('qemu-system-x86_64')} \"$@\" -icount shift=0,sleep=off\n")
        wrapper.chmod(0o755)
        self.socket = os.path.join(self.folder.name, "socket")
        environment = dict(os.environ, PATH=f"{self.folder.name}:{os.environ['PATH']}")
        self.process = subprocess.Popen([self.command, "boot", "--gpu", "off", "--socket", self.socket, "--share", self.share],
                                        stdout=subprocess.PIPE, text=True, env=environment)
        if self.process.stdout.readline().strip() != "ready":
            raise RuntimeError("the machine did not start")
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        self.folder.cleanup()

    def evaluate(self, text):
        done = subprocess.run([self.command, "eval", text, "--connect", self.socket], capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(done.stderr)
        return json.loads(done.stdout)


def measure(command):
    """{program: {"load": instructions, "run": instructions}}, "elements": instructions an element, and "empty": those of a call that does
    nothing."""
    import jax
    import jax.export
    import bench
    import models
    import models_test
    results = {}
    with tempfile.TemporaryDirectory() as folder, CountedMachine(command, folder) as machine:
        results["elements"] = machine.evaluate(ELEMENTS)
        pathlib.Path(folder, "program").write_bytes(jax.export.export(jax.jit(lambda x: x))(np.ones(4, np.float32)).serialize())
        results["empty"] = machine.evaluate(EMPTY)
        for name, function, arguments, platforms in models.programs():
            program, _, _, _ = models_test.lower(name, function, arguments, platforms)
            pathlib.Path(folder, "program").write_bytes(program)
            leaves, tree = jax.tree_util.tree_flatten(arguments)
            values = [bench.on_the_machine(np.asarray(leaf)) for leaf in leaves]
            call = repr(jax.tree_util.tree_unflatten(tree, [bench.Verbatim(f"a[{index}]") for index in range(len(leaves))]))
            try:
                results[name] = machine.evaluate(MEASURE % (", ".join(values), call, call))
            except RuntimeError as error:
                print(f"{name}: {error}", file=sys.stderr)
    return results


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1] if len(sys.argv) > 1 else str(ROOT / "build" / "barejax")), indent=1))
