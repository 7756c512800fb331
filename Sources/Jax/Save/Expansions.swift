// Operations that VHLO does not have, as functions of those that it has: what is written in their place.
import JaxEncoding
import JaxIR
import JaxOps
import JaxPlatform
import Loops

/// A function of values of these types, of which `body` makes the results.
private func expansion(_ types: [ValueType], _ body: (Builder, [ValueID]) throws(JaxError) -> [ValueID]) throws(JaxError) -> Function {
    let builder = Builder(Function(name: "expansion"))
    var parameters: [ValueID] = []
    for type in types { parameters.append(builder.parameter(type)) }
    builder.finish(try body(builder, parameters))
    return builder.function
}

/// The operands as they are.
func identityExpansion(_ types: [ValueType]) throws(JaxError) -> Function {
    try expansion(types) { _, operands throws(JaxError) in operands }
}

/// atan(x) = atan2(x, 1), as JAX lowers it.
func arcTangentExpansion(_ type: TensorType) throws(JaxError) -> Function {
    try expansion([.tensor(type)]) { builder, x throws(JaxError) in [try builder.one(.atan2, [x[0], try builder.constant(1, type)])] }
}

/// erfc in f32 or f64, to which narrower types are converted; with a relative error that grows with x², from rounding it.
func complementaryErrorExpansion(_ type: TensorType) throws(JaxError) -> Function {
    try expansion([.tensor(type)]) { builder, operands throws(JaxError) in
        let dtype = type.dtype == .f64 ? DType.f64 : .f32, wide = TensorType(dtype, type.shape)
        let terms = ComplementaryErrorFunction(dtype == .f64 ? .f64 : .f32)
        func number(_ value: Double) throws(JaxError) -> ValueID { try builder.constant(value, wide) }
        func polynomial(_ x: ValueID, _ coefficients: [Double]) throws(JaxError) -> ValueID {
            var sum = try number(coefficients[coefficients.count - 1])
            for coefficient in coefficients.dropLast().reversed() {
                sum = try builder.add(try builder.multiply(sum, x), try number(coefficient))
            }
            return sum
        }
        let x = try builder.convert(operands[0], to: dtype), one = try number(1)
        let near = try builder.multiply(x, try polynomial(try builder.multiply(x, x), terms.small))
        let small = try builder.subtract(try builder.subtract(one, x), near)

        let magnitude = try builder.one(.abs, [x]), bounded = try builder.one(.minimum, [magnitude, try number(terms.bound)])
        let exponential = try builder.one(.exponential, [try builder.negate(try builder.multiply(bounded, bounded))])
        let u = try builder.divide(one, try builder.add(bounded, try number(terms.offset)))
        let q = try polynomial(try builder.subtract(u, try number(terms.centre)), terms.tail)
        let tail = try builder.multiply(exponential, try builder.multiply(u, q))
        let isNegative = try builder.compare(.less, x, try number(0))
        let large = try builder.select(isNegative, try builder.subtract(try number(2), tail), tail)

        let isSmall = try builder.compare(.less, magnitude, try number(0.5))
        return [try builder.convert(try builder.select(isSmall, small, large), to: type.dtype)]
    }
}
