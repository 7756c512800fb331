// select_and_scatter: the gradient of windowed reductions that pick an element (`docs/spec.md`, select_and_scatter).
import JaxIR
import JaxPlatform

func selectAndScatterFamily() -> [OpDefinition] {
    [OpDefinition(.selectAndScatter, SelectAndScatterParameters.self, .scalarRegions,
                  infer: selectAndScatterType, tensor: evaluateSelectAndScatter)
        .jvp(selectAndScatterTangent).transpose(transposedSelectAndScatter)
        .batched(batchedSelectAndScatter)]
}

/// How windows slide over the operand. Padding is (low, high) a dimension.
public final class SelectAndScatterParameters: Parameters {
    public private(set) var dimensions: [Int] = []
    public private(set) var strides: [Int] = []
    public private(set) var padding: [Int] = []

    public convenience init(dimensions: [Int], strides: [Int], padding: [Int]) {
        self.init()
        self.dimensions = dimensions
        self.strides = strides
        self.padding = padding
    }

    public override func code(_ coder: ParameterCoder) throws(JaxError) {
        var rank = dimensions.count
        if coder.isReading, case .tensor(let type)? = coder.operandTypes.first { rank = type.rank }
        let ones = [Int](repeating: 1, count: rank)
        try coder.integers("window_dimensions", &dimensions, missing: ones)
        try coder.integers("window_strides", &strides, missing: ones)
        try coder.integers("padding", &padding, missing: [Int](repeating: 0, count: 2 * rank))
    }

    fileprivate func windows(_ shape: [Int]) -> [Window] {
        ReduceWindowParameters(dimensions: dimensions, strides: strides, padding: padding).windows(shape)
    }
}

private func selectAndScatterType(_ op: OpView, _ parameters: SelectAndScatterParameters) throws(JaxError) -> [ValueType] {
    try op.requireOperands(3)
    try op.requireRegions(2)
    let operand = try op.tensor(0), source = try op.tensor(1), initial = try op.tensor(2)
    try op.require(source.dtype.kind == operand.dtype.kind && initial.rank == 0 && initial.dtype.kind == operand.dtype.kind,
                   "source \(source) and initial value \(initial) must have the type of the operand \(operand)")
    try op.requireWindow("window_dimensions", parameters.dimensions, operand.rank, least: 1)
    try op.requireWindow("window_strides", parameters.strides, operand.rank, least: 1)
    try op.requireWindow("padding", parameters.padding, 2 * operand.rank, least: -Window.limit)
    for size in operand.shape { try op.require(size <= Window.sizeLimit, "a dimension of \(size) is too large to slide a window over") }
    var expected: [Int] = []
    for window in parameters.windows(operand.shape) { expected.append(isDynamic(window.size) ? TensorType.dynamic : window.outputSize) }
    try op.require(agree(source.shape, expected), "source must have one element a window, \(text(expected)), is \(source)")
    let (takes, returns) = op.regionTypes(0)
    let scalar = ValueType.tensor(scalarType(operand))
    try op.require(takes == [scalar, scalar] && returns == [.tensor(TensorType(.i1, []))],
                   "its select region must take two scalars of \(operand.dtype.name) and return a bool")
    let types = try op.reducerTypes(1, inputs: [operand.dtype])
    return [.tensor(TensorType(types[0], operand.shape))]
}

private func evaluateSelectAndScatter(_ activation: Activation, _ parameters: SelectAndScatterParameters,
                                      _ operands: inout [RuntimeValue]) throws(JaxError) -> Tensor {
    let operand = try operands[0].asTensor(), source = try operands[1].asTensor(), initial = try operands[2].asTensor()
    let type = try activation.resultTensorType()
    let rank = operand.type.rank
    let windows = parameters.windows(operand.shape)
    let reducer = Reducer(activation, region: 1, roundingSteps: true)
    let selector = try Selector(activation, operand.dtype)
    defer { selector.free() }
    let blocks = try ReducerBlocks(for: reducer, inputs: [source.dtype], initials: [type.dtype], results: [type.dtype], capacity: 1)
    defer { blocks.free() }
    let totals = try Tensor(type), start = try convert(initial, to: type.dtype)
    dispatchWidth(type.dtype, FillKernel(value: start.bytes, result: totals))

    var windowShape: [Int] = []
    for window in windows { windowShape.append(window.window) }
    let windowCount = try product(windowShape)
    let width = operand.dtype.byteWidth, resultWidth = type.dtype.byteWidth
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
            } else if try !selector.keeps(operand.bytes + selected * width, operand.bytes + offset * width) {
                selected = offset
            }
        }
        position.advance()
        if selected < 0 { continue }
        let total = totals.bytes + selected * resultWidth
        blocks.begin(0, total, count: 1)
        blocks.load(0, source.bytes + i * source.dtype.byteWidth, count: 1)
        try blocks.combine(0..<1)
        blocks.store(0, count: 1, to: total)
    }
    return totals
}

/// The select region: whether the selected element stays when another is met.
private struct Selector {
    private let activation: Activation
    private let dtype: DType
    private let registers: ScalarRegisters?

    init(_ activation: Activation, _ dtype: DType) throws(JaxError) {
        self.activation = activation
        self.dtype = dtype
        if let function = activation.step.scalars[0] {
            registers = try ScalarRegisters(function, lanes: 1, in: activation.frame)
        } else {
            registers = nil
        }
    }

    func free() { registers?.free() }

    func keeps(_ selected: UnsafeMutableRawPointer, _ other: UnsafeMutableRawPointer) throws(JaxError) -> Bool {
        if let registers {
            registers.blocks[0] = selected
            registers.blocks[1] = other
            registers.run(1)
            return registers.result(0).load(as: UInt8.self) != 0
        }
        let arguments: [RuntimeValue] = [.tensor(try scalarTensor(dtype, selected)), .tensor(try scalarTensor(dtype, other))]
        return try activation.run(0, arguments)[0].asTruth()
    }
}
