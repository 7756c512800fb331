// Triangular systems (`docs/spec.md`, triangular_solve) and the Cholesky factorisation (cholesky), both by halves.
import JaxPlatform

/// So many columns on the right are one processor's.
private let slabColumns = 128

/// Solves `a x = b` in place of `b`, where the lower or upper triangle of `a` counts.
func solveTriangular<T: LinearScalar>(_ a: Matrix<T>, lower: Bool, unitDiagonal: Bool, _ b: Matrix<T>) throws(JaxError) {
    if a.rows <= panelColumns && b.columns <= stripColumns {
        return substitute(a.block, lower: lower, unitDiagonal: unitDiagonal, b.block, nil)
    }
    let slabs = (b.columns + slabColumns - 1) / slabColumns
    let parts = partCount(slabs, work: a.rows * b.columns)
    try inParallel(slabs, parts: parts) { (_, range) throws(JaxError) in
        let columns = (range.lowerBound * slabColumns)..<min(b.columns, range.upperBound * slabColumns)
        let workspace = try BlockWorkspace<T>(panelRows: 0, depth: a.rows > panelColumns ? a.rows : 0, columns: columns.count,
                                              isDivided: parts == 1)
        defer { workspace.free() }
        try solveTriangular(a.block, lower: lower, unitDiagonal: unitDiagonal, b.block.block(0..<b.rows, columns), workspace)
    }
}

/// The same for blocks: one half of the unknowns, what they contribute to the other half's equations, the other half.
func solveTriangular<T: LinearScalar>(_ a: MatrixBlock<T>, lower: Bool, unitDiagonal: Bool, _ b: MatrixBlock<T>,
                                      _ workspace: BlockWorkspace<T>) throws(JaxError) {
    let n = a.rows
    if n <= panelColumns {
        try checkpoint()
        return substitute(a, lower: lower, unitDiagonal: unitDiagonal, b, workspace.panel)
    }
    let top = 0..<middle(0..<n), bottom = middle(0..<n)..<n, all = 0..<b.columns
    let first = lower ? top : bottom, second = lower ? bottom : top
    try solveTriangular(a.block(first, first), lower: lower, unitDiagonal: unitDiagonal, b.block(first, all), workspace)
    try subtractProduct(b.block(second, all), a.block(second, first), b.block(first, all), workspace)
    try solveTriangular(a.block(second, second), lower: lower, unitDiagonal: unitDiagonal, b.block(second, all), workspace)
}

/// Forward or backward substitution: with `strip` for some columns at a time, which lie close together there.
private func substitute<T: LinearScalar>(_ a: MatrixBlock<T>, lower: Bool, unitDiagonal: Bool, _ b: MatrixBlock<T>,
                                         _ strip: UnsafeMutablePointer<T>?) {
    let n = a.rows
    for first in stride(from: 0, to: b.columns, by: stripColumns) {
        let count = min(stripColumns, b.columns - first)
        let x = strip ?? b.elements + first, rowStride = strip == nil ? b.stride : count
        if strip != nil {
            for i in 0..<n { for j in 0..<count { x[i &* rowStride &+ j] = b[i, first &+ j] } }
        }
        for step in 0..<n {
            let i = lower ? step : n - 1 - step
            let row = x + i &* rowStride
            for k in lower ? 0..<i : (i + 1)..<n { subtractScaled(row, a[i, k], x + k &* rowStride, count) }
            if unitDiagonal { continue }
            let diagonal = a[i, i]
            for j in 0..<count { row[j] = row[j] / diagonal }
        }
        if strip != nil {
            for i in 0..<n { for j in 0..<count { b[i, first &+ j] = x[i &* rowStride &+ j] } }
        }
    }
}

/// Replaces the lower triangle of `a` by L with `a = L L^H`. Gives the order of the first leading minor that is not
/// positive definite, or 0.
func factorCholesky<T: LinearScalar>(_ a: Matrix<T>) throws(JaxError) -> Int {
    if a.rows <= panelColumns { return factorSmallCholesky(a) }
    let workspace = try BlockWorkspace<T>(panelRows: a.rows, depth: a.columns, columns: a.columns)
    defer { workspace.free() }
    return try factorCholesky(a.block, 0..<a.columns, workspace)
}

/// The same row by row: what blocks want would take longer than a small matrix.
private func factorSmallCholesky<T: LinearScalar>(_ a: Matrix<T>) -> Int {
    for i in 0..<a.rows {
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

/// Finishes these columns, to which all columns before them have contributed, from the diagonal down.
private func factorCholesky<T: LinearScalar>(_ a: MatrixBlock<T>, _ columns: Range<Int>,
                                             _ workspace: BlockWorkspace<T>) throws(JaxError) -> Int {
    if columns.count <= panelColumns {
        try checkpoint()
        let block = a.block(columns.lowerBound..<a.rows, columns)
        workspace.loadPanel(block)
        let failed = factorCholeskyPanel(workspace.panel, rows: block.rows, columns: block.columns)
        workspace.storePanel(block, isLower: true)
        return failed == 0 ? 0 : columns.lowerBound + failed
    }
    let left = columns.lowerBound..<middle(columns), right = middle(columns)..<columns.upperBound
    let failed = try factorCholesky(a, left, workspace)
    if failed != 0 { return failed }
    try subtractProduct(a.block(right.lowerBound..<a.rows, right), a.block(right.lowerBound..<a.rows, left), a.block(right, left),
                        isAdjoint: true, isLower: true, workspace)
    return try factorCholesky(a, right, workspace)
}

/// Factors columns that lie one after another, the first element of each on the first one's row.
private func factorCholeskyPanel<T: LinearScalar>(_ panel: UnsafeMutablePointer<T>, rows: Int, columns: Int) -> Int {
    for j in 0..<columns {
        let column = panel + j * rows
        let diagonal = column[j].realPart
        if !(diagonal > 0) { return j + 1 }
        let root = diagonal.squareRoot(), scale = 1 / root
        column[j] = T.real(root)
        for i in (j + 1)..<max(rows, j + 1) { column[i] = column[i].scaled(scale) }
        for k in (j + 1)..<max(columns, j + 1) { subtractScaled(panel + k * rows + k, column[k].conjugate, column + k, rows - k) }
    }
    return 0
}
