// The kernel as the JAX layer sees it (JaxPlatform, Platform.swift).
import CPU
import JaxPlatform
import Kernel

final class KernelPlatform: Platform {
    func allocate(byteCount: Int) -> UnsafeMutableRawPointer? {
        KernelHeap.allocate(byteCount: max(byteCount, 1), alignment: 64, owner: KernelHeap.currentOwner)
    }

    func deallocate(_ pointer: UnsafeMutableRawPointer, byteCount: Int) { KernelHeap.free(pointer) }

    /// The code has an owner before and behind every point where its job may be ended by force.
    func makeExecutable(_ code: UnsafeRawBufferPointer, name: String) -> UnsafeRawPointer? {
        shielded { SealedCode.make(code, name: name, owner: KernelHeap.currentOwner) }
    }

    func freeExecutable(_ entry: UnsafeRawPointer, byteCount: Int) { shielded { SealedCode.free(entry) } }

    /// Meanwhile the job is not ended by force: what outlives it must not be left half changed.
    private func shielded<Result>(_ body: () -> Result) -> Result {
        cpu_current_task().pointee.keep_alive += 1
        defer { cpu_current_task().pointee.keep_alive -= 1 }
        return body()
    }

    func parallelFor(_ count: Int, _ body: (Int) -> Void) { Parallel.forEach(count, body) }

    var nanoseconds: UInt64 { Scheduler.clock.nanoseconds }

    var interruption: Interruption? {
        switch Jobs.interruption {
        case .cancelled: return .cancelled
        case .timeBudget: return .timeBudgetExhausted
        case nil: return nil
        }
    }

    func log(_ line: String) { Kernel.log(line) }

    /// So long after its end was asked for, a job is ended by force; one within a Python text sooner, so that the text hears of it.
    private static let grace: UInt64 = 60_000_000, innerGrace: UInt64 = 20_000_000

    /// What a job leaves is whoever's who runs it: another job's, a client's, else the JAX layer's.
    func runJob(_ request: JobRequest, _ body: () -> Void) -> JobOutcome {
        let outer = KernelHeap.currentOwner
        let isOuters = request.resultOwner == .library && outer > MemoryOwner.library.id
        let limits = JobLimits(memoryQuota: request.memoryQuota, timeBudget: request.timeBudget, permissions: request.permissions.rawValue,
                               resultOwner: isOuters ? outer : request.resultOwner.id,
                               grace: Jobs.isRunning ? KernelPlatform.innerGrace : KernelPlatform.grace)
        switch Jobs.run(name: request.name, limits, keepsNothing: { request.keepsNothing }, body) {
        case .completed: return .completed
        case .refused:
            return .ended(JaxError(.resourceExhausted, "no memory to begin the job '\(request.name)'"))
        case .faulted(let fault): return .ended(KernelPlatform.error(fault, in: request.name, quota: limits.memoryQuota))
        }
    }

    /// What a fault is in JAX's words.
    static func error(_ fault: FaultRecord, in name: String, quota: Int?) -> JaxError {
        switch fault.kind {
        case .outOfMemory:
            let limit = quota.map { " of its quota of \($0) bytes" } ?? ""
            return JaxError(.resourceExhausted, "out of memory: '\(name)' asked for \(fault.address) bytes more than is left" + limit)
        case .cancelled: return JaxError(.cancelled, "'\(name)' was cancelled")
        case .timeBudget: return JaxError(.resourceExhausted, "'\(name)' used up its time budget")
        default: return JaxError(.fault, "'\(name)' was ended by a fault\n" + fault.description)
        }
    }

    var permissions: Permissions { Jobs.permissions.map { Permissions(rawValue: $0) } ?? .prompt }

    func charging(_ owner: MemoryOwner, _ body: () -> Void) { shielded { Kernel.charging(owner.id, body) } }

    /// Programs share the library's account when the ledger is full.
    func makeOwner(name: String) -> MemoryOwner {
        KernelHeap.makeOwner(name: name, quota: nil, within: KernelHeap.currentOwner).map { MemoryOwner(id: $0) } ?? .library
    }

    func releaseOwner(_ owner: MemoryOwner) { KernelHeap.removeOwner(owner.id) }

    var taskID: UInt64 { cpu_current_task().pointee.id }

    func yield() { Scheduler.yield() }
}
