// Triangular systems (`docs/spec.md`, triangular_solve) and the Cholesky factorisation (cholesky), both by halves.
import JaxPlatform

/// So many columns on the right are one processor's.
private let slabColumns = 128

/// Solves `a x = b` in place of `b`, where the lower or upper triangle of `a` counts.
func solveTriangular<T: LinearScalar>(_ a: Matrix<T>, lower: Bool, unitDiagonal: Bool, _ b: Matrix<T>) throws(JaxError) {
    let slabs = (b.columns + slabColumns - 1) / slabColumns
    let parts = partCount(slabs, work: a.rows * b.columns)
    try inParallel(slabs, parts: parts) { (_, range) throws(JaxError) in
        let columns = (range.lowerBound * slabColumns)..<min(b.columns, range.upperBound * slabColumns)
        let workspace = try BlockWorkspace<T>(panelRows: 0, depth: a.rows > panelColumns ? a.rows : 0, columns: columns.count,
                                              parts: parts > 1 ? 1 : PackedBlock.parts)
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

/// Forward or backward substitution, for some columns at a time: in a strip of their own they lie close together.
private func substitute<T: LinearScalar>(_ a: MatrixBlock<T>, lower: Bool, unitDiagonal: Bool, _ b: MatrixBlock<T>,
                                         _ strip: UnsafeMutablePointer<T>) {
    let n = a.rows
    for first in stride(from: 0, to: b.columns, by: stripColumns) {
        let count = min(stripColumns, b.columns - first)
        for i in 0..<n {
            let row = b.row(i) + first
            for j in 0..<count { strip[i &* count &+ j] = row[j] }
        }
        for step in 0..<n {
            let i = lower ? step : n - 1 - step
            let row = strip + i &* count
            for k in lower ? 0..<i : (i + 1)..<n { subtractScaled(row, a[i, k], strip + k &* count, count) }
            let diagonal = unitDiagonal ? T.one : a[i, i], target = b.row(i) + first
            if !unitDiagonal { for j in 0..<count { row[j] = row[j] / diagonal } }
            for j in 0..<count { target[j] = row[j] }
        }
    }
}

/// Replaces the lower triangle of `a` by L with `a = L L^H`. Gives the order of the first leading minor that is not
/// positive definite, or 0.
func factorCholesky<T: LinearScalar>(_ a: Matrix<T>) throws(JaxError) -> Int {
    let isProduct = a.columns > panelColumns
    let workspace = try BlockWorkspace<T>(panelRows: a.rows, depth: isProduct ? a.columns : 0, columns: a.columns)
    defer { workspace.free() }
    return try factorCholesky(a.block, 0..<a.columns, workspace)
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

/// The same for columns that lie one after another, the first element of each on the first one's row.
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
