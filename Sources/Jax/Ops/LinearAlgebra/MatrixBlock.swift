// Blocks of matrices, and the working memory of algorithms that go by blocks: factorisations and triangular solves halve a matrix
// until a panel of a few columns is left, so that nearly all their work is products of blocks (`BlockProduct.swift`).
import JaxPlatform

/// Some rows and columns of a row-major matrix, in its memory.
struct MatrixBlock<T: LinearScalar> {
    let elements: UnsafeMutablePointer<T>
    /// Elements from one row to the next.
    let stride: Int
    let rows: Int
    let columns: Int

    @inline(__always) func row(_ i: Int) -> UnsafeMutablePointer<T> { elements + i &* stride }

    @inline(__always) subscript(i: Int, j: Int) -> T {
        get { elements[i &* stride &+ j] }
        nonmutating set { elements[i &* stride &+ j] = newValue }
    }

    func block(_ rows: Range<Int>, _ columns: Range<Int>) -> MatrixBlock {
        MatrixBlock(elements: row(rows.lowerBound) + columns.lowerBound, stride: stride, rows: rows.count, columns: columns.count)
    }
}

extension Matrix {
    var block: MatrixBlock<T> { MatrixBlock(elements: elements, stride: columns, rows: rows, columns: columns) }
}

/// Columns that are not halved any more.
let panelColumns = 16
/// Columns on the right of a panel's equations that are solved at once.
let stripColumns = 64

/// Where to halve `columns`, more than a panel: at a multiple of a panel's columns from the first.
func middle(_ columns: Range<Int>) -> Int {
    columns.lowerBound + (columns.count / 2 + panelColumns - 1) / panelColumns * panelColumns
}

/// Working memory of one blocked algorithm; whoever makes one frees it.
struct BlockWorkspace<T: LinearScalar> {
    /// Into how many parts products may be divided, which go to all processors.
    let parts: Int
    /// Room for a panel of the given rows, column after column, or for a strip of a panel's equations.
    let panel: UnsafeMutablePointer<T>
    /// Room for the packed factors of products: of the right one whole, of the left one a group of rows for each part.
    let packedColumns: UnsafeMutablePointer<Double>
    let packedRows: UnsafeMutablePointer<Double>
    private let scratch: Scratch

    /// For panels of `panelRows` and products of at most `depth` by `columns` on the right, divided where they are large.
    init(panelRows: Int, depth: Int, columns: Int, isDivided: Bool = true) throws(JaxError) {
        let scalars = MemoryLayout<T>.size / MemoryLayout<Double>.size
        let panelCount = max(panelRows, min(columns, stripColumns)) * panelColumns * scalars
        let isProduct = depth > 0 && columns > 0
        let columnCount = isProduct ? PackedBlock.columnCount(depth: depth * scalars, columns: columns * scalars) : 0
        parts = isDivided && max(panelRows, depth) * depth * columns / 4 >= PackedBlock.leastParallel ? PackedBlock.parts : 1
        let rowCount = isProduct ? parts * PackedBlock.partCount(depth: depth * scalars) : 0
        scratch = try Scratch(words: panelCount + columnCount + rowCount + 1)
        panel = scratch.bytes.assumingMemoryBound(to: T.self)
        packedColumns = scratch.doubles + panelCount
        packedRows = packedColumns + columnCount
    }

    func free() { scratch.free() }

    /// Copies a block of at most `panelColumns` columns into the panel.
    func loadPanel(_ a: MatrixBlock<T>) {
        for i in 0..<a.rows {
            let row = a.row(i)
            for j in 0..<a.columns { panel[j &* a.rows &+ i] = row[j] }
        }
    }

    /// Copies the panel back; of the rows of `a` only those from the diagonal down where `isLower`.
    func storePanel(_ a: MatrixBlock<T>, isLower: Bool) {
        for i in 0..<a.rows {
            let row = a.row(i)
            for j in 0..<(isLower ? min(a.columns, i + 1) : a.columns) { row[j] = panel[j &* a.rows &+ i] }
        }
    }
}
