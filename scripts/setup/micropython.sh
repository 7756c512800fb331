#!/usr/bin/env bash
# Fetches MicroPython's source package of Debian 13, checks it, unpacks it to build/micropython/src and applies this
# project's patches (scripts/micropython/patch.py). Nothing to do: returns at once.
#
# The package comes through an apt state of its own, from the mirror that this machine's apt already uses; apt's chain of
# signatures checks it, and the pinned sum checks it again.
set -euo pipefail
cd "$(dirname "$0")/../.."

version=1.25.0+ds
sum=7b25be99a502f070b2de81dafc08da7051d992325d6e67daa9045a918fffdbea
out=build/micropython
archive=$out/download/micropython_$version.orig.tar.xz
stamp=$out/src/.complete
wanted="$sum $(cat scripts/micropython/patch.py scripts/micropython/changes/*.py scripts/setup/micropython.sh Sources/Python/port/ordered_map.h \
    Sources/Python/port/hash_set.h | sha256sum | cut -c1-64)"

[ -f "$stamp" ] && [ "$(cat "$stamp")" = "$wanted" ] && exit 0

fetch() {
    echo "fetching MicroPython's source package (Debian 13)"
    local mirror keyring state
    # The first mirror of Debian's main archive that apt is set up with (on cloud images a list of mirrors in a file), and the
    # keyring it trusts for it.
    mirror=$(apt-get indextargets --format '$(REPO_URI) $(COMPONENT)' |
        awk '$2 == "main" && $1 ~ /\/debian\/?$|^mirror\+file:.*\/debian\.list\/?$/ { print $1; exit }')
    [ -n "$mirror" ] || { echo "no Debian mirror in this machine's apt configuration" >&2; exit 1; }
    keyring=/usr/share/keyrings/debian-archive-keyring.gpg
    state=$(realpath -m $out/apt)
    mkdir -p "$state"/{lists/partial,cache/archives/partial,etc} $out/download
    echo "deb-src [signed-by=$keyring] $mirror trixie main" > "$state/etc/sources.list"
    local options=(-qq -o Dir::State="$state" -o Dir::State::lists="$state/lists" -o Dir::Cache="$state/cache"
        -o Dir::Etc::sourcelist="$state/etc/sources.list" -o Dir::Etc::sourceparts=- -o APT::Sandbox::User=root
        -o APT::Update::Post-Invoke-Success::= -o Acquire::Languages=none
        -o Acquire::IndexTargets::deb-src::DEP-11::DefaultEnabled=false)
    apt-get "${options[@]}" update
    (cd $out/download && apt-get "${options[@]}" source --download-only micropython/trixie > /dev/null)
    rm -rf "$state"
}

checked() { [ -f $archive ] && echo "$sum  $archive" | sha256sum --check --status; }

checked || fetch
checked || { echo "micropython_$version.orig.tar.xz is not the file that was pinned (SHA256 $sum)" >&2; exit 1; }

echo "unpacking and patching MicroPython $version"
rm -rf $out/src
mkdir -p $out/src
tar -xf $archive -C $out/src --strip-components 1
# mpversion.h takes version and date from Debian's changelog.
tar -xf $out/download/micropython_$version-*.debian.tar.xz -C $out/src
python3 scripts/micropython/patch.py $out/src
echo "$wanted" > "$stamp"
