// manual_computation (Shardy, shardy/dialect/sdy/ir/ops.td): a body that each device of a mesh computes on its part of the operands. Where
// the mesh has more than one device, Transform/Partitioning puts plain operations in its place before a program runs.
import JaxIR
import JaxPlatform

func manualComputationFamily() -> [OpDefinition] {
    [OpDefinition(.manualComputation, ManualComputationParameters.self, .structural, infer: { view, parameters throws(JaxError) in
        try view.requireRegions(1)
        try view.require(view.regions[0].parameters.count == view.operandCount
                         && view.regions[0].results.count == parameters.types.count,
                         "the body must take each operand and return each result")
        return parameters.types
    }, evaluate: evaluateManualComputation)]
}

/// How an array is spread over a mesh: for each dimension the axes that divide it, the first dividing it into the largest parts.
public struct ArraySharding {
    public let mesh: String
    public let dimensions: [[String]]
}

public final class ManualComputationParameters: Parameters {
    public private(set) var types: [ValueType] = []
    /// One for each operand, and for each result.
    public private(set) var inputs: [ArraySharding] = [], outputs: [ArraySharding] = []
    /// Axes along which each device has a part of its own; along others the body still sees whole arrays.
    public private(set) var manualAxes: [String] = []
    private var attributes = Attributes()

    public override func code(_ coder: ParameterCoder) throws(JaxError) {
        try coder.types("result_types", &types)
        guard coder.isReading else {
            for entry in attributes.entries { coder.put(entry.name, entry.value) }
            return
        }
        for name in ["in_shardings", "manual_axes", "out_shardings"] {
            if let value = coder.takeIfPresent(name) { attributes.entries.append(NamedAttribute(name, value)) }
        }
        inputs = try ManualComputationParameters.shardings(attributes["in_shardings"])
        outputs = try ManualComputationParameters.shardings(attributes["out_shardings"])
        if case .array(let names)? = attributes["manual_axes"] {
            for case .string(let name) in names { manualAxes.append(name) }
        }
    }

    private static func shardings(_ attribute: Attribute?) throws(JaxError) -> [ArraySharding] {
        guard case .array(let list)? = attribute else { return [] }
        var shardings: [ArraySharding] = []
        for entry in list {
            guard case .dictionary(let fields) = entry else { throw JaxError(.malformed, "manual_computation: a sharding must be a dictionary") }
            let sharding = Attributes(fields)
            var dimensions: [[String]] = []
            for dimension in sharding.array("dimensions") ?? [] {
                guard case .dictionary(let fields) = dimension else {
                    throw JaxError(.malformed, "manual_computation: a sharding has no such dimension")
                }
                var axes: [String] = []
                for axis in Attributes(fields).array("axes") ?? [] {
                    guard case .dictionary(let fields) = axis, let name = Attributes(fields).string("name") else {
                        throw JaxError(.malformed, "manual_computation: an axis has no name")
                    }
                    if Attributes(fields)["sub_axis_info"] != nil {
                        throw JaxError(.notImplemented, "manual_computation: parts of the axis \(name) divide a dimension")
                    }
                    axes.append(name)
                }
                dimensions.append(axes)
            }
            shardings.append(ArraySharding(mesh: sharding.symbol("mesh") ?? sharding.string("mesh") ?? "", dimensions: dimensions))
        }
        return shardings
    }
}

/// The body, whose local shapes are the global ones on a mesh of one device.
private func evaluateManualComputation(_ activation: Activation, _ parameters: ManualComputationParameters,
                                       _ operands: inout [RuntimeValue]) throws(JaxError) -> [RuntimeValue] {
    let function = activation.frame.function
    for (id, operand) in zip(activation.operation.regions[0].parameters, activation.operation.operands)
    where function.type(of: id) != function.type(of: operand) {
        throw JaxError(.notImplemented, "manual_computation: \(function.type(of: operand)) is divided into \(function.type(of: id)) on one device")
    }
    let arguments = operands
    operands = []
    return try activation.run(0, consume arguments)
}
