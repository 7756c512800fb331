// gather (`docs/spec.md`, gather). Elements are moved, never looked into.
import JaxIR
import JaxPlatform

func gatherFamily() -> [OpDefinition] {
    [
        OpDefinition(.gather, GatherParameters.self, infer: { view, parameters throws(JaxError) in
            try view.requireOperands(2)
            return [.tensor(try gatherType(view, parameters.dimensions, sliceSizes: parameters.sliceSizes))]
        }, tensor: { activation, parameters, operands throws(JaxError) in
            try gather(try operands[0].asTensor(), try operands[1].asTensor(), parameters.dimensions, try activation.resultTensorType())
        }).linear(.jointly([0])).transposed(transposedGather).batched(batchedGather),
    ]
}

/// Which windows of the operand are gathered, and where they go.
public final class GatherParameters: Parameters {
    public private(set) var dimensions = WindowDimensions()
    /// The size of a window, a dimension of the operand each.
    public private(set) var sliceSizes: [Int] = []
    public private(set) var indicesAreSorted = false

    public convenience init(_ dimensions: WindowDimensions, sliceSizes: [Int], indicesAreSorted: Bool = false) {
        self.init()
        self.dimensions = dimensions
        self.sliceSizes = sliceSizes
        self.indicesAreSorted = indicesAreSorted
    }

    public override func code(_ coder: ParameterCoder) throws(JaxError) {
        try dimensions.codeGather(coder)
        try coder.integers("slice_sizes", &sliceSizes)
        try coder.bool("indices_are_sorted", &indicesAreSorted, missing: false)
    }
}

/// A gather whose slice sizes are an operand; the shape is that of the result.
public final class DynamicGatherParameters: Parameters {
    public private(set) var dimensions = WindowDimensions()
    public private(set) var shape: [Int] = []
    public private(set) var indicesAreSorted = false

    public override func code(_ coder: ParameterCoder) throws(JaxError) {
        try dimensions.codeGather(coder)
        try coder.shape("shape", &shape)
        try coder.bool("indices_are_sorted", &indicesAreSorted, missing: false)
    }
}

extension WindowDimensions {
    fileprivate mutating func codeGather(_ coder: ParameterCoder) throws(JaxError) {
        try coder.integers("offset_dims", &windowDims)
        try coder.integers("collapsed_slice_dims", &collapsed)
        try coder.integers("operand_batching_dims", &operandBatching, missing: [])
        try coder.integers("start_indices_batching_dims", &indicesBatching, missing: [])
        try coder.integers("start_index_map", &indexMap)
        try coder.integer("index_vector_dim", &indexVectorDim)
    }
}

/// The slice sizes are the third operand; the result's window dimensions are what the program declares.
func dynamicGatherType(_ op: OpView, _ parameters: DynamicGatherParameters) throws(JaxError) -> TensorType {
    try op.requireOperands(3)
    try op.requireInteger(2, "slice_sizes")
    let rank = try op.tensor(0).rank
    let sizes = try op.tensor(2)
    try op.require(sizes.rank == 1 && agree(sizes.shape[0], rank),
                   "slice_sizes must have one element a dimension of the operand, are \(sizes)")
    let dimensions = parameters.dimensions
    try op.requireAxes(dimensions.windowDims, rank: parameters.shape.count, "offset_dims")
    // Collapsed and batching dimensions have slices of one element; the others are declared.
    var slices = [Int](repeating: 1, count: rank)
    var next = 0
    for axis in 0..<rank where dimensions.isWindow(axis) && next < dimensions.windowDims.count {
        slices[axis] = parameters.shape[dimensions.windowDims[next]]
        next += 1
    }
    return try gatherType(op, dimensions, sliceSizes: slices)
}

private func gatherType(_ op: OpView, _ dimensions: WindowDimensions, sliceSizes: [Int]) throws(JaxError) -> TensorType {
    let operand = try op.tensor(0), indices = try op.tensor(1)
    try dimensions.check(op, operand: operand.shape, indices: indices)
    try op.require(sliceSizes.count == operand.rank, "slice_sizes \(text(sliceSizes)) must have one element a dimension of \(operand)")
    var window: [Int] = []
    for axis in 0..<operand.rank {
        let size = sliceSizes[axis]
        try op.require(isDynamic(size) || isDynamic(operand.shape[axis]) || size >= 0 && size <= operand.shape[axis],
                       "slice_sizes \(text(sliceSizes)) do not fit into \(operand)")
        if dimensions.isWindow(axis) { window.append(size) } else {
            try op.require(size <= 1, "slice_sizes \(text(sliceSizes)) must be 1 in collapsed and batching dimensions")
        }
    }
    let batch = dimensions.batchShape(indices.shape)
    try op.requireAxes(dimensions.windowDims, rank: batch.count + window.count, "offset_dims")
    var shape: [Int] = []
    var nextBatch = 0, nextWindow = 0
    for axis in 0..<(batch.count + window.count) {
        if dimensions.windowDims.contains(axis) {
            shape.append(window[nextWindow])
            nextWindow += 1
        } else {
            shape.append(batch[nextBatch])
            nextBatch += 1
        }
    }
    return TensorType(operand.dtype, shape)
}

/// Gathers windows of `operand`; the types have been checked. Indices out of bounds are clamped.
func gather(_ operand: Tensor, _ indices: Tensor, _ dimensions: WindowDimensions, _ type: TensorType) throws(JaxError) -> Tensor {
    let result = try Tensor(type)
    if result.elementCount == 0 { return result }
    let width = type.dtype.byteWidth
    if operand.elementCount == 0 {
        result.bytes.initializeMemory(as: UInt8.self, repeating: 0, count: type.byteCount)
        return result
    }
    let windows = try IndexedWindows(dimensions, operand: operand.type, indices: indices, outer: type)
    defer { windows.free() }
    var limits = windows.operandShape
    for axis in 0..<windows.rank { limits[axis] -= 1 }
    for (k, axis) in windows.windowAxes.enumerated() { limits[axis] = windows.operandShape[axis] - windows.windowSizes[k] }
    let nest = StridedNest(shape: windows.windowSizes, source: windows.windowOperandStrides, target: windows.windowOuterStrides)
    let source = UnsafeRawPointer(operand.bytes), target = result.bytes
    let strides = windows.operandStrides
    try inParallel(windows.batchCount, parts: partCount(windows.batchCount, work: result.elementCount)) { (_, range) throws(JaxError) in
        var start = [Int](repeating: 0, count: windows.rank)
        for batch in range {
            let outer = windows.place(batch, &start)
            var offset = 0
            for axis in 0..<windows.rank { offset &+= max(0, min(start[axis], limits[axis])) &* strides[axis] }
            if nest.shape.count == 1 {
                copyRow(type.dtype, source + offset * width, nest.source[0], target + outer * width, nest.target[0], nest.shape[0])
            } else {
                nest.forEachRow(sourceOffset: offset, targetOffset: outer) { from, to, count, sourceStride, targetStride in
                    copyRow(type.dtype, source + from * width, sourceStride, target + to * width, targetStride, count)
                }
            }
            if batch & 255 == 0 { try checkpoint() }
        }
    }
    return result
}
