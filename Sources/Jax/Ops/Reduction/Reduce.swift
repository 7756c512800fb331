// reduce: folds dimensions with an arbitrary region (`docs/spec.md`, reduce).
import JaxIR
import JaxPlatform

func reduceFamily() -> [OpDefinition] {
    [
        OpDefinition(.reduce, shape: reduceShape, evaluate: evaluateReduce),
    ]
}

private func reduceShape(_ op: OpView) throws(JaxError) -> [ValueType] {
    try op.require(op.operandCount >= 2 && op.operandCount % 2 == 0, "takes as many inputs as initial values, given \(op.operandCount) operands")
    try op.requireRegions(1)
    let count = op.operandCount / 2
    let (types, shape) = try op.alikeOperands(count)
    let axes = try op.requiredIntegers("dimensions")
    try op.requireAxes(axes, rank: shape.count, "dimensions")
    var inputs: [DType] = []
    for type in types { inputs.append(type.dtype) }
    let accumulators = try op.reducerTypes(0, inputs: inputs)
    var results: [ValueType] = []
    var kept: [Int] = []
    for axis in 0..<shape.count where !axes.contains(axis) { kept.append(shape[axis]) }
    for k in 0..<count {
        let initial = try op.tensor(count + k)
        try op.require(initial.rank == 0 && initial.dtype.kind == inputs[k].kind, "initial value \(k) must be a scalar of \(inputs[k].name), is \(initial)")
        results.append(.tensor(TensorType(accumulators[k], kept)))
    }
    return results
}

/// The loops of a reduction: dimensions of size 1 dropped, neighbours of one sort merged.
private struct ReductionLoops {
    private struct Axis {
        var size: Int
        var stride: Int
        var isReduced: Bool
    }

    /// Sizes and strides of all loops but the innermost.
    private(set) var kept: [Int] = [], keptStrides: [Int] = []
    private(set) var reduced: [Int] = [], reducedStrides: [Int] = []
    /// The innermost loop runs over contiguous elements.
    private(set) var inner = 1
    private(set) var innerIsReduced = true

    init(_ shape: [Int], reducing axes: [Int]) {
        var merged: [Axis] = []
        let strides = TensorType(.i8, shape).strides
        for axis in 0..<shape.count where shape[axis] != 1 {
            let isReduced = axes.contains(axis)
            if let last = merged.indices.last, merged[last].isReduced == isReduced {
                merged[last].size *= shape[axis]
                merged[last].stride = strides[axis]
            } else {
                merged.append(Axis(size: shape[axis], stride: strides[axis], isReduced: isReduced))
            }
        }
        if let last = merged.popLast() { (inner, innerIsReduced) = (last.size, last.isReduced) }
        for axis in merged {
            if axis.isReduced {
                reduced.append(axis.size)
                reducedStrides.append(axis.stride)
            } else {
                kept.append(axis.size)
                keptStrides.append(axis.stride)
            }
        }
    }

    var keptCount: Int { kept.reduce(1, *) }
    var reducedCount: Int { reduced.reduce(1, *) }
}

private func evaluateReduce(_ frame: Frame, _ operation: Operation, _ operands: [RuntimeValue]) throws(JaxError) -> [RuntimeValue] {
    let count = operands.count / 2
    var inputs: [Tensor] = [], initials: [Tensor] = []
    for k in 0..<count {
        inputs.append(try operands[k].asTensor())
        initials.append(try operands[count + k].asTensor())
    }
    let types = dtypes(operation, region: 0, in: frame)
    let combiner = Combiner(operation.regions[0], frame, dtypes: types)
    let results = try reduce(inputs, initials, axes: operation.attributes.integers("dimensions") ?? [], combiner)
    var values: [RuntimeValue] = []
    for result in results { values.append(.tensor(result)) }
    return values
}

/// Folds `axes` of `inputs`, which have one shape, from `initials`, by `combiner`. Dtypes have wide forms.
func reduce(_ inputs: [Tensor], _ initials: [Tensor], axes: [Int], _ combiner: Combiner) throws(JaxError) -> [Tensor] {
    let shape = inputs[0].shape
    var kept: [Int] = []
    for axis in 0..<shape.count where !axes.contains(axis) { kept.append(shape[axis]) }
    var results: [Tensor] = []
    for (k, dtype) in combiner.dtypes.enumerated() {
        try requireWideForm(dtype)
        try requireWideForm(inputs[k].dtype)
        results.append(try Tensor(TensorType(dtype, kept)))
    }
    if results[0].elementCount == 0 { return results }
    let loops = ReductionLoops(shape, reducing: axes)
    let capacity = CombinerBlocks.capacity
    // One step folds one row to an element, or a block of columns to as many.
    let blocksPerRow = loops.innerIsReduced ? 1 : (loops.inner + capacity - 1) / capacity
    let steps = loops.keptCount * blocksPerRow
    let parts = combiner.isParallel ? partCount(steps, work: inputs[0].elementCount) : 1
    var blocks: [CombinerBlocks] = []
    defer { for block in blocks { block.free() } }
    for _ in 0..<parts { blocks.append(try CombinerBlocks(for: combiner)) }
    let isEmpty = inputs[0].elementCount == 0

    try inParallel(steps, parts: parts) { (part, range) throws(JaxError) in
        let block = blocks[part]
        var walk = IndexWalk(shape: loops.reduced, strides: loops.reducedStrides)
        for step in range {
            let row = step / blocksPerRow, first = (step % blocksPerRow) * capacity
            let width = loops.innerIsReduced ? 1 : min(capacity, loops.inner - first)
            var base = first, rest = row
            for axis in (0..<loops.kept.count).reversed() {
                base += rest % loops.kept[axis] * loops.keptStrides[axis]
                rest /= loops.kept[axis]
            }
            for k in 0..<inputs.count {
                loadWide(initials[k].dtype, initials[k].bytes, stride: 0, count: width, into: block.accumulators[k])
            }
            for _ in 0..<(isEmpty ? 0 : loops.reducedCount) {
                let start = base + walk.position
                if loops.innerIsReduced {
                    var from = 0
                    while from < loops.inner {
                        let length = min(capacity, loops.inner - from)
                        load(inputs, start + from, length, block)
                        try combiner.fold(block, length)
                        from += length
                    }
                } else {
                    load(inputs, start, width, block)
                    try combiner.combine(block, 0..<width)
                }
                walk.advance()
            }
            let target = loops.innerIsReduced ? row : row * loops.inner + first
            for (k, result) in results.enumerated() {
                storeWide(result.dtype, block.accumulators[k], count: width, to: result.bytes + target * result.dtype.byteWidth)
            }
            if step & 63 == 0 { try checkpoint() }
        }
    }
    return results
}

@inline(__always)
private func load(_ inputs: [Tensor], _ start: Int, _ count: Int, _ block: CombinerBlocks) {
    for k in 0..<inputs.count {
        let input = inputs[k]
        loadWide(input.dtype, input.bytes + start * input.dtype.byteWidth, count: count, into: block.inputs[k])
    }
}
