// Operations of StableHLO that other operations replace when a program is loaded: deprecated forms, functions that have names in
// CHLO, and batch normalisation. What runs, transforms and compiles programs never meets them.
import JaxEncoding
import JaxIR
import JaxOps
import JaxPlatform

/// An operation as the file has it, with its operands.
struct EncodedOperation {
    /// The name without dialect and version.
    var name: String
    var operands: [ValueID]
    var operandTypes: [ValueType]
    /// The declared types.
    var resultTypes: [ValueType]
    var attributes: Attributes
    var regions: [Region]

    func error(_ kind: JaxError.Kind, _ message: String) -> JaxError { JaxError(kind, name + ": " + message) }

    /// The tensor type of an operand. Throws `typeError` where there is none.
    func tensor(_ index: Int) throws(JaxError) -> TensorType {
        guard index < operandTypes.count, let type = operandTypes[index].tensor else {
            throw error(.typeError, "operand \(index) must be an array")
        }
        return type
    }

    func result(_ index: Int = 0) throws(JaxError) -> TensorType {
        guard index < resultTypes.count, let type = resultTypes[index].tensor else {
            throw error(.typeError, "result \(index) must be an array")
        }
        return type
    }

    func requireOperands(_ count: Int) throws(JaxError) {
        guard operands.count == count else { throw error(.typeError, "takes \(count) operands, given \(operands.count)") }
    }

    func integer(_ name: String) throws(JaxError) -> Int {
        guard let value = attributes.integer(name) else { throw error(.malformed, "the attribute \(name) is missing") }
        return value
    }
}

/// The names that `rewritten` knows.
let rewrittenOperations: Set<String> = [
    "batch_norm_grad", "batch_norm_inference", "batch_norm_training", "broadcast", "composite", "create_token", "cross-replica-sum",
    "dot", "einsum", "map", "torch_index_select", "unary_einsum",
]

/// The values that take the place of the operation's results. `function` finds a function by name, also one that comes later.
func rewritten(_ operation: EncodedOperation, _ builder: Builder, function: @escaping (String) -> Function) throws(JaxError) -> [ValueID] {
    switch operation.name {
    case "broadcast":
        try operation.requireOperands(1)
        guard let sizes = operation.attributes.integers("broadcast_sizes") else {
            throw operation.error(.malformed, "the attribute broadcast_sizes is missing")
        }
        let type = try operation.tensor(0)
        return [try builder.one(.broadcastInDim, operation.operands, BroadcastParameters(
            shape: sizes + type.shape, dimensions: Array(sizes.count..<(sizes.count + type.rank))))]
    case "composite": return try rewrittenComposite(operation, builder, function: function)
    case "create_token": return try builder.emit(.afterAll, operation.operands)
    case "cross-replica-sum":
        let scalar = ValueType.tensor(TensorType(try operation.tensor(0).dtype, []))
        let sum = try builder.region([scalar, scalar]) { builder, values throws(JaxError) in [try builder.one(.add, values)] }
        let coder = ParameterCoder(reading: operation.attributes, of: .allReduce, operandTypes: operation.operandTypes,
                                   resultTypes: operation.resultTypes) { name in function(name) }
        guard let parameters = try opDefinition(.allReduce)?.parameters(coder) else {
            throw operation.error(.notImplemented, "is not available")
        }
        return try builder.emit(.allReduce, operation.operands, parameters, regions: [sum])
    case "dot":
        try operation.requireOperands(2)
        let lhs = try operation.tensor(0), rhs = try operation.tensor(1)
        guard (1...2).contains(lhs.rank), (1...2).contains(rhs.rank) else {
            throw operation.error(.typeError, "takes vectors and matrices, given \(lhs) and \(rhs)")
        }
        let dimensions = DotDimensions(lhsContracting: [lhs.rank - 1], rhsContracting: [0])
        return [try builder.dotGeneral(operation.operands[0], operation.operands[1], dimensions, try operation.result().dtype)]
    case "einsum", "unary_einsum": return [try rewrittenEinsum(operation, builder)]
    case "map": return [try rewrittenMap(operation, builder)]
    case "torch_index_select": return [try rewrittenIndexSelect(operation, builder)]
    default: return try rewrittenBatchNorm(operation, builder)
    }
}

// MARK: - Composites and custom calls

/// A composite whose name stands for an operation is that operation; any other is a call of its decomposition.
private func rewrittenComposite(_ operation: EncodedOperation, _ builder: Builder,
                                function: (String) -> Function) throws(JaxError) -> [ValueID] {
    guard let name = operation.attributes.string("name"), let decomposition = operation.attributes.symbol("decomposition") else {
        throw operation.error(.malformed, "a name or a decomposition is missing")
    }
    if name.hasPrefix("chlo."), let results = try rewrittenFunction(String(name.dropFirst(5)), operation, builder) { return results }
    return try builder.append(.call, operation.operands, CallParameters(function(decomposition)), operation.resultTypes)
}

