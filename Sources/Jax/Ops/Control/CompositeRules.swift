// Composites that are evaluated by a rule of their own: CHLO functions of one variable whose math library version is more
// accurate and faster than the decomposition (`stablehlo/dialect/ChloOps.td`).
import CMath
import JaxIR
import JaxPlatform

/// The rule for a composite's name, or nil.
func compositeRule(_ name: String) -> CompositeRule? {
    guard let function = chloFunction(name) else { return nil }
    return { frame, operation, operands throws(JaxError) in
        guard operands.count == 1 else { return nil }
        let operand = try operands[0].asTensor()
        guard operand.dtype.isFloat, operand.dtype.bitWidth >= 16, operand.type == (try frame.resultTensorType(operation)) else {
            return nil
        }
        let result = try Tensor(operand.type)
        try apply(UnaryFunction(function), operand, result, name)
        return [.tensor(result)]
    }
}

private func chloFunction(_ name: String) -> ((Double) -> Double)? {
    switch name {
    case "chlo.acos": return { acos($0) }
    case "chlo.acosh": return { acosh($0) }
    case "chlo.asin": return { asin($0) }
    case "chlo.asinh": return { asinh($0) }
    case "chlo.atan": return { atan($0) }
    case "chlo.atanh": return { atanh($0) }
    case "chlo.cosh": return { cosh($0) }
    case "chlo.erf": return { erf($0) }
    case "chlo.erfc": return { erfc($0) }
    case "chlo.sinh": return { sinh($0) }
    case "chlo.tan": return { tan($0) }
    case "chlo.square": return { $0 * $0 }
    default: return nil
    }
}
