// convolution as kernels. The input is padded (and widened) into a copy of its own where that is needed, the kernel packed into panels as
// wide as a tile, and then a convolution is a sum of products (`SumOfProducts`) over plain dimensions: groups, batch, positions, outputs;
// elements of the window, features. Lanes run along that free dimension which costs least to have them full: the output features, the
// positions, the groups or the batch. A result that has other neighbours than lanes have is computed beside and copied into its place.
import JaxIR
import JaxOps
import JaxPlatform
import Loops

struct ConvolutionLowering {
    /// What lanes run along.
    private enum Direction: CaseIterable {
        case outputs
        /// All positions, the ends of rows included, as one dimension; windows that lie at every place.
        case positions
        /// The positions in the last spatial dimension, of windows further apart.
        case row
        case groups
        case batch
    }

    private let shape: ConvolutionShape
    private let name: String
    private let target: LoopTarget
    private let natural: ElementType
    private let lanes: Int
    private let direction: Direction
    /// The dimension along the lanes: its size, that with what fills vectors, and how many steps of others share what is loaded.
    private let count, paddedCount, sharing: Int
    /// Whether the sums can be stored where the result has them.
    private let isDirect: Bool
    private var plan = KernelPlan()

    /// Nil for numbers other than floats, and where padding or dilation make the input many times as large, which the evaluator's library
    /// has.
    static func plan(_ operation: Operation, _ function: Function, _ target: LoopTarget, name: String) -> KernelPlan? {
        guard let shape = ConvolutionShape(operation, function), shape.paddedCount != nil else { return nil }
        var best: (lowering: ConvolutionLowering, cost: Double)?
        for direction in Direction.allCases {
            guard let lowering = ConvolutionLowering(shape, direction, target, name) else { continue }
            let cost = lowering.cost
            if best.map({ cost < $0.cost }) ?? true { best = (lowering, cost) }
        }
        guard var lowering = best?.lowering else { return nil }
        lowering.lower()
        return lowering.plan
    }

    /// Nil where lanes cannot run in that direction.
    private init?(_ shape: ConvolutionShape, _ direction: Direction, _ target: LoopTarget, _ name: String) {
        (self.shape, self.direction, self.target, self.name) = (shape, direction, target, name)
        natural = shape.result.lane == .f64 ? .f64 : .f32
        lanes = natural == .f64 ? target.lanes / 2 : target.lanes
        let windows = shape.windows
        let isWhole = windows.allSatisfy { $0.positions * $0.phases == $0.outputs }
        var neighbours = false
        switch direction {
        case .outputs:
            (count, sharing, neighbours) = (shape.outputs, shape.batch * shape.positions, shape.resultOutput == 1)
        case .positions:
            guard isWhole, !windows.isEmpty, windows.allSatisfy({ $0.stride == 1 || $0.taps == 1 && $0.inputDistance == 1 }) else { return nil }
            var pitch = 1, last = 0, dense = 1
            neighbours = shape.phases == 1
            for window in windows.reversed() {
                let extent = ConvolutionLowering.extent(window)
                last += (window.positions - 1) * pitch
                neighbours = neighbours && extent == window.positions && (window.positions == 1 || window.resultStride == dense)
                pitch *= extent
                dense *= window.positions
            }
            (count, sharing) = (last + 1, shape.outputs * shape.phases)
        case .row:
            guard let last = windows.last, last.stride > 1, last.taps > 1, last.taps <= 8, last.inputDistance == 1 else { return nil }
            (count, sharing, neighbours) = (last.positions, shape.outputs, last.resultStride == 1)
        case .groups:
            guard shape.groups > 1 else { return nil }
            (count, sharing, neighbours) = (shape.groups, max(shape.batch * shape.positions, shape.outputs), shape.resultGroup == 1)
        case .batch:
            guard shape.batch > 1 else { return nil }
            (count, sharing, neighbours) = (shape.batch, shape.outputs * shape.phases, shape.resultBatch == 1)
        }
        // Long sums are cut, for which the result must hold what they are so far.
        let isExact = shape.result == natural || shape.features * shape.taps <= SumOfProducts.longestSum
        isDirect = neighbours && isWhole && isExact && count % 4 == 0
        let rest = count % lanes
        let filled = rest == 0 ? 0 : rest <= 4 ? 4 : rest <= 8 && lanes > 8 ? 8 : lanes
        paddedCount = isDirect ? count : count - rest + filled
    }

