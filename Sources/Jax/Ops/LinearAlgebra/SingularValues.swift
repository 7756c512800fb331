// Singular value decomposition by one-sided Jacobi rotations: slow to start, simple, and accurate to the last digits also
// for small singular values.
import JaxPlatform

/// Decomposes `a` (rows >= columns), given by its columns as the ROWS of `columns` (n by m). Afterwards the rows of `columns`
/// are the left singular vectors, the rows of `right` (n by n) the right ones (A v = s u), `values` descends.
/// Gives 0, or 1 where the rotations did not converge.
func singularValues<T: LinearScalar>(_ columns: Matrix<T>, _ right: Matrix<T>,
                                     _ values: UnsafeMutablePointer<Double>) throws(JaxError) -> Int {
    let n = columns.rows, m = columns.columns
    right.setIdentity()
    var hasConverged = false
    var sweep = 0
    while !hasConverged && sweep < 60 {
        hasConverged = true
        sweep += 1
        for p in 0..<max(n - 1, 0) {
            try checkpoint()
            for q in (p + 1)..<n {
                let x = columns.row(p), y = columns.row(q)
                var alpha = 0.0, beta = 0.0
                for k in 0..<m {
                    alpha += x[k].squaredSize
                    beta += y[k].squaredSize
                }
                let gamma = innerProduct(x, y, m)
                let size = gamma.squaredSize.squareRoot()
                if !(size > Double.ulpOfOne * (alpha * beta).squareRoot()) || size == 0 { continue }
                hasConverged = false
                let zeta = (beta - alpha) / (2 * size)
                let t = (zeta >= 0 ? 1 : -1) / (zeta.magnitude + (1 + zeta * zeta).squareRoot())
                let c = 1 / (1 + t * t).squareRoot(), s = c * t
                // The phase turns the inner product real.
                let phase = gamma.scaled(1 / size).conjugate
                rotate(x, y, m, c, s, phase)
                rotate(right.row(p), right.row(q), n, c, s, phase)
            }
        }
    }
    for i in 0..<n {
        var size = 0.0
        for k in 0..<m { size += columns[i, k].squaredSize }
        values[i] = size.squareRoot()
    }
    for i in 0..<n {
        var largest = i
        for j in (i + 1)..<max(n, i + 1) where values[j] > values[largest] { largest = j }
        if largest == i { continue }
        (values[i], values[largest]) = (values[largest], values[i])
        swapRows(columns, i, largest)
        swapRows(right, i, largest)
    }
    // Columns of length zero say nothing of a direction: `completeBasis` fills them in.
    let threshold = n > 0 ? values[0] * Double.ulpOfOne * Double(max(m, n)) : 0
    for i in 0..<n {
        let scale = values[i] > threshold && values[i] > 0 ? 1 / values[i] : 0
        for k in 0..<m { columns[i, k] = columns[i, k].scaled(scale) }
    }
    return hasConverged ? 0 : 1
}

private func rotate<T: LinearScalar>(_ x: UnsafeMutablePointer<T>, _ y: UnsafeMutablePointer<T>,
                                     _ count: Int, _ c: Double, _ s: Double, _ phase: T) {
    for k in 0..<count {
        let turned = y[k] * phase
        let old = x[k]
        x[k] = old.scaled(c) - turned.scaled(s)
        y[k] = old.scaled(s) + turned.scaled(c)
    }
}

private func swapRows<T: LinearScalar>(_ a: Matrix<T>, _ i: Int, _ j: Int) {
    let x = a.row(i), y = a.row(j)
    for k in 0..<a.columns { (x[k], y[k]) = (y[k], x[k]) }
}

/// Makes the rows of `basis` orthonormal where they are zero: each is replaced by a direction that the others lack. Rows
/// that are not zero must be orthonormal already.
func completeBasis<T: LinearScalar>(_ basis: Matrix<T>) throws(JaxError) {
    let m = basis.columns
    var candidate = 0
    for i in 0..<basis.rows {
        let row = basis.row(i)
        if innerProduct(row, row, m).realPart > 0.25 { continue }
        while candidate < m {
            try checkpoint()
            for k in 0..<m { row[k] = T.zero }
            row[candidate] = T.one
            candidate += 1
            // Twice is enough for orthogonality to working precision.
            for _ in 0..<2 {
                for j in 0..<basis.rows where j != i {
                    let other = basis.row(j)
                    let share = innerProduct(other, row, m)
                    if share.squaredSize != 0 { subtractScaled(row, share, other, m) }
                }
            }
            let size = innerProduct(row, row, m).realPart.squareRoot()
            if size > 0.5 / Double(m).squareRoot() {
                for k in 0..<m { row[k] = row[k].scaled(1 / size) }
                break
            }
            for k in 0..<m { row[k] = T.zero }
        }
    }
}
