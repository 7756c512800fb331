// Where elements come from: operations that only move elements, as the places in their operands.
import JaxIR
import JaxOps
import JaxPlatform
import Loops

extension KernelLowering {
    /// Where in the operand an element of the result is.
    mutating func sourceIndex(_ operation: Operation, _ index: [LoopIndex]) -> [LoopIndex]? {
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
            guard let starts = starts(operation.operands[1...], limits: source.shape.indices.map { source.shape[$0] - sizes[$0] }) else {
                return nil
            }
            return index.indices.map { axis in
                var place = index[axis]
                place.add(starts[axis], times: 1)
                return place
            }
        case .gather: return gatheredIndex(operation, index)
        case .reshape:
            return split(linear(index, type(operation.results[0]).shape), source.shape)
        default: return nil
        }
    }

    /// Scalars as starts of a window, each brought into 0 … its limit.
    mutating func starts(_ operands: ArraySlice<ValueID>, limits: [Int]) -> [LoopIndex]? {
        var places: [LoopIndex] = []
        for (operand, limit) in zip(operands, limits) {
            guard let place = start(operand, [], limit: limit) else { return nil }
            places.append(place)
        }
        return places
    }

    /// An element of an array of integers as a start, brought into 0 … `limit`.
    private mutating func start(_ value: ValueID, _ index: [LoopIndex], limit: Int) -> LoopIndex? {
        var place = LoopIndex()
        if limit == 0 { return place }
        guard let lane = lane(value, index) else { return nil }
        place.add(position(lane, type(value).dtype, limit: limit), upTo: limit, stride: 1)
        return place
    }

    /// An integer as an i32 that has the same place within 0 … `limit`: numbers without a sign and those of 64 bits are brought there
    /// first.
    private func position(_ lane: LaneValue, _ dtype: DType, limit: Int) -> LaneValue {
        let type = builder.type(of: lane), end = builder.constant(type, limit), zero = builder.constant(type, 0)
        var lane = lane
        if dtype.kind == .unsigned, dtype.bitWidth >= 32 {
            lane = builder.select(builder.emit(.lessUnsigned, end, lane), end, lane)
        } else if type == .i64 {
            lane = builder.select(builder.less(end, lane), end, builder.select(builder.less(lane, zero), zero, lane))
        }
        return type == .i64 && limit <= Int(Int32.max) ? builder.emit(.low, lane) : lane
    }

    /// The place in the operand of a gather.
    private mutating func gatheredIndex(_ operation: Operation, _ index: [LoopIndex]) -> [LoopIndex]? {
        let parameters = operation.parameters(GatherParameters.self), dimensions = parameters.dimensions
        let shape = type(operation.operands[0]).shape
        let windows = WindowPlaces(dimensions, operandRank: shape.count, outer: index)
        var places = windows.inWindow
        for (component, axis) in dimensions.indexMap.enumerated() {
            guard let start = start(operation.operands[1], windows.indexPlace(component, rank: type(operation.operands[1]).rank),
                                    limit: shape[axis] - parameters.sliceSizes[axis]) else { return nil }
            places[axis].add(start, times: 1)
        }
        return places
    }

    /// The least and the greatest value of an index without clamped terms.
    func range(_ index: LoopIndex) -> ClosedRange<Int> {
        var low = index.constant, high = index.constant
        for term in index.terms {
            let reach = (builder.count(of: term.variable) - 1) * term.stride
            if reach < 0 { low += reach } else { high += reach }
        }
        return low...high
    }

    /// The places in each dimension of a place in row-major order; nil where a dimension would need a division. Sizes of the loops are
    /// found in the index of the result that is being computed, so a variable's range is its loop's.
    func split(_ index: LoopIndex, _ shape: [Int]) -> [LoopIndex]? {
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

/// The geometry of gather and scatter at one place of the outer array: gather's result or scatter's updates.
struct WindowPlaces {
    private let dimensions: WindowDimensions
    /// The outer place without its window dimensions.
    private let batch: [LoopIndex]
    /// The place in the operand, but for the start of the window.
    let inWindow: [LoopIndex]

    init(_ dimensions: WindowDimensions, operandRank: Int, outer: [LoopIndex]) {
        self.dimensions = dimensions
        batch = outer.indices.filter { !dimensions.windowDims.contains($0) }.map { outer[$0] }
        var places = [LoopIndex](repeating: LoopIndex(), count: operandRank), next = 0
        for axis in 0..<operandRank where dimensions.isWindow(axis) {
            places[axis] = outer[dimensions.windowDims[next]]
            next += 1
        }
        for (axis, from) in zip(dimensions.operandBatching, dimensions.indicesBatching) {
            places[axis] = batch[from < dimensions.indexVectorDim ? from : from - 1]
        }
        inWindow = places
    }

    /// Where a component of the index vector is, in indices of so many dimensions.
    func indexPlace(_ component: Int, rank: Int) -> [LoopIndex] {
        var places = batch
        if dimensions.indexVectorDim < rank { places.insert(LoopIndex(component), at: dimensions.indexVectorDim) }
        return places
    }
}
