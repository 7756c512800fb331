// ApproxTopK is exact here: a sort by its comparator, of which the first elements are kept. That gives its derivative; batched it is the
// same call with one more dimension in front.
import JaxIR
import JaxPlatform

func sortedTopK(_ b: Builder, _ operation: Operation) throws(JaxError) -> [ValueID] {
    let call = operation.parameters(CustomCallParameters.self), count = call.resultTypes.count
    let axis = unsafeDowncast(call.configuration, to: ApproximateTopKParameters.self).dimension
    guard let comparator = call.called.first, let kept = call.resultTypes[0].tensor?.shape[axis] else {
        throw JaxError(.internalError, "ApproxTopK without a comparator")
    }
    let body = try b.region(comparator.parameterTypes) { b, parameters throws(JaxError) in
        try b.mapped(comparator.body, over: parameters, [])
    }
    let sorted = try b.emit(.sort, Array(operation.operands[..<count]), SortParameters(dimension: axis), regions: [body])
    var made: [ValueID] = []
    for value in sorted { made.append(try b.slice(value, axis: axis, from: 0, to: kept)) }
    return made
}

func batchedApproximateTopK(_ b: Builder, _ operation: Operation, _ operands: [ValueID], _ batched: [Bool],
                            _ size: Int) throws(JaxError) -> (results: [ValueID], batched: [Bool]) {
    let call = operation.parameters(CustomCallParameters.self), count = call.resultTypes.count
    var arguments = try b.batched(Array(operands[..<count]), Array(batched[..<count]), size)
    // The initial values say nothing where the result is exact: those of the first row do.
    for (operand, isBatched) in zip(operands, batched).dropFirst(count) {
        arguments.append(isBatched ? try b.reshape(try b.slice(operand, axis: 0, from: 0, to: 1), []) : operand)
    }
    var operandTypes: [ValueType] = [], resultTypes: [ValueType] = []
    for argument in arguments { operandTypes.append(.tensor(try b.tensorType(argument))) }
    for type in call.resultTypes {
        guard let tensor = type.tensor else { throw JaxError(.internalError, "ApproxTopK returns a \(type)") }
        resultTypes.append(.tensor(TensorType(tensor.dtype, [size] + tensor.shape)))
    }
    let parameters = try CustomCallParameters(call.target, behind(call.attributes), resultTypes: resultTypes, operandTypes: operandTypes,
                                              called: call.called, hasSideEffect: call.hasSideEffect)
    let results = try b.emit(.customCall, arguments, parameters, annotations: operation.annotations)
    return (results, results.map { _ in true })
}

/// The attributes with the dimension one further back, wherever it stands among them.
private func behind(_ attributes: Attributes) -> Attributes {
    Attributes(attributes.entries.map { entry in
        switch entry.value {
        case .integer(let axis, let dtype) where entry.name == "reduction_dim": NamedAttribute(entry.name, .integer(axis + 1, dtype))
        case .dictionary(let entries): NamedAttribute(entry.name, .dictionary(behind(Attributes(entries)).entries))
        default: entry
        }
    })
}
