// Tokens, tuples and optimization_barrier (StableHLO, sections after_all, tuple, get_tuple_element, optimization_barrier).
import JaxIR
import JaxPlatform

func tupleFamily() -> [OpDefinition] {
    [
        OpDefinition(.optimizationBarrier, .structural, infer: { view throws(JaxError) in view.operandTypes },
                     evaluate: { _, operands throws(JaxError) in operands })
            .jvp { b, _, tangents throws(JaxError) in
                let made = try b.emit(.optimizationBarrier, tangents.compactMap { $0 })
                var next = 0
                return tangents.map { tangent in
                    guard tangent != nil else { return nil }
                    next += 1
                    return made[next - 1]
                }
            },
        OpDefinition(.afterAll, .structural, infer: { view throws(JaxError) in
            for type in view.operandTypes { try view.require(type == .token, "takes tokens, given a \(type)") }
            return [.token]
        }, evaluate: { _, _ throws(JaxError) in [.token] }),
        OpDefinition(.tuple, .structural, infer: { view throws(JaxError) in [.tuple(view.operandTypes)] },
                     evaluate: { _, operands throws(JaxError) in [.tuple(operands)] }),
        OpDefinition(.getTupleElement, TupleElementParameters.self, .structural, infer: { view, parameters throws(JaxError) in
            try view.requireOperands(1)
            guard case .tuple(let types) = view.operandTypes[0] else {
                throw view.error(.typeError, "takes a tuple, given a \(view.operandTypes[0])")
            }
            try view.require(types.indices.contains(parameters.index), "index \(parameters.index) is not one of \(view.operandTypes[0])")
            return [types[parameters.index]]
        }, evaluate: { _, parameters, operands throws(JaxError) in
            guard case .tuple(let values) = operands[0], values.indices.contains(parameters.index) else {
                throw JaxError(.internalError, "get_tuple_element: the operand has no such element")
            }
            return [values[parameters.index]]
        }),
    ]
}

public final class TupleElementParameters: Parameters {
    public private(set) var index = 0

    public convenience init(_ index: Int) {
        self.init()
        self.index = index
    }

    public override func code(_ coder: ParameterCoder) throws(JaxError) { try coder.integer("index", &index) }
}
