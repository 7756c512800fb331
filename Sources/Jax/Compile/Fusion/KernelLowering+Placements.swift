// Operations that put elements of operands at places of their result: what is put there is computed on the way, in loops over the operand.
import JaxIR
import JaxOps
import JaxPlatform
import Loops

extension KernelLowering {
    // MARK: Pieces

    /// A loop over each element of `value`, stored where `place` says.
    private mutating func put(_ value: ValueID, _ name: String,
                              _ place: (inout KernelLowering, [LoopIndex]) -> [LoopIndex]?) -> Kernel? {
        let shape = type(value).shape, result = type(region.results[0]).shape
        return kernel(name) { lowering in
            let start = [LoopIndex](repeating: LoopIndex(), count: shape.count)
            return lowering.nest(shape, shape.indices.filter { shape[$0] != 1 }, start, isVector: true) { lowering, index in
                guard let target = place(&lowering, index) else { return false }
                return lowering.store(value, index, to: lowering.outputs[0], lowering.linear(target, result))
            }
        }
    }

    mutating func concatenation(_ root: Operation, _ name: String) -> LoweredRegion? {
        let axis = root.parameters(DimensionParameters.self).dimension
        var kernels: [Kernel] = [], offset = 0
        for (number, operand) in root.operands.enumerated() {
            let first = offset
            guard let kernel = put(operand, "\(name)_\(number)", { _, index in
                var place = index
                place[axis].constant += first
                return place
            }) else { return nil }
            kernels.append(kernel)
            offset += type(operand).shape[axis]
        }
        return LoweredRegion(kernels: kernels)
    }

    // MARK: pad

    mutating func padding(_ root: Operation, _ name: String) -> LoweredRegion? {
        let parameters = root.parameters(PadParameters.self), result = type(region.results[0]).shape
        let operand = root.operands[0], shape = type(operand).shape
        // Of each dimension the elements that come to lie within the result, and where.
        var first: [Int] = [], count: [Int] = [], steps: [Int] = []
        for axis in shape.indices {
            let step = min(parameters.interior[axis], result[axis]) + 1, low = parameters.low[axis]
            let from = low >= 0 ? 0 : (-low - 1) / step + 1
            let last = low < result[axis] ? min(shape[axis] - 1, (result[axis] - 1 - low) / step) : -1
            first.append(from)
            count.append(last - from + 1)
            steps.append(step)
        }
        let isEmpty = count.contains { $0 <= 0 }
        var kernels: [Kernel] = []
        if isEmpty || zip(count, result).contains(where: { $0 != $1 }) {
            guard let kernel = fill(root.operands[1], name + "_fill", around: isEmpty || steps.contains { $0 > 1 } ? nil
                                    : shape.indices.map { (parameters.low[$0] + first[$0])..<(parameters.low[$0] + first[$0] + count[$0]) })
            else { return nil }
            kernels.append(kernel)
        }
        if isEmpty { return LoweredRegion(kernels: kernels) }
        let kernel = kernel(name) { lowering in
            let start = shape.indices.map { LoopIndex(first[$0]) }
            return lowering.nest(count, count.indices.filter { count[$0] != 1 }, start, isVector: true) { lowering, index in
                let place = index.indices.map { axis in
                    var place = LoopIndex(parameters.low[axis])
                    place.add(index[axis], times: steps[axis])
                    return place
                }
                return lowering.store(operand, index, to: lowering.outputs[0], lowering.linear(place, result))
            }
        }
        guard let kernel else { return nil }
        return LoweredRegion(kernels: kernels + [kernel])
    }

    /// A scalar everywhere but within `box`.
    private mutating func fill(_ value: ValueID, _ name: String, around box: [Range<Int>]?) -> Kernel? {
        let shape = type(region.results[0]).shape
        return kernel(name) { lowering in
            var inside = shape.map { 0..<$0 }
            guard let box else { return lowering.fill(value, inside) }
            // In front of the box and behind it in each dimension, within it in those before.
            for axis in shape.indices {
                for range in [0..<box[axis].lowerBound, box[axis].upperBound..<shape[axis]] where !range.isEmpty {
                    var slab = inside
                    slab[axis] = range
                    if !lowering.fill(value, slab) { return false }
                }
                inside[axis] = box[axis]
            }
            return true
        }
    }

