"""This project's changes to MicroPython's source, applied once to a fresh copy of it: patch.py FOLDER.

Each change (changes/*.py, by topic) names a file, text that must stand there, and what replaces it. A source in which an
anchor is missing is refused. What each change is for stands beside it; Tests/Python/language.py and Tests/Python/hostile.py
test them.
"""
import pathlib
import sys

# In this order: later ones change what earlier ones have written.
from changes import change, state, values, grammar, sizes, aliasing, classes, parsing, ending

if __name__ == "__main__":
    change.apply(pathlib.Path(sys.argv[1]))
