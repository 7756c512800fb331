// The kinds of faults, how often each is drawn, and what the machine must say of them.

enum Fault: String, CaseIterable {
    // Injected by the kernel at an instant of a job's running time; the names are those of its `Injector.Kind`.
    case trap, opcode, division, null, unmapped, protection, text, data, overflow, breakpoint, loop, manager
    // Injected by the kernel at the n-th allocation, at the n-th interrupt, into a device's queue.
    case allocation, interrupt, device
    // Made by the host: limits, cancellation, bytes that are no frames or no programs, QEMU's monitor.
    case quota, budget, cancellation, frames, hostile, nmi, machineCheck

    var name: String { rawValue }

    /// Half of all strike at random instants; what takes long is drawn less often.
    static let weighted: [Fault] = {
        let rare: [Fault] = [.loop, .device, .machineCheck, .frames]
        var list = rare
        for fault in allCases where !rare.contains(fault) { list += [fault, fault] }
        return list + [.allocation, .allocation, .null, .null, .protection, .trap]
    }()

    /// Whether the kernel's injector is armed before the victim runs.
    var isArmed: Bool {
        switch self {
        case .device, .quota, .budget, .cancellation, .frames, .hostile, .nmi, .machineCheck: return false
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
        case .device: return ["a device broke its specification and was reset", "unexpected interrupt"]
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
        case .allocation, .quota, .budget, .cancellation, .frames, .hostile, .machineCheck, .device: return true
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
        let texts = report.records.map { $0.text }
        for record in report.records where !recorded.contains(record.kind) { return "another fault, \(record.text); the error was: " + outcome }
        if leavesWorkAlone && outcome != "no error" { return "it should have gone on, but: " + outcome }
        if report.records.isEmpty {
            guard isOptional else { return "there is no record of it; the error was: " + outcome }
            if outcome == "no error" { return nil }
            return words.contains { outcome.contains($0) } || words == [""] ? nil : "the error does not name the cause: " + outcome
        }
        // Every processor takes the monitor's NMI; a quota holds for each job of a text.
        if report.records.count > 1 && ![.nmi, .quota, .device].contains(self) { return "more than one fault: \(texts)" }
        return isOptional || leavesWorkAlone || outcome != "no error" ? nil : "it ended without an error"
    }
}