/// CHLO's functions (`stablehlo/dialect/ChloOps.td`); nil for those that only their decomposition knows.
private func rewrittenFunction(_ name: String, _ operation: EncodedOperation, _ builder: Builder) throws(JaxError) -> [ValueID]? {
    switch name {
    case "square" where operation.operands.count == 1:
        return [try builder.multiply(operation.operands[0], operation.operands[0])]
    case "top_k":
        guard operation.operands.count == 1, let count = operation.attributes.dictionary("composite_attributes")?.integer("k") else {
            return nil
        }
        let isLargest = operation.attributes.dictionary("composite_attributes")?.bool("largest") ?? true
        return try builder.emit(.topK, operation.operands, TopKParameters(count, isLargest: isLargest))
    default:
        guard let code = OpCode(rawValue: name), operation.operands.count == 1, operation.operandTypes == operation.resultTypes,
              let definition = opDefinition(code), definition.traits.contains(.elementwise),
              let types = try? inferTypes(code, operands: operation.operands, .none, regions: [], in: builder.function),
              types == operation.resultTypes else { return nil }
        return try builder.emit(code, operation.operands)
    }
}

/// Custom calls that name an operation, or nil.
func rewrittenCall(_ parameters: Parameters, _ operation: EncodedOperation, _ builder: Builder) throws(JaxError) -> [ValueID]? {
    guard let call = parameters as? CustomCallParameters, call.shapeOperands.isEmpty, operation.operands.count == 1 else { return nil }
    let function = call.target.hasPrefix(ChloCall.prefix) ? String(call.target.dropFirst(ChloCall.prefix.utf8.count)) : ""
    guard call.target == "TopK" || function == ChloCall.topK else {
        return function.isEmpty ? nil : try rewrittenFunction(function, operation, builder)
    }
    guard operation.resultTypes.count == 2 || call.resultTypes.count == 2, let count = call.resultTypes[0].tensor?.shape.last else { return nil }
    var isLargest = true
    if case .dictionary(let entries)? = call.attributes[ChloCall.attributes] ?? operation.attributes[ChloCall.attributes] {
        isLargest = Attributes(entries).bool("largest") ?? true
    }
    return try builder.emit(.topK, operation.operands, TopKParameters(count, isLargest: isLargest))
}

// MARK: - Deprecated operations

/// `result[batch…, i…, rest…] = operand[batch…, index[batch…, i…], rest…]` along `dim`, with `batch_dims` leading dimensions in
/// common (StableHLO's dialect; no part of the specification): a gather.
private func rewrittenIndexSelect(_ operation: EncodedOperation, _ builder: Builder) throws(JaxError) -> ValueID {
    try operation.requireOperands(2)
    let operand = try operation.tensor(0), index = try operation.tensor(1)
    let dim = try operation.integer("dim"), batch = try operation.integer("batch_dims")
    guard dim >= 0, dim < operand.rank, batch >= 0, batch <= dim, batch <= index.rank else {
        throw operation.error(.typeError, "dim \(dim) and batch_dims \(batch) do not go with \(operand) and \(index)")
    }
    let picked = index.rank - batch, rank = operand.rank - 1 + picked
    let batching = Array(0..<batch)
    var sizes = operand.shape
    for axis in batching + [dim] { sizes[axis] = 1 }
    let dimensions = WindowDimensions(windowDims: Array(batch..<dim) + Array((dim + picked)..<rank),
                                      collapsed: [dim], operandBatching: batching,
                                      indicesBatching: batching, indexMap: [dim], indexVectorDim: index.rank)
    return try builder.one(.gather, operation.operands, GatherParameters(dimensions, sliceSizes: sizes))
}

/// map: the region's elementwise operations on whole arrays.
private func rewrittenMap(_ operation: EncodedOperation, _ builder: Builder) throws(JaxError) -> ValueID {
    guard operation.regions.count == 1, !operation.operands.isEmpty else {
        throw operation.error(.malformed, "takes operands and one region")
    }
    let shape = try operation.tensor(0).shape, region = operation.regions[0]
    guard region.parameters.count == operation.operands.count, region.results.count == 1 else {
        throw operation.error(.typeError, "its region must take \(operation.operands.count) scalars and return one")
    }
    var arrays: [ValueID: ValueID] = [:]
    for (k, (parameter, operand)) in zip(region.parameters, operation.operands).enumerated() {
        guard builder.type(of: parameter) == .tensor(TensorType(try operation.tensor(k).dtype, [])) else {
            throw operation.error(.typeError,
                                  "its region takes a \(builder.type(of: parameter)) where operand \(k) is \(try operation.tensor(k))")
        }
        arrays[parameter] = operand
    }
    /// What stands for a scalar of the region: an array, or a scalar from outside or of a constant, repeated.
    func array(_ id: ValueID) throws(JaxError) -> ValueID {
        if let array = arrays[id] { return array }
        let array = try builder.broadcast(id, to: shape, dimensions: [])
        arrays[id] = array
        return array
    }
    for inner in region.operations {
        if inner.code == .constant {
            arrays[inner.results[0]] = try builder.broadcast(try builder.one(.constant, [], inner.parameters), to: shape, dimensions: [])
            continue
        }
        guard let definition = opDefinition(inner.code), definition.traits.contains(.elementwise) || inner.code == .bitcastConvert,
              inner.results.count == 1 else {
            throw JaxError(.notImplemented, "map with \(inner.code.name) in its region is not available")
        }
        var operands: [ValueID] = []
        for id in inner.operands { operands.append(try array(id)) }
        arrays[inner.results[0]] = try builder.one(inner.code, operands, inner.parameters)
    }
    return try array(region.results[0])
}
