// The kernel as the JAX layer sees it (JaxPlatform, Platform.swift).
import CPU
import JaxPlatform
import Kernel

final class KernelPlatform: Platform {
    func allocate(byteCount: Int) -> UnsafeMutableRawPointer? {
        KernelHeap.allocate(byteCount: max(byteCount, 1), alignment: 64, owner: KernelHeap.currentOwner)
    }

    func deallocate(_ pointer: UnsafeMutableRawPointer, byteCount: Int) { KernelHeap.free(pointer) }

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

    func runJob(_ request: JobRequest, _ body: () -> Void) -> JobOutcome {
        let limits = JobLimits(memoryQuota: request.memoryQuota, timeBudget: request.timeBudget,
                               permissions: request.permissions.rawValue, resultOwner: request.resultOwner.id)
        switch Jobs.run(name: request.name, limits, keepsNothing: { request.keepsNothing }, body) {
        case .completed: return .completed
        case .refused:
            return .ended(JaxError(.resourceExhausted, "no memory to begin the job '\(request.name)'"))
        case .faulted(let fault): return .ended(KernelPlatform.error(fault, in: request))
        }
    }

    /// What a fault is in JAX's words.
    private static func error(_ fault: FaultRecord, in request: JobRequest) -> JaxError {
        switch fault.kind {
        case .outOfMemory:
            let limit = request.memoryQuota.map { " of its quota of \($0) bytes" } ?? ""
            return JaxError(.resourceExhausted, "out of memory: '\(request.name)' asked for \(fault.address) bytes more than is left" + limit)
        case .cancelled: return JaxError(.cancelled, "'\(request.name)' was cancelled")
        case .timeBudget: return JaxError(.resourceExhausted, "'\(request.name)' used up its time budget")
        default: return JaxError(.fault, "'\(request.name)' was ended by a fault\n" + fault.description)
        }
    }

    var permissions: Permissions { Jobs.permissions.map { Permissions(rawValue: $0) } ?? Prompt.permissions }

    /// What outlives the job must not be left half changed: meanwhile the job is not ended by force.
    func charging(_ owner: MemoryOwner, _ body: () -> Void) {
        cpu_current_task().pointee.keep_alive += 1
        Kernel.charging(owner.id, body)
        cpu_current_task().pointee.keep_alive -= 1
    }

    /// Programs share the library's account when the ledger is full.
    func makeOwner(name: String) -> MemoryOwner {
        KernelHeap.makeOwner(name: name, quota: nil).map { MemoryOwner(id: $0) } ?? .library
    }

    func releaseOwner(_ owner: MemoryOwner) { KernelHeap.removeOwner(owner.id) }

    var taskID: UInt64 { cpu_current_task().pointee.id }

    func yield() { Scheduler.yield() }
}
