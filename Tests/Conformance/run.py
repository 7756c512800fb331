"""Runs a folder of self-checking programs on the machine; the programs in known.txt are expected to miss their check.

    build/venv/bin/python Tests/Conformance/run.py FOLDER [DEVICE [EVERY]]

DEVICE is cpu or gpu; of the programs every one in EVERY is executed.
"""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]


def main():
    known = set(pathlib.Path(__file__).with_name("known.txt").read_text().split())
    folder, device, every = pathlib.Path(sys.argv[1]), *(sys.argv[2:] + ["cpu", "1"][len(sys.argv) - 2:])
    programs = sorted(folder.iterdir())[::int(every)] if every != "1" else [folder]
    done = subprocess.run([ROOT / "build/barejax", "check", *programs, "--device", device], capture_output=True, text=True, timeout=1800)
    failed = {pathlib.Path(line.split(": ")[0]).stem for line in done.stdout.splitlines() if line.startswith("FAILED ")}
    total = re.search(r"^(\d+) passed, (\d+) failed$", done.stdout, re.M)
    if not total:
        print("FAILED: the command gave no summary:", done.stderr[-500:])
        sys.exit(1)
    for name in sorted(failed):
        print(("known difference: " if name in known else "FAILED ") + name)
    new = failed - known
    print(f"{int(total[1])} passed, {len(new)} failed")
    sys.exit(1 if new else 0)


main()
