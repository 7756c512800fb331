// What is kept of a fault, and the ring that keeps the last ones. Records are plain values without references, so that the
// ring survives whatever happens to the heap.

public struct FaultRecord {
    public var sequence: UInt64 = 0
    /// Time-stamp counter when it was caught.
    public var ticks: UInt64 = 0
    public var kind: FaultKind
    public var vector: UInt8
    public var processor: UInt32
    public var errorCode: UInt64
    public var instruction: UInt64
    /// CR2 for page faults; the bytes refused for `outOfMemory`.
    public var address: UInt64
    public var stackPointer: UInt64
    public var task: UInt64
    public var job: UInt64
    /// Whether it struck in an interrupt handler.
    public var isInInterrupt: Bool
    /// Return addresses from the inside out.
    public var backtrace: InlineArray<12, UInt64>
    public var backtraceCount: Int
    /// The generated code that was struck, or that called what was.
    public var code: CodeRegion?

    public init(kind: FaultKind, vector: UInt8) {
        self.kind = kind
        self.vector = vector
        processor = 0
        errorCode = 0
        instruction = 0
        address = 0
        stackPointer = 0
        task = 0
        job = 0
        isInInterrupt = false
        backtrace = InlineArray(repeating: 0)
        backtraceCount = 0
    }
}

/// The last 64 faults and counts of all.
public struct FaultRing {
    public static let capacity = 64
    private var records: InlineArray<64, FaultRecord>
    public private(set) var count: UInt64 = 0

    public init() {
        records = InlineArray(repeating: FaultRecord(kind: .injected, vector: 0))
    }

    /// Keeps a record; returns it with its number, counted from 1.
    public mutating func append(_ record: FaultRecord) -> FaultRecord {
        var numbered = record
        count += 1
        numbered.sequence = count
        records[Int((count - 1) % UInt64(Self.capacity))] = numbered
        return numbered
    }

    /// The kept records, the oldest first.
    public func forEach(_ body: (FaultRecord) -> Void) {
        var number = count > UInt64(Self.capacity) ? count - UInt64(Self.capacity) : 0
        while number < count {
            body(records[Int(number % UInt64(Self.capacity))])
            number += 1
        }
    }

    public var last: FaultRecord? { count == 0 ? nil : records[Int((count - 1) % UInt64(Self.capacity))] }
}
