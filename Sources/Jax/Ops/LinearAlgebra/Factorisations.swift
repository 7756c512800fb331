// Factorisations of stacks of matrices, in LAPACK's conventions: what the custom calls of `LapackCalls.swift` and
// `DeviceCalls.swift` share. Result numbers are given by the caller where the two differ.
import JaxIR
import JaxPlatform

/// LU: result 0 the factors, result 1 the pivots from `base` up. Then either `info` or the permutation of the rows.
func factorLU<T: LinearScalar>(_ scalar: T.Type, _ call: MatrixCall, pivotBase: Int, info: Int?, permutation: Int?) throws(JaxError) {
    let k = min(call.rows, call.columns)
    try call.forEach { (index) throws(JaxError) in
        let a = try Matrix<T>(call.rows, call.columns)
        defer { a.free() }
        a.load(call.operands[0], index)
        let scratch = try Scratch(words: k + call.rows + 1)
        defer { scratch.free() }
        let pivots = scratch.words.integers, order = pivots + k
        let failed = try factorLU(a, pivots)
        a.store(call.results[0], index)
        for i in 0..<call.rows { order[i] = Int64(i) }
        for i in 0..<k {
            let other = Int(pivots[i])
            (order[i], order[other]) = (order[other], order[i])
            pivots[i] += Int64(pivotBase)
        }
        call.storeVector(1, index, integers: pivots, k)
        if let info { call.storeInfo(info, index, failed) }
        if let permutation { call.storeVector(permutation, index, integers: order, call.rows) }
    }
}

/// QR: result 0 R over the reflectors, result 1 their factors.
func factorQR<T: LinearScalar>(_ scalar: T.Type, _ call: MatrixCall) throws(JaxError) {
    let k = min(call.rows, call.columns)
    try call.forEach { (index) throws(JaxError) in
        let a = try Matrix<T>(call.rows, call.columns)
        defer { a.free() }
        let taus = try Matrix<T>(1, k)
        defer { taus.free() }
        a.load(call.operands[0], index)
        try factorQR(a, taus.elements)
        a.store(call.results[0], index)
        call.storeVector(1, index, taus.elements, k)
    }
}

/// The product of the reflectors in operand 0 with the factors in operand 1: its leading columns in result 0.
func formQ<T: LinearScalar>(_ scalar: T.Type, _ call: MatrixCall) throws(JaxError) {
    let count = call.operands[1].shape[call.operands[1].type.rank - 1]
    try call.forEach { (index) throws(JaxError) in
        let a = try Matrix<T>(call.rows, call.columns)
        defer { a.free() }
        let taus = try Matrix<T>(1, count)
        defer { taus.free() }
        a.load(call.operands[0], index)
        call.loadVector(1, index, taus.elements, count)
        try formQ(a, taus.elements, count)
        a.store(call.results[0], index)
    }
}

/// Eigenvectors as columns in result 0, ascending eigenvalues in result 1.
func eigenHermitian<T: LinearScalar>(_ scalar: T.Type, _ call: MatrixCall, lower: Bool, info: Int?) throws(JaxError) {
    let n = call.rows
    try call.forEach { (index) throws(JaxError) in
        let a = try Matrix<T>(n, n)
        defer { a.free() }
        let values = try Matrix<Double>(1, n)
        defer { values.free() }
        a.load(call.operands[0], index)
        fillHermitian(a, lower: lower)
        guard a.isFinite else { return try call.refuse(index, info: info) }
        let failed = try hermitianEigen(a, values.elements)
        a.store(call.results[0], index, transposed: true)
        call.storeVector(1, index, values.elements, n)
        if let info { call.storeInfo(info, index, failed) }
    }
}

/// Mirrors the given triangle into the other; the diagonal counts as real.
func fillHermitian<T: LinearScalar>(_ a: Matrix<T>, lower: Bool) {
    for i in 0..<a.rows {
        a[i, i] = T.real(a[i, i].realPart)
        for j in 0..<i {
            if lower { a[j, i] = a[i, j].conjugate } else { a[i, j] = a[j, i].conjugate }
        }
    }
}

/// Singular values in result 1, left vectors in result 2, right ones (adjoint) in result 3, info in result 4, as gesdd.
func decomposeSingular<T: LinearScalar>(_ scalar: T.Type, _ call: MatrixCall, hasVectors: Bool) throws(JaxError) {
    let m = call.rows, n = call.columns, k = min(m, n)
    call.results[0].bytes.copyMemory(from: call.operands[0].bytes, byteCount: call.operands[0].type.byteCount)
    let u = call.results[2], v = call.results[3]
    let leftCount = u.shape[u.type.rank - 1], rightCount = v.shape[v.type.rank - 2]
    try call.forEach { (index) throws(JaxError) in
        // A wide matrix is decomposed through its adjoint, whose left vectors are the right ones.
        let isWide = m < n
        let columns = try Matrix<T>(k, max(m, n))
        defer { columns.free() }
        let right = try Matrix<T>(k, k)
        defer { right.free() }
        let values = try Matrix<Double>(1, k)
        defer { values.free() }
        columns.load(call.operands[0], index, transposed: !isWide, conjugated: isWide)
        guard columns.isFinite else { return try call.refuse(index, info: 4) }
        let failed = try singularValues(columns, right, values.elements)
        call.storeVector(1, index, values.elements, k)
        call.storeInfo(4, index, failed)
        let longCount = isWide ? rightCount : leftCount
        let long = try Matrix<T>(longCount, max(m, n))
        defer { long.free() }
        long.fill(T.zero)
        if hasVectors {
            long.elements.update(from: columns.elements, count: min(longCount, k) * long.columns)
            try completeBasis(long)
        }
        // Rows of `long` and `right` are vectors: columns of u, and conjugated rows of the other.
        let left = isWide ? right : long, other = isWide ? long : right
        for i in 0..<(other.rows * other.columns) { other.elements[i] = other.elements[i].conjugate }
        left.store(u, index, transposed: true)
        other.store(v, index)
    }
}
