#!/usr/bin/env bash
# Makes build/venus-root: a small Debian 13 root with a QEMU that has Venus, its render server, Mesa's software Vulkan
# driver and a virtual X server. Needed only where the host's own QEMU is older than 9.2 or lacks a Venus renderer.
# Nothing of the host is mounted into it here; a machine enters it with bubblewrap, whose mounts end with its processes.
#
#   venus-root.sh [--if-needed] [DIR]      quick when DIR is complete; DIR defaults to build/venus-root
set -euo pipefail
cd "$(dirname "$0")/../.."

if_needed=false
if [ "${1-}" = --if-needed ]; then if_needed=true; shift; fi
root=${1:-build/venus-root}

packages="qemu-system-x86 qemu-system-modules-opengl qemu-system-gui virgl-server mesa-vulkan-drivers
    libgl1-mesa-dri libegl1 libglx-mesa0 xvfb"
stamp=$root/.complete
recipe=$(printf '%s\n' "$packages" | cksum)

# The same question as in Sources/Host/Machine/Venus.swift.
host_has_venus() {
    command -v qemu-system-x86_64 >/dev/null && command -v Xvfb >/dev/null && [ -x /usr/libexec/virgl_render_server ] &&
        qemu-system-x86_64 -display help 2>/dev/null | grep -qx gtk &&
        qemu-system-x86_64 -device virtio-gpu-gl-pci,help 2>/dev/null | grep -q '^ *venus='
}

if $if_needed && host_has_venus; then exit 0; fi
if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$recipe" ]; then exit 0; fi

missing=()
for tool in debootstrap bwrap; do
    command -v $tool >/dev/null || missing+=($([ $tool = bwrap ] && echo bubblewrap || echo $tool))
done
if [ ${#missing[@]} -gt 0 ]; then
    echo "installing ${missing[*]}"
    apt-get install -y --no-install-recommends "${missing[@]}" >/dev/null
fi

# The mirror that this host's own packages come from; debootstrap's default where it uses none of Debian's main archive.
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 2>/dev/null | grep -E '^https?://.*/debian/?$' | head -n 1 || true)

echo "making $root: Debian 13 with QEMU, the Venus render server and Mesa's software Vulkan (about 1 GB, two minutes)"
rm -rf --one-file-system "$root" "$root.partial"
mkdir -p "$(dirname "$root")"
fill() {
    debootstrap --variant=minbase trixie "$root.partial" $mirror
    printf '#!/bin/sh\nexit 101\n' >"$root.partial/usr/sbin/policy-rc.d"    # no service starts in there
    chmod 755 "$root.partial/usr/sbin/policy-rc.d"
    bwrap --bind "$root.partial" / --dev-bind /dev /dev --proc /proc --tmpfs /tmp --tmpfs /run \
        --ro-bind-try /etc/resolv.conf /etc/resolv.conf --cap-add ALL --unshare-pid --die-with-parent \
        --setenv DEBIAN_FRONTEND noninteractive --setenv PATH /usr/sbin:/usr/bin:/sbin:/bin --chdir / \
        apt-get -o Dpkg::Options::=--force-unsafe-io install -y --no-install-recommends $packages
}
if ! fill >"$root.log" 2>&1; then
    tail -n 5 "$root.log" >&2
    echo "could not make $root; the whole log is in $root.log" >&2
    # The GPU is welcome, not needed: a host that permits no namespaces has a machine all the same.
    if $if_needed; then exit 0; fi
    exit 1
fi
rm -rf "$root.partial/var/cache/apt/archives" "$root.partial/var/lib/apt/lists"
mkdir -p "$root.partial/mnt/work" "$root.partial/mnt/tree"
mv "$root.partial" "$root"
printf '%s\n' "$recipe" >"$stamp"
echo "$root is ready"
