// From a fused region to a kernel. Results are pulled: what an element of a result needs is asked for at the places that its operations
// say (a transposition permutes the place, a broadcast drops dimensions), down to loads of the operands. Nothing in between is stored.
import JaxIR
import JaxOps
import JaxPlatform
import Loops

/// A region as kernels that follow each other; the buffers of each are the region's parameters, then its results.
struct LoweredRegion {
    var kernels: [Kernel]
    /// The first kernel only copies this parameter into this result: needless where they share memory.
    var copy: (parameter: Int, result: Int)?
}

/// A region that becomes kernels.
struct KernelLowering {
    let function: Function
    let region: Region
    private(set) var builder = KernelBuilder()
    private(set) var definitions: [ValueID: Operation] = [:]
    private(set) var inputs: [ValueID: BufferID] = [:]
    private(set) var outputs: [BufferID] = []
    /// Whether the innermost of several loops of a reduction starts anew each time, and what it has folded joins the rest behind it.
    private(set) var foldsInnermostApart = false
    /// Lanes by value and place, of a complex number two: each is walked to once.
    private var lanes: [Place: [LaneValue]] = [:]
    /// The operation that stands in the way.
    var failure: Operation?

    private struct Place: Hashable {
        let value: ValueID
        let index: [LoopIndex]
    }

    /// Either kernels, or where it is known the operation that no kernel can be made of.
    static func lower(_ region: Region, of function: Function, name: String) -> (lowered: LoweredRegion?, failure: Operation?) {
        var lowering = KernelLowering(region, of: function)
        return (lowering.lower(name), lowering.failure)
    }

    private init(_ region: Region, of function: Function) {
        self.region = region
        self.function = function
        for operation in region.operations {
            for result in operation.results { definitions[result] = operation }
        }
    }

    /// A region whose elements are asked for within a kernel that somebody else makes; `inputs` are its buffers for parameters.
    init(_ region: Region, of function: Function, in builder: KernelBuilder, _ inputs: [ValueID: BufferID]) {
        self.init(region, of: function)
        self.builder = builder
        self.inputs = inputs
    }

    /// The region's results at one place, of which `value` is known there already; nil where they cannot be had. All results have the
    /// shape of `value`, and `place` counts elements.
    mutating func results(at place: LoopIndex, _ value: ValueID, _ lane: LaneValue) -> [LaneValue]? {
        guard let index = split(place, type(value).shape) else { return nil }
        lanes = [Place(value: value, index: index): [lane]]
        var results: [LaneValue] = []
        for result in region.results {
            guard let lane = self.lane(result, index) else { return nil }
            results.append(lane)
        }
        return results
    }

    func type(_ value: ValueID) -> TensorType { function.type(of: value).tensor ?? TensorType(.i1, []) }

    private mutating func lower(_ name: String) -> LoweredRegion? {
        for value in region.parameters + region.results where function.type(of: value).tensor?.dtype.partElement == nil { return nil }
        for result in region.results where type(result).elementCount == 0 { return nil }
        if let root = region.operations.last, GroupRoot.isRoot(root) {
            let lowered = lower(root: root, name)
            if lowered == nil && failure == nil { failure = root }
            return lowered
        }
        let reductions = region.operations.filter { $0.code == .reduce }
        guard let kernel = kernel(name, { $0.nest(reductions) }) else { return nil }
        return LoweredRegion(kernels: [kernel])
    }

    private mutating func nest(_ reductions: [Operation]) -> Bool { reductions.isEmpty ? elementwise() : reduction(reductions) }

    /// A kernel with the loops that `body` makes. Processors may share those unless iterations depend on each other.
    mutating func kernel(_ name: String, isShared: Bool = true, _ body: (inout KernelLowering) -> Bool) -> Kernel? {
        builder = KernelBuilder()
        lanes = [:]
        inputs = [:]
        outputs = []
        for parameter in region.parameters { inputs[parameter] = buffer(parameter, isWritten: false) }
        for result in region.results { outputs.append(buffer(result, isWritten: true)) }
        guard body(&self) else { return nil }
        let kernel = builder.finish(name: name).scheduled(isShared: isShared)
        if foldsInnermostApart || !kernel.carriesIntoVectors { return kernel }
        foldsInnermostApart = true
        defer { foldsInnermostApart = false }
        return self.kernel(name, isShared: isShared, body)
    }

    private func buffer(_ value: ValueID, isWritten: Bool) -> BufferID {
        let type = type(value)
        return builder.buffer(type.dtype.partElement ?? .i8, count: type.elementCount * type.dtype.partCount, isWritten: isWritten)
    }

    // MARK: Loops

