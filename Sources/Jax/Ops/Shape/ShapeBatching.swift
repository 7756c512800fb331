// Batching of the operations that move elements.
import JaxIR
import JaxPlatform

func batchedConcatenate(_ b: Builder, _ operation: Operation, _ operands: BatchedOperands) throws(JaxError) -> [ValueID]? {
    let axis = operation.parameters(DimensionParameters.self).dimension
    return [try b.concatenate(try operands.allBatched(), axis: axis + 1)]
}

/// With a value for each row, what is padded is selected.
func batchedPad(_ b: Builder, _ operation: Operation, _ operands: BatchedOperands) throws(JaxError) -> [ValueID]? {
    let p = operation.parameters(PadParameters.self)
    let padding = PadParameters(low: [0] + p.low, high: [0] + p.high, interior: [0] + p.interior)
    let operand = try operands.batched(0)
    guard operands.isBatched[1] else { return [try b.one(.pad, [operand, operands.values[1]], padding)] }
    let type = try b.tensorType(operand)
    let padded = try b.one(.pad, [operand, try b.constant(0, TensorType(type.dtype, []))], padding)
    let isElement = try b.one(.pad, [try b.constant(1, TensorType(.i1, type.shape)), try b.constant(0, TensorType(.i1, []))], padding)
    let values = try b.broadcast(operands.values[1], to: try b.tensorType(padded).shape, dimensions: [0])
    return [try b.select(isElement, padded, values)]
}

/// With starts for each row it is a gather.
func batchedDynamicSlice(_ b: Builder, _ operation: Operation, _ operands: BatchedOperands) throws(JaxError) -> [ValueID]? {
    let sizes = operation.parameters(SliceSizesParameters.self).sizes, shape = try operands.shape(0)
    guard operands.isBatched.dropFirst().contains(true) else {
        let zero = try startOfRow(b, operands.values)
        return [try b.one(.dynamicSlice, [operands.values[0], zero] + operands.values.dropFirst(), SliceSizesParameters([operands.size] + sizes))]
    }
    let isBatched = operands.isBatched[0], axes = Array(shape.indices)
    let indices = try startVectors(b, operands, from: 1, limits: axes.map { shape[$0] - sizes[$0] })
    let dimensions = WindowDimensions(windowDims: behind(axes), collapsed: [], operandBatching: isBatched ? [0] : [],
                                      indicesBatching: isBatched ? [0] : [], indexMap: isBatched ? behind(axes) : axes, indexVectorDim: 1)
    return [try b.one(.gather, [operands.values[0], indices], GatherParameters(dimensions, sliceSizes: (isBatched ? [1] : []) + sizes))]
}

/// With starts for each row it is a scatter.
func batchedDynamicUpdateSlice(_ b: Builder, _ operation: Operation, _ operands: BatchedOperands) throws(JaxError) -> [ValueID]? {
    let operand = try operands.batched(0), update = try operands.batched(1)
    guard operands.isBatched.dropFirst(2).contains(true) else {
        let zero = try startOfRow(b, Array(operands.values.dropFirst()))
        return [try b.one(.dynamicUpdateSlice, [operand, update, zero] + operands.values.dropFirst(2))]
    }
    let shape = try operands.shape(0), sizes = try operands.shape(1), axes = Array(shape.indices)
    let indices = try startVectors(b, operands, from: 2, limits: axes.map { shape[$0] - sizes[$0] })
    let dimensions = WindowDimensions(windowDims: behind(axes), collapsed: [], operandBatching: [0], indicesBatching: [0],
                                      indexMap: behind(axes), indexVectorDim: 1)
    let scalar = ValueType.tensor(TensorType(try b.tensorType(operand).dtype, []))
    let region = try b.region([scalar, scalar]) { (_, p) throws(JaxError) in [p[1]] }
    return [try b.one(.scatter, [operand, indices, update], ScatterParameters(dimensions, indicesAreSorted: true, uniqueIndices: true),
                      regions: [region])]
}

/// A zero like the starts behind the first operand; of i32 where there are none.
private func startOfRow(_ b: Builder, _ values: [ValueID]) throws(JaxError) -> ValueID {
    try b.constant(0, TensorType(values.count > 1 ? try b.tensorType(values[1]).dtype : .i32, []))
}

/// The starts of each row, between 0 and `limits`, as one index vector a row.
private func startVectors(_ b: Builder, _ operands: BatchedOperands, from first: Int, limits: [Int]) throws(JaxError) -> ValueID {
    var columns: [ValueID] = []
    for index in first..<operands.values.count {
        let start = try operands.batched(index), type = try b.tensorType(start), scalar = TensorType(type.dtype, [])
        let inside = try b.one(.clamp, [try b.constant(0, scalar), start, try b.constant(Double(limits[index - first]), scalar)])
        columns.append(try b.reshape(try b.convert(inside, to: .i64), [operands.size, 1]))
    }
    if columns.isEmpty { return try b.constant(0, TensorType(.i64, [operands.size, 0])) }
    return try b.concatenate(columns, axis: 1)
}
