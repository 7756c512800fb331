// The hosted platform with a meter on tensor memory and a bound on threads.
import Dispatch
import JaxPlatform
import Synchronization

/// Forwards everything to `HostedPlatform`, counting the bytes of `allocate`, and executes `parallelFor` on as many threads as asked for.
final class MeteredPlatform: Platform {
    private let base = HostedPlatform()
    /// Nil: as many threads as there are processors.
    private let threads: Int?
    private let bytesInUse = Atomic<Int>(0)
    private let highest = Atomic<Int>(0)

    init(threads: Int?) { self.threads = threads }

    /// The most bytes of tensor memory in use at once since the last `beginMeasuring`.
    var peakBytes: Int { highest.load(ordering: .relaxed) }

    func beginMeasuring() { highest.store(bytesInUse.load(ordering: .relaxed), ordering: .relaxed) }

    func allocate(byteCount: Int) -> UnsafeMutableRawPointer? {
        guard let pointer = base.allocate(byteCount: byteCount) else { return nil }
        let now = bytesInUse.add(byteCount, ordering: .relaxed).newValue
        highest.max(now, ordering: .relaxed)
        return pointer
    }

    func deallocate(_ pointer: UnsafeMutableRawPointer, byteCount: Int) {
        bytesInUse.subtract(byteCount, ordering: .relaxed)
        base.deallocate(pointer, byteCount: byteCount)
    }

    func parallelFor(_ count: Int, _ body: (Int) -> Void) {
        guard let threads else { return base.parallelFor(count, body) }
        let workers = min(threads, count)
        if workers <= 1 {
            for index in 0..<count { body(index) }
            return
        }
        let next = Atomic<Int>(0)
        DispatchQueue.concurrentPerform(iterations: workers) { _ in
            while case let index = next.add(1, ordering: .relaxed).oldValue, index < count { body(index) }
        }
    }

    func makeExecutable(_ code: UnsafeRawBufferPointer, name: String) -> UnsafeRawPointer? { base.makeExecutable(code, name: name) }
    func freeExecutable(_ entry: UnsafeRawPointer, byteCount: Int) { base.freeExecutable(entry, byteCount: byteCount) }
    var nanoseconds: UInt64 { base.nanoseconds }
    var interruption: Interruption? { base.interruption }
    func log(_ line: String) { base.log(line) }
    func runJob(_ request: JobRequest, _ body: () -> Void) -> JobOutcome { base.runJob(request, body) }
    var permissions: Permissions { base.permissions }
    func charging(_ owner: MemoryOwner, _ body: () -> Void) { base.charging(owner, body) }
    func makeOwner(name: String) -> MemoryOwner { base.makeOwner(name: name) }
    func releaseOwner(_ owner: MemoryOwner) { base.releaseOwner(owner) }
    var taskID: UInt64 { base.taskID }
    func yield() { base.yield() }
}
