// The memory of gradients: a scan keeps what its rounds need going backwards, one under `checkpoint` computes it again.
import JaxIR
import JaxOps
import JaxPlatform
import Testing
@testable import JaxTransform

/// The hosted platform, which counts the arrays of the measuring thread and refuses what goes beyond a limit. Its state is no instance's, as other
/// tests run meanwhile.
private final class MeteredPlatform: Platform {
    nonisolated(unsafe) static var owner: UInt64 = 0
    nonisolated(unsafe) static var live = 0
    nonisolated(unsafe) static var peak = 0
    nonisolated(unsafe) static var limit = Int.max
    static let hosted = HostedPlatform()
    static let shared = MeteredPlatform()

    func allocate(byteCount: Int) -> UnsafeMutableRawPointer? {
        guard taskID == MeteredPlatform.owner else { return MeteredPlatform.hosted.allocate(byteCount: byteCount) }
        guard MeteredPlatform.live + byteCount <= MeteredPlatform.limit else { return nil }
        MeteredPlatform.live += byteCount
        MeteredPlatform.peak = max(MeteredPlatform.peak, MeteredPlatform.live)
        return MeteredPlatform.hosted.allocate(byteCount: byteCount)
    }

    func deallocate(_ pointer: UnsafeMutableRawPointer, byteCount: Int) {
        if taskID == MeteredPlatform.owner { MeteredPlatform.live -= byteCount }
        MeteredPlatform.hosted.deallocate(pointer, byteCount: byteCount)
    }

    func makeExecutable(_ code: UnsafeRawBufferPointer, name: String) -> UnsafeRawPointer? { MeteredPlatform.hosted.makeExecutable(code, name: name) }
    func freeExecutable(_ entry: UnsafeRawPointer, byteCount: Int) { MeteredPlatform.hosted.freeExecutable(entry, byteCount: byteCount) }
    func parallelFor(_ count: Int, _ body: (Int) -> Void) { MeteredPlatform.hosted.parallelFor(count, body) }
    var nanoseconds: UInt64 { MeteredPlatform.hosted.nanoseconds }
    var interruption: Interruption? { nil }
    func log(_ line: String) { MeteredPlatform.hosted.log(line) }
    func runJob(_ request: JobRequest, _ body: () -> Void) -> JobOutcome { MeteredPlatform.hosted.runJob(request, body) }
    var permissions: Permissions { MeteredPlatform.hosted.permissions }
    func charging(_ owner: MemoryOwner, _ body: () -> Void) { body() }
    func makeOwner(name: String) -> MemoryOwner { MeteredPlatform.hosted.makeOwner(name: name) }
    func releaseOwner(_ owner: MemoryOwner) {}
    var taskID: UInt64 { MeteredPlatform.hosted.taskID }
    func yield() { MeteredPlatform.hosted.yield() }

    /// The most bytes of arrays that `body` has alive, beyond what was.
    static func peak(limit: Int, _ body: () throws -> Void) throws -> Int {
        platform = shared
        (owner, live, peak, self.limit) = (hosted.taskID, 0, 0, limit)
        defer { (owner, self.limit) = (0, Int.max) }
        try body()
        return peak
    }
}

@Suite(.serialized) struct CheckpointTests {
    private static let elements = 65536
    private static let type = "f32[65536]"

    /// The gradient of the sum after 1,024 rounds, which square each, in scans of 32.
    private func gradient(checkpointed: Bool) throws -> Callable {
        let type = CheckpointTests.type
        let sample = Sample("checkpoint", "", "x:\(type)", """
            y = scan[length=32 num_carry=1] x
              { lambda ; a:\(type). let
                 d = \(checkpointed ? "checkpoint" : "named_call[name='rounds']") a
                   { lambda ; b:\(type). let
                      e = scan[length=32 num_carry=1] b
                        { lambda ; c:\(type). let
                           f = multiply c c
                          in (f,) }
                     in (e,) }
                in (d,) }
            zero:f32[] = constant[0.0]
            z = reduce[dimensions=(0,)] y zero
            \(scalarRegion("add", "f32"))
            """, "z")
        return try Callable(try sample.module()).applying(.grad(GradientOptions()))
    }

    @Test func nestedScansKeepTheSquareRoot() throws {
        let gradient = try gradient(checkpointed: true)
        let x = try Numbers.tensor(TensorType(.f32, [CheckpointTests.elements]), [Double](repeating: 1, count: CheckpointTests.elements))
        var results: [Tensor] = []
        let peak = try MeteredPlatform.peak(limit: 64 << 20) { results = try gradient([x]) }
        #expect(results[0].type == x.type)
        print("checkpoint: \(peak) bytes")
        #expect(peak < 32_000_000 && peak > 16 << 20, "\(peak) bytes")
    }

    @Test func withoutCheckpointAllRoundsAreKept() throws {
        let gradient = try gradient(checkpointed: false)
        let x = try Numbers.tensor(TensorType(.f32, [CheckpointTests.elements]), [Double](repeating: 1, count: CheckpointTests.elements))
        do {
            let peak = try MeteredPlatform.peak(limit: 64 << 20) { _ = try gradient([x]) }
            Issue.record("\(peak) bytes are enough")
        } catch let error as JaxError {
            #expect(error.kind == .resourceExhausted, "\(error)")
        }
    }
}
