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
        guard operand.dtype.isComplex ? function.complex != nil : operand.dtype.isFloat && operand.dtype.bitWidth >= 16,
              operand.type == (try frame.resultTensorType(operation)) else { return nil }
        let result = try Tensor(operand.type)
        try apply(function, operand, result, name)
        return [.tensor(result)]
    }
}

private func chloFunction(_ name: String) -> UnaryFunction? {
    switch name {
    case "chlo.acos": return UnaryFunction { acos($0) }
    case "chlo.acosh": return UnaryFunction { acosh($0) }
    case "chlo.asin": return UnaryFunction { asin($0) }
    case "chlo.asinh": return UnaryFunction { asinh($0) }
    case "chlo.atan": return UnaryFunction { atan($0) }
    case "chlo.atanh": return UnaryFunction { atanh($0) }
    case "chlo.cosh": return UnaryFunction({ cosh($0) }, hyperbolicCosine)
    case "chlo.erf": return UnaryFunction { erf($0) }
    case "chlo.erfc": return UnaryFunction { erfc($0) }
    case "chlo.sinh": return UnaryFunction({ sinh($0) }, hyperbolicSine)
    case "chlo.tan": return UnaryFunction({ tan($0) }, tangent)
    case "chlo.square": return UnaryFunction({ $0 * $0 }, { Complex128.multiply($0, $0) })
    default: return nil
    }
}
