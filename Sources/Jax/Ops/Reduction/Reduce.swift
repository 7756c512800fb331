// reduce: folds dimensions with an arbitrary region (`docs/spec.md`, reduce).
import JaxIR
import JaxPlatform

func reduceFamily() -> [OpDefinition] {
    [
        OpDefinition(.reduce, DimensionsParameters.self, .scalarRegions, infer: { view, parameters throws(JaxError) in
            let (shape, accumulators) = try view.reduction()
            try view.requireAxes(parameters.dimensions, rank: shape.count, "dimensions")
            var kept: [Int] = []
            for axis in 0..<shape.count where !parameters.dimensions.contains(axis) { kept.append(shape[axis]) }
            return accumulators.map { .tensor(TensorType($0, kept)) }
        }, evaluate: evaluateReduce).jvp(reduceTangent).decomposition(halvedReduce).transpose(transposedReduce).batched(batchedReduce),
    ]
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

private func evaluateReduce(_ activation: Activation, _ parameters: DimensionsParameters,
                            _ operands: inout [RuntimeValue]) throws(JaxError) -> [RuntimeValue] {
    let count = operands.count / 2
    var inputs: [Tensor] = [], initials: [Tensor] = []
    for k in 0..<count {
        inputs.append(try operands[k].asTensor())
        initials.append(try operands[count + k].asTensor())
    }
    var values: [RuntimeValue] = []
    for result in try reduce(inputs, initials, axes: parameters.dimensions, Reducer(activation)) { values.append(.tensor(result)) }
    return values
}

/// Folds `axes` of `inputs`, which have one shape, from `initials`, by `reducer`.
private func reduce(_ inputs: [Tensor], _ initials: [Tensor], axes: [Int], _ reducer: Reducer) throws(JaxError) -> [Tensor] {
    let shape = inputs[0].shape
    var kept: [Int] = []
    for axis in 0..<shape.count where !axes.contains(axis) { kept.append(shape[axis]) }
    var results: [Tensor] = []
    for dtype in reducer.dtypes { results.append(try Tensor(TensorType(dtype, kept))) }
    if results[0].elementCount == 0 { return results }
    let loops = ReductionLoops(shape, reducing: axes)
    let capacity = ReducerBlocks.capacity
    // One step folds one row to an element, or a block of columns to as many.
    let blocksPerRow = loops.innerIsReduced ? 1 : (loops.inner + capacity - 1) / capacity
    let steps = loops.keptCount * blocksPerRow
    let parts = reducer.isParallel ? partCount(steps, work: inputs[0].elementCount) : 1
    var blocks: [ReducerBlocks] = []
    defer { for block in blocks { block.free() } }
    for _ in 0..<parts {
        blocks.append(try ReducerBlocks(for: reducer, inputs: inputs.map { $0.dtype },
                                        initials: initials.map { $0.dtype }, results: reducer.dtypes))
    }
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
            for k in 0..<inputs.count { block.begin(k, initials[k].bytes, count: width) }
            for _ in 0..<(isEmpty ? 0 : loops.reducedCount) {
                let start = base + walk.position
                if loops.innerIsReduced {
                    var from = 0
                    while from < loops.inner {
                        let length = min(capacity, loops.inner - from)
                        load(inputs, start + from, length, block)
                        try block.fold(length)
                        from += length
                    }
                } else {
                    load(inputs, start, width, block)
                    try block.combine(0..<width)
                }
                walk.advance()
            }
            let target = loops.innerIsReduced ? row : row * loops.inner + first
            for (k, result) in results.enumerated() {
                block.store(k, count: width, to: result.bytes + target * result.dtype.byteWidth)
            }
            if step & 63 == 0 { try checkpoint() }
        }
    }
    return results
}

@inline(__always)
private func load(_ inputs: [Tensor], _ start: Int, _ count: Int, _ block: ReducerBlocks) {
    for k in 0..<inputs.count { block.load(k, inputs[k].bytes + start * inputs[k].dtype.byteWidth, count: count) }
}
