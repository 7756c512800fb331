// Operations between devices (StableHLO, section Collective ops, partition_id, replica_id) as they are on one device: a group has one member,
// so that a reduction or a gather is its operand. Of several devices Transform/Partitioning puts plain operations in their places.
import JaxIR
import JaxPlatform

func collectiveFamily() -> [OpDefinition] {
    var definitions = [
        collective(.allGather, AllGatherParameters.self) { operand, parameters, view throws(JaxError) in
            try view.requireAxes([parameters.dimension], rank: operand.rank, "all_gather_dim")
            var type = operand
            type.shape[parameters.dimension] = try parameters.scaled(operand.shape[parameters.dimension], view)
            return type
        },
        collective(.allReduce, CollectiveParameters.self) { operand, _, _ throws(JaxError) in operand },
        collective(.allToAll, AllToAllParameters.self) { operand, parameters, view throws(JaxError) in
            try view.requireAxes([parameters.splitDimension], rank: operand.rank, "split_dimension")
            try view.requireAxes([parameters.concatDimension], rank: operand.rank, "concat_dimension")
            var type = operand
            let count = parameters.splitCount, split = operand.shape[parameters.splitDimension]
            try view.require(count > 0 && (isDynamic(split) || split % count == 0), "\(operand) does not split into \(count)")
            if !isDynamic(split) { type.shape[parameters.splitDimension] = split / count }
            type.shape[parameters.concatDimension] = try view.multiplied(type.shape[parameters.concatDimension], count)
            return type
        },
        collective(.collectiveBroadcast, CollectiveParameters.self) { operand, _, _ throws(JaxError) in operand },
        collective(.reduceScatter, ReduceScatterParameters.self) { operand, parameters, view throws(JaxError) in
            try view.requireAxes([parameters.dimension], rank: operand.rank, "scatter_dimension")
            var type = operand
            let size = operand.shape[parameters.dimension], count = parameters.groupSize
            try view.require(isDynamic(size) || size % count == 0, "\(operand) does not scatter over \(count) devices")
            if !isDynamic(size) { type.shape[parameters.dimension] = size / count }
            return type
        },
        OpDefinition(.collectivePermute, CollectivePermuteParameters.self,
                     .effects, infer: { view, _ throws(JaxError) in view.operandTypes },
                     evaluate: evaluateCollectivePermute),
    ]
    for code in [OpCode.partitionId, .replicaId] {
        definitions.append(OpDefinition(code, infer: { view throws(JaxError) in
            try view.requireOperands(0)
            return [.tensor(TensorType(.u32, []))]
        }, tensor: { _, _ throws(JaxError) in
            let result = try Tensor(TensorType(.u32, []))
            result.pointer(UInt32.self).pointee = 0
            return result
        }))
    }
    return definitions
}

/// Which devices work together.
public class CollectiveParameters: Parameters {
    /// Device numbers, a list a group; -1 fills up short groups. No group at all is one group of all devices.
    public private(set) final var groups: [[Int]] = []

    public override func code(_ coder: ParameterCoder) throws(JaxError) { try coder.groups("replica_groups", &groups, missing: []) }

    /// Members of the largest group.
    final var groupSize: Int {
        var largest = 1
        for group in groups { largest = max(largest, group.count { $0 >= 0 }) }
        return largest
    }

    final func scaled(_ size: Int, _ view: OpView) throws(JaxError) -> Int { try view.multiplied(size, groupSize) }
}

extension OpView {
    fileprivate func multiplied(_ size: Int, _ factor: Int) throws(JaxError) -> Int {
        if isDynamic(size) { return size }
        let (product, overflow) = size.multipliedReportingOverflow(by: factor)
        try require(!overflow, "\(size) from each of \(factor) devices is too much")
        return product
    }
}

public final class AllGatherParameters: CollectiveParameters {
    public private(set) var dimension = 0

    public override func code(_ coder: ParameterCoder) throws(JaxError) {
        try super.code(coder)
        try coder.integer("all_gather_dim", &dimension)
    }
}

public final class AllToAllParameters: CollectiveParameters {
    public private(set) var splitDimension = 0, concatDimension = 0, splitCount = 1

    public override func code(_ coder: ParameterCoder) throws(JaxError) {
        try super.code(coder)
        try coder.integer("split_dimension", &splitDimension)
        try coder.integer("concat_dimension", &concatDimension)
        try coder.integer("split_count", &splitCount)
    }
}

public final class ReduceScatterParameters: CollectiveParameters {
    public private(set) var dimension = 0

    public override func code(_ coder: ParameterCoder) throws(JaxError) {
        try super.code(coder)
        try coder.integer("scatter_dimension", &dimension)
    }
}

public final class CollectivePermuteParameters: Parameters {
    /// Source and target, source and target, …
    public private(set) var pairs: [Int] = []

    public override func code(_ coder: ParameterCoder) throws(JaxError) { try coder.integers("source_target_pairs", &pairs) }
}

/// An operation that gives one array for each operand; `infer` says which. On one device it gives the operands themselves.
private func collective<Record: CollectiveParameters>(
    _ code: OpCode, _ record: Record.Type,
    infer: @escaping (TensorType, Record, OpView) throws(JaxError) -> TensorType) -> OpDefinition {
    OpDefinition(code, record, .effects, infer: { view, parameters throws(JaxError) in
        try view.require(view.operandCount > 0, "takes at least one operand")
        var types: [ValueType] = []
        for index in 0..<view.operandCount { types.append(.tensor(try infer(try view.tensor(index), parameters, view))) }
        return types
    }, evaluate: { activation, parameters, operands throws(JaxError) in
        if parameters.groupSize > 1 {
            throw JaxError(.notImplemented, "\(code.name): the program runs on one device, its groups have \(parameters.groupSize)")
        }
        return operands
    })
}

/// Device 0 receives from itself, or zeros where nothing is sent to it.
private func evaluateCollectivePermute(_ activation: Activation, _ parameters: CollectivePermuteParameters,
                                       _ operands: inout [RuntimeValue]) throws(JaxError) -> [RuntimeValue] {
    let pairs = parameters.pairs
    var receives = false
    for index in stride(from: 0, to: pairs.count - 1, by: 2) {
        if pairs[index] > 0 || pairs[index + 1] > 0 {
            throw JaxError(.notImplemented, "collective_permute: the program runs on one device, its pairs are \(text(pairs))")
        }
        if pairs[index] == 0 && pairs[index + 1] == 0 { receives = true }
    }
    if receives { return operands }
    var results: [RuntimeValue] = []
    for operand in operands {
        let zeros = try Tensor(try operand.asTensor().type)
        zeros.bytes.initializeMemory(as: UInt8.self, repeating: 0, count: zeros.type.byteCount)
        results.append(.tensor(zeros))
    }
    return results
}
