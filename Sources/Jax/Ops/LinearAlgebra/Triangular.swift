// Triangular systems (`docs/spec.md`, triangular_solve) and the Cholesky factorisation (cholesky).
import JaxPlatform

/// Solves `a x = b` in place of `b`, where the lower or upper triangle of `a` counts.
func solveTriangular<T: LinearScalar>(_ a: Matrix<T>, lower: Bool, unitDiagonal: Bool, _ b: Matrix<T>) throws(JaxError) {
    let n = a.rows
    for step in 0..<n {
        if step & 15 == 0 { try checkpoint() }
        let i = lower ? step : n - 1 - step
        let row = b.row(i)
        for k in lower ? 0..<i : (i + 1)..<n { subtractScaled(row, a[i, k], b.row(k), b.columns) }
        if !unitDiagonal {
            let diagonal = a[i, i]
            for j in 0..<b.columns { row[j] = row[j] / diagonal }
        }
    }
}

/// Replaces the lower triangle of `a` by L with `a = L L^H`. Gives the order of the first leading minor that is not
/// positive definite, or 0.
func factorCholesky<T: LinearScalar>(_ a: Matrix<T>) throws(JaxError) -> Int {
    for i in 0..<a.rows {
        if i & 15 == 0 { try checkpoint() }
        let row = a.row(i)
        for j in 0..<i {
            let other = a.row(j)
            var sum = row[j]
            for k in 0..<j { sum = sum - row[k] * other[k].conjugate }
            row[j] = sum.scaled(1 / other[j].realPart)
        }
        var diagonal = row[i].realPart
        for k in 0..<i { diagonal -= row[k].squaredSize }
        if !(diagonal > 0) { return i + 1 }
        row[i] = T.real(diagonal.squareRoot())
    }
    return 0
}
