// A lock for the JAX layer's tables. Sections under it are short, do not run jobs and cannot throw.
import JaxPlatform
import Synchronization

/// Mutual exclusion between tasks. A task that a fault has ended while it held the lock still stands as its holder: whoever
/// cleans up after the task rebuilds what the lock guards, and then lets go of it in the task's name.
public final class Lock {
    /// The holder's task number plus one; 0 while free.
    private let holder = Atomic<UInt64>(0)

    public init() {}

    /// Runs `body` alone.
    public func hold<Result>(_ body: () -> Result) -> Result {
        let task = platform.taskID &+ 1
        while !holder.compareExchange(expected: 0, desired: task, ordering: .acquiring).exchanged { platform.yield() }
        let result = body()
        holder.store(0, ordering: .releasing)
        return result
    }

    public func isHeld(by task: UInt64) -> Bool { holder.load(ordering: .acquiring) == task &+ 1 }

    /// Frees the lock that `task` held when it was ended in the middle.
    public func release(heldBy task: UInt64) {
        _ = holder.compareExchange(expected: task &+ 1, desired: 0, ordering: .releasing)
    }
}