    mutating func fill(_ value: ValueID, _ slab: [Range<Int>]) -> Bool {
        let start = slab.map { LoopIndex($0.lowerBound) }, counts = slab.map { $0.count }
        return nest(counts, counts.indices.filter { counts[$0] != 1 }, start, isVector: true) { lowering, index in
            let shape = lowering.type(lowering.region.results[0]).shape
            return lowering.store(value, [], to: lowering.outputs[0], lowering.linear(index, shape))
        }
    }

    // MARK: Updates

    /// A copy of what is written over, as the first of the kernels. It can be left out where it is a parameter that nothing else reads.
    private mutating func base(_ value: ValueID, _ name: String) -> LoweredRegion? {
        guard let kernel = put(value, name + "_copy", { $1 }) else { return nil }
        var lowered = LoweredRegion(kernels: [kernel])
        let uses = region.operations.reduce(0) { $0 + $1.operands.filter { $0 == value }.count }
        if let parameter = region.parameters.firstIndex(of: value), uses == 1 { lowered.copy = (parameter, 0) }
        return lowered
    }

    mutating func update(_ root: Operation, _ name: String) -> LoweredRegion? {
        let shape = type(root.operands[0]).shape, size = type(root.operands[1]).shape
        guard var lowered = base(root.operands[0], name) else { return nil }
        let kernel = put(root.operands[1], name) { lowering, index in
            guard var places = lowering.starts(root.operands[2...], limits: shape.indices.map { shape[$0] - size[$0] }) else { return nil }
            for axis in places.indices { places[axis].add(index[axis], times: 1) }
            return places
        }
        guard let kernel else { return nil }
        lowered.kernels.append(kernel)
        return lowered
    }

    /// Updates one after the other, each as a whole; one that does not lie inside as a whole changes nothing.
    mutating func scatter(_ root: Operation, _ name: String) -> LoweredRegion? {
        let dimensions = root.parameters(ScatterParameters.self).dimensions
        let result = type(region.results[0]), updates = type(root.operands[2]), indices = type(root.operands[1])
        guard root.operands.count == 3, result == type(root.operands[0]), updates.dtype == result.dtype,
              var lowered = base(root.operands[0], name) else { return nil }
        let axes = updates.shape.indices.filter { !dimensions.windowDims.contains($0) } + dimensions.windowDims
        // Vectors run along a window; where updates are single elements, those may fall on the same place.
        let isVector = dimensions.windowDims.contains { updates.shape[$0] != 1 }
        let kernel = kernel(name, isShared: false) { lowering in
            let start = [LoopIndex](repeating: LoopIndex(), count: updates.rank)
            return lowering.nest(updates.shape, axes.filter { updates.shape[$0] != 1 }, start, isVector: isVector) { lowering, index in
                let windows = WindowPlaces(dimensions, operandRank: result.rank, outer: index)
                var places = windows.inWindow, isInside: [LaneValue] = []
                for (component, axis) in dimensions.indexMap.enumerated() {
                    let window = dimensions.windowAxis(axis).map { updates.shape[$0] } ?? 1, limit = result.shape[axis] - window
                    let from = windows.indexPlace(component, rank: indices.rank)
                    guard let lane = lowering.lane(root.operands[1], from) else { return false }
                    isInside.append(lowering.builder.isWithin(lane, limit, isSigned: indices.dtype.kind == .signed))
                    places[axis].add(lane, upTo: limit, stride: 1)
                }
                guard let update = lowering.lane(root.operands[2], index) else { return false }
                let place = lowering.linear(places, result.shape), output = lowering.outputs[0]
                let old = lowering.builder.load(output, place)
                guard let new = ScalarLowering.results(root.regions[0], lowering.function, [old, update], lowering.builder) else {
                    return false
                }
                let joined = isInside.dropFirst().reduce(isInside.first) { all, one in all.map { lowering.builder.and($0, one) } }
                lowering.builder.store(joined.map { lowering.builder.select($0, new[0], old) } ?? new[0], to: output, place)
                return true
            }
        }
        guard let kernel else { return nil }
        lowered.kernels.append(kernel)
        return lowered
    }
}

extension KernelBuilder {
    /// Whether an integer lies within 0 … `limit`.
    fileprivate func isWithin(_ lane: LaneValue, _ limit: Int, isSigned: Bool) -> LaneValue {
        let last = constant(type(of: lane), limit)
        if !isSigned { return emit(.lessOrEqualUnsigned, lane, last) }
        return and(emit(.lessOrEqual, constant(type(of: lane), 0), lane), emit(.lessOrEqual, lane, last))
    }
}
