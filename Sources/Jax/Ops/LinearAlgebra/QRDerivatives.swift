// Derivatives of the QR factorisation as LAPACK has it: R over reflectors, and Q as a product of the reflectors. A program calls both
// separately, so that the tangent of Q goes through those of the reflectors.
//
// The product of k reflectors is I - v t v^H with a triangular t (R. Schreiber and C. Van Loan, "A storage-efficient WY representation"),
// which defines Q and its derivatives of any order. The other way, the first columns of Q - I have the triangular factors v and -t v_1^H
// (G. Ballard et al., "Reconstructing Householder vectors from tall-skinny QR"), so that a tangent of Q gives one of v and t.
//
// A reflector is left out (tau = 0) where its column is zero below the diagonal, and there it is no smooth function: the sign of R's row
// would change. Its derivative is that of Q with the other sign, of which tau is 2, and Q has the opposite column.
import JaxIR
import JaxPlatform

/// Q = (I - v t v^H) s.
private struct CompactProduct {
    let v: ValueID
    let t: ValueID
    /// 1 for each reflector, -1 for one that is left out.
    let signs: ValueID
    let rows: Int
    let count: Int

    /// From reflectors below the diagonal of the first columns, and their factors.
    init(_ b: Builder, _ reflectors: ValueID, _ taus: ValueID) throws(JaxError) {
        let shape = try b.tensorType(reflectors).shape
        rows = shape[shape.count - 2]
        count = try b.tensorType(taus).shape.last!
        let below = try b.lowerTriangle(try b.corner(reflectors, rows, count), strict: true)
        v = try b.add(below, try b.identity(like: below))
        let isLeftOut = try b.compare(.equal, taus, try b.filled(0, like: taus))
        signs = try b.select(isLeftOut, try b.filled(-1, like: taus), try b.one(like: taus))
        // The tangents of the factors that are 0 are those of factors that are 2.
        let factors = try b.add(taus, try b.select(isLeftOut, try b.filled(2, like: taus), try b.filled(0, like: taus)))
        // t = (I + d striu(v^H v))⁻¹ d, d the diagonal matrix of the factors.
        let overlaps = try b.scaleRows(try b.upperTriangle(try b.product(try b.adjoint(v), v), strict: true), factors)
        t = try b.triangularSolve(overlaps, try b.diagonalPart(try b.rows(factors, count)), left: true, lower: false, unitDiagonal: true)
    }

    /// The signs of more columns, or rows, than there are reflectors.
    func signs(_ b: Builder, _ size: Int) throws(JaxError) -> ValueID {
        let type = try b.tensorType(signs), batch = Array(type.shape.dropLast())
        if size == count { return signs }
        return try b.concatenate([signs, try b.constant(1, TensorType(type.dtype, batch + [size - count]))], axis: batch.count)
    }

    /// The first columns of Q.
    func columns(_ b: Builder, _ size: Int) throws(JaxError) -> ValueID {
        let product = try b.product(v, try b.product(t, try b.adjoint(try b.corner(v, size, count))))
        return try b.scaleColumns(try b.subtract(try b.identity(like: product), product), try signs(b, size))
    }
}

