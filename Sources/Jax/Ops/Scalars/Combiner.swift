// How reductions and scatters fold values together: the reducer region in the fastest form that it has.
import JaxIR
import JaxPlatform

/// A function `(accumulators…, inputs…) -> accumulators` over scalars, applied to blocks in wide form.
struct Combiner {
    enum Form {
        /// The input takes the accumulator's place.
        case replace
        /// One of add, multiply, maximum, minimum, and, or, xor on one operand: a typed loop.
        case binary(OpCode)
        case program(ScalarFunction)
        /// Anything else: the evaluator, on tensors of rank 0.
        case region(Frame, Region)
    }

    let form: Form
    /// The element type of each accumulator.
    let dtypes: [DType]

    /// Whether `combine` may run on several processors at once (and never throws).
    var isParallel: Bool {
        if case .region = form { return false }
        return true
    }

    /// The combiner of a region with `2 * dtypes.count` scalar parameters. `dtypes` have wide forms.
    init(_ region: Region, _ frame: Frame, dtypes: [DType]) {
        self.dtypes = dtypes
        if let simple = Combiner.recognise(region, dtypes) {
            form = simple
        } else if let function = ScalarFunction(region, in: frame), function.parameters == dtypes + dtypes, function.results == dtypes {
            form = .program(function)
        } else {
            form = .region(frame, region)
        }
    }

    init(_ code: OpCode, _ dtype: DType) {
        form = .binary(dtype == .i1 && code == .add ? .or : dtype == .i1 && code == .multiply ? .and : code)
        dtypes = [dtype]
    }

    private static func recognise(_ region: Region, _ dtypes: [DType]) -> Form? {
        guard dtypes.count == 1, region.parameters.count == 2, region.results.count == 1 else { return nil }
        if region.operations.isEmpty && region.results[0] == region.parameters[1] { return .replace }
        guard region.operations.count == 1, region.operations[0].results == region.results,
              region.operations[0].operands == region.parameters
                || region.operations[0].operands == [region.parameters[1], region.parameters[0]] else { return nil }
        let code = region.operations[0].code
        switch (code, dtypes[0].kind) {
        case (.add, .boolean): return .binary(.or)
        case (.multiply, .boolean): return .binary(.and)
        case (.add, _), (.multiply, _): return .binary(code)
        case (.maximum, .complex), (.minimum, .complex): return nil
        case (.maximum, _), (.minimum, _): return .binary(code)
        case (.and, .float), (.or, .float), (.xor, .float), (.and, .complex), (.or, .complex), (.xor, .complex): return nil
        case (.and, _), (.or, _), (.xor, _): return .binary(code)
        default: return nil
        }
    }
}

/// The blocks one processor works on: `capacity` elements of each accumulator and each input, in wide form.
struct CombinerBlocks {
    static let capacity = 256

    let accumulators: [Words]
    let inputs: [Words]
    fileprivate let registers: Words
    private let scratch: Scratch

    init(for combiner: Combiner, capacity: Int = CombinerBlocks.capacity) throws(JaxError) {
        var words = 0
        for dtype in combiner.dtypes { words += 2 * capacity * dtype.wideWords }
        var registerWords = 0
        if case .program(let function) = combiner.form { registerWords = function.registerWords }
        scratch = try Scratch(words: words + registerWords)
        var next = scratch.words
        var accumulators: [Words] = [], inputs: [Words] = []
        for dtype in combiner.dtypes {
            accumulators.append(next)
            inputs.append(next + capacity * dtype.wideWords)
            next += 2 * capacity * dtype.wideWords
        }
        self.accumulators = accumulators
        self.inputs = inputs
        registers = next
        if case .program(let function) = combiner.form { function.prepare(registers) }
    }

    func free() { scratch.free() }
}

extension Combiner {
    /// `accumulators[j] = f(accumulators[j], inputs[j])` for `j` in `range`, with the inputs shifted by `shift`:
    /// input `j - shift` meets accumulator `j`.
    func combine(_ blocks: CombinerBlocks, _ range: Range<Int>, shift: Int = 0) throws(JaxError) {
        switch form {
        case .replace:
            let words = dtypes[0].wideWords
            let target = blocks.accumulators[0], source = blocks.inputs[0]
            for j in (range.lowerBound * words)..<(range.upperBound * words) { target[j] = source[j - shift * words] }
        case .binary(let code):
            let words = dtypes[0].wideWords
            combineBinary(code, dtypes[0], blocks.accumulators[0] + range.lowerBound * words,
                          blocks.inputs[0] + (range.lowerBound - shift) * words, range.count)
        case .program(let function):
            for j in range { run(function, blocks, accumulator: j, input: j - shift) }
        case .region(let frame, let region):
            for j in range { try run(frame, region, blocks, accumulator: j, input: j - shift) }
        }
    }

    /// Rounds accumulators to their types, for folds whose every step is a value of the type. The typed loops alone leave
    /// them wider.
    func round(_ blocks: CombinerBlocks, _ range: Range<Int>) {
        guard case .binary = form, dtypes[0].isFloat || dtypes[0].isComplex, dtypes[0].real != .f64 else { return }
        let words = dtypes[0].wideWords, values = blocks.accumulators[0].doubles
        for j in (range.lowerBound * words)..<(range.upperBound * words) { values[j] = dtypes[0].rounded(values[j]) }
    }

