// Reductions as loops over what they reduce within loops over what they keep.
import JaxIR
import JaxOps
import JaxPlatform
import Loops

extension KernelLowering {
    /// The reductions have one operand shape and one set of dimensions; further results have the operands' shape.
    mutating func reduction(_ operations: [Operation]) -> Bool {
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
            lowering.foldNest(folds, shape, reduced.filter { shape[$0] != 1 }, kept, index, isVector: vectorIsReduced)
        }
    }

    /// The loops over the reduced dimensions, then the results.
    private mutating func foldNest(_ folds: [Fold], _ shape: [Int], _ axes: [Int], _ kept: [Int], _ index: [LoopIndex],
                                   isVector: Bool) -> Bool {
        var starts: [LaneValue] = [], initials: [LaneValue] = []
        for fold in folds {
            for (position, operand) in fold.initials.enumerated() {
                guard let initial = lane(operand, []) else { return false }
                initials.append(initial)
                starts.append(fold.neutral(position, builder) ?? initial)
            }
        }
        var succeeded = true
        let sums = foldLoops(folds, shape, axes, index, starts, from: starts, isVector: isVector, &succeeded)
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
                                    from starts: [LaneValue], isVector: Bool, _ succeeded: inout Bool) -> [LaneValue] {
        guard let axis = axes.first else { return fold(folds, shape, index, current, &succeeded) }
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
            let next = foldLoops(folds, shape, Array(axes.dropFirst()), inner, values, from: starts, isVector: isVector, &went)
            if !went { failed = true }
            return next
        }
        if failed { succeeded = false }
        return isApart ? combine(current, results) : results
    }

    /// One element of each operand joins what has been folded; elements that are results too are stored.
    private mutating func fold(_ folds: [Fold], _ shape: [Int], _ index: [LoopIndex], _ current: [LaneValue],
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
            guard type(result).shape == shape, store(result, index, to: output, linear(index, shape)) else {
                succeeded = false
                return current
            }
        }
        return next
    }
}
