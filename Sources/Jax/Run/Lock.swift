// A lock for the JAX layer's tables. Sections under it are short, do not run jobs and cannot throw.
import JaxPlatform
import Synchronization

/// Mutual exclusion between tasks. A task that is ended while it holds the lock is found out by `release(heldBy:)`.
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

    /// Frees the lock if `task` holds it: the kernel ended that task's job in the middle. True if it did.
    public func release(heldBy task: UInt64) -> Bool {
        holder.compareExchange(expected: task &+ 1, desired: 0, ordering: .acquiringAndReleasing).exchanged
    }
}
