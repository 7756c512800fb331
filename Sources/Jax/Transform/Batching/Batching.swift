// Batching: an interpreter of the form in which a value may have a further leading dimension, over which all that is computed of it is
// computed at once (jax/_src/interpreters/batching.py).
import JaxIR
import JaxOps
import JaxPlatform

/// The function on arguments with a leading dimension of `size` where `batched` says so; also says which results have it. Calls have been
/// inlined before. Throws `notImplemented` with JAX's words for an operation without a rule.
func batchedFunction(_ function: Function, _ batched: [Bool], size: Int) throws(JaxError) -> (function: Function, batchedResults: [Bool]) {
    let builder = Builder(function.emptyCopy())
    let parameters = function.body.parameters
    let dependence = Dependence(function, on: parameters.marked(by: batched), .value)
    var batching = Batching(function, builder, dependence, size: size)
    for (parameter, isBatched) in zip(parameters, batched) {
        let type = isBatched ? try batching.batchedType(function.type(of: parameter)) : function.type(of: parameter)
        batching.bind(parameter, Batched(builder.parameter(type), isBatched))
    }
    try batching.run(function.body.operations)
    let results = try batching.values(function.body.results)
    builder.finish(results.map { $0.value })
    return (builder.function, results.map { $0.isBatched })
}

/// A value of the target, and whether it has the further dimension.
struct Batched {
    var value: ValueID
    var isBatched: Bool

    init(_ value: ValueID, _ isBatched: Bool) {
        self.value = value
        self.isBatched = isBatched
    }
}

struct Batching {
    let source: Function
    let size: Int
    /// Whether rows are devices, between which there are operations.
    let areDevices: Bool
    /// Values of the source that may become batched: what loops and branches return is, where it may be.
    let dependence: Dependence
    private var copies: Rewriter
    private var isBatched: Set<ValueID> = []

    init(_ source: Function, _ builder: Builder, _ dependence: Dependence, size: Int, devices: Bool = false) {
        self.source = source
        self.size = size
        areDevices = devices
        self.dependence = dependence
        copies = Rewriter(from: source, into: builder) { (_, _) in nil }
    }

    var builder: Builder { copies.builder }

    mutating func bind(_ value: ValueID, _ copy: Batched) {
        copies.bind(value, to: copy.value)
        if copy.isBatched { isBatched.insert(value) } else { isBatched.remove(value) }
    }

    func value(_ value: ValueID) throws(JaxError) -> Batched { Batched(try copies.copy(value), isBatched.contains(value)) }

    func values(_ list: [ValueID]) throws(JaxError) -> [Batched] {
        var values: [Batched] = []
        for id in list { values.append(try value(id)) }
        return values
    }

    /// The type with the further dimension. Throws `notImplemented` for what is no array.
    func batchedType(_ type: ValueType) throws(JaxError) -> ValueType {
        guard let tensor = type.tensor else { throw JaxError(.notImplemented, "a \(type) cannot be batched") }
        return .tensor(TensorType(tensor.dtype, [size] + tensor.shape))
    }

    /// The value with the further dimension, repeated where it has none.
    func batched(_ value: Batched) throws(JaxError) -> ValueID {
        if value.isBatched { return value.value }
        let type = try builder.tensorType(value.value)
        return try builder.broadcast(value.value, to: [size] + type.shape, dimensions: Array(1..<(type.rank + 1)))
    }

    /// Values in the form that `flags` say: with the dimension, or as they are.
    func values(_ list: [ValueID], batched flags: [Bool]) throws(JaxError) -> [ValueID] {
        var values: [ValueID] = []
        for (id, isBatched) in zip(list, flags) {
            let value = try value(id)
            if value.isBatched && !isBatched { throw JaxError(.internalError, "a value is batched that depends on nothing batched") }
            values.append(isBatched ? try batched(value) : value.value)
        }
        return values
    }

    mutating func run(_ operations: [Operation]) throws(JaxError) {
        for operation in operations {
            builder.location = operation.location
            if operation.results.contains(where: { dependence.contains($0) }) || operation.operands.contains(where: { isBatched.contains($0) }) {
                if try !runStructured(operation) { try runRule(operation) }
            } else {
                try copies.copy([operation])
            }
        }
    }

