// reduce_window: folds sliding windows with an arbitrary region (`docs/spec.md`, reduce_window).
import JaxIR
import JaxPlatform

func reduceWindowFamily() -> [OpDefinition] {
    [
        OpDefinition(.reduceWindow, shape: reduceWindowShape, evaluate: evaluateReduceWindow),
    ]
}

/// The windows of all dimensions by the attributes of `op`, whose operand has `shape`.
func windows(_ op: OpView, shape: [Int]) throws(JaxError) -> [Window] {
    let rank = shape.count
    for size in shape { try op.require(size <= Window.sizeLimit, "a dimension of \(size) is too large to slide a window over") }
    let sizes = try op.windowAttribute("window_dimensions", rank, missing: 1, least: 1)
    let strides = try op.windowAttribute("window_strides", rank, missing: 1, least: 1)
    let base = try op.windowAttribute("base_dilations", rank, missing: 1, least: 1)
    let dilations = try op.windowAttribute("window_dilations", rank, missing: 1, least: 1)
    let padding = try op.windowAttribute("padding", 2 * rank, missing: 0, least: -Window.limit)
    return makeWindows(shape, sizes, strides, base, dilations, padding)
}

func makeWindows(_ shape: [Int], _ sizes: [Int], _ strides: [Int], _ base: [Int], _ dilations: [Int], _ padding: [Int]) -> [Window] {
    var windows: [Window] = []
    for axis in 0..<shape.count {
        windows.append(Window(size: shape[axis], window: sizes[axis], stride: strides[axis], low: padding[2 * axis],
                              high: padding[2 * axis + 1], baseDilation: base[axis], windowDilation: dilations[axis]))
    }
    return windows
}

private func reduceWindowShape(_ op: OpView) throws(JaxError) -> [ValueType] {
    try op.require(op.operandCount >= 2 && op.operandCount % 2 == 0, "takes as many inputs as initial values, given \(op.operandCount) operands")
    try op.requireRegions(1)
    let count = op.operandCount / 2
    let (types, shape) = try op.alikeOperands(count)
    var inputs: [DType] = []
    for type in types { inputs.append(type.dtype) }
    let accumulators = try op.reducerTypes(0, inputs: inputs)
    var output: [Int] = []
    for window in try windows(op, shape: shape) { output.append(isDynamic(window.size) ? TensorType.dynamic : window.outputSize) }
    var results: [ValueType] = []
    for k in 0..<count {
        let initial = try op.tensor(count + k)
        try op.require(initial.rank == 0 && initial.dtype.kind == inputs[k].kind, "initial value \(k) must be a scalar of \(inputs[k].name), is \(initial)")
        results.append(.tensor(TensorType(accumulators[k], output)))
    }
    return results
}

private func evaluateReduceWindow(_ frame: Frame, _ operation: Operation, _ operands: [RuntimeValue]) throws(JaxError) -> [RuntimeValue] {
    let count = operands.count / 2
    var inputs: [Tensor] = [], initials: [Tensor] = []
    for k in 0..<count {
        inputs.append(try operands[k].asTensor())
        initials.append(try operands[count + k].asTensor())
    }
    let rank = inputs[0].type.rank
    let windows = makeWindows(
        inputs[0].shape, operation.list("window_dimensions", rank, missing: 1), operation.list("window_strides", rank, missing: 1),
        operation.list("base_dilations", rank, missing: 1), operation.list("window_dilations", rank, missing: 1),
        operation.list("padding", 2 * rank, missing: 0))
    let combiner = Combiner(operation.regions[0], frame, dtypes: dtypes(operation, region: 0, in: frame))
    var results: [RuntimeValue] = []
    for result in try reduceWindows(inputs, initials, windows, combiner) { results.append(.tensor(result)) }
    return results
}

