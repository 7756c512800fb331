// How jobs end from outside: what asks for it, who is told, and when it is done by force.
#if hasFeature(Embedded)
import Boot
import CPU

extension Jobs {
    // MARK: Asking

    /// Marks the jobs of `task` as cancelled; they end at their next checkpoint, and by force when their grace is over, or at once
    /// where they had been marked already and `isForced`. False where it runs none. May be called from interrupt handlers.
    @discardableResult
    public static func cancel(task: UInt64, isForced: Bool = false) -> Bool {
        var found = false
        let now = now
        let flags = spin_acquire(&lock)
        var record = first
        while let job = record {
            if job.pointee.task == task {
                if job.pointee.cancelled == 0 { job.pointee.cancelled = max(now, 2) } else if isForced { job.pointee.cancelled = 1 }
                if let notice = job.pointee.notice { atomic_store32(notice, 1) }
                found = true
            }
            record = job.pointee.next
        }
        spin_release(&lock, flags)
        return found
    }

    /// The running task's jobs are not cancelled any more.
    public static func forgive() {
        let flags = spin_acquire(&lock)
        var record = cpu_current_task().pointee.job?.assumingMemoryBound(to: JobRecord.self)
        while let job = record {
            job.pointee.cancelled = 0
            record = job.pointee.outer
        }
        spin_release(&lock, flags)
    }

    /// What the running job runs is told by this word, which lasts as long as the job, as soon as it has to end.
    public static func notify(_ notice: UnsafeMutablePointer<UInt32>) {
        guard let record = cpu_current_task().pointee.job?.assumingMemoryBound(to: JobRecord.self) else { return }
        let flags = spin_acquire(&lock)
        record.pointee.notice = notice
        spin_release(&lock, flags)
        if interruption != nil { atomic_store32(notice, 1) }
    }

    // MARK: Looking

    /// Whether the running task's job, or one that it runs within, has to end.
    public static var interruption: JobInterruption? { endPending?.reason }

    /// The same, and for how many nanoseconds already.
    public static var endPending: (reason: JobInterruption, age: UInt64)? {
        var record = cpu_current_task().pointee.job?.assumingMemoryBound(to: JobRecord.self)
        guard record != nil else { return nil }
        let now = now
        while let job = record {
            let cancelled = job.pointee.cancelled
            if cancelled != 0 { return (.cancelled, now &- min(cancelled, now)) }
            if now >= job.pointee.deadline { return (.timeBudget, now - job.pointee.deadline) }
            record = job.pointee.outer
        }
        return nil
    }

    /// Tells of budgets that are used up, of the running job's and those that it runs within.
    private static func tellOverdue(_ running: UnsafeMutablePointer<JobRecord>) {
        let now = now
        var record: UnsafeMutablePointer<JobRecord>? = running
        while let job = record {
            if let notice = job.pointee.notice, job.pointee.cancelled != 0 || now >= job.pointee.deadline { atomic_store32(notice, 1) }
            record = job.pointee.outer
        }
    }

    // MARK: Force

    /// Looked at when an interrupt has struck code that runs with interrupts on: the fault with which its job is to be ended
    /// by force, nil where it is not. A task that holds a mutex goes on until it has let go.
    static func forcedEnd(_ task: UnsafeMutablePointer<task_context>) -> FaultKind? {
        guard let running = task.pointee.job?.assumingMemoryBound(to: JobRecord.self) else { return nil }
        tellOverdue(running)
        guard mayEnd(task) else {
            if running.pointee.hasPendingFault { Scheduler.interrupt(after: retryNanoseconds) }
            return nil
        }
        let now = now
        var record: UnsafeMutablePointer<JobRecord>? = running
        while let job = record {
            if job.pointee.hasPendingFault { return job.pointee.faultStorage.pointee.kind }
            if let grace = job.pointee.limits.grace {
                if job.pointee.cancelled != 0, now &- job.pointee.cancelled > grace { return .cancelled }
                if now > job.pointee.deadline, now - job.pointee.deadline > grace { return .timeBudget }
            }
            record = job.pointee.outer
        }
        return nil
    }

    /// Between two looks at a job that is to end: nanoseconds.
    private static let retryNanoseconds: UInt64 = 20_000

    /// Whether the task stands where its job may be ended: it holds no mutex, and nothing that others rely on.
    static func mayEnd(_ task: UnsafeMutablePointer<task_context>) -> Bool {
        task.pointee.keep_alive == 0 && Scheduler.clock != nil && Scheduler.current.pointee.heldMutexes == nil && isInside(task)
    }

    /// Leaves a fault for the running job to end by, as soon as it can; at its end at the latest.
    static func endSoon(_ task: UnsafeMutablePointer<task_context>, _ fault: FaultRecord) {
        if let record = task.pointee.job?.assumingMemoryBound(to: JobRecord.self) {
            record.pointee.faultStorage.initialize(to: fault)
            record.pointee.hasPendingFault = true
        }
        LocalAPIC.sendToSelf(ProcessorInterrupt.reschedule)
    }

    /// The fault that the running job is to end by: its own, or that of a job that it runs within, which then ends behind it.
    static func pendingFault(_ task: UnsafeMutablePointer<task_context>) -> FaultRecord? {
        var record = task.pointee.job?.assumingMemoryBound(to: JobRecord.self)
        while let job = record {
            if let fault = job.pointee.pendingFault { return fault }
            record = job.pointee.outer
        }
        return nil
    }

    /// Whether the task's recovery point is its job's own, or beneath it: for a moment at its beginning and its end the job
    /// stands in the task's record while a fault would end the one outside. Helpers of a loop have a point of their own.
    static func isInside(_ task: UnsafeMutablePointer<task_context>) -> Bool {
        guard let record = task.pointee.job?.assumingMemoryBound(to: JobRecord.self) else { return false }
        if record.pointee.task != task.pointee.id { return task.pointee.recovery?.pointee.job == Exceptions.cleanUpPoint }
        var point = task.pointee.recovery
        while let candidate = point, candidate.pointee.job == 0 || candidate.pointee.job == Exceptions.cleanUpPoint {
            point = candidate.pointee.outer
        }
        return point?.pointee.job == record.pointee.id
    }
}
#endif
