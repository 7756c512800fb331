// Eigenvalues and eigenvectors of Hermitian matrices: Householder tridiagonalisation, then implicit QL.
import CMath
import JaxPlatform

/// Replaces the Hermitian `a` (both triangles filled) by its eigenvectors, one a ROW, unconjugated; the eigenvalues ascend.
/// Gives 0, or the number of an eigenvalue that did not converge.
func hermitianEigen<T: LinearScalar>(_ a: Matrix<T>, _ eigenvalues: UnsafeMutablePointer<Double>) throws(JaxError) -> Int {
    let n = a.rows
    if n == 0 { return 0 }
    let off = try Matrix<Double>(1, n)
    defer { off.free() }
    let taus = try Matrix<T>(1, n)
    defer { taus.free() }
    try reduceToTridiagonal(a, eigenvalues, off.elements, taus.elements)

    // Q, the product of the reflectors, then its transpose: rotations of columns become rotations of rows.
    let q = try Matrix<T>(n, n)
    defer { q.free() }
    q.setIdentity()
    let work = try Matrix<T>(2, n)
    defer { work.free() }
    let v = work.row(0)
    for k in (0..<(n - 1)).reversed() {
        let count = n - k - 1
        v[0] = T.one
        for i in 1..<max(count, 1) { v[i] = a[k + 1 + i, k] }
        applyReflector(taus.elements[k], v, count, q, row: k + 1, column: k + 1, work.row(1))
    }
    for i in 0..<n {
        for j in 0..<n { a[j, i] = q[i, j] }
    }
    off.elements[n - 1] = 0
    let info = try implicitQL(eigenvalues, off.elements, a)
    sortAscending(eigenvalues, a)
    return info
}

/// QL iterations with implicit shifts on a symmetric tridiagonal matrix; `off[n-1]` is scratch. Rows of `vectors` are
/// rotated along.
private func implicitQL<T: LinearScalar>(_ d: UnsafeMutablePointer<Double>,
                                         _ e: UnsafeMutablePointer<Double>, _ vectors: Matrix<T>) throws(JaxError) -> Int {
    let n = vectors.rows
    for l in 0..<n {
        var iterations = 0
        while true {
            // The end of the unreduced block that starts at l.
            var m = l
            while m < n - 1 {
                let size = d[m].magnitude + d[m + 1].magnitude
                if !(e[m].magnitude > Double.ulpOfOne * size) { break }
                m += 1
            }
            if m == l { break }
            try checkpoint()
            iterations += 1
            if iterations > 60 { return l + 1 }
            var g = (d[l + 1] - d[l]) / (2 * e[l])
            var r = hypot(g, 1)
            g = d[m] - d[l] + e[l] / (g + (g >= 0 ? r : -r))
            var s = 1.0, c = 1.0, p = 0.0
            var i = m - 1
            var isSplit = false
            while i >= l {
                let f = s * e[i], b = c * e[i]
                r = hypot(f, g)
                e[i + 1] = r
                if r == 0 {
                    d[i + 1] -= p
                    e[m] = 0
                    isSplit = true
                    break
                }
                s = f / r
                c = g / r
                g = d[i + 1] - p
                r = (d[i] - g) * s + 2 * c * b
                p = s * r
                d[i + 1] = g + p
                g = c * r - b
                let upper = vectors.row(i), lower = vectors.row(i + 1)
                for k in 0..<vectors.columns {
                    let old = lower[k]
                    lower[k] = upper[k].scaled(s) + old.scaled(c)
                    upper[k] = upper[k].scaled(c) - old.scaled(s)
                }
                i -= 1
            }
            if isSplit { continue }
            d[l] -= p
            e[l] = g
            e[m] = 0
        }
    }
    return 0
}

/// Sorts values and the rows that belong to them.
private func sortAscending<T: LinearScalar>(_ values: UnsafeMutablePointer<Double>, _ vectors: Matrix<T>) {
    for i in 0..<vectors.rows {
        var least = i
        for j in (i + 1)..<max(vectors.rows, i + 1) where values[j] < values[least] { least = j }
        if least == i { continue }
        (values[i], values[least]) = (values[least], values[i])
        let a = vectors.row(i), b = vectors.row(least)
        for k in 0..<vectors.columns { (a[k], b[k]) = (b[k], a[k]) }
    }
}