    /// Windows of one element look at every `stride`-th place only: no others are copied.
    private static func isSampled(_ window: ConvolutionWindow) -> Bool {
        window.taps == 1 && window.stride > 1 && window.inputDistance == 1
    }

    private static func extent(_ window: ConvolutionWindow) -> Int { isSampled(window) ? window.positions : window.extent }

    // MARK: Cost

    /// About how many cycles: products, and copies by vectors or by single elements.
    private var cost: Double {
        let actual = Double(direction == .positions ? shape.positions : direction == .row ? shape.windows.last!.positions : count)
        let sums = Double(shape.groups * shape.batch * shape.outputs * shape.positions * shape.phases) / actual
        let vectors = Double(paddedCount / lanes + (paddedCount % lanes + 3) / 4 % 4)
        let loads = sharing >= 4 ? direction == .groups ? 1.2 : 1.0 : 1.6
        var cost = sums * vectors * Double(shape.features * shape.taps) / 2 * loads
        let padded = Double(shape.paddedCount ?? 0)
        func copy(_ elements: Double, contiguous: Bool) { cost += contiguous ? elements / 6 : elements * 1.5 }
        switch direction {
        case .outputs: copy(Double(shape.kernelCount), contiguous: shape.kernelOutput == 1)
        case .positions: copy(padded, contiguous: shape.windows.last!.inputStride == 1)
        case .row: copy(padded, contiguous: false)
        case .groups:
            copy(padded, contiguous: shape.inputGroup == 1)
            copy(Double(shape.kernelCount), contiguous: shape.kernelGroup == 1)
        case .batch: copy(padded, contiguous: shape.inputBatch == 1)
        }
        let strides: Int = switch direction {
        case .outputs: shape.resultOutput
        case .positions, .row: shape.windows.last!.resultStride
        case .groups: shape.resultGroup
        case .batch: shape.resultBatch
        }
        if !isDirect { copy(Double(shape.resultCount), contiguous: strides == 1) }
        return cost
    }

    // MARK: Kernels

    private mutating func lower() {
        let vectors = SumOfProducts.vectors(paddedCount, lanes: lanes, registers: target.registers, sharing: sharing)
        let input = arrangedInput(vectors: vectors), windows = shape.windows
        // The nearest elements of the input are summed first, and packed that way.
        let distances = windows.indices.map { input.spatial[$0] * windows[$0].tapDistance } + [input.feature]
        let order = distances.indices.sorted { distances[$0] != distances[$1] ? distances[$0] > distances[$1] : $0 < $1 }
        let kernel = arrangedKernel(order, width: vectors * lanes)
        let result = arrangedResult()

        let group = SumAxis(count: shape.groups, left: input.group, right: kernel.group, result: result.group)
        var batches = [SumAxis(count: shape.batch / input.block, left: input.batchBlock, result: result.batch * input.block),
                       SumAxis(count: input.block, left: input.batch, result: result.batch)]
        let outputs = SumAxis(count: shape.outputs, right: kernel.output, result: result.output)
        let feature = SumAxis(count: shape.features, left: input.feature, right: kernel.feature)
        var positions: [SumAxis] = [], phases: [SumAxis] = [], elements: [SumAxis] = []
        for (k, window) in windows.enumerated() {
            positions.append(SumAxis(count: window.positions, left: input.positions[k], result: result.positions[k]))
            phases.append(SumAxis(count: window.phases, right: kernel.phases[k], result: result.phases[k]))
            elements.append(SumAxis(count: window.taps, left: distances[k], right: kernel.taps[k]))
        }
        var free = [group], vector = SumAxis(count: paddedCount, left: 1, result: 1)
        var taps = [(left: 0, right: 0)]
        switch direction {
        case .outputs: vector = SumAxis(count: paddedCount, right: 1, result: 1)
        case .positions: positions = []
        case .row:
            let window = windows.last!, last = windows.count - 1
            positions.removeLast()
            taps = (0..<window.taps).map { tap in
                let place = tap * window.tapDistance
                return (place % window.stride * input.spatial[last] + place / window.stride, tap * kernel.taps[last])
            }
            elements[last].count = 1
        case .groups:
            vector.right = 1
            free = []
        case .batch: batches = []
        }
        free += batches + positions
        var sum = SumOfProducts(name: name, target: target, left: input.buffer, right: kernel.buffer, result: result.buffer,
                                rightStart: kernel.start, vector: vector, vectors: vectors, panelDistance: kernel.panel, free: free,
                                contracted: [], taps: taps)
        let last = direction == .outputs ? [] : [outputs]
        if arePhasesSeparate {
            for (number, part) in phaseParts.enumerated() {
                var single = sum
                if number > 0 {
                    single = SumOfProducts(name: name + "_\(number)", target: target, left: sum.left, right: sum.right, result: sum.result,
                                           vector: vector, vectors: vectors, panelDistance: kernel.panel, free: [], contracted: [])
                }
                single.clearsResult = number == 0
                single.free = free + last
                for (k, piece) in part.enumerated() {
                    elements[k].count = piece.count
                    single.leftStart += piece.tap * elements[k].left
                    single.rightStart += piece.tap * elements[k].right + piece.phase * phases[k].right
                    single.resultStart += piece.phase * phases[k].result
                }
                single.contracted = order.map { $0 == windows.count ? feature : elements[$0] }
                single.lower(into: &plan)
            }
        } else {
            sum.free += phases + last
            sum.contracted = order.map { $0 == windows.count ? feature : elements[$0] }
            sum.lower(into: &plan)
        }
        if let unpacked = result.unpacked { plan.add(unpacked, [result.buffer.number, 2]) }
    }

