// optimization_barrier, tokens, tuples (StableHLO, sections optimization_barrier, after_all, tuple, get_tuple_element; create_token
// is deprecated).
import JaxIR
import JaxPlatform

func structureFamily() -> [OpDefinition] {
    [
        OpDefinition(.optimizationBarrier, shape: { view throws(JaxError) in view.operandTypes },
                     evaluate: { _, _, operands throws(JaxError) in operands }),
        OpDefinition(.afterAll, shape: { view throws(JaxError) in
            for type in view.operandTypes { try view.require(type == .token, "takes tokens, given a \(type)") }
            return [.token]
        }, evaluate: { _, _, _ throws(JaxError) in [.token] }),
        OpDefinition(.createToken, shape: { view throws(JaxError) in
            try view.requireOperands(0)
            return [.token]
        }, evaluate: { _, _, _ throws(JaxError) in [.token] }),
        OpDefinition(.tuple, shape: { view throws(JaxError) in [.tuple(view.operandTypes)] },
                     evaluate: { _, _, operands throws(JaxError) in [.tuple(operands)] }),
        OpDefinition(.getTupleElement, shape: { view throws(JaxError) in
            try view.requireOperands(1)
            guard case .tuple(let types) = view.operandType(0) else {
                throw view.error(.typeError, "takes a tuple, given a \(view.operandType(0))")
            }
            let index = try view.requiredInteger("index")
            try view.require(types.indices.contains(index), "index \(index) is not one of \(view.operandType(0))")
            return [types[index]]
        }, evaluate: { _, operation, operands throws(JaxError) in
            guard case .tuple(let values) = operands[0], let index = operation.attributes.integer("index"),
                  values.indices.contains(index) else {
                throw JaxError(.internalError, "get_tuple_element: the operand has no such element")
            }
            return [values[index]]
        }),
    ]
}
