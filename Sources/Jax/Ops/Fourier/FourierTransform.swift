// fft: FFT, IFFT, RFFT and IRFFT over the last dimensions (`docs/spec.md`, fft).
import JaxIR
import JaxPlatform

func fourierFamily() -> [OpDefinition] {
    [OpDefinition(.fft, shape: fourierShape, evaluate: evaluateFourier)]
}

private func fourierShape(_ op: OpView) throws(JaxError) -> [ValueType] {
    try op.requireOperands(1)
    let operand = try op.tensor(0)
    let kind = try op.requiredEnumeration("fft_type")
    let lengths = try op.requiredIntegers("fft_length")
    try op.require((1...3).contains(lengths.count) && lengths.count <= operand.rank, "fft_length \(text(lengths)) must have 1 to 3 elements, no more than \(operand) has dimensions")
    for length in lengths { try op.require(length >= 0, "fft_length \(text(lengths)) must not be negative") }
    var shape = operand.shape
    let last = shape.count - 1
    var expected = lengths
    switch kind {
    case "FFT", "IFFT":
        try op.require(operand.dtype.isComplex, "\(kind) takes complex numbers, given \(operand)")
    case "RFFT":
        try op.require(operand.dtype == .f32 || operand.dtype == .f64, "RFFT takes float32 or float64, given \(operand)")
        shape[last] = lengths[lengths.count - 1] == 0 ? 0 : lengths[lengths.count - 1] / 2 + 1
    case "IRFFT":
        try op.require(operand.dtype.isComplex, "IRFFT takes complex numbers, given \(operand)")
        shape[last] = lengths[lengths.count - 1]
        // jnp.fft.irfft of one element asks for none.
        expected[expected.count - 1] = shape[last] == 0 ? min(operand.shape[last], 1) : shape[last] / 2 + 1
    default:
        throw op.error(.malformed, "unknown fft_type \(kind)")
    }
    try op.require(agree(Array(operand.shape.suffix(lengths.count)), expected), "\(kind) of length \(text(lengths)) does not fit \(operand)")
    let dtype: DType
    switch (kind, operand.dtype) {
    case ("RFFT", .f32): dtype = .c64
    case ("RFFT", _): dtype = .c128
    case ("IRFFT", _): dtype = operand.dtype.real
    default: dtype = operand.dtype
    }
    return [.tensor(TensorType(dtype, shape))]
}

private func evaluateFourier(_ frame: Frame, _ operation: Operation, _ operands: [RuntimeValue]) throws(JaxError) -> [RuntimeValue] {
    let operand = try operands[0].asTensor()
    let result = try Tensor(try frame.resultTensorType(operation))
    if result.elementCount == 0 { return [.tensor(result)] }
    if operand.elementCount == 0 {
        result.bytes.initializeMemory(as: UInt8.self, repeating: 0, count: result.type.byteCount)
        return [.tensor(result)]
    }
    let kind = operation.attributes.enumeration("fft_type") ?? "FFT"
    let lengths = operation.attributes.integers("fft_length") ?? []
    let isInverse = kind == "IFFT" || kind == "IRFFT"
    let rank = operand.type.rank
    let outer = (rank - lengths.count)..<(rank - 1)

    let input = try operand.wide()
    defer { input.free() }
    if kind == "RFFT" {
        let work = try Scratch(words: 2 * result.elementCount)
        defer { work.free() }
        let plan = try FourierPlan(lengths[lengths.count - 1])
        let reals = input.doubles, spectrum = complexes(work)
        try transformLines(plan, lines: operand.elementCount / plan.length) { line, from in
            for i in 0..<plan.length { from[i] = ComplexDouble(reals[line * plan.length + i]) }
        } store: { line, to in
            let kept = plan.length / 2 + 1
            for i in 0..<kept { spectrum[line * kept + i] = to[i] }
        }
        for axis in outer { try transform(spectrum, result.shape, axis, isInverse: false) }
        storeWide(result.dtype, work.words, count: result.elementCount, to: result.bytes)
    } else if kind == "IRFFT" {
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
    return [.tensor(result)]
}

private func complexes(_ scratch: Scratch) -> UnsafeMutablePointer<ComplexDouble> { scratch.bytes.assumingMemoryBound(to: ComplexDouble.self) }

/// Transforms one dimension in place.
private func transform(_ elements: UnsafeMutablePointer<ComplexDouble>, _ shape: [Int], _ axis: Int, isInverse: Bool) throws(JaxError) {
    let n = shape[axis]
    let plan = try FourierPlan(n)
    let stride = try product(Array(shape[(axis + 1)...]))
    let total = try product(shape)
    let scale = 1 / Double(n)
    try transformLines(plan, lines: total / n) { line, from in
        let base = line / stride * stride * n + line % stride
        for i in 0..<n {
            let value = elements[base + i * stride]
            from[i] = isInverse ? value.conjugate : value
        }
    } store: { line, to in
        let base = line / stride * stride * n + line % stride
        for i in 0..<n {
            elements[base + i * stride] = isInverse ? ComplexDouble(to[i].re * scale, -to[i].im * scale) : to[i]
        }
    }
}

/// Loads, transforms and stores each line, on all processors.
private func transformLines(_ plan: FourierPlan, lines: Int, load: (Int, UnsafeMutablePointer<ComplexDouble>) -> Void,
                            store: (Int, UnsafeMutablePointer<ComplexDouble>) -> Void) throws(JaxError) {
    let parts = partCount(lines, work: lines * plan.length)
    var buffers: [Scratch] = []
    defer { for buffer in buffers { buffer.free() } }
    // A line's input has room for one element more: half of an odd spectrum may be longer than the line.
    for _ in 0..<parts { buffers.append(try Scratch(words: 2 * (2 * plan.length + 1 + plan.workCount))) }
    try inParallel(lines, parts: parts) { (part, range) throws(JaxError) in
        let input = complexes(buffers[part])
        let output = input + plan.length + 1
        let work = output + plan.length
        for line in range {
            if line & 15 == 0 { try checkpoint() }
            load(line, input)
            plan.transform(input, output, work)
            store(line, output)
        }
    }
}
