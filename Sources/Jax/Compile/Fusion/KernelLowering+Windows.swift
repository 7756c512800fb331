// Sliding windows: cumulative ones as one pass, in which each result is the one before with an element more; others window by window.
import JaxIR
import JaxOps
import JaxPlatform
import Loops

extension KernelLowering {
    mutating func windows(_ root: Operation, _ name: String) -> LoweredRegion? {
        let parameters = root.parameters(ReduceWindowParameters.self)
        guard let fold = Fold(root, function), zip(fold.operands, fold.dtypes).allSatisfy({ type($0).dtype == $1 }) else { return nil }
        let made: Kernel?
        if let scan = parameters.cumulative(type(fold.operands[0]).shape) {
            made = kernel(name) { $0.scan(fold, scan) }
        } else {
            guard parameters.baseDilations.allSatisfy({ $0 == 1 }) else { return nil }
            made = kernel(name) { $0.slide(fold, parameters) }
        }
        return made.map { LoweredRegion(kernels: [$0]) }
    }

    private mutating func initials(_ fold: Fold) -> [LaneValue]? {
        var lanes: [LaneValue] = []
        for initial in fold.initials {
            guard let lane = lane(initial, []) else { return nil }
            lanes.append(lane)
        }
        return lanes
    }

    private mutating func store(_ values: [LaneValue], _ fold: Fold, _ place: LoopIndex) {
        for (value, result) in zip(values, fold.results) {
            if let output = region.results.firstIndex(of: result) { builder.store(value, to: outputs[output], place) }
        }
    }

    // MARK: Cumulative windows

    private mutating func scan(_ fold: Fold, _ scan: CumulativeWindow) -> Bool {
        let shape = type(fold.operands[0]).shape
        let others = shape.indices.filter { $0 != scan.axis && shape[$0] != 1 }
        let start = [LoopIndex](repeating: LoopIndex(), count: shape.count)
        // Neighbours in memory go side by side; where each lies in a row of its own, one row after the other is as good.
        let isVector = others.last.map { $0 > scan.axis } ?? false
        return nest(shape, others, start, isVector: isVector) { lowering, index in
            guard let initials = lowering.initials(fold) else { return false }
            var succeeded = true
            _ = lowering.builder.loop(.serial, count: shape[scan.axis], carrying: initials) { step, current in
                var place = index
                place[scan.axis] = LoopIndex(scan.isReverse ? shape[scan.axis] - 1 : 0)
                place[scan.axis].add(step, stride: scan.isReverse ? -1 : 1)
                var elements: [LaneValue] = []
                for operand in fold.operands {
                    guard let lane = lowering.lane(operand, place) else {
                        succeeded = false
                        return current
                    }
                    elements.append(lane)
                }
                guard let next = fold.combine(current, elements, lowering.builder) else {
                    succeeded = false
                    return current
                }
                lowering.store(next, fold, lowering.linear(place, shape))
                return next
            }
            return succeeded
        }
    }

    // MARK: Any windows

    /// Up to so many elements of a window are written out one by one; beyond there are loops.
    private static let unrolled = 32

    private mutating func slide(_ fold: Fold, _ parameters: ReduceWindowParameters) -> Bool {
        let shape = type(fold.results[0]).shape, window = parameters.dimensions
        let start = [LoopIndex](repeating: LoopIndex(), count: shape.count)
        return nest(shape, shape.indices.filter { shape[$0] != 1 }, start, isVector: true) { lowering, index in
            guard let initials = lowering.initials(fold) else { return false }
            let first = index.indices.map { axis in
                var place = LoopIndex(-parameters.padding[2 * axis])
                place.add(index[axis], times: parameters.strides[axis])
                return place
            }
            var succeeded = true
            let axes = window.indices.filter { window[$0] != 1 }
            let values = lowering.slide(fold, first, window, parameters.windowDilations, axes, initials,
                                        isUnrolled: window.reduce(1, *) <= KernelLowering.unrolled, &succeeded)
            if succeeded { lowering.store(values, fold, lowering.linear(index, shape)) }
            return succeeded
        }
    }

    private mutating func slide(_ fold: Fold, _ place: [LoopIndex], _ window: [Int], _ dilations: [Int], _ axes: [Int],
                                _ current: [LaneValue], isUnrolled: Bool, _ succeeded: inout Bool) -> [LaneValue] {
        guard let axis = axes.first else { return joined(fold, place, current, &succeeded) }
        let rest = Array(axes.dropFirst())
        var inner = place
        if isUnrolled {
            var values = current
            for step in 0..<window[axis] {
                inner[axis].constant = place[axis].constant + step * dilations[axis]
                values = slide(fold, inner, window, dilations, rest, values, isUnrolled: true, &succeeded)
            }
            return values
        }
        var failed = false
        let values = builder.loop(.serial, count: window[axis], carrying: current) { step, current in
            inner[axis] = place[axis]
            inner[axis].add(step, stride: dilations[axis])
            var went = true
            let next = slide(fold, inner, window, dilations, rest, current, isUnrolled: false, &went)
            if !went { failed = true }
            return next
        }
        if failed { succeeded = false }
        return values
    }

    /// One element of a window joins what has been folded, where it lies within the operand.
    private mutating func joined(_ fold: Fold, _ place: [LoopIndex], _ current: [LaneValue], _ succeeded: inout Bool) -> [LaneValue] {
        let (places, inside) = bounded(place, type(fold.operands[0]).shape)
        var elements: [LaneValue] = []
        for operand in fold.operands {
            guard let lane = lane(operand, places) else {
                succeeded = false
                return current
            }
            elements.append(lane)
        }
        guard let next = fold.combine(current, elements, builder) else {
            succeeded = false
            return current
        }
        guard let inside else { return next }
        return zip(next, current).map { builder.select(inside, $0, $1) }
    }

    /// A place brought within a shape, and whether it was: nil where it always is.
    mutating func bounded(_ place: [LoopIndex], _ shape: [Int]) -> (places: [LoopIndex], isInside: LaneValue?) {
        var inside: LaneValue?, places: [LoopIndex] = []
        for (axis, index) in place.enumerated() {
            let range = range(index)
            if range.lowerBound >= 0, range.upperBound < shape[axis] {
                places.append(index)
                continue
            }
            let lane = builder.index(.i32, index)
            let isWithin = builder.emit(.lessOrEqualUnsigned, lane, builder.constant(.i32, shape[axis] - 1))
            inside = inside.map { builder.and($0, isWithin) } ?? isWithin
            var clamped = LoopIndex()
            clamped.add(lane, upTo: shape[axis] - 1, stride: 1)
            places.append(clamped)
        }
        return (places, inside)
    }
}
