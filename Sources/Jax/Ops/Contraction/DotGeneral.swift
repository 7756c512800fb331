// dot_general: contractions of any dimensions with batch dimensions (`docs/spec.md`, dot_general).
import JaxIR
import JaxPlatform

func dotFamily() -> [OpDefinition] {
    [
        OpDefinition(.dotGeneral, DotParameters.self, infer: dotType, tensor: { activation, parameters, operands throws(JaxError) in
            try contract(try operands[0].asTensor(), try operands[1].asTensor(), parameters.dimensions, parameters.dtype)
        }).linear(.separately([0, 1])).transposedEach(transposedDot).batched(batchedDot),
    ]
}

/// Which dimensions of the operands go together.
public struct DotDimensions: Equatable {
    public var lhsBatching: [Int]
    public var rhsBatching: [Int]
    public var lhsContracting: [Int]
    public var rhsContracting: [Int]

    public init(lhsBatching: [Int] = [], rhsBatching: [Int] = [], lhsContracting: [Int] = [], rhsContracting: [Int] = []) {
        self.lhsBatching = lhsBatching
        self.rhsBatching = rhsBatching
        self.lhsContracting = lhsContracting
        self.rhsContracting = rhsContracting
    }

    /// The dimensions of an operand that stay: neither batching nor contracting.
    public static func free(_ rank: Int, _ batching: [Int], _ contracting: [Int]) -> [Int] {
        var free: [Int] = []
        for axis in 0..<rank where !batching.contains(axis) && !contracting.contains(axis) { free.append(axis) }
        return free
    }

    /// Batch dimensions, then the left operand's free ones, then the right operand's.
    func resultShape(_ lhs: [Int], _ rhs: [Int]) -> [Int] {
        var shape: [Int] = []
        for (a, b) in zip(lhsBatching, rhsBatching) { shape.append(merge(lhs[a], rhs[b])) }
        for axis in DotDimensions.free(lhs.count, lhsBatching, lhsContracting) { shape.append(lhs[axis]) }
        for axis in DotDimensions.free(rhs.count, rhsBatching, rhsContracting) { shape.append(rhs[axis]) }
        return shape
    }
}

/// How precisely an operand's elements are to be used.
public enum Precision: String {
    case normal = "DEFAULT", high = "HIGH", highest = "HIGHEST"
}

public final class DotParameters: Parameters {
    public private(set) var dimensions = DotDimensions()
    /// The element type of the result.
    public private(set) var dtype = DType.f32

    public convenience init(_ dimensions: DotDimensions, _ dtype: DType) {
        self.init()
        self.dimensions = dimensions
        self.dtype = dtype
    }

    public override func code(_ coder: ParameterCoder) throws(JaxError) {
        try coder.integers("lhs_batching_dimensions", &dimensions.lhsBatching, missing: [])
        try coder.integers("rhs_batching_dimensions", &dimensions.rhsBatching, missing: [])
        try coder.integers("lhs_contracting_dimensions", &dimensions.lhsContracting)
        try coder.integers("rhs_contracting_dimensions", &dimensions.rhsContracting)
        try coder.dtype("preferred_element_type", &dtype)
    }
}

private func dotType(_ op: OpView, _ parameters: DotParameters) throws(JaxError) -> [ValueType] {
    try op.requireOperands(2)
    let lhs = try op.tensor(0), rhs = try op.tensor(1), dimensions = parameters.dimensions
    try op.requireAxes(dimensions.lhsBatching + dimensions.lhsContracting, rank: lhs.rank, "lhs batching and contracting dimensions")
    try op.requireAxes(dimensions.rhsBatching + dimensions.rhsContracting, rank: rhs.rank, "rhs batching and contracting dimensions")
    try op.require(dimensions.lhsBatching.count == dimensions.rhsBatching.count
                   && dimensions.lhsContracting.count == dimensions.rhsContracting.count,
                   "has as many batching and contracting dimensions on both sides")
    for (a, b) in zip(dimensions.lhsBatching + dimensions.lhsContracting, dimensions.rhsBatching + dimensions.rhsContracting) {
        try op.require(agree(lhs.shape[a], rhs.shape[b]), "dimension \(a) of \(lhs) and dimension \(b) of \(rhs) must have the same size")
    }
    try requireContraction(op, lhs, rhs, parameters.dtype)
    return [.tensor(TensorType(parameters.dtype, dimensions.resultShape(lhs.shape, rhs.shape)))]
}

/// The operands' types may differ, and the result's is the program's choice, as long as complex stays complex.
func requireContraction(_ op: OpView, _ lhs: TensorType, _ rhs: TensorType, _ result: DType) throws(JaxError) {
    try op.require(lhs.dtype.isComplex == rhs.dtype.isComplex && lhs.dtype.isComplex == result.isComplex
                   && (result.kind == .float || lhs.dtype.kind != .float) && (result.kind == .float || rhs.dtype.kind != .float),
                   "cannot contract \(lhs) and \(rhs) into \(result.name)")
}