    /// Few phases have sums of their own, each of no more elements of the window than there are.
    private var arePhasesSeparate: Bool {
        shape.phases > 1 && shape.phases <= 4 && shape.windows.allSatisfy { $0.window >= $0.phases }
    }

    /// For each phase, its part of the window in every dimension.
    private var phaseParts: [[ConvolutionWindow.Piece]] {
        shape.windows.reduce([[]]) { parts, window in parts.flatMap { part in window.pieces.map { part + [$0] } } }
    }

    private mutating func temporary(_ count: Int) -> PlanBuffer {
        PlanBuffer(element: natural, count: count, number: plan.temporary(natural, count))
    }

    /// An operand, whose elements are to be loaded one by one or beside others.
    private mutating func operand(_ number: Int, _ element: ElementType, _ count: Int, widened: Bool) -> PlanBuffer {
        guard widened, element != natural else { return PlanBuffer(element: element, count: count, number: number) }
        return PlanBuffer(element: natural, count: count, number: plan.widened(number, element, count, name: name))
    }

    /// Numbers of dimensions from the outermost to the innermost: by their distance in memory, but those in `last` at the end.
    private func order(_ strides: [Int], last: [Int]) -> [Int] {
        strides.indices.filter { !last.contains($0) }.sorted { strides[$0] != strides[$1] ? strides[$0] > strides[$1] : $0 < $1 } + last
    }

    // MARK: Input

    private struct InputPlaces {
        var buffer: PlanBuffer
        var group, batch, feature: Int
        /// So many of a batch lie together, and how far apart such blocks are.
        var block, batchBlock: Int
        /// Neighbours in each spatial dimension; neighbouring positions.
        var spatial, positions: [Int]
    }

