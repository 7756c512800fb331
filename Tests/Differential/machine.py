"""The machine under test, driven through the command: one boot serves all programs of a `with` block."""
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2]
COMMAND = ROOT / "build" / "barejax"


class MachineError(Exception):
    """What the command printed on standard error."""


def run_cases(cases):
    """Calls the body of each (name, body); None says that it passed, a text what differs. Ends the process with a summary."""
    passed = failed = 0
    for name, body in cases:
        try:
            text = body()
        except MachineError as error:
            text = str(error)
        if text is None:
            passed += 1
        else:
            failed += 1
            print(f"FAILED {name}: {text}", flush=True)
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


def flags(options):
    """A transformation's options as those of the command."""
    words = []
    for key, value in options.items():
        words.append("--" + key.replace("_", "-"))
        if isinstance(value, (tuple, list)):
            words.append(",".join("none" if each is None else str(each) for each in value))
        elif value is not True:
            words.append(str(value))
    return words


class Machine:
    """Boots a machine without a prompt and executes programs on one of its devices."""

    def __init__(self, *options, device="cpu"):
        self.options = ("--gpu", "on", *options) if device == "gpu" else options
        self.device = device

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="barejax-")
        self.socket = os.path.join(self.folder.name, "socket")
        self.process = subprocess.Popen(
            [COMMAND, "boot", "--socket", self.socket, *self.options],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        line = self.process.stdout.readline().strip()
        if line != "ready":
            self.process.kill()
            raise MachineError(f"the machine did not start: {line!r}\n{self.process.stderr.read()}")
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        self.process.stdout.close()
        self.process.stderr.close()
        self.folder.cleanup()

    def run(self, program, arguments, timeout=120):
        """Executes `program` (bytes) with numpy arrays; returns the list of results."""
        return self.execute(["run"], program, arguments, timeout)

    def transform(self, name, program, arguments, timeout=120, **options):
        """Executes what the transformation makes of `program`; options as JAX's functions have them."""
        return self.execute(["transform", name], program, arguments, timeout, flags(options))

    def saved(self, name, program, **options):
        """What the transformation makes of `program` for the types that it was exported for, as an artifact of jax.export."""
        with tempfile.TemporaryDirectory(dir=self.folder.name) as folder:
            path, out = os.path.join(folder, "program"), os.path.join(folder, "transformed")
            pathlib.Path(path).write_bytes(program)
            done = subprocess.run([COMMAND, "transform", name, path, "--save", out, "--connect", self.socket, *flags(options)],
                                  capture_output=True, text=True, timeout=120)
            if done.returncode != 0:
                raise MachineError(done.stderr.strip())
            return pathlib.Path(out).read_bytes()

    def execute(self, command, program, arguments, timeout, flags=()):
        with tempfile.TemporaryDirectory(dir=self.folder.name) as folder:
            path = os.path.join(folder, "program")
            pathlib.Path(path).write_bytes(program)
            files = []
            for index, argument in enumerate(arguments):
                files.append(os.path.join(folder, f"arg{index}.npy"))
                np.save(files[-1], argument)
            out = os.path.join(folder, "out")
            done = subprocess.run([COMMAND, *command, path, *files, "--out", out, "--device", self.device, "--connect", self.socket, *flags],
                                  capture_output=True, text=True, timeout=timeout)
            if done.returncode != 0:
                raise MachineError(done.stderr.strip())
            results = []
            while os.path.exists(name := os.path.join(out, f"{len(results)}.npy")):
                results.append(np.load(name))
            return results


class HostedMachine:
    """The JAX layer alone, as a process of the host (`hosted-run`): the same interface, for work on the operations."""

    def __init__(self, *_):
        self.command = os.environ.get("BAREJAX_HOSTED_RUN", str(ROOT / ".build/release/hosted-run"))

    def __enter__(self):
        self.process = subprocess.Popen([self.command], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait()

    def number(self):
        return int.from_bytes(self.process.stdout.read(8), "little", signed=True)

    def text(self):
        return self.process.stdout.read(self.number()).decode()

    def run(self, program, arguments, timeout=None):
        return self.execute("", "", program, arguments)

    def transform(self, name, program, arguments, timeout=None, **options):
        return self.execute(name, json.dumps(options), program, arguments)

    def execute(self, transformation, options, program, arguments):
        integer = lambda value: int(value).to_bytes(8, "little", signed=True)
        block = lambda data: integer(len(data)) + data
        request = block(program) + block(transformation.encode()) + block(options.encode()) + integer(len(arguments))
        for argument in arguments:
            argument = np.asarray(argument, order="C")
            request += block(argument.dtype.name.encode()) + integer(argument.ndim)
            request += b"".join(map(integer, argument.shape)) + block(argument.tobytes())
        self.process.stdin.write(request)
        self.process.stdin.flush()
        status = self.process.stdout.read(8)
        if not status:
            self.__enter__()
            raise MachineError("the evaluator died")
        if status != bytes(8):
            raise MachineError(self.text())
        results = []
        for _ in range(self.number()):
            dtype = np.dtype(self.text())
            shape = [self.number() for _ in range(self.number())]
            results.append(np.frombuffer(self.process.stdout.read(self.number()), dtype).reshape(shape))
        return results