/// Contracts two tensors whose dimensions have been checked.
func contract(_ lhs: Tensor, _ rhs: Tensor, _ dimensions: DotDimensions, _ dtype: DType) throws(JaxError) -> Tensor {
    let result = try Tensor(TensorType(dtype, dimensions.resultShape(lhs.shape, rhs.shape)))
    if result.elementCount == 0 { return result }
    // Sums over nothing.
    if lhs.elementCount == 0 || rhs.elementCount == 0 {
        result.bytes.initializeMemory(as: UInt8.self, repeating: 0, count: result.type.byteCount)
        return result
    }
    switch contractionType(lhs.dtype, rhs.dtype, dtype) {
    case .f32: try contract(Float.self, lhs, rhs, dimensions, result)
    case .f64: try contract(Double.self, lhs, rhs, dimensions, result)
    default: try contract(Int64.self, lhs, rhs, dimensions, result)
    }
    return result
}

private func contract<S: ContractionScalar>(_ scalar: S.Type, _ lhs: Tensor, _ rhs: Tensor, _ dimensions: DotDimensions,
                                            _ result: Tensor) throws(JaxError) {
    let left = try ContractionOperand<S>(lhs)
    defer { left.free() }
    let right = try ContractionOperand<S>(rhs)
    defer { right.free() }
    let move = try resultMove(from: S.self, to: result.dtype)
    let parts = result.dtype.wideWords
    let lhsFree = DotDimensions.free(lhs.type.rank, dimensions.lhsBatching, dimensions.lhsContracting)
    let rhsFree = DotDimensions.free(rhs.type.rank, dimensions.rhsBatching, dimensions.rhsContracting)
    let rowOffsets = offsets(lhs.type, axes: lhsFree, scale: parts)
    let columnOffsets = offsets(rhs.type, axes: rhsFree, scale: parts)
    let rightDepth = offsets(rhs.type, axes: dimensions.rhsContracting, scale: parts)
    let leftBatch = offsets(lhs.type, axes: dimensions.lhsBatching, scale: parts)
    let rightBatch = offsets(rhs.type, axes: dimensions.rhsBatching, scale: parts)
    var leftDepth = offsets(lhs.type, axes: dimensions.lhsContracting, scale: parts)
    if parts == 2 {
        var interleaved: [Int] = []
        interleaved.reserveCapacity(2 * leftDepth.count)
        for offset in leftDepth {
            interleaved.append(offset)
            interleaved.append(offset + 1)
        }
        leftDepth = interleaved
    }
    let rowCount = rowOffsets.count, columnCount = columnOffsets.count
    let width = result.dtype.byteWidth

    /// Packs the right matrix of batch `b`, and hands out the two ends of the product.
    func prepare(_ b: Int, _ columns: PackedColumns<S>) -> (RowPacker<S>, RowStore<S>) {
        if parts == 2 {
            columns.packComplex(right.elements + rightBatch[b], rightDepth, columnOffsets)
        } else {
            columns.pack(right.elements + rightBatch[b], rightDepth, columnOffsets)
        }
        let source = left.elements + leftBatch[b]
        let target = result.bytes + b * rowCount * columnCount * width
        return ({ rows, depth, packed in
            packRows(source, rowOffsets, rows, leftDepth, depth, packed)
        }, { rows, finished, rowStride in
            for row in rows {
                move.store(finished + (row - rows.lowerBound) * rowStride,
                           count: columnCount, to: target + row * columnCount * width, stride: 1)
            }
        })
    }

    let batches = leftBatch.count
    if batches == 1 {
        let columns = try PackedColumns<S>(depth: leftDepth.count, columns: columnCount * parts, isFused: parts == 1)
        defer { columns.free() }
        let (pack, store) = prepare(0, columns)
        try multiplyInParallel(rowCount: rowCount, columns, pack, store)
        return
    }
    // Many small products: each processor takes whole ones.
    let workers = partCount(batches, work: batches &* rowCount &* columnCount)
    var columns: [PackedColumns<S>] = []
    var buffers: [ProductBuffers<S>] = []
    defer {
        for column in columns { column.free() }
        for buffer in buffers { buffer.free() }
    }
    for worker in 0..<workers {
        columns.append(try PackedColumns<S>(depth: leftDepth.count, columns: columnCount * parts, isFused: parts == 1))
        buffers.append(try ProductBuffers(columns: columns[worker]))
    }
    try inParallel(batches, parts: workers) { (part, range) throws(JaxError) in
        for b in range {
            let (pack, store) = prepare(b, columns[part])
            try multiply(0..<blockCount(rows: rowCount), rowCount: rowCount, columns[part], buffers[part], pack, store)
        }
    }
}

/// A `RowPacker`'s work where element (m, k) lies at `rowOffsets[m] + depthOffsets[k]`.
private func packRows<S: ContractionScalar>(_ source: UnsafePointer<S>, _ rowOffsets: [Int], _ rows: Range<Int>,
                                            _ depthOffsets: [Int], _ depth: Range<Int>, _ packed: UnsafeMutablePointer<S>) {
    rowOffsets.withUnsafeBufferPointer { rowOffsets in
        depthOffsets.withUnsafeBufferPointer { depthOffsets in
            var first = rows.lowerBound
            var panel = packed
            while first < rows.upperBound {
                for lane in 0..<tileRows {
                    let row = first + lane
                    var target = panel + lane
                    if row < rows.upperBound {
                        let elements = source + rowOffsets[row]
                        for k in depth {
                            target.pointee = elements[depthOffsets[k]]
                            target += tileRows
                        }
                    } else {
                        for _ in depth {
                            target.pointee = S.zero
                            target += tileRows
                        }
                    }
                }
                panel += tileRows * depth.count
                first += tileRows
            }
        }
    }
}
