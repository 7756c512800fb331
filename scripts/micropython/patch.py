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

# --- the port's functions that the changes below call; mpy-cross is built without them ---

change("py/runtime.h", """#include "py/cstack.h"
""", """#include "py/cstack.h"
#ifdef PYTHON_PORT
#include "hooks.h"
#endif
""")

# --- arrays in arithmetic: they are asked first, before a float on the left converts them to a float ---

change("py/runtime.c", """mp_obj_t MICROPY_WRAP_MP_BINARY_OP(mp_binary_op)(mp_binary_op_t op, mp_obj_t lhs, mp_obj_t rhs) {
""", """mp_obj_t MICROPY_WRAP_MP_BINARY_OP(mp_binary_op)(mp_binary_op_t op, mp_obj_t lhs, mp_obj_t rhs) {
    #ifdef PYTHON_PORT
    if (MP_UNLIKELY(python_is_array(rhs)) && !python_is_array(lhs)) {
        mp_obj_t result = python_reversed_binary_op(op, lhs, rhs);
        if (result != MP_OBJ_NULL) return result;
    }
    #endif
""")


def apply(root):
    for file, old, new, times in changes:
        path = root / file
        text = path.read_text()
        if text.count(old) != times:
            sys.exit(f"{path}: expected {times} times, found {text.count(old)} times:\n{old}")
        path.write_text(text.replace(old, new))


if __name__ == "__main__":
    apply(pathlib.Path(sys.argv[1]))
