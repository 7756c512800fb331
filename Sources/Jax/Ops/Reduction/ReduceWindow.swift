// reduce_window: folds sliding windows with an arbitrary region (`docs/spec.md`, reduce_window).
import JaxIR
import JaxPlatform

func reduceWindowFamily() -> [OpDefinition] {
    [
        OpDefinition(.reduceWindow, ReduceWindowParameters.self, .scalarRegions, infer: { view, parameters throws(JaxError) in
            let (shape, accumulators) = try view.reduction()
            var output: [Int] = []
            for window in try parameters.windows(view, shape) {
                output.append(isDynamic(window.size) ? TensorType.dynamic : window.outputSize)
            }
            return accumulators.map { .tensor(TensorType($0, output)) }
        }, evaluate: evaluateReduceWindow).jvp(windowTangent).decomposition(unrolledWindow).transpose(transposedWindow)
            .batched(batchedWindow),
    ]
}

/// How windows slide over the dimensions of the operands. Padding is (low, high) a dimension.
public final class ReduceWindowParameters: Parameters {
    public private(set) var dimensions: [Int] = []
    public private(set) var strides: [Int] = []
    public private(set) var baseDilations: [Int] = []
    public private(set) var windowDilations: [Int] = []
    public private(set) var padding: [Int] = []

    /// Whatever is left out is 1; padding is 0.
    public convenience init(dimensions: [Int], strides: [Int]? = nil, baseDilations: [Int]? = nil, windowDilations: [Int]? = nil,
                            padding: [Int]? = nil) {
        self.init()
        let ones = [Int](repeating: 1, count: dimensions.count)
        self.dimensions = dimensions
        self.strides = strides ?? ones
        self.baseDilations = baseDilations ?? ones
        self.windowDilations = windowDilations ?? ones
        self.padding = padding ?? [Int](repeating: 0, count: 2 * dimensions.count)
    }

    public override func code(_ coder: ParameterCoder) throws(JaxError) {
        try coder.integers("window_dimensions", &dimensions)
        let ones = [Int](repeating: 1, count: dimensions.count)
        try coder.integers("window_strides", &strides, missing: ones)
        try coder.integers("base_dilations", &baseDilations, missing: ones)
        try coder.integers("window_dilations", &windowDilations, missing: ones)
        try coder.integers("padding", &padding, missing: [Int](repeating: 0, count: 2 * dimensions.count))
    }

    /// The windows over an operand of `shape`, checked.
    fileprivate func windows(_ view: OpView, _ shape: [Int]) throws(JaxError) -> [Window] {
        let rank = shape.count
        try view.requireWindow("window_dimensions", dimensions, rank, least: 1)
        try view.requireWindow("window_strides", strides, rank, least: 1)
        try view.requireWindow("base_dilations", baseDilations, rank, least: 1)
        try view.requireWindow("window_dilations", windowDilations, rank, least: 1)
        try view.requireWindow("padding", padding, 2 * rank, least: -Window.limit)
        for size in shape { try view.require(size <= Window.sizeLimit, "a dimension of \(size) is too large to slide a window over") }
        return windows(shape)
    }

    /// What the windows are over an operand of `shape` where they are cumulative.
    public func cumulative(_ shape: [Int]) -> CumulativeWindow? { CumulativeWindow(windows(shape)) }

    /// The same for parameters that have been checked.
    func windows(_ shape: [Int]) -> [Window] {
        var windows: [Window] = []
        for axis in 0..<shape.count {
            windows.append(Window(size: shape[axis], window: dimensions[axis], stride: strides[axis], low: padding[2 * axis],
                                  high: padding[2 * axis + 1], baseDilation: baseDilations[axis], windowDilation: windowDilations[axis]))
        }
        return windows
    }
}

