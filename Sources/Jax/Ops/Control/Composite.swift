// composite (StableHLO, section composite): an operation with a name and a decomposition, a function that says what it
// computes. Names with a rule of their own (`CompositeRules.swift`) are evaluated by it, all others by the decomposition.
import JaxIR
import JaxPlatform

func compositeFamily() -> [OpDefinition] {
    [OpDefinition(.composite, shape: { view throws(JaxError) in
        guard view.attributes.string("name") != nil else { throw view.error(.malformed, "the attribute name is missing") }
        let decomposition = try view.requireFunction("decomposition")
        try view.requireArguments(decomposition)
        return decomposition.resultTypes
    }, consuming: { frame, operation, operands throws(JaxError) in
        if let name = operation.attributes.string("name"), let rule = compositeRule(name) {
            if let results = try rule(frame, operation, operands) { return results }
        }
        guard let decomposition = operation.attributes.symbol("decomposition") else {
            throw JaxError(.internalError, "composite: the attribute decomposition is missing")
        }
        let arguments = operands
        operands = []
        return try frame.call(decomposition, consume arguments)
    })]
}

/// Evaluates a composite, or returns nil for operands that it leaves to the decomposition.
typealias CompositeRule = (Frame, Operation, [RuntimeValue]) throws(JaxError) -> [RuntimeValue]?
