// Custom calls that only annotate: they return their operands.
import JaxIR
import JaxPlatform

func annotationCalls() -> [CustomCall] {
    var calls: [CustomCall] = []
    for name in ["Sharding", "SPMDFullToShardShape", "SPMDShardToFullShape", "annotate_device_placement", "LayoutConstraint", "MoveToHost",
                 "MoveToDevice", "PinToDevice", "xla.sdy.FuncResultSharding"] {
        calls.append(CustomCall(name, shape: passShape, evaluate: { frame, operation, operands throws(JaxError) in operands }))
    }
    return calls
}

/// Results have the operands' types. On one device a shard is the whole array.
private func passShape(_ op: OpView) throws(JaxError) -> [ValueType] {
    try op.requireResults(op.operandCount)
    var types: [ValueType] = []
    for index in 0..<op.operandCount {
        let type = op.operandType(index)
        guard agree(type, op.declaredType(index)) else {
            throw op.error(.notImplemented, "\(type) is divided into \(op.declaredType(index)); the program runs on one device")
        }
        types.append(type)
    }
    return types
}
