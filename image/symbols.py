#!/usr/bin/env python3
"""Makes the symbol table that the image carries: symbols.py LINKED-ELF OUT.o

The table names an address in fault reports. Layout, little-endian:
  u32 magic "BJSY", u32 count, then count records (u32 offset of the function from image_start, u32 offset of the name),
  sorted by address, then the names, each ended by a zero byte.
"""
import os
import re
import struct
import subprocess
import sys

LONGEST_NAME = 120


def simplify(name):
    """A demangled Swift name without what a reader of a report does not need."""
    name = re.sub(r"^(generic specialization <.*?> of |function signature specialization <.*?> of |merged |"
                  r"closure #\d+ [^ ]* in )+", lambda m: "closure in " if "closure" in m.group(0) else "", name)
    name = name.replace("Swift.", "").replace("__C.", "")
    return name[:LONGEST_NAME]


def main():
    image, output = sys.argv[1:3]
    lines = subprocess.run(["nm", "--defined-only", "-n", image], check=True, capture_output=True, text=True).stdout
    addresses, start = {}, None
    for line in lines.splitlines():
        address, kind, name = line.split(" ", 2)
        if name == "image_start":
            start = int(address, 16)
        if kind in "tTwW" and not name.startswith((".L", "image_")):
            addresses.setdefault(int(address, 16), name)
    if start is None:
        sys.exit("symbols.py: no image_start in " + image)
    ordered = sorted(addresses.items())
    demangled = subprocess.run(["swift", "demangle", "--simplified"], check=True, capture_output=True, text=True,
                               input="\n".join(name for _, name in ordered)).stdout.splitlines()
    assert len(demangled) == len(ordered)
    records, names, known = [], bytearray(), {}
    for (address, _), name in zip(ordered, demangled):
        text = simplify(name).encode()
        if text not in known:
            known[text] = len(names)
            names += text + b"\0"
        records.append(struct.pack("<II", address - start, known[text]))
    table = struct.pack("<4sI", b"BJSY", len(records)) + b"".join(records) + bytes(names)
    binary = output + ".bin"
    with open(binary, "wb") as file:
        file.write(table)
    assembly = output + ".S"
    with open(assembly, "w") as file:
        file.write('    .section .symbols, "a"\n    .balign 8\n    .incbin "%s"\n' % os.path.abspath(binary))
        file.write('    .section .note.GNU-stack, "", @progbits\n')
    subprocess.run(["clang", "--target=x86_64-unknown-none-elf", "-c", assembly, "-o", output], check=True)


main()
