// dot_general as kernels: what a contraction is in terms of strides, and the form for few columns, sums along the vectors. The form for all others is
// that of ContractionPanels.swift. Everything is the loop form's: only how many lanes and registers there are comes from the target.
import JaxIR
import JaxOps
import JaxPlatform
import Loops

/// A contraction whose free and contracted dimensions are one each; of batch dimensions there may be several.
struct ContractionLowering {
    /// Strides of an operand, in elements.
    struct Operand {
        /// Of each batch dimension.
        var batch: [Int] = []
        var free = 0, contracted = 0
        var element = ElementType.f32
        var count = 0
        /// The number of its buffer.
        var buffer = 0
    }

    let name: String
    let target: LoopTarget
    /// The sizes of the batch dimensions.
    var batches: [Int] = []
    var m = 1, n = 1, k = 1
    var batch: Int { batches.reduce(1, *) }
    var lhs = Operand(), rhs = Operand()
    let result: ElementType
    let lane: LaneType
    var plan = KernelPlan()
    /// What is stored in place of the sums.
    var epilogue: ContractionEpilogue?
    /// Whether that cannot be computed after all.
    var hasFailed = false

    /// Nil for contractions of other types or layouts, which the evaluator's library has.
    static func plan(_ operation: Operation, _ function: Function, _ target: LoopTarget, name: String) -> KernelPlan? {
        guard var lowering = ContractionLowering(operation, function, target, name) else { return nil }
        lowering.lower()
        return lowering.plan
    }

    /// A contraction with an epilogue: the buffers are the region's parameters and results, then the temporaries.
    static func plan(_ epilogue: ContractionEpilogue, _ target: LoopTarget, name: String) -> KernelPlan? {
        let contraction = epilogue.contraction, region = epilogue.region
        guard var lowering = ContractionLowering(contraction, epilogue.function, target, name),
              let left = region.parameters.firstIndex(of: contraction.operands[0]),
              let right = region.parameters.firstIndex(of: contraction.operands[1]) else { return nil }
        lowering.lhs.buffer = left
        lowering.rhs.buffer = right
        lowering.epilogue = epilogue
        lowering.plan.operationBuffers = region.parameters.count + region.results.count
        lowering.lower()
        return lowering.hasFailed ? nil : lowering.plan
    }

    private init?(_ operation: Operation, _ function: Function, _ target: LoopTarget, _ name: String) {
        let parameters = operation.parameters(DotParameters.self), dimensions = parameters.dimensions
        guard let a = function.type(of: operation.operands[0]).tensor, let b = function.type(of: operation.operands[1]).tensor,
              let c = function.type(of: operation.results[0]).tensor,
              let left = a.dtype.laneElement, let right = b.dtype.laneElement, let result = c.dtype.laneElement,
              left.lane == right.lane, right.lane == result.lane, result.lane != .bool,
              a.elementCount > 0, b.elementCount > 0, c.elementCount > 0 else { return nil }
        self.name = name
        self.target = target
        self.result = result
        lane = result.lane
        func joined(_ type: TensorType, _ axes: [Int]) -> (size: Int, stride: Int)? {
            let strides = type.strides
            var size = 1, stride = 0
            for axis in axes.reversed() where type.shape[axis] != 1 {
                if size == 1 { stride = strides[axis] } else if strides[axis] != stride * size { return nil }
                size *= type.shape[axis]
            }
            return (size, stride)
        }
        let leftFree = DotDimensions.free(a.rank, dimensions.lhsBatching, dimensions.lhsContracting)
        let rightFree = DotDimensions.free(b.rank, dimensions.rhsBatching, dimensions.rhsContracting)
        guard let rows = joined(a, leftFree), let columns = joined(b, rightFree),
              let leftSum = joined(a, dimensions.lhsContracting), let rightSum = joined(b, dimensions.rhsContracting) else { return nil }
        let (sizes, leftBatch, rightBatch) = ContractionLowering.batches(a, dimensions.lhsBatching, b, dimensions.rhsBatching)
        batches = sizes
        m = rows.size
        n = columns.size
        k = leftSum.size
        lhs = Operand(batch: leftBatch, free: rows.stride, contracted: leftSum.stride, element: left,
                      count: a.elementCount, buffer: 0)
        rhs = Operand(batch: rightBatch, free: columns.stride, contracted: rightSum.stride, element: right,
                      count: b.elementCount, buffer: 1)
    }

