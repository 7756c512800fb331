// Derivatives of eigenvalues and eigenvectors where no two eigenvalues are equal (M. Giles, "An extended collection of matrix derivative
// results", 2.3 and 3.1; jax/_src/lax/linalg.py).
import JaxIR
import JaxPlatform

extension Builder {
    /// 1 / (w_j - w_i), and 0 on the diagonal, as matrices of `type`.
    fileprivate func inverseDifferences(_ values: ValueID, _ type: TensorType) throws(JaxError) -> ValueID {
        let count = type.shape.last!
        let differences = try subtract(try rows(values, count), try columns(values, count)), identity = try identity(like: differences)
        return try subtract(try reciprocal(try add(differences, identity)), identity)
    }
}

/// Of the vectors and values of a Hermitian matrix a: with p = v^H da v, dw is the diagonal of p and dv = v (p / (w_j - w_i)).
private func hermitianEigenTangent(_ b: Builder, vectors: ValueID, values: ValueID, _ tangent: ValueID) throws(JaxError)
    -> (vectors: ValueID, values: ValueID) {
    let type = try b.tensorType(vectors)
    let turned = try b.product(try b.product(try b.adjoint(vectors), tangent), vectors)
    let factors = try b.inverseDifferences(try b.convert(values, to: type.dtype), type)
    let diagonal = try b.diagonal(turned)
    return (try b.product(vectors, try b.multiply(factors, turned)), type.dtype.isComplex ? try b.one(.real, [diagonal]) : diagonal)
}

/// syevd and heevd, and Eigh: vectors, values, and where there is one, info.
func hermitianCallTangent(_ b: Builder, _ operation: Operation, _ tangents: [ValueID?]) throws(JaxError) -> [ValueID?] {
    var made = [ValueID?](repeating: nil, count: operation.results.count)
    guard let tangent = tangents[0] else { return made }
    let (vectors, values) = try hermitianEigenTangent(b, vectors: operation.results[0], values: operation.results[1], tangent)
    (made[0], made[1]) = (vectors, values)
    return made
}

/// geev: values (in two parts for a real matrix), left and right vectors, info.
func generalEigenTangent(_ b: Builder, _ operation: Operation, _ tangents: [ValueID?]) throws(JaxError) -> [ValueID?] {
    let results = operation.results, isComplex = results.count == 4, first = isComplex ? 1 : 2
    var made = [ValueID?](repeating: nil, count: results.count)
    guard let given = tangents[0] else { return made }
    let call = operation.parameters(CustomCallParameters.self)
    let parameters = unsafeDowncast(call.configuration, to: EigenParameters.self)
    let type = try b.tensorType(results[first]), tangent = try b.convert(given, to: type.dtype)
    let values = isComplex ? results[0] : try b.one(.complex, [results[0], results[1]])
    let change: ValueID
    if parameters.computesLeft || parameters.computesRight {
        let right = parameters.computesRight ? results[first + 1] : try rightVectors(b, operation)
        let vectors: ValueID
        (change, vectors) = try eigenTangent(b, values, right, tangent)
        if parameters.computesRight { made[first + 1] = vectors }
        if parameters.computesLeft {
            made[first] = try eigenTangent(b, try b.conjugate(values), results[first], try b.adjoint(tangent)).vectors
        }
    } else {
        let right = try rightVectors(b, operation)
        change = try b.sum(try b.multiply(try b.solve(right, tangent), try b.transposed(right)), axes: [type.rank - 1])
    }
    if isComplex {
        made[0] = change
    } else {
        made[0] = try b.one(.real, [change])
        made[1] = try b.one(.imag, [change])
    }
    return made
}

private func rightVectors(_ b: Builder, _ operation: Operation) throws(JaxError) -> ValueID {
    let call = operation.parameters(CustomCallParameters.self)
    let made = try b.matrixCall(call.target, operation.operands, [characterAttribute("compute_left", UInt8(ascii: "N")),
                                                                  characterAttribute("compute_right", UInt8(ascii: "V"))],
                                results: call.resultTypes.compactMap { $0.tensor })
    return made[made.count - 2]
}

/// With p = v⁻¹ da v: dw is the diagonal of p, and dv_j = u_j + c_j v_j with u = v (p / (w_j - w_i)). LAPACK's vectors have length 1 and a
/// real component of the largest magnitude, which fixes c_j.
private func eigenTangent(_ b: Builder, _ values: ValueID, _ vectors: ValueID, _ tangent: ValueID) throws(JaxError)
    -> (values: ValueID, vectors: ValueID) {
    let type = try b.tensorType(vectors), rank = type.rank, size = type.shape.last!
    let turned = try b.product(try b.solve(vectors, tangent), vectors)
    let change = try b.product(vectors, try b.multiply(try b.inverseDifferences(values, type), turned))
    let along = try b.one(.real, [try b.sum(try b.multiply(try b.conjugate(vectors), change), axes: [rank - 2])])
    let largest = try largestComponents(b, vectors)
    func taken(_ a: ValueID) throws(JaxError) -> ValueID {
        try b.sum(try b.select(largest, a, try b.filled(0, like: a)), axes: [rank - 2])
    }
    let across = try b.divide(try b.one(.imag, [try taken(change)]), try b.one(.real, [try taken(vectors)]))
    let factor = try b.one(.complex, [try b.negate(along), try b.negate(across)])
    return (try b.diagonal(turned), try b.add(change, try b.multiply(vectors, try b.rows(factor, size))))
}

/// In each column the first component of the largest magnitude, as a mask.
private func largestComponents(_ b: Builder, _ vectors: ValueID) throws(JaxError) -> ValueID {
    let magnitudes = try b.one(.abs, [vectors]), type = try b.tensorType(magnitudes), axis = type.rank - 2
    let count = type.shape[axis], dimensions = type.shape.indices.filter { $0 != axis }
    let most = try b.reduce(.maximum, magnitudes, try b.constant(0, TensorType(type.dtype, [])), axes: [axis])
    let places = TensorType(.i32, type.shape), place = try b.iota(places, dimension: axis)
    let isLargest = try b.compare(.equal, magnitudes, try b.broadcast(most, to: type.shape, dimensions: dimensions))
    let candidates = try b.select(isLargest, place, try b.constant(Double(count), places))
    let first = try b.reduce(.minimum, candidates, try b.constant(Double(count), TensorType(.i32, [])), axes: [axis])
    return try b.compare(.equal, place, try b.broadcast(first, to: type.shape, dimensions: dimensions))
}
