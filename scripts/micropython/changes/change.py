"""How a change to MicroPython's source is stated: a file, text that must stand there, and what replaces it."""
import pathlib

changes = []


def change(file, old, new, times=1):
    """`old` must stand in `file` exactly so many times; each place becomes `new`."""
    changes.append((file, old, new, times))


def section(file, start, end, own):
    """From the line that begins with `start` to before `end` the file gets the text of this project's file `own`."""
    changes.append((file, start, end, pathlib.Path(__file__).parent / "../../../Sources/Python/port" / own))


def apply(root):
    for file, old, new, how in changes:
        path = root / file
        text = path.read_text()
        if isinstance(how, int):
            if text.count(old) != how:
                raise SystemExit(f"{path}: expected {how} times, found {text.count(old)} times:\n{old}")
            text = text.replace(old, new)
        else:
            if text.count(old) != 1 or new not in text[text.index(old):]:
                raise SystemExit(f"{path}: there is no section from\n{old}\nto\n{new}")
            begin = text.index(old)
            text = text[:begin] + how.read_text() + "\n" + text[text.index(new, begin):]
        path.write_text(text)
