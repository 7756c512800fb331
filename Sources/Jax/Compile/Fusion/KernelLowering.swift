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
    /// Lanes by value and place: each is walked to once.
    private var lanes: [Place: LaneValue] = [:]
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
        lanes = [Place(value: value, index: index): lane]
        var results: [LaneValue] = []
        for result in region.results {
            guard let lane = self.lane(result, index) else { return nil }
            results.append(lane)
        }
        return results
    }

    func type(_ value: ValueID) -> TensorType { function.type(of: value).tensor ?? TensorType(.i1, []) }

    private mutating func lower(_ name: String) -> LoweredRegion? {
        for value in region.parameters + region.results where function.type(of: value).tensor?.dtype.laneElement == nil { return nil }
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
        return builder.buffer(type.dtype.laneElement ?? .i8, count: type.elementCount, isWritten: isWritten)
    }

    // MARK: Loops

    /// All results have one shape: a loop for each dimension.
    private mutating func elementwise() -> Bool {
        let shape = type(region.results[0]).shape
        for result in region.results where type(result).shape != shape { return false }
        let start = [LoopIndex](repeating: LoopIndex(), count: shape.count)
        return nest(shape, shape.indices.filter { shape[$0] != 1 }, start, isVector: true) { lowering, index in
            for (result, output) in zip(lowering.region.results, lowering.outputs) {
                guard let lane = lowering.lane(result, index) else { return false }
                lowering.builder.store(lane, to: output, lowering.linear(index, shape))
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

    /// The element of a value at a place; nil where it cannot be had, of which `failure` tells.
    mutating func lane(_ value: ValueID, _ index: [LoopIndex]) -> LaneValue? {
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
        case .broadcastInDim, .transpose, .reverse, .slice, .reshape, .dynamicSlice, .gather:
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
}
