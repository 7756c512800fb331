// The kinds of faults, how often each is drawn, and what the machine must say of them.
import TestSupport

enum Fault: String, CaseIterable {
    // Injected by the kernel at an instant of a job's running time; the names are those of its `Injector.Kind`.
    case trap, opcode, division, null, unmapped, protection, text, data, overflow, breakpoint, loop, manager
    // Injected by the kernel at the n-th allocation, at the n-th interrupt, into a device's queue; a device that takes nothing any more.
    case allocation, interrupt, device, silence
    // Made by the host: limits, cancellation, bytes that are no frames or no programs, QEMU's monitor.
    case quota, budget, cancellation, frames, hostile, nmi, machineCheck

    var name: String { rawValue }

    /// How often it is drawn, of a thousand. Six hundred strike at random instants; those that the answer to is more than the
    /// end of a job are fewer than ten.
    var weight: Int {
        switch self {
        case .null: return 60
        case .trap, .protection: return 50
        case .opcode, .division, .unmapped, .text, .data, .overflow, .breakpoint, .manager: return 40
        case .loop: return 12
        case .nmi: return 40
        case .machineCheck: return 16
        case .budget, .cancellation: return 40
        case .allocation: return 110
        case .interrupt: return 60
        case .quota: return 70
        case .hostile: return 90
        case .frames: return 36
        case .device: return 5
        case .silence: return 2
        }
    }

    /// Whether it strikes at an instant drawn at random, not at a chosen place of the code.
    var isAtRandomInstant: Bool {
        switch self {
        case .allocation, .interrupt, .device, .silence, .quota, .frames, .hostile: return false
        default: return true
        }
    }

    static func draw(_ random: inout SeededRandom) -> Fault {
        var place = Int(random.below(UInt64(allCases.reduce(0) { $0 + $1.weight })))
        for fault in allCases {
            place -= fault.weight
            if place < 0 { return fault }
        }
        return .trap
    }

    /// Whether the kernel's injector is armed before the victim runs.
    var isArmed: Bool {
        switch self {
        case .device, .silence, .quota, .budget, .cancellation, .frames, .hostile, .nmi, .machineCheck: return false
        default: return true
        }
    }

    /// The kinds that the fault's record may have; empty where a typed error is all that is to come of it.
    private var recorded: [String] {
        switch self {
        case .trap, .interrupt: return ["a check failed (Swift trap)"]
        case .opcode: return ["invalid instruction"]
        case .division: return ["division error"]
        case .null: return ["null dereference"]
        case .unmapped: return ["access to an unmapped address"]
        case .protection: return ["general protection fault"]
        case .text: return ["write to read-only memory"]
        case .data: return ["execution of data"]
        case .overflow: return ["stack overflow"]
        case .breakpoint: return ["debug exception"]
        // When a text's time is up, what it runs is cancelled.
        case .loop, .budget: return ["the time budget is used up", "cancelled"]
        case .cancellation: return ["cancelled"]
        case .manager: return ["fault inside the exception manager"]
        // An interrupt that was on its way when the device was reset finds no handler.
        case .device, .silence: return ["a device broke its specification and was reset", "unexpected interrupt"]
        case .nmi: return ["non-maskable interrupt"]
        case .machineCheck: return ["machine check"]
        case .allocation, .quota: return ["out of memory"]
        case .frames, .hostile: return []
        }
    }

    /// Whether the work must go on as if nothing had been.
    private var leavesWorkAlone: Bool { self == .interrupt || self == .nmi }

    /// Whether the work may also end well, or by a typed error without a fault.
    private var isOptional: Bool {
        switch self {
        case .allocation, .quota, .budget, .cancellation, .frames, .hostile, .machineCheck, .device, .silence: return true
        default: return false
        }
    }

    /// Words that an error without a fault's record must have one of.
    private var words: [String] {
        switch self {
        case .allocation, .quota: return ["memory"]
        case .budget: return ["time budget", "cancelled", "KeyboardInterrupt"]
        case .cancellation: return ["cancelled"]
        default: return [""]
        }
    }

    /// What is wrong with the machine's answer; nil where nothing is.
    func complaint(_ report: Report, outcome: String) -> String? {
        // The monitor's NMI reaches a processor that is idle when that wakes up, which may be after another fault was armed.
        let records = self == .nmi ? report.records : report.records.filter { !Fault.nmi.recorded.contains($0.kind) }
        let texts = records.map { $0.text }
        for record in records where !recorded.contains(record.kind) {
            return "another fault, \(record.text); the error was: " + outcome
        }
        if leavesWorkAlone && outcome != "no error" { return "it should have gone on, but: " + outcome }
        if records.isEmpty {
            guard isOptional else { return "there is no record of it; the error was: " + outcome }
            if outcome == "no error" { return nil }
            return words.contains { outcome.contains($0) } || words == [""] ? nil : "the error does not name the cause: " + outcome
        }
        // Every processor takes the monitor's NMI; a quota holds for each job of a text.
        if records.count > 1 && ![.nmi, .quota, .device, .silence].contains(self) { return "more than one fault: \(texts)" }
        return isOptional || leavesWorkAlone || outcome != "no error" ? nil : "it ended without an error"
    }
}