    private mutating func arrangedInput(vectors: Int) -> InputPlaces {
        let windows = shape.windows, spatial = windows.indices.map { $0 + 3 }
        let strides = [shape.inputGroup, shape.inputBatch, shape.inputFeature] + windows.map { $0.inputStride }
        var isCopied = shape.input != natural || windows.contains { $0.isPadded }
        switch direction {
        case .outputs: break
        case .positions:
            var dense = 1
            for window in windows.reversed() {
                isCopied = isCopied || window.inputStride != dense || window.extent != window.size || window.stride != 1
                dense *= window.size
            }
            isCopied = isCopied || paddedCount != count
        case .row: isCopied = true
        case .groups: isCopied = isCopied || shape.inputGroup != 1 || paddedCount != count
        case .batch: isCopied = isCopied || shape.inputBatch != 1 || paddedCount != count
        }
        if !isCopied {
            return InputPlaces(buffer: PlanBuffer(element: shape.input, count: shape.inputCount, number: 0),
                               group: strides[0], batch: strides[1], feature: strides[2], block: shape.batch, batchBlock: 0,
                               spatial: windows.map { $0.inputStride },
                               positions: windows.map { $0.inputStride * $0.stride })
        }
        let last: [Int] = switch direction {
        case .outputs: []
        case .positions, .row: spatial
        case .groups: [0]
        case .batch: [1]
        }
        // Dimensions by number: groups, batch, features, the spatial ones, and blocks of the batch.
        var order = order(strides, last: last)
        var extents = [shape.groups, shape.batch, shape.features] + windows.map { ConvolutionLowering.extent($0) }
        if direction == .groups { extents[0] = paddedCount }
        if direction == .batch { extents[1] = paddedCount }
        // Along a row, elements `stride` apart are neighbours: those under one element of all windows.
        let turns = direction == .row ? windows.last!.stride : 1, lastSpatial = strides.count - 1, blocks = strides.count
        if turns > 1 { extents[lastSpatial] = (extents[lastSpatial] + turns - 1) / turns }
        let block = batchBlock(vectors: vectors), blockCount = shape.batch / block
        if blockCount > 1 {
            extents[1] = block
            order = [0, 2, blocks] + order.filter { $0 > 2 } + [1]
        }
        extents.append(blockCount)
        var places = [Int](repeating: 0, count: extents.count), count = 1
        for (position, dimension) in order.reversed().enumerated() {
            places[dimension] = count
            count *= extents[dimension]
            if position == 0 { count *= turns }
        }
        let row = extents[lastSpatial]
        let source = operand(0, shape.input, shape.inputCount, widened: strides[order.last!] != 1)
        let padded = temporary(count + (direction == .positions || direction == .row ? paddedCount - self.count : 0))
        let copies = (0..<turns).map { turn in
            var copy = ArrayCopy(dimensions: [], to: turn * row)
            for dimension in order {
                guard dimension > 2, dimension != blocks else {
                    let size = dimension == blocks ? blockCount : [shape.groups, shape.batch / blockCount, shape.features][dimension]
                    let source = dimension == blocks ? block * shape.inputBatch : strides[dimension]
                    copy.dimensions.append(CopiedDimension(size, source: source, target: places[dimension], extent: extents[dimension]))
                    continue
                }
                let window = windows[dimension - 3], isRow = turns > 1 && dimension == lastSpatial
                let every = isRow ? turns : ConvolutionLowering.isSampled(window) ? window.stride : 1
                let part = window.copied(from: isRow ? turn : 0, every: every, extent: extents[dimension], target: places[dimension])
                copy.dimensions.append(part.dimension)
                copy.from += part.from
            }
            return copy
        }
        plan.add(ArrayCopy.kernel(copies, source, padded, name: name + "_pad"), [source.number, padded.number])
        var distances = windows.indices.map { places[$0 + 3] }
        let positions = windows.indices.map { ConvolutionLowering.isSampled(windows[$0]) ? distances[$0] : distances[$0] * windows[$0].stride }
        if turns > 1 { distances[distances.count - 1] = row }
        return InputPlaces(buffer: padded, group: places[0], batch: places[1], feature: places[2], block: block,
                           batchBlock: blockCount > 1 ? places[blocks] : 0, spatial: distances, positions: positions)
    }

    /// Of a long sum, in which features lie apart and what is the batch lies together, as in the gradient of a kernel: as many of the batch
    /// as a tile has rows, so that what a tile loads is together.
    private func batchBlock(vectors: Int) -> Int {
        guard direction == .outputs, shape.inputBatch == 1, shape.features * shape.taps > SumOfProducts.longestSum else { return shape.batch }
        let most = SumOfProducts.rows(vectors: vectors, loaded: vectors, registers: target.registers)
        let block = (1...most).last { shape.batch % $0 == 0 } ?? 1
        return block >= 4 ? block : shape.batch
    }

    // MARK: Kernel

