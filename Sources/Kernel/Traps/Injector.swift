// Faults on purpose, to show that nothing in a job brings the machine down: armed from outside, each strikes once. Where
// the processor can raise the fault, the code that is struck goes on at an instruction that raises it.
#if hasFeature(Embedded)
import Boot
import CPU

public enum Injector {
    /// The first ones in the order of `injected_faults` (Boot/injected_faults.S); they strike at an instant of a job's running time.
    public enum Kind: UInt32, CaseIterable {
        case trap, opcode, division, null, unmapped, protection, text, data, overflow, breakpoint, loop
        /// An allocation of a job is refused.
        case allocation
        /// The handler of a device's interrupt faults.
        case interrupt
        /// A fault while a fault is handled.
        case manager

        public var name: StaticString {
            switch self {
            case .trap: return "trap"
            case .opcode: return "opcode"
            case .division: return "division"
            case .null: return "null"
            case .unmapped: return "unmapped"
            case .protection: return "protection"
            case .text: return "text"
            case .data: return "data"
            case .overflow: return "overflow"
            case .breakpoint: return "breakpoint"
            case .loop: return "loop"
            case .allocation: return "allocation"
            case .interrupt: return "interrupt"
            case .manager: return "manager"
            }
        }
    }

    /// What is armed: a kind's raw value plus one, atomic; 0 for nothing. Whoever takes it to 0 strikes.
    nonisolated(unsafe) private static var armed: UInt32 = 0
    /// Nanoseconds from the next job's beginning, allocations or interrupts until it strikes.
    nonisolated(unsafe) private static var after: UInt64 = 0
    /// The job to strike: none yet, or its number.
    nonisolated(unsafe) private static var job: UInt64 = 0
    nonisolated(unsafe) private static var strikeTime = UInt64.max
    /// Faults that have struck.
    nonisolated(unsafe) public private(set) static var count: UInt64 = 0
    /// While something is armed for a job's running time: how often its processor is looked at.
    private static let retryNanoseconds: UInt64 = 20_000

    /// Arms a fault for the next job that begins, or for the next interrupts of devices. `after` as above.
    public static func arm(_ kind: Kind, after count: UInt64) {
        after = count
        job = 0
        strikeTime = .max
        atomic_store32(&armed, kind.rawValue + 1)
    }

    /// Nothing strikes any more.
    public static func disarm() { atomic_store32(&armed, 0) }

    public static var isArmed: Bool { atomic_load32(&armed) != 0 }

    @inline(__always)
    private static func isArmed(_ kind: Kind) -> Bool { atomic_load32(&armed) == kind.rawValue + 1 }

    private static func take(_ kind: UInt32) -> Bool {
        guard atomic_replace32(&armed, kind, 0) else { return false }
        // Atomic, because a trap may follow: a plain store in front of one is nothing that the compiler has to keep.
        _ = atomic_add64(&count, 1)
        return true
    }

    // MARK: Where it may strike

    /// A job begins: it is the one to strike, unless it is exempt.
    static func jobBegan(_ record: UnsafeMutablePointer<JobRecord>) {
        guard isArmed, job == 0, record.pointee.limits.permissions & exempt == 0 else { return }
        job = record.pointee.id
        guard strikeTime == .max else { return }
        guard atomic_load32(&armed) <= Kind.loop.rawValue + 1 || isArmed(.manager) else { return }
        strikeTime = record.pointee.started &+ after
        Scheduler.interrupt(after: after)
    }

    /// A job has ended without being struck: the next one takes its place.
    static func jobEnded(_ number: UInt64) {
        if isArmed, job == number { job = 0 }
    }

    /// Whether the task runs the job to strike, or one within it.
    private static func isStruck(_ task: UnsafeMutablePointer<task_context>) -> Bool {
        var record = task.pointee.job?.assumingMemoryBound(to: JobRecord.self)
        while let candidate = record {
            if candidate.pointee.id == job { return true }
            record = candidate.pointee.outer
        }
        return false
    }

    /// A permission bit of jobs that are never struck.
    public static let exempt: UInt32 = 1 << 31

    /// Whether an allocation that the running task asks for is to be refused.
    @inline(__always)
    static func refusesAllocation() -> Bool {
        isArmed(.allocation) && refusesThis()
    }

    private static func refusesThis() -> Bool {
        let task = cpu_current_task()!
        guard cpu_interrupt_depth() == 0, task.pointee.owner > 1, isStruck(task) else { return false }
        if after > 0 {
            after -= 1
            return false
        }
        return take(Kind.allocation.rawValue + 1)
    }

    /// A device's handler is about to run.
    @inline(__always)
    static func strikeHandler() {
        guard isArmed(.interrupt) else { return }
        if after > 0 {
            after -= 1
        } else if take(Kind.interrupt.rawValue + 1) {
            fatalError()
        }
    }

    /// A fault is being handled.
    @inline(__always)
    static func strikeManager() {
        if isArmed(.manager), cpu_current_task().pointee.recovery != nil, take(Kind.manager.rawValue + 1) { fatalError() }
    }

    /// An interrupt has struck code that runs with interrupts on: if it belongs to the job to strike and its time has come, it
    /// goes on at code that faults.
    static func strike(_ frame: UnsafeMutablePointer<trap_frame>, _ task: UnsafeMutablePointer<task_context>) {
        guard strikeTime != .max, isArmed else { return }
        guard isStruck(task) else { return }
        let now = Scheduler.clock.nanoseconds
        guard now >= strikeTime, task.pointee.keep_alive == 0, Scheduler.current.pointee.heldMutexes == nil, Jobs.isInside(task) else {
            Scheduler.interrupt(after: max(retryNanoseconds, strikeTime > now ? strikeTime - now : 0))
            return
        }
        let kind = atomic_load32(&armed)
        let isOfManager = kind == Kind.manager.rawValue + 1
        guard kind > 0, isOfManager || take(kind) else { return }
        strikeTime = .max
        frame.pointee.rax = frame.pointee.rip
        frame.pointee.rip = injected_fault(isOfManager ? 0 : kind - 1)
    }
}
#endif
