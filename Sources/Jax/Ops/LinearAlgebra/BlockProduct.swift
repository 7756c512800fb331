// Products of blocks, subtracted in place: register tiles over packed factors, on all processors. Complex numbers are products of
// real matrices of twice the depth and columns, whose interleaved rows stay as they are: (re, im) over (-im, re) on the right.
// An element's sum has one order, whatever the number of processors.
import JaxPlatform

/// How factors are packed for the register tiles.
enum PackedBlock {
    static let lanes = Double.Vector.scalarCount
    /// Scalars of the left factor's rows that are packed at once: one panel of the right factor over them fits the first-level cache.
    static let depth = 256
    /// Rows that one step computes.
    static let groupRows = 4 * tileRows
    /// The most parts into which rows are divided.
    static let parts = 16
    /// Products of fewer multiplications than this are one processor's.
    static let leastParallel = 1 << 20

    static func columnCount(depth: Int, columns: Int) -> Int { (columns + lanes - 1) / lanes * lanes * min(depth, self.depth) }

    /// A group of rows, and after it room for one tile.
    static func partCount(depth: Int) -> Int { groupRows * min(depth, self.depth) + tileRows * lanes }
}

/// `c -= a · b`, or `c -= a · bᴴ` where `isAdjoint`. With `isLower` only the triangle below and on the diagonal of `c` is computed, and
/// the other one left as it is.
func subtractProduct<T: LinearScalar>(_ c: MatrixBlock<T>, _ a: MatrixBlock<T>, _ b: MatrixBlock<T>, isAdjoint: Bool = false,
                                      isLower: Bool = false, _ workspace: BlockWorkspace<T>) throws(JaxError) {
    if c.rows == 0 || c.columns == 0 { return }
    let scalars = MemoryLayout<T>.size / MemoryLayout<Double>.size
    let groups = (c.rows + PackedBlock.groupRows - 1) / PackedBlock.groupRows
    let isSmall = c.rows * c.columns * a.columns < PackedBlock.leastParallel
    let parts = isSmall ? 1 : min(groups, workspace.parts)
    let most = PackedBlock.depth / scalars
    var first = 0
    while first < a.columns {
        let depth = first..<min(first + most, a.columns)
        packNegated(b, isAdjoint: isAdjoint, depth, columns: c.columns, workspace.packedColumns)
        let rowCount = PackedBlock.partCount(depth: depth.count * scalars)
        try inParallel(groups, parts: parts) { (part, range) throws(JaxError) in
            for group in range {
                try checkpoint()
                let rows = (group * PackedBlock.groupRows)..<min((group + 1) * PackedBlock.groupRows, c.rows)
                addGroup(c, a.block(rows, depth), rows, isLower: isLower, workspace.packedColumns,
                         workspace.packedRows + part * rowCount)
            }
        }
        first = depth.upperBound
    }
}

/// Packs the rows `depth` of -b, or of -bᴴ, in panels of one vector's columns; past the last column there are zeros.
private func packNegated<T: LinearScalar>(_ b: MatrixBlock<T>, isAdjoint: Bool, _ depth: Range<Int>, columns: Int,
                                          _ packed: UnsafeMutablePointer<Double>) {
    let isComplex = MemoryLayout<T>.size > MemoryLayout<Double>.size
    let lanes = PackedBlock.lanes, width = isComplex ? lanes / 2 : lanes
    var target = packed
    for first in stride(from: 0, to: columns, by: width) {
        for lane in 0..<width {
            let column = first + lane
            let isZero = column >= columns
            let source = isZero ? b.elements : isAdjoint ? b.row(column) + depth.lowerBound : b.row(depth.lowerBound) + column
            let step = isAdjoint ? 1 : b.stride
            for k in 0..<depth.count {
                let element = isZero ? T.zero : isAdjoint ? source[k].conjugate : source[k &* step]
                if isComplex {
                    let pair = target + (2 &* k &* lanes &+ 2 &* lane)
                    pair[0] = -element.realPart
                    pair[1] = -element.imaginaryPart
                    pair[lanes] = element.imaginaryPart
                    pair[lanes + 1] = -element.realPart
                } else {
                    target[k &* lanes &+ lane] = -element.realPart
                }
            }
        }
        target += (isComplex ? 2 : 1) * depth.count * lanes
    }
}

/// Adds the product of `a`, the rows `rows` of the left factor, and the packed right one to these rows of `c`. `packed` has room for
/// the rows and one tile.
private func addGroup<T: LinearScalar>(_ c: MatrixBlock<T>, _ a: MatrixBlock<T>, _ rows: Range<Int>, isLower: Bool,
                                       _ columns: UnsafePointer<Double>, _ packed: UnsafeMutablePointer<Double>) {
    let scalars = MemoryLayout<T>.size / MemoryLayout<Double>.size
    let lanes = PackedBlock.lanes, width = lanes / scalars, depth = a.columns * scalars
    let tiles = (rows.count + tileRows - 1) / tileRows
    let tile = packed + tiles * tileRows * depth
    packRows(a, packed)
    for first in stride(from: 0, to: isLower ? min(c.columns, rows.upperBound) : c.columns, by: width) {
        let panel = columns + first * scalars * depth
        for index in 0..<tiles {
            let top = rows.lowerBound + index * tileRows
            let count = min(tileRows, c.rows - top)
            if isLower && first >= top + count { continue }
            let target = UnsafeMutableRawPointer(c.row(top) + first).assumingMemoryBound(to: Double.self)
            if count == tileRows && first + width <= c.columns && !(isLower && first + width > top + 1) {
                multiplyPanels(packed + index * tileRows * depth, panel, depth: depth, target, rowStride: c.stride * scalars, isFused: true)
                continue
            }
            // A tile that is not all in use: by way of a whole one.
            for i in 0..<(tileRows * lanes) { tile[i] = 0 }
            multiplyPanels(packed + index * tileRows * depth, panel, depth: depth, tile, rowStride: lanes, isFused: true)
            for i in 0..<count {
                let kept = min(width, (isLower ? min(c.columns, top + i + 1) : c.columns) - first)
                for lane in 0..<max(0, kept * scalars) { target[i * c.stride * scalars + lane] += tile[i * lanes + lane] }
            }
        }
    }
}

/// Packs a group of rows in tiles; past the last row there are zeros.
private func packRows<T: LinearScalar>(_ a: MatrixBlock<T>, _ packed: UnsafeMutablePointer<Double>) {
    let depth = a.columns * MemoryLayout<T>.size / MemoryLayout<Double>.size
    var target = packed
    for top in stride(from: 0, to: a.rows, by: tileRows) {
        for i in 0..<tileRows {
            if top + i >= a.rows {
                for k in 0..<depth { target[k &* tileRows &+ i] = 0 }
                continue
            }
            let row = UnsafeMutableRawPointer(a.row(top + i)).assumingMemoryBound(to: Double.self)
            for k in 0..<depth { target[k &* tileRows &+ i] = row[k] }
        }
        target += depth * tileRows
    }
}
