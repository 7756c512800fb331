// scatter: windows of updates folded into operands by an arbitrary region (`docs/spec.md`, scatter).
import JaxIR
import JaxPlatform

func scatterFamily() -> [OpDefinition] {
    [OpDefinition(.scatter, ScatterParameters.self, .scalarRegions, infer: scatterTypes, evaluate: evaluateScatter)
        .jvp(scatterTangent).transpose(transposedScatter).batched(batchedScatter)]
}

/// Where the windows of the updates go.
public final class ScatterParameters: Parameters {
    public private(set) var dimensions = WindowDimensions()
    public private(set) var indicesAreSorted = false
    public private(set) var uniqueIndices = false

    public convenience init(_ dimensions: WindowDimensions, indicesAreSorted: Bool = false, uniqueIndices: Bool = false) {
        self.init()
        self.dimensions = dimensions
        self.indicesAreSorted = indicesAreSorted
        self.uniqueIndices = uniqueIndices
    }

    public override func code(_ coder: ParameterCoder) throws(JaxError) {
        try coder.integers("update_window_dims", &dimensions.windowDims)
        try coder.integers("inserted_window_dims", &dimensions.collapsed)
        try coder.integers("input_batching_dims", &dimensions.operandBatching, missing: [])
        try coder.integers("scatter_indices_batching_dims", &dimensions.indicesBatching, missing: [])
        try coder.integers("scatter_dims_to_operand_dims", &dimensions.indexMap)
        try coder.integer("index_vector_dim", &dimensions.indexVectorDim)
        try coder.bool("indices_are_sorted", &indicesAreSorted, missing: false)
        try coder.bool("unique_indices", &uniqueIndices, missing: false)
    }
}

private func scatterTypes(_ op: OpView, _ parameters: ScatterParameters) throws(JaxError) -> [ValueType] {
    try op.require(op.operandCount >= 3 && op.operandCount % 2 == 1,
                   "takes inputs, indices and as many updates, given \(op.operandCount) operands")
    try op.requireRegions(1)
    let count = op.operandCount / 2
    let (inputs, shape) = try op.alikeOperands(count)
    let indices = try op.tensor(count)
    let dimensions = parameters.dimensions
    try dimensions.check(op, operand: shape, indices: indices)

    let batch = dimensions.batchShape(indices.shape)
    for k in 0..<count {
        let updates = try op.tensor(count + 1 + k)
        try op.require(updates.dtype.kind == inputs[k].dtype.kind, "updates \(updates) do not have the type of the operand \(inputs[k])")
        try op.require(updates.rank == batch.count + dimensions.windowDims.count,
                       "updates \(updates) must have rank \(batch.count + dimensions.windowDims.count)")
        try op.requireAxes(dimensions.windowDims, rank: updates.rank, "update_window_dims")
        var nextBatch = 0
        for axis in 0..<updates.rank where !dimensions.windowDims.contains(axis) {
            try op.require(agree(updates.shape[axis], batch[nextBatch]), "updates \(updates) do not go with indices \(indices)")
            nextBatch += 1
        }
        var nextWindow = 0
        for axis in 0..<shape.count where dimensions.isWindow(axis) {
            let size = updates.shape[dimensions.windowDims[nextWindow]]
            try op.require(isDynamic(size) || isDynamic(shape[axis]) || size <= shape[axis],
                           "the windows of updates \(updates) do not fit into \(inputs[k])")
            nextWindow += 1
        }
    }
    let types = try op.reducerTypes(0, inputs: inputs.map { $0.dtype })
    var results: [ValueType] = []
    for k in 0..<count { results.append(.tensor(TensorType(types[k], inputs[k].shape))) }
    return results
}

private func evaluateScatter(_ activation: Activation, _ parameters: ScatterParameters,
                             _ operands: inout [RuntimeValue]) throws(JaxError) -> [RuntimeValue] {
    let count = operands.count / 2
    let types = activation.resultDTypes(ofRegion: 0)
    let indices = try operands[count].asTensor()
    var updates: [Tensor] = []
    for k in 0..<count { updates.append(try operands[count + 1 + k].asTensor()) }
    var results: [Tensor] = []
    for k in 0..<count {
        var operand = try operands[k].takeTensor()
        if operand.dtype == types[k] && operand.isUnique() {
            results.append(operand)
        } else {
            results.append(try copied(operand, as: types[k]))
        }
    }
    try scatter(into: results, indices, updates, parameters.dimensions, Reducer(activation, roundingSteps: true))
    return results.map { .tensor($0) }
}

