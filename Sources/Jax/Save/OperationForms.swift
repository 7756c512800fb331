// How the operations of JaxIR are written: as VHLO's, as custom calls that XLA knows, or not at all.
import JaxEncoding
import JaxIR
import JaxOps
import JaxPlatform

/// The operation of the file that stands for one of JaxIR.
enum WrittenForm {
    /// VHLO's of this name, with JaxIR's parameters as its properties.
    case vhlo
    /// A custom call (`ChloCall`), by which XLA takes CHLO's functions.
    case chloCall(attributes: [NamedAttribute])
    /// atan2 of the operand and ones.
    case arcTangentOfRatio
}

/// The form of an operation. Throws `notImplemented`, with its name, for those that no program of VHLO has.
func writtenForm(_ operation: Operation) throws(JaxError) -> WrittenForm {
    switch operation.code {
    case .acos, .acosh, .asin, .asinh, .atanh, .cosh, .erf, .sinh: return .chloCall(attributes: [])
    case .topK:
        let parameters = operation.parameters(TopKParameters.self)
        guard parameters.isLargest else { throw JaxError(.notImplemented, "top_k of the smallest elements is not written: XLA takes no such call") }
        return .chloCall(attributes: parameters.encodedAttributes().entries)
    case .atan: return .arcTangentOfRatio
    case .erfc: throw JaxError(.notImplemented, "erfc is not written: VHLO has no such operation; lower it before")
    case .scan, .countedLoop, .customJVP, .customVJP, .remat, .namedCall:
        throw JaxError(.notImplemented, "\(operation.code.name) is not written: VHLO has no such operation; lower it to while or call before")
    case .fusion: throw JaxError(.notImplemented, "fusion is not written: a compiled program is no source")
    case .manualComputation: throw JaxError(.notImplemented, "manual_computation is not written: programs for several devices are not")
    default: return .vhlo
    }
}

extension OpCode {
    /// The target of the custom call that stands for one of CHLO's functions.
    var chloTarget: String { ChloCall.prefix + (self == .topK ? ChloCall.topK : name) }
}

/// A constant of ones of this type.
func ones(_ type: TensorType) throws(JaxError) -> Literal {
    let builder = Builder(Function(name: ""))
    let one = try builder.constant(1, type)
    builder.finish([one])
    guard let literal = builder.function.body.operations.first?.parameters.attributes().literal("value") else {
        throw JaxError(.internalError, "a constant without elements")
    }
    return literal
}
