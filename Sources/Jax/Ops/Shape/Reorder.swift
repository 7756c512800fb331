// reshape, dynamic_reshape, transpose, reverse, concatenate (StableHLO, sections of these names).
import JaxIR
import JaxPlatform

func reorderFamily() -> [OpDefinition] {
    [
        OpDefinition(.reshape, shape: reshapeRule, tensor: evaluateReshape),
        OpDefinition(.dynamicReshape, shape: reshapeRule, tensor: evaluateReshape),
        OpDefinition(.transpose, shape: transposeRule, tensor: { frame, operation, operands throws(JaxError) in
            guard let permutation = operation.attributes.integers("permutation") else {
                throw JaxError(.internalError, "transpose: the attribute permutation is missing")
            }
            return try transpose(try operands[0].asTensor(), permutation)
        }),
        OpDefinition(.reverse, shape: reverseRule, tensor: { frame, operation, operands throws(JaxError) in
            try reverse(try operands[0].asTensor(), operation.attributes.integers("dimensions") ?? [])
        }),
        OpDefinition(.concatenate, shape: concatenateRule, tensor: evaluateConcatenate),
    ]
}

// MARK: reshape

private func reshapeRule(_ view: OpView) throws(JaxError) -> [ValueType] {
    let isDynamic = view.operation.code == .dynamicReshape
    try view.requireOperands(isDynamic ? 2 : 1)
    let operand = try view.tensor(0), result = try view.declaredTensor()
    try view.require(agree(try product(operand.shape), try product(result.shape)),
                     "cannot reshape \(operand) to \(text(result.shape)): the number of elements differs")
    if isDynamic { try view.requireShapeOperand(1, rank: result.rank) }
    return [.tensor(TensorType(operand.dtype, result.shape))]
}

private func evaluateReshape(_ frame: Frame, _ operation: Operation, _ operands: inout [RuntimeValue]) throws(JaxError) -> Tensor {
    Tensor(try frame.resultTensorType(operation), storage: try operands[0].asTensor().storage)
}

// MARK: transpose

private func transposeRule(_ view: OpView) throws(JaxError) -> [ValueType] {
    try view.requireOperands(1)
    let operand = try view.tensor(0)
    let permutation = try view.requiredIntegers("permutation")
    try view.requireAxes(permutation, rank: operand.rank, "permutation")
    try view.require(permutation.count == operand.rank, "permutation \(text(permutation)) must name each dimension of \(operand)")
    var shape: [Int] = []
    for axis in permutation { shape.append(operand.shape[axis]) }
    return [.tensor(TensorType(operand.dtype, shape))]
}

/// The operand with dimension `permutation[i]` as its dimension i.
func transpose(_ operand: Tensor, _ permutation: [Int]) throws(JaxError) -> Tensor {
    let strides = operand.type.strides
    var shape: [Int] = [], source: [Int] = []
    for axis in permutation {
        shape.append(operand.shape[axis])
        source.append(strides[axis])
    }
    let type = TensorType(operand.dtype, shape)
    let nest = StridedNest(shape: shape, source: source, target: type.strides)
    if nest.shape.count == 1 && nest.source[0] == 1 { return Tensor(type, storage: operand.storage) }
    let result = try Tensor(type)
    try dispatchWidth(type.dtype, StridedCopy(nest: nest, source: operand.bytes, sourceOffset: 0,
                                              target: result.bytes, targetOffset: 0))
    return result
}

// MARK: reverse

private func reverseRule(_ view: OpView) throws(JaxError) -> [ValueType] {
    try view.requireOperands(1)
    let operand = try view.tensor(0)
    try view.requireAxes(try view.requiredIntegers("dimensions"), rank: operand.rank, "dimensions")
    return [.tensor(operand)]
}

/// The operand with `dimensions` in reverse order.
func reverse(_ operand: Tensor, _ dimensions: [Int]) throws(JaxError) -> Tensor {
    let result = try Tensor(operand.type)
    if operand.elementCount == 0 { return result }
    let strides = operand.type.strides
    var source = strides, offset = 0
    for axis in dimensions {
        source[axis] = -strides[axis]
        offset += strides[axis] * (operand.shape[axis] - 1)
    }
    try dispatchWidth(operand.dtype, StridedCopy(
        nest: StridedNest(shape: operand.shape, source: source, target: strides),
        source: operand.bytes, sourceOffset: offset, target: result.bytes, targetOffset: 0))
    return result
}

// MARK: concatenate

private func concatenateRule(_ view: OpView) throws(JaxError) -> [ValueType] {
    try view.require(view.operandCount > 0, "takes at least one operand")
    var type = try view.tensor(0)
    let axis = try view.requiredInteger("dimension")
    try view.requireAxes([axis], rank: type.rank, "dimension")
    let operands = text(try view.tensors())
    for index in 1..<view.operandCount {
        let other = try view.tensor(index)
        var expected = type.shape
        if other.rank == type.rank { expected[axis] = other.shape[axis] }
        try view.require(other.dtype == type.dtype && agree(other.shape, expected),
                         "operands must agree but in dimension \(axis), are \(operands)")
        let merged = merge(type.shape, other.shape)
        let size: Int
        if isDynamic(type.shape[axis]) || isDynamic(other.shape[axis]) {
            size = TensorType.dynamic
        } else {
            let (sum, overflow) = type.shape[axis].addingReportingOverflow(other.shape[axis])
            try view.require(!overflow, "the sizes in dimension \(axis) add up to too much")
            size = sum
        }
        type.shape = merged
        type.shape[axis] = size
    }
    return [.tensor(type)]
}

private func evaluateConcatenate(_ frame: Frame, _ operation: Operation, _ operands: inout [RuntimeValue]) throws(JaxError) -> Tensor {
    let type = try frame.resultTensorType(operation)
    let axis = operation.attributes.integer("dimension") ?? 0
    var tensors: [Tensor] = []
    for operand in operands { tensors.append(try operand.asTensor()) }
    return try concatenate(tensors, axis: axis, type)
}

/// The operands one after the other along `axis`, which make up `type`.
func concatenate(_ operands: [Tensor], axis: Int, _ type: TensorType) throws(JaxError) -> Tensor {
    let result = try Tensor(type)
    var outer = 1
    for size in type.shape[..<axis] { outer *= size }
    if type.elementCount == 0 { return result }
    let rowBytes = type.byteCount / outer
    var offset = 0
    for operand in operands {
        let bytes = operand.type.byteCount / outer
        for row in 0..<outer {
            (result.bytes + offset + row * rowBytes).copyMemory(from: operand.bytes + row * bytes, byteCount: bytes)
        }
        offset += bytes
    }
    return result
}
