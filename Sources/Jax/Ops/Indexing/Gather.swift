// gather, dynamic_gather and torch_index_select (`docs/spec.md`, gather). Elements are moved, never looked into.
import JaxIR
import JaxPlatform

func gatherFamily() -> [OpDefinition] {
    [
        OpDefinition(.gather, shape: gatherShape, evaluate: evaluateGather),
        OpDefinition(.dynamicGather, shape: dynamicGatherShape, evaluate: evaluateGather),
        OpDefinition(.torchIndexSelect, shape: indexSelectShape, evaluate: evaluateIndexSelect),
    ]
}

private func gatherShape(_ op: OpView) throws(JaxError) -> [ValueType] {
    try op.requireOperands(2)
    return try gatherResult(op, sliceSizes: try op.requiredIntegers("slice_sizes"))
}

/// The slice sizes are the third operand; the result's window dimensions are what the program declares.
private func dynamicGatherShape(_ op: OpView) throws(JaxError) -> [ValueType] {
    try op.requireOperands(3)
    try op.requireInteger(2, "slice_sizes")
    let rank = try op.tensor(0).rank
    let sizes = try op.tensor(2)
    try op.require(sizes.rank == 1 && agree(sizes.shape[0], rank), "slice_sizes must have one element a dimension of the operand, are \(sizes)")
    let dimensions = WindowDimensions(gather: op.attributes)
    let declared = try op.declaredTensor()
    try op.requireAxes(dimensions.windowDims, rank: declared.rank, "offset_dims")
    // Collapsed and batching dimensions have slices of one element; the others are declared.
    var slices = [Int](repeating: 1, count: rank)
    var next = 0
    for axis in 0..<rank where dimensions.isWindow(axis) && next < dimensions.windowDims.count {
        slices[axis] = declared.shape[dimensions.windowDims[next]]
        next += 1
    }
    return try gatherResult(op, sliceSizes: slices)
}

private func gatherResult(_ op: OpView, sliceSizes: [Int]) throws(JaxError) -> [ValueType] {
    let operand = try op.tensor(0), indices = try op.tensor(1)
    let dimensions = WindowDimensions(gather: op.attributes)
    try dimensions.check(op, operand: operand.shape, indices: indices)
    try op.require(sliceSizes.count == operand.rank, "slice_sizes \(text(sliceSizes)) must have one element a dimension of \(operand)")
    var window: [Int] = []
    for axis in 0..<operand.rank {
        let size = sliceSizes[axis]
        try op.require(isDynamic(size) || isDynamic(operand.shape[axis]) || size >= 0 && size <= operand.shape[axis],
                       "slice_sizes \(text(sliceSizes)) do not fit into \(operand)")
        if dimensions.isWindow(axis) { window.append(size) } else {
            try op.require(size <= 1, "slice_sizes \(text(sliceSizes)) must be 1 in collapsed and batching dimensions")
        }
    }
    let batch = dimensions.batchShape(indices.shape)
    try op.requireAxes(dimensions.windowDims, rank: batch.count + window.count, "offset_dims")
    var shape: [Int] = []
    var nextBatch = 0, nextWindow = 0
    for axis in 0..<(batch.count + window.count) {
        if dimensions.windowDims.contains(axis) {
            shape.append(window[nextWindow])
            nextWindow += 1
        } else {
            shape.append(batch[nextBatch])
            nextBatch += 1
        }
    }
    return [.tensor(TensorType(operand.dtype, shape))]
}

private func evaluateGather(_ frame: Frame, _ operation: Operation, _ operands: [RuntimeValue]) throws(JaxError) -> [RuntimeValue] {
    let type = try frame.resultTensorType(operation)
    let operand = try operands[0].asTensor()
    let dimensions = WindowDimensions(gather: operation.attributes)
    if operation.code == .dynamicGather {
        // What the shape rule took from the declared type must be what the program computes.
        let sizes = try operands[2].asTensor().indexList()
        var next = 0
        for axis in 0..<operand.type.rank {
            let expected = dimensions.isWindow(axis) ? type.shape[dimensions.windowDims[next]] : 1
            if dimensions.isWindow(axis) { next += 1 }
            if sizes[axis] != expected {
                throw JaxError(.valueError, "dynamic_gather: slice_sizes \(text(sizes)) do not give the declared result \(type)")
            }
        }
    }
    return [.tensor(try gather(operand, try operands[1].asTensor(), dimensions, type))]
}

