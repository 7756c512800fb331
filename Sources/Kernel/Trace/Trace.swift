// The trace ring: what the scheduler, interrupts, memory and jobs did last, for `barejax trace`. Each processor writes into a
// ring of its own without a lock; the oldest events give way.
#if hasFeature(Embedded)
import CPU

public struct TraceEvent {
    public enum Kind: UInt32 {
        /// A processor goes on with another task: task number, address of its name.
        case taskSwitch
        /// A handler has ended: vector, counter at its beginning.
        case interrupt
        /// A job begins, ends: its number, the first 16 bytes of its name.
        case jobBegin, jobEnd
        /// The link's request of an execution was decoded, its results are there: its number.
        case requestBegin, requestEnd
        /// A fault was recorded: number, kind.
        case fault
        /// Memory was mapped, unmapped: address, bytes.
        case map, unmap
        /// A long block was taken from the page frames, or given back: pages, owner.
        case allocate, free
    }

    public var ticks: UInt64 = 0
    public var kind: UInt32 = 0
    public var processor: UInt32 = 0
    public var a: UInt64 = 0, b: UInt64 = 0, c: UInt64 = 0
}

public enum Trace {
    /// Events that each processor keeps.
    public static let capacity = 1024

    nonisolated(unsafe) private static var events: UnsafeMutablePointer<TraceEvent>! = nil
    nonisolated(unsafe) private static var counts: UnsafeMutablePointer<UInt64>! = nil
    nonisolated(unsafe) private static var processorCount = 0

    /// Makes the rings; nothing is kept before.
    public static func start(processorCount: Int) {
        let events = UnsafeMutablePointer<TraceEvent>.allocate(capacity: processorCount * capacity)
        events.initialize(repeating: TraceEvent(), count: processorCount * capacity)
        counts = UnsafeMutablePointer<UInt64>.allocate(capacity: processorCount)
        counts.initialize(repeating: 0, count: processorCount)
        self.processorCount = processorCount
        self.events = events
    }

    /// Any context.
    @inline(__always)
    public static func note(_ kind: TraceEvent.Kind, _ a: UInt64, _ b: UInt64 = 0, _ c: UInt64 = 0) {
        if events != nil { keep(kind, a, b, c) }
    }

    private static func keep(_ kind: TraceEvent.Kind, _ a: UInt64, _ b: UInt64, _ c: UInt64) {
        let processor = Int(cpu_local_get().pointee.index)
        guard processor < processorCount else { return }
        let place = Int(atomic_add64(counts + processor, 1)) % capacity
        events[processor * capacity + place] = TraceEvent(ticks: cpu_tsc(),
                                                          kind: kind.rawValue, processor: UInt32(processor), a: a, b: b, c: c)
    }

    /// Every kept event, processor by processor, the oldest first. One that is being written meanwhile may be half new.
    public static func forEach(_ body: (TraceEvent) -> Void) {
        for processor in 0..<processorCount {
            let count = Int(atomic_load64(counts + processor))
            for number in max(0, count - capacity)..<count { body(events[processor * capacity + number % capacity]) }
        }
    }
}
#endif
