// Jobs as the JAX layer sees them: work with limits, whose end, orderly or not, gives back what it took.
//
// The boundary. What a job allocates belongs to the job. When it ends in order, whatever is still alive is its result and
// is handed over to `JobRequest.resultOwner`; when it is ended by a fault or a limit, all of it is freed at once, without
// running deinitialisers, because the frames that an escape skips never release what they held. Hence two rules:
//  - a job must not store objects of its own where others see them: it returns them, and the caller registers them;
//  - objects from outside that an ended job may have retained for ever must not depend on reference counts alone:
//    tensors enter a job through `Tensor.borrowed()`, programs live in an owner of their own that is released whole.
// What leaves a program's memory for longer is detached from it: results by `Tensor.owned()`, errors by `JaxError.detached()`.

/// What a job may use besides the processor and its memory.
public struct Permissions: OptionSet {
    public let rawValue: UInt32

    public init(rawValue: UInt32) { self.rawValue = rawValue }

    /// The accelerators.
    public static let devices = Permissions(rawValue: 1)
    /// Files of the host, `host:NAME`.
    public static let hostFiles = Permissions(rawValue: 2)
    /// Power-off, reboot, limits.
    public static let machineControl = Permissions(rawValue: 4)

    /// What programs get that come over the link: the processor only.
    public static let link: Permissions = []
    public static let prompt: Permissions = [.devices, .hostFiles, .machineControl]
}

/// Somebody whom the kernel's memory ledger knows: the kernel, the JAX layer, a job, a program.
public struct MemoryOwner: Equatable {
    public let id: UInt32

    public init(id: UInt32) { self.id = id }

    /// The JAX layer itself: registries, caches, values that no job owns any more.
    public static let library = MemoryOwner(id: 1)
}

/// A job to run.
public struct JobRequest {
    public var name: String
    /// Bytes that the job may hold at once; nil: as much as the machine has.
    public var memoryQuota: Int?
    /// Nanoseconds that the job may run; nil: without end.
    public var timeBudget: UInt64?
    public var permissions: Permissions
    /// Who owns what is alive when the job ends in order.
    public var resultOwner: MemoryOwner
    /// Set where the job ended by an error: then nothing that it allocated is kept, as after a fault.
    var hasFailed: UnsafeMutablePointer<Bool>?

    /// Asked by the platform after the job's end.
    public var keepsNothing: Bool { hasFailed?.pointee ?? false }

    public init(name: String, memoryQuota: Int? = nil, timeBudget: UInt64? = nil, permissions: Permissions = .link,
                resultOwner: MemoryOwner = .library) {
        self.name = name
        self.memoryQuota = memoryQuota
        self.timeBudget = timeBudget
        self.permissions = permissions
        self.resultOwner = resultOwner
    }
}

/// How a job ended.
public enum JobOutcome {
    case completed
    /// Ended from outside: a fault (kind `fault`, text with symbol and address), cancellation, a budget.
    case ended(JaxError)
}

/// Runs `body` as a job. Throws what `body` throws, or the reason for which the kernel ended the job.
public func runJob<Result>(_ request: JobRequest, _ body: () throws(JaxError) -> Result) throws(JaxError) -> Result {
    // The result lies in raw memory: after an escape it must be forgotten, not released.
    let slot = UnsafeMutablePointer<JobSlot<Result>>.allocate(capacity: 1)
    defer { slot.deallocate() }
    let written = UnsafeMutablePointer<Bool>.allocate(capacity: 2), failed = written + 1
    written.initialize(repeating: false, count: 2)
    defer { written.deallocate() }
    var request = request
    request.hasFailed = failed
    let outcome = platform.runJob(request) {
        do throws(JaxError) {
            slot.initialize(to: .returned(try body()))
        } catch {
            // An error's way out may leave objects behind (embedded Swift does not free what an initialiser had begun): all
            // goes with the job, but for a copy of the error.
            let failure = error
            platform.charging(.library) { slot.initialize(to: .threw(failure.detached())) }
            failed.pointee = true
        }
        written.pointee = true
    }
    switch outcome {
    case .ended(let error): throw error
    case .completed:
        guard written.pointee else { throw JaxError(.internalError, "the job \(request.name) ended without a result") }
        switch slot.move() {
        case .returned(let result): return result
        case .threw(let error): throw error
        }
    }
}

private enum JobSlot<Result> {
    case returned(Result)
    case threw(JaxError)
}
