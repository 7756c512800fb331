// The reference evaluator: walks a program operation by operation. Plain, complete, and the oracle for all that compiles.
import JaxIR
import JaxPlatform

/// Executes the functions of one module, whose types are all static and which the verifier has passed.
///
/// Values go as soon as `markLastUses` says that nothing needs them; without its marks they stay until their function ends.
public final class Evaluator {
    public let module: Module

    public init(_ module: Module) { self.module = module }

    /// Calls `function` with `arguments`, one a parameter. An argument to which the caller keeps no other reference
    /// (a donated one) may be overwritten.
    @export(interface)
    public func call(_ function: Function, _ arguments: consuming [RuntimeValue]) throws(JaxError) -> [RuntimeValue] {
        try Frame(self, function, depth: 0).run(function.body, consume arguments)
    }
}

/// One activation of a function: the values that are alive.
public final class Frame {
    /// Calls and regions that may be open at once: far more than programs have, and little enough for any stack.
    static let maximumDepth = 200

    public let evaluator: Evaluator
    public let function: Function
    private var values: [RuntimeValue?]
    private var depth: Int
    /// An empty list with room for operands, so that not every operation allocates one.
    private var spare: [RuntimeValue] = []

    init(_ evaluator: Evaluator, _ function: Function, depth: Int) {
        self.evaluator = evaluator
        self.function = function
        self.depth = depth
        values = [RuntimeValue?](repeating: nil, count: function.types.count)
    }

    /// The declared type of an operation's result.
    @inline(__always)
    public func resultType(_ operation: Operation, _ index: Int = 0) -> ValueType {
        function.type(of: operation.results[index])
    }

    /// The declared tensor type of an operation's result. Throws `internalError` for other values.
    @inline(__always)
    public func resultTensorType(_ operation: Operation, _ index: Int = 0) throws(JaxError) -> TensorType {
        if case .tensor(let type) = function.type(of: operation.results[index]) { return type }
        throw JaxError(.internalError, "\(operation.code.name) declares a result that is no array")
    }

    public func value(_ id: ValueID) throws(JaxError) -> RuntimeValue {
        guard let value = values[id.index] else {
            throw JaxError(.internalError, "value \(id.index) is used before it is computed")
        }
        return value
    }

    /// Calls the module's function `name` with `arguments`.
    @export(interface)
    public func call(_ name: String, _ arguments: consuming [RuntimeValue]) throws(JaxError) -> [RuntimeValue] {
        guard let callee = evaluator.module.function(named: name) else {
            throw JaxError(.valueError, "there is no function @\(name)")
        }
        guard arguments.count == callee.body.parameters.count else {
            throw JaxError(.typeError, "@\(name) takes \(callee.body.parameters.count) arguments, given \(arguments.count)")
        }
        return try Frame(evaluator, callee, depth: depth).run(callee.body, consume arguments)
    }

    /// Runs a region of this function with `arguments` for its parameters; it may use every value computed before.
    public func run(_ region: Region, _ arguments: consuming [RuntimeValue]) throws(JaxError) -> [RuntimeValue] {
        guard depth < Frame.maximumDepth else {
            throw JaxError(.resourceExhausted, "more than \(Frame.maximumDepth) nested calls and regions")
        }
        depth += 1
        defer { depth -= 1 }
        guard arguments.count == region.parameters.count else {
            throw JaxError(.internalError, "a region of \(region.parameters.count) parameters is run with \(arguments.count)")
        }
        for index in region.parameters.indices { values[region.parameters[index].index] = arguments[index] }
        arguments = []
        for operation in region.operations {
            do throws(JaxError) {
                try checkpoint()
                try run(operation)
            } catch {
                throw error.located(evaluator.module.locations.describe(operation.location))
            }
        }
        var results: [RuntimeValue] = []
        results.reserveCapacity(region.results.count)
        for id in region.results { results.append(try value(id)) }
        for id in region.releases { values[id.index] = nil }
        return results
    }

    @inline(__always)
    private func run(_ operation: Operation) throws(JaxError) {
        guard let definition = opDefinition(operation.code) else {
            throw JaxError(.notImplemented, "the operation \(operation.code.name) is not available")
        }
        let lastUses = operation.lastUses
        var operands = spare
        spare = []
        for index in operation.operands.indices {
            let id = operation.operands[index]
            operands.append(try value(id))
            if index < 64 && lastUses >> UInt64(index) & 1 != 0 { values[id.index] = nil }
        }
        switch definition.form {
        case .tensor(let evaluate):
            values[operation.results[0].index] = .tensor(try evaluate(self, operation, &operands))
        case .values(let evaluate):
            let results = try evaluate(self, operation, &operands)
            guard results.count == operation.results.count else {
                throw JaxError(.internalError, "\(operation.code.name) gave \(results.count) results, "
                    + "\(operation.results.count) expected")
            }
            for index in results.indices { values[operation.results[index].index] = results[index] }
        }
        operands.removeAll(keepingCapacity: true)
        spare = operands
        for id in operation.releases { values[id.index] = nil }
    }
}
