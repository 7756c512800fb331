// The life of a task: made, started, ended, joined, and its stack given back by another.
#if hasFeature(Embedded)
import Boot
import CPU

public enum Tasks {
    /// Enough for the evaluator's recursion over nested regions and for the interpreter.
    public static let defaultStackByteCount = 1 << 20

    nonisolated(unsafe) private static var lastIdentifier: UInt64 = 0

    /// Starts a task that runs `body`; nil when there is no memory for its stack. `owner` pays for what it allocates.
    /// A joinable task has to be joined, else its record stays.
    @discardableResult
    public static func start(
        _ name: StaticString, priority: TaskPriority = .normal, owner: UInt32 = 0, stackByteCount: Int = defaultStackByteCount,
        isJoinable: Bool = false, _ body: @escaping () -> Void
    ) -> TaskPointer? {
        Scheduler.reapEnded()
        guard let task = make(name, priority: priority, owner: owner, stackByteCount: stackByteCount, isJoinable: isJoinable, body)
        else { return nil }
        Scheduler.enqueue(task)
        return task
    }

    /// A task that has not been put into a run queue yet.
    static func make(
        _ name: StaticString, priority: TaskPriority, owner: UInt32, stackByteCount: Int,
        isIdle: Bool = false, isJoinable: Bool = false, _ body: @escaping () -> Void
    ) -> TaskPointer? {
        guard let stack = KernelStack.allocate(byteCount: stackByteCount) else { return nil }
        let context = cpu_current_task()!
        let payer = context.pointee.owner
        context.pointee.owner = 0 // the record outlives whoever starts it
        let task = TaskPointer.allocate(capacity: 1)
        task.initialize(to: Task(name: name, priority: priority, owner: owner, isIdle: isIdle, isJoinable: isJoinable))
        context.pointee.owner = payer
        task.pointee.body = body
        task.pointee.context.id = atomic_add64(&lastIdentifier, 1) + 1
        task.pointee.context.task = UnsafeMutableRawPointer(task)
        task.pointee.stack = stack
        let high = UInt64(UInt(bitPattern: stack.end))
        task.pointee.context.stack_low = UInt64(UInt(bitPattern: stack.base))
        task.pointee.context.stack_high = high
        task.pointee.context.stack_pointer = firstFrame(high)
        AllTasks.add(task)
        if cpu_local_get().pointee.scheduler != nil { task.pointee.processor = Scheduler.here.pointee.position }
        return task
    }

    /// What `switch_task` takes from a new stack: floating-point control words, six registers, where to begin.
    private static func firstFrame(_ high: UInt64) -> UInt64 {
        let top = UnsafeMutablePointer<UInt64>(bitPattern: UInt(high))!
        top[-1] = 0
        top[-2] = UInt64(UInt(bitPattern: task_begin_address()))
        for register in 3...8 { top[-register] = 0 }
        top[-9] = 0x037F << 32 | UInt64(MXCSR_START) // x87 control word, MXCSR
        return high - 72
    }

    /// Ends the running task.
    public static func exit() -> Never {
        let task = Scheduler.current
        if task.pointee.heldMutexes != nil { Mutex.abandon(task) }
        task.pointee.body = nil
        cpu_disable_interrupts()
        atomic_store32(&task.pointee.state, Task.State.ended.rawValue)
        Scheduler.wakeAll(task.pointee.joining)
        Scheduler.schedule(isBlocking: true)
        misuse("an ended task ran again")
    }

    /// Waits until a joinable task has ended and lets its record go; false when `deadline` passed first.
    @discardableResult
    public static func join(_ task: TaskPointer, until deadline: UInt64? = nil) -> Bool {
        if task == Scheduler.current { misuse("a task joined itself") }
        if !task.pointee.isJoinable { misuse("a task was joined that is not joinable") }
        let hasEnded = Scheduler.wait(on: task.pointee.joining, until: deadline) {
            atomic_load32(&task.pointee.state) == Task.State.ended.rawValue
        }
        guard hasEnded else { return false }
        Scheduler.releaseRecord(task)
        return true
    }
}

extension Scheduler {
    /// Gives back the stacks of tasks that ended on this processor.
    static func reapEnded() {
        while true {
            let flags = cpu_lock_interrupts()
            let task = here.pointee.ended.removeFirst()
            cpu_unlock_interrupts(flags)
            guard let task else { return }
            task.pointee.context.stack_high = 0
            if let stack = task.pointee.stack { KernelStack.free(stack) }
            releaseRecord(task)
        }
    }

    /// One reference to a record is gone: the last frees it.
    static func releaseRecord(_ task: TaskPointer) {
        guard atomic_add32(&task.pointee.references, ~0) == 1 else { return }
        AllTasks.remove(task)
        task.pointee.joining.deallocate()
        task.deinitialize(count: 1)
        task.deallocate()
    }
}

/// Where every task begins, on its own stack with interrupts off.
@_cdecl("task_begin")
func taskBegin() {
    Scheduler.finishSwitch()
    cpu_enable_interrupts()
    // A fault outside of every job ends the task that it struck; it is in the ring, and the others go on.
    _ = guardedCall { Scheduler.current.pointee.body?() }
    Tasks.exit()
}
#endif
