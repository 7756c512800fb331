// Operations that are read and printed but not executed: talk with the host (infeed, outfeed, send, recv) and quantised types.
import JaxIR
import JaxPlatform

func unavailableFamily() -> [OpDefinition] {
    var definitions: [OpDefinition] = []
    for code in [OpCode.infeed, .outfeed, .send, .recv, .uniformQuantize, .uniformDequantize] {
        definitions.append(OpDefinition(code, ResultTypesParameters.self,
                                        [.unavailable, .effects], infer: { view, parameters throws(JaxError) in
            parameters.types
        }, .none))
    }
    return definitions
}

/// The types of the results, where nothing else says what they are.
public final class ResultTypesParameters: Parameters {
    public private(set) var types: [ValueType] = []

    public override func code(_ coder: ParameterCoder) throws(JaxError) { try coder.types("result_types", &types) }
}
