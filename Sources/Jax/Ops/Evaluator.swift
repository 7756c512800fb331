// The reference evaluator: walks a program operation by operation. Plain, complete, and the oracle for all that compiles.
import JaxIR
import JaxPlatform

/// Executes the functions of one module, whose types are all static.
public final class Evaluator {
    public let module: Module

    public init(_ module: Module) { self.module = module }

    /// Calls `function` with `arguments`, one a parameter.
    public func call(_ function: Function, _ arguments: [RuntimeValue]) throws(JaxError) -> [RuntimeValue] {
        try Frame(self, function).run(function.body, arguments)
    }
}

/// One activation of a function: the values computed so far.
public final class Frame {
    public let evaluator: Evaluator
    public let function: Function
    private var values: [RuntimeValue?]

    init(_ evaluator: Evaluator, _ function: Function) {
        self.evaluator = evaluator
        self.function = function
        values = [RuntimeValue?](repeating: nil, count: function.types.count)
    }

    /// The declared type of an operation's result.
    public func resultType(_ operation: Operation, _ index: Int = 0) -> ValueType {
        function.type(of: operation.results[index])
    }

    public func value(_ id: ValueID) throws(JaxError) -> RuntimeValue {
        guard let value = values[id.index] else {
            throw JaxError(.internalError, "value \(id.index) is used before it is computed")
        }
        return value
    }

    /// Runs a region of this function with `arguments` for its parameters; it may use every value computed before.
    public func run(_ region: Region, _ arguments: [RuntimeValue]) throws(JaxError) -> [RuntimeValue] {
        for (parameter, argument) in zip(region.parameters, arguments) { values[parameter.index] = argument }
        for operation in region.operations {
            try checkpoint()
            do throws(JaxError) {
                try run(operation)
            } catch {
                throw error.located(evaluator.module.locations.describe(operation.location))
            }
        }
        var results: [RuntimeValue] = []
        for id in region.results { results.append(try value(id)) }
        return results
    }

    private func run(_ operation: Operation) throws(JaxError) {
        guard let definition = opTable[operation.code] else {
            throw JaxError(.notImplemented, "the operation \(operation.code.name) is not available")
        }
        var operands: [RuntimeValue] = []
        operands.reserveCapacity(operation.operands.count)
        for id in operation.operands { operands.append(try value(id)) }
        let results = try definition.evaluation(self, operation, operands)
        for (id, result) in zip(operation.results, results) { values[id.index] = result }
    }
}