extension OpView {
    /// Throws unless `list` has `count` elements, each at least `least`.
    func requireWindow(_ name: String, _ list: [Int], _ count: Int, least: Int) throws(JaxError) {
        try require(list.count == count, "\(name) \(text(list)) must have \(count) elements")
        for element in list {
            try require(element >= least && element <= Window.limit,
                        "\(name) \(text(list)) has \(element), expected \(least) to \(Window.limit)")
        }
    }
}

private func evaluateReduceWindow(_ activation: Activation, _ parameters: ReduceWindowParameters,
                                  _ operands: inout [RuntimeValue]) throws(JaxError) -> [RuntimeValue] {
    let count = operands.count / 2
    var inputs: [Tensor] = [], initials: [Tensor] = []
    for k in 0..<count {
        inputs.append(try operands[k].asTensor())
        initials.append(try operands[count + k].asTensor())
    }
    let windows = parameters.windows(inputs[0].shape)
    // Every step rounds to the element type, as XLA's loops over windows do.
    let reducer = Reducer(activation, roundingSteps: true)
    let results: [Tensor]
    if let scan = CumulativeWindow(windows) {
        results = try scanned(inputs, initials, scan, reducer)
    } else {
        results = try reduceWindows(inputs, initials, windows, reducer)
    }
    return results.map { .tensor($0) }
}

// MARK: Cumulative windows

/// Windows that each hold all elements of one dimension up to (or from) a position: what cumsum and its like are exported as.
public struct CumulativeWindow {
    public let axis: Int
    /// Whether a window holds the elements from its position to the end.
    public let isReverse: Bool

    fileprivate init?(_ windows: [Window]) {
        var found: (axis: Int, isReverse: Bool)?
        for (axis, window) in windows.enumerated() {
            guard window.stride == 1, window.baseDilation == 1, window.windowDilation == 1 else { return nil }
            if window.window == 1 && window.low == 0 && window.high == 0 { continue }
            guard found == nil, window.window == window.size else { return nil }
            if window.low == window.size - 1 && window.high == 0 {
                found = (axis, false)
            } else if window.low == 0 && window.high == window.size - 1 {
                found = (axis, true)
            } else {
                return nil
            }
        }
        guard let found else { return nil }
        (axis, isReverse) = found
    }
}

/// One pass along the dimension, in which each result is the one before with an element more.
private func scanned(_ inputs: [Tensor], _ initials: [Tensor], _ scan: CumulativeWindow, _ reducer: Reducer) throws(JaxError) -> [Tensor] {
    let shape = inputs[0].shape
    var results: [Tensor] = []
    for dtype in reducer.dtypes { results.append(try Tensor(TensorType(dtype, shape))) }
    if results[0].elementCount == 0 { return results }
    let length = shape[scan.axis]
    let inner = try product(Array(shape[(scan.axis + 1)...])), outer = try product(Array(shape[..<scan.axis]))
    let capacity = ReducerBlocks.capacity
    // The lanes of a block are neighbouring columns, or, where there is one column, rows.
    let lanes = inner > 1 ? inner : outer, laneStride = inner > 1 ? 1 : length
    let blocksPerRow = (lanes + capacity - 1) / capacity
    let steps = (inner > 1 ? outer : 1) * blocksPerRow
    let parts = reducer.isParallel ? partCount(steps, work: inputs[0].elementCount) : 1
    var blocks: [ReducerBlocks] = []
    defer { for block in blocks { block.free() } }
    for _ in 0..<parts {
        blocks.append(try ReducerBlocks(for: reducer, inputs: inputs.map { $0.dtype },
                                        initials: initials.map { $0.dtype }, results: reducer.dtypes))
    }
    try inParallel(steps, parts: parts) { (part, range) throws(JaxError) in
        let block = blocks[part]
        for step in range {
            let first = step % blocksPerRow * capacity
            let width = min(capacity, lanes - first)
            let base = step / blocksPerRow * length * inner + first * laneStride
            for k in 0..<inputs.count { block.begin(k, initials[k].bytes, count: width) }
            for turn in 0..<length {
                let position = base + (scan.isReverse ? length - 1 - turn : turn) * inner
                for (k, input) in inputs.enumerated() {
                    block.load(k, input.bytes + position * input.dtype.byteWidth, stride: laneStride, count: width)
                }
                try block.combine(0..<width)
                for (k, result) in results.enumerated() {
                    block.store(k, count: width, to: result.bytes + position * result.dtype.byteWidth, stride: laneStride)
                }
                if turn & 1023 == 1023 { try checkpoint() }
            }
        }
    }
    return results
}

