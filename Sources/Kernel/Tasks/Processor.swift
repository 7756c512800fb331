// What the scheduler keeps for each processor, in plain memory that interrupts may touch.
import CPU

public typealias ProcessorPointer = UnsafeMutablePointer<Processor>

/// One processor's part of the scheduler. `lock` guards the queues; the rest is the processor's own.
public struct Processor {
    public let local: UnsafeMutablePointer<cpu_local>
    /// Its place in the scheduler's table.
    var position: UInt32 = 0
    var lock = spin_lock()
    var queue = RunQueue()
    var sleepers = SleepQueue()
    /// Runs when nothing else does.
    var idle: TaskPointer
    /// The task that the running one took over from, until its registers are known to be saved.
    var previous: TaskPointer?
    /// Ended tasks whose stacks wait to be given back.
    var ended = TaskList()
    /// Set when another task should run; looked at when the outermost interrupt returns.
    var needsReschedule = false
    /// 1 while it halts for want of work, atomic.
    var isIdle: UInt32 = 0
    /// When the running task's slice ends, and what the timer is set to (nanoseconds; .max: not set).
    var sliceEnd = UInt64.max
    var timerDeadline = UInt64.max
    /// Counts for the machine's statistics.
    public internal(set) var switchCount: UInt64 = 0
    public internal(set) var stealCount: UInt64 = 0
    public internal(set) var timerCount: UInt64 = 0

    init(local: UnsafeMutablePointer<cpu_local>, idle: TaskPointer) {
        self.local = local
        self.idle = idle
    }
}
