// Transposition: backwards through linear operations, from cotangents of their results to cotangents of their operands (backward_pass in
// jax/_src/interpreters/ad.py).
import JaxIR
import JaxOps
import JaxPlatform

/// Cotangents of values of the function that `builder` makes. The linear operations are in none of its blocks (`PartialEvaluation`);
/// what else they use is.
struct Transposition {
    let builder: Builder
    private var linear: Set<ValueID>
    private var cotangents: [ValueID: ValueID] = [:]

    /// `linear`: the values that the linear operations start from.
    init(_ builder: Builder, linear: [ValueID]) {
        self.builder = builder
        self.linear = Set(linear)
    }

    func cotangent(_ value: ValueID) -> ValueID? { cotangents[value] }

    func isLinear(_ value: ValueID) -> Bool { linear.contains(value) }

    /// The cotangent of a value, zeros where nothing has come to it.
    func cotangentOrZeros(_ value: ValueID) throws(JaxError) -> ValueID {
        if let cotangent = cotangents[value] { cotangent } else { try builder.zeros(builder.type(of: value)) }
    }

    /// Adds to the cotangent of a value; what is not linear has none.
    mutating func add(_ cotangent: ValueID?, to value: ValueID) throws(JaxError) {
        guard let cotangent, linear.contains(value) else { return }
        cotangents[value] = if let sum = cotangents[value] { try builder.add(sum, cotangent) } else { cotangent }
    }

    /// Takes the results of `operations` for linear.
    mutating func note(_ operations: [Operation]) { for operation in operations { linear.formUnion(operation.results) } }

    /// Goes back through `operations`, which compute linear values in this order and have been noted.
    mutating func run(_ operations: [Operation]) throws(JaxError) {
        for operation in operations.reversed() where operation.results.contains(where: { cotangents[$0] != nil }) {
            builder.location = operation.location
            if try runStructured(operation) { continue }
            try transpose(operation)
        }
    }

    private mutating func transpose(_ operation: Operation) throws(JaxError) {
        let name = opDefinition(operation)?.name ?? operation.code.name
        guard let rule = opDefinition(operation)?.transpose else {
            throw JaxError(.notImplemented, "Transpose rule (for reverse-mode differentiation) for '\(name)' not implemented")
        }
        let flags = operation.operands.map { linear.contains($0) }
        let made = try rule(builder, operation, operation.results.map { cotangents[$0] }, flags)
        guard made.count == operation.operands.count else {
            throw JaxError(.internalError, "the transpose of \(name) gave \(made.count) cotangents of \(operation.operands.count) operands")
        }
        for (index, operand) in operation.operands.enumerated() { try add(made[index], to: operand) }
    }

    /// The transpose of a block of operations, from the cotangents of `results`, emitted into the block that is open: the cotangents of
    /// `inputs`, zeros where there is none. What the block uses of outside may be linear only where `inputs` has it.
    func transposed(_ operations: [Operation], _ results: [ValueID], _ resultCotangents: [ValueID],
                    inputs: [ValueID]) throws(JaxError) -> [ValueID] {
        var inner = Transposition(builder, linear: inputs)
        inner.note(operations)
        for (result, cotangent) in zip(results, resultCotangents) { try inner.add(cotangent, to: result) }
        try inner.run(operations)
        var list: [ValueID] = []
        for input in inputs { list.append(try inner.cotangentOrZeros(input)) }
        return list
    }
}
