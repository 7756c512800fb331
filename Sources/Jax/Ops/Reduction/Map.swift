// map: an arbitrary scalar region for each element (`docs/spec.md`, map).
import JaxIR
import JaxPlatform

func mapFamily() -> [OpDefinition] {
    [OpDefinition(.map, shape: mapShape, evaluate: evaluateMap)]
}

private func mapShape(_ op: OpView) throws(JaxError) -> [ValueType] {
    try op.require(op.operandCount >= 1, "takes at least one operand")
    try op.requireRegions(1)
    let (types, shape) = try op.alikeOperands(op.operandCount)
    let axes = try op.requiredIntegers("dimensions")
    try op.require(axes == Array(0..<shape.count), "dimensions \(text(axes)) must be all \(shape.count) in order")
    let (parameters, results) = op.regionTypes(0)
    try op.require(parameters.count == types.count && results.count == 1, "its region must take \(types.count) scalars and return one")
    for (index, parameter) in parameters.enumerated() {
        try op.require(parameter == .tensor(scalarType(types[index])), "its region takes a \(parameter) where operand \(index) is \(types[index])")
    }
    guard let result = results[0].tensor, result.rank == 0 else { throw op.error(.typeError, "its region must return a scalar, returns \(results[0])") }
    return [.tensor(TensorType(result.dtype, shape))]
}

private func evaluateMap(_ frame: Frame, _ operation: Operation, _ operands: [RuntimeValue]) throws(JaxError) -> [RuntimeValue] {
    var inputs: [Tensor] = []
    for operand in operands { inputs.append(try operand.asTensor()) }
    let result = try Tensor(try frame.resultTensorType(operation))
    let region = operation.regions[0]
    let dtype = result.dtype
    if let function = ScalarFunction(region, in: frame) {
        let file = try Scratch(words: function.registerWords)
        defer { file.free() }
        function.prepare(file.words)
        for i in 0..<result.elementCount {
            for (k, input) in inputs.enumerated() {
                loadWide(input.dtype, input.bytes + i * input.dtype.byteWidth, count: 1, into: file.words + 2 * k)
            }
            function.run(file.words)
            storeWide(dtype, file.words + Int(function.resultSlots[0]) * 2, count: 1, to: result.bytes + i * dtype.byteWidth)
            if i & 1023 == 0 { try checkpoint() }
        }
        return [.tensor(result)]
    }
    for i in 0..<result.elementCount {
        var arguments: [RuntimeValue] = []
        for input in inputs {
            let scalar = try Tensor(TensorType(input.dtype, []))
            scalar.bytes.copyMemory(from: input.bytes + i * input.dtype.byteWidth, byteCount: input.dtype.byteWidth)
            arguments.append(.tensor(scalar))
        }
        let value = try frame.run(region, arguments)[0].asTensor()
        (result.bytes + i * dtype.byteWidth).copyMemory(from: value.bytes, byteCount: dtype.byteWidth)
    }
    return [.tensor(result)]
}
