// Derivatives of the solution of tridiagonal systems (gtsv): linear in the right-hand side, and dx = m⁻¹ (db - dm x).
import JaxIR
import JaxPlatform

/// Operands are the lower, the main and the upper diagonal, as long as the matrix has rows, and the right-hand side. Results: what the
/// elimination made of the diagonals, whose derivatives nobody asks for; the solution; info.
func tridiagonalTangent(_ b: Builder, _ operation: Operation, _ tangents: [ValueID?]) throws(JaxError) -> [ValueID?] {
    let solution = operation.results[3], shape = try b.tensorType(solution).shape, rank = shape.count, n = shape[rank - 2]
    func shifted(from start: Int, to limit: Int, low: Int) throws(JaxError) -> ValueID {
        let part = try b.slice(solution, axis: rank - 2, from: start, to: limit)
        let zero = try b.constant(0, TensorType(try b.tensorType(solution).dtype, Array(shape[..<(rank - 2)]) + [1, shape[rank - 1]]))
        return try b.concatenate(low == 1 ? [zero, part] : [part, zero], axis: rank - 2)
    }
    var right = tangents[3]
    for index in 0..<3 {
        guard let tangent = tangents[index], n > 0 else { continue }
        let neighbours = index == 1 ? solution : index == 0 ? try shifted(from: 0, to: n - 1, low: 1) : try shifted(from: 1, to: n, low: 0)
        right = try b.sum(right, try b.negate(try b.scaleRows(neighbours, tangent)))
    }
    guard let right else { return [nil, nil, nil, nil, nil] }
    return [nil, nil, nil, try tridiagonalSolve(b, operation, Array(operation.operands[..<3]), right), nil]
}

/// Of the right-hand side: the system of the transposed matrix.
func transposedTridiagonal(_ b: Builder, _ operation: Operation, _ cotangents: [ValueID?], _ linear: [Bool]) throws(JaxError) -> [ValueID?] {
    guard !linear[0], !linear[1], !linear[2] else {
        throw JaxError(.notImplemented, "Transpose rule (for reverse-mode differentiation) for 'tridiagonal_solve' not implemented")
    }
    guard let cotangent = cotangents[3] else { return [nil, nil, nil, nil] }
    let lower = operation.operands[0], upper = operation.operands[2], shape = try b.tensorType(lower).shape
    let axis = shape.count - 1, n = shape[axis]
    if n == 0 { return [nil, nil, nil, cotangent] }
    let zero = try b.slice(try b.filled(0, like: lower), axis: axis, from: 0, to: 1)
    let below = try b.concatenate([zero, try b.slice(upper, axis: axis, from: 0, to: n - 1)], axis: axis)
    let above = try b.concatenate([try b.slice(lower, axis: axis, from: 1, to: n), zero], axis: axis)
    return [nil, nil, nil, try tridiagonalSolve(b, operation, [below, operation.operands[1], above], cotangent)]
}

private func tridiagonalSolve(_ b: Builder, _ operation: Operation, _ diagonals: [ValueID], _ right: ValueID) throws(JaxError) -> ValueID {
    let call = operation.parameters(CustomCallParameters.self)
    return try b.matrixCall(call.target, diagonals + [right], results: call.resultTypes.compactMap { $0.tensor })[3]
}
