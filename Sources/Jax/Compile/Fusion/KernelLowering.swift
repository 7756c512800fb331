// From a fused region to a kernel. Results are pulled: what an element of a result needs is asked for at the places that its operations
// say (a transposition permutes the place, a broadcast drops dimensions), down to loads of the operands. Nothing in between is stored.
import JaxIR
import JaxOps
import JaxPlatform
import Loops

/// Why a region is no kernel.
struct LoweringFailure {
    /// The operation that stands in the way; nil: the region as a whole.
    var operation: Operation?
}

/// A region that becomes a kernel.
struct KernelLowering {
    private let function: Function
    private let region: Region
    /// Whether the innermost of several loops of a reduction starts anew each time, and what it has folded joins the rest behind it.
    private let foldsInnermostApart: Bool
    private let builder = KernelBuilder()
    private var definitions: [ValueID: Operation] = [:]
    private var inputs: [ValueID: BufferID] = [:]
    /// Lanes by value and place: each is walked to once.
    private var lanes: [Place: LaneValue] = [:]
    private var failure: Operation?

    private struct Place: Hashable {
        let value: ValueID
        let index: [LoopIndex]
    }

    /// The kernel whose buffers are the region's parameters, then its results.
    static func kernel(_ region: Region, of function: Function, name: String) -> (kernel: Kernel?, failure: LoweringFailure?) {
        var lowering = KernelLowering(region, of: function)
        if let kernel = lowering.lower(name) {
            if !kernel.carriesIntoVectors { return (kernel, nil) }
            lowering = KernelLowering(region, of: function, foldsInnermostApart: true)
            if let kernel = lowering.lower(name) { return (kernel, nil) }
        }
        return (nil, LoweringFailure(operation: lowering.failure))
    }

    private init(_ region: Region, of function: Function, foldsInnermostApart: Bool = false) {
        self.region = region
        self.function = function
        self.foldsInnermostApart = foldsInnermostApart
        for operation in region.operations {
            for result in operation.results { definitions[result] = operation }
        }
    }

    private func type(_ value: ValueID) -> TensorType { function.type(of: value).tensor ?? TensorType(.i1, []) }

    private mutating func lower(_ name: String) -> Kernel? {
        for parameter in region.parameters {
            guard let tensor = function.type(of: parameter).tensor, let element = tensor.dtype.laneElement else { return nil }
            inputs[parameter] = builder.buffer(element, count: tensor.elementCount)
        }
        var outputs: [BufferID] = []
        for result in region.results {
            guard let tensor = function.type(of: result).tensor, let element = tensor.dtype.laneElement,
                  tensor.elementCount > 0 else { return nil }
            outputs.append(builder.buffer(element, count: tensor.elementCount, isWritten: true))
        }
        let reductions = region.operations.filter { $0.code == .reduce }
        let succeeded = reductions.isEmpty ? elementwise(outputs) : reduction(reductions, outputs)
        return succeeded ? builder.finish(name: name).scheduled() : nil
    }

    // MARK: Loops

    /// All results have one shape: a loop for each dimension.
    private mutating func elementwise(_ outputs: [BufferID]) -> Bool {
        let shape = type(region.results[0]).shape
        for result in region.results where type(result).shape != shape { return false }
        let start = [LoopIndex](repeating: LoopIndex(), count: shape.count)
        return nest(shape, shape.indices.filter { shape[$0] != 1 }, start, isVector: true) { lowering, index in
            for (result, output) in zip(lowering.region.results, outputs) {
                guard let lane = lowering.lane(result, index) else { return false }
                lowering.builder.store(lane, to: output, lowering.linear(index, shape))
            }
            return true
        }
    }

