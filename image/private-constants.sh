#!/usr/bin/env bash
# private-constants.sh LIBRARY.a OUT.a: makes the compiler's constant arrays private to the object file that uses them.
#
# An array literal becomes a read-only object named after its function and numbered within it. Where two modules compile the
# same function, both files hold the objects under the same weak names, but the numbers need not agree: the linker would keep
# one file's objects for the other file's function. Each function refers to its own file's, so none need be seen outside;
# the few that another file does refer to stay as they are.
set -euo pipefail
library=$1 out=$2
nm "$library" 2> /dev/null | awk '
    $NF !~ /Tv[0-9]*_r$/ { next }
    $1 == "U" { outside[$2] = 1 }
    NF == 3 { defined[$3] = 1 }
    END { for (name in defined) if (!(name in outside)) print name }' > "$out.names"
objcopy --localize-symbols="$out.names" "$library" "$out"
