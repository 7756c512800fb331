// batch_norm_inference, batch_norm_training and batch_norm_grad (`docs/spec.md`, the sections of these names), computed in
// double precision.
import JaxIR
import JaxPlatform

func batchNormFamily() -> [OpDefinition] {
    [
        OpDefinition(.batchNormInference, shape: { op throws(JaxError) in
            [.tensor(try normalised(op, vectors: 4, like: nil).operand)]
        }, evaluate: evaluateInference),
        OpDefinition(.batchNormTraining, shape: { op throws(JaxError) in
            let (operand, vector) = try normalised(op, vectors: 2, like: nil)
            return [.tensor(operand), .tensor(vector), .tensor(vector)]
        }, evaluate: evaluateTraining),
        OpDefinition(.batchNormGrad, shape: { op throws(JaxError) in
            let (operand, vector) = try normalised(op, vectors: 3, like: 4)
            return [.tensor(operand), .tensor(vector), .tensor(vector)]
        }, evaluate: evaluateGradient),
    ]
}

/// Checks an operand, `vectors` vectors of one element a feature, and the operand number `like` that is shaped as the first.
private func normalised(_ op: OpView, vectors: Int, like: Int?) throws(JaxError) -> (operand: TensorType, vector: TensorType) {
    try op.requireOperands(1 + vectors + (like == nil ? 0 : 1))
    let operand = try op.tensor(0)
    let feature = try op.requiredInteger("feature_index")
    try op.require(operand.dtype.isFloat && operand.dtype.hasWideForm, "takes floats, given \(operand)")
    try op.require(feature >= 0 && feature < operand.rank, "feature_index \(feature) is not a dimension of \(operand)")
    let vector = TensorType(operand.dtype, [operand.shape[feature]])
    for k in 1...vectors {
        let type = try op.tensor(k)
        try op.require(type.dtype == vector.dtype && agree(type.shape, vector.shape), "operand \(k) must be \(vector), is \(type)")
    }
    if let like {
        let type = try op.tensor(like)
        try op.require(type.dtype == operand.dtype && agree(type.shape, operand.shape), "operand \(like) must be \(operand), is \(type)")
    }
    return (operand, vector)
}

/// An array seen as [outer, feature, inner], widened, with its vectors.
private struct FeatureView {
    let outer: Int
    let features: Int
    let inner: Int
    let epsilon: Double
    let arrays: [Scratch]

    init(_ operation: Operation, _ operands: [RuntimeValue]) throws(JaxError) {
        let shape = try operands[0].asTensor().shape
        let feature = operation.attributes.integer("feature_index") ?? 0
        outer = try product(Array(shape[..<feature]))
        features = shape[feature]
        inner = try product(Array(shape[(feature + 1)...]))
        epsilon = operation.attributes.float("epsilon") ?? 0
        var arrays: [Scratch] = []
        for operand in operands { arrays.append(try operand.asTensor().wide()) }
        self.arrays = arrays
    }

    func free() { for array in arrays { array.free() } }

    /// Elements of one feature.
    var count: Double { Double(outer * inner) }

    func vector(_ k: Int) -> UnsafeMutablePointer<Double> { arrays[k].doubles }

    /// Calls `body` with the positions of all elements of one feature.
    @inline(__always)
    func forEach(_ feature: Int, _ body: (Int) -> Void) {
        for o in 0..<outer {
            let base = (o * features + feature) * inner
            for i in 0..<inner { body(base + i) }
        }
    }
}

private func results(_ frame: Frame, _ operation: Operation, _ arrays: [Scratch]) throws(JaxError) -> [RuntimeValue] {
    var values: [RuntimeValue] = []
    for (k, array) in arrays.enumerated() {
        let tensor = try Tensor(try frame.resultTensorType(operation, k))
        storeWide(tensor.dtype, array.words, count: tensor.elementCount, to: tensor.bytes)
        values.append(.tensor(tensor))
    }
    return values
}

private func evaluateInference(_ frame: Frame, _ operation: Operation, _ operands: [RuntimeValue]) throws(JaxError) -> [RuntimeValue] {
    let view = try FeatureView(operation, operands)
    defer { view.free() }
    let x = view.vector(0)
    for f in 0..<view.features {
        try checkpoint()
        let scale = view.vector(1)[f] / (view.vector(4)[f] + view.epsilon).squareRoot()
        let mean = view.vector(3)[f], offset = view.vector(2)[f]
        view.forEach(f) { x[$0] = (x[$0] - mean) * scale + offset }
    }
    return try results(frame, operation, [view.arrays[0]])
}

private func evaluateTraining(_ frame: Frame, _ operation: Operation, _ operands: [RuntimeValue]) throws(JaxError) -> [RuntimeValue] {
    let view = try FeatureView(operation, operands)
    defer { view.free() }
    let x = view.vector(0)
    let means = try Scratch(words: view.features), variances = try Scratch(words: view.features)
    defer {
        means.free()
        variances.free()
    }
    for f in 0..<view.features {
        try checkpoint()
        var sum = 0.0, squares = 0.0
        view.forEach(f) { sum += x[$0] }
        let mean = sum / view.count
        view.forEach(f) { squares += (x[$0] - mean) * (x[$0] - mean) }
        let variance = squares / view.count
        let scale = view.vector(1)[f] / (variance + view.epsilon).squareRoot(), offset = view.vector(2)[f]
        view.forEach(f) { x[$0] = (x[$0] - mean) * scale + offset }
        means.doubles[f] = mean
        variances.doubles[f] = variance
    }
    return try results(frame, operation, [view.arrays[0], means, variances])
}

private func evaluateGradient(_ frame: Frame, _ operation: Operation, _ operands: [RuntimeValue]) throws(JaxError) -> [RuntimeValue] {
    let view = try FeatureView(operation, operands)
    defer { view.free() }
    let x = view.vector(0), scales = view.vector(1), gradient = view.vector(4)
    for f in 0..<view.features {
        try checkpoint()
        let mean = view.vector(2)[f], variance = view.vector(3)[f] + view.epsilon
        var total = 0.0, product = 0.0
        view.forEach(f) {
            total += gradient[$0]
            product += gradient[$0] * (x[$0] - mean)
        }
        let scale = scales[f] / variance.squareRoot() / view.count
        view.forEach(f) { x[$0] = scale * (view.count * gradient[$0] - total - (x[$0] - mean) * product / variance) }
        // The vectors have been read: they become the other two results.
        scales[f] = product / variance.squareRoot()
        view.vector(2)[f] = total
    }
    return try results(frame, operation, [view.arrays[0], view.arrays[1], view.arrays[2]])
}