    /// Loops over dimensions of `shape` in the order of `axes`, of which the innermost may be a vector loop; `index` is the place within.
    private mutating func nest(_ shape: [Int], _ axes: [Int], _ index: [LoopIndex], isVector: Bool, unroll: Int = 1,
                               _ body: (inout KernelLowering, [LoopIndex]) -> Bool) -> Bool {
        guard let axis = axes.first else { return body(&self, index) }
        var succeeded = true
        builder.loop(isVector && axes.count == 1 ? .vector : .serial, count: shape[axis], unroll: unroll) { variable in
            var inner = index
            inner[axis].add(variable, stride: 1)
            succeeded = nest(shape, Array(axes.dropFirst()), inner, isVector: isVector, unroll: unroll, body)
        }
        return succeeded
    }

    /// The reductions have one operand shape and one set of dimensions; further results have the operands' shape.
    private mutating func reduction(_ operations: [Operation], _ outputs: [BufferID]) -> Bool {
        let shape = type(operations[0].operands[0]).shape
        let reduced = operations[0].parameters(DimensionsParameters.self).dimensions.sorted()
        for operation in operations {
            guard type(operation.operands[0]).shape == shape,
                  operation.parameters(DimensionsParameters.self).dimensions.sorted() == reduced else { return false }
        }
        guard shape.allSatisfy({ $0 > 0 }) else { return false }
        let kept = shape.indices.filter { !reduced.contains($0) }
        var folds: [Fold] = []
        for operation in operations {
            guard let fold = Fold(operation, function) else {
                failure = operation
                return false
            }
            folds.append(fold)
        }
        // The vector loop runs over what lies side by side in memory: reduced itself, or around the loops that reduce.
        let vectorIsReduced = shape.indices.last { shape[$0] != 1 }.map { reduced.contains($0) } ?? true
        let start = [LoopIndex](repeating: LoopIndex(), count: shape.count)
        // Where rows are added to rows, several vectors of each at once make better use of every page that is touched.
        let unroll = vectorIsReduced || operations.count > 1 ? 1 : 4
        return nest(shape, kept.filter { shape[$0] != 1 }, start, isVector: !vectorIsReduced, unroll: unroll) { lowering, index in
            lowering.foldNest(folds, shape, reduced.filter { shape[$0] != 1 }, kept, index, isVector: vectorIsReduced, outputs)
        }
    }

    /// The loops over the reduced dimensions, then the results.
    private mutating func foldNest(_ folds: [Fold], _ shape: [Int], _ axes: [Int], _ kept: [Int], _ index: [LoopIndex], isVector: Bool,
                                   _ outputs: [BufferID]) -> Bool {
        var starts: [LaneValue] = [], initials: [LaneValue] = []
        for fold in folds {
            for (position, operand) in fold.initials.enumerated() {
                guard let initial = lane(operand, []) else { return false }
                initials.append(initial)
                starts.append(fold.neutral(position, builder) ?? initial)
            }
        }
        var succeeded = true
        let sums = foldLoops(folds, shape, axes, index, starts, from: starts, isVector: isVector, outputs, &succeeded)
        if !succeeded { return false }
        var place = 0, keptIndex: [LoopIndex] = []
        for axis in kept { keptIndex.append(index[axis]) }
        let keptShape = kept.map { shape[$0] }
        for fold in folds {
            let range = place..<(place + fold.initials.count)
            var values = Array(sums[range])
            if fold.hasNeutral {
                guard let joined = fold.combine(Array(initials[range]), values, builder) else { return false }
                values = joined
            }
            for (value, result) in zip(values, fold.results) {
                if let output = region.results.firstIndex(of: result) {
                    builder.store(value, to: outputs[output], linear(keptIndex, keptShape))
                }
            }
            place += fold.initials.count
        }
        return true
    }

