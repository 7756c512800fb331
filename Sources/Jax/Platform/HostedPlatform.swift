// The platform on Linux, for tests and tools: the C heap, one thread, no quota.
#if !hasFeature(Embedded)
import Foundation

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

    public var nanoseconds: UInt64 { DispatchTime.now().uptimeNanoseconds }

    public var interruption: Interruption? { nil }

    public func log(_ line: String) {
        FileHandle.standardError.write(Data((line + "\n").utf8))
    }
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
}

func initialPlatform() -> any Platform { NoPlatform() }
#endif
