// The campaign: draws a fault and a victim, lets the one strike the other, and looks at everything that must be as before.
import Foundation
import Glibc
import JaxPlatform
import TestSupport
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
    /// The blocks of kernel and library, where differences are to be explained.
    private let explains: Bool
    private var blocks: [Blocks] = []

    private(set) var injected = 0, failures = 0, machinesLost = 0, leaks = 0, wrong = 0, missed = 0
    private(set) var atRandomInstants = 0
    /// Faults whose answer was more than the end of a job, on machines before the present one.
    private var climbedBefore = 0
    private(set) var counts: [String: Int] = [:]

    init(seed: UInt64, cpus: Int, repository: String, explains: Bool = false) throws {
        self.explains = explains
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
            // Late enough for the program to be compiled, which stays.
            _ = try machine.cancelEndless(afterMicroseconds: 300_000)
            try machine.transfer(byteCount: 100_000)
            guard try machine.knownProgramIsRight() else { throw CampaignError("the known program is wrong from the start") }
            try machine.promptIsRight()
            baseline = try machine.report().ledger
        }
        if explains { blocks = try (0..<2).map { try machine.blocks(owner: $0) } }
    }

    /// `only`: no other fault than this one.
    func run(count: Int, only: Fault? = nil) throws {
        while injected < count {
            let fault = only ?? Fault.draw(&random)
            do {
                try strike(fault)
            } catch {
                machinesLost += 1
                climbedBefore += climbed + 1
                climbed = 0
                struckBefore = 0
                fail(fault.name, "the machine is lost: \(error)\n"
                     + machine.autopsy(ImageSymbols(image: repository + "/build/image/pvh.elf")))
                machine = try SoakMachine(cpus: cpus, repository: repository)
                try settle()
            }
            if failures > 50 { throw CampaignError("too much has failed to go on") }
        }
        if only != nil { return }
        if 2 * atRandomInstants < injected { fail("campaign", "only \(atRandomInstants) of \(injected) faults struck at random instants") }
        if 100 * (climbedBefore + climbed) > max(injected, 100) {
            fail("campaign", "\(climbedBefore + climbed) faults took more than the end of a job")
        }
    }

    private func strike(_ fault: Fault) throws {
        let index = Int(random.below(UInt64(victims.count)))
        let victim = victims[index]
        let (outcome, isSure) = try inflict(fault, victim, duration: durations[index])
        // Disarmed before anything else is run: what was too late must not strike that.
        var report = try machine.report()
        if fault == .nmi || fault == .machineCheck || fault == .device || fault == .silence {
            for _ in 0..<100 where report.records.isEmpty {
                usleep(10_000)
                report = try machine.report()
            }
        }
        let struck = isSure || report.struck != struckBefore
        struckBefore = report.struck
        let isRight = try machine.knownProgramIsRight()
        try machine.promptIsRight()
        var afterwards = try machine.report()
        if !afterwards.records.isEmpty && fault != .nmi { fail(fault.name, "faults afterwards: \(afterwards.records.map { $0.text })") }
        if !struck {
            missed += 1
            if outcome != "no error" { fail(fault.name, "'\(victim.name)' failed without being struck: " + outcome) }
        } else {
            injected += 1
            counts[fault.name, default: 0] += 1
            if fault.isAtRandomInstant { atRandomInstants += 1 }
            if let complaint = fault.complaint(report, outcome: outcome) { fail(fault.name, "'\(victim.name)': " + complaint) }
        }
        if !isRight {
            wrong += 1
            fail(fault.name, "the known program's result is wrong")
        }
        if !afterwards.bystander_is_sound { fail(fault.name, "the job beside was disturbed") }
        // Stacks of tasks that have just ended are given back a moment later.
        for _ in 0..<3 where afterwards.ledger != baseline {
            usleep(20_000)
            try machine.promptIsRight()
            afterwards = try machine.report()
        }
        climbed = afterwards.climbed
        try checkLedger(afterwards, fault, victim)
    }

    /// Lets the fault strike while the victim runs: what became of the victim, and whether the fault cannot have missed it.
    private func inflict(_ fault: Fault, _ victim: Victim, duration: UInt64) throws -> (outcome: String, isSure: Bool) {
        var limits = JobLimits()
        func run() -> String {
            do { try victim.run(machine, limits) } catch { return "\(error)" }
            return "no error"
        }
        if fault.isArmed {
            if fault == .loop { limits.nanoseconds = duration + 30_000_000 }
            let after = fault == .allocation ? random.logarithmic(3000) : fault == .interrupt
                ? random.below(3) : random.below(duration * 3 / 4)
            try machine.arm(fault.name, after: after)
            return (run(), false)
        }
        switch fault {
        case .quota:
            limits.memoryBytes = random.logarithmic(300_000)
            let outcome = run()
            return (outcome, outcome != "no error")
        case .budget:
            limits.nanoseconds = 1 + random.below(duration)
            let outcome = run()
            return (outcome, outcome != "no error")
        case .cancellation: return (try machine.cancelEndless(afterMicroseconds: UInt32(random.below(8000))), true)
        case .frames:
            try machine.sendNonsense(&random)
            return (run(), true)
        case .hostile:
            var bytes = random.pick(Victims.files)
            for _ in 0..<random.logarithmic(16) { bytes[Int(random.below(UInt64(bytes.count)))] = UInt8(random.below(256)) }
            if random.below(4) == 0 { bytes.removeLast(Int(random.below(UInt64(bytes.count)))) }
            var outcome = "no error"
            do { try Victims.load(bytes, machine, limits) } catch { outcome = "\(error)" }
            return (outcome, true)
        case .nmi, .machineCheck:
            let delay = UInt32(random.below(duration) / 1000), machine = self.machine
            let command = fault == .nmi ? "nmi" : "mce 0 1 0xb000000000000000 0x5 0 0"
            Thread.detachNewThread {
                usleep(delay)
                try? machine.tell(command)
            }
            return (run(), true)
        default:
            try machine.breakDevice(fault.name)
            return (run(), true)
        }
    }

    private var struckBefore = 0
    /// As the present machine counts them.
    private var climbed = 0

    private func checkLedger(_ report: Report, _ fault: Fault, _ victim: Victim) throws {
        let ledger = report.ledger
        var changes = ""
        for name in Set(ledger.keys).union(baseline.keys).sorted() where ledger[name] != baseline[name] {
            changes += " \(name): \(baseline[name] ?? 0) -> \(ledger[name] ?? 0)"
        }
        guard !changes.isEmpty else { return }
        leaks += 1
        fail(fault.name, "'\(victim.name)': memory in use is not as before:" + changes)
        baseline = ledger
        guard explains else { return }
        let now = try (0..<2).map { try machine.blocks(owner: $0) }, symbols = ImageSymbols(image: repository + "/build/image/pvh.elf")
        for (owner, name) in ["kernel", "library"].enumerated() {
            for line in now[owner].added(since: blocks[owner], symbols) { print("  + \(name) " + line) }
            for line in blocks[owner].added(since: now[owner], symbols) { print("  - \(name) " + line) }
        }
        blocks = now
    }

    private func fail(_ fault: String, _ text: String) {
        failures += 1
        print("FAIL \(injected) \(fault): \(text)")
        fflush(stdout)
    }

    /// Programs, prompt lines, transfers and cancellations without faults: memory in use after the first tenth and at the end.
    func mixedLoad(seconds: Double) throws {
        let begun = Date()
        var early: Report?, rounds = 0
        while Date().timeIntervalSince(begun) < seconds {
            try random.pick(victims).run(machine, JobLimits())
            _ = try machine.cancelEndless(afterMicroseconds: UInt32(random.below(5000)))
            try machine.transfer(byteCount: Int(random.logarithmic(4 << 20)))
            guard try machine.knownProgramIsRight() else { throw CampaignError("the known program is wrong under load") }
            try machine.promptIsRight()
            rounds += 1
            if early == nil, Date().timeIntervalSince(begun) > seconds / 10 { early = try machine.report() }
        }
        let late = try machine.report()
        print("mixed load: \(rounds) rounds in \(Int(seconds)) s, \(early!.used_bytes) bytes in use after the first tenth, "
            + "\(late.used_bytes) at the end")
        if late.ledger != early!.ledger || late.used_bytes > early!.used_bytes {
            fail("mixed load", "memory has grown: \(early!.ledger) -> \(late.ledger)")
        }
    }

    /// The page tables by the kernel's own audit and by QEMU's.
    func audit() throws {
        let output = OutputBox()
        let text = "import machine\na = machine.audit()\nprint(a['violations'], a['stacks'], 'stacks', a['mappings'], 'mappings')"
        _ = try machine.client.start(Evaluate(name: "audit", limits: JobLimits(permissions: .prompt)),
                                     body: BodyBuffer(copying: Array(text.utf8)),
                                     onOutput: { output.append($0) }).waitWithBody(seconds: 60)
        print("audit: " + output.text.split(separator: "\r\n").joined())
        if !output.text.hasPrefix("[] ") { fail("audit", output.text) }
        if let complaint = try machine.mappingsThatQEMUSees() { fail("info tlb", complaint) }
    }

    /// The ledger by owner and the counts by fault.
    func summary() throws -> String {
        let report = try machine.report()
        var text = "faults struck: \(injected), armed but too late: \(missed)\n"
        for (name, count) in counts.sorted(by: { $0.key < $1.key }) { text += "  \(name) \(count)\n" }
        text += "at random instants: \(atRandomInstants); answered by more than the end of a job: \(climbedBefore + climbed)\n"
        text += "bytes in use by owner:\n"
        for (name, bytes) in report.ledger.sorted(by: { $0.key < $1.key }) { text += "  \(name) \(bytes)\n" }
        text += "machines lost: \(machinesLost), wrong results: \(wrong), ledgers that differ: \(leaks), rounds of the job beside: "
            + "\(report.bystander)"
        return text
    }
}