// MARK: Any windows

/// Folds the windows of `inputs`, which have one shape. The outputs of one row are folded side by side: each element of the
/// window is loaded for all of them at once.
private func reduceWindows(_ inputs: [Tensor], _ initials: [Tensor], _ windows: [Window], _ reducer: Reducer) throws(JaxError) -> [Tensor] {
    var shape: [Int] = []
    for window in windows { shape.append(window.outputSize) }
    var results: [Tensor] = []
    for dtype in reducer.dtypes { results.append(try Tensor(TensorType(dtype, shape))) }
    if results[0].elementCount == 0 { return results }
    let outer = Array(windows.dropLast())
    let last = windows.last ?? Window(size: 1, window: 1)
    let rowLength = last.outputSize
    let strides = inputs[0].type.strides
    var outerWindow: [Int] = []
    for window in outer { outerWindow.append(window.window) }
    let outerWindowCount = try product(outerWindow)
    let capacity = ReducerBlocks.capacity
    let blocksPerRow = (rowLength + capacity - 1) / capacity
    let steps = results[0].elementCount / rowLength * blocksPerRow
    let work = results[0].elementCount.multipliedReportingOverflow(by: outerWindowCount)
    let parts = reducer.isParallel ? partCount(steps, work: work.overflow ? Int.max : work.partialValue) : 1
    var blocks: [ReducerBlocks] = []
    defer { for block in blocks { block.free() } }
    for _ in 0..<parts {
        blocks.append(try ReducerBlocks(for: reducer, inputs: inputs.map { $0.dtype },
                                        initials: initials.map { $0.dtype }, results: reducer.dtypes))
    }

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
            for k in 0..<inputs.count { block.begin(k, initials[k].bytes, count: width) }
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
                if isInside { try combineRow(inputs, last, base, first, width, block) }
                element.advance()
                if turn & 1023 == 1023 { try checkpoint() }
            }
            for (k, result) in results.enumerated() {
                block.store(k, count: width, to: result.bytes + (row * rowLength + first) * result.dtype.byteWidth)
            }
            try checkpoint()
        }
    }
    return results
}

/// Combines, for each element of the window in the last dimension, the outputs `first..<first + width` of a row with the
/// operand's row at `base`.
private func combineRow(_ inputs: [Tensor], _ window: Window, _ base: Int,
                        _ first: Int, _ width: Int, _ block: ReducerBlocks) throws(JaxError) {
    for w in 0..<window.window {
        if window.baseDilation == 1 {
            let reach = window.positions(w, limit: first + width)
            let lower = max(reach.lowerBound, first)
            if lower >= reach.upperBound { continue }
            let start = base + lower * window.stride + w * window.windowDilation - window.low
            for (k, input) in inputs.enumerated() {
                block.load(k, input.bytes + start * input.dtype.byteWidth, stride: window.stride, count: reach.upperBound - lower)
            }
            try block.combine((lower - first)..<(reach.upperBound - first), shift: lower - first)
        } else {
            for o in first..<(first + width) {
                let index = window.index(o, w)
                if index < 0 { continue }
                for (k, input) in inputs.enumerated() { block.load(k, input.bytes + (base + index) * input.dtype.byteWidth, count: 1) }
                try block.combine((o - first)..<(o - first + 1), shift: o - first)
            }
        }
        if w & 1023 == 1023 { try checkpoint() }
    }
}
