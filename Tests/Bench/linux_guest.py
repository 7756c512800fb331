"""A Debian kernel with a one-program initramfs, for the other side of the benches' ratios."""
import glob
import os
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDER = ROOT / "build" / "bench"


def newc_entry(name, data, mode):
    """One file of a cpio archive in the newc form (Linux, Documentation/driver-api/early-userspace/buffer-format.rst)."""
    fields = [1, mode, 0, 0, 1, 0, len(data), 5, 1, 5, 1, len(name) + 1, 0]
    head = b"070701" + b"".join(b"%08X" % field for field in fields) + name.encode() + b"\0"
    pad = lambda block: block + b"\0" * (-len(block) % 4)
    return pad(head) + pad(data)


def prepare():
    """(kernel, initramfs), made once under build/bench."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    kernels = glob.glob(str(FOLDER / "linux/boot/vmlinuz-*"))
    if not kernels:
        print("bench: fetching Debian's kernel for the comparison")
        depends = subprocess.run(["apt-cache", "depends", "linux-image-cloud-amd64"], capture_output=True, text=True, check=True)
        package = next(line.split()[1] for line in depends.stdout.splitlines() if "Depends: linux-image" in line)
        subprocess.run(["apt-get", "-q", "download", package], cwd=FOLDER, check=True, capture_output=True)
        archive = glob.glob(str(FOLDER / f"{package}_*.deb"))[0]
        subprocess.run(["dpkg", "-x", archive, FOLDER / "linux"], check=True)
        os.remove(archive)
        kernels = glob.glob(str(FOLDER / "linux/boot/vmlinuz-*"))
    init = FOLDER / "init"
    source = pathlib.Path(__file__).with_name("linux_init.c")
    subprocess.run(["gcc", "-O1", "-static", "-nostdlib", "-ffreestanding", "-fno-stack-protector", "-fno-pie", "-no-pie", "-o", init, source], check=True)
    initramfs = FOLDER / "initramfs"
    console = newc_entry("dev", b"", 0o040755)
    initramfs.write_bytes(console + newc_entry("init", init.read_bytes(), 0o100755) + newc_entry("TRAILER!!!", b"", 0))
    return kernels[0], str(initramfs)