    private mutating func foldLoops(_ folds: [Fold], _ shape: [Int], _ axes: [Int], _ index: [LoopIndex], _ current: [LaneValue],
                                    from starts: [LaneValue], isVector: Bool, _ outputs: [BufferID],
                                    _ succeeded: inout Bool) -> [LaneValue] {
        guard let axis = axes.first else { return fold(folds, shape, index, current, outputs, &succeeded) }
        let isInnermost = axes.count == 1
        var failed = false
        let combine = { [builder] (a: [LaneValue], b: [LaneValue]) -> [LaneValue] in
            var place = 0, joined: [LaneValue] = []
            for fold in folds {
                let range = place..<(place + fold.initials.count)
                joined += fold.combine(Array(a[range]), Array(b[range]), builder) ?? Array(a[range])
                place += fold.initials.count
            }
            return joined
        }
        let isVectorLoop = isVector && isInnermost
        let isApart = isVectorLoop && foldsInnermostApart && current != starts
        let results = builder.loop(isVectorLoop ? .vector : .serial, count: shape[axis], carrying: isApart ? starts : current,
                                   unroll: isVectorLoop ? 4 : 1, combine: isVectorLoop ? combine : nil) { variable, values in
            var inner = index
            inner[axis].add(variable, stride: 1)
            var went = true
            let next = foldLoops(folds, shape, Array(axes.dropFirst()), inner, values, from: starts, isVector: isVector, outputs, &went)
            if !went { failed = true }
            return next
        }
        if failed { succeeded = false }
        return isApart ? combine(current, results) : results
    }

    /// One element of each operand joins what has been folded; elements that are results too are stored.
    private mutating func fold(_ folds: [Fold], _ shape: [Int], _ index: [LoopIndex], _ current: [LaneValue], _ outputs: [BufferID],
                               _ succeeded: inout Bool) -> [LaneValue] {
        var place = 0, next: [LaneValue] = []
        for fold in folds {
            var elements: [LaneValue] = []
            for (operand, dtype) in zip(fold.operands, fold.dtypes) {
                guard let element = lane(operand, index),
                      let widened = builder.converted(element, from: type(operand).dtype, to: dtype) else {
                    succeeded = false
                    return current
                }
                elements.append(widened)
            }
            guard let joined = fold.combine(Array(current[place..<(place + elements.count)]), elements, builder) else {
                failure = fold.operation
                succeeded = false
                return current
            }
            next += joined
            place += elements.count
        }
        for (result, output) in zip(region.results, outputs) where definitions[result]?.code != .reduce {
            guard type(result).shape == shape, let element = lane(result, index) else {
                succeeded = false
                return current
            }
            builder.store(element, to: output, linear(index, shape))
        }
        return next
    }

    // MARK: Elements

    private func linear(_ index: [LoopIndex], _ shape: [Int]) -> LoopIndex {
        var sum = LoopIndex()
        for (axis, stride) in TensorType(.i8, shape).strides.enumerated() where shape[axis] != 1 { sum.add(index[axis], times: stride) }
        return sum
    }

    /// The element of a value at a place; nil where it cannot be had, of which `failure` tells.
    private mutating func lane(_ value: ValueID, _ index: [LoopIndex]) -> LaneValue? {
        let place = Place(value: value, index: index)
        if let known = lanes[place] { return known }
        let lane: LaneValue?
        if let buffer = inputs[value] {
            lane = builder.load(buffer, linear(index, type(value).shape))
        } else if let operation = definitions[value] {
            lane = compute(operation, value, index)
            if lane == nil && failure == nil { failure = operation }
        } else {
            lane = nil
        }
        // Asked for again only where the variables of its place are known, so where the lane is.
        lanes[place] = lane
        return lane
    }

