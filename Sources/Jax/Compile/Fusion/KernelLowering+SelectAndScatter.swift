// select_and_scatter: each window picks one of its elements, to whose place an element of the source is added. Which one it is is a number
// within the window; then every place of the window is read and written again, changed or not: that needs no places that depend on data.
import JaxIR
import JaxOps
import JaxPlatform
import Loops

extension KernelLowering {
    /// Windows of more elements are the evaluator's.
    private static let largestWindow = 64

    mutating func selectAndScatter(_ root: Operation, _ name: String) -> LoweredRegion? {
        let parameters = root.parameters(SelectAndScatterParameters.self), window = parameters.dimensions
        let shape = type(root.operands[0]).shape, source = type(root.operands[1])
        let dtype = type(root.results[0]).dtype
        guard window.reduce(1, *) <= KernelLowering.largestWindow, source.dtype == dtype, type(root.operands[2]).dtype == dtype,
              let cleared = kernel(name + "_fill", { $0.fill(root.operands[2], shape.map { 0..<$0 }) }) else { return nil }
        // Windows that share elements follow each other.
        let isShared = window.indices.allSatisfy { window[$0] <= parameters.strides[$0] }
        let isVector = shape.indices.last { source.shape[$0] != 1 }.map { window[$0] == 1 && parameters.strides[$0] == 1 } ?? false
        let kernel = kernel(name, isShared: isShared) { lowering in
            let start = [LoopIndex](repeating: LoopIndex(), count: shape.count)
            let axes = shape.indices.filter { source.shape[$0] != 1 }
            return lowering.nest(source.shape, axes, start, isVector: isVector) { lowering, index in
                let elements = lowering.elements(of: parameters, at: index).map { lowering.bounded($0, shape) }
                guard let picked = lowering.picked(root, elements),
                      let addend = lowering.lane(root.operands[1], index) else { return false }
                for (number, element) in elements.enumerated() {
                    let place = lowering.linear(element.places, shape), output = lowering.outputs[0]
                    let old = lowering.builder.load(output, place)
                    guard let new = ScalarLowering.results(root.regions[1], lowering.function, [old, addend], lowering.builder) else {
                        return false
                    }
                    let isPicked = lowering.builder.emit(.equal, picked, lowering.builder.constant(.i32, number))
                    lowering.builder.store(lowering.builder.select(isPicked, new[0], old), to: output, place)
                }
                return true
            }
        }
        return kernel.map { LoweredRegion(kernels: [cleared, $0]) }
    }

    /// The places of a window's elements, in their order, where they may lie outside.
    private func elements(of parameters: SelectAndScatterParameters, at index: [LoopIndex]) -> [[LoopIndex]] {
        var places: [[LoopIndex]] = [index.indices.map { axis in
            var place = LoopIndex(-parameters.padding[2 * axis])
            place.add(index[axis], times: parameters.strides[axis])
            return place
        }]
        for (axis, size) in parameters.dimensions.enumerated() {
            places = places.flatMap { place in
                (0..<size).map { step in
                    var moved = place
                    moved[axis].constant += step
                    return moved
                }
            }
        }
        return places
    }

    /// The number of the element that the select region picks; −1 where none lies within the operand.
    private mutating func picked(_ root: Operation, _ elements: [(places: [LoopIndex], isInside: LaneValue?)]) -> LaneValue? {
        var best: (value: LaneValue, number: LaneValue)?
        for (number, element) in elements.enumerated() {
            guard let value = lane(root.operands[0], element.places) else { return nil }
            let own = builder.constant(.i32, number), none = builder.constant(.i32, -1)
            guard let before = best else {
                best = (value, element.isInside.map { builder.select($0, own, none) } ?? own)
                continue
            }
            guard let keeps = ScalarLowering.results(root.regions[0], function, [before.value, value], builder) else { return nil }
            var isTaken = builder.or(builder.less(before.number, builder.constant(.i32, 0)), builder.emit(.not, keeps[0]))
            if let isInside = element.isInside { isTaken = builder.and(isInside, isTaken) }
            best = (builder.select(isTaken, value, before.value), builder.select(isTaken, own, before.number))
        }
        return best?.number
    }
}
