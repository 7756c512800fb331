#!/usr/bin/env bash
# Checks for Swift and installs the Debian packages that building and running need. Nothing missing: returns at once.
set -euo pipefail

if ! command -v swift > /dev/null; then
    echo "BareJAX needs Swift 6.3 or newer; no 'swift' is on the PATH (see swift.org/install)." >&2
    exit 1
fi
version=$(swift --version 2> /dev/null | sed -n 's/.*Swift version \([0-9]*\.[0-9]*\).*/\1/p' | head -n 1)
if [ "$(printf '%s\n' 6.3 "$version" | sort -V | head -n 1)" != 6.3 ]; then
    echo "BareJAX needs Swift 6.3 or newer; this machine has Swift ${version:-of an unknown version}." >&2
    exit 1
fi

packages=(
    qemu-system-x86 ovmf              # the machine
    gnu-efi binutils mtools gdisk     # the images
    gcc libc6-dev python3 python3-venv xz-utils procps  # MicroPython, the tests' environment
    debootstrap bubblewrap            # a Debian 13 root with a Venus-capable QEMU
    spirv-tools libvulkan-dev libvulkan1 mesa-vulkan-drivers virgl-server  # the accelerator's generator and tests
)
missing=()
for package in "${packages[@]}"; do
    status=$(dpkg-query -W -f '${Status}' "$package" 2> /dev/null || true)
    [ "$status" = "install ok installed" ] || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0

echo "installing Debian packages: ${missing[*]}"
if [ "$(id -u)" != 0 ]; then
    echo "this needs root; or install them yourself: apt-get install ${missing[*]}" >&2
    exit 1
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends "${missing[@]}" > /dev/null