    private mutating func runRule(_ operation: Operation) throws(JaxError) {
        let operands = try values(operation.operands)
        if areDevices && (DeviceBatching.isBetweenDevices(operation.code) || operation.code == .manualComputation) {
            return try runBetweenDevices(operation, operands)
        }
        if !operands.contains(where: { $0.isBatched }) {
            // Its regions alone use something batched.
            if operation.regions.isEmpty { return try copies.copy([operation]) }
            throw JaxError(.notImplemented, "Batching rule for '\(operation.code.name)' whose region uses batched values not implemented")
        }
        guard let definition = opDefinition(operation) else { throw JaxError(.notImplemented, noRule(operation)) }
        var regions: [Region] = []
        for region in operation.regions { regions.append(try copies.copied(region)) }
        let copy = Operation(operation.code, operands: operands.map { $0.value }, results: operation.results, parameters: operation.parameters,
                             annotations: operation.annotations, regions: regions, location: operation.location)
        if let made = try definition.batch?(builder, copy, operands.map { $0.value }, operands.map { $0.isBatched }, size) {
            guard made.results.count == operation.results.count, made.batched.count == made.results.count else {
                throw JaxError(.internalError, "the batching rule of \(definition.name) gave \(made.results.count) results")
            }
            for (index, result) in operation.results.enumerated() { bind(result, Batched(made.results[index], made.batched[index])) }
        } else if definition.traits.contains(.elementwise) {
            bind(operation.results[0], Batched(try elementwise(copy, operands), true))
        } else if let decomposition = definition.decomposition {
            for (result, value) in zip(operation.results, try batched(operation, copy, decomposition, operands)) { bind(result, value) }
        } else {
            throw JaxError(.notImplemented, noRule(operation))
        }
    }

    private mutating func runBetweenDevices(_ operation: Operation, _ operands: [Batched]) throws(JaxError) {
        var arguments: [ValueID] = [], regions: [Region] = []
        for operand in operands { arguments.append(try batched(operand)) }
        for region in operation.regions { regions.append(try copies.copied(region)) }
        for (result, value) in zip(operation.results, try betweenDevices(operation, arguments, regions)) { bind(result, Batched(value, true)) }
    }

    /// By way of other operations, which make a function of their own, of operands without the dimension.
    private func batched(_ operation: Operation, _ copy: Operation, _ decomposition: Decomposition,
                         _ operands: [Batched]) throws(JaxError) -> [Batched] {
        let parts = Builder(Function(name: operation.code.name))
        var rewriter = Rewriter(from: source, into: parts) { (_, _) in nil }
        let parameters = operation.operands.map { parts.parameter(source.type(of: $0)) }
        let captured = operation.capturedValues, inputs = captured.map { parts.parameter(source.type(of: $0)) }
        for (value, input) in zip(captured, inputs) { rewriter.bind(value, to: input) }
        var regions: [Region] = []
        for region in operation.regions { regions.append(try rewriter.copied(region)) }
        parts.finish(try decomposition(parts, Operation(operation.code, operands: parameters, parameters: operation.parameters, regions: regions,
                                                        location: operation.location)))
        let values = operands + (try values(captured))
        let marked = (parameters + inputs).marked(by: values.map { $0.isBatched })
        var inner = Batching(parts.function, builder, Dependence(parts.function, on: marked, .value), size: size, devices: areDevices)
        for (parameter, value) in zip(parameters + inputs, values) { inner.bind(parameter, value) }
        try inner.run(parts.function.body.operations)
        return try inner.values(parts.function.body.results)
    }

    /// The same operation on operands that all have the dimension, but for scalars that stand for all elements.
    private func elementwise(_ operation: Operation, _ operands: [Batched]) throws(JaxError) -> ValueID {
        var ranks: [Int] = []
        for operand in operands { ranks.append(try builder.tensorType(operand.value).rank - (operand.isBatched ? 1 : 0)) }
        let rank = ranks.max() ?? 0
        var shape: [Int] = []
        for (operand, own) in zip(operands, ranks) where own == rank {
            let type = try builder.tensorType(operand.value)
            shape = operand.isBatched ? type.shape : [size] + type.shape
        }
        var arguments: [ValueID] = []
        for (operand, own) in zip(operands, ranks) {
            if own == rank {
                arguments.append(try batched(operand))
            } else {
                arguments.append(operand.isBatched ? try builder.broadcast(operand.value, to: shape, dimensions: [0]) : operand.value)
            }
        }
        return try builder.one(operation.code, arguments, operation.parameters)
    }

    private func noRule(_ operation: Operation) -> String {
        "Batching rule for '\(opDefinition(operation)?.name ?? operation.code.name)' not implemented"
    }
}
