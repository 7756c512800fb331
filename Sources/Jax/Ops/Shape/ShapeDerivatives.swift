// Transposes of the operations that move elements, and the tangent of concatenate.
import JaxIR
import JaxPlatform

/// The permutation that undoes another.
func inverse(_ permutation: [Int]) -> [Int] {
    var inverse = [Int](repeating: 0, count: permutation.count)
    for (place, axis) in permutation.enumerated() { inverse[axis] = place }
    return inverse
}

/// Sums over what was repeated.
func transposedBroadcast(_ b: Builder, _ operation: Operation, _ cotangent: ValueID) throws(JaxError) -> ValueID {
    let parameters = operation.parameters(BroadcastParameters.self), operand = try b.tensorType(operation.operands[0])
    var kept: [Int] = []
    for (axis, target) in parameters.dimensions.enumerated() where operand.shape[axis] == parameters.shape[target] { kept.append(target) }
    let summed = parameters.shape.indices.filter { !kept.contains($0) }
    let sum = try b.sum(cotangent, axes: summed)
    // What is left is in the result's order; the operand may have another.
    let order = kept.sorted(), permutation = kept.map { target in order.firstIndex(of: target)! }
    return try b.reshape(try b.transpose(sum, permutation), operand.shape)
}

/// Of the operand: the padding cut off, and what lies between its elements left out. Of the value: the sum over the padding.
func transposedPad(_ b: Builder, _ operation: Operation, _ cotangent: ValueID, _ index: Int) throws(JaxError) -> ValueID {
    let parameters = operation.parameters(PadParameters.self), operand = try b.tensorType(operation.operands[0])
    let scalar = try b.constant(0, TensorType(operand.dtype, []))
    if index == 1 {
        let inner = try transposedPad(b, operation, cotangent, 0), all = Array(operand.shape.indices)
        return try b.subtract(try b.sum(cotangent, axes: all), try b.sum(inner, axes: all))
    }
    let none = [Int](repeating: 0, count: operand.rank)
    let cut = try b.one(.pad, [cotangent, scalar], PadParameters(low: parameters.low.map { -$0 }, high: parameters.high.map { -$0 }, interior: none))
    let limits = try b.tensorType(cut).shape
    if parameters.interior == none { return cut }
    return try b.one(.slice, [cut], SliceParameters(starts: none, limits: limits, strides: parameters.interior.map { $0 + 1 }))
}

/// Zeros around and between the elements that were taken.
func transposedSlice(_ b: Builder, _ operation: Operation, _ cotangent: ValueID) throws(JaxError) -> ValueID {
    let parameters = operation.parameters(SliceParameters.self), operand = try b.tensorType(operation.operands[0])
    let taken = try b.tensorType(cotangent).shape
    var high: [Int] = []
    for axis in taken.indices {
        let extent = taken[axis] == 0 ? 0 : (taken[axis] - 1) * parameters.strides[axis] + 1
        high.append(operand.shape[axis] - parameters.starts[axis] - extent)
    }
    let scalar = try b.constant(0, TensorType(operand.dtype, []))
    return try b.one(.pad, [cotangent, scalar], PadParameters(low: parameters.starts, high: high, interior: parameters.strides.map { $0 - 1 }))
}

func concatenateTangent(_ b: Builder, _ operation: Operation, _ tangents: [ValueID?]) throws(JaxError) -> [ValueID?] {
    var parts: [ValueID] = []
    for (operand, tangent) in zip(operation.operands, tangents) {
        if let tangent { parts.append(tangent) } else { parts.append(try b.filled(0, like: operand)) }
    }
    return [try b.one(.concatenate, parts, operation.parameters)]
}

/// Each operand's part.
func transposedConcatenate(_ b: Builder, _ operation: Operation, _ cotangents: [ValueID?], _ linear: [Bool]) throws(JaxError) -> [ValueID?] {
    var made = [ValueID?](repeating: nil, count: operation.operands.count)
    guard let cotangent = cotangents[0] else { return made }
    let axis = operation.parameters(DimensionParameters.self).dimension, shape = try b.tensorType(cotangent).shape
    var start = 0
    for (index, operand) in operation.operands.enumerated() {
        let size = try b.tensorType(operand).shape[axis]
        if linear[index] {
            var starts = [Int](repeating: 0, count: shape.count), limits = shape
            (starts[axis], limits[axis]) = (start, start + size)
            made[index] = try b.one(.slice, [cotangent], SliceParameters(starts: starts, limits: limits))
        }
        start += size
    }
    return made
}
