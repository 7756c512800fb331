// The platform that tests and tools run on does what the kernel's does.
import Glibc
import JaxPlatform
import Synchronization
import Testing

@Suite struct HostedPlatformTests {
    private let hosted = HostedPlatform()

    /// `mov eax, 42; ret`
    private let answer: [UInt8] = [0xB8, 42, 0, 0, 0, 0xC3]

    @Test func codeIsExecutedAndNotWritable() throws {
        let entry = try #require(answer.withUnsafeBytes { hosted.makeExecutable($0, name: "test") })
        defer { hosted.freeExecutable(entry, byteCount: answer.count) }
        #expect(unsafeBitCast(entry, to: (@convention(c) () -> Int).self)() == 42)
        // The kernel refuses to write where a process cannot: EFAULT.
        let zero = open("/dev/zero", O_RDONLY)
        defer { close(zero) }
        #expect(read(zero, UnsafeMutableRawPointer(mutating: entry), 1) == -1 && errno == EFAULT)
    }

    @Test func loopsVisitEveryIndexOnceAndNest() {
        let counts = (0..<64).map { _ in Box() }
        hosted.parallelFor(8) { outer in
            hosted.parallelFor(8) { inner in counts[outer * 8 + inner].count.add(1, ordering: .relaxed) }
        }
        hosted.parallelFor(0) { _ in counts[0].count.add(1, ordering: .relaxed) }
        #expect(counts.allSatisfy { $0.count.load(ordering: .relaxed) == 1 })
    }

    private final class Box: Sendable {
        let count = Atomic<Int>(0)
    }
}
