"""What the kernel's mechanisms cost in guest instructions, beside a Linux guest's; and how a parallel loop scales."""
import pathlib
import re
import subprocess
import tempfile

import linux_guest

ROOT = pathlib.Path(__file__).resolve().parents[2]
ELF = ROOT / "build" / "barejax.elf"
# One instruction is one nanosecond of the guest's time, whatever the host does.
COUNTED = ["qemu-system-x86_64", "-M", "q35", "-cpu", "max", "-m", "512M", "-smp", "1", "-nodefaults", "-display", "none", "-serial", "stdio",
           "-no-reboot", "-icount", "shift=0,sleep=off"]


def lines(arguments, word, timeout):
    """The figures of lines "WORD NAME NUMBER" that a guest prints until it ends."""
    output = subprocess.run(COUNTED + arguments, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, timeout=timeout).stdout.decode(errors="replace")
    return {name: int(value) for name, value in re.findall(rf"^{word} (\w+) (\d+)", output, re.MULTILINE)}


def instructions():
    """(ours, Linux's): the counter's ticks per instruction cancel, since both guests run on the same QEMU."""
    ours = lines(["-kernel", str(ELF), "-append", "test=bench", "-device", "isa-debug-exit,iobase=0xf4,iosize=0x04"], "bench", 120)
    kernel, initramfs = linux_guest.prepare()
    theirs = lines(["-kernel", kernel, "-initrd", initramfs, "-append", "console=ttyS0 quiet"], "linux", 300)
    return ours, theirs


PROGRAM = """
import machine, jax.numpy as jnp
x = jnp.ones((768, 768)) * 0.5
(x @ x).block_until_ready()
best = 1e9
for i in range(5):
    t = machine.uptime()
    (x @ x).block_until_ready()
    best = min(best, machine.uptime() - t)
print("%.6f" % best)
"""


def contraction(cpus):
    """Seconds of one f32 contraction on a machine with so many processors."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "socket")
        command = ROOT / "build" / "barejax"
        machine = subprocess.Popen([command, "boot", "--cpus", str(cpus), "--socket", path], stdout=subprocess.PIPE, text=True)
        try:
            machine.stdout.readline()
            done = subprocess.run([command, "eval", PROGRAM, "--connect", path], capture_output=True, text=True, timeout=300, check=True)
            return float(done.stdout)
        finally:
            machine.terminate()
            machine.wait()


if __name__ == "__main__":
    print(instructions())
    one, two = contraction(1), contraction(2)
    print(f"one processor {one:.3f} s, two {two:.3f} s: {one / two:.2f} times")
