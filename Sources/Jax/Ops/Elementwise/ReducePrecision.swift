// reduce_precision (StableHLO, section reduce_precision): floats rounded as if they had fewer bits.
import JaxIR
import JaxPlatform

func reducePrecisionFamily() -> [OpDefinition] {
    [OpDefinition(.reducePrecision, shape: { view throws(JaxError) in
        let type = try view.elementwiseType(1, .float)
        let exponent = try view.requiredInteger("exponent_bits"), mantissa = try view.requiredInteger("mantissa_bits")
        try view.require(exponent >= 1, "exponent_bits must be at least 1, is \(exponent)")
        try view.require(mantissa >= 0, "mantissa_bits must not be negative, is \(mantissa)")
        return [.tensor(type)]
    }, tensor: { frame, operation, operands throws(JaxError) in
        let a = try operands[0].asTensor()
        let result = try Tensor(a.type)
        try dispatchFloat(a.dtype, ReducePrecisionKernel(
            exponentBits: operation.attributes.integer("exponent_bits") ?? 11,
            mantissaBits: operation.attributes.integer("mantissa_bits") ?? 52, a: a, result: result), "reduce_precision")
        return result
    })]
}

private struct ReducePrecisionKernel: FloatKernel {
    let exponentBits: Int
    let mantissaBits: Int
    let a: Tensor, result: Tensor

    func run<T: FloatElement>(_ type: T.Type) {
        switch T.dtype {
        case .f16: reduce(UInt16.self, exponent: 5, mantissa: 10)
        case .bf16: reduce(UInt16.self, exponent: 8, mantissa: 7)
        case .f32: reduce(UInt32.self, exponent: 8, mantissa: 23)
        default: reduce(UInt64.self, exponent: 11, mantissa: 52)
        }
    }

    /// On the bits: the mantissa to nearest even, then exponents out of range to infinity or zero of the same sign.
    private func reduce<Bits: IntegerElement>(_ type: Bits.Type, exponent: Int, mantissa: Int) {
        let magnitudeMask: Bits = (1 << Bits(exponent + mantissa)) - 1
        let infinity: Bits = ((1 << Bits(exponent)) - 1) << Bits(mantissa)
        let dropped = max(0, mantissa - mantissaBits)
        let bias = (1 << (exponent - 1)) - 1
        let reducedBias = (1 << (min(exponentBits, exponent) - 1)) - 1
        mapElements(a, result) { (bits: Bits) in
            let magnitude = bits & magnitudeMask
            if magnitude > infinity {
                // With no mantissa left a NaN would read as infinity: it keeps its quiet bit all the same.
                return bits | 1 << Bits(mantissa - 1)
            }
            var rounded = bits
            if dropped > 0 {
                let last: Bits = 1 << Bits(dropped)
                rounded = bits &+ ((last >> 1) &- 1) &+ ((bits >> Bits(dropped)) & 1)
                rounded &= ~(last &- 1)
            }
            if exponentBits < exponent {
                let sign = rounded & ~magnitudeMask
                let field = Int(truncatingIfNeeded: (rounded & magnitudeMask) >> Bits(mantissa))
                if field > bias + reducedBias { return sign | infinity }
                if field <= bias - reducedBias { return sign }
            }
            return rounded
        }
    }
}