    private struct KernelPlaces {
        var buffer: PlanBuffer
        var start = 0
        var group, output, feature: Int
        var taps, phases: [Int]
        var panel: Int?
    }

    /// `order`: numbers of the window's dimensions, and that of the features behind them, as they are summed.
    private mutating func arrangedKernel(_ order: [Int], width: Int) -> KernelPlaces {
        let windows = shape.windows
        var isPacked = shape.kernel != natural || shape.phases > 1
        switch direction {
        case .outputs:
            isPacked = isPacked || shape.kernelOutput != 1 && shape.outputs > 1 || paddedCount != count
                || shape.batch * shape.positions >= 64 && (shape.kernelCount <= 1 << 18 && paddedCount > width || paddedCount > 2 * width)
        case .groups: isPacked = isPacked || shape.kernelGroup != 1 || paddedCount != count
        case .positions, .row, .batch: break
        }
        if !isPacked {
            return KernelPlaces(buffer: PlanBuffer(element: shape.kernel, count: shape.kernelCount, number: 1),
                                start: windows.reduce(0) { $0 + ($1.isReversed ? ($1.window - 1) * $1.kernelStride : 0) },
                                group: shape.kernelGroup, output: shape.kernelOutput, feature: shape.kernelFeature,
                                taps: windows.map { $0.isReversed ? -$0.kernelStride : $0.kernelStride }, phases: windows.map { _ in 0 })
        }
        // From the innermost on: lanes, the sum, panels or outputs, phases, groups.
        let inOutputs = direction == .outputs, inGroups = direction == .groups
        var places = KernelPlaces(buffer: PlanBuffer(element: natural, count: 0, number: 0), group: 1, output: 1, feature: 0,
                                  taps: windows.map { _ in 0 }, phases: windows.map { _ in 0 })
        var count = inOutputs ? width : inGroups ? paddedCount : 1
        for dimension in order.reversed() {
            if dimension == windows.count { places.feature = count } else { places.taps[dimension] = count }
            count *= dimension == windows.count ? shape.features : windows[dimension].taps
        }
        let panel = count
        if inOutputs { count *= (paddedCount + width - 1) / width } else {
            places.output = count
            count *= shape.outputs
        }
        for k in windows.indices.reversed() {
            places.phases[k] = count
            count *= windows[k].phases
        }
        if !inGroups {
            places.group = count
            count *= shape.groups
        }
        let source = operand(1, shape.kernel, shape.kernelCount,
                             widened: inOutputs ? shape.kernelOutput != 1 : inGroups ? shape.kernelGroup != 1 : true)
        places.buffer = temporary(count)
        places.panel = inOutputs ? panel : nil
        if shape.phases > 1 { plan.add(ArrayCopy.clearing(places.buffer, name: name + "_clear"), [places.buffer.number]) }

        /// The parts of the window that are at equal distances, with the dimensions in the order of the sum.
        func window(_ list: ArraySlice<Int>, _ copy: ArrayCopy) -> [ArrayCopy] {
            guard let dimension = list.first else { return [copy] }
            var copy = copy
            if dimension == windows.count {
                copy.dimensions.append(CopiedDimension(shape.features, source: shape.kernelFeature, target: places.feature))
                return window(list.dropFirst(), copy)
            }
            return windows[dimension].pieces.flatMap { piece in
                var part = copy
                part.from += piece.from
                part.to += piece.phase * places.phases[dimension] + piece.tap * places.taps[dimension]
                part.dimensions.append(CopiedDimension(piece.count, source: piece.stride, target: places.taps[dimension]))
                return window(list.dropFirst(), part)
            }
        }
        let group = CopiedDimension(shape.groups, source: shape.kernelGroup, target: places.group)
        var copies: [ArrayCopy] = []
        if inOutputs {
            let whole = shape.outputs / width, rest = shape.outputs % width
            if whole > 0 {
                let panels = CopiedDimension(whole, source: width * shape.kernelOutput, target: panel)
                copies += window(order[...], ArrayCopy(dimensions: [group, panels])).map {
                    ArrayCopy(dimensions: $0.dimensions + [CopiedDimension(width, source: shape.kernelOutput, target: 1)], from: $0.from, to: $0.to)
                }
            }
            if rest > 0 {
                let last = ArrayCopy(dimensions: [group], from: whole * width * shape.kernelOutput, to: whole * panel)
                copies += window(order[...], last).map {
                    ArrayCopy(dimensions: $0.dimensions + [CopiedDimension(rest, source: shape.kernelOutput, target: 1, extent: width)],
                              from: $0.from, to: $0.to)
                }
            }
        } else {
            let outputs = CopiedDimension(shape.outputs, source: shape.kernelOutput, target: places.output)
            if inGroups {
                copies = window(order[...], ArrayCopy(dimensions: [outputs])).map {
                    ArrayCopy(dimensions: $0.dimensions + [CopiedDimension(shape.groups, source: shape.kernelGroup, target: 1,
                                                                          extent: paddedCount)], from: $0.from, to: $0.to)
                }
            } else {
                copies = window(order[...], ArrayCopy(dimensions: [group, outputs]))
            }
        }
        plan.add(ArrayCopy.kernel(copies, source, places.buffer, name: name + "_pack"), [source.number, places.buffer.number])
        return places
    }

