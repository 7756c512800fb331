// Python that is out for trouble, from several clients at once, with cancellations and disconnections in between:
// prompt-fuzz [--calls N] [--texts N] [--clients N] [--seed N] [--cpus N] [--only KIND].
// Nothing may bring the machine down, disturb another client, go on after its end or leave memory behind, and each end is told by
// an error's text. The last line is "N passed, N failed".
import Foundation

func word(_ name: String) -> String? {
    guard let place = CommandLine.arguments.firstIndex(of: "--" + name), place + 1 < CommandLine.arguments.count else { return nil }
    return CommandLine.arguments[place + 1]
}

func option(_ name: String, _ standard: Int) -> Int { word(name).flatMap { Int($0) } ?? standard }

let begun = Date()
do {
    let fuzz = try Fuzz(seed: UInt64(option("seed", 1)), clients: option("clients", 4), cpus: option("cpus", 2),
                        repository: FileManager.default.currentDirectoryPath)
    try fuzz.run(calls: option("calls", 2000), texts: option("texts", 60), only: word("only"))
    fuzz.printSummary()
    print("seed \(option("seed", 1)), \(Int(Date().timeIntervalSince(begun))) s")
    print("\(fuzz.passed) passed, \(fuzz.failed) failed")
    exit(fuzz.failed == 0 ? 0 : 1)
} catch {
    print("FAIL \(error)\n0 passed, 1 failed")
    exit(1)
}
