"""This project's changes to MicroPython's source, applied once to a fresh copy of it: patch.py FOLDER.

Each change names a file, text that must stand there exactly once, and what replaces it. A source in which an anchor is
missing is refused. What each change is for stands beside it; Tests/Python has a test of each.
"""
import pathlib
import sys

changes = []


def change(file, old, new, times=1):
    changes.append((file, old, new, times))


# --- isolation: the typecodes whose value is a pointer ---

for size in ("size = sizeof(void *);", "align = alignof(void *);\n                    size = sizeof(void *);"):
    change("py/binary.c", f"""                case 'P':
                case 'O':
                case 'S':
                    {size}
                    break;
""", "")


def apply(root):
    for file, old, new, times in changes:
        path = root / file
        text = path.read_text()
        if text.count(old) != times:
            sys.exit(f"{path}: expected {times} times, found {text.count(old)} times:\n{old}")
        path.write_text(text.replace(old, new))


if __name__ == "__main__":
    apply(pathlib.Path(sys.argv[1]))
