// Operations that are read and printed but not executed: talk with the host (infeed, outfeed, send, recv) and quantised types.
import JaxIR
import JaxPlatform

func unavailableFamily() -> [OpDefinition] {
    var definitions: [OpDefinition] = []
    for code in [OpCode.infeed, .outfeed, .send, .recv, .uniformQuantize, .uniformDequantize] {
        definitions.append(OpDefinition(code, shape: { view throws(JaxError) in view.declaredTypes },
                                        evaluate: { _, operation, _ throws(JaxError) -> [RuntimeValue] in
            throw JaxError(.notImplemented, "the operation \(operation.code.name) is not available")
        }))
    }
    return definitions
}
