// Operations between devices (StableHLO, section Collective ops, partition_id, replica_id; Shardy's manual_computation) as
// they are on one device: a group has one member, so that a reduction or a gather is its operand. Programs that need
// more devices are refused when they run, with the number that they need.
import JaxIR
import JaxPlatform

func collectiveFamily() -> [OpDefinition] {
    var definitions: [OpDefinition] = []
    for code in [OpCode.allGather, .allReduce, .allToAll, .collectiveBroadcast, .crossReplicaSum, .reduceScatter] {
        definitions.append(OpDefinition(code, shape: collectiveRule, evaluate: { frame, operation, operands throws(JaxError) in
            try requireOneDevice(operation)
            for index in operation.results.indices where frame.resultType(operation, index).tensor != (try operands[index].asTensor().type) {
                throw JaxError(.typeError, "\(operation.code.name): the result \(frame.resultType(operation, index)) needs "
                    + "several devices")
            }
            return operands
        }))
    }
    definitions.append(OpDefinition(.collectivePermute, shape: collectiveRule, evaluate: evaluateCollectivePermute))
    for code in [OpCode.partitionId, .replicaId] {
        definitions.append(OpDefinition(code, shape: { view throws(JaxError) in
            try view.requireOperands(0)
            return [.tensor(TensorType(.u32, []))]
        }, evaluate: { _, _, _ throws(JaxError) in
            let result = try Tensor(TensorType(.u32, []))
            result.pointer(UInt32.self).pointee = 0
            return [.tensor(result)]
        }))
    }
    definitions.append(OpDefinition(.manualComputation, shape: { view throws(JaxError) in
        try view.requireRegions(1)
        try view.require(view.operation.regions[0].parameters.count == view.operandCount
                            && view.operation.regions[0].results.count == view.operation.results.count,
                         "the body must take each operand and return each result")
        return view.declaredTypes
    }, consuming: evaluateManualComputation))
    return definitions
}

private func collectiveRule(_ view: OpView) throws(JaxError) -> [ValueType] {
    try view.require(view.operandCount == view.operation.results.count && view.operandCount > 0,
                     "must have one result for each operand")
    for index in 0..<view.operandCount {
        let operand = try view.tensor(index), result = try view.declaredTensor(index)
        try view.require(operand.dtype == result.dtype && operand.rank == result.rank,
                         "the result must have the operand's dtype and rank, is \(result) for \(operand)")
    }
    return view.declaredTypes
}

/// Throws `notImplemented` where a group of devices has more than one member.
private func requireOneDevice(_ operation: Operation) throws(JaxError) {
    var largest = 1
    for group in operation.attributes.array("replica_groups") ?? [] {
        guard case .integers(let members) = group else { continue }
        largest = max(largest, members.count { $0 >= 0 })
    }
    if largest > 1 {
        throw JaxError(.notImplemented, "\(operation.code.name): the program runs on one device, its groups have \(largest)")
    }
}

/// Device 0 receives from itself, or zeros where nothing is sent to it.
private func evaluateCollectivePermute(_ frame: Frame, _ operation: Operation, _ operands: [RuntimeValue]) throws(JaxError) -> [RuntimeValue] {
    let pairs = operation.attributes.integers("source_target_pairs") ?? []
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

/// The body, whose local shapes are the global ones on a mesh of one device.
private func evaluateManualComputation(_ frame: Frame, _ operation: Operation, _ operands: inout [RuntimeValue]) throws(JaxError) -> [RuntimeValue] {
    let body = operation.regions[0]
    for (id, operand) in zip(body.parameters, operation.operands) where frame.function.type(of: id) != frame.function.type(of: operand) {
        throw JaxError(.notImplemented, "manual_computation: \(frame.function.type(of: operand)) is divided into "
            + "\(frame.function.type(of: id)); the program runs on one device")
    }
    for mesh in frame.evaluator.module.meshes {
        for axis in mesh.axes where axis.size > 1 {
            throw JaxError(.notImplemented, "manual_computation: axis \(axis.name) of mesh @\(mesh.name) has \(axis.size) devices; "
                + "the program runs on one")
        }
    }
    let arguments = operands
    operands = []
    return try frame.run(body, consume arguments)
}