    private mutating func compute(_ operation: Operation, _ value: ValueID, _ index: [LoopIndex]) -> LaneValue? {
        let result = type(value)
        switch operation.code {
        case .constant:
            let literal = operation.parameters(ConstantParameters.self).value
            guard literal.isSplat || literal.type.elementCount == 1, let element = result.dtype.laneElement else { return nil }
            return builder.constant(element.lane, bits: element.load(literal.storage.bytes))
        case .iota:
            let place = index[operation.parameters(IotaParameters.self).dimension]
            guard place.clamped.isEmpty, let lane = result.dtype.laneElement?.lane, lane != .bool else { return nil }
            if lane == .i64 { return builder.index(.i64, place) }
            return builder.converted(builder.index(.i32, place), from: .i32, to: result.dtype)
        case .broadcastInDim, .transpose, .reverse, .slice, .reshape, .dynamicSlice:
            guard let source = sourceIndex(operation, index) else { return nil }
            return lane(operation.operands[0], source)
        default:
            guard let definition = opDefinition(operation), let rule = definition.lanes, result.dtype.laneElement != nil else { return nil }
            var operands: [LaneValue] = []
            for operand in operation.operands {
                guard type(operand).dtype.laneElement != nil,
                      let lane = lane(operand, type(operand).rank == 0 ? [] : index) else { return nil }
                operands.append(lane)
            }
            guard let last = operation.operands.last else { return nil }
            return rule(LaneContext(builder, operands, operand: type(last).dtype, result: result.dtype, operation.parameters))
        }
    }

    /// Where in the operand an element of the result is.
    private mutating func sourceIndex(_ operation: Operation, _ index: [LoopIndex]) -> [LoopIndex]? {
        let source = type(operation.operands[0])
        switch operation.code {
        case .broadcastInDim:
            let dimensions = operation.parameters(BroadcastParameters.self).dimensions
            return dimensions.indices.map { source.shape[$0] == 1 ? LoopIndex() : index[dimensions[$0]] }
        case .transpose:
            var places = index
            for (axis, from) in operation.parameters(TransposeParameters.self).permutation.enumerated() { places[from] = index[axis] }
            return places
        case .reverse:
            var places = index
            for axis in operation.parameters(DimensionsParameters.self).dimensions {
                places[axis] = LoopIndex(source.shape[axis] - 1)
                places[axis].add(index[axis], times: -1)
            }
            return places
        case .slice:
            let parameters = operation.parameters(SliceParameters.self)
            return index.indices.map { axis in
                var place = LoopIndex(parameters.starts[axis])
                place.add(index[axis], times: parameters.strides[axis])
                return place
            }
        case .dynamicSlice:
            let sizes = operation.parameters(SliceSizesParameters.self).sizes
            var places = index
            for axis in places.indices where sizes[axis] != source.shape[axis] {
                let start = operation.operands[1 + axis]
                guard type(start).dtype.kind == .signed, let lane = lane(start, []) else { return nil }
                places[axis].add(lane, upTo: source.shape[axis] - sizes[axis], stride: 1)
            }
            return places
        case .reshape:
            return split(linear(index, type(operation.results[0]).shape), source.shape)
        default: return nil
        }
    }

    /// The places in each dimension of a place in row-major order; nil where a dimension would need a division. Sizes of the loops are
    /// found in the index of the result that is being computed, so a variable's range is its loop's.
    private func split(_ index: LoopIndex, _ shape: [Int]) -> [LoopIndex]? {
        guard index.clamped.isEmpty else { return nil }
        var rest = index, places: [LoopIndex] = []
        for (axis, stride) in TensorType(.i8, shape).strides.enumerated() {
            var place = LoopIndex()
            if shape[axis] != 1 {
                guard rest.constant >= 0 else { return nil }
                place.constant = rest.constant / stride
                rest.constant %= stride
                var last = place.constant
                for term in rest.terms where term.stride >= stride {
                    guard term.stride % stride == 0 else { return nil }
                    place.add(term.variable, stride: term.stride / stride)
                    last += (builder.count(of: term.variable) - 1) * (term.stride / stride)
                    rest.add(term.variable, stride: -term.stride)
                }
                // What is left must not carry over into this dimension.
                var below = rest.constant
                for term in rest.terms {
                    guard term.stride > 0 else { return nil }
                    below += (builder.count(of: term.variable) - 1) * term.stride
                }
                guard last < shape[axis], below < stride else { return nil }
            }
            places.append(place)
        }
        return places
    }
}
