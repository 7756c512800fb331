// einsum, unary_einsum and the batch normalisations in terms of other operations, when a program is loaded.
import JaxIR
import JaxOps
import JaxPlatform

// MARK: - einsum: sums of products by subscripts such as "ab,bc->ac" (StableHLO's dialect; no part of the specification). Each
// dimension has a letter of its own; there are no ellipses.

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

func rewrittenEinsum(_ operation: EncodedOperation, _ builder: Builder) throws(JaxError) -> ValueID {
    let count = operation.name == "einsum" ? 2 : 1
    try operation.requireOperands(count)
    guard let text = operation.attributes.string("einsum_config"), let subscripts = Subscripts(text),
          subscripts.inputs.count == count else {
        throw operation.error(.malformed, "einsum_config must name \(count) operands and a result, as in \"ab,bc->ac\"")
    }
    let dtype = try operation.result().dtype
    // Letters of one operand alone that the result lacks are summed first.
    var inputs: [ValueID] = [], letters: [[UInt8]] = []
    for (k, all) in subscripts.inputs.enumerated() {
        let type = try operation.tensor(k)
        guard type.rank == all.count else {
            throw operation.error(.typeError, "operand \(k) is \(type), its subscripts name \(all.count) dimensions")
        }
        var summed: [Int] = [], kept: [UInt8] = []
        for (axis, letter) in all.enumerated() {
            let isElsewhere = subscripts.output.contains(letter) || count == 2 && subscripts.inputs[1 - k].contains(letter)
            if isElsewhere { kept.append(letter) } else { summed.append(axis) }
        }
        let zero = try builder.constant(0, TensorType(type.dtype, []))
        inputs.append(summed.isEmpty ? operation.operands[k] : try builder.reduce(.add, operation.operands[k], zero, axes: summed))
        letters.append(kept)
    }
    var result = inputs[0], order = letters[0]
    if count == 2 {
        var dimensions = DotDimensions()
        order = []
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
        result = try builder.dotGeneral(inputs[0], inputs[1], dimensions, dtype)
    } else {
        result = try builder.convert(result, to: dtype)
    }
    var permutation: [Int] = []
    for letter in subscripts.output { permutation.append(order.firstIndex(of: letter) ?? 0) }
    return try builder.transpose(result, permutation)
}

// MARK: - batch_norm_inference, batch_norm_training, batch_norm_grad (`docs/spec.md`, sections of these names)

func rewrittenBatchNorm(_ operation: EncodedOperation, _ builder: Builder) throws(JaxError) -> [ValueID] {
    let normalisation = try BatchNorm(operation, builder)
    switch operation.name {
    case "batch_norm_inference":
        try operation.requireOperands(5)
        return [try normalisation.normalised(mean: operation.operands[3], variance: operation.operands[4])]
    case "batch_norm_training":
        try operation.requireOperands(3)
        let (mean, variance) = try normalisation.statistics()
        return [try normalisation.normalised(mean: mean, variance: variance), mean, variance]
    default:
        try operation.requireOperands(5)
        return try normalisation.gradient(mean: operation.operands[2], variance: operation.operands[3], of: operation.operands[4])
    }
}

private struct BatchNorm {
    let operation: EncodedOperation
    let builder: Builder
    let type: TensorType
    let feature: Int
    /// All dimensions but the feature's.
    let others: [Int]
    let vector: TensorType
    let epsilon: ValueID
    /// Elements of one feature.
    let count: ValueID

    init(_ operation: EncodedOperation, _ builder: Builder) throws(JaxError) {
        self.operation = operation
        self.builder = builder
        type = try operation.tensor(0)
        feature = try operation.integer("feature_index")
        guard let epsilon = operation.attributes.float("epsilon") else {
            throw operation.error(.malformed, "the attribute epsilon is missing")
        }
        guard type.dtype.isFloat, feature >= 0, feature < type.rank else {
            throw operation.error(.typeError, "feature_index \(feature) is not a dimension of an array of floats \(type)")
        }
        guard type.isStatic else { throw operation.error(.notImplemented, "on arrays of unknown shape is not available") }
        let feature = self.feature
        others = (0..<type.rank).filter { $0 != feature }
        vector = TensorType(type.dtype, [type.shape[feature]])
        self.epsilon = try builder.constant(epsilon, vector)
        var size = 1.0
        for axis in others { size *= Double(type.shape[axis]) }
        count = try builder.constant(size, vector)
    }

    private func spread(_ vector: ValueID) throws(JaxError) -> ValueID {
        try builder.broadcast(vector, to: type.shape, dimensions: [feature])
    }

    private func sum(_ array: ValueID) throws(JaxError) -> ValueID {
        try builder.reduce(.add, array, try builder.constant(0, TensorType(type.dtype, [])), axes: others)
    }

    func statistics() throws(JaxError) -> (mean: ValueID, variance: ValueID) {
        let mean = try builder.divide(try sum(operation.operands[0]), count)
        let centred = try builder.subtract(operation.operands[0], try spread(mean))
        return (mean, try builder.divide(try sum(try builder.multiply(centred, centred)), count))
    }

    /// (x - mean) / √(variance + ε) · scale + offset.
    func normalised(mean: ValueID, variance: ValueID) throws(JaxError) -> ValueID {
        let centred = try builder.subtract(operation.operands[0], try spread(mean))
        let deviation = try builder.one(.sqrt, [try builder.add(variance, epsilon)])
        let scaled = try builder.multiply(try builder.divide(centred, try spread(deviation)), try spread(operation.operands[1]))
        return try builder.add(scaled, try spread(operation.operands[2]))
    }

    /// The gradients with respect to the operand, the scale and the offset.
    func gradient(mean: ValueID, variance: ValueID, of output: ValueID) throws(JaxError) -> [ValueID] {
        let variance = try builder.add(variance, epsilon)
        let deviation = try builder.one(.sqrt, [variance])
        let centred = try builder.subtract(operation.operands[0], try spread(mean))
        let total = try sum(output)
        let product = try sum(try builder.multiply(output, centred))
        let scale = try builder.divide(try builder.divide(operation.operands[1], deviation), count)
        let correction = try builder.multiply(centred, try spread(try builder.divide(product, variance)))
        let inner = try builder.subtract(try builder.subtract(try builder.multiply(try spread(count), output), try spread(total)),
                                         correction)
        return [try builder.multiply(try spread(scale), inner), try builder.divide(product, deviation), total]
    }
}
