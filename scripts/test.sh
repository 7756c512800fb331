#!/usr/bin/env bash
# `make test`: runs every suite, shows what failed, and closes on one summary, "N passed, N failed".
#
# A suite is a command whose output ends in "N passed, N failed" or in the summary of `swift test`. Its whole output goes to
# build/test/NAME.log. A suite that breaks off without a summary counts as one failure.
set -uo pipefail
cd "$(dirname "$0")/.."
mkdir -p build/test
passed=0 failed=0

# Tests of the machine are skipped where the images are missing: that must not look like success.
for file in barejax barejax.elf barejax.img; do
    [ -e build/$file ] || { echo "build/$file is missing: run make test, which builds it" >&2; exit 1; }
done

suite() {
    local name=$1 log=build/test/$1.log begun=$SECONDS p f status
    shift
    "$@" > "$log" 2>&1 < /dev/null
    status=$?
    if grep -q 'Test run with' "$log"; then
        # Swift Testing counts tests and issues; failed tests are the lines that end a test with a cross.
        # What it skips it counts as run.
        f=$(grep -E '^✘ Test .* failed after' "$log" | grep -vc 'Test run with')
        p=$(($(sed -n 's/.*Test run with \([0-9]*\) test.*/\1/p' "$log" | tail -n 1) - f - $(grep -cE '^➜ Test .* skipped' "$log")))
        grep -E '^➜ Test .* skipped' "$log" | sed 's/^/    /'
    else
        read -r p f < <(sed -n 's/^\([0-9]*\) passed, \([0-9]*\) failed.*/\1 \2/p' "$log" | tail -n 1)
        p=${p:-0} f=${f:-0}
    fi
    # A suite that ended badly, or without a word of what it ran, has failed.
    [ "$f" -eq 0 ] && { [ $status -ne 0 ] || [ "$p" -eq 0 ]; } && f=1
    printf '%-14s %5d passed %5d failed %6d s\n' "$name" "$p" "$f" $((SECONDS - begun))
    if [ "$f" -gt 0 ]; then
        grep -E '^(✘|FAIL|FAILED)|error:' "$log" | head -n 20 | sed 's/^/    /'
        tail -n 5 "$log" | sed 's/^/    | /'
    fi
    passed=$((passed + p)) failed=$((failed + f))
}

evaluated() { [ "$(build/barejax eval 'print(6*7)')" = 42 ] && echo "1 passed, 0 failed"; }

python=build/venv/bin/python

# On the host.
suite hosted swift test --skip MachineTests --skip GPUTests
suite gpu-hosted swift test --skip-build --filter GPUTests
suite libm make -s test-libm
suite python make -s test-python
suite fuzz swift run -c release loader-fuzz --verify --write --count 100000
suite written $python Tests/Differential/written.py
suite programs swift run -c release program-fuzz --count 2000 --seed 1

# On the machine.
suite machine swift test --no-parallel --filter MachineTests --skip GPUMachineTests
suite soak swift run soak --count 300 --seed 7
suite prompt-fuzz swift run prompt-fuzz --calls 2000 --texts 60
suite gpu swift test --skip-build --no-parallel --filter GPUMachineTests
suite prompt evaluated
suite models $python Tests/Differential/models_test.py
suite gpu-models $python Tests/Differential/models_test.py --device gpu
suite edges $python Tests/Differential/edges.py
suite symbolic $python Tests/Differential/symbolic.py
suite transforms $python Tests/Differential/transforms_test.py --every 7
suite devices $python Tests/Differential/devices_test.py
suite back-compat $python Tests/Differential/back_compat.py
suite harness $python Tests/Differential/harness.py --sample 500
[ -d ../shared/conformance/stablehlo ] && suite conformance $python Tests/Conformance/run.py ../shared/conformance/stablehlo
[ -d ../shared/conformance/stablehlo ] && suite gpu-programs $python Tests/Conformance/run.py ../shared/conformance/stablehlo gpu 9

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
