// Runs the test kernels on an accelerator and compares with the processor, at sizes that are multiples of nothing. All
// values are small whole numbers, so that every order of summation gives the same bits.
import JaxPlatform
import SPIRV

/// What one check measured.
public struct SelfTestResult {
    public let name: String
    /// nil where the device does not offer what the check needs.
    public let isCorrect: Bool?
    /// Time on the device where it has a clock, else from submission to completion.
    public let nanoseconds: UInt64
    /// Elements computed, or floating-point operations of the product.
    public let work: Int
}

/// A self-test of one accelerator.
public final class SelfTest {
    private let device: any Accelerator
    private let owner: AcceleratorOwner
    private let stream: any AcceleratorStream
    private let budget: UInt64

    /// Each kernel may take `budget` nanoseconds.
    public init(_ device: any Accelerator, owner: AcceleratorOwner, budget: UInt64 = 30_000_000_000) throws(AcceleratorError) {
        self.device = device
        self.owner = owner
        self.budget = budget
        stream = try device.makeStream(owner: owner)
    }

    /// All checks. What was allocated is freed; the stream goes with its owner.
    public func run() throws(AcceleratorError) -> [SelfTestResult] {
        var results: [SelfTestResult] = []
        let features = device.information.features
        results.append(try vectorAdd("vector add f32", .f32, 100_003) { Float($0).bitPattern } decode: { UInt64(Float(bitPattern: $0)) })
        results.append(try vectorAdd("vector add i32", .i32, 99_991) { UInt32($0) } decode: { UInt64($0) })
        if features.contains(.float64) {
            results.append(try vectorAddDouble(10_007))
        } else {
            results.append(SelfTestResult(name: "vector add f64", isCorrect: nil, nanoseconds: 0, work: 0))
        }
        if features.contains([.float16, .storage16]) {
            results.append(try vectorAddHalf(10_009))
        } else {
            results.append(SelfTestResult(name: "vector add f16", isCorrect: nil, nanoseconds: 0, work: 0))
        }
        if features.contains([.bufferAddresses, .int64]) {
            results.append(try vectorAddByAddress(10_037))
        } else {
            results.append(SelfTestResult(name: "vector add by addresses", isCorrect: nil, nanoseconds: 0, work: 0))
        }
        results.append(try matrixProduct(m: 131, n: 157, k: 113))
        results.append(try reduction(100_019, bySubgroups: false))
        if features.contains(.subgroupArithmetic) {
            results.append(try reduction(100_019, bySubgroups: true))
        } else {
            results.append(SelfTestResult(name: "reduction by subgroups", isCorrect: nil, nanoseconds: 0, work: 0))
        }
        results.append(try histogram(100_043))
        results.append(try chain(10_037))
        return results
    }

    // Buffers and kernels

    private func buffer(_ words: [UInt32], _ name: String) throws(AcceleratorError) -> any AcceleratorBuffer {
        let buffer = try device.makeBuffer(byteCount: max(words.count, 1) * 4, name: name, owner: owner)
        try write(words, to: buffer)
        return buffer
    }

    private func write(_ words: [UInt32], to buffer: any AcceleratorBuffer) throws(AcceleratorError) {
        var failure: AcceleratorError?
        words.withUnsafeBytes { bytes in
            do throws(AcceleratorError) { try buffer.write(bytes, at: 0) } catch { failure = error }
        }
        if let failure { throw failure }
    }

    private func read(_ buffer: any AcceleratorBuffer, count: Int) throws(AcceleratorError) -> [UInt32] {
        var words = [UInt32](repeating: 0, count: count), failure: AcceleratorError?
        words.withUnsafeMutableBytes { bytes in
            do throws(AcceleratorError) { try buffer.read(into: bytes, at: 0) } catch { failure = error }
        }
        if let failure { throw failure }
        return words
    }

    private func kernel(_ words: [UInt32], _ name: String, bindings: Int,
                        parameters: Int, _ constants: [Specialization] = []) throws(AcceleratorError) -> any AcceleratorKernel {
        let module = try device.makeModule(words, name: name, owner: owner)
        let kernel = try device.makeKernel(module, KernelLayout(bindingCount: bindings,
                                                                parameterByteCount: parameters * 4, specializations: constants))
        module.free()
        return kernel
    }

