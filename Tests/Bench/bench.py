"""`make bench`: prints a table of figures and writes build/bench.json. Ratios are taken within the run."""
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(HERE.parent / "Differential"))

import boot_times  # noqa: E402
import compiled  # noqa: E402
import gpu  # noqa: E402
import instructions  # noqa: E402
import kernel_costs  # noqa: E402
import linux_guest  # noqa: E402

BUILD = ROOT / "build"
ELF, IMAGE = BUILD / "barejax.elf", BUILD / "barejax.img"
FIRMWARE = "/usr/share/ovmf/OVMF.fd"
PVH = ["-kernel", str(ELF)]
EFI = ["-bios", FIRMWARE, "-drive", f"file={IMAGE},format=raw,if=none,id=disk,readonly=on", "-device", "virtio-blk-pci,drive=disk,bootindex=0"]
figures = []


def record(group, name, value, unit):
    figures.append({"group": group, "name": name, "value": value, "unit": unit})
    shown = "not measured" if value is None else f"{value:.4g} {unit}"
    print(f"{group:12} {name:48} {shown}", flush=True)


def sizes():
    output = subprocess.run(["size", "-A", str(ELF)], capture_output=True, text=True, check=True).stdout
    sections = {line.split()[0]: int(line.split()[1]) for line in output.splitlines() if line.startswith(".")}
    loaded = {name: size for name, size in sections.items()
              if not name.startswith((".debug", ".symtab", ".strtab", ".comment", ".note", ".bss", ".shstrtab"))}
    record("size", "PVH image, code and data", sum(loaded.values()) / 2**20, "MiB")
    record("size", "EFI image (BOOTX64.EFI)", (BUILD / "BOOTX64.EFI").stat().st_size / 2**20, "MiB")


def boots():
    for name, options, rounds in (("PVH", PVH, 10), ("EFI", EFI, 3)):
        times = [boot_times.first_instruction(options) for _ in range(rounds)]
        times = [t for t in times if t is not None]
        record("boot", f"{name}: QEMU start to first instruction", statistics.median(times) if times else None, "s")
        seen = boot_times.marks(options, [b"BareJAX", b">>> "], rounds)
        record("boot", f"{name}: QEMU start to banner", seen[b"BareJAX"], "s")
        record("boot", f"{name}: QEMU start to prompt", seen[b">>> "], "s")
        record("boot", f"{name}: QEMU's processor time to prompt", seen["processor"], "s")
        if name == "PVH":
            prompt = seen[b">>> "]
    kernel, initramfs = linux_guest.prepare()
    linux = boot_times.marks(["-kernel", kernel, "-initrd", initramfs, "-append", "console=ttyS0 quiet"], [b"linux init"], 3)[b"linux init"]
    record("boot", "Debian kernel, one-program initramfs: to init", linux, "s")
    if prompt and linux:
        record("boot", "BareJAX to prompt (PVH) / Linux to init", prompt / linux, "")
    times = []
    for _ in range(5):
        begun = time.monotonic()
        subprocess.run([BUILD / "barejax", "eval", "print(6*7)"], check=True, capture_output=True)
        times.append(time.monotonic() - begun)
    record("boot", 'barejax eval "print(6*7)", whole process', statistics.median(times), "s")


