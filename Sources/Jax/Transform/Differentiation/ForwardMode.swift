// Forward mode: an interpreter of the form in which each value stands for a primal and a tangent (Jacobian-vector products, as in
// jax/_src/interpreters/ad.py; the plain account is JAX's "Autodidax"). A tangent that is zero is not there at all.
import JaxIR
import JaxOps
import JaxPlatform

/// The function of `function`'s parameters and of tangents of those that `active` marks; it returns the results and the tangents of
/// those that depend on a marked parameter. Calls have been inlined before. Throws `notImplemented` with JAX's words for an operation
/// that has no derivative.
func forwardMode(_ function: Function, active: [Bool]) throws(JaxError) -> (function: Function, activeResults: [Bool]) {
    let builder = Builder(function.emptyCopy())
    let parameters = function.body.parameters
    let marked = parameters.marked(by: active)
    let dependence = Dependence(function, on: marked, .tangent)
    var forward = ForwardMode(function, builder, dependence)
    for parameter in parameters { forward.bind(parameter, builder.parameter(function.type(of: parameter))) }
    for parameter in marked { forward.bind(tangentOf: parameter, builder.parameter(function.type(of: parameter))) }
    try forward.run(function.body.operations)
    let activeResults = dependence.flags(function.body.results)
    let primals = try forward.primals(function.body.results), tangents = try forward.tangents(function.body.results, where: activeResults)
    builder.finish(primals + tangents)
    return (builder.function, activeResults)
}

struct ForwardMode {
    let source: Function
    let dependence: Dependence
    private var copies: Rewriter
    /// By value of the source; none is zero.
    private var tangents: [ValueID: ValueID] = [:]

    init(_ source: Function, _ builder: Builder, _ dependence: Dependence) {
        self.source = source
        self.dependence = dependence
        copies = Rewriter(from: source, into: builder) { (_, _) in nil }
    }

    var builder: Builder { copies.builder }

    mutating func bind(_ value: ValueID, _ primal: ValueID) { copies.bind(value, to: primal) }

    mutating func bind(tangentOf value: ValueID, _ tangent: ValueID?) { tangents[value] = tangent }

    func primals(_ values: [ValueID]) throws(JaxError) -> [ValueID] { try copies.copies(of: values) }

    func tangent(_ value: ValueID) -> ValueID? { tangents[value] }

    /// The tangents of the values that `flags` mark; zeros where there is nothing else.
    func tangents(_ values: [ValueID], where flags: [Bool]) throws(JaxError) -> [ValueID] {
        var list: [ValueID] = []
        for value in values.marked(by: flags) {
            if let tangent = tangents[value] { list.append(tangent) } else { list.append(try builder.zeros(source.type(of: value))) }
        }
        return list
    }

    /// Lets values of the source stand for primals, and then for the tangents of those that `flags` mark.
    mutating func bind(_ values: [ValueID], _ copies: [ValueID], where flags: [Bool]) {
        for (value, copy) in zip(values, copies) { bind(value, copy) }
        for (value, tangent) in zip(values.marked(by: flags), copies.dropFirst(values.count)) { bind(tangentOf: value, tangent) }
    }

    mutating func run(_ operations: [Operation]) throws(JaxError) {
        for operation in operations { try run(operation) }
    }

    private mutating func run(_ operation: Operation) throws(JaxError) {
        guard operation.results.contains(where: { dependence.contains($0) }) else {
            try copies.copy([operation])
            return
        }
        builder.location = operation.location
        if try runStructured(operation) { return }
        try emit(operation)
        guard let copy = builder.latest else { throw JaxError(.internalError, "\(operation.code.name) was not copied") }
        let incoming = operation.operands.map { tangents[$0] }
        for (result, tangent) in zip(operation.results, try resultTangents(copy, incoming)) where source.type(of: result).hasTangent {
            tangents[result] = tangent
        }
    }

    /// Emits the primal operation, with further results where its rule needs some.
    private mutating func emit(_ operation: Operation) throws(JaxError) {
        guard let augmentation = opDefinition(operation)?.augmentation else { return try copies.copy([operation]) }
        var regions: [Region] = []
        for region in operation.regions { regions.append(try copies.copied(region)) }
        try augmentation(builder, Operation(operation.code, operands: try primals(operation.operands), parameters: operation.parameters,
                                            annotations: operation.annotations, regions: regions, location: operation.location))
        guard let emitted = builder.latest else { throw JaxError(.internalError, "\(operation.code.name) was not emitted") }
        for (result, copy) in zip(operation.results, emitted.results) { bind(result, copy) }
    }

    /// The tangents of the results of an operation of the target by its rule, by its linearity, or by what it is composed of.
    private func resultTangents(_ operation: Operation, _ incoming: [ValueID?]) throws(JaxError) -> [ValueID?] {
        guard let definition = opDefinition(operation) else { throw JaxError(.notImplemented, noRule(operation)) }
        if incoming.allSatisfy({ $0 == nil }) { return operation.results.map { _ in nil } }
        if let tangents = try definition.jvp?(builder, operation, incoming) { return tangents }
        switch definition.linearity {
        case .jointly(let operands):
            var arguments = operation.operands
            for index in operands {
                arguments[index] = if let tangent = incoming[index] { tangent } else { try builder.zeros(builder.type(of: arguments[index])) }
            }
            return [try builder.one(operation.code, arguments, operation.parameters, regions: operation.regions)]
        case .separately(let operands):
            var sum: ValueID?
            for index in operands {
                guard let tangent = incoming[index] else { continue }
                var arguments = operation.operands
                arguments[index] = tangent
                let term = try builder.one(operation.code, arguments, operation.parameters)
                sum = if let sum { try builder.add(sum, term) } else { term }
            }
            return [sum]
        case .none: break
        }
        if let decomposition = definition.decomposition { return try tangents(of: operation, decomposition, incoming) }
        throw JaxError(.notImplemented, noRule(operation))
    }

    /// The tangents by way of other operations, which make a function of their own.
    private func tangents(of operation: Operation, _ decomposition: Decomposition, _ incoming: [ValueID?]) throws(JaxError) -> [ValueID?] {
        let parts = Builder(Function(name: operation.code.name))
        var rewriter = Rewriter(from: builder.function, into: parts) { (_, _) in nil }
        let captured = operation.capturedValues
        for value in operation.operands + captured { rewriter.bind(value, to: parts.parameter(builder.type(of: value))) }
        let inputs = try rewriter.copies(of: captured)
        var regions: [Region] = []
        for region in operation.regions { regions.append(try rewriter.copied(region)) }
        let parameters = try rewriter.copies(of: operation.operands)
        let results = try decomposition(parts, Operation(operation.code, operands: parameters, parameters: operation.parameters,
                                                         regions: regions, location: operation.location))
        parts.finish(results)
        let marked = parameters.marked(by: incoming.map { $0 != nil })
        var forward = ForwardMode(parts.function, builder, Dependence(parts.function, on: marked, .tangent))
        for (index, parameter) in parameters.enumerated() {
            forward.bind(parameter, operation.operands[index])
            forward.bind(tangentOf: parameter, incoming[index])
        }
        for (input, value) in zip(inputs, captured) { forward.bind(input, value) }
        try forward.run(parts.function.body.operations)
        return parts.function.body.results.map { forward.tangent($0) }
    }
}

/// What JAX says of an operation without a derivative.
private func noRule(_ operation: Operation) -> String {
    "Differentiation rule for '\(opDefinition(operation)?.name ?? operation.code.name)' not implemented"
}