    /// Folds the first `count` inputs, in order, into accumulator 0.
    func fold(_ blocks: CombinerBlocks, _ count: Int) throws(JaxError) {
        switch form {
        case .replace:
            try combine(blocks, 0..<1, shift: 1 - count)
        case .binary(let code):
            foldBinary(code, dtypes[0], blocks.accumulators[0], blocks.inputs[0], count)
        case .program(let function):
            for j in 0..<count { run(function, blocks, accumulator: 0, input: j) }
        case .region(let frame, let region):
            for j in 0..<count { try run(frame, region, blocks, accumulator: 0, input: j) }
        }
    }

    private func run(_ function: ScalarFunction, _ blocks: CombinerBlocks, accumulator: Int, input: Int) {
        let file = blocks.registers
        let count = dtypes.count
        for k in 0..<count {
            copy(dtypes[k], blocks.accumulators[k], accumulator, file + 2 * k, 0)
            copy(dtypes[k], blocks.inputs[k], input, file + 2 * (count + k), 0)
        }
        function.run(file)
        for k in 0..<count { copy(dtypes[k], file + Int(function.resultSlots[k]) * 2, 0, blocks.accumulators[k], accumulator) }
    }

    private func run(_ frame: Frame, _ region: Region, _ blocks: CombinerBlocks, accumulator: Int, input: Int) throws(JaxError) {
        var arguments: [RuntimeValue] = []
        for k in 0..<dtypes.count { arguments.append(.tensor(try scalarTensor(dtypes[k], blocks.accumulators[k], accumulator))) }
        for k in 0..<dtypes.count { arguments.append(.tensor(try scalarTensor(dtypes[k], blocks.inputs[k], input))) }
        let results = try frame.run(region, arguments)
        for k in 0..<dtypes.count {
            let tensor = try results[k].asTensor()
            loadWide(dtypes[k], tensor.bytes, count: 1, into: blocks.accumulators[k] + accumulator * dtypes[k].wideWords)
        }
    }

    @inline(__always)
    private func copy(_ dtype: DType, _ source: Words, _ from: Int, _ target: Words, _ to: Int) {
        if dtype.isComplex {
            target[2 * to] = source[2 * from]
            target[2 * to + 1] = source[2 * from + 1]
        } else {
            target[to] = source[from]
        }
    }
}

/// A tensor of rank 0 from element `index` of a block in wide form.
func scalarTensor(_ dtype: DType, _ block: Words, _ index: Int) throws(JaxError) -> Tensor {
    let tensor = try Tensor(TensorType(dtype, []))
    storeWide(dtype, block + index * dtype.wideWords, count: 1, to: tensor.bytes)
    return tensor
}

// MARK: - Typed loops

private func combineBinary(_ code: OpCode, _ dtype: DType, _ target: Words, _ source: Words, _ count: Int) {
    switch dtype.kind {
    case .float:
        let a = target.doubles, x = source.doubles
        switch code {
        case .add: for j in 0..<count { a[j] += x[j] }
        case .multiply: for j in 0..<count { a[j] *= x[j] }
        case .maximum: for j in 0..<count { a[j] = maximumFloat(a[j], x[j]) }
        default: for j in 0..<count { a[j] = minimumFloat(a[j], x[j]) }
        }
    case .complex:
        let a = target.doubles, x = source.doubles
        if code == .add {
            for j in 0..<(2 * count) { a[j] += x[j] }
        } else {
            for j in 0..<count {
                let product = ComplexDouble(a[2 * j], a[2 * j + 1]) * ComplexDouble(x[2 * j], x[2 * j + 1])
                a[2 * j] = product.re
                a[2 * j + 1] = product.im
            }
        }
    default:
        let a = target.integers, x = source.integers
        let unsigned = dtype.kind != .signed
        switch code {
        case .add: for j in 0..<count { a[j] = a[j] &+ x[j] }
        case .multiply: for j in 0..<count { a[j] = a[j] &* x[j] }
        case .maximum: for j in 0..<count where lessInteger(a[j], x[j], unsigned) { a[j] = x[j] }
        case .minimum: for j in 0..<count where lessInteger(x[j], a[j], unsigned) { a[j] = x[j] }
        case .and: for j in 0..<count { a[j] &= x[j] }
        case .or: for j in 0..<count { a[j] |= x[j] }
        default: for j in 0..<count { a[j] ^= x[j] }
        }
    }
}

private func foldBinary(_ code: OpCode, _ dtype: DType, _ target: Words, _ source: Words, _ count: Int) {
    if dtype.kind == .float && code == .add {
        // Eight partial sums: short chains, and errors that grow with count / 8.
        var lanes = SIMD8<Double>()
        let x = source.doubles
        var j = 0
        while j + 8 <= count {
            lanes += UnsafeRawPointer(x + j).loadUnaligned(as: SIMD8<Double>.self)
            j += 8
        }
        var sum = lanes.sum()
        while j < count {
            sum += x[j]
            j += 1
        }
        target.doubles[0] += sum
        return
    }
    let words = dtype.wideWords
    var left = count
    // Folding the upper half onto the lower keeps the loops long; the order is free for these operations.
    while left > 1 {
        let half = left / 2
        combineBinary(code, dtype, source, source + (left - half) * words, half)
        left -= half
    }
    if left == 1 { combineBinary(code, dtype, target, source, 1) }
}
