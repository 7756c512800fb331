// LU factorisation with partial pivoting (LAPACK's getrf), by halves of the columns, and tridiagonal systems (gtsv).
import JaxPlatform

/// Replaces `a` by its factors: L below the unit diagonal, U above. `pivots[i]` is the row that row i was exchanged with.
/// Gives the number of the first zero pivot plus one, or 0.
func factorLU<T: LinearScalar>(_ a: Matrix<T>, _ pivots: UnsafeMutablePointer<Int64>) throws(JaxError) -> Int {
    if a.rows <= panelColumns && a.columns <= panelColumns { return factorSmallLU(a, pivots) }
    let square = 0..<min(a.rows, a.columns), rest = square.upperBound..<a.columns
    let isProduct = square.count > panelColumns
    let workspace = try BlockWorkspace<T>(panelRows: a.rows, depth: isProduct ? square.count : 0, columns: a.columns)
    defer { workspace.free() }
    let info = try factorLU(a.block, square, pivots, workspace)
    if !rest.isEmpty {
        exchangeRows(a.block, rest, pivots, square)
        try solveTriangular(a.block.block(square, square), lower: true, unitDiagonal: true, a.block.block(square, rest), workspace)
    }
    return info
}

/// The same row by row: what blocks want would take longer than a small matrix.
private func factorSmallLU<T: LinearScalar>(_ a: Matrix<T>, _ pivots: UnsafeMutablePointer<Int64>) -> Int {
    var info = 0
    for k in 0..<min(a.rows, a.columns) {
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
        exchangeRows(a.block, 0..<a.columns, pivots, k..<(k + 1))
        let top = a.row(k), diagonal = top[k]
        for i in (k + 1)..<max(a.rows, k + 1) {
            let row = a.row(i)
            row[k] = row[k] / diagonal
            subtractScaled(row + k + 1, row[k], top + k + 1, a.columns - k - 1)
        }
    }
    return info
}

/// Factors these columns from the diagonal down, when all columns before them have contributed; exchanges no rows of other columns.
private func factorLU<T: LinearScalar>(_ a: MatrixBlock<T>, _ columns: Range<Int>, _ pivots: UnsafeMutablePointer<Int64>,
                                       _ workspace: BlockWorkspace<T>) throws(JaxError) -> Int {
    if columns.count <= panelColumns {
        try checkpoint()
        let block = a.block(columns.lowerBound..<a.rows, columns)
        workspace.loadPanel(block)
        let info = factorLUPanel(workspace.panel, rows: block.rows, columns: block.columns, pivots + columns.lowerBound)
        workspace.storePanel(block, isLower: false)
        for k in columns { pivots[k] += Int64(columns.lowerBound) }
        return info == 0 ? 0 : columns.lowerBound + info
    }
    let left = columns.lowerBound..<middle(columns), right = middle(columns)..<columns.upperBound
    let below = right.lowerBound..<a.rows
    let info = try factorLU(a, left, pivots, workspace)
    exchangeRows(a, right, pivots, left)
    try solveTriangular(a.block(left, left), lower: true, unitDiagonal: true, a.block(left, right), workspace)
    try subtractProduct(a.block(below, right), a.block(below, left), a.block(left, right), workspace)
    let other = try factorLU(a, right, pivots, workspace)
    exchangeRows(a, left, pivots, right)
    return info == 0 ? other : info
}

/// Factors columns that lie one after another, the first element of each on the first one's row.
private func factorLUPanel<T: LinearScalar>(_ panel: UnsafeMutablePointer<T>, rows: Int, columns: Int,
                                            _ pivots: UnsafeMutablePointer<Int64>) -> Int {
    var info = 0
    for k in 0..<columns {
        let column = panel + k * rows
        var pivot = k, size = column[k].pivotSize
        for i in (k + 1)..<max(rows, k + 1) where column[i].pivotSize > size {
            pivot = i
            size = column[i].pivotSize
        }
        pivots[k] = Int64(pivot)
        if size == 0 {
            if info == 0 { info = k + 1 }
            continue
        }
        if pivot != k {
            for j in 0..<columns {
                let other = panel + j * rows
                (other[k], other[pivot]) = (other[pivot], other[k])
            }
        }
        let diagonal = column[k]
        for i in (k + 1)..<max(rows, k + 1) { column[i] = column[i] / diagonal }
        for j in (k + 1)..<max(columns, k + 1) {
            let other = panel + j * rows
            subtractScaled(other + k + 1, other[k], column + k + 1, rows - k - 1)
        }
    }
    return info
}

/// Exchanges, in the given columns, each row of `rows` with its pivot's, in order.
private func exchangeRows<T: LinearScalar>(_ a: MatrixBlock<T>, _ columns: Range<Int>, _ pivots: UnsafeMutablePointer<Int64>,
                                           _ rows: Range<Int>) {
    for i in rows where pivots[i] != Int64(i) {
        let upper = a.row(i), lower = a.row(Int(pivots[i]))
        for j in columns { (upper[j], lower[j]) = (lower[j], upper[j]) }
    }
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
