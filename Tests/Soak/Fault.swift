// The kinds of faults, how often each is drawn, and what the machine must say of them.

enum Fault: String, CaseIterable {
    case trap, opcode, division, null, unmapped, protection, text, data, overflow, breakpoint, loop
    case allocation, interrupt, manager

    var name: String { rawValue }

    /// Common ones stand more than once; endless loops take their victim's whole time budget.
    static let weighted: [Fault] = {
        var list: [Fault] = [.loop]
        for fault in allCases where fault != .loop { list += [fault, fault] }
        return list + [.allocation, .allocation, .null, .null]
    }()

    var isEndless: Bool { self == .loop }
    /// Strikes after a number of allocations.
    var isCounted: Bool { self == .allocation }

    /// The kind that the fault's record must have; nil where the work may be refused by a typed error without a fault.
    private var recorded: String? {
        switch self {
        case .trap, .interrupt: return "a check failed (Swift trap)"
        case .opcode: return "invalid instruction"
        case .division: return "division error"
        case .null: return "null dereference"
        case .unmapped: return "access to an unmapped address"
        case .protection: return "general protection fault"
        case .text: return "write to read-only memory"
        case .data: return "execution of data"
        case .overflow: return "stack overflow"
        case .breakpoint: return "debug exception"
        case .loop: return "the time budget is used up"
        case .manager: return "fault inside the exception manager"
        case .allocation: return nil
        }
    }

    /// What is wrong with the machine's answer; nil where nothing is.
    func complaint(_ report: Report, outcome: String) -> String? {
        // What can be done without the memory may be done all the same: the victims look at their results themselves.
        if self == .allocation && outcome == "no error" { return nil }
        if self != .interrupt && outcome == "no error" { return "it ended without an error" }
        if self == .interrupt && outcome != "no error" { return "a fault in a device's handler ended it: " + outcome }
        guard let recorded else {
            let isNamed = outcome.contains("memory") || report.records.contains { $0.kind == "out of memory" }
            return isNamed ? nil : "the error does not name the cause: " + outcome
        }
        // A text's time is up: what it runs is cancelled.
        let other = self == .loop ? "cancelled" : recorded
        guard report.records.contains(where: { $0.kind == recorded || $0.kind == other }) else {
            return "no record of '\(recorded)', but \(report.records.map { $0.text }); the error was: " + outcome
        }
        if report.records.count > 1 { return "more than one fault: \(report.records.map { $0.text })" }
        return nil
    }
}