    /// All results have one shape: a loop for each dimension.
    private mutating func elementwise() -> Bool {
        let shape = type(region.results[0]).shape
        for result in region.results where type(result).shape != shape { return false }
        let start = [LoopIndex](repeating: LoopIndex(), count: shape.count)
        return nest(shape, shape.indices.filter { shape[$0] != 1 }, start, isVector: true) { lowering, index in
            for (result, output) in zip(lowering.region.results, lowering.outputs) {
                guard lowering.store(result, index, to: output, lowering.linear(index, shape)) else { return false }
            }
            return true
        }
    }

    /// Loops over dimensions of `shape` in the order of `axes`, of which the innermost may be a vector loop; `index` is the place within.
    mutating func nest(_ shape: [Int], _ axes: [Int], _ index: [LoopIndex], isVector: Bool, unroll: Int = 1,
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

    // MARK: Elements

    func linear(_ index: [LoopIndex], _ shape: [Int]) -> LoopIndex {
        var sum = LoopIndex()
        for (axis, stride) in TensorType(.i8, shape).strides.enumerated() where shape[axis] != 1 { sum.add(index[axis], times: stride) }
        return sum
    }

    /// The element of a value at a place; nil where it cannot be had, of which `failure` tells, and of complex numbers.
    mutating func lane(_ value: ValueID, _ index: [LoopIndex]) -> LaneValue? {
        if type(value).dtype.isComplex {
            if failure == nil { failure = definitions[value] }
            return nil
        }
        return parts(value, index)?.first
    }

    /// Stores the element of a value at a place, which is element `target` of a buffer. False where it cannot be had.
    mutating func store(_ value: ValueID, _ index: [LoopIndex], to buffer: BufferID, _ target: LoopIndex) -> Bool {
        guard let parts = parts(value, index) else { return false }
        for (number, part) in parts.enumerated() { builder.store(part, to: buffer, place(target, part: number, of: parts.count)) }
        return true
    }

    /// Where a part of an element lies.
    private func place(_ index: LoopIndex, part: Int, of count: Int) -> LoopIndex {
        if count == 1 { return index }
        var place = LoopIndex(part)
        place.add(index, times: count)
        return place
    }

    /// The element of a value at a place, in its parts; nil where it cannot be had, of which `failure` tells.
    private mutating func parts(_ value: ValueID, _ index: [LoopIndex]) -> [LaneValue]? {
        let key = Place(value: value, index: index)
        if let known = lanes[key] { return known }
        let parts: [LaneValue]?
        if let buffer = inputs[value] {
            let source = linear(index, type(value).shape), count = type(value).dtype.partCount
            parts = (0..<count).map { builder.load(buffer, place(source, part: $0, of: count)) }
        } else if let operation = definitions[value] {
            parts = compute(operation, value, index)
            if parts == nil && failure == nil { failure = operation }
        } else {
            parts = nil
        }
        // Asked for again only where the variables of its place are known, so where the lanes are.
        lanes[key] = parts
        return parts
    }

    private mutating func compute(_ operation: Operation, _ value: ValueID, _ index: [LoopIndex]) -> [LaneValue]? {
        let result = type(value)
        guard let element = result.dtype.partElement else { return nil }
        switch operation.code {
        case .constant:
            let literal = operation.parameters(ConstantParameters.self).value
            guard literal.isSplat || literal.type.elementCount == 1 else { return nil }
            return (0..<result.dtype.partCount).map {
                builder.constant(element.lane, bits: element.load(literal.storage.bytes + $0 * element.byteCount))
            }
        case .iota:
            let place = index[operation.parameters(IotaParameters.self).dimension]
            guard place.clamped.isEmpty, !result.dtype.isComplex, element.lane != .bool else { return nil }
            if element.lane == .i64 { return [builder.index(.i64, place)] }
            return builder.converted(builder.index(.i32, place), from: .i32, to: result.dtype).map { [$0] }
        case .broadcastInDim, .transpose, .reverse, .slice, .reshape, .dynamicSlice, .gather:
            guard let source = sourceIndex(operation, index) else { return nil }
            return parts(operation.operands[0], source)
        default: return elementwise(operation, result.dtype, index)
        }
    }

    /// By the rule that stands beside the operation's definition.
    private mutating func elementwise(_ operation: Operation, _ result: DType, _ index: [LoopIndex]) -> [LaneValue]? {
        guard let definition = opDefinition(operation), let last = operation.operands.last else { return nil }
        var isComplex = result.isComplex, operands: [[LaneValue]] = []
        for operand in operation.operands {
            let type = type(operand)
            if type.dtype.isComplex { isComplex = true }
            guard type.dtype.partElement != nil, let parts = parts(operand, type.rank == 0 ? [] : index) else { return nil }
            operands.append(parts)
        }
        let dtype = type(last).dtype
        if isComplex { return definition.parts?(PartsContext(builder, operands, operand: dtype, result: result, operation.parameters)) }
        let context = LaneContext(builder, operands.map { $0[0] }, operand: dtype, result: result, operation.parameters)
        return definition.lanes?(context).map { [$0] }
    }
}