    /// The batch dimensions as few as both operands allow: sizes, and strides in each.
    private static func batches(_ a: TensorType, _ left: [Int], _ b: TensorType, _ right: [Int]) -> ([Int], [Int], [Int]) {
        var sizes: [Int] = [], lefts: [Int] = [], rights: [Int] = []
        for (x, y) in zip(left, right) where a.shape[x] != 1 {
            let size = a.shape[x], leftStride = a.strides[x], rightStride = b.strides[y]
            if let last = sizes.indices.last, lefts[last] == leftStride * size, rights[last] == rightStride * size {
                sizes[last] *= size
                lefts[last] = leftStride
                rights[last] = rightStride
            } else {
                sizes.append(size)
                lefts.append(leftStride)
                rights.append(rightStride)
            }
        }
        return (sizes, lefts, rights)
    }

    /// The strides of batches that lie one behind the other, `count` elements each.
    func contiguous(_ count: Int) -> [Int] {
        var strides: [Int] = [], stride = count
        for size in batches.reversed() {
            strides.insert(stride, at: 0)
            stride *= size
        }
        return strides
    }

    var lanes: Int { lane.bitWidth == 64 ? target.lanes / 2 : target.lanes }
    var natural: ElementType { lane.naturalElement }

    private mutating func lower() {
        lhs = widened(lhs)
        if n < lanes && (lhs.contracted == 1 || k == 1) {
            if epilogue != nil { hasFailed = true } else { byRows() }
            return
        }
        byPanels()
    }

    mutating func widened(_ operand: Operand) -> Operand {
        if operand.element == natural { return operand }
        var wider = operand
        wider.buffer = plan.widened(operand.buffer, operand.element, operand.count, name: name)
        wider.element = natural
        return wider
    }

    // MARK: Sums along the vectors

    /// Few columns: each element is a sum of products of vectors.
    private mutating func byRows() {
        rhs = widened(rhs)
        if rhs.contracted != 1 && k > 1 { packColumns() }
        let builder = KernelBuilder()
        let a = builder.buffer(lhs.element, count: lhs.count), b = builder.buffer(rhs.element, count: rhs.count)
        let c = builder.buffer(result, count: batch * m * n, isWritten: true)
        let zero = lane.isFloat ? builder.constant(lane, -0.0) : builder.constant(lane, 0)
        builder.over(batches + [m, n]) { places in
            let row = places[batches.count], column = places[batches.count + 1]
            var left = LoopIndex(), right = LoopIndex(), out = LoopIndex()
            left.add(places, times: lhs.batch)
            left.add(row, times: lhs.free)
            right.add(places, times: rhs.batch)
            right.add(column, times: rhs.free)
            out.add(places, times: contiguous(m * n))
            out.add(row, times: n)
            out.add(column, times: 1)
            let sum = builder.loop(.vector, count: k, carrying: [zero], unroll: 4, combine: { [builder.add($0[0], $1[0])] }) { step, sums in
                var x = left, y = right
                x.add(step, stride: lhs.contracted)
                y.add(step, stride: rhs.contracted)
                return [builder.sumOfProduct(builder.load(a, x), builder.load(b, y), sums[0])]
            }
            builder.store(sum[0], to: c, out)
        }
        plan.add(builder.finish(name: name), [lhs.buffer, rhs.buffer, 2])
    }

    /// The right operand with its contracted dimension innermost.
    private mutating func packColumns() {
        let builder = KernelBuilder(), count = batch * n * k
        let b = builder.buffer(rhs.element, count: rhs.count), packed = builder.buffer(natural, count: count, isWritten: true)
        let rhs = rhs, n = n, k = k, outer = batches.count, target = contiguous(n * k)
        builder.over(batches + [n, k], vector: true) { places in
            var from = LoopIndex(), to = LoopIndex()
            from.add(places, times: rhs.batch)
            from.add(places[outer], times: rhs.free)
            from.add(places[outer + 1], times: rhs.contracted)
            to.add(places, times: target)
            to.add(places[outer], times: k)
            to.add(places[outer + 1], times: 1)
            builder.store(builder.load(b, from), to: packed, to)
        }
        let buffer = plan.temporary(natural, count)
        plan.add(builder.finish(name: name + "_pack"), [rhs.buffer, buffer])
        self.rhs = Operand(batch: target, free: k, contracted: 1, element: natural, count: count, buffer: buffer)
    }
}

extension KernelBuilder {
    /// a × b + c.
    func sumOfProduct(_ a: LaneValue, _ b: LaneValue, _ c: LaneValue) -> LaneValue {
        type(of: a).isFloat ? accumulate(a, b, c) : add(multiply(a, b), c)
    }
}
