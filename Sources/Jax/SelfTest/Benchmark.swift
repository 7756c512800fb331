// What an accelerator achieves, measured above the seam, so that the same numbers from two implementations compare.
import JaxPlatform

/// One figure with its unit.
public struct BenchmarkResult {
    public let name: String
    public let value: Double
    public let unit: String
}

/// The measurements, each the best or the median of several runs.
public enum Benchmark {
    private static let budget: UInt64 = 60_000_000_000

    public static func run(_ device: any Accelerator, owner: AcceleratorOwner) throws(AcceleratorError) -> [BenchmarkResult] {
        let stream = try device.makeStream(owner: owner)
        var results: [BenchmarkResult] = []
        results.append(try product(device, stream, owner, size: 1024))
        results.append(try copy(device, stream, owner, byteCount: 1 << 26))
        results += try emptySubmission(device, stream, owner)
        results.append(try replay(device, stream, owner, dispatches: 100))
        results += try transfer(device, owner, byteCount: 1 << 24)
        device.end(owner: owner, budget: budget)
        return results
    }

    /// Nanoseconds from submission to known completion.
    private static func time(_ stream: any AcceleratorStream, _ list: any AcceleratorList) throws(AcceleratorError) -> UInt64 {
        let start = platform.nanoseconds
        try stream.wait(for: try stream.submit(list), budget: budget)
        return platform.nanoseconds - start
    }

    private static func times(_ count: Int, _ stream: any AcceleratorStream,
                              _ list: any AcceleratorList) throws(AcceleratorError) -> [UInt64] {
        var times: [UInt64] = []
        for _ in 0..<count { times.append(try time(stream, list)) }
        return times.sorted()
    }

    private static func product(_ device: any Accelerator, _ stream: any AcceleratorStream,
                                _ owner: AcceleratorOwner, size: Int) throws(AcceleratorError) -> BenchmarkResult {
        let module = try device.makeModule(TestKernels.matrixProduct(), name: "matrix product", owner: owner)
        let kernel = try device.makeKernel(module, KernelLayout(bindingCount: 3, parameterByteCount: 12))
        let byteCount = size * size * 4
        let a = try device.makeBuffer(byteCount: byteCount, name: "a", owner: owner),
            b = try device.makeBuffer(byteCount: byteCount, name: "b", owner: owner)
        let c = try device.makeBuffer(byteCount: byteCount, name: "c", owner: owner)
        let fill = try device.makeList([.fill(BufferView(a), pattern: 0x3f80_0000), .fill(BufferView(b), pattern: 0x3f00_0000)],
                                       timed: false, owner: owner)
        _ = try time(stream, fill)
        let list = try device.makeList([SelfTest.productCommand(kernel, a, b, c, m: size, n: size, k: size)], timed: false, owner: owner)
        let best = try times(4, stream, list)[0]
        return BenchmarkResult(name: "matrix product \(size)^3 f32", value: 2 * Double(size) * Double(size) * Double(size) / Double(best),
                               unit: "GFLOP/s")
    }

    private static func copy(_ device: any Accelerator, _ stream: any AcceleratorStream,
                             _ owner: AcceleratorOwner, byteCount: Int) throws(AcceleratorError) -> BenchmarkResult {
        let from = try device.makeBuffer(byteCount: byteCount, name: "from", owner: owner),
            to = try device.makeBuffer(byteCount: byteCount, name: "to", owner: owner)
        // Memory that nothing was ever written to may all be one page of zeros, which would flatter the copy.
        _ = try time(stream, try device.makeList([.fill(BufferView(from), pattern: 0x0102_0304), .fill(BufferView(to), pattern: 5)],
                                                 timed: false, owner: owner))
        let list = try device.makeList([.copy(from: BufferView(from), to: BufferView(to))], timed: false, owner: owner)
        let best = try times(8, stream, list)[0]
        return BenchmarkResult(name: "copy of \(byteCount >> 20) MiB", value: Double(byteCount) / Double(best), unit: "GB/s")
    }

    private static func emptySubmission(_ device: any Accelerator, _ stream: any AcceleratorStream,
                                        _ owner: AcceleratorOwner) throws(AcceleratorError) -> [BenchmarkResult] {
        let list = try device.makeList([], timed: false, owner: owner)
        var handedOver: [UInt64] = [], all: [UInt64] = []
        for _ in 0..<200 {
            let start = platform.nanoseconds
            let submission = try stream.submit(list)
            handedOver.append(platform.nanoseconds - start)
            try stream.wait(for: submission, budget: budget)
            all.append(platform.nanoseconds - start)
        }
        handedOver.sort()
        all.sort()
        return [
            BenchmarkResult(name: "empty submission, median", value: Double(all[100]) / 1e6, unit: "ms"),
            BenchmarkResult(name: "of that handing over, median", value: Double(handedOver[100]) / 1e6, unit: "ms"),
        ]
    }

    private static func replay(_ device: any Accelerator, _ stream: any AcceleratorStream,
                               _ owner: AcceleratorOwner, dispatches: Int) throws(AcceleratorError) -> BenchmarkResult {
        let module = try device.makeModule(TestKernels.chainStep(), name: "chain", owner: owner)
        let kernel = try device.makeKernel(module, KernelLayout(bindingCount: 2, parameterByteCount: 8))
        let x = try device.makeBuffer(byteCount: 4096, name: "x", owner: owner),
            y = try device.makeBuffer(byteCount: 4096, name: "y", owner: owner)
        var commands: [AcceleratorCommand] = []
        for step in 0..<UInt32(dispatches) {
            let (from, to) = step % 2 == 0 ? (x, y) : (y, x)
            commands.append(.dispatch(kernel: kernel, bindings: [BufferView(from), BufferView(to)],
                                      parameters: SelfTest.bytes([1024, step]), groups: Extent3(16)))
            commands.append(.barrier)
        }
        let list = try device.makeList(commands, timed: false, owner: owner)
        let all = try times(50, stream, list)
        return BenchmarkResult(name: "list of \(dispatches) dispatches, median", value: Double(all[25]) / 1e6, unit: "ms")
    }

    private static func transfer(_ device: any Accelerator, _ owner: AcceleratorOwner,
                                 byteCount: Int) throws(AcceleratorError) -> [BenchmarkResult] {
        let buffer = try device.makeBuffer(byteCount: byteCount, name: "transfer", owner: owner)
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: byteCount, alignment: 64)
        defer { memory.deallocate() }
        for index in stride(from: 0, to: byteCount, by: 4096) { memory[index] = UInt8(truncatingIfNeeded: index >> 12) }
        // The first transfer maps the buffer, and touches its pages for the first time.
        var written = UInt64.max, read = UInt64.max
        for _ in 0..<6 {
            let start = platform.nanoseconds
            try buffer.write(UnsafeRawBufferPointer(memory), at: 0)
            let between = platform.nanoseconds
            try buffer.read(into: memory, at: 0)
            written = min(written, between - start)
            read = min(read, platform.nanoseconds - between)
        }
        return [
            BenchmarkResult(name: "machine to device", value: Double(byteCount) / Double(max(written, 1)), unit: "GB/s"),
            BenchmarkResult(name: "device to machine", value: Double(byteCount) / Double(max(read, 1)), unit: "GB/s"),
        ]
    }
}
