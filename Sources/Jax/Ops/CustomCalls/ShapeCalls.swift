// Custom calls of programs with symbolic shapes, which specialisation replaces or decides (Transform/DynamicOperations.swift).
import JaxIR
import JaxPlatform

func shapeCalls() -> [OpDefinition] {
    [
        shapeCall("shape_assertion", ShapeAssertionParameters.self, .effects),
        shapeCall("stablehlo.dynamic_top_k", Parameters.self),
        shapeCall("stablehlo.dynamic_approx_top_k", ApproximateTopKParameters.self),
        shapeCall("stablehlo.dynamic_reduce_window", Parameters.self),
        shapeCall("stablehlo.dynamic_rng_bit_generator", RngAlgorithmParameters.self),
    ]
}

private func shapeCall<Record: Parameters>(_ name: String, _ record: Record.Type, _ traits: Traits = []) -> OpDefinition {
    OpDefinition(.customCall, target: name, record, traits.union(.dynamic),
                 infer: { view, _ throws(JaxError) in view.call?.resultTypes ?? [] }, .none)
}

/// What to say where the assertion does not hold; {i} stands for the operand after the i-th.
public final class ShapeAssertionParameters: Parameters {
    public private(set) var message = ""

    public override func code(_ coder: ParameterCoder) throws(JaxError) {
        try coder.string("error_message", &message, missing: "a shape assertion does not hold")
    }
}

public final class RngAlgorithmParameters: Parameters {
    public private(set) var algorithm = RngBitGeneratorParameters.Algorithm.normal

    public override func code(_ coder: ParameterCoder) throws(JaxError) { try coder.choice("rng_algorithm", &algorithm) }
}