    /// The words in memory, least significant byte first: how parameters travel.
    public static func bytes(_ words: [UInt32]) -> [UInt8] {
        var bytes: [UInt8] = []
        for word in words { for byte in 0..<4 { bytes.append(UInt8(truncatingIfNeeded: word >> (8 * UInt32(byte)))) } }
        return bytes
    }

    /// Runs commands once and returns the time that they took.
    private func execute(_ commands: [AcceleratorCommand]) throws(AcceleratorError) -> UInt64 {
        let list = try device.makeList(commands, timed: true, owner: owner)
        let start = platform.nanoseconds
        let submission = try stream.submit(list)
        try stream.wait(for: submission, budget: budget)
        let elapsed = platform.nanoseconds - start
        let measured = try stream.duration(of: submission)
        list.free()
        return measured ?? elapsed
    }

    private static func groups(_ count: Int) -> Extent3 { Extent3((UInt32(count) + TestKernels.groupSize - 1) / TestKernels.groupSize) }

    // The checks

    private func add(_ name: String, _ scalar: Scalar, _ count: Int, _ a: [UInt32],
                     _ b: [UInt32]) throws(AcceleratorError) -> (sum: [UInt32], nanoseconds: UInt64) {
        let left = try buffer(a, "a"), right = try buffer(b, "b"), sum = try buffer(a, "sum")
        let kernel = try kernel(TestKernels.vectorAdd(scalar), name, bindings: 3, parameters: 1)
        let time = try execute([.dispatch(
            kernel: kernel, bindings: [BufferView(left), BufferView(right), BufferView(sum)],
            parameters: SelfTest.bytes([UInt32(count)]), groups: SelfTest.groups(count))])
        let result = try read(sum, count: a.count)
        for buffer in [left, right, sum] { buffer.free() }
        kernel.free()
        return (result, time)
    }

    private func vectorAdd(_ name: String, _ scalar: Scalar, _ count: Int,
                           encode: (Int) -> UInt32, decode: (UInt32) -> UInt64) throws(AcceleratorError) -> SelfTestResult {
        let a = (0..<count).map { encode($0 % 1000) }, b = (0..<count).map { encode($0 % 777) }
        let (sum, time) = try add(name, scalar, count, a, b)
        var isCorrect = true
        for index in 0..<count where decode(sum[index]) != UInt64(index % 1000 + index % 777) { isCorrect = false }
        return SelfTestResult(name: name, isCorrect: isCorrect, nanoseconds: time, work: count)
    }

    private func vectorAddDouble(_ count: Int) throws(AcceleratorError) -> SelfTestResult {
        func words(_ modulus: Int) -> [UInt32] {
            var words: [UInt32] = []
            for index in 0..<count {
                let bits = (Double(index % modulus) + 0.125).bitPattern
                words.append(UInt32(truncatingIfNeeded: bits))
                words.append(UInt32(bits >> 32))
            }
            return words
        }
        let (sum, time) = try add("vector add f64", .f64, count, words(1000), words(777))
        var isCorrect = true
        for index in 0..<count {
            let value = Double(bitPattern: UInt64(sum[2 * index]) | UInt64(sum[2 * index + 1]) << 32)
            if value != Double(index % 1000 + index % 777) + 0.25 { isCorrect = false }
        }
        return SelfTestResult(name: "vector add f64", isCorrect: isCorrect, nanoseconds: time, work: count)
    }

    private func vectorAddHalf(_ count: Int) throws(AcceleratorError) -> SelfTestResult {
        func words(_ modulus: Int) -> [UInt32] {
            var words = [UInt32](repeating: 0, count: (count + 1) / 2)
            for index in 0..<count { words[index / 2] |= UInt32(SelfTest.halfBits(index % modulus)) << (16 * UInt32(index % 2)) }
            return words
        }
        let (sum, time) = try add("vector add f16", .f16, count, words(1000), words(777))
        var isCorrect = true
        for index in 0..<count {
            let bits = UInt16(truncatingIfNeeded: sum[index / 2] >> (16 * UInt32(index % 2)))
            if bits != SelfTest.halfBits(index % 1000 + index % 777) { isCorrect = false }
        }
        return SelfTestResult(name: "vector add f16", isCorrect: isCorrect, nanoseconds: time, work: count)
    }