/// A copy of `tensor` in a type of the same kind.
private func copied(_ tensor: Tensor, as dtype: DType) throws(JaxError) -> Tensor {
    if tensor.dtype != dtype { return try convert(tensor, to: dtype) }
    let copy = try Tensor(tensor.type)
    copy.bytes.copyMemory(from: tensor.bytes, byteCount: tensor.type.byteCount)
    return copy
}

/// Folds `updates` into `results` in place, in the order of the updates. An update whose window does not lie
/// inside as a whole is dropped, as XLA does it; StableHLO's text would drop it element by element.
private func scatter(into results: [Tensor], _ indices: Tensor, _ updates: [Tensor], _ dimensions: WindowDimensions,
                     _ reducer: Reducer) throws(JaxError) {
    if updates[0].elementCount == 0 || results[0].elementCount == 0 { return }
    var isMove = false
    if case .replace = reducer.form { isMove = results[0].dtype == updates[0].dtype }
    let windows = try IndexedWindows(dimensions, operand: results[0].type, indices: indices, outer: updates[0].type)
    defer { windows.free() }
    let blocks = try ReducerBlocks(for: reducer, inputs: updates.map { $0.dtype }, initials: reducer.dtypes, results: reducer.dtypes)
    defer { blocks.free() }

    let rank = windows.windowAxes.count
    var start = [Int](repeating: 0, count: windows.rank)
    // The current index, by window dimension.
    var index = [Int](repeating: 0, count: max(rank, 1))
    let inner = rank - 1
    let innerStride = rank > 0 ? windows.windowOperandStrides[inner] : 1
    let innerOuterStride = rank > 0 ? windows.windowOuterStrides[inner] : 1

    for batch in 0..<windows.batchCount {
        if batch & 63 == 0 { try checkpoint() }
        let outer = windows.place(batch, &start)
        var base = 0
        var isInside = true
        var next = 0
        for axis in 0..<windows.rank {
            let first = start[axis], size = windows.operandShape[axis]
            if next < rank && windows.windowAxes[next] == axis {
                if first < 0 || first > size - windows.windowSizes[next] { isInside = false; break }
                next += 1
            } else if first < 0 || first >= size {
                isInside = false
                break
            }
            base += first * windows.operandStrides[axis]
        }
        if !isInside { continue }
        let length = rank > 0 ? windows.windowSizes[inner] : 1
        for k in 0..<rank { index[k] = 0 }
        while true {
            var to = base, from = outer
            for k in 0..<rank {
                to += index[k] * windows.windowOperandStrides[k]
                from += index[k] * windows.windowOuterStrides[k]
            }
            if isMove {
                let width = results[0].dtype.byteWidth
                copyRow(results[0].dtype, updates[0].bytes + from * width, innerOuterStride, results[0].bytes + to * width, innerStride,
                        length)
            } else {
                try foldRow(results, updates, to, innerStride, from, innerOuterStride, length, blocks)
            }
            // The next row of the window.
            var axis = inner - 1
            while axis >= 0 {
                index[axis] += 1
                if index[axis] < windows.windowSizes[axis] { break }
                index[axis] = 0
                axis -= 1
            }
            if axis < 0 { break }
        }
    }
}

@inline(__always)
private func foldRow(_ results: [Tensor], _ updates: [Tensor], _ to: Int, _ toStride: Int, _ from: Int, _ fromStride: Int, _ length: Int,
                     _ blocks: ReducerBlocks) throws(JaxError) {
    var done = 0
    while done < length {
        let count = min(ReducerBlocks.capacity, length - done)
        for k in 0..<results.count {
            let result = results[k].dtype, update = updates[k].dtype
            blocks.begin(k, results[k].bytes + (to + done * toStride) * result.byteWidth, stride: toStride, count: count)
            blocks.load(k, updates[k].bytes + (from + done * fromStride) * update.byteWidth, stride: fromStride, count: count)
        }
        try blocks.combine(0..<count)
        for k in 0..<results.count {
            blocks.store(k, count: count, to: results[k].bytes + (to + done * toStride) * results[k].dtype.byteWidth, stride: toStride)
        }
        done += count
    }
}
