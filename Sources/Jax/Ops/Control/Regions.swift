// What operations with regions and calls check: the types that go in and come out of a body.
import JaxIR
import JaxPlatform

/// Whether two types may be the same once all sizes are known.
func agree(_ a: ValueType, _ b: ValueType) -> Bool {
    switch (a, b) {
    case (.tensor(let x), .tensor(let y)): return x.dtype == y.dtype && agree(x.shape, y.shape)
    case (.token, .token): return true
    case (.tuple(let x), .tuple(let y)): return agree(x, y)
    default: return false
    }
}

func agree(_ a: [ValueType], _ b: [ValueType]) -> Bool {
    guard a.count == b.count else { return false }
    for (x, y) in zip(a, b) where !agree(x, y) { return false }
    return true
}

/// "f32[2,3], token".
func text(_ types: [ValueType]) -> String {
    var text = ""
    for (index, type) in types.enumerated() { text += (index > 0 ? ", " : "") + type.description }
    return text
}

extension OpView {
    var operandTypes: [ValueType] {
        var types: [ValueType] = []
        for index in 0..<operandCount { types.append(operandType(index)) }
        return types
    }

    var declaredTypes: [ValueType] {
        var types: [ValueType] = []
        for index in operation.results.indices { types.append(declaredType(index)) }
        return types
    }

    /// Throws unless region `index` takes `parameters` and returns `results`.
    func requireRegion(_ index: Int, _ what: String, takes parameters: [ValueType], returns results: [ValueType]) throws(JaxError) {
        let types = regionTypes(index)
        try require(agree(types.parameters, parameters),
                    "\(what) takes (\(text(types.parameters))), expected (\(text(parameters)))")
        try require(agree(types.results, results), "\(what) returns (\(text(types.results))), expected (\(text(results)))")
    }

    /// The function that an attribute names. Throws where the module has none.
    func requireFunction(_ attribute: String) throws(JaxError) -> Function {
        guard let name = attributes.symbol(attribute) else { throw error(.malformed, "the attribute \(attribute) is missing") }
        guard let callee = module.function(named: name) else { throw error(.malformed, "there is no function @\(name)") }
        return callee
    }

    /// Throws unless the operands are `callee`'s arguments.
    func requireArguments(_ callee: Function) throws(JaxError) {
        try require(agree(callee.parameterTypes, operandTypes),
                    "@\(callee.name) takes (\(text(callee.parameterTypes))), given (\(text(operandTypes)))")
    }
}
