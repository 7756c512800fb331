// The largest elements of rows, by custom call: TopK, ApproxTopK (exact here), and the forms of both in programs with
// symbolic shapes, whose number of elements is an operand.
import JaxIR
import JaxPlatform

func topKCalls() -> [CustomCall] {
    [
        CustomCall("TopK", shape: topKShape, evaluate: evaluateTopK),
        CustomCall("mhlo.topk", shape: topKShape, evaluate: evaluateTopK),
        CustomCall("stablehlo.dynamic_top_k", shape: topKShape, evaluate: evaluateTopK),
        CustomCall("ApproxTopK", shape: approximateShape, evaluate: evaluateApproximate),
        CustomCall("stablehlo.dynamic_approx_top_k", shape: approximateShape, evaluate: evaluateApproximate),
    ]
}

// MARK: - TopK

/// (values, indices): the last dimension is as long as the program declares.
private func topKShape(_ op: OpView) throws(JaxError) -> [ValueType] {
    let operand = try op.tensor(0)
    try op.require(operand.rank >= 1 && !operand.dtype.isComplex, "takes an array of ordered elements, given \(operand)")
    try op.require(op.operation.results.count == 2, "has two results")
    let declared = try op.declaredTensor(0)
    try op.require(declared.rank == operand.rank, "result 0 must have rank \(operand.rank), \(declared) declared")
    var shape = operand.shape
    let count = declared.shape[shape.count - 1]
    try op.require(isDynamic(count) || isDynamic(shape[shape.count - 1]) || count <= shape[shape.count - 1], "\(count) elements of \(operand)")
    shape[shape.count - 1] = count
    return try op.checkResults([TensorType(operand.dtype, shape), TensorType(.i32, shape)])
}

private func evaluateTopK(_ frame: Frame, _ operation: Operation, _ operands: [RuntimeValue]) throws(JaxError) -> [RuntimeValue] {
    let operand = try operands[0].asTensor()
    let type = try frame.resultTensorType(operation)
    let axis = type.rank - 1
    let isLargest = operation.configuredBool("largest") ?? true
    let inputs = [operand, try positions(operand.shape, axis)]
    var values: [RuntimeValue] = []
    for result in try sort(inputs, axis: axis, keeping: type.shape[axis], try SortOrder(inputs, isDescending: isLargest)) { values.append(.tensor(result)) }
    return values
}

/// The index along `axis` of each element.
private func positions(_ shape: [Int], _ axis: Int) throws(JaxError) -> Tensor {
    let tensor = try Tensor(TensorType(.i32, shape))
    let elements = tensor.elements(as: Int32.self)
    let inner = try product(Array(shape[(axis + 1)...]))
    for i in 0..<tensor.elementCount { elements[i] = Int32(truncatingIfNeeded: i / inner % shape[axis]) }
    return tensor
}

// MARK: - ApproxTopK

/// As many operands as initial values, of which the first `top_k` by the comparator are kept along `reduction_dim`.
private func approximateShape(_ op: OpView) throws(JaxError) -> [ValueType] {
    let count = op.operation.results.count
    try op.require(count >= 1 && op.operandCount >= 2 * count, "takes as many operands and initial values as it has results")
    let (types, shape) = try op.alikeOperands(count)
    let axis = op.operation.configuredInteger("reduction_dim") ?? -1
    try op.require(axis >= 0 && axis < shape.count, "reduction_dim \(axis) is not a dimension of \(types[0])")
    let comparator = try comparator(op.operation, op.module)
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

private func comparator(_ operation: Operation, _ module: Module) throws(JaxError) -> Function {
    guard case .symbol(let name)? = operation.attributes.array("called_computations")?.first, let function = module.function(named: name) else {
        throw JaxError(.malformed, "the comparator is missing")
    }
    return function
}

private func evaluateApproximate(_ frame: Frame, _ operation: Operation, _ operands: [RuntimeValue]) throws(JaxError) -> [RuntimeValue] {
    var inputs: [Tensor] = []
    for k in 0..<operation.results.count { inputs.append(try operands[k].asTensor()) }
    let function = try comparator(operation, frame.evaluator.module)
    let axis = operation.configuredInteger("reduction_dim") ?? 0
    let kept = try frame.resultTensorType(operation).shape[axis]
    let order = try SortOrder(function.body, Frame(frame.evaluator, function, depth: 0), inputs)
    var values: [RuntimeValue] = []
    for result in try sort(inputs, axis: axis, keeping: kept, order) { values.append(.tensor(result)) }
    return values
}
