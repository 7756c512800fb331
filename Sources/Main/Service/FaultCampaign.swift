// The machine's side of the campaign of faults on purpose (Tests/Soak): arms them, tells what has become of them, and keeps a
// job running beside them that must not notice. Only in a machine whose command line has the word "inject".
import CPU
import JaxPlatform
import JaxRun
import Kernel

enum FaultCampaign {
    /// Arms, or disarms for "", and reports.
    static func inject(_ fault: String, after: UInt64, since: UInt64) throws(JaxError) -> String {
        guard CommandLine.has("inject") else {
            throw JaxError(.permissionDenied, "faults on purpose need a machine whose command line says 'inject'")
        }
        // The campaign reads the records; thousands of reports on the serial line would take most of its time.
        Exceptions.reportsFaults = false
        Bystander.start()
        if fault == "blocks" { return blocks(of: UInt32(truncatingIfNeeded: after)) }
        if fault.isEmpty {
            Injector.disarm()
        } else if fault == "link" {
            fatalError("on purpose")
        } else if fault == "worker" {
            atomic_store32(&strikesWorker, 1)
        } else if fault == "device" {
            Devices.control?.breakDevice()
        } else if fault == "silence" {
            Devices.control?.silence()
        } else {
            var kind: Injector.Kind?
            for candidate in Injector.Kind.allCases where candidate.name.description == fault { kind = candidate }
            guard let kind else { throw JaxError(.valueError, "there is no fault '\(fault)' to inject") }
            Injector.arm(kind, after: after)
        }
        return report(since: since).description
    }

    /// Atomic: the compiler leaves out a plain store that nothing in the program reads before the trap behind it.
    nonisolated(unsafe) private static var strikesWorker: UInt32 = 0

    /// A channel's worker is about to wait for a Python text: a fault there is one outside of every job.
    static func strikeWorker() {
        if atomic_replace32(&strikesWorker, 1, 0) { fatalError("on purpose") }
    }

    /// A line for each block of an owner: address, bytes, its first words, all in hexadecimal digits.
    private static func blocks(of owner: UInt32) -> String {
        var text: [UInt8] = []
        text.reserveCapacity(8 << 20)
        func put(_ value: UInt64) {
            for byte in String(value, radix: 16).utf8 { text.append(byte) }
            text.append(UInt8(ascii: " "))
        }
        for block in KernelHeap.blocks(of: owner, limit: 40_000) {
            put(UInt64(block.address))
            put(UInt64(block.byteCount))
            for index in 0..<8 { put(block.words[index]) }
            text[text.count - 1] = UInt8(ascii: "\n")
        }
        return String(decoding: text, as: UTF8.self)
    }

    private static func report(since: UInt64) -> JSON {
        session?.collect()
        KernelMemory.trim()
        let used = KernelMemory.bytesInUse
        let lines = KernelHeap.ledgerLines()
        var owners: [JSON] = []
        for line in lines {
            owners.append(.object([(key: "id", value: .integer(Int(line.owner))), (key: "name", value: .string(line.name)),
                                   (key: "bytes", value: .integer(line.usedBytes)), (key: "blocks", value: .integer(line.blockCount))]))
        }
        var records: [JSON] = []
        // The count is that of these very records: another may come any time.
        let faults = Exceptions.faults()
        for record in faults where record.sequence > since {
            records.append(.object([(key: "number", value: .integer(Int(record.sequence))),
                                    (key: "kind", value: .string(record.kind.text.description)),
                                    (key: "text", value: .string(record.summary)),
                                    (key: "job", value: .integer(Int(record.job))),
                                    (key: "in_interrupt", value: .bool(record.isInInterrupt))]))
        }
        return .object([
            (key: "struck", value: .integer(Int(Injector.count))), (key: "armed", value: .bool(Injector.isArmed)),
            (key: "faults", value: .integer(Int(faults.last?.sequence ?? 0))), (key: "records", value: .array(records)),
            (key: "poisoned_locks", value: .integer(Exceptions.poisonedLockCount)),
            (key: "climbed", value: .integer(Int(Exceptions.climbedCount))),
            (key: "bystander", value: .integer(Bystander.rounds)), (key: "bystander_is_sound", value: .bool(Bystander.isSound)),
            (key: "used_bytes", value: .integer(used)), (key: "owners", value: .array(owners)),
        ])
    }
}

/// A job that runs as long as the machine: it holds memory, looks at it every few milliseconds, and counts.
private enum Bystander {
    private static let words = 4096
    nonisolated(unsafe) private(set) static var rounds = 0
    nonisolated(unsafe) private(set) static var isSound = true
    nonisolated(unsafe) private static var isStarted = false

    static func start() {
        guard !isStarted else { return }
        isStarted = true
        Tasks.start("bystander") {
            let limits = JobLimits(permissions: Injector.exempt, resultOwner: MemoryOwner.library.id)
            // A machine check ends whatever its processor runs: this job as well as another. Then it begins anew.
            var end = JobEnd.refused
            repeat {
                end = Jobs.run(name: "bystander", limits) { watch() }
            } while isMachineCheck(end)
            isSound = false
            if case .faulted(let record) = end { log("the bystander was ended: " + record.summary) }
        }
    }

    private static func isMachineCheck(_ end: JobEnd) -> Bool {
        if case .faulted(let record) = end { return record.kind == .machineCheck }
        return false
    }

    private static func watch() {
        var memory: [UInt64] = []
        for index in 0..<words { memory.append(pattern(index, rounds)) }
        while true {
            for index in 0..<words where memory[index] != pattern(index, rounds) { isSound = false }
            for index in 0..<words { memory[index] = pattern(index, rounds + 1) }
            rounds += 1
            Scheduler.sleep(nanoseconds: 20_000_000)
        }
    }

    private static func pattern(_ index: Int, _ round: Int) -> UInt64 { UInt64(index &+ round) &* 0x9E37_79B9_7F4A_7C15 }
}
