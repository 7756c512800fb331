// Where the arrays of a convolution lie for its sums: input and kernel as they are or copied, the result in its place or beside it.
import Loops

extension ConvolutionLowering {
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

    struct InputPlaces {
        var buffer: PlanBuffer
        var group, batch, feature: Int
        /// So many of a batch lie together, and how far apart such blocks are.
        var block, batchBlock: Int
        /// Neighbours in each spatial dimension; neighbouring positions.
        var spatial, positions: [Int]
    }

    /// Whether the input is read from a copy.
    var isInputCopied: Bool {
        let windows = shape.windows
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
        return isCopied
    }

    /// The input from place `first` of the batch on.
    mutating func arrangedInput(vectors: Int, first: Int, suffix: String) -> InputPlaces {
        let windows = shape.windows, spatial = windows.indices.map { $0 + 3 }
        let strides = [shape.inputGroup, shape.inputBatch, shape.inputFeature] + windows.map { $0.inputStride }
        if !isInputCopied {
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
        let padded = temporary(count + (direction == .positions || direction == .row ? paddedCount - self.count : 0))
        let copies = (0..<turns).map { turn in
            var copy = ArrayCopy(dimensions: [], from: first * shape.inputBatch, to: turn * row)
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
                copy.from += part.from
                if turn > 0, !isRow {
                    // The first turn makes whole rows 0.
                    copy.to += part.dimension.first * part.dimension.target
                    copy.dimensions.append(CopiedDimension(part.dimension.count, source: part.dimension.source,
                                                           target: part.dimension.step * part.dimension.target))
                } else {
                    copy.dimensions.append(part.dimension)
                }
            }
            return copy
        }
        let source = operand(0, shape.input, shape.inputCount, widened: !copies.allSatisfy { $0.isContiguous })
        plan.add(ArrayCopy.kernel(copies, source, padded, name: name + "_pad" + suffix), [source.number, padded.number])
        var distances = windows.indices.map { places[$0 + 3] }
        let positions = zip(windows, distances).map { ConvolutionLowering.isSampled($0) ? $1 : $1 * $0.stride }
        if turns > 1 { distances[distances.count - 1] = row }
        return InputPlaces(buffer: padded, group: places[0], batch: places[1], feature: places[2], block: block,
                           batchBlock: blockCount > 1 ? places[blocks] : 0, spatial: distances, positions: positions)
    }

    /// Of a long sum, in which features lie apart and what is the batch lies together, as in the gradient of a kernel: as many of the batch
    /// as a tile has rows, so that what a tile loads is together.
    private func batchBlock(vectors: Int) -> Int {
        let isLong = shape.features * shape.taps > SumOfProducts.longestSum
        guard direction == .outputs, shape.inputBatch == 1, isLong else { return shape.batch }
        let most = SumOfProducts.rows(vectors: vectors, loaded: vectors, registers: target.registers)
        let block = (1...most).last { shape.batch % $0 == 0 } ?? 1
        return block >= 4 ? block : shape.batch
    }

    // MARK: Kernel

    struct KernelPlaces {
        var buffer: PlanBuffer
        var start = 0
        var group, output, feature: Int
        var taps, phases: [Int]
        var panel: Int?
    }

    /// `order`: numbers of the window's dimensions, and that of the features behind them, as they are summed.
    mutating func arrangedKernel(_ order: [Int], width: Int) -> KernelPlaces {
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
        places.buffer = temporary(count)
        places.panel = inOutputs ? panel : nil
        if shape.phases > 1, !arePhasesSeparate {
            plan.add(ArrayCopy.clearing(places.buffer, name: name + "_clear"), [places.buffer.number])
        }

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
        func copies(_ outer: [CopiedDimension], lanes: CopiedDimension?, from: Int = 0, to: Int = 0) -> [ArrayCopy] {
            window(order[...], ArrayCopy(dimensions: outer, from: from, to: to)).map { copy in
                var copy = copy
                if let lanes { copy.dimensions.append(lanes) }
                return copy
            }
        }
        let group = CopiedDimension(shape.groups, source: shape.kernelGroup, target: places.group)
        let outputs = CopiedDimension(shape.outputs, source: shape.kernelOutput, target: places.output)
        var all: [ArrayCopy] = []
        if inOutputs {
            let whole = shape.outputs / width, rest = shape.outputs % width
            if whole > 0 {
                all += copies([group, CopiedDimension(whole, source: width * shape.kernelOutput, target: panel)],
                              lanes: CopiedDimension(width, source: shape.kernelOutput, target: 1))
            }
            if rest > 0 {
                all += copies([group], lanes: CopiedDimension(rest, source: shape.kernelOutput, target: 1, extent: width),
                              from: whole * width * shape.kernelOutput, to: whole * panel)
            }
        } else if inGroups {
            all = copies([outputs], lanes: CopiedDimension(shape.groups, source: shape.kernelGroup, target: 1, extent: paddedCount))
        } else {
            all = copies([group, outputs], lanes: nil)
        }
        let source = operand(1, shape.kernel, shape.kernelCount, widened: !all.allSatisfy { $0.isContiguous })
        plan.add(ArrayCopy.kernel(all, source, places.buffer, name: name + "_pack"), [source.number, places.buffer.number])
        return places
    }

    // MARK: Result

    struct ResultPlaces {
        var buffer: PlanBuffer
        var group, batch, output: Int
        /// Neighbouring positions of a phase, and phases.
        var positions, phases: [Int]
        /// What brings the result to its place, from where it was computed.
        var unpacked: Kernel?
    }

    mutating func arrangedResult() -> ResultPlaces {
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
