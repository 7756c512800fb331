// pad (StableHLO, section pad). Negative padding removes elements.
import JaxIR
import JaxPlatform

func padFamily() -> [OpDefinition] {
    [
        OpDefinition(.pad, PadParameters.self, infer: padType, tensor: { activation, parameters, operands throws(JaxError) in
            try pad(try operands[0].asTensor(), value: try operands[1].asTensor(), low: parameters.low, interior: parameters.interior,
                    to: try activation.resultTensorType())
        }).linear(.jointly([0, 1])).transposedEach(transposedPad).batched(batchedPad),
    ]
}

/// Elements before, after and between those of each dimension.
public final class PadParameters: Parameters {
    public private(set) var low: [Int] = []
    public private(set) var high: [Int] = []
    public private(set) var interior: [Int] = []

    public convenience init(low: [Int], high: [Int], interior: [Int]) {
        self.init()
        self.low = low
        self.high = high
        self.interior = interior
    }

    public override func code(_ coder: ParameterCoder) throws(JaxError) {
        try coder.integers("edge_padding_low", &low)
        try coder.integers("edge_padding_high", &high)
        try coder.integers("interior_padding", &interior)
    }
}

/// low + size + interior between + high; nil where it is negative or does not fit.
private func paddedSize(_ size: Int, _ low: Int, _ high: Int, _ interior: Int) -> Int? {
    guard interior >= 0, low > Int.min else { return nil }
    let (between, o1) = max(size - 1, 0).multipliedReportingOverflow(by: interior)
    let (inner, o2) = size.addingReportingOverflow(between)
    let (front, o3) = inner.addingReportingOverflow(low)
    let (total, o4) = front.addingReportingOverflow(high)
    return o1 || o2 || o3 || o4 || total < 0 ? nil : total
}

private func padType(_ view: OpView, _ parameters: PadParameters) throws(JaxError) -> [ValueType] {
    try view.requireOperands(2)
    let operand = try view.tensor(0), value = try view.tensor(1)
    try view.require(value.dtype == operand.dtype && value.rank == 0, "the padding must be a scalar like \(operand), is \(value)")
    let low = parameters.low, high = parameters.high, interior = parameters.interior
    try view.require(low.count == operand.rank && high.count == operand.rank && interior.count == operand.rank,
                     "padding \(text(low)), \(text(high)), \(text(interior)) must have one for each dimension of \(operand)")
    var shape: [Int] = []
    for axis in 0..<operand.rank {
        if isDynamic(operand.shape[axis]) {
            shape.append(TensorType.dynamic)
        } else if let size = paddedSize(operand.shape[axis], low[axis], high[axis], interior[axis]) {
            shape.append(size)
        } else {
            throw view.error(.typeError, "padding \(text(low)), \(text(high)), \(text(interior)) leaves no size for \(operand)")
        }
    }
    return [.tensor(TensorType(operand.dtype, shape))]
}

/// `type` filled with `value`, and the operand's element i at low + i (interior + 1) where that is inside.
func pad(_ operand: Tensor, value: Tensor, low: [Int], interior: [Int], to type: TensorType) throws(JaxError) -> Tensor {
    let result = try Tensor(type)
    if type.elementCount == 0 { return result }
    dispatchWidth(type.dtype, FillKernel(value: value.bytes, result: result))
    let sourceStrides = operand.type.strides, targetStrides = type.strides
    var shape: [Int] = [], steps: [Int] = []
    var sourceOffset = 0, targetOffset = 0
    for axis in 0..<type.rank {
        // Beyond the result's size one step is as good as another: neither overflows.
        let step = min(interior[axis], type.shape[axis]) + 1
        if low[axis] >= type.shape[axis] { return result }
        // The first and the last element that land inside.
        let first = low[axis] >= 0 ? 0 : (-low[axis] - 1) / step + 1
        let room = type.shape[axis] - 1 - low[axis]
        let last = min(operand.shape[axis] - 1, room / step)
        if last < first { return result }
        shape.append(last - first + 1)
        steps.append(targetStrides[axis] * step)
        sourceOffset += first * sourceStrides[axis]
        targetOffset += (low[axis] + first * step) * targetStrides[axis]
    }
    dispatchWidth(type.dtype, StridedCopy(nest: StridedNest(shape: shape, source: sourceStrides, target: steps),
                                          source: operand.bytes, sourceOffset: sourceOffset,
                                          target: result.bytes, targetOffset: targetOffset))
    return result
}
