// fft: FFT, IFFT, RFFT and IRFFT over the last dimensions (`docs/spec.md`, fft).
import JaxIR
import JaxPlatform

func fourierFamily() -> [OpDefinition] {
    [OpDefinition(.fft, FourierParameters.self, infer: fourierType, tensor: evaluateFourier).linear(.jointly([0]))
        .transposed(transposedFourier).batch(batchedFourier)]
}

public final class FourierParameters: Parameters {
    public enum Kind: String {
        case forward = "FFT", inverse = "IFFT", realForward = "RFFT", realInverse = "IRFFT"
    }

    public private(set) var kind = Kind.forward
    /// The lengths of the transformed dimensions, the last ones; of a real transform, those of the real array.
    public private(set) var lengths: [Int] = []

    public convenience init(_ kind: Kind, lengths: [Int]) {
        self.init()
        self.kind = kind
        self.lengths = lengths
    }

    public override func code(_ coder: ParameterCoder) throws(JaxError) {
        try coder.choice("fft_type", &kind)
        try coder.integers("fft_length", &lengths)
    }
}

private func fourierType(_ op: OpView, _ parameters: FourierParameters) throws(JaxError) -> [ValueType] {
    try op.requireOperands(1)
    let operand = try op.tensor(0)
    let kind = parameters.kind, lengths = parameters.lengths
    try op.require((1...3).contains(lengths.count) && lengths.count <= operand.rank,
                   "fft_length \(text(lengths)) must have 1 to 3 elements, no more than \(operand) has dimensions")
    for length in lengths { try op.require(length >= 0, "fft_length \(text(lengths)) must not be negative") }
    var shape = operand.shape
    let last = shape.count - 1
    var expected = lengths
    switch kind {
    case .forward, .inverse:
        try op.require(operand.dtype.isComplex, "\(kind.rawValue) takes complex numbers, given \(operand)")
    case .realForward:
        try op.require(operand.dtype == .f32 || operand.dtype == .f64, "RFFT takes float32 or float64, given \(operand)")
        shape[last] = lengths[lengths.count - 1] == 0 ? 0 : lengths[lengths.count - 1] / 2 + 1
    case .realInverse:
        try op.require(operand.dtype.isComplex, "IRFFT takes complex numbers, given \(operand)")
        shape[last] = lengths[lengths.count - 1]
        // jnp.fft.irfft of one element asks for none.
        expected[expected.count - 1] = shape[last] == 0 ? min(operand.shape[last], 1) : shape[last] / 2 + 1
    }
    try op.require(agree(Array(operand.shape.suffix(lengths.count)), expected),
                   "\(kind.rawValue) of length \(text(lengths)) does not fit \(operand)")
    let dtype: DType
    switch (kind, operand.dtype) {
    case (.realForward, .f32): dtype = .c64
    case (.realForward, _): dtype = .c128
    case (.realInverse, _): dtype = operand.dtype.real
    default: dtype = operand.dtype
    }
    return [.tensor(TensorType(dtype, shape))]
}

private func evaluateFourier(_ activation: Activation, _ parameters: FourierParameters,
                             _ operands: inout [RuntimeValue]) throws(JaxError) -> Tensor {
    let operand = try operands[0].asTensor()
    let result = try activation.makeResult()
    if result.elementCount == 0 { return result }
    if operand.elementCount == 0 {
        result.bytes.initializeMemory(as: UInt8.self, repeating: 0, count: result.type.byteCount)
        return result
    }
    let kind = parameters.kind, lengths = parameters.lengths
    let isInverse = kind == .inverse || kind == .realInverse
    let rank = operand.type.rank
    let outer = (rank - lengths.count)..<(rank - 1)

    let input = try operand.wide()
    defer { input.free() }
    if kind == .realForward {
        let work = try Scratch(words: 2 * result.elementCount)
        defer { work.free() }
        let plan = try FourierPlan(lengths[lengths.count - 1])
        let reals = input.doubles, spectrum = complexes(work)
        try transformLines(plan, lines: operand.elementCount / plan.length) { line, from in
            for i in 0..<plan.length { from[i] = Complex128(reals[line * plan.length + i]) }
        } store: { line, to in
            let kept = plan.length / 2 + 1
            for i in 0..<kept { spectrum[line * kept + i] = to[i] }
        }
        for axis in outer { try transform(spectrum, result.shape, axis, isInverse: false) }
        storeWide(result.dtype, work.words, count: result.elementCount, to: result.bytes)
    } else if kind == .realInverse {
        let spectrum = complexes(input)
        for axis in outer { try transform(spectrum, operand.shape, axis, isInverse: true) }
        let work = try Scratch(words: result.elementCount)
        defer { work.free() }
        let plan = try FourierPlan(lengths[lengths.count - 1])
        let reals = work.doubles, kept = plan.length / 2 + 1, n = plan.length
        // The other half of the spectrum is the conjugate; x = conj(F(conj X)) / n, of which the real part is left.
        try transformLines(plan, lines: result.elementCount / n) { line, from in
            for i in 0..<kept { from[i] = spectrum[line * kept + i].conjugate }
            for i in kept..<max(n, kept) { from[i] = spectrum[line * kept + n - i] }
        } store: { line, to in
            for i in 0..<n { reals[line * n + i] = to[i].re / Double(n) }
        }
        storeWide(result.dtype, work.words, count: result.elementCount, to: result.bytes)
    } else {
        for axis in (rank - lengths.count)..<rank { try transform(complexes(input), operand.shape, axis, isInverse: isInverse) }
        storeWide(result.dtype, input.words, count: result.elementCount, to: result.bytes)
    }
    return result
}

