// The record of an execution on its way to the host: the body of the answer to an `Execute` that asks for one.
import JaxPlatform

/// Rows, and when each of them ran. The machine keeps 4,096 rows, of which the last sums up what comes beyond, and 65,536 events.
public struct ProfileReport: Fields {
    /// A kernel or an evaluated operation; sums of all calls.
    public struct Row: Fields {
        public var name = ""
        /// Where in the user's source it comes from; empty where that is not known.
        public var source = ""
        public var isKernel = false
        public var calls = 0
        public var nanoseconds: UInt64 = 0
        /// Of operands and results.
        public var bytes = 0
        /// Additions, subtractions, multiplications, divisions, remainders and square roots of floats; −1 where they are not known.
        public var flops = -1

        public init() {}

        public mutating func code(_ coder: inout FieldCoder) throws(JaxError) {
            try coder.field(&name)
            try coder.field(&source)
            try coder.field(&isKernel)
            try coder.field(&calls)
            try coder.field(&nanoseconds)
            try coder.field(&bytes)
            try coder.field(&flops)
        }
    }

    public var rows: [Row] = []
    /// Three numbers for each event in turn: the row, the beginning on the machine's clock, and the duration, in nanoseconds.
    public var events: [UInt64] = []
    public var droppedEvents = 0
    /// The beginning of the whole execution on the machine's clock, and its duration, in nanoseconds.
    public var begun: UInt64 = 0
    public var nanoseconds: UInt64 = 0

    public init() {}

    public mutating func code(_ coder: inout FieldCoder) throws(JaxError) {
        try coder.list(&rows, elementWidth: 41)
        try coder.field(&events)
        try coder.field(&droppedEvents)
        try coder.field(&begun)
        try coder.field(&nanoseconds)
        guard coder.isDecoding else { return }
        guard events.count % 3 == 0 else {
            throw JaxError(.malformed, "message: \(events.count) numbers are no events of three", offset: 0)
        }
        for index in stride(from: 0, to: events.count, by: 3) where events[index] >= UInt64(rows.count) {
            throw JaxError(.malformed, "message: an event of row \(events[index]), of \(rows.count) rows", offset: 0)
        }
    }
}
