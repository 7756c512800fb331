// scatter: windows of updates folded into operands by an arbitrary region (`docs/spec.md`, scatter).
import JaxIR
import JaxPlatform

func scatterFamily() -> [OpDefinition] {
    [OpDefinition(.scatter, shape: scatterShape, consuming: evaluateScatter)]
}

private func scatterShape(_ op: OpView) throws(JaxError) -> [ValueType] {
    try op.require(op.operandCount >= 3 && op.operandCount % 2 == 1, "takes inputs, indices and as many updates, given \(op.operandCount) operands")
    try op.requireRegions(1)
    let count = op.operandCount / 2
    let (inputs, shape) = try op.alikeOperands(count)
    let indices = try op.tensor(count)
    let dimensions = WindowDimensions(scatter: op.attributes)
    try dimensions.check(op, operand: shape, indices: indices)

    let batch = dimensions.batchShape(indices.shape)
    for k in 0..<count {
        let updates = try op.tensor(count + 1 + k)
        try op.require(updates.dtype.kind == inputs[k].dtype.kind, "updates \(updates) do not have the type of the operand \(inputs[k])")
        try op.require(updates.rank == batch.count + dimensions.windowDims.count, "updates \(updates) must have rank \(batch.count + dimensions.windowDims.count)")
        try op.requireAxes(dimensions.windowDims, rank: updates.rank, "update_window_dims")
        var nextBatch = 0
        for axis in 0..<updates.rank where !dimensions.windowDims.contains(axis) {
            try op.require(agree(updates.shape[axis], batch[nextBatch]), "updates \(updates) do not go with indices \(indices)")
            nextBatch += 1
        }
        var nextWindow = 0
        for axis in 0..<shape.count where dimensions.isWindow(axis) {
            let size = updates.shape[dimensions.windowDims[nextWindow]]
            try op.require(isDynamic(size) || isDynamic(shape[axis]) || size <= shape[axis], "the windows of updates \(updates) do not fit into \(inputs[k])")
            nextWindow += 1
        }
    }
    var elements: [DType] = []
    for input in inputs { elements.append(input.dtype) }
    let types = try op.reducerTypes(0, inputs: elements)
    var results: [ValueType] = []
    for k in 0..<count { results.append(.tensor(TensorType(types[k], inputs[k].shape))) }
    return results
}

private func evaluateScatter(_ frame: Frame, _ operation: Operation, _ operands: inout [RuntimeValue]) throws(JaxError) -> [RuntimeValue] {
    let count = operands.count / 2
    let types = dtypes(operation, region: 0, in: frame)
    let indices = try operands[count].asTensor()
    var updates: [Tensor] = []
    for k in 0..<count { updates.append(try operands[count + 1 + k].asTensor()) }
    var results: [Tensor] = []
    for k in 0..<count {
        var operand = try operands[k].takeTensor()
        if operand.dtype == types[k] && operand.isUnique() {
            results.append(operand)
        } else {
            results.append(try converted(operand, to: types[k]))
        }
    }
    let combiner = Combiner(operation.regions[0], frame, dtypes: types)
    try scatter(into: results, indices, updates, WindowDimensions(scatter: operation.attributes), combiner)
    var values: [RuntimeValue] = []
    for result in results { values.append(.tensor(result)) }
    return values
}

/// A copy of `tensor` in a type of the same kind.
private func converted(_ tensor: Tensor, to dtype: DType) throws(JaxError) -> Tensor {
    let copy = try Tensor(TensorType(dtype, tensor.shape))
    if tensor.dtype == dtype {
        copy.bytes.copyMemory(from: tensor.bytes, byteCount: tensor.type.byteCount)
        return copy
    }
    try requireWideForm(dtype)
    let wide = try tensor.wide()
    defer { wide.free() }
    storeWide(dtype, wide.words, count: tensor.elementCount, to: copy.bytes)
    return copy
}

/// Folds `updates` into `results` in place, in the order of the updates. An update whose window does not lie
/// inside as a whole is dropped, as XLA does it; StableHLO's text would drop it element by element.
func scatter(into results: [Tensor], _ indices: Tensor, _ updates: [Tensor], _ dimensions: WindowDimensions,
             _ combiner: Combiner) throws(JaxError) {
    if updates[0].elementCount == 0 || results[0].elementCount == 0 { return }
    var isMove = false
    if case .replace = combiner.form { isMove = results[0].dtype == updates[0].dtype }
    if !isMove {
        for k in 0..<results.count {
            try requireWideForm(results[k].dtype)
            try requireWideForm(updates[k].dtype)
        }
    }
    let windows = try IndexedWindows(dimensions, operand: results[0].type, indices: indices, outer: updates[0].type)
    defer { windows.free() }
    let blocks = try CombinerBlocks(for: combiner)
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
                copyRow(width, updates[0].bytes + from * width, innerOuterStride, results[0].bytes + to * width, innerStride, length)
            } else {
                try foldRow(results, updates, to, innerStride, from, innerOuterStride, length, combiner, blocks)
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
                     _ combiner: Combiner, _ blocks: CombinerBlocks) throws(JaxError) {
    var done = 0
    while done < length {
        let count = min(CombinerBlocks.capacity, length - done)
        for k in 0..<results.count {
            let result = results[k].dtype, update = updates[k].dtype
            loadWide(result, results[k].bytes + (to + done * toStride) * result.byteWidth, stride: toStride, count: count, into: blocks.accumulators[k])
            loadWide(update, updates[k].bytes + (from + done * fromStride) * update.byteWidth, stride: fromStride, count: count, into: blocks.inputs[k])
        }
        try combiner.combine(blocks, 0..<count)
        for k in 0..<results.count {
            let result = results[k].dtype
            storeWide(result, blocks.accumulators[k], count: count, to: results[k].bytes + (to + done * toStride) * result.byteWidth, stride: toStride)
        }
        done += count
    }
}
