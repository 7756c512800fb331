// What the JAX layer may ask of the machine beneath it. The kernel implements it in ring 0, `HostedPlatform` on Linux;
// nothing in Sources/Jax knows which of the two it runs on.

/// The services beneath the JAX layer.
public protocol Platform: AnyObject {
    /// Memory for tensor data: 64-byte aligned, charged to the running job. `nil` when the quota or the machine is exhausted.
    func allocate(byteCount: Int) -> UnsafeMutableRawPointer?

    /// Gives back what `allocate` returned, with the same count.
    func deallocate(_ pointer: UnsafeMutableRawPointer, byteCount: Int)

    /// Machine code, copied to where it can be executed and no longer be written: the address of its first instruction. `code` is
    /// position-independent. Charged to the running job as memory is, and freed with it. `nil` when quota or machine are exhausted.
    /// A fault in it is reported by `name`.
    func makeExecutable(_ code: UnsafeRawBufferPointer, name: String) -> UnsafeRawPointer?

    /// Gives back what `makeExecutable` returned, with the same count; nothing executes it any more.
    func freeExecutable(_ entry: UnsafeRawPointer, byteCount: Int)

    /// Calls `body` with every index in `0..<count`, on all processors that are free; returns when all have ended.
    /// `body` must not throw, and must not rely on an order.
    func parallelFor(_ count: Int, _ body: (Int) -> Void)

    /// Nanoseconds since start; never goes back.
    var nanoseconds: UInt64 { get }

    /// Whether the running job was cancelled or ran out of its time budget. Long loops ask between steps.
    var interruption: Interruption? { get }

    /// One line for the machine's log.
    func log(_ line: String)

    /// Runs `body` as a job on the calling task and returns how it ended (`Job.swift`, The boundary). Jobs nest.
    func runJob(_ request: JobRequest, _ body: () -> Void) -> JobOutcome

    /// What the running job may use; everything outside a job.
    var permissions: Permissions { get }

    /// Runs `body` with its allocations charged to `owner` instead of the running job.
    func charging(_ owner: MemoryOwner, _ body: () -> Void)

    /// A new owner for memory that is released together.
    func makeOwner(name: String) -> MemoryOwner

    /// Frees whatever `owner` still holds, without deinitialisers.
    func releaseOwner(_ owner: MemoryOwner)

    /// Tells tasks apart; the calling task's number.
    var taskID: UInt64 { get }

    /// Lets other tasks run.
    func yield()
}

/// Why running work has to end before it is complete.
public enum Interruption {
    case cancelled
    case timeBudgetExhausted
}

/// The machine beneath; set once at start, before anything else of the JAX layer is touched.
nonisolated(unsafe) public var platform: any Platform = initialPlatform()

/// Throws when the running job has to end. Every evaluated operation and every loop iteration calls it.
@inline(__always)
public func checkpoint() throws(JaxError) {
    guard let interruption = platform.interruption else { return }
    switch interruption {
    case .cancelled: throw JaxError(.cancelled, "the computation was cancelled")
    case .timeBudgetExhausted: throw JaxError(.resourceExhausted, "the job's time budget is used up")
    }
}
