#!/usr/bin/env bash
# `make image`: the line that boots build/barejax.img to the prompt on a terminal, with QEMU alone.
set -euo pipefail
cd "$(dirname "$0")/.."
for firmware in /usr/share/ovmf/OVMF.fd /usr/share/OVMF/OVMF.fd /usr/share/qemu/OVMF.fd; do
    [ -r $firmware ] && break
done
echo "qemu-system-x86_64 -M q35 -cpu max -m 1G -nodefaults -nographic -serial stdio -bios $firmware -drive format=raw,file=$PWD/build/barejax.img"
