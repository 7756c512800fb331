// broadcast_in_dim, broadcast, dynamic_broadcast_in_dim (StableHLO, sections of these names; broadcast is deprecated).
import JaxIR
import JaxPlatform

func broadcastFamily() -> [OpDefinition] {
    [
        OpDefinition(.broadcastInDim, shape: broadcastInDimRule, tensor: evaluateBroadcastInDim),
        OpDefinition(.dynamicBroadcastInDim, shape: broadcastInDimRule, tensor: evaluateBroadcastInDim),
        OpDefinition(.broadcast, shape: { view throws(JaxError) in
            try view.requireOperands(1)
            let type = try view.tensor(0)
            let sizes = try view.requiredIntegers("broadcast_sizes")
            try view.require(!sizes.contains { $0 < 0 }, "broadcast_sizes \(text(sizes)) has a negative size")
            return [.tensor(TensorType(type.dtype, sizes + type.shape))]
        }, tensor: { frame, operation, operands throws(JaxError) in
            let operand = try operands[0].asTensor()
            let type = try frame.resultTensorType(operation)
            let leading = type.rank - operand.type.rank
            return try broadcast(operand, to: type, dimensions: Array(leading..<type.rank))
        }),
    ]
}

private func broadcastInDimRule(_ view: OpView) throws(JaxError) -> [ValueType] {
    let isDynamic = view.operation.code == .dynamicBroadcastInDim
    try view.requireOperands(isDynamic ? 2 : 1)
    let operand = try view.tensor(0), result = try view.declaredTensor()
    let dimensions = try view.requiredIntegers("broadcast_dimensions")
    try view.require(dimensions.count == operand.rank, "broadcast_dimensions \(text(dimensions)) must have one for each of \(operand)")
    try view.requireAxes(dimensions, rank: result.rank, "broadcast_dimensions")
    for (axis, target) in dimensions.enumerated() {
        let size = operand.shape[axis]
        try view.require(size == 1 || agree(size, result.shape[target]),
                         "cannot broadcast \(operand) to \(result): dimension \(axis) to \(target)")
    }
    if isDynamic { try view.requireShapeOperand(1, rank: result.rank) }
    return [.tensor(TensorType(operand.dtype, result.shape))]
}

private func evaluateBroadcastInDim(_ frame: Frame, _ operation: Operation, _ operands: inout [RuntimeValue]) throws(JaxError) -> Tensor {
    guard let dimensions = operation.attributes.integers("broadcast_dimensions") else {
        throw JaxError(.internalError, "broadcast_in_dim: the attribute broadcast_dimensions is missing")
    }
    return try broadcast(try operands[0].asTensor(), to: try frame.resultTensorType(operation), dimensions: dimensions)
}

/// `operand` repeated to fill `type`: its dimension i becomes the result's `dimensions[i]`, of the same size or from size 1.
func broadcast(_ operand: Tensor, to type: TensorType, dimensions: [Int]) throws(JaxError) -> Tensor {
    let count = type.elementCount
    if count == operand.elementCount {
        // Nothing is repeated; unless dimensions change places, the memory is the same.
        var isOrdered = true
        for i in 1..<max(dimensions.count, 1) where dimensions[i] < dimensions[i - 1] { isOrdered = false }
        if isOrdered { return Tensor(type, storage: operand.storage) }
    }
    let result = try Tensor(type)
    if count == 0 { return result }
    if operand.elementCount == 1 {
        try dispatchWidth(type.dtype, FillKernel(value: operand.bytes, result: result))
        return result
    }
    var source = [Int](repeating: 0, count: type.rank)
    let strides = operand.type.strides
    for (axis, target) in dimensions.enumerated() where operand.shape[axis] != 1 { source[target] = strides[axis] }
    try dispatchWidth(type.dtype, StridedCopy(
        nest: StridedNest(shape: type.shape, source: source, target: type.strides),
        source: operand.bytes, sourceOffset: 0, target: result.bytes, targetOffset: 0))
    return result
}

extension OpView {
    /// Throws unless operand `index` is a vector of `rank` integers: a shape, strides or starts.
    func requireShapeOperand(_ index: Int, rank: Int) throws(JaxError) {
        let type = try tensor(index)
        try require(type.dtype.isInteger && type.rank == 1 && agree(type.shape[0], rank),
                    "operand \(index) must be a vector of \(rank) integers, is \(type)")
    }
}
