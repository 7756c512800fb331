// Derivatives of the LU factorisation with pivots (De Hoog, Anderssen and Lukas, "Differentiation of matrix functionals using triangular
// factorization"; jax/_src/lax/linalg.py), and the permutation that pivots amount to.
import JaxIR
import JaxPlatform

/// From p a = l u: l⁻¹ (p da) u⁻¹ = l⁻¹ dl + du u⁻¹, whose strictly lower triangle is the first term and whose upper triangle the second.
/// `order`: which row of `a` is each row of the product.
func luTangent(_ b: Builder, _ factors: ValueID, order: ValueID, _ tangent: ValueID) throws(JaxError) -> ValueID {
    let shape = try b.tensorType(factors).shape, m = shape[shape.count - 2], n = shape[shape.count - 1], k = min(m, n)
    // Square matrices: the identity stands where there are no factors.
    var lower = try b.padded(try b.lowerTriangle(try b.corner(factors, m, k), strict: true), m, m)
    lower = try b.add(lower, try b.identity(like: lower))
    var upper = try b.padded(try b.upperTriangle(try b.corner(factors, k, n)), n, n)
    if n > k {
        let isBelow = try b.compare(.greaterOrEqual, try b.iota(TensorType(.i32, try b.tensorType(upper).shape), dimension: shape.count - 2),
                                    try b.constant(Double(k), TensorType(.i32, try b.tensorType(upper).shape)))
        upper = try b.select(isBelow, try b.identity(like: upper), upper)
    }
    let left = try b.triangularSolve(lower, try b.permutedRows(tangent, order), left: true, lower: true, unitDiagonal: true)
    let both = try b.triangularSolve(upper, left, left: false, lower: false)
    return try b.add(try b.product(lower, try b.lowerTriangle(both, strict: true)), try b.product(try b.upperTriangle(both), upper))
}

extension Builder {
    /// Rows of `a` in the order given, by a product with the matrix of the permutation.
    func permutedRows(_ a: ValueID, _ order: ValueID) throws(JaxError) -> ValueID {
        let count = try tensorType(order).shape.last!, given = try columns(order, count), shape = try tensorType(given).shape
        let isTaken = try compare(.equal, given, try iota(TensorType(try tensorType(order).dtype, shape), dimension: shape.count - 1))
        return try product(try convert(isTaken, to: try tensorType(a).dtype), a)
    }

    /// The permutation of `count` rows that interchanges amount to: row i with row `pivots[i] - base`, one after another.
    func permutation(_ pivots: ValueID, base: Int, count: Int) throws(JaxError) -> ValueID {
        let type = try tensorType(pivots), batch = Array(type.shape.dropLast()), rank = batch.count
        let shape = batch + [count], whole = TensorType(.i32, shape), scalar = TensorType(.i32, [])
        let zeroBased = try subtract(pivots, try constant(Double(base), type))
        let steps = try transpose(zeroBased, [rank] + Array(0..<rank))
        let body = try region([.tensor(scalar), .tensor(whole), .tensor(TensorType(.i32, batch))]) { b, values throws(JaxError) in
            let (step, order, pivot) = (values[0], values[1], values[2])
            let places = try b.iota(whole, dimension: rank)
            let isStep = try b.compare(.equal, places, try b.broadcast(step, to: shape, dimensions: []))
            let isPivot = try b.compare(.equal, places, try b.broadcast(pivot, to: shape, dimensions: Array(0..<rank)))
            let zeros = try b.constant(0, whole)
            func taken(_ mask: ValueID) throws(JaxError) -> ValueID {
                try b.broadcast(try b.sum(try b.select(mask, order, zeros), axes: [rank]), to: shape, dimensions: Array(0..<rank))
            }
            let next = try b.select(isStep, try taken(isPivot), try b.select(isPivot, try taken(isStep), order))
            return [try b.add(step, try b.constant(1, scalar)), next]
        }
        return try emit(.scan, [try constant(0, scalar), try iota(whole, dimension: rank), steps],
                        ScanParameters(length: type.shape[rank], carryCount: 2), regions: [body])[1]
    }

    /// a⁻¹ times the right-hand side, by LU.
    func solve(_ a: ValueID, _ right: ValueID) throws(JaxError) -> ValueID {
        let type = try tensorType(a), batch = Array(type.shape.dropLast(2)), n = type.shape.last!
        let made = try matrixCall(lapackTarget("getrf", type.dtype), [a], results: [type, TensorType(.i32, batch + [n]), TensorType(.i32, batch)])
        let order = try permutation(made[1], base: 1, count: n)
        let lower = try triangularSolve(made[0], try permutedRows(right, order), left: true, lower: true, unitDiagonal: true)
        return try triangularSolve(made[0], lower, left: true, lower: false)
    }
}
