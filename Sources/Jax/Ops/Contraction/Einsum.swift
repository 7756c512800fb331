// einsum and unary_einsum: sums of products by subscripts such as "ab,bc->ac" (StableHLO's dialect; no part of the
// specification). Each dimension has a letter of its own; there are no ellipses.
import JaxIR
import JaxPlatform

func einsumFamily() -> [OpDefinition] {
    [
        OpDefinition(.einsum, shape: { op throws(JaxError) in try einsumShape(op, operands: 2) }, evaluate: evaluateEinsum),
        OpDefinition(.unaryEinsum, shape: { op throws(JaxError) in try einsumShape(op, operands: 1) }, evaluate: evaluateEinsum),
    ]
}

/// The letters of the operands and of the result.
private struct Subscripts {
    var inputs: [[UInt8]] = [[]]
    var output: [UInt8] = []

    /// Nil where the text is not of the form "ab,bc->ac".
    init?(_ text: String) {
        var isOutput = false
        let bytes = Array(text.utf8)
        var index = 0
        while index < bytes.count {
            let byte = bytes[index]
            index += 1
            if byte == 0x20 { continue }
            if byte == 0x2d {
                guard !isOutput, index < bytes.count, bytes[index] == 0x3e else { return nil }
                index += 1
                isOutput = true
            } else if byte == 0x2c {
                guard !isOutput else { return nil }
                inputs.append([])
            } else {
                guard (byte | 0x20) >= 0x61, (byte | 0x20) <= 0x7a else { return nil }
                let letters = isOutput ? output : inputs[inputs.count - 1]
                guard !letters.contains(byte) else { return nil }
                if isOutput { output.append(byte) } else { inputs[inputs.count - 1].append(byte) }
            }
        }
        guard isOutput else { return nil }
        for letter in output where !inputs.contains(where: { $0.contains(letter) }) { return nil }
    }
}

private func einsumShape(_ op: OpView, operands: Int) throws(JaxError) -> [ValueType] {
    try op.requireOperands(operands)
    guard let text = op.attributes.string("einsum_config"), let subscripts = Subscripts(text), subscripts.inputs.count == operands else {
        throw op.error(.malformed, "einsum_config must name \(operands) operands and a result, as in \"ab,bc->ac\"")
    }
    var sizes = [Int](repeating: TensorType.dynamic, count: 256)
    for (k, letters) in subscripts.inputs.enumerated() {
        let type = try op.tensor(k)
        try op.require(type.rank == letters.count, "operand \(k) is \(type), its subscripts name \(letters.count) dimensions")
        for (axis, letter) in letters.enumerated() {
            try op.require(agree(sizes[Int(letter)], type.shape[axis]), "dimensions of one letter have sizes \(sizes[Int(letter)]) and \(type.shape[axis])")
            sizes[Int(letter)] = merge(sizes[Int(letter)], type.shape[axis])
        }
    }
    let declared = try op.declaredTensor()
    try requireContraction(op, try op.tensor(0), try op.tensor(operands - 1), declared)
    var shape: [Int] = []
    for letter in subscripts.output { shape.append(sizes[Int(letter)]) }
    return [.tensor(TensorType(declared.dtype, shape))]
}

private func evaluateEinsum(_ frame: Frame, _ operation: Operation, _ operands: [RuntimeValue]) throws(JaxError) -> [RuntimeValue] {
    let type = try frame.resultTensorType(operation)
    guard let subscripts = Subscripts(operation.attributes.string("einsum_config") ?? "") else {
        throw JaxError(.internalError, "einsum without subscripts")
    }
    // Letters of one operand alone that the result lacks are summed first.
    var inputs: [Tensor] = [], letters: [[UInt8]] = []
    for (k, all) in subscripts.inputs.enumerated() {
        var summed: [Int] = [], kept: [UInt8] = []
        for (axis, letter) in all.enumerated() {
            let isElsewhere = subscripts.output.contains(letter) || subscripts.inputs.count == 2 && subscripts.inputs[1 - k].contains(letter)
            if isElsewhere { kept.append(letter) } else { summed.append(axis) }
        }
        let operand = try operands[k].asTensor()
        let zero = try Tensor(TensorType(operand.dtype, []))
        zero.bytes.initializeMemory(as: UInt8.self, repeating: 0, count: operand.dtype.byteWidth)
        inputs.append(summed.isEmpty ? operand : try reduce([operand], [zero], axes: summed, Combiner(.add, operand.dtype))[0])
        letters.append(kept)
    }
    if inputs.count == 1 {
        // A product with the scalar one leaves the conversion to the result's type to the contraction.
        let one = try Tensor(TensorType(inputs[0].dtype, []))
        var word: [UInt64] = inputs[0].dtype.isInteger || inputs[0].dtype == .i1 ? [1, 0] : [Double(1).bitPattern, 0]
        storeWide(one.dtype, &word, count: 1, to: one.bytes)
        inputs.append(one)
        letters.append([])
    }
    var dimensions = DotDimensions(lhsBatching: [], rhsBatching: [], lhsContracting: [], rhsContracting: [])
    var order: [UInt8] = []
    for (axis, letter) in letters[0].enumerated() {
        guard let other = letters[1].firstIndex(of: letter) else { continue }
        if subscripts.output.contains(letter) {
            dimensions.lhsBatching.append(axis)
            dimensions.rhsBatching.append(other)
            order.append(letter)
        } else {
            dimensions.lhsContracting.append(axis)
            dimensions.rhsContracting.append(other)
        }
    }
    for letter in letters[0] where !letters[1].contains(letter) { order.append(letter) }
    for letter in letters[1] where !letters[0].contains(letter) { order.append(letter) }
    let result = try contract(inputs[0], inputs[1], dimensions, type.dtype)
    var permutation: [Int] = []
    for letter in subscripts.output { permutation.append(order.firstIndex(of: letter) ?? 0) }
    return [.tensor(try transpose(result, permutation))]
}
