#!/usr/bin/env bash
# Boots build/barejax.elf halted at its first instruction, with QEMU's gdb port open on this machine only, and attaches gdb
# with the symbols of build/image/pvh.elf. Without gdb it says how to attach another debugger, and waits.
set -euo pipefail
cd "$(dirname "$0")/.."
port=${PORT:-1234} cpus=${CPUS:-2}
machine=(qemu-system-x86_64 -M q35 -cpu max -m 512M -smp "$cpus" -nodefaults -display none -no-reboot -kernel build/barejax.elf
         -gdb "tcp:127.0.0.1:$port" -S)
if command -v gdb > /dev/null; then
    "${machine[@]}" -serial file:build/debug-console.log &
    trap 'kill $! 2> /dev/null' EXIT
    echo "the machine's console goes to build/debug-console.log"
    gdb -q build/image/pvh.elf -ex "target remote 127.0.0.1:$port" -ex 'hbreak kernel_main' -ex continue
else
    echo "gdb is not installed (apt-get install gdb). Attach a debugger to 127.0.0.1:$port; symbols: build/image/pvh.elf"
    "${machine[@]}" -serial stdio
fi
