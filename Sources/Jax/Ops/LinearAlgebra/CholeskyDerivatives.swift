// Derivatives of the Cholesky factorisation and of triangular solves (I. Murray, "Differentiation of the Cholesky decomposition",
// arXiv 1602.07527; jax/_src/lax/linalg.py has the same conventions).
import JaxIR
import JaxPlatform

/// From a = l l^H: dl = l Φ(l⁻¹ da l⁻ᴴ), where Φ takes the lower triangle and half of the diagonal. The triangle of the result that is no
/// part of the factor is the argument's, so its tangent is the argument's too.
func choleskyTangent(_ b: Builder, _ factor: ValueID, _ tangent: ValueID, lower: Bool) throws(JaxError) -> ValueID {
    let l = lower ? try b.lowerTriangle(factor) : try b.adjoint(try b.upperTriangle(factor))
    let given = lower ? tangent : try b.adjoint(tangent)
    let right = try b.triangularSolve(l, given, left: false, lower: true, .adjoint)
    let both = try b.triangularSolve(l, right, left: true, lower: true)
    let half = try b.subtract(try b.lowerTriangle(both), try b.scale(try b.diagonalPart(both), by: 0.5))
    let product = try b.product(l, half)
    return try b.select(try b.isPlace(like: tangent, row: lower ? .greaterOrEqual : .lessOrEqual),
                        lower ? product : try b.adjoint(product), tangent)
}

/// From op(a) x = b: dx = op(a)⁻¹ (db - op(da) x), of da the triangle that counts; likewise on the other side.
func triangularSolveTangent(_ b: Builder, _ operation: Operation, _ tangents: [ValueID?], _ form: TriangularForm) throws(JaxError) -> ValueID? {
    let a = operation.operands[0], x = operation.results[0]
    let change = try tangents[0].map { (tangent) throws(JaxError) in
        var change = form.lower ? try b.lowerTriangle(tangent, strict: form.unitDiagonal) : try b.upperTriangle(tangent, strict: form.unitDiagonal)
        if form.transposed { change = try b.transposed(change) }
        if form.conjugated { change = try b.conjugate(change) }
        return try b.negate(form.left ? try b.product(change, x) : try b.product(x, change))
    }
    guard let right = try b.sum(tangents[1], change) else { return nil }
    return try b.triangularSolve(a, right, left: form.left, lower: form.lower, unitDiagonal: form.unitDiagonal, form.transposition)
}

/// Of the right-hand side: a solve with the transposed matrix.
func transposedTriangularSolve(_ b: Builder, _ operation: Operation, _ cotangents: [ValueID?], _ linear: [Bool]) throws(JaxError) -> [ValueID?] {
    guard !linear[0], let cotangent = cotangents[0] else {
        throw JaxError(.notImplemented, "Transpose rule (for reverse-mode differentiation) for 'triangular_solve' not implemented")
    }
    let a = operation.operands[0], form = operation.parameters(TriangularSolveParameters.self).form
    func solved(_ right: ValueID, _ transposition: TriangularSolveParameters.Transposition) throws(JaxError) -> ValueID {
        try b.triangularSolve(a, right, left: form.left, lower: form.lower, unitDiagonal: form.unitDiagonal, transposition)
    }
    // The transpose of the adjoint is the conjugate.
    if form.conjugated { return [nil, try b.conjugate(try solved(try b.conjugate(cotangent), .none))] }
    return [nil, try solved(cotangent, form.transposed ? .none : .transpose)]
}

private extension TriangularForm {
    var transposition: TriangularSolveParameters.Transposition { conjugated ? .adjoint : transposed ? .transpose : .none }
}