/// Folds the windows of `inputs`, which have one shape. The outputs of one row are folded side by side: each element of the
/// window is loaded for all of them at once. Every step rounds to the element type, as XLA's loops over windows do.
func reduceWindows(_ inputs: [Tensor], _ initials: [Tensor], _ windows: [Window], _ combiner: Combiner) throws(JaxError) -> [Tensor] {
    var shape: [Int] = []
    for window in windows { shape.append(window.outputSize) }
    var results: [Tensor] = []
    for (k, dtype) in combiner.dtypes.enumerated() {
        try requireWideForm(dtype)
        try requireWideForm(inputs[k].dtype)
        results.append(try Tensor(TensorType(dtype, shape)))
    }
    if results[0].elementCount == 0 { return results }
    let outer = Array(windows.dropLast())
    let last = windows.last ?? Window(size: 1, window: 1)
    let rowLength = last.outputSize
    let strides = inputs[0].type.strides
    var outerWindow: [Int] = []
    for window in outer { outerWindow.append(window.window) }
    let outerWindowCount = try product(outerWindow)
    let capacity = CombinerBlocks.capacity
    let blocksPerRow = (rowLength + capacity - 1) / capacity
    let steps = results[0].elementCount / rowLength * blocksPerRow
    let work = results[0].elementCount.multipliedReportingOverflow(by: outerWindowCount)
    let parts = combiner.isParallel ? partCount(steps, work: work.overflow ? Int.max : work.partialValue) : 1
    var blocks: [CombinerBlocks] = []
    defer { for block in blocks { block.free() } }
    for _ in 0..<parts { blocks.append(try CombinerBlocks(for: combiner)) }

    try inParallel(steps, parts: parts) { (part, range) throws(JaxError) in
        let block = blocks[part]
        var element = IndexWalk(shape: outerWindow, strides: [Int](repeating: 0, count: outer.count))
        var position = [Int](repeating: 0, count: outer.count)
        for step in range {
            let row = step / blocksPerRow, first = (step % blocksPerRow) * capacity
            let width = min(capacity, rowLength - first)
            var rest = row
            for axis in (0..<outer.count).reversed() {
                position[axis] = rest % shape[axis]
                rest /= shape[axis]
            }
            for k in 0..<inputs.count {
                loadWide(initials[k].dtype, initials[k].bytes, stride: 0, count: width, into: block.accumulators[k])
            }
            for turn in 0..<outerWindowCount {
                var base = 0
                var isInside = true
                for axis in 0..<outer.count {
                    let index = outer[axis].index(position[axis], element.index[axis])
                    if index < 0 {
                        isInside = false
                        break
                    }
                    base += index * strides[axis]
                }
                if isInside { try combineRow(inputs, last, base, first, width, combiner, block) }
                element.advance()
                if turn & 1023 == 1023 { try checkpoint() }
            }
            for (k, result) in results.enumerated() {
                storeWide(result.dtype, block.accumulators[k], count: width,
                          to: result.bytes + (row * rowLength + first) * result.dtype.byteWidth)
            }
            try checkpoint()
        }
    }
    return results
}

/// Combines, for each element of the window in the last dimension, the outputs `first..<first + width` of a row with the
/// operand's row at `base`.
private func combineRow(_ inputs: [Tensor], _ window: Window, _ base: Int, _ first: Int, _ width: Int,
                        _ combiner: Combiner, _ block: CombinerBlocks) throws(JaxError) {
    for w in 0..<window.window {
        if window.baseDilation == 1 {
            let reach = window.positions(w, limit: first + width)
            let lower = max(reach.lowerBound, first)
            if lower >= reach.upperBound { continue }
            let start = base + lower * window.stride + w * window.windowDilation - window.low
            for (k, input) in inputs.enumerated() {
                loadWide(input.dtype, input.bytes + start * input.dtype.byteWidth, stride: window.stride,
                         count: reach.upperBound - lower, into: block.inputs[k])
            }
            try combiner.combine(block, (lower - first)..<(reach.upperBound - first), shift: lower - first)
            combiner.round(block, (lower - first)..<(reach.upperBound - first))
        } else {
            for o in first..<(first + width) {
                let index = window.index(o, w)
                if index < 0 { continue }
                for (k, input) in inputs.enumerated() {
                    loadWide(input.dtype, input.bytes + (base + index) * input.dtype.byteWidth, count: 1, into: block.inputs[k])
                }
                try combiner.combine(block, (o - first)..<(o - first + 1), shift: o - first)
                combiner.round(block, (o - first)..<(o - first + 1))
            }
        }
        if w & 1023 == 1023 { try checkpoint() }
    }
}
