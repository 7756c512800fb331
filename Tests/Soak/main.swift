// The campaign of faults on purpose: soak [--count N] [--seed N] [--cpus N] [--mixed SECONDS] [--explain] [--only FAULT]. Its last line is
// "N passed, N failed".
import Foundation

func option(_ name: String, _ standard: Int) -> Int {
    word(name).flatMap { Int($0) } ?? standard
}

func word(_ name: String) -> String? {
    guard let place = CommandLine.arguments.firstIndex(of: "--" + name), place + 1 < CommandLine.arguments.count else { return nil }
    return CommandLine.arguments[place + 1]
}

let count = option("count", 300), seed = option("seed", 1), cpus = option("cpus", 4)
let begun = Date()
do {
    let campaign = try Campaign(seed: UInt64(seed), cpus: cpus, repository: FileManager.default.currentDirectoryPath,
                                explains: CommandLine.arguments.contains("--explain"))
    var failure: String?
    do {
        try campaign.run(count: count, only: word("only").flatMap { Fault(rawValue: $0) })
        if option("mixed", 0) > 0 { try campaign.mixedLoad(seconds: Double(option("mixed", 0))) }
        try campaign.audit()
    } catch { failure = "\(error)" }
    if let failure { print("FAIL " + failure) }
    if let summary = try? campaign.summary() { print(summary) }
    print("seed \(seed), \(cpus) processors, \(Int(Date().timeIntervalSince(begun))) s")
    let failed = campaign.failures + (failure == nil ? 0 : 1)
    print("\(max(0, campaign.injected - campaign.failures)) passed, \(failed) failed")
    exit(failed == 0 ? 0 : 1)
} catch {
    print("FAIL \(error)\n0 passed, 1 failed")
    exit(1)
}
