"""Runs a folder of self-checking programs on the machine; the programs in known.txt are expected to miss their check."""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]


def main():
    known = set(pathlib.Path(__file__).with_name("known.txt").read_text().split())
    done = subprocess.run([ROOT / "build/barejax", "check", sys.argv[1]], capture_output=True, text=True, timeout=900)
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
