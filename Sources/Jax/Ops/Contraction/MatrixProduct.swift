// Matrix products over packed memory, in blocks of rows that go to all processors. dot_general and convolution describe
// where their elements lie; everything else is here.
import JaxIR
import JaxPlatform

/// Packs rows `rows` and columns `depth` of the left matrix: panels of `tileRows` rows, in each panel `tileRows` values for
/// one column after those for another. Rows past the last are filled with zeros.
typealias RowPacker<S> = (_ rows: Range<Int>, _ depth: Range<Int>, _ target: UnsafeMutablePointer<S>) -> Void

/// Stores the finished rows `rows`; row i of them lies `i * rowStride` elements from `source`.
typealias RowStore<S> = (_ rows: Range<Int>, _ source: UnsafePointer<S>, _ rowStride: Int) -> Void

/// The right matrix in panels of one vector's columns.
struct PackedColumns<S: ContractionScalar> {
    let depth: Int
    let columns: Int
    let panels: Int
    /// Whether products and sums round once. Parts of complex products do not, so that x · conj(x) is real.
    let isFused: Bool
    let scratch: Scratch

    init(depth: Int, columns: Int, isFused: Bool) throws(JaxError) {
        self.depth = depth
        self.isFused = isFused
        self.columns = columns
        let lanes = S.Vector.scalarCount
        panels = (columns + lanes - 1) / lanes
        let (count, overflow) = (panels * lanes).multipliedReportingOverflow(by: max(depth, 1) * MemoryLayout<S>.size)
        if overflow { throw JaxError(.resourceExhausted, "a matrix of \(depth) by \(columns) is too large") }
        scratch = try Scratch(byteCount: max(count, 1))
    }

    func free() { scratch.free() }

    var elements: UnsafeMutablePointer<S> { scratch.bytes.assumingMemoryBound(to: S.self) }

    /// Fills the panels from `source`, whose element (k, n) lies at `depthOffsets[k] + columnOffsets[n]`.
    func pack(_ source: UnsafePointer<S>, _ depthOffsets: [Int], _ columnOffsets: [Int]) {
        let lanes = S.Vector.scalarCount
        depthOffsets.withUnsafeBufferPointer { depthOffsets in
            columnOffsets.withUnsafeBufferPointer { columnOffsets in
                for panel in 0..<panels {
                    let first = panel * lanes, count = min(lanes, columns - first)
                    var target = elements + panel * depth * lanes
                    for k in 0..<depth {
                        let row = source + depthOffsets[k]
                        for lane in 0..<count { target[lane] = row[columnOffsets[first &+ lane]] }
                        for lane in count..<lanes { target[lane] = S.zero }
                        target += lanes
                    }
                }
            }
        }
    }

    /// The same for complex elements of two scalars, as the real matrix of twice the depth and columns whose product with
    /// interleaved complex rows is interleaved too: (re, im) over (−im, re).
    func packComplex(_ source: UnsafePointer<S>, _ depthOffsets: [Int], _ columnOffsets: [Int]) {
        let lanes = S.Vector.scalarCount
        for panel in 0..<panels {
            let first = panel * lanes
            var target = elements + panel * depth * lanes
            for k in 0..<depthOffsets.count {
                for lane in 0..<lanes {
                    let column = first + lane
                    if column >= columns {
                        target[lane] = S.zero
                        target[lanes + lane] = S.zero
                        continue
                    }
                    let element = source + depthOffsets[k] + columnOffsets[column / 2]
                    target[lane] = element[column & 1]
                    target[lanes + lane] = column & 1 == 0 ? S.negate(element[1]) : element[0]
                }
                target += 2 * lanes
            }
        }
    }
}

/// Rows that one step computes, and columns of the left matrix that are packed at once: the packed block fits the
/// second-level cache, one panel of the right matrix over that depth the first-level one.
private let blockRows = 8 * tileRows
private let blockDepth = 256

/// Working memory of one processor in a product.
struct ProductBuffers<S: ContractionScalar> {
    private let scratch: Scratch
    fileprivate let packed: UnsafeMutablePointer<S>
    fileprivate let rows: UnsafeMutablePointer<S>

    init(columns: PackedColumns<S>) throws(JaxError) {
        let packedCount = blockRows * blockDepth
        let rowCount = blockRows * columns.panels * S.Vector.scalarCount
        scratch = try Scratch(byteCount: (packedCount + rowCount) * MemoryLayout<S>.size)
        packed = scratch.bytes.assumingMemoryBound(to: S.self)
        rows = packed + packedCount
    }

    func free() { scratch.free() }
}

