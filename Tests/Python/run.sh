#!/usr/bin/env bash
# Runs the prompt's tests on Linux: the dialect, the modules, texts out for trouble, tracing; and against real JAX extreme numbers,
# expressions and whole scripts.
# Closes on "N passed, N failed".
set -uo pipefail
cd "$(dirname "$0")/../.."
program=.build/debug/hosted-python
passed=0 failed=0
count() {
    local output
    output=$("$@" 2>&1)
    echo "$output"
    read -r p f < <(echo "$output" | sed -n 's/^\([0-9]*\) passed, \([0-9]*\) failed.*/\1 \2/p' | tail -n 1)
    # A test that breaks off counts as a failure.
    passed=$((passed + ${p:-0})) failed=$((failed + ${f:-1}))
}
count $program Tests/Python/language.py
count $program Tests/Python/modules.py
count $program Tests/Python/hostile.py
count $program Tests/Python/traces.py
count build/venv/bin/python Tests/Python/extremes.py $program
count build/venv/bin/python Tests/Python/expressions.py $program
count build/venv/bin/python Tests/Python/scripts.py $program
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
