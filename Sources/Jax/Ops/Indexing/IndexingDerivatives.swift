// Derivatives of gather and scatter: each is the other's transpose, as far as both treat places outside of the operand alike. A gather moves
// its windows into the operand; a scatter leaves out what does not fit.
import JaxIR
import JaxPlatform

/// Adds the cotangents up where the windows were taken from.
func transposedGather(_ b: Builder, _ operation: Operation, _ cotangent: ValueID) throws(JaxError) -> ValueID {
    let p = operation.parameters(GatherParameters.self), operand = try b.tensorType(operation.operands[0])
    let indices = try insideIndices(b, operation.operands[1], p.dimensions, operand.shape, p.sliceSizes)
    let zeros = try b.constant(0, operand)
    return try scatterAdd(b, zeros, indices, cotangent, ScatterParameters(p.dimensions, indicesAreSorted: p.indicesAreSorted))
}

func scatterAdd(_ b: Builder, _ operand: ValueID, _ indices: ValueID, _ updates: ValueID,
                _ parameters: ScatterParameters) throws(JaxError) -> ValueID {
    let scalar = ValueType.tensor(TensorType(try b.tensorType(operand).dtype, []))
    let region = try b.region([scalar, scalar]) { (b, p) throws(JaxError) in [try b.add(p[0], p[1])] }
    return try b.one(.scatter, [operand, indices, updates], parameters, regions: [region])
}

/// The largest index vector, an element a component, as an array of the indices' type.
private func lastIndices(_ b: Builder, _ indices: ValueID, _ d: WindowDimensions, _ shape: [Int], _ sliceSizes: [Int]) throws(JaxError) -> ValueID {
    let type = try b.tensorType(indices)
    var parts: [ValueID] = []
    for axis in d.indexMap { parts.append(try b.constant(Double(max(shape[axis] - sliceSizes[axis], 0)), TensorType(type.dtype, [1]))) }
    if parts.isEmpty { return try b.constant(0, type) }
    let last = try b.concatenate(parts, axis: 0)
    return d.indexVectorDim < type.rank ? try b.broadcast(last, to: type.shape, dimensions: [d.indexVectorDim])
        : try b.broadcast(try b.reshape(last, []), to: type.shape, dimensions: [])
}

/// The indices where a gather takes its windows.
private func insideIndices(_ b: Builder, _ indices: ValueID, _ d: WindowDimensions, _ shape: [Int],
                           _ sliceSizes: [Int]) throws(JaxError) -> ValueID {
    if d.indexMap.isEmpty { return indices }
    return try b.one(.clamp, [try b.constant(0, TensorType(try b.tensorType(indices).dtype, [])), indices,
                              try lastIndices(b, indices, d, shape, sliceSizes)])
}

/// The sizes of the windows of updates, a dimension of the operand each.
private func windowSizes(_ d: WindowDimensions, operandRank: Int, updates: [Int]) -> [Int] {
    (0..<operandRank).map { axis in d.windowAxis(axis).map { updates[$0] } ?? 1 }
}

/// Of an array in the operand's shape, what lies where the updates go; zero for updates that are left out.
private func gathered(_ b: Builder, _ array: ValueID, _ operation: Operation) throws(JaxError) -> ValueID {
    let p = operation.parameters(ScatterParameters.self), d = p.dimensions, indices = operation.operands[operation.operands.count / 2]
    let shape = try b.tensorType(array).shape, updates = try b.tensorType(operation.operands[operation.operands.count / 2 + 1])
    let sizes = windowSizes(d, operandRank: shape.count, updates: updates.shape)
    let made = try b.one(.gather, [array, indices], GatherParameters(d, sliceSizes: sizes, indicesAreSorted: p.indicesAreSorted))
    let fits = try isInside(b, indices, d, shape, sizes, updates.shape)
    return try b.select(fits, made, try b.filled(0, like: made))
}

/// Whether each update's window lies within the operand, in the updates' shape.
private func isInside(_ b: Builder, _ indices: ValueID, _ d: WindowDimensions, _ shape: [Int], _ sizes: [Int],
                      _ updates: [Int]) throws(JaxError) -> ValueID {
    let type = try b.tensorType(indices)
    let scatterAxes = updates.indices.filter { !d.windowDims.contains($0) }
    if d.indexMap.isEmpty { return try b.constant(1, TensorType(.i1, updates)) }
    let last = try lastIndices(b, indices, d, shape, sizes)
    var fits = try b.one(.and, [try b.compare(.greaterOrEqual, indices, try b.filled(0, like: indices)), try b.compare(.lessOrEqual, indices, last)])
    if d.indexVectorDim < type.rank {
        fits = try b.reduce(.and, fits, try b.constant(1, TensorType(.i1, [])), axes: [d.indexVectorDim])
    }
    return try b.broadcast(fits, to: updates, dimensions: scatterAxes)
}

// MARK: scatter

