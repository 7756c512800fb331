// What one execution of a program did: a row for each kernel and each evaluated operation, and when each of them ran. Made and filled
// within the job that executes; when that is done the texts are copied, so that the record may outlive the program.
import JaxIR
import JaxPlatform
import Loops

/// The record of one execution. Rows do not overlap in time.
public final class Profile {
    public struct Row {
        /// A kernel's name, or an operation's.
        public internal(set) var name = ""
        /// Where in the user's source it comes from; empty where that is not known.
        public internal(set) var source = ""
        public internal(set) var isKernel = false
        public internal(set) var calls = 0
        public internal(set) var nanoseconds: UInt64 = 0
        /// Bytes of operands and results in all calls.
        public internal(set) var bytes = 0
        /// As `KernelCost` counts them, in all calls; nil where that is not known.
        public internal(set) var flops: Int?
    }

    /// One run of a row's kernel or operation, on the platform's clock.
    public struct Event {
        public let row: Int
        public let begun: UInt64
        public let nanoseconds: UInt64
    }

    /// What comes beyond is summed up in the last row.
    public static let maximumRows = 4096
    /// What comes beyond is counted only.
    public static let maximumEvents = 65536

    public private(set) var rows: [Row] = []
    public private(set) var events: [Event] = []
    public private(set) var droppedEvents = 0
    /// When the execution began, and how long it took.
    public internal(set) var begun: UInt64 = 0
    public internal(set) var nanoseconds: UInt64 = 0
    private var numbers: [ObjectIdentifier: Int] = [:]
    /// What each row is about, while the execution goes on.
    private var subjects: [Subject] = []

    private enum Subject {
        case kernel(CompiledKernel)
        case operation(Step, LocationTable)
        case others
    }

    public init() {}

    /// Runs `body`, the execution as a whole.
    public func measure<Result>(_ body: () throws(JaxError) -> Result) throws(JaxError) -> Result {
        begun = platform.nanoseconds
        let result = try body()
        nanoseconds = platform.nanoseconds &- begun
        finish()
        return result
    }

    private func finish() {
        for (number, subject) in subjects.enumerated() {
            switch subject {
            case .kernel(let kernel):
                rows[number].name = copy(kernel.name)
                rows[number].source = copy(kernel.source ?? "")
            case .operation(let step, let locations):
                rows[number].name = copy(step.definition.name)
                rows[number].source = copy(locations.describe(step.operation.location) ?? "")
            case .others: rows[number].name = "everything else"
            }
        }
        subjects = []
        numbers = [:]
    }

    /// A run of a kernel that has ended just now.
    public func add(_ kernel: CompiledKernel, from start: UInt64) {
        let end = platform.nanoseconds
        let row = row(ObjectIdentifier(kernel), .kernel(kernel), Row(isKernel: true, flops: kernel.cost == nil ? nil : 0))
        add(row, start, end, bytes: kernel.cost?.bytes ?? 0, flops: kernel.cost?.flops ?? 0)
    }

    /// An evaluated operation that has ended just now.
    func add(_ step: Step, in function: Function, _ locations: LocationTable, from start: UInt64) {
        let end = platform.nanoseconds
        let row = row(ObjectIdentifier(step), .operation(step, locations), Row())
        var bytes = 0
        for id in step.operation.operands + step.operation.results { bytes &+= function.type(of: id).tensor?.byteCount ?? 0 }
        add(row, start, end, bytes: bytes, flops: 0)
    }

    private func copy(_ text: String) -> String { String(decoding: Array(text.utf8), as: UTF8.self) }

    private func row(_ identity: ObjectIdentifier, _ subject: Subject, _ row: Row) -> Int {
        if let known = numbers[identity] { return known }
        if rows.count < Profile.maximumRows {
            let isLast = rows.count == Profile.maximumRows - 1
            rows.append(isLast ? Row() : row)
            subjects.append(isLast ? .others : subject)
        }
        numbers[identity] = rows.count - 1
        return rows.count - 1
    }

    private func add(_ row: Int, _ start: UInt64, _ end: UInt64, bytes: Int, flops: Int) {
        rows[row].calls += 1
        rows[row].nanoseconds &+= end &- start
        rows[row].bytes &+= bytes
        if let sum = rows[row].flops { rows[row].flops = sum &+ flops }
        if events.count < Profile.maximumEvents {
            events.append(Event(row: row, begun: start, nanoseconds: end &- start))
        } else {
            droppedEvents += 1
        }
    }
}
