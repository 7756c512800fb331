// Derivatives of reduce. A sum is linear; the largest or smallest elements share the tangent; any other reducer is differentiated through
// a fold by halves, in which it works on arrays (as jax/_src/lax/lax.py does for products).
import JaxIR
import JaxPlatform

/// The code of the one operation that a reducer consists of.
func reducerCode(_ region: Region) -> OpCode? { ScalarFunction.singleOperation(region)?.code }

func reduceTangent(_ b: Builder, _ operation: Operation, _ tangents: [ValueID?]) throws(JaxError) -> [ValueID?]? {
    guard operation.operands.count == 2, try b.tensorType(operation.operands[0]).dtype == b.tensorType(operation.results[0]).dtype else {
        return nil
    }
    let axes = operation.parameters(DimensionsParameters.self).dimensions, x = operation.operands[0], y = operation.results[0]
    let shape = try b.tensorType(x).shape, kept = shape.indices.filter { !axes.contains($0) }
    switch reducerCode(operation.regions[0]) {
    case .add:
        let sum = try tangents[0].map { (t) throws(JaxError) in try b.sum(t, axes: axes) }
        let spread = try tangents[1].map { (t) throws(JaxError) in try b.broadcast(t, to: try b.tensorType(y).shape, dimensions: []) }
        return [try b.sum(sum, spread)]
    case .maximum, .minimum:
        guard let tangent = tangents[0], tangents[1] == nil, try !b.tensorType(x).dtype.isComplex else { return nil }
        let spread = try b.broadcast(y, to: shape, dimensions: kept)
        let isTaken = try b.converted(try b.compare(.equal, x, spread), like: x)
        return [try b.divide(try b.sum(try b.multiply(tangent, isTaken), axes: axes), try b.sum(isTaken, axes: axes))]
    default: return nil
    }
}

/// The transpose of a sum: the cotangent in every place.
func transposedReduce(_ b: Builder, _ operation: Operation, _ cotangents: [ValueID?], _ linear: [Bool]) throws(JaxError) -> [ValueID?] {
    guard operation.operands.count == 2, reducerCode(operation.regions[0]) == .add, let cotangent = cotangents[0] else {
        throw JaxError(.notImplemented, "Transpose rule (for reverse-mode differentiation) for 'reduce' not implemented")
    }
    let axes = operation.parameters(DimensionsParameters.self).dimensions, operand = try b.tensorType(operation.operands[0])
    let kept = operand.shape.indices.filter { !axes.contains($0) }
    return [linear[0] ? try b.convert(try b.broadcast(cotangent, to: operand.shape, dimensions: kept), to: operand.dtype) : nil,
            linear[1] ? try b.sum(cotangent, axes: Array(kept.indices)) : nil]
}

/// The fold by halves of a reduction, from its operands, its axes in front.
func halvedReduce(_ b: Builder, _ operation: Operation) throws(JaxError) -> [ValueID] {
    let count = operation.operands.count / 2, region = operation.regions[0]
    let axes = operation.parameters(DimensionsParameters.self).dimensions
    let shape = try b.tensorType(operation.operands[0]).shape, kept = shape.indices.filter { !axes.contains($0) }
    let keptShape = kept.map { shape[$0] }
    var size = axes.reduce(1) { $0 * shape[$1] }
    var arrays: [ValueID] = []
    for k in 0..<count {
        let moved = try b.transpose(operation.operands[k], axes + kept)
        let dtype = try b.tensorType(region.results[k]).dtype
        arrays.append(try b.convert(try b.reshape(moved, [size] + keptShape), to: dtype))
    }
    while size > 1 {
        let half = size / 2
        var halves: [ValueID] = []
        for array in arrays { halves.append(try b.slice(array, axis: 0, from: 0, to: half)) }
        for array in arrays { halves.append(try b.slice(array, axis: 0, from: half, to: 2 * half)) }
        let folded = try b.mapped(region, over: halves, [half] + keptShape)
        for k in 0..<count {
            arrays[k] = size % 2 == 0 ? folded[k] : try b.concatenate([folded[k], try b.slice(arrays[k], axis: 0, from: 2 * half, to: size)], axis: 0)
        }
        size = half + size % 2
    }
    var starts: [ValueID] = []
    for k in 0..<count {
        let dtype = try b.tensorType(region.results[k]).dtype
        starts.append(try b.broadcast(try b.convert(operation.operands[count + k], to: dtype), to: keptShape, dimensions: []))
    }
    if size == 0 { return starts }
    var last: [ValueID] = []
    for array in arrays { last.append(try b.reshape(array, keptShape)) }
    return try b.mapped(region, over: starts + last, keptShape)
}
