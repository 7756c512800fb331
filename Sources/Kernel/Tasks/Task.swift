// The record of a task. It lives in plain memory and is handled by pointer, so that interrupts and switches touch no
// reference counts and allocate nothing.
import CPU

public typealias TaskPointer = UnsafeMutablePointer<Task>

/// Who goes first. A task of a higher priority takes the processor at once; equals share it in slices.
public enum TaskPriority: UInt8, CaseIterable {
    /// Runs when nothing else wants to.
    case background = 0
    /// Jobs.
    case normal = 1
    /// The prompt and the link: short work that someone waits for.
    case interactive = 2
}

/// One task. `context` comes first: traps and the heap find it through the processor's record.
public struct Task {
    /// What the task is doing; changed only by itself, except `runnable`, which its waker sets.
    enum State: UInt32 {
        case runnable = 0
        /// Waiting; whoever changes this to `runnable` by compare-and-exchange puts the task in a run queue.
        case waiting = 1
        case ended = 2
    }

    public var context: task_context
    public let name: StaticString
    var priority: TaskPriority
    /// A `State`, atomic.
    var state: UInt32
    /// 1 while a processor runs the task or is still saving its registers, atomic.
    var onProcessor: UInt32
    /// The processor that ran it last.
    var processor: UInt32
    /// Runs on this processor only: its idle task.
    var isIdle: Bool
    /// Links of the one run queue or list of ended tasks that the task is in.
    var next: TaskPointer?
    /// Links of the wait queue, apart from the run queue's: a woken task may be in both for a moment.
    var nextWaiting: TaskPointer?, previousWaiting: TaskPointer?
    var isLinkedWaiting: Bool
    /// The time at which a sleeping task wakes, and its place in the processor's sleepers.
    var wakeTime: UInt64
    var nextSleeping: TaskPointer?
    /// Links of the list of all tasks (`AllTasks`).
    var nextOfAll: TaskPointer?, previousOfAll: TaskPointer?
#if hasFeature(Embedded)
    var stack: GuardedRegion?
#endif
    /// What the task does; taken when it starts.
    var body: (() -> Void)?
    /// Tasks in `join`; memory of its own, freed with the record.
    let joining: UnsafeMutablePointer<WaitQueue>
    /// Set for a task that somebody will `join`.
    let isJoinable: Bool
    /// Who needs the record, atomic: the task itself until its stack is given back, and whoever joins it.
    var references: UInt32
    /// The mutexes that it holds, linked by their records.
    var heldMutexes: UnsafeMutablePointer<MutexRecord>?

    init(name: StaticString, priority: TaskPriority, owner: UInt32, isIdle: Bool, isJoinable: Bool) {
        context = task_context()
        context.owner = owner
        self.name = name
        self.priority = priority
        state = State.runnable.rawValue
        onProcessor = 0
        processor = 0
        self.isIdle = isIdle
        isLinkedWaiting = false
        wakeTime = 0
        self.isJoinable = isJoinable
        joining = UnsafeMutablePointer.allocate(capacity: 1)
        joining.initialize(to: WaitQueue())
        references = isJoinable ? 2 : 1
    }
}

/// Tasks in the order of their arrival, linked by `next`.
struct TaskList {
    private(set) var first: TaskPointer?
    private var last: TaskPointer?
    private(set) var count = 0

    var isEmpty: Bool { first == nil }

    mutating func append(_ task: TaskPointer) {
        task.pointee.next = nil
        if let last { last.pointee.next = task } else { first = task }
        last = task
        count += 1
    }

    mutating func removeFirst() -> TaskPointer? {
        guard let task = first else { return nil }
        first = task.pointee.next
        if first == nil { last = nil }
        task.pointee.next = nil
        count -= 1
        return task
    }

    /// Removes the first task that `isWanted`.
    mutating func removeFirst(where isWanted: (TaskPointer) -> Bool) -> TaskPointer? {
        var before: TaskPointer?
        var current = first
        while let task = current {
            if isWanted(task) {
                if let before { before.pointee.next = task.pointee.next } else { first = task.pointee.next }
                if last == task { last = before }
                task.pointee.next = nil
                count -= 1
                return task
            }
            before = task
            current = task.pointee.next
        }
        return nil
    }
}
