// How the operations of JaxIR are written: as VHLO's, as custom calls that XLA knows, as several operations, or not at all.
import JaxEncoding
import JaxIR
import JaxOps
import JaxPlatform

/// What stands in the file for an operation of JaxIR.
enum WrittenForm {
    /// VHLO's operation of the same name, with JaxIR's parameters as its properties.
    case vhlo
    /// A custom call (`ChloCall`), by which XLA takes CHLO's functions.
    case chloCall(attributes: [NamedAttribute])
    /// The operations of a function of the operands.
    case expansion(Function)
}

/// The form of an operation of `function`. `isUndivided`: the program's meshes have one device. Throws `notImplemented`, with the
/// operation's name, for those that no program of VHLO has.
func writtenForm(_ operation: Operation, in function: Function, isUndivided: Bool) throws(JaxError) -> WrittenForm {
    switch operation.code {
    case .acos, .acosh, .asin, .asinh, .atanh, .cosh, .erf, .sinh: return .chloCall(attributes: [])
    case .topK:
        let parameters = operation.parameters(TopKParameters.self)
        guard parameters.isLargest else {
            throw JaxError(.notImplemented, "top_k of the smallest elements is not written: XLA has no such operation")
        }
        return .chloCall(attributes: parameters.encodedAttributes().entries)
    case .atan: return .expansion(try arcTangentExpansion(try staticType(operation, function)))
    case .erfc: return .expansion(try complementaryErrorExpansion(try staticType(operation, function)))
    case .customCall where isUndivided && operation.isShardy:
        return .expansion(try identityExpansion(operation.operands.map { function.type(of: $0) }))
    case .scan, .countedLoop, .customJVP, .customVJP, .remat, .namedCall:
        throw JaxError(.notImplemented, "\(operation.code.name) is not written: VHLO has no such operation; lower it to while or call before")
    case .fusion: throw JaxError(.notImplemented, "fusion is not written: what a compiler made is no program of VHLO")
    case .manualComputation: throw JaxError(.notImplemented, "manual_computation is not written: programs for several devices are not")
    default: return .vhlo
    }
}

private func staticType(_ operation: Operation, _ function: Function) throws(JaxError) -> TensorType {
    guard let type = function.type(of: operation.operands[0]).tensor, type.isStatic else {
        throw JaxError(.notImplemented, "\(operation.code.name) of an array of unknown shape is not written: VHLO has no such operation")
    }
    return type
}

extension Operation {
    /// Whether this was `sdy.sharding_constraint`, which says over which devices an array is spread.
    fileprivate var isShardy: Bool {
        let call = parameters(CustomCallParameters.self)
        return call.target == shardingCallTarget && call.shapeOperands.isEmpty && operands.count == results.count
            && (annotations[shardyConstraintField] ?? call.attributes[shardyConstraintField]) != nil
    }
}

extension OpCode {
    /// The target of the custom call that stands for one of CHLO's functions.
    var chloTarget: String { ChloCall.prefix + (self == .topK ? ChloCall.topK : name) }
}

extension Module {
    /// Whether it names meshes of devices, and each has one.
    var isUndivided: Bool { !meshes.isEmpty && meshes.allSatisfy { $0.axes.allSatisfy { $0.size == 1 } } }
}
