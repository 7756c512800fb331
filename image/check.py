#!/usr/bin/env python3
"""Rejects a linked image that would misbehave in ring 0: check.py [--relocatable] LINKED-ELF

- a section that the linker script did not place (an orphan .bss would start as garbage);
- with --relocatable, a relocation other than R_X86_64_RELATIVE;
- code that uses the red zone: an interrupt would overwrite it;
- code that counts references itself instead of calling swift_retain and its kin: the kernel keeps account of them
  (Sources/Boot/references.c), and what passes it by is lost when a job is ended in the middle;
- elementwise loops over f32 that compute one element at a time: each must hold its operation on whole ymm registers;
- more than 8 MiB of code and data.
"""
import re
import subprocess
import sys

LIMIT = 8 << 20
# Sections that carry no bytes of the running image.
UNLOADED = re.compile(r"\.(debug|comment|symtab|strtab|shstrtab|note|rela?\.|llvm)|^$")


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def sections(image):
    found = []
    for line in run("readelf", "-SW", image).splitlines():
        match = re.match(r"\s*\[\s*\d+\]\s+(\S*)\s+(\S+)\s+([0-9a-f]+)\s+([0-9a-f]+)\s+([0-9a-f]+)\s+\S+\s+(\S*)", line)
        if match:
            found.append((match.group(1), match.group(2), int(match.group(5), 16), match.group(6)))
    return found


def red_zone_uses(image):
    """Functions that store below the stack pointer before they have moved it: `mov …, -N(%rsp)`."""
    function, uses = "?", []
    store = re.compile(r"\s(?!lea)\w+\s.*-0x[0-9a-f]+\(%rsp\)")
    process = subprocess.Popen(["objdump", "-d", "--no-show-raw-insn", image], stdout=subprocess.PIPE, text=True)
    for line in process.stdout:
        if line.endswith(">:\n"):
            function = line.split("<", 1)[1][:-3]
        elif "(%rsp)" in line and store.search(line) and "nop" not in line:
            uses.append(function)
    process.wait()
    return sorted(set(uses))


def inlined_counting(image):
    """Functions of Swift's that change an object's count of references, the second word, by an instruction of their own."""
    function, uses = "?", []
    # An immortal object's count is all ones but for the highest bit: compiled code tests for it by clearing that bit.
    test = re.compile(r"\sbtr\s+\$0x3f,")
    count = re.compile(r"\slock (inc|dec|add|sub|xadd)\w?\s.*0x8\(%r\w+\)")
    tested = False
    process = subprocess.Popen(["objdump", "-d", "--no-show-raw-insn", image], stdout=subprocess.PIPE, text=True)
    for line in process.stdout:
        if line.endswith(">:\n"):
            function, tested = line.split("<", 1)[1][:-3], False
        elif test.search(line):
            tested = True
        elif tested and count.search(line) and not function.startswith("swift_"):
            uses.append(function)
    process.wait()
    return sorted(set(uses))


# The loops of floats.<enumeration>, made for Float (mangled Sf), and the packed instruction that each must hold.
PACKED = {"Add": "vaddps", "Subtract": "vsubps", "Multiply": "vmulps", "Divide": "vdivps", "Negate": "vxorps",
          "Larger": "vcmp\\w*ps", "Smaller": "vcmp\\w*ps", "Magnitude": "vandps", "SquareRoot": "vsqrtps", "Floor": "vroundps"}
LOOP = re.compile(r"ScalarKernelsV6floats.*kernelL_.*fU_AA\d+([A-Za-z]+)(?:\d+_[0-9A-F]+LL)?O_SfTg5$")


def scalar_loops(image):
    """Names of PACKED without a loop that computes on whole registers."""
    name, missing = None, dict(PACKED)
    process = subprocess.Popen(["objdump", "-d", "--no-show-raw-insn", image], stdout=subprocess.PIPE, text=True)
    for line in process.stdout:
        if line.endswith(">:\n"):
            match = LOOP.search(line.split("<", 1)[1][:-3])
            name = match and match.group(1)
        elif name in missing and "%ymm" in line and re.search(r"\s%s\s" % missing[name], line):
            del missing[name]
    process.wait()
    return sorted(missing)


def main():
    relocatable = "--relocatable" in sys.argv
    image = sys.argv[-1]
    problems = []
    loaded = 0
    for name, kind, size, flags in sections(image):
        if "A" not in flags:
            continue
        if kind != "NOBITS":
            loaded += size
        if re.match(r"\.(bss|data|text|rodata|sbss|lbss)\.", name) and not name.startswith(".data.rel.ro"):
            problems.append("section %s was not placed by the linker script" % name)
    if loaded > LIMIT:
        problems.append("%d bytes of code and data, more than %d" % (loaded, LIMIT))
    if relocatable:
        kinds = set(re.findall(r"R_X86_64_\w+", run("readelf", "-rW", image)))
        for kind in sorted(kinds - {"R_X86_64_RELATIVE"}):
            problems.append("relocation of type " + kind)
    for function in red_zone_uses(image):
        problems.append("red zone used in " + function)
    for function in inlined_counting(image):
        problems.append("references are counted in " + function)
    for name in scalar_loops(image):
        problems.append("the elementwise loop of %s over f32 is not vectorised" % name)
    for problem in problems:
        print("%s: %s" % (image, problem), file=sys.stderr)
    if problems:
        sys.exit(1)
    print("%s: %d KiB of code and data" % (image, loaded // 1024))


main()
