// The largest elements of rows: top_k, and the custom call ApproxTopK, which is exact here.
import JaxIR
import JaxPlatform

func topKFamily() -> [OpDefinition] {
    [OpDefinition(.topK, TopKParameters.self, infer: { view, parameters throws(JaxError) in
        try view.requireOperands(1)
        let operand = try view.tensor(0)
        try view.require(operand.rank >= 1 && !operand.dtype.isComplex, "takes an array of ordered elements, given \(operand)")
        var shape = operand.shape
        let count = parameters.count, size = shape[shape.count - 1]
        try view.require(count >= 0 && (isDynamic(size) || count <= size) || isDynamic(count), "\(count) elements of \(operand)")
        shape[shape.count - 1] = count
        return [.tensor(TensorType(operand.dtype, shape)), .tensor(TensorType(.i32, shape))]
    }, evaluate: { activation, parameters, operands throws(JaxError) in
        let operand = try operands[0].asTensor()
        let axis = operand.type.rank - 1
        if parameters.count < operand.shape[axis] / 8, operand.shape[axis] <= Int(Int32.max) {
            let results = [try activation.makeResult(0), try activation.makeResult(1)]
            let key = SortKey(operand: 0, isDescending: parameters.isLargest, mergesZeros: false, mergesNaNs: false, isPartial: false)
            try firstOfRows(operand, key, count: parameters.count, into: results)
            return results.map { .tensor($0) }
        }
        let inputs = [operand, try iota(TensorType(.i32, operand.shape), axis)]
        let order = try SortOrder(activation, inputs, isDescending: parameters.isLargest)
        return try sort(inputs, axis: axis, keeping: parameters.count, order).map { .tensor($0) }
    }).jvp(topKTangent).batched { _, op, _ in op.parameters }]
}

/// How many elements of the last dimension are kept, largest (or smallest) first, equal ones in their order; with their indices.
public final class TopKParameters: Parameters {
    public private(set) var count = 0
    public private(set) var isLargest = true

    public convenience init(_ count: Int, isLargest: Bool = true) {
        self.init()
        self.count = count
        self.isLargest = isLargest
    }

    public override func code(_ coder: ParameterCoder) throws(JaxError) {
        try coder.integer("k", &count)
        try coder.bool("largest", &isLargest, missing: true)
    }
}

// MARK: - ApproxTopK

func topKCalls() -> [OpDefinition] {
    [
        OpDefinition(.customCall, target: "ApproxTopK", ApproximateTopKParameters.self, .scalarRegions, infer: approximateTypes,
                     evaluate: { activation, parameters, operands throws(JaxError) in
            var inputs: [Tensor] = []
            for k in 0..<activation.operation.results.count { inputs.append(try operands[k].asTensor()) }
            let axis = parameters.dimension
            let order = try SortOrder(activation, inputs)
            return try sort(inputs, axis: axis, keeping: try activation.resultTensorType().shape[axis], order).map { .tensor($0) }
        }).decomposition(sortedTopK).batch(batchedApproximateTopK),
    ]
}

/// Which dimension is reduced to its first elements by the comparator.
public final class ApproximateTopKParameters: Parameters {
    public private(set) var dimension = 0

    public override func code(_ coder: ParameterCoder) throws(JaxError) { try coder.integer("reduction_dim", &dimension) }
}

/// As many operands as initial values, of which the first elements by the comparator are kept along a dimension; how many, the
/// results say.
private func approximateTypes(_ op: OpView, _ parameters: ApproximateTopKParameters) throws(JaxError) -> [ValueType] {
    let count = op.call?.resultTypes.count ?? 0
    try op.require(count >= 1 && op.operandCount >= 2 * count, "takes as many operands and initial values as it has results")
    let (types, shape) = try op.alikeOperands(count)
    let axis = parameters.dimension
    try op.require(axis >= 0 && axis < shape.count, "reduction_dim \(axis) is not a dimension of \(types[0])")
    guard let comparator = op.call?.called.first else { throw op.error(.malformed, "the comparator is missing") }
    var expected: [ValueType] = []
    for type in types { expected += [.tensor(scalarType(type)), .tensor(scalarType(type))] }
    try op.require(comparator.parameterTypes == expected && comparator.resultTypes == [.tensor(TensorType(.i1, []))],
                   "its comparator @\(comparator.name) must take two scalars of each operand and return a bool")
    var results: [TensorType] = []
    for (k, type) in types.enumerated() {
        let declared = try op.declaredTensor(k)
        try op.require(declared.rank == shape.count, "result \(k) must have rank \(shape.count), \(declared) declared")
        var kept = shape
        kept[axis] = declared.shape[axis]
        try op.require(isDynamic(kept[axis]) || isDynamic(shape[axis]) || kept[axis] <= shape[axis], "keeps \(kept[axis]) of \(type)")
        results.append(TensorType(type.dtype, kept))
    }
    return try op.checkResults(results)
}