def programs():
    """Load time on the machine, and evaluation against jaxlib on the host, for the programs of the differential tests."""
    import jax
    import models
    import models_test
    import numpy as np
    from machine import COMMAND, Machine
    with tempfile.TemporaryDirectory() as folder, Machine("--share", folder) as machine:
        def evaluate(text):
            done = subprocess.run([COMMAND, "eval", text, "--connect", machine.socket], capture_output=True, text=True)
            if done.returncode:
                raise RuntimeError(done.stderr)
            return done.stdout
        memory = json.loads(subprocess.run([COMMAND, "stats", "--connect", machine.socket], capture_output=True, text=True, check=True).stdout)
        record("memory", "in use at the prompt", memory["memory"]["used_bytes"] / 2**20, "MiB")
        for name, function, arguments, platforms in models.programs():
            program, flat, expected, function = models_test.lower(name, function, arguments, platforms)
            pathlib.Path(folder, "program").write_bytes(program)
            leaves, tree = jax.tree_util.tree_flatten(arguments)
            values = [on_the_machine(np.asarray(leaf)) for leaf in leaves]
            call = repr(jax.tree_util.tree_unflatten(tree, [Verbatim(f"a[{index}]") for index in range(len(leaves))]))
            try:
                times = json.loads(evaluate(MEASURE % (", ".join(values), call, call)))
            except RuntimeError as error:
                record("evaluate", name, None, "ms")
                print(error, file=sys.stderr)
                continue
            jitted = jax.jit(function)
            jax.block_until_ready(jitted(*arguments))
            begun = time.perf_counter()
            rounds = 20
            for _ in range(rounds):
                jax.block_until_ready(jitted(*arguments))
            host = (time.perf_counter() - begun) / rounds
            record("load", name, times["load"] * 1e3, "ms")
            record("evaluate", name, times["run"] * 1e3, "ms")
            record("ratio", f"{name}: machine / jaxlib", times["run"] / host, "")


class Verbatim(str):
    """Text that prints without quotes, so that a tree of them prints as the expression that builds the tree."""
    __repr__ = str.__str__


def on_the_machine(array):
    """An expression for an array of the same type and size with harmless values; a scalar may count rounds and is kept."""
    if array.size == 1:
        return f"jnp.full({array.shape}, {array.item()!r}, '{array.dtype}')"
    shape = ", ".join(map(str, array.shape)) + ("," if array.ndim == 1 else "")
    if array.dtype.kind in "fc":
        made = f"jnp.linspace(-1, 1, {max(array.size, 1)})"
    else:
        made = f"jnp.arange({max(array.size, 1)}) % {int(array.max(initial=1)) + 1}"
    return f"({made}).astype('{array.dtype}').reshape(({shape}))"


MEASURE = """
import machine, jax, jax.numpy as jnp
data = open("host:program", "rb").read()
t0 = machine.uptime()
program = jax.export.deserialize(data)
t1 = machine.uptime()
a = [%s]
t2 = machine.uptime()
program.call(*%s)
t3 = machine.uptime()
rounds = 0
while machine.uptime() - t3 < 0.3:
    program.call(*%s)
    rounds += 1
print('{"load": %%.9f, "first": %%.9f, "run": %%.9f}' %% (t1 - t0, t3 - t2, (machine.uptime() - t3) / rounds))
"""


def kernel():
    """Guest instructions of the kernel's mechanisms beside Linux's, and how a contraction scales over processors."""
    ours, theirs = kernel_costs.instructions()
    for name, value in ours.items():
        record("kernel", name.replace("_", " "), value, "instructions")
        if name in theirs:
            record("kernel", name.replace("_", " ") + ", Linux guest", theirs[name], "instructions")
    one, two = kernel_costs.contraction(1), kernel_costs.contraction(2)
    record("kernel", "contraction 768x768x768 on two processors / on one", one / two, "times as fast")


def counted():
    """Guest instructions of each program beside those of commit 9c9f149, when the evaluator worked through closures an element."""
    before = json.loads((HERE / "instructions_before.json").read_text())
    after = instructions.measure(str(BUILD / "barejax"))
    for name, counts in after.items():
        unit = "instructions an element" if name == "elements" else "instructions"
        for what, count in counts.items():
            record("instructions", f"{name}, {what}: before", before[name][what], unit)
            record("instructions", f"{name}, {what}: now", count, unit)
            record("instructions", f"{name}, {what}: now / before", count / before[name][what], "")


def main():
    for section in (sizes, boots, kernel, counted, programs,
                    lambda: compiled.measure(record), lambda: gpu.measure(record)):
        section()
    (BUILD / "bench.json").write_text(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    main()