    /// The half-precision bits of a whole number up to 2048, which all are exact.
    static func halfBits(_ value: Int) -> UInt16 {
        guard value > 0 else { return 0 }
        let exponent = Int.bitWidth - 1 - value.leadingZeroBitCount
        let mantissa = exponent <= 10 ? (value << (10 - exponent)) & 0x3ff : (value >> (exponent - 10)) & 0x3ff
        return UInt16((exponent + 15) << 10 | mantissa)
    }

    /// The kernel is told where the buffers lie; they are bound to nothing.
    private func vectorAddByAddress(_ count: Int) throws(AcceleratorError) -> SelfTestResult {
        let name = "vector add by addresses"
        let a = try buffer((0..<count).map { Float($0 % 1000).bitPattern }, "a"),
            b = try buffer((0..<count).map { Float($0 % 777).bitPattern }, "b")
        let sum = try buffer([UInt32](repeating: 0, count: count), "sum")
        var words: [UInt32] = []
        for buffer in [a, b, sum] {
            let address = try buffer.deviceAddress
            words += [UInt32(truncatingIfNeeded: address), UInt32(address >> 32)]
        }
        let kernel = try kernel(TestKernels.vectorAddByAddress(), name, bindings: 0, parameters: 7)
        let time = try execute([.dispatch(kernel: kernel, bindings: [],
                                          parameters: SelfTest.bytes(words + [UInt32(count)]), groups: SelfTest.groups(count))])
        let result = try read(sum, count: count)
        var isCorrect = true
        for index in 0..<count where Float(bitPattern: result[index]) != Float(index % 1000 + index % 777) { isCorrect = false }
        for buffer in [a, b, sum] { buffer.free() }
        kernel.free()
        return SelfTestResult(name: name, isCorrect: isCorrect, nanoseconds: time, work: count)
    }

    private func matrixProduct(m: Int, n: Int, k: Int) throws(AcceleratorError) -> SelfTestResult {
        func element(_ index: Int) -> Float { Float(index % 13 - 6) }
        let a = (0..<m * k).map { element($0) }, b = (0..<k * n).map { element($0 &* 7) }
        let left = try buffer(a.map { $0.bitPattern }, "a"), right = try buffer(b.map { $0.bitPattern }, "b")
        let product = try buffer([UInt32](repeating: 0, count: m * n), "product")
        let kernel = try kernel(TestKernels.matrixProduct(), "matrix product", bindings: 3, parameters: 3)
        let time = try execute([SelfTest.productCommand(kernel, left, right, product, m: m, n: n, k: k)])
        let result = try read(product, count: m * n)
        var isCorrect = true
        for row in 0..<m {
            for column in 0..<n {
                var sum: Float = 0
                for inner in 0..<k { sum += a[row * k + inner] * b[inner * n + column] }
                if Float(bitPattern: result[row * n + column]) != sum { isCorrect = false }
            }
        }
        for buffer in [left, right, product] { buffer.free() }
        kernel.free()
        return SelfTestResult(name: "matrix product", isCorrect: isCorrect, nanoseconds: time, work: 2 * m * n * k)
    }

    /// The dispatch of `TestKernels.matrixProduct` for matrices of those sizes.
    public static func productCommand(
        _ kernel: any AcceleratorKernel, _ a: any AcceleratorBuffer, _ b: any AcceleratorBuffer,
        _ c: any AcceleratorBuffer, m: Int, n: Int, k: Int
    ) -> AcceleratorCommand {
        let width = Int(TestKernels.tileLanes * TestKernels.tileColumns), height = Int(TestKernels.tileRows)
        return .dispatch(
            kernel: kernel, bindings: [BufferView(a), BufferView(b), BufferView(c)],
            parameters: bytes([UInt32(m), UInt32(n), UInt32(k)]),
            groups: Extent3(UInt32((n + width - 1) / width), UInt32((m + height - 1) / height)))
    }

