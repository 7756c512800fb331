// select_and_scatter: the gradient of windowed reductions that pick an element (`docs/spec.md`, select_and_scatter).
import JaxIR
import JaxPlatform

func selectAndScatterFamily() -> [OpDefinition] {
    [OpDefinition(.selectAndScatter, shape: selectAndScatterShape, evaluate: evaluateSelectAndScatter)]
}

private func selectAndScatterShape(_ op: OpView) throws(JaxError) -> [ValueType] {
    try op.requireOperands(3)
    try op.requireRegions(2)
    let operand = try op.tensor(0), source = try op.tensor(1), initial = try op.tensor(2)
    try op.require(source.dtype.kind == operand.dtype.kind && initial.rank == 0 && initial.dtype.kind == operand.dtype.kind,
                   "source \(source) and initial value \(initial) must have the type of the operand \(operand)")
    var expected: [Int] = []
    for window in try windows(op, shape: operand.shape) { expected.append(isDynamic(window.size) ? TensorType.dynamic : window.outputSize) }
    try op.require(agree(source.shape, expected), "source must have one element a window, \(text(expected)), is \(source)")
    let (parameters, results) = op.regionTypes(0)
    let scalar = ValueType.tensor(scalarType(operand))
    try op.require(parameters == [scalar, scalar] && results == [.tensor(TensorType(.i1, []))], "its select region must take two scalars of \(operand.dtype.name) and return a bool")
    let types = try op.reducerTypes(1, inputs: [operand.dtype])
    return [.tensor(TensorType(types[0], operand.shape))]
}

private func evaluateSelectAndScatter(_ frame: Frame, _ operation: Operation, _ operands: [RuntimeValue]) throws(JaxError) -> [RuntimeValue] {
    let operand = try operands[0].asTensor(), source = try operands[1].asTensor(), initial = try operands[2].asTensor()
    let type = try frame.resultTensorType(operation)
    try requireWideForm(operand.dtype)
    try requireWideForm(type.dtype)
    let rank = operand.type.rank
    let windows = makeWindows(operand.shape, operation.list("window_dimensions", rank, missing: 1), operation.list("window_strides", rank, missing: 1),
                              [Int](repeating: 1, count: rank), [Int](repeating: 1, count: rank), operation.list("padding", 2 * rank, missing: 0))
    let combiner = Combiner(operation.regions[1], frame, dtypes: [type.dtype])
    let selector = try Selector(operation.regions[0], frame, operand.dtype)
    defer { selector.free() }
    let blocks = try CombinerBlocks(for: combiner, capacity: 1)
    defer { blocks.free() }
    let elements = try operand.wide()
    defer { elements.free() }
    let result = try Tensor(type)
    // The result is kept in wide form, rounded to its type after every step.
    let totals = try Scratch(words: result.elementCount * type.dtype.wideWords)
    defer { totals.free() }
    loadWide(initial.dtype, initial.bytes, stride: 0, count: result.elementCount, into: totals.words)

    var windowShape: [Int] = []
    for window in windows { windowShape.append(window.window) }
    let windowCount = try product(windowShape)
    let words = operand.dtype.wideWords, resultWords = type.dtype.wideWords
    var position = IndexWalk(shape: source.shape, strides: [Int](repeating: 0, count: rank))
    var element = IndexWalk(shape: windowShape, strides: [Int](repeating: 0, count: rank))
    let strides = operand.type.strides
    for i in 0..<source.elementCount {
        if i & 63 == 0 { try checkpoint() }
        var selected = -1
        for _ in 0..<windowCount {
            var offset = 0
            for axis in 0..<rank {
                let index = windows[axis].index(position.index[axis], element.index[axis])
                if index < 0 {
                    offset = -1
                    break
                }
                offset += index * strides[axis]
            }
            element.advance()
            if offset < 0 { continue }
            if selected < 0 {
                selected = offset
            } else if try !selector.keeps(elements.words + selected * words, elements.words + offset * words) {
                selected = offset
            }
        }
        position.advance()
        if selected < 0 { continue }
        let total = totals.words + selected * resultWords
        for part in 0..<resultWords { blocks.accumulators[0][part] = total[part] }
        loadWide(source.dtype, source.bytes + i * source.dtype.byteWidth, count: 1, into: blocks.inputs[0])
        try combiner.combine(blocks, 0..<1)
        storeWide(type.dtype, blocks.accumulators[0], count: 1, to: result.bytes)
        loadWide(type.dtype, result.bytes, count: 1, into: total)
    }
    storeWide(type.dtype, totals.words, count: result.elementCount, to: result.bytes)
    return [.tensor(result)]
}

/// The select region: whether the selected element stays when another is met.
private struct Selector {
    private enum Form {
        case comparison(Comparison)
        case program(ScalarFunction, Scratch)
        case region(Frame, Region)
    }

    private let form: Form
    private let dtype: DType

    init(_ region: Region, _ frame: Frame, _ dtype: DType) throws(JaxError) {
        self.dtype = dtype
        if region.operations.count == 1, region.operations[0].code == .compare, region.operations[0].operands == region.parameters,
           region.results == region.operations[0].results, let comparison = Comparison(region.operations[0].attributes) {
            form = .comparison(comparison)
        } else if let function = ScalarFunction(region, in: frame) {
            let registers = try Scratch(words: function.registerWords)
            function.prepare(registers.words)
            form = .program(function, registers)
        } else {
            form = .region(frame, region)
        }
    }

    func free() {
        if case .program(_, let registers) = form { registers.free() }
    }

    func keeps(_ selected: Words, _ other: Words) throws(JaxError) -> Bool {
        switch form {
        case .comparison(let comparison):
            return compareScalars(dtype, comparison, selected, other)
        case .program(let function, let registers):
            let file = registers.words
            for part in 0..<dtype.wideWords {
                file[part] = selected[part]
                file[2 + part] = other[part]
            }
            function.run(file)
            return file[Int(function.resultSlots[0]) * 2] != 0
        case .region(let frame, let region):
            let arguments: [RuntimeValue] = [.tensor(try scalarTensor(dtype, selected, 0)), .tensor(try scalarTensor(dtype, other, 0))]
            return try frame.run(region, arguments)[0].asTensor().bytes.load(as: UInt8.self) != 0
        }
    }
}
