// The runnable tasks of one processor: a list a priority, the highest first, with a turn for the lowest now and then.

/// Not locked; its processor's scheduler does that.
struct RunQueue {
    /// One pick in so many goes to the lowest priority that waits, so that none starves.
    static let turnForLowest = 32

    private var lists: (TaskList, TaskList, TaskList) = (TaskList(), TaskList(), TaskList())
    private var picks = 0

    var count: Int { lists.0.count + lists.1.count + lists.2.count }
    var isEmpty: Bool { lists.0.isEmpty && lists.1.isEmpty && lists.2.isEmpty }

    /// The highest priority that waits.
    var highest: TaskPriority? {
        !lists.2.isEmpty ? .interactive : !lists.1.isEmpty ? .normal : !lists.0.isEmpty ? .background : nil
    }

    mutating func append(_ task: TaskPointer) {
        switch task.pointee.priority {
        case .background: lists.0.append(task)
        case .normal: lists.1.append(task)
        case .interactive: lists.2.append(task)
        }
    }

    /// The task that is to run next.
    mutating func removeNext() -> TaskPointer? {
        picks &+= 1
        if picks % Self.turnForLowest == 0 {
            return lists.0.removeFirst() ?? lists.1.removeFirst() ?? lists.2.removeFirst()
        }
        return lists.2.removeFirst() ?? lists.1.removeFirst() ?? lists.0.removeFirst()
    }

    /// A task for another processor: of the highest priority, and only one whose registers are saved.
    mutating func removeStealable(_ isStealable: (TaskPointer) -> Bool) -> TaskPointer? {
        lists.2.removeFirst(where: isStealable) ?? lists.1.removeFirst(where: isStealable) ?? lists.0.removeFirst(where: isStealable)
    }
}

/// The sleeping tasks of one processor, the earliest first. Not locked either.
struct SleepQueue {
    private(set) var first: TaskPointer?

    /// When the first sleeper wakes.
    var earliest: UInt64? { first?.pointee.wakeTime }

    mutating func insert(_ task: TaskPointer) {
        var before: TaskPointer?
        var current = first
        while let later = current, later.pointee.wakeTime <= task.pointee.wakeTime {
            before = later
            current = later.pointee.nextSleeping
        }
        task.pointee.nextSleeping = current
        if let before { before.pointee.nextSleeping = task } else { first = task }
    }

    /// Takes out the first task whose time has come.
    mutating func removeDue(_ now: UInt64) -> TaskPointer? {
        guard let task = first, task.pointee.wakeTime <= now else { return nil }
        first = task.pointee.nextSleeping
        task.pointee.nextSleeping = nil
        return task
    }

    /// False when the task was not here.
    @discardableResult
    mutating func remove(_ task: TaskPointer) -> Bool {
        var before: TaskPointer?
        var current = first
        while let other = current {
            if other == task {
                if let before { before.pointee.nextSleeping = task.pointee.nextSleeping } else { first = task.pointee.nextSleeping }
                task.pointee.nextSleeping = nil
                return true
            }
            before = other
            current = other.pointee.nextSleeping
        }
        return false
    }
}