func scatterTangent(_ b: Builder, _ operation: Operation, _ tangents: [ValueID?]) throws(JaxError) -> [ValueID?] {
    let region = operation.regions[0], p = operation.parameters(ScatterParameters.self)
    guard operation.operands.count == 3 else {
        throw JaxError(.notImplemented, "Differentiation rule for 'scatter' of several operands not implemented")
    }
    let operand = operation.operands[0], indices = operation.operands[1], updates = operation.operands[2]
    func orZeros(_ tangent: ValueID?, _ value: ValueID) throws(JaxError) -> ValueID {
        if let tangent { return tangent }
        return try b.filled(0, like: value)
    }
    let dOperand = try orZeros(tangents[0], operand), dUpdates = try orZeros(tangents[2], updates)
    if region.operations.isEmpty, region.results == [region.parameters[1]] {
        if p.uniqueIndices {
            return [try b.one(.scatter, [dOperand, indices, dUpdates], p, regions: [b.copy(region)])]
        }
        return [try lastWriterTangent(b, operation, dOperand, dUpdates)]
    }
    switch reducerCode(region) {
    case .add: return [try scatterAdd(b, dOperand, indices, dUpdates, p)]
    case .multiply:
        if tangents[2] != nil && !p.uniqueIndices {
            throw JaxError(.notImplemented, "scatter_mul gradients are only implemented if `unique_indices=True`")
        }
        let first = try b.one(.scatter, [dOperand, indices, updates], p, regions: [b.copy(region)])
        guard tangents[2] != nil else { return [first] }
        let factors = try b.multiply(dUpdates, try gathered(b, operand, operation))
        return [try b.add(first, try scatterAdd(b, try b.filled(0, like: operand), indices, factors, p))]
    case .maximum, .minimum: return [try extremeScatterTangent(b, operation, dOperand, dUpdates)]
    default: throw JaxError(.notImplemented, "Differentiation rule for 'scatter' with this computation not implemented")
    }
}

/// Several updates may go to one place, and the last one stays: numbers of the updates are scattered likewise, and say which they were.
private func lastWriterTangent(_ b: Builder, _ operation: Operation, _ dOperand: ValueID, _ dUpdates: ValueID) throws(JaxError) -> ValueID {
    let p = operation.parameters(ScatterParameters.self), operand = try b.tensorType(operation.operands[0])
    let updates = try b.tensorType(operation.operands[2]), indices = operation.operands[1]
    let flat = try b.iota(TensorType(.i32, [updates.elementCount]), dimension: 0)
    let numbers = try b.add(try b.reshape(flat, updates.shape), try b.constant(1, TensorType(.i32, updates.shape)))
    let zeros = try b.constant(0, TensorType(.i32, operand.shape))
    let region = try b.region([.tensor(TensorType(.i32, [])), .tensor(TensorType(.i32, []))]) { (_, p) throws(JaxError) in [p[1]] }
    let writers = try b.one(.scatter, [zeros, indices, numbers], p, regions: [region])
    let isKept = try b.compare(.equal, writers, zeros)
    let wins = try b.compare(.equal, try gathered(b, writers, operation), numbers)
    let rest = try b.select(isKept, dOperand, try b.filled(0, like: dOperand))
    return try scatterAdd(b, rest, indices, try b.select(wins, dUpdates, try b.filled(0, like: dUpdates)), p)
}

/// All that are equal to the result share its tangent.
private func extremeScatterTangent(_ b: Builder, _ operation: Operation, _ dOperand: ValueID, _ dUpdates: ValueID) throws(JaxError) -> ValueID {
    let p = operation.parameters(ScatterParameters.self), result = operation.results[0]
    let operand = operation.operands[0], indices = operation.operands[1], updates = operation.operands[2]
    let operandWins = try b.converted(try b.compare(.equal, operand, result), like: operand)
    let updateWins = try b.converted(try b.compare(.equal, updates, try gathered(b, result, operation)), like: updates)
    let count = try scatterAdd(b, operandWins, indices, updateWins, p)
    let one = try b.one(like: count)
    let share = try b.divide(one, try b.one(.maximum, [count, one]))
    let fromOperand = try b.multiply(dOperand, try b.multiply(operandWins, share))
    let fromUpdates = try b.multiply(dUpdates, try b.multiply(updateWins, try gathered(b, share, operation)))
    return try scatterAdd(b, fromOperand, indices, fromUpdates, p)
}

/// Of sums, and of updates that go to different places each.
func transposedScatter(_ b: Builder, _ operation: Operation, _ cotangents: [ValueID?], _ linear: [Bool]) throws(JaxError) -> [ValueID?] {
    let region = operation.regions[0], p = operation.parameters(ScatterParameters.self)
    guard operation.operands.count == 3, let cotangent = cotangents[0] else {
        throw JaxError(.notImplemented, "Transpose rule (for reverse-mode differentiation) for 'scatter' not implemented")
    }
    let indices = operation.operands[1]
    switch reducerCode(region) {
    case .add: return [linear[0] ? cotangent : nil, nil, linear[2] ? try gathered(b, cotangent, operation) : nil]
    case .multiply where linear == [true, false, false]:
        return [try b.one(.scatter, [cotangent, indices, operation.operands[2]], p, regions: [b.copy(region)]), nil, nil]
    default: break
    }
    guard region.operations.isEmpty, region.results == [region.parameters[1]] else {
        throw JaxError(.notImplemented, "Transpose rule (for reverse-mode differentiation) for 'scatter' not implemented")
    }
    let zeros = try b.filled(0, like: operation.operands[2])
    return [linear[0] ? try b.one(.scatter, [cotangent, indices, zeros], p, regions: [b.copy(region)]) : nil, nil,
            linear[2] ? try gathered(b, cotangent, operation) : nil]
}
