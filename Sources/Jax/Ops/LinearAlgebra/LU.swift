// LU factorisation with partial pivoting (LAPACK's getrf) and tridiagonal systems (gtsv).
import JaxPlatform

/// Replaces `a` by its factors: L below the unit diagonal, U above. `pivots[i]` is the row that row i was exchanged with.
/// Gives the number of the first zero pivot plus one, or 0.
func factorLU<T: LinearScalar>(_ a: Matrix<T>, _ pivots: UnsafeMutablePointer<Int64>) throws(JaxError) -> Int {
    var info = 0
    for k in 0..<min(a.rows, a.columns) {
        if k & 15 == 0 { try checkpoint() }
        var pivot = k, size = a[k, k].pivotSize
        for i in (k + 1)..<max(a.rows, k + 1) where a[i, k].pivotSize > size {
            pivot = i
            size = a[i, k].pivotSize
        }
        pivots[k] = Int64(pivot)
        if size == 0 {
            if info == 0 { info = k + 1 }
            continue
        }
        if pivot != k {
            let upper = a.row(k), lower = a.row(pivot)
            for j in 0..<a.columns { (upper[j], lower[j]) = (lower[j], upper[j]) }
        }
        let top = a.row(k), diagonal = top[k]
        for i in (k + 1)..<max(a.rows, k + 1) {
            let row = a.row(i)
            row[k] = row[k] / diagonal
            subtractScaled(row + k + 1, row[k], top + k + 1, a.columns - k - 1)
        }
    }
    return info
}

/// Solves a tridiagonal system by Gaussian elimination with partial pivoting, as LAPACK's gtsv: `lower[1...]`, `diagonal` and
/// `upper[..<n-1]` are overwritten by the factors' diagonals (the second superdiagonal in `second`), `b` by the solution.
func solveTridiagonal<T: LinearScalar>(_ n: Int, _ lower: UnsafeMutablePointer<T>, _ diagonal: UnsafeMutablePointer<T>,
                                       _ upper: UnsafeMutablePointer<T>, _ second: UnsafeMutablePointer<T>, _ b: Matrix<T>) -> Int {
    for k in 0..<n { second[k] = T.zero }
    for k in 0..<max(n - 1, 0) {
        if lower[k + 1].pivotSize == 0 {
            if diagonal[k].pivotSize == 0 { return k + 1 }
            continue
        }
        if diagonal[k].pivotSize >= lower[k + 1].pivotSize {
            let factor = lower[k + 1] / diagonal[k]
            diagonal[k + 1] = diagonal[k + 1] - factor * upper[k]
            subtractScaled(b.row(k + 1), factor, b.row(k), b.columns)
        } else {
            let factor = diagonal[k] / lower[k + 1]
            diagonal[k] = lower[k + 1]
            let next = diagonal[k + 1]
            diagonal[k + 1] = upper[k] - factor * next
            if k < n - 2 {
                second[k] = upper[k + 1]
                upper[k + 1] = -(factor * upper[k + 1])
            }
            upper[k] = next
            let top = b.row(k), bottom = b.row(k + 1)
            for j in 0..<b.columns {
                let value = top[j]
                top[j] = bottom[j]
                bottom[j] = value - factor * bottom[j]
            }
        }
    }
    if n > 0 && diagonal[n - 1].pivotSize == 0 { return n }
    for k in (0..<n).reversed() {
        let row = b.row(k)
        if k + 1 < n { subtractScaled(row, upper[k], b.row(k + 1), b.columns) }
        if k + 2 < n { subtractScaled(row, second[k], b.row(k + 2), b.columns) }
        for j in 0..<b.columns { row[j] = row[j] / diagonal[k] }
    }
    return 0
}
