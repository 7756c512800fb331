// The campaign: draws a fault and a victim, lets the one strike the other, and looks at everything that must be as before.
import Foundation
import Glibc
import JaxPlatform
import WireProtocol

final class Campaign {
    private let repository: String
    private let cpus: Int
    private var random: SeededRandom
    private let victims: [Victim]
    /// Nanoseconds that each victim takes undisturbed.
    private var durations: [UInt64] = []
    private var machine: SoakMachine
    private var baseline: [String: Int] = [:]
    private var bystander = 0

    private(set) var injected = 0, failures = 0, machinesLost = 0, leaks = 0, wrong = 0, missed = 0
    private(set) var counts: [String: Int] = [:]

    init(seed: UInt64, cpus: Int, repository: String) throws {
        self.repository = repository
        self.cpus = cpus
        random = SeededRandom(seed: seed)
        victims = try Victims.all(repository: repository)
        machine = try SoakMachine(cpus: cpus, repository: repository)
        try settle()
    }

    /// Runs every victim undisturbed until the memory in use stays the same, measures them, and takes the ledger.
    private func settle() throws {
        durations = [UInt64](repeating: .max, count: victims.count)
        for _ in 0..<4 {
            for (index, victim) in victims.enumerated() {
                let begun = DispatchTime.now().uptimeNanoseconds
                try victim.run(machine, JobLimits())
                durations[index] = min(durations[index], DispatchTime.now().uptimeNanoseconds - begun)
            }
            guard try machine.knownProgramIsRight() else { throw CampaignError("the known program is wrong from the start") }
            try machine.promptIsRight()
            let report = try machine.report()
            baseline = report.ledger
            bystander = report.bystander
        }
    }

    func run(count: Int) throws {
        while injected < count {
            let fault = random.pick(Fault.weighted)
            do {
                try strike(fault)
            } catch {
                machinesLost += 1
                fail(fault.name, "the machine is lost: \(error)")
                machine = try SoakMachine(cpus: cpus, repository: repository)
                try settle()
            }
            if failures > 50 { throw CampaignError("too much has failed to go on") }
        }
    }

    private func strike(_ fault: Fault) throws {
        let index = Int(random.below(UInt64(victims.count)))
        let victim = victims[index]
        var limits = JobLimits()
        if fault.isEndless { limits.nanoseconds = durations[index] + 30_000_000 }
        let after = fault.isCounted ? random.logarithmic(3000) : random.below(durations[index] * 3 / 4)
        try machine.arm(fault.name, after: fault == .interrupt ? random.below(3) : after)
        var outcome = "no error"
        do { try victim.run(machine, limits) } catch { outcome = "\(error)" }
        // Disarmed before anything else is run: what was too late must not strike that.
        let report = try machine.report()
        let struck = report.struck != struckBefore
        struckBefore = report.struck
        let isRight = try machine.knownProgramIsRight()
        try machine.promptIsRight()
        let afterwards = try machine.report()
        if !afterwards.records.isEmpty { fail(fault.name, "faults afterwards: \(afterwards.records.map { $0.text })") }
        if !struck {
            missed += 1
            if outcome != "no error" { fail(fault.name, "'\(victim.name)' failed without being struck: " + outcome) }
        } else {
            injected += 1
            counts[fault.name, default: 0] += 1
            if !isRight {
                wrong += 1
                fail(fault.name, "the known program's result is wrong")
            }
            if let complaint = fault.complaint(report, outcome: outcome) { fail(fault.name, "'\(victim.name)': " + complaint) }
        }
        if !afterwards.bystander_is_sound { fail(fault.name, "the job beside was disturbed") }
        checkLedger(afterwards, fault, victim)
    }

    private var struckBefore = 0

    private func checkLedger(_ report: Report, _ fault: Fault, _ victim: Victim) {
        let ledger = report.ledger
        var changes = ""
        for name in Set(ledger.keys).union(baseline.keys).sorted() where ledger[name] != baseline[name] {
            changes += " \(name): \(baseline[name] ?? 0) -> \(ledger[name] ?? 0)"
        }
        guard !changes.isEmpty else { return }
        leaks += 1
        fail(fault.name, "'\(victim.name)': memory in use is not as before:" + changes)
        baseline = ledger
    }

    private func fail(_ fault: String, _ text: String) {
        failures += 1
        print("FAIL \(injected) \(fault): \(text)")
        fflush(stdout)
    }

    /// The ledger by owner and the counts by fault.
    func summary() throws -> String {
        let report = try machine.report()
        var text = "faults struck: \(injected), armed but too late: \(missed)\n"
        for (name, count) in counts.sorted(by: { $0.key < $1.key }) { text += "  \(name) \(count)\n" }
        text += "bytes in use by owner:\n"
        for (name, bytes) in report.ledger.sorted(by: { $0.key < $1.key }) { text += "  \(name) \(bytes)\n" }
        text += "machines lost: \(machinesLost), wrong results: \(wrong), ledgers that differ: \(leaks), rounds of the job beside: \(report.bystander)"
        return text
    }
}
