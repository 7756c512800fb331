// The calls of matrix routines that rules make, and the batching of calls on stacks: the layouts that a routine of jaxlib wants
// (columns one after another) are said along, so that the program can go back to JAX.
import JaxIR
import JaxPlatform

extension Builder {
    /// A call of `target` with the attributes of its typed foreign-function interface.
    public func matrixCall(_ target: String, _ operands: [ValueID], _ configuration: [NamedAttribute] = [],
                    results: [TensorType]) throws(JaxError) -> [ValueID] {
        var types: [TensorType] = []
        for operand in operands { types.append(try tensorType(operand)) }
        let parameters = try CustomCallParameters(target, Attributes([NamedAttribute("mhlo.backend_config", .dictionary(configuration))]),
                                                  resultTypes: results.map { .tensor($0) }, operandTypes: types.map { .tensor($0) })
        let rank = types.map { $0.rank }.max() ?? 2
        func layouts(_ types: [TensorType]) throws(JaxError) -> Attribute {
            var list: [Attribute] = []
            for type in types {
                let rows = Array((0..<type.rank).reversed())
                list.append(try layoutAttribute(type.rank == rank ? [rank - 2, rank - 1] + rows.dropFirst(2) : rows))
            }
            return .array(list)
        }
        let annotations = Attributes([NamedAttribute("operand_layouts", try layouts(types)),
                                      NamedAttribute("result_layouts", try layouts(results))])
        return try emit(.customCall, operands, parameters, annotations: annotations)
    }
}

/// The routine of LAPACK for a dtype in jaxlib's names: `lapack_sgetrf_ffi`.
public func lapackTarget(_ name: String, _ dtype: DType) -> String {
    let letter = switch dtype {
    case .f64: "d"
    case .c64: "c"
    case .c128: "z"
    default: "s"
    }
    return "lapack_\(letter)\(name)_ffi"
}

/// A character of the typed FFI.
public func characterAttribute(_ name: String, _ character: UInt8) -> NamedAttribute { NamedAttribute(name, .integer(Int(character), .u8)) }

// MARK: - Batching

/// A call on stacks of matrices with one more dimension of the stack, in all operands and results.
func batchedStackCall(_ b: Builder, _ operation: Operation, _ operands: [ValueID], _ batched: [Bool],
                      _ size: Int) throws(JaxError) -> (results: [ValueID], batched: [Bool]) {
    let call = operation.parameters(CustomCallParameters.self)
    var types: [ValueType] = []
    for type in call.resultTypes {
        guard let tensor = type.tensor else { throw JaxError(.internalError, "\(call.target) returns a \(type)") }
        types.append(.tensor(TensorType(tensor.dtype, [size] + tensor.shape)))
    }
    let results = try b.emit(.customCall, try b.batched(operands, batched, size), call.specialised(resultTypes: types),
                             annotations: try batchedAnnotations(operation.annotations))
    return (results, results.map { _ in true })
}

/// An operation on stacks of matrices, likewise.
func batchedStack(_ b: Builder, _ operation: Operation, _ operands: [ValueID], _ batched: [Bool],
                  _ size: Int) throws(JaxError) -> (results: [ValueID], batched: [Bool]) {
    ([try b.one(operation.code, try b.batched(operands, batched, size), operation.parameters)], [true])
}

extension Builder {
    /// The operands with the further dimension, repeated where one has none.
    func batched(_ operands: [ValueID], _ batched: [Bool], _ size: Int) throws(JaxError) -> [ValueID] {
        var list: [ValueID] = []
        for (operand, isBatched) in zip(operands, batched) {
            let shape = try tensorType(operand).shape
            list.append(isBatched ? operand : try broadcast(operand, to: [size] + shape, dimensions: shape.indices.map { $0 + 1 }))
        }
        return list
    }
}

/// Layouts, which go from the fastest dimension to the slowest, with the further dimension as the slowest; without what was said of how the
/// call is divided among devices.
private func batchedAnnotations(_ annotations: Attributes) throws(JaxError) -> Attributes {
    var made = Attributes()
    for entry in annotations.entries {
        switch (entry.name, entry.value) {
        case ("operand_layouts", .array(let layouts)), ("result_layouts", .array(let layouts)):
            var list: [Attribute] = []
            for layout in layouts { list.append(try layoutAttribute(try layoutOrder(layout).map { $0 + 1 } + [0])) }
            made.entries.append(NamedAttribute(entry.name, .array(list)))
        case ("sdy.sharding_rule", _), ("mhlo.sharding", _), ("sdy.sharding", _), ("mhlo.frontend_attributes", _): break
        default: made.entries.append(entry)
        }
    }
    return made
}

/// A layout as programs have it: a list of 64-bit integers with a shape.
private func layoutAttribute(_ order: [Int]) throws(JaxError) -> Attribute {
    let tensor = try Tensor(TensorType(.i64, [order.count])), elements = tensor.pointer(Int64.self)
    for (index, axis) in order.enumerated() { elements[index] = Int64(axis) }
    return .literal(Literal(type: tensor.type, isSplat: false, storage: tensor.storage))
}

private func layoutOrder(_ attribute: Attribute) throws(JaxError) -> [Int] {
    if case .integers(let order) = attribute { return order }
    guard case .literal(let literal) = attribute, literal.type.dtype == .i64 else {
        throw JaxError(.malformed, "\(attribute.text()) is no layout")
    }
    let elements = literal.storage.bytes.assumingMemoryBound(to: Int64.self)
    return (0..<literal.type.elementCount).map { Int(elements[literal.isSplat ? 0 : $0]) }
}
