// Derivatives of singular values and vectors where no two values are equal (M. Giles, "An extended collection of matrix derivative results",
// 3.2; jax/_src/lax/linalg.py).
import JaxIR
import JaxPlatform

/// gesdd and gesvd: the argument, the values, left vectors, adjoint right vectors, info.
func singularTangent(_ b: Builder, _ operation: Operation, _ tangents: [ValueID?]) throws(JaxError) -> [ValueID?] {
    guard let tangent = tangents[0] else { return operation.results.map { _ in nil } }
    let call = operation.parameters(CustomCallParameters.self), mode = unsafeDowncast(call.configuration, to: SingularParameters.self).mode
    let type = try b.tensorType(tangent), m = type.shape[type.rank - 2], n = type.shape[type.rank - 1], k = min(m, n)
    if mode == .all && m != n { throw JaxError(.notImplemented, "Singular value decomposition JVP not implemented for full matrices") }
    var results = operation.results
    if mode == .none {
        let batch = Array(type.shape.dropLast(2))
        let types = [type, try b.tensorType(results[1]), TensorType(type.dtype, batch + [m, k]), TensorType(type.dtype, batch + [k, n]),
                     TensorType(.i32, batch)]
        results = try b.matrixCall(call.target, operation.operands, [characterAttribute("mode", UInt8(ascii: "S"))], results: types)
    }
    let s = results[1], u = results[2], vh = results[3], uh = try b.adjoint(u), v = try b.adjoint(vh)
    let turned = try b.product(try b.product(uh, tangent), v), diagonal = try b.diagonal(turned)
    let values = type.dtype.isComplex ? try b.one(.real, [diagonal]) : diagonal
    if mode == .none { return [tangent, values, nil, nil, nil] }

    // f = 1 / (s_j² - s_i²), and 0 on the diagonal.
    let sRows = try b.rows(s, k), sColumns = try b.columns(s, k)
    let identity = try b.identity(like: sRows)
    let differences = try b.multiply(try b.add(sRows, sColumns), try b.subtract(sRows, sColumns))
    let factors = try b.convert(try b.subtract(try b.reciprocal(try b.add(differences, identity)), identity), to: type.dtype)
    let wide = try b.convert(s, to: type.dtype)
    func symmetric(_ a: ValueID) throws(JaxError) -> ValueID { try b.multiply(factors, try b.add(a, try b.adjoint(a))) }
    var left = try symmetric(try b.scaleColumns(turned, wide))
    if type.dtype.isComplex {
        // The phases: the imaginary part of the diagonal goes to the left vectors. That of a singular value 0 stays.
        let isZero = try b.convert(try b.compare(.equal, s, try b.filled(0, like: s)), to: try b.tensorType(s).dtype)
        let inverse = try b.subtract(try b.reciprocal(try b.add(s, isZero)), isZero)
        let skew = try b.scale(try b.subtract(turned, try b.adjoint(turned)), by: 0.5)
        left = try b.add(left, try b.scaleColumns(try b.diagonalPart(skew), try b.convert(inverse, to: type.dtype)))
    }
    var du = try b.product(u, left), dv = try b.product(v, try symmetric(try b.scaleRows(turned, wide)))
    /// What leads out of the space of the vectors.
    func outside(_ a: ValueID, _ vectors: ValueID, _ adjoint: ValueID) throws(JaxError) -> ValueID {
        let rest = try b.subtract(a, try b.product(vectors, try b.product(adjoint, a)))
        return try b.divide(rest, try b.rows(wide, try b.tensorType(rest).shape[type.rank - 2]))
    }
    if m > n { du = try b.add(du, try outside(try b.product(tangent, v), u, uh)) }
    if n > m { dv = try b.add(dv, try outside(try b.product(try b.adjoint(tangent), u), v, vh)) }
    return [tangent, values, du, try b.adjoint(dv), nil]
}
