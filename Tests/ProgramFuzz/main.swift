// Random programs, executed by the evaluator, by the kernels' interpreter and as machine code, whose results must agree:
//
//     swift run program-fuzz [--count 2000] [--seed 1] [--one PROGRAM] [--print]
//
// A program's number is `seed * 1,000,000 + k` for the k-th of a seed; `--one` executes the program of that number alone. Batches run in
// child processes: what traps or does not end costs its own program only. A failure shows the smallest program found that still fails.
import Foundation
import JaxIR
import JaxOps
import JaxPlatform

setvbuf(stdout, nil, _IOLBF, 0)
var count = 2000, seed = 1, only: Int?, first: Int?, printing = false
var options = Array(CommandLine.arguments.dropFirst())
while !options.isEmpty {
    let option = options.removeFirst()
    if option == "--print" {
        printing = true
        continue
    }
    guard let value = options.first.flatMap({ Int($0) }) else {
        print("usage: program-fuzz [--count N] [--seed N] [--one PROGRAM] [--print]")
        exit(2)
    }
    options.removeFirst()
    switch option {
    case "--count": count = value
    case "--seed": seed = value
    case "--one": only = value
    case "--batch": first = value
    case "--show":
        print(try Generator.program(seed: UInt64(value)).text(PrintOptions(constantElements: 16)))
        exit(0)
    default: exit(2)
    }
}

if let only {
    let passed = check(only, printing: printing)
    print(passed ? "1 passed, 0 failed" : "0 passed, 1 failed")
    exit(passed ? 0 : 1)
}
if let first {
    batch(from: first, count)
    exit(0)
}
var supervisor = Supervisor(from: seed * 1_000_000, count)
supervisor.run()
print(supervisor.summary)
print("\(count - supervisor.failures) passed, \(supervisor.failures) failed")
exit(supervisor.failures == 0 ? 0 : 1)