private func complexes(_ scratch: Scratch) -> UnsafeMutablePointer<Complex128> { scratch.bytes.assumingMemoryBound(to: Complex128.self) }

/// Transforms one dimension in place.
private func transform(_ elements: UnsafeMutablePointer<Complex128>, _ shape: [Int], _ axis: Int, isInverse: Bool) throws(JaxError) {
    let n = shape[axis]
    let plan = try FourierPlan(n)
    let stride = try product(Array(shape[(axis + 1)...]))
    let total = try product(shape)
    let scale = 1 / Double(n)
    // The inverse transform by conjugation.
    try transformLines(plan, lines: total / n, inPlace: stride == 1 ? elements : nil) { line, from in
        let base = elements + (line / stride * stride * n + line % stride)
        if isInverse {
            for i in 0..<n { from[i] = base[i &* stride].conjugate }
        } else if stride > 1 {
            for i in 0..<n { from[i] = base[i &* stride] }
        }
    } store: { line, to in
        let base = elements + (line / stride * stride * n + line % stride)
        if isInverse {
            for i in 0..<n { base[i &* stride] = Complex128(to[i].re * scale, -to[i].im * scale) }
        } else if stride > 1 {
            for i in 0..<n { base[i &* stride] = to[i] }
        }
    }
}

/// Lines that are this long are divided among the processors, shorter ones are distributed.
private let dividedLength = 1 << 15

/// Loads, transforms and stores each line, on all processors; where the lines lie one after another at `inPlace`, there.
private func transformLines(_ plan: FourierPlan, lines: Int, inPlace: UnsafeMutablePointer<Complex128>? = nil,
                            load: (Int, UnsafeMutablePointer<Complex128>) -> Void,
                            store: (Int, UnsafeMutablePointer<Complex128>) -> Void) throws(JaxError) {
    let isDivided = plan.length >= dividedLength
    let width = isDivided ? 1 : ComplexLanes.count
    let groups = (lines + width - 1) / width
    let parts = isDivided ? 1 : partCount(groups, work: lines * plan.length)
    let inner = isDivided ? partCount(16, work: plan.length) : 1
    let workCount = plan.workCount(parts: inner)
    var buffers: [Scratch] = []
    defer { for buffer in buffers { buffer.free() } }
    // There is room for one element more: half of an odd spectrum may be longer than the line.
    for _ in 0..<parts {
        buffers.append(try Scratch(byteCount: workCount * MemoryLayout<ComplexLanes>.size
                                   + (inPlace == nil ? width * plan.length + 1 : 0) * MemoryLayout<Complex128>.size))
    }
    try inParallel(groups, parts: parts) { (part, range) throws(JaxError) in
        let work = buffers[part].bytes.assumingMemoryBound(to: ComplexLanes.self)
        let buffer = UnsafeMutableRawPointer(work + workCount).assumingMemoryBound(to: Complex128.self)
        for group in range {
            try checkpoint()
            let first = group * width, count = min(width, lines - first)
            let elements = inPlace.map { $0 + first * plan.length } ?? buffer
            for line in 0..<count { load(first + line, elements + line * plan.length) }
            try plan.transform(elements, count: count, work, parts: inner)
            for line in 0..<count { store(first + line, elements + line * plan.length) }
        }
    }
}