/// Gathers windows of `operand`; the types have been checked. Indices out of bounds are clamped.
func gather(_ operand: Tensor, _ indices: Tensor, _ dimensions: WindowDimensions, _ type: TensorType) throws(JaxError) -> Tensor {
    let result = try Tensor(type)
    if result.elementCount == 0 { return result }
    let width = type.dtype.byteWidth
    if operand.elementCount == 0 {
        result.bytes.initializeMemory(as: UInt8.self, repeating: 0, count: type.byteCount)
        return result
    }
    let windows = try IndexedWindows(dimensions, operand: operand.type, indices: indices, outer: type)
    defer { windows.free() }
    var limits = windows.operandShape
    for axis in 0..<windows.rank { limits[axis] -= 1 }
    for (k, axis) in windows.windowAxes.enumerated() { limits[axis] = windows.operandShape[axis] - windows.windowSizes[k] }
    let nest = StridedNest(shape: windows.windowSizes, source: windows.windowOperandStrides, target: windows.windowOuterStrides)
    let source = UnsafeRawPointer(operand.bytes), target = result.bytes
    let strides = windows.operandStrides
    try inParallel(windows.batchCount, parts: partCount(windows.batchCount, work: result.elementCount)) { (_, range) throws(JaxError) in
        var start = [Int](repeating: 0, count: windows.rank)
        for batch in range {
            let outer = windows.place(batch, &start)
            var offset = 0
            for axis in 0..<windows.rank { offset &+= max(0, min(start[axis], limits[axis])) &* strides[axis] }
            if nest.shape.count == 1 {
                copyRow(width, source + offset * width, nest.source[0], target + outer * width, nest.target[0], nest.shape[0])
            } else {
                nest.forEachRow(sourceOffset: offset, targetOffset: outer) { from, to, count, sourceStride, targetStride in
                    copyRow(width, source + from * width, sourceStride, target + to * width, targetStride, count)
                }
            }
            if batch & 255 == 0 { try checkpoint() }
        }
    }
    return result
}

// MARK: - torch_index_select

/// `result[batch…, i…, rest…] = operand[batch…, index[batch…, i…], rest…]` along `dim`, with `batch_dims` leading
/// dimensions in common (StableHLO's dialect; no part of the specification).
private func indexSelectShape(_ op: OpView) throws(JaxError) -> [ValueType] {
    try op.requireOperands(2)
    let operand = try op.tensor(0), index = try op.tensor(1)
    try op.requireInteger(1, "index")
    let dim = try op.requiredInteger("dim"), batch = try op.requiredInteger("batch_dims")
    try op.require(dim >= 0 && dim < operand.rank, "dim \(dim) is not a dimension of \(operand)")
    try op.require(batch >= 0 && batch <= dim && batch <= index.rank, "batch_dims \(batch) must be at most dim \(dim) and the rank of \(index)")
    try op.require(agree(Array(operand.shape[..<batch]), Array(index.shape[..<batch])), "batch dimensions differ: \(operand) and \(index)")
    return [.tensor(TensorType(operand.dtype, Array(operand.shape[..<dim]) + Array(index.shape[batch...]) + Array(operand.shape[(dim + 1)...])))]
}

private func evaluateIndexSelect(_ frame: Frame, _ operation: Operation, _ operands: [RuntimeValue]) throws(JaxError) -> [RuntimeValue] {
    let operand = try operands[0].asTensor(), index = try operands[1].asTensor()
    let dim = operation.attributes.integer("dim") ?? 0, batch = operation.attributes.integer("batch_dims") ?? 0
    let type = try frame.resultTensorType(operation)
    let picked = index.type.rank - batch
    let before = Array(batch..<dim), after = Array((dim + picked)..<type.rank)
    let batching = Array(0..<batch)
    let dimensions = WindowDimensions(windowDims: before + after, collapsed: [dim], operandBatching: batching, indicesBatching: batching,
                                      indexMap: [dim], indexVectorDim: index.type.rank)
    return [.tensor(try gather(operand, index, dimensions, type))]
}
