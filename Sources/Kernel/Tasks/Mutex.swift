// Mutual exclusion between tasks that may wait, and an event count for those who wait for an interrupt.
// Misuse (locking twice, unlocking another's mutex, waiting where no task may wait) is found at once, not as a hang.
import CPU

/// The part of a mutex that its holder's record links to.
public struct MutexRecord {
    var owner: TaskPointer?
    let waiting: UnsafeMutablePointer<WaitQueue>
    /// Set when the holder ended while holding it: what it guards may be half-changed.
    var isPoisoned = false
    /// 1 while taken, atomic.
    var taken: UInt32 = 0
    var nextHeld: UnsafeMutablePointer<MutexRecord>?
}

#if hasFeature(Embedded)
public final class Mutex {
    private let record: UnsafeMutablePointer<MutexRecord>

    public init() {
        record = UnsafeMutablePointer.allocate(capacity: 1)
        let waiting = UnsafeMutablePointer<WaitQueue>.allocate(capacity: 1)
        waiting.initialize(to: WaitQueue())
        record.initialize(to: MutexRecord(waiting: waiting))
    }

    deinit {
        if record.pointee.owner != nil { misuse("a mutex was destroyed while it was locked") }
        record.pointee.waiting.deallocate()
        record.deallocate()
    }

    /// Waits until the mutex is free and takes it.
    public func lock() {
        let task = Scheduler.current, record = self.record
        if record.pointee.owner == task { misuse("a task locked a mutex that it holds") }
        Scheduler.requireTaskContext("a mutex was locked where no task may wait")
        // A forced end between taking it and saying so would leave it taken for ever.
        task.pointee.context.keep_alive += 1
        defer { task.pointee.context.keep_alive -= 1 }
        if !atomic_replace32(&record.pointee.taken, 0, 1) {
            _ = Scheduler.wait(on: record.pointee.waiting, until: nil) { atomic_replace32(&record.pointee.taken, 0, 1) }
        }
        record.pointee.owner = task
        record.pointee.nextHeld = task.pointee.heldMutexes
        task.pointee.heldMutexes = record
    }

    public func unlock() {
        let task = Scheduler.current
        if record.pointee.owner != task { misuse("a task unlocked a mutex that it does not hold") }
        task.pointee.context.keep_alive += 1
        defer { task.pointee.context.keep_alive -= 1 }
        var link = task.pointee.heldMutexes
        if link == record {
            task.pointee.heldMutexes = record.pointee.nextHeld
        } else {
            while let held = link {
                if held.pointee.nextHeld == record { held.pointee.nextHeld = record.pointee.nextHeld }
                link = held.pointee.nextHeld
            }
        }
        Self.release(record)
    }

    /// Whether a task ended while it held the mutex. Whoever rebuilds what it guards clears this.
    public var isPoisoned: Bool {
        get { record.pointee.isPoisoned }
        set { record.pointee.isPoisoned = newValue }
    }

    public var isHeldByCurrentTask: Bool { record.pointee.owner == Scheduler.current }

    private static func release(_ record: UnsafeMutablePointer<MutexRecord>) {
        record.pointee.nextHeld = nil
        record.pointee.owner = nil
        atomic_store32(&record.pointee.taken, 0)
        Scheduler.wakeOne(record.pointee.waiting)
    }

    /// Releases and poisons every mutex that a task took after `mark` (nil: all), for a task that was ended by force.
    public static func abandon(_ task: TaskPointer, downTo mark: UnsafeMutablePointer<MutexRecord>? = nil) {
        while let record = task.pointee.heldMutexes, record != mark {
            task.pointee.heldMutexes = record.pointee.nextHeld
            record.pointee.isPoisoned = true
            release(record)
        }
    }
}

/// Counts events; tasks wait for the count to move on. Notified from interrupts and tasks alike.
public final class EventCount {
    private let value: UnsafeMutablePointer<UInt64>
    private let waiting: UnsafeMutablePointer<WaitQueue>

    public init() {
        value = UnsafeMutablePointer.allocate(capacity: 1)
        value.initialize(to: 0)
        waiting = UnsafeMutablePointer.allocate(capacity: 1)
        waiting.initialize(to: WaitQueue())
    }

    deinit {
        value.deallocate()
        waiting.deallocate()
    }

    public var count: UInt64 { atomic_load64(value) }

    public func notify() {
        let context = cpu_current_task()!
        context.pointee.keep_alive += 1
        _ = atomic_add64(value, 1)
        Scheduler.wakeAll(waiting)
        context.pointee.keep_alive -= 1
    }

    /// True once the count differs from `seen`; false when `deadline` (nanoseconds; nil: never) passed first.
    public func wait(past seen: UInt64, until deadline: UInt64?) -> Bool {
        let value = self.value
        return Scheduler.wait(on: waiting, until: deadline) { atomic_load64(value) != seen }
    }
}

/// Ends the running work: kernel code was used against its contract. The exception manager names the cause.
public func misuse(_ what: StaticString) -> Never {
    lastMisuse = what
    fatalError()
}

/// What `misuse` said last, for the report of the fault that follows it.
nonisolated(unsafe) public private(set) var lastMisuse: StaticString = ""
#endif