    private func reduction(_ count: Int, bySubgroups: Bool) throws(AcceleratorError) -> SelfTestResult {
        let name = bySubgroups ? "reduction by subgroups" : "reduction in shared memory"
        let groupCount = 7
        let x = try buffer((0..<count).map { Float($0 % 101 - 50).bitPattern }, "x")
        let partial = try buffer([UInt32](repeating: 0, count: groupCount), "partial sums"), total = try buffer([0], "sum")
        let kernel = try kernel(TestKernels.reduction(.f32, bySubgroups: bySubgroups), name, bindings: 2, parameters: 1)
        let time = try execute([
            .dispatch(kernel: kernel, bindings: [BufferView(x), BufferView(partial)],
                      parameters: SelfTest.bytes([UInt32(count)]), groups: Extent3(UInt32(groupCount))),
            .barrier,
            .dispatch(kernel: kernel, bindings: [BufferView(partial), BufferView(total)],
                      parameters: SelfTest.bytes([UInt32(groupCount)]), groups: Extent3(1)),
        ])
        let sum = Float(bitPattern: try read(total, count: 1)[0])
        for buffer in [x, partial, total] { buffer.free() }
        kernel.free()
        let expected = (0..<count).reduce(0) { $0 + $1 % 101 - 50 }
        return SelfTestResult(name: name, isCorrect: sum == Float(expected), nanoseconds: time, work: count)
    }

    private func histogram(_ count: Int) throws(AcceleratorError) -> SelfTestResult {
        let values = (0..<count).map { UInt32(truncatingIfNeeded: $0 &* $0 &* 31 &+ $0) }
        let x = try buffer(values, "x"), counts = try buffer([UInt32](repeating: 7, count: Int(TestKernels.bins)), "counts")
        let kernel = try kernel(TestKernels.histogram(), "histogram", bindings: 2, parameters: 1)
        let time = try execute([
            .fill(BufferView(counts), pattern: 0),
            .barrier,
            .dispatch(kernel: kernel, bindings: [BufferView(x), BufferView(counts)],
                      parameters: SelfTest.bytes([UInt32(count)]), groups: SelfTest.groups(count)),
        ])
        let result = try read(counts, count: Int(TestKernels.bins))
        var expected = [UInt32](repeating: 0, count: Int(TestKernels.bins))
        for value in values { expected[Int(value % TestKernels.bins)] += 1 }
        for buffer in [x, counts] { buffer.free() }
        kernel.free()
        return SelfTestResult(name: "histogram with atomics", isCorrect: result == expected, nanoseconds: time, work: count)
    }

    private func chain(_ count: Int) throws(AcceleratorError) -> SelfTestResult {
        let steps: UInt32 = 16, offset: UInt32 = 5
        var values = (0..<count).map { UInt32($0) }
        let x = try buffer(values, "x"), y = try buffer(values, "y"), copy = try buffer(values, "copy")
        let kernel = try kernel(TestKernels.chainStep(), "chain", bindings: 2, parameters: 2, [Specialization(0, offset)])
        var commands: [AcceleratorCommand] = []
        for step in 0..<steps {
            let (from, to) = step % 2 == 0 ? (x, y) : (y, x)
            commands.append(.dispatch(
                kernel: kernel, bindings: [BufferView(from), BufferView(to)],
                parameters: SelfTest.bytes([UInt32(count), step]), groups: SelfTest.groups(count)))
            commands.append(.barrier)
        }
        commands.append(.copy(from: BufferView(x), to: BufferView(copy)))
        let time = try execute(commands)
        let result = try read(copy, count: count)
        for step in 0..<steps {
            values = (0..<count).map { values[($0 + 1) % count] &* 3 &+ step &+ offset }
        }
        for buffer in [x, y, copy] { buffer.free() }
        kernel.free()
        return SelfTestResult(name: "chain of 16 with barriers", isCorrect: result == values, nanoseconds: time, work: count * Int(steps))
    }
}
