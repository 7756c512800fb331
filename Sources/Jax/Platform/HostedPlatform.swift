// The platform on Linux, for tests and tools: the C heap, one thread, no quota.
#if !hasFeature(Embedded)
import Glibc

/// A platform over the hosting operating system.
public final class HostedPlatform: Platform {
    public init() {}

    public func allocate(byteCount: Int) -> UnsafeMutableRawPointer? {
        var pointer: UnsafeMutableRawPointer?
        return posix_memalign(&pointer, 64, max(byteCount, 1)) == 0 ? pointer : nil
    }

    public func deallocate(_ pointer: UnsafeMutableRawPointer, byteCount: Int) {
        free(pointer)
    }

    public func parallelFor(_ count: Int, _ body: (Int) -> Void) {
        for index in 0..<count { body(index) }
    }

    public var nanoseconds: UInt64 {
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC, &now)
        return UInt64(now.tv_sec) * 1_000_000_000 + UInt64(now.tv_nsec)
    }

    public var interruption: Interruption? { nil }

    public func log(_ line: String) {
        fputs(line + "\n", stderr)
    }

    public func runJob(_ request: JobRequest, _ body: () -> Void) -> JobOutcome {
        body()
        return .completed
    }

    public var permissions: Permissions { .prompt }

    public func charging(_ owner: MemoryOwner, _ body: () -> Void) { body() }

    public func makeOwner(name: String) -> MemoryOwner { .library }

    public func releaseOwner(_ owner: MemoryOwner) {}

    public var taskID: UInt64 { UInt64(UInt(bitPattern: pthread_self().hashValue)) }

    public func yield() { sched_yield() }
}

func initialPlatform() -> any Platform { HostedPlatform() }
#else

/// Stands until the kernel puts its own platform in place: refuses memory and does nothing else.
final class NoPlatform: Platform {
    func allocate(byteCount: Int) -> UnsafeMutableRawPointer? { nil }
    func deallocate(_ pointer: UnsafeMutableRawPointer, byteCount: Int) {}
    func parallelFor(_ count: Int, _ body: (Int) -> Void) { for index in 0..<count { body(index) } }
    var nanoseconds: UInt64 { 0 }
    var interruption: Interruption? { nil }
    func log(_ line: String) {}
    func runJob(_ request: JobRequest, _ body: () -> Void) -> JobOutcome { body(); return .completed }
    var permissions: Permissions { [] }
    func charging(_ owner: MemoryOwner, _ body: () -> Void) { body() }
    func makeOwner(name: String) -> MemoryOwner { .library }
    func releaseOwner(_ owner: MemoryOwner) {}
    var taskID: UInt64 { 0 }
    func yield() {}
}

func initialPlatform() -> any Platform { NoPlatform() }
#endif