    // MARK: Result

    private struct ResultPlaces {
        var buffer: PlanBuffer
        var group, batch, output: Int
        /// Neighbouring positions of a phase, and phases.
        var positions, phases: [Int]
        /// What brings the result to its place, from where it was computed.
        var unpacked: Kernel?
    }

    private mutating func arrangedResult() -> ResultPlaces {
        let windows = shape.windows
        let result = PlanBuffer(element: shape.result, count: shape.resultCount, number: 2)
        if isDirect {
            return ResultPlaces(buffer: result, group: shape.resultGroup, batch: shape.resultBatch, output: shape.resultOutput,
                                positions: windows.map { $0.resultStride * $0.phases }, phases: windows.map { $0.resultStride })
        }
        let strides = [shape.resultGroup, shape.resultBatch, shape.resultOutput] + windows.map { $0.resultStride }
        var copied: [CopiedDimension] = []
        var places: ResultPlaces
        if direction == .positions {
            var count = paddedCount, phases = windows.map { _ in 0 }, pitches = phases, pitch = 1
            for k in windows.indices.reversed() {
                phases[k] = count
                count *= windows[k].phases
                pitches[k] = pitch
                pitch *= ConvolutionLowering.extent(windows[k])
            }
            let output = count, batch = output * shape.outputs, group = batch * shape.batch
            places = ResultPlaces(buffer: temporary(group * shape.groups), group: group, batch: batch, output: output,
                                  positions: pitches, phases: phases)
            for (k, window) in windows.enumerated() {
                copied.append(CopiedDimension(window.positions, source: pitches[k], target: window.resultStride * window.phases))
                copied.append(CopiedDimension(window.phases, source: phases[k], target: window.resultStride))
            }
        } else {
            let last = switch direction {
            case .outputs: 2
            case .groups: 0
            case .batch: 1
            default: strides.count - 1
            }
            var extents = [shape.groups, shape.batch, shape.outputs] + windows.map { $0.positions * $0.phases }
            extents[last] = paddedCount
            var distances = strides, count = 1
            for dimension in order(strides, last: [last]).reversed() {
                distances[dimension] = count
                count *= extents[dimension]
            }
            places = ResultPlaces(buffer: temporary(count), group: distances[0], batch: distances[1], output: distances[2],
                                  positions: windows.indices.map { distances[$0 + 3] * windows[$0].phases },
                                  phases: windows.indices.map { distances[$0 + 3] })
            for (k, window) in windows.enumerated() {
                copied.append(CopiedDimension(window.outputs, source: distances[k + 3], target: window.resultStride))
            }
        }
        copied += [CopiedDimension(shape.groups, source: places.group, target: shape.resultGroup),
                   CopiedDimension(shape.batch, source: places.batch, target: shape.resultBatch),
                   CopiedDimension(shape.outputs, source: places.output, target: shape.resultOutput)]
        let order = copied.filter { $0.count > 1 }.sorted { $0.target > $1.target }
        places.unpacked = ArrayCopy.kernel([ArrayCopy(dimensions: order)], places.buffer, result, name: name + "_unpack")
        return places
    }
}
