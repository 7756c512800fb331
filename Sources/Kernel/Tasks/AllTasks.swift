// The list of all tasks, for the page-table audit and the trace: every task is in it from its making to its record's end.
#if hasFeature(Embedded)
import CPU

enum AllTasks {
    nonisolated(unsafe) private static var first: TaskPointer?
    nonisolated(unsafe) private static var lock = spin_lock()

    static func add(_ task: TaskPointer) {
        let flags = spin_acquire(&lock)
        task.pointee.nextOfAll = first
        first?.pointee.previousOfAll = task
        first = task
        spin_release(&lock, flags)
    }

    static func remove(_ task: TaskPointer) {
        let flags = spin_acquire(&lock)
        if let previous = task.pointee.previousOfAll {
            previous.pointee.nextOfAll = task.pointee.nextOfAll
        } else {
            first = task.pointee.nextOfAll
        }
        task.pointee.nextOfAll?.pointee.previousOfAll = task.pointee.previousOfAll
        spin_release(&lock, flags)
    }

    /// Visits all with the list locked: `body` must not start or end tasks, or wait.
    static func forEach(_ body: (TaskPointer) -> Void) {
        let flags = spin_acquire(&lock)
        var task = first
        while let current = task {
            body(current)
            task = current.pointee.nextOfAll
        }
        spin_release(&lock, flags)
    }
}
#endif
