// pad and dynamic_pad (StableHLO, sections of these names). Negative padding removes elements.
import JaxIR
import JaxPlatform

func padFamily() -> [OpDefinition] {
    [
        OpDefinition(.pad, shape: padRule, tensor: { frame, operation, operands throws(JaxError) in
            try pad(try operands[0].asTensor(), value: try operands[1].asTensor(),
                             low: operation.attributes.integers("edge_padding_low") ?? [],
                             interior: operation.attributes.integers("interior_padding") ?? [],
                             to: try frame.resultTensorType(operation))
        }),
        OpDefinition(.dynamicPad, shape: { view throws(JaxError) in
            try view.requireOperands(5)
            let operand = try view.tensor(0), value = try view.tensor(1)
            try view.require(value.dtype == operand.dtype && value.rank == 0, "the padding must be a scalar like \(operand), is \(value)")
            for index in 2..<5 { try view.requireShapeOperand(index, rank: operand.rank) }
            let result = try view.declaredTensor()
            try view.require(result.rank == operand.rank, "the result must have the rank of \(operand), is \(result)")
            return [.tensor(TensorType(operand.dtype, result.shape))]
        }, tensor: { frame, operation, operands throws(JaxError) in
            let operand = try operands[0].asTensor()
            let type = try frame.resultTensorType(operation)
            let low = try integers(operands[2]), high = try integers(operands[3]), interior = try integers(operands[4])
            for axis in 0..<type.rank {
                let size = paddedSize(operand.shape[axis], low[axis], high[axis], interior[axis])
                guard size == type.shape[axis] else {
                    throw JaxError(.valueError, "dynamic_pad: \(operand.type) padded by \(text(low)), \(text(high)), "
                        + "\(text(interior)) does not have the type \(type)")
                }
            }
            return try pad(operand, value: try operands[1].asTensor(), low: low, interior: interior, to: type)
        }),
    ]
}

/// low + size + interior between + high; nil where it is negative or does not fit.
private func paddedSize(_ size: Int, _ low: Int, _ high: Int, _ interior: Int) -> Int? {
    let limit = -Window.limit...Window.limit
    guard interior >= 0, limit ~= interior, limit ~= low, limit ~= high else { return nil }
    let (between, o1) = max(size - 1, 0).multipliedReportingOverflow(by: interior)
    let (inner, o2) = size.addingReportingOverflow(between)
    let (front, o3) = inner.addingReportingOverflow(low)
    let (total, o4) = front.addingReportingOverflow(high)
    return o1 || o2 || o3 || o4 || total < 0 ? nil : total
}

private func padRule(_ view: OpView) throws(JaxError) -> [ValueType] {
    try view.requireOperands(2)
    let operand = try view.tensor(0), value = try view.tensor(1)
    try view.require(value.dtype == operand.dtype && value.rank == 0, "the padding must be a scalar like \(operand), is \(value)")
    let low = try view.requiredIntegers("edge_padding_low"), high = try view.requiredIntegers("edge_padding_high")
    let interior = try view.requiredIntegers("interior_padding")
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
    try dispatchWidth(type.dtype, FillKernel(value: value.bytes, result: result))
    let sourceStrides = operand.type.strides, targetStrides = type.strides
    var shape: [Int] = [], steps: [Int] = []
    var sourceOffset = 0, targetOffset = 0
    for axis in 0..<type.rank {
        let step = interior[axis] + 1
        // The first and the last element that land inside.
        let first = low[axis] >= 0 ? 0 : (-low[axis] + step - 1) / step
        let room = type.shape[axis] - 1 - low[axis]
        let last = room < 0 ? -1 : min(operand.shape[axis] - 1, room / step)
        if last < first { return result }
        shape.append(last - first + 1)
        steps.append(targetStrides[axis] * step)
        sourceOffset += first * sourceStrides[axis]
        targetOffset += (low[axis] + first * step) * targetStrides[axis]
    }
    try dispatchWidth(type.dtype, StridedCopy(nest: StridedNest(shape: shape, source: sourceStrides, target: steps),
                                              source: operand.bytes, sourceOffset: sourceOffset,
                                              target: result.bytes, targetOffset: targetOffset))
    return result
}
