// The platform on Linux, for tests and tools: the C heap, the threads of libdispatch, no quota.
#if !hasFeature(Embedded)
import Dispatch
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

    public func makeExecutable(_ code: UnsafeRawBufferPointer, name: String) -> UnsafeRawPointer? {
        guard let memory = mmap(nil, code.count, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), memory != MAP_FAILED else {
            return nil
        }
        memory.copyMemory(from: code.baseAddress!, byteCount: code.count)
        guard mprotect(memory, code.count, PROT_READ | PROT_EXEC) == 0 else {
            munmap(memory, code.count)
            return nil
        }
        return UnsafeRawPointer(memory)
    }

    public func freeExecutable(_ entry: UnsafeRawPointer, byteCount: Int) {
        munmap(UnsafeMutableRawPointer(mutating: entry), byteCount)
    }

    public func parallelFor(_ count: Int, _ body: (Int) -> Void) {
        if count == 1 { return body(0) }
        DispatchQueue.concurrentPerform(iterations: count, execute: body)
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
    func makeExecutable(_ code: UnsafeRawBufferPointer, name: String) -> UnsafeRawPointer? { nil }
    func freeExecutable(_ entry: UnsafeRawPointer, byteCount: Int) {}
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
