"""The GPU through the machine against the same driver on the host itself: the same modules, in one run, by turns."""
import os
import pathlib
import re
import shutil
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
VENUS = ROOT / "build/venus-root"
LINE = re.compile(r"bench (.*): ([0-9.e+-]+) (\S+)")


def parse(text):
    return {name: (float(value), unit) for name, value, unit in LINE.findall(text)}


def native():
    """On the Vulkan driver that stands behind the machine's GPU: that of the Debian 13 root where QEMU runs in it."""
    program = ROOT / ".build/release/native-gpu-bench"
    command = [str(program)]
    if (VENUS / ".complete").exists():
        libraries = pathlib.Path(shutil.which("swift")).resolve().parents[1] / "lib/swift/linux"
        command = ["bwrap", "--ro-bind", f"{VENUS}/usr", "/usr", "--ro-bind", f"{VENUS}/etc", "/etc"]
        for folder in ("bin", "sbin", "lib", "lib64"):
            command += ["--symlink", f"usr/{folder}", f"/{folder}"]
        command += ["--dev", "/dev", "--proc", "/proc", "--tmpfs", "/tmp", "--ro-bind", "/sys", "/sys", "--dev-bind-try", "/dev/dri", "/dev/dri",
                    "--ro-bind", str(libraries), "/run/swift", "--ro-bind", str(program), "/run/bench", "--setenv", "LD_LIBRARY_PATH", "/run/swift",
                    "--setenv", "HOME", "/tmp", "--die-with-parent", "/run/bench"]
    return parse(subprocess.run(command, capture_output=True, text=True, timeout=300).stdout)


def machine(limit=300):
    """The machine's own benchmark; it halts when it is done, and is ended then."""
    process = subprocess.Popen([str(ROOT / "build/barejax"), "boot", "--gpu", "on", "--append", "test=gpu-bench"],
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    os.set_blocking(process.stdout.fileno(), False)
    text, end = b"", time.monotonic() + limit
    while time.monotonic() < end and process.poll() is None and b"gpu ledger at zero" not in text:
        time.sleep(0.1)
        text += process.stdout.read() or b""
    process.terminate()
    process.wait()
    return parse(text.decode(errors="replace").replace("\r", ""))


def best(runs, name):
    """The fastest of the runs: the most of a rate, the least of a time."""
    values = [run[name][0] for run in runs if name in run]
    if not values:
        return None
    unit = next(run[name][1] for run in runs if name in run)
    return min(values) if unit == "ms" else max(values)


def measure(record, rounds=7):
    built = subprocess.run(["swift", "build", "-c", "release", "--product", "native-gpu-bench"], cwd=ROOT, capture_output=True)
    if built.returncode:
        record("gpu", "native benchmark", None, "")
        return
    through, direct = [], []
    for _ in range(rounds):
        through.append(machine())
        direct.append(native())
    for name, (_, unit) in (through[0] or direct[0]).items():
        here, there = best(through, name), best(direct, name)
        record("gpu", name + ", machine", here, unit)
        record("gpu", name + ", native", there, unit)
        if here and there:
            record("gpu", name + ", machine / native", here / there, "")


if __name__ == "__main__":
    measure(lambda group, name, value, unit: print(f"{group:12} {name:48} {value} {unit}", flush=True))
