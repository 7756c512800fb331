"""Times from the start of QEMU to what a guest prints, measured from outside on its serial line."""
import os
import select
import statistics
import subprocess
import tempfile
import time


class Guest:
    """One QEMU with its serial line on a pipe."""

    BASE = ["qemu-system-x86_64", "-M", "q35", "-cpu", "max", "-m", "1G", "-nodefaults", "-display", "none",
            "-serial", "stdio", "-no-reboot"]

    def __init__(self, options):
        self.begun = time.monotonic()
        self.process = subprocess.Popen(self.BASE + options, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL)
        self.text = b""

    def seconds_until(self, mark, timeout=60):
        """Seconds from QEMU's start until `mark` has been printed; None if it never is."""
        descriptor = self.process.stdout.fileno()
        while mark not in self.text:
            left = self.begun + timeout - time.monotonic()
            if left <= 0 or not select.select([descriptor], [], [], left)[0]:
                return None
            chunk = os.read(descriptor, 65536)
            if not chunk:
                return None
            self.text += chunk
        return time.monotonic() - self.begun

    def processor_seconds(self):
        """What QEMU has used of the host's processors so far: a figure that other work on the host disturbs little."""
        with open(f"/proc/{self.process.pid}/stat") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def end(self):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()


def first_instruction(options, timeout=60):
    """Seconds until the image's first instructions wrote to the debug console (port 0xE9)."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "debug")
        os.mkfifo(path)
        reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        guest = Guest(options + ["-chardev", f"file,id=debug,path={path}", "-device", "isa-debugcon,iobase=0xe9,chardev=debug"])
        try:
            deadline = guest.begun + timeout
            while time.monotonic() < deadline:
                if select.select([reader], [], [], 0.5)[0]:
                    try:
                        if b"B" in os.read(reader, 64):
                            return time.monotonic() - guest.begun
                    except BlockingIOError:
                        pass
                if guest.process.poll() is not None:
                    return None
            return None
        finally:
            os.close(reader)
            guest.end()


def marks(options, names, rounds):
    """The median seconds until each mark, in the order given, and under "processor" QEMU's processor time until the last."""
    times = {name: [] for name in [*names, "processor"]}
    for _ in range(rounds):
        guest = Guest(options)
        try:
            for name in names:
                seconds = guest.seconds_until(name)
                if seconds is not None:
                    times[name].append(seconds)
            times["processor"].append(guest.processor_seconds())
        finally:
            guest.end()
    return {name: statistics.median(values) if values else None for name, values in times.items()}