/// geqrf and Qr: the tangents of R over the reflectors, and of the factors.
func factorQRTangent(_ b: Builder, _ operation: Operation, _ tangents: [ValueID?]) throws(JaxError) -> [ValueID?] {
    guard let tangent = tangents[0] else { return [nil, nil] }
    let type = try b.tensorType(tangent), rank = type.rank, m = type.shape[rank - 2], n = type.shape[rank - 1], k = min(m, n)
    let packed = operation.results[0], compact = try CompactProduct(b, packed, operation.results[1])
    let q = try compact.columns(b, k), qh = try b.adjoint(q), r = try b.upperTriangle(try b.corner(packed, k, n))
    let square = try b.corner(r, k, k)

    // With w = q^H da r⁻¹: its strictly lower triangle turns q, dq = q o + …, and the rest is dr r⁻¹; q takes the phases too.
    let right = try b.triangularSolve(square, try b.corner(tangent, m, k), left: false, lower: false)
    let w = try b.product(qh, right), below = try b.lowerTriangle(w, strict: true)
    var turn = try b.subtract(below, try b.adjoint(below))
    if type.dtype.isComplex {
        let phases = try b.diagonalPart(w)
        turn = try b.add(turn, try b.scale(try b.subtract(phases, try b.conjugate(phases)), by: 0.5))
    }
    let dq = try b.add(try b.product(q, try b.subtract(turn, w)), right)
    var dr = try b.upperTriangle(try b.product(try b.subtract(w, turn), square))
    let reflectors = try compact.tangents(b, dq)
    dr = try b.add(try b.padded(dr, m, k), reflectors.v)
    if n > k {
        let rest = try b.product(qh, try b.slice(tangent, axis: rank - 1, from: k, to: n))
        let turned = try b.product(turn, try b.slice(r, axis: rank - 1, from: k, to: n))
        dr = try b.concatenate([dr, try b.subtract(rest, turned)], axis: rank - 1)
    }
    return [dr, reflectors.taus]
}

private extension CompactProduct {
    /// The tangents of v (zero above and on the diagonal) and of the factors, from that of the first columns of Q.
    func tangents(_ b: Builder, _ dq: ValueID) throws(JaxError) -> (v: ValueID, taus: ValueID) {
        let rank = try b.tensorType(v).rank, top = try b.corner(v, count, count)
        let signed = try b.scaleColumns(dq, signs), upper = try b.negate(try b.product(t, try b.adjoint(top)))
        let left = try b.triangularSolve(top, try b.corner(signed, count, count), left: true, lower: true, unitDiagonal: true)
        let change = try b.lowerTriangle(try b.triangularSolve(upper, left, left: false, lower: false), strict: true)
        let upperChange = try b.subtract(left, try b.product(change, upper))
        var made = try b.product(top, change)
        if rows > count {
            let rest = try b.subtract(try b.slice(signed, axis: rank - 2, from: count, to: rows),
                                      try b.product(try b.slice(v, axis: rank - 2, from: count, to: rows), upperChange))
            made = try b.concatenate([made, try b.triangularSolve(upper, rest, left: false, lower: false)], axis: rank - 2)
        }
        // The diagonal of -t v_1^H is that of -t.
        return (made, try b.negate(try b.diagonal(upperChange)))
    }
}

/// orgqr, ungqr and ProductOfElementaryHouseholderReflectors: as many columns of Q as the reflectors' matrix has.
func composedQ(_ b: Builder, _ operation: Operation) throws(JaxError) -> [ValueID] {
    let reflectors = operation.operands[0]
    return [try CompactProduct(b, reflectors, operation.operands[1]).columns(b, try b.tensorType(reflectors).shape.last!)]
}

/// ormqr and unmqr: Q c, Q^H c, c Q or c Q^H.
func composedMultiplication(_ b: Builder, _ operation: Operation) throws(JaxError) -> [ValueID] {
    let call = operation.parameters(CustomCallParameters.self)
    let parameters = unsafeDowncast(call.configuration, to: MultiplyByQParameters.self)
    let compact = try CompactProduct(b, operation.operands[0], operation.operands[1]), signs = try compact.signs(b, compact.rows)
    let v = compact.v, vh = try b.adjoint(v), t = parameters.isAdjoint ? try b.adjoint(compact.t) : compact.t
    func signed(_ c: ValueID) throws(JaxError) -> ValueID {
        parameters.isLeft ? try b.scaleRows(c, signs) : try b.scaleColumns(c, signs)
    }
    func reflected(_ c: ValueID) throws(JaxError) -> ValueID {
        parameters.isLeft ? try b.subtract(c, try b.product(v, try b.product(t, try b.product(vh, c))))
            : try b.subtract(c, try b.product(try b.product(try b.product(c, v), t), vh))
    }
    // The signs stand on the right of Q, and on the left of its adjoint.
    let c = operation.operands[2]
    return [parameters.isLeft == parameters.isAdjoint ? try signed(try reflected(c)) : try reflected(try signed(c))]
}