/// Computes the blocks of `blockRows` rows numbered `blocks` of the product of `rowCount` packed rows with `columns`.
func multiply<S: ContractionScalar>(_ blocks: Range<Int>, rowCount: Int, _ columns: PackedColumns<S>, _ buffers: ProductBuffers<S>,
                                    _ pack: RowPacker<S>, _ store: RowStore<S>) throws(JaxError) {
    let lanes = S.Vector.scalarCount
    let rowStride = columns.panels * lanes
    for block in blocks {
        let rows = (block * blockRows)..<min(rowCount, (block + 1) * blockRows)
        let tiles = (rows.count + tileRows - 1) / tileRows
        buffers.rows.update(repeating: S.zero, count: tiles * tileRows * rowStride)
        var first = 0
        while first < columns.depth {
            try checkpoint()
            let depth = min(blockDepth, columns.depth - first)
            pack(rows, first..<(first + depth), buffers.packed)
            for panel in 0..<columns.panels {
                let panelB = columns.elements + (panel * columns.depth + first) * lanes
                for tile in 0..<tiles {
                    let panelA = buffers.packed + tile * tileRows * depth
                    let target = buffers.rows + tile * tileRows * rowStride + panel * lanes
                    if columns.isFused {
                        multiplyPanels(panelA, panelB, depth: depth, target, rowStride: rowStride, isFused: true)
                    } else {
                        multiplyPanels(panelA, panelB, depth: depth, target, rowStride: rowStride, isFused: false)
                    }
                }
            }
            first += depth
        }
        store(rows, buffers.rows, rowStride)
    }
}

func blockCount(rows: Int) -> Int { (rows + blockRows - 1) / blockRows }

/// The whole product of one pair of matrices, its blocks of rows on all processors.
func multiplyInParallel<S: ContractionScalar>(rowCount: Int, _ columns: PackedColumns<S>,
                                              _ pack: RowPacker<S>, _ store: RowStore<S>) throws(JaxError) {
    let blocks = blockCount(rows: rowCount)
    let parts = partCount(blocks, work: rowCount &* columns.columns)
    var buffers: [ProductBuffers<S>] = []
    defer { for buffer in buffers { buffer.free() } }
    for _ in 0..<parts { buffers.append(try ProductBuffers(columns: columns)) }
    try inParallel(blocks, parts: parts) { (part, range) throws(JaxError) in
        try multiply(range, rowCount: rowCount, columns, buffers[part], pack, store)
    }
}

// MARK: - Elements

extension ContractionScalar {
    /// The type of elements that are made of these scalars: one, or the two parts of a complex number.
    static func element(complex isComplex: Bool) -> DType { isComplex ? dtype == .f32 ? .c64 : .c128 : dtype }
}

/// The elements of a tensor in a contraction's scalar type: the tensor's own memory where that is its type already.
struct ContractionOperand<S: ContractionScalar> {
    let elements: UnsafePointer<S>
    private let scratch: Scratch?

    init(_ tensor: Tensor) throws(JaxError) {
        let element = S.element(complex: tensor.dtype.isComplex)
        if tensor.dtype == element || element == .i64 && tensor.dtype == .u64 {
            elements = UnsafePointer(tensor.bytes.assumingMemoryBound(to: S.self))
            scratch = nil
            return
        }
        let move = try BlockMove(from: tensor.dtype, to: element)
        let target = try Scratch(byteCount: max(1, tensor.elementCount * element.byteWidth))
        move.load(tensor.bytes, stride: 1, count: tensor.elementCount, into: target.bytes)
        elements = UnsafePointer(target.bytes.assumingMemoryBound(to: S.self))
        scratch = target
    }

    func free() { scratch?.free() }
}

/// The way from a contraction's scalars to the elements of its result. Throws `notImplemented` where there is none.
func resultMove<S: ContractionScalar>(from: S.Type, to dtype: DType) throws(JaxError) -> BlockMove {
    try BlockMove(from: S.element(complex: dtype.isComplex), to: dtype)
}

/// The dtype in which a contraction of these types into `result` is computed: f32, f64 or i64.
func contractionType(_ lhs: DType, _ rhs: DType, _ result: DType) -> DType {
    switch result.kind {
    case .float, .complex: return result.real == .f64 || lhs.real == .f64 || rhs.real == .f64 ? .f64 : .f32
    default: return .i64
    }
}

/// The offsets of all index combinations of `axes`, in row-major order of the axes as listed.
func offsets(_ type: TensorType, axes: [Int], scale: Int = 1) -> [Int] {
    let strides = type.strides
    var list = [0]
    for axis in axes {
        var next: [Int] = []
        next.reserveCapacity(list.count * type.shape[axis])
        for base in list {
            for i in 0..<type.shape[axis] { next.append(base &+ i &* strides[axis] &* scale) }
        }
        list = next
    }
    return list
}
