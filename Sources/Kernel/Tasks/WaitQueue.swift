// Tasks that wait for the same thing. Waiting is a protocol of two steps, so that no wake-up is lost: enter the queue,
// look at the condition once more, then give the processor away.
import CPU

/// A queue of waiting tasks. Lives in plain memory (a field of a record or class); its address must not change.
public struct WaitQueue {
    private var lock = spin_lock()
    private var first: TaskPointer?
    private var last: TaskPointer?
    /// Tasks in the queue, atomic.
    private var count: UInt32 = 0

    public init() {}

    /// Whether somebody waits. Whoever changed a condition atomically before asking does not miss a task that entered
    /// before looking at it.
    var hasWaiting: Bool { mutating get { atomic_load32(&count) != 0 } }
    var waitingCount: Int { mutating get { Int(atomic_load32(&count)) } }

    /// Enters the running task. It counts as waiting from here on: a wake-up may come before it has stopped running.
    mutating func enter(_ task: TaskPointer) {
        let flags = spin_acquire(&lock)
        atomic_store32(&task.pointee.state, Task.State.waiting.rawValue)
        task.pointee.nextWaiting = nil
        task.pointee.previousWaiting = last
        if let last { last.pointee.nextWaiting = task } else { first = task }
        last = task
        task.pointee.isLinkedWaiting = true
        _ = atomic_add32(&count, 1)
        spin_release(&lock, flags)
    }

    /// Takes the task out, where a wake-up has not done so.
    mutating func leave(_ task: TaskPointer) {
        let flags = spin_acquire(&lock)
        if task.pointee.isLinkedWaiting { unlink(task) }
        spin_release(&lock, flags)
    }

    /// Takes out the first task that this call wakes: those that a timeout has woken already are passed over.
    mutating func removeFirstToWake() -> TaskPointer? {
        let flags = spin_acquire(&lock)
        defer { spin_release(&lock, flags) }
        while let task = first {
            unlink(task)
            if atomic_replace32(&task.pointee.state, Task.State.waiting.rawValue, Task.State.runnable.rawValue) { return task }
        }
        return nil
    }

    private mutating func unlink(_ task: TaskPointer) {
        let previous = task.pointee.previousWaiting, next = task.pointee.nextWaiting
        if let previous { previous.pointee.nextWaiting = next } else { first = next }
        if let next { next.pointee.previousWaiting = previous } else { last = previous }
        task.pointee.nextWaiting = nil
        task.pointee.previousWaiting = nil
        task.pointee.isLinkedWaiting = false
        _ = atomic_add32(&count, ~0)
    }
}
