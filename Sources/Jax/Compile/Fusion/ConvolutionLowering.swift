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
    enum Direction: CaseIterable {
        case outputs
        /// All positions, the ends of rows included, as one dimension; windows that lie at every place.
        case positions
        /// The positions in the last spatial dimension, of windows further apart.
        case row
        case groups
        case batch
    }

    /// Of what is lowered at a time: the whole, or one part of the batch.
    private(set) var shape: ConvolutionShape
    let name: String
    let target: LoopTarget
    let natural: ElementType
    let lanes: Int
    let direction: Direction
    /// The dimension along the lanes: its size, that with what fills vectors, and how many steps of others share what is loaded.
    let count, paddedCount, sharing: Int
    /// Whether the sums can be stored where the result has them.
    let isDirect: Bool
    var plan = KernelPlan()

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
            guard isWhole, !windows.isEmpty, windows.allSatisfy({ $0.stride == 1 || ConvolutionLowering.isSampled($0) }) else { return nil }
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
    static func isSampled(_ window: ConvolutionWindow) -> Bool {
        window.taps == 1 && window.stride > 1 && window.inputDistance == 1
    }

    static func extent(_ window: ConvolutionWindow) -> Int { isSampled(window) ? window.positions : window.extent }

    // MARK: Cost

    /// About how many cycles: products, and copies by vectors or by single elements.
    private var cost: Double {
        let actual = Double(direction == .positions ? shape.positions : direction == .row ? shape.windows.last!.positions : count)
        let sums = Double(shape.groups * shape.batch * shape.outputs * shape.positions * shape.phases) / actual
        let vectors = Double(paddedCount / lanes + (paddedCount % lanes + 3) / 4 % 4)
        // Sums in which what is far apart alternates with few neighbours are slower, and so are those that share nothing.
        let jumps = shape.features > 1 && shape.inputFeature > 1 && (shape.windows.last?.taps ?? 1) <= 8
        let loads = sharing < 4 ? 1.6 : direction == .groups ? 1.2 : direction == .outputs && jumps ? 1.4 : 1.0
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
        let parts = batchParts
        shape.batch /= parts
        var kernel: KernelPlaces?
        for part in 0..<parts { lower(part: part, vectors, &kernel) }
    }

    /// Copies of the input are to take so many bytes, where that makes `mostParts` at most.
    private static let copyBytes = 1 << 18, mostParts = 8

    /// In how many parts of the batch the input is copied and summed, each in the memory of the one before, which then is in the cache:
    /// large copies of an input whose batch lies outermost, for sums that are stored where the result has them.
    private var batchParts: Int {
        let bytes = (shape.paddedCount ?? 0) * natural.byteCount
        guard isInputCopied, shape.input == natural, isDirect, direction != .batch, bytes > ConvolutionLowering.copyBytes,
              ([shape.inputFeature] + shape.windows.map { $0.inputStride }).allSatisfy({ $0 < shape.inputBatch }) else { return 1 }
        return (1...ConvolutionLowering.mostParts).first { shape.batch % $0 == 0 && bytes / $0 <= ConvolutionLowering.copyBytes }
            ?? (1...ConvolutionLowering.mostParts).last { shape.batch % $0 == 0 } ?? 1
    }

    /// The sums of one part of the batch. The kernel is arranged with the first.
    private mutating func lower(part: Int, _ vectors: Int, _ arranged: inout KernelPlaces?) {
        let suffix = part == 0 ? "" : "_part\(part)"
        let input = arrangedInput(vectors: vectors, first: part * shape.batch, suffix: suffix), windows = shape.windows
        // The nearest elements of the input are summed first, and packed that way.
        let distances = windows.indices.map { input.spatial[$0] * windows[$0].tapDistance } + [input.feature]
        let order = distances.indices.sorted { distances[$0] != distances[$1] ? distances[$0] > distances[$1] : $0 < $1 }
        let kernel = arranged ?? arrangedKernel(order, width: vectors * lanes)
        arranged = kernel
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
        var sum = SumOfProducts(name: name + suffix, target: target, left: input.buffer, right: kernel.buffer, result: result.buffer,
                                rightStart: kernel.start, vector: vector, vectors: vectors, panelDistance: kernel.panel, free: free,
                                contracted: [], taps: taps)
        sum.resultStart = part * shape.batch * result.batch
        sum.clearsResult = part == 0
        let last = direction == .outputs ? [] : [outputs]
        if arePhasesSeparate {
            for (number, ofPhase) in phaseParts.enumerated() {
                var single = sum
                if number > 0 { single.name += "_\(number)" }
                single.clearsResult = number == 0 && part == 0
                single.free = free + last
                // Dimensions of one phase stay as they are: the elements of a row's windows are written out already.
                for (k, piece) in ofPhase.enumerated() where windows[k].phases > 1 {
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
    var arePhasesSeparate: Bool {
        shape.phases > 1 && shape.phases <= 4 && shape.windows.allSatisfy { $0.window >= $0.phases }
    }

    /// For each phase, its part of the window in every dimension.
    private var phaseParts: [[ConvolutionWindow.Piece]] {
        shape.windows.reduce([[]]) { parts, window in parts.flatMap { part in window.pieces.map { part + [$0] } } }
    }
}
