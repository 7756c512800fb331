// ceil, floor, round_nearest_even, round_nearest_afz, sqrt, reduce_precision (StableHLO, sections of these names) and the fused
// product and sum: functions of floats whose results are correctly rounded.
import JaxIR
import JaxPlatform
import Loops

func roundingFamily() -> [OpDefinition] {
    [
        elementwise(.ceil, 1, .float, .floats(Ceil.self)).lanes(.ceiling).zeroDerivative(),
        elementwise(.floor, 1, .float, .floats(Floor.self)).lanes(.floor).zeroDerivative(),
        elementwise(.roundNearestEven, 1, .float, .floats(RoundNearestEven.self)).lanes(.roundEven).zeroDerivative(),
        elementwise(.roundNearestAfz, 1, .float, .floats(RoundNearestAwayFromZero.self))
            .floatLanes { $0.roundNearestAwayFromZero }.zeroDerivative(),
        elementwise(.sqrt, 1, .inexact, .floats(SquareRoot.self) + .wideComplexes(squareRoot), traits: .approximate)
            .lanes { c in c.operand.isFloat ? c.builder.emit(.squareRoot, c.x[0]) : nil }
            .derivative { b, _, y throws(JaxError) in try b.divide(try b.filled(0.5, like: y), y) },
        elementwise(.reducePrecision, ReducePrecisionParameters.self, infer: { view, parameters throws(JaxError) in
            try view.require(parameters.exponentBits >= 1, "exponent_bits must be at least 1, is \(parameters.exponentBits)")
            try view.require(parameters.mantissaBits >= 0, "mantissa_bits must not be negative, is \(parameters.mantissaBits)")
            return try view.elementwiseType(1, .float)
        }, kernel: { operand, _, parameters in parameters.kernel(operand) }).linear(.jointly([0]))
            .transposed { b, op, cotangent throws(JaxError) in try b.one(.reducePrecision, [cotangent], op.parameters) },
    ]
}

private enum Ceil: FloatUnary {
    @inline(__always) static func of<T: ComplexPart>(_ a: T) -> T { a.rounded(.up) }
}

private enum Floor: FloatUnary {
    @inline(__always) static func of<T: ComplexPart>(_ a: T) -> T { a.rounded(.down) }
}

private enum RoundNearestEven: FloatUnary {
    @inline(__always) static func of<T: ComplexPart>(_ a: T) -> T { a.rounded(.toNearestOrEven) }
}

private enum RoundNearestAwayFromZero: FloatUnary {
    @inline(__always) static func of<T: ComplexPart>(_ a: T) -> T { a.rounded(.toNearestOrAwayFromZero) }
}

private enum SquareRoot: FloatUnary {
    @inline(__always) static func of<T: ComplexPart>(_ a: T) -> T { a.squareRoot() }
}

/// As how many bits a float is to be seen.
public final class ReducePrecisionParameters: Parameters {
    public private(set) var exponentBits = 11
    public private(set) var mantissaBits = 52

    public convenience init(exponentBits: Int, mantissaBits: Int) {
        self.init()
        self.exponentBits = exponentBits
        self.mantissaBits = mantissaBits
    }

    public override func code(_ coder: ParameterCoder) throws(JaxError) {
        try coder.integer("exponent_bits", &exponentBits)
        try coder.integer("mantissa_bits", &mantissaBits)
    }

    fileprivate func kernel(_ dtype: DType) -> BlockKernel? {
        let exponent = exponentBits, mantissa = mantissaBits
        switch dtype {
        case .f16: return BlockKernel { a, _, _, r, n in reduce(UInt16.self, (5, 10), to: (exponent, mantissa), a, r, n) }
        case .bf16: return BlockKernel { a, _, _, r, n in reduce(UInt16.self, (8, 7), to: (exponent, mantissa), a, r, n) }
        case .f32: return BlockKernel { a, _, _, r, n in reduce(UInt32.self, (8, 23), to: (exponent, mantissa), a, r, n) }
        case .f64: return BlockKernel { a, _, _, r, n in reduce(UInt64.self, (11, 52), to: (exponent, mantissa), a, r, n) }
        default:
            return ScalarKernels.bySingle(dtype,
                                          BlockKernel { a, _, _, r, n in reduce(UInt32.self, (8, 23), to: (exponent, mantissa), a, r, n) })
        }
    }
}

/// On the bits: the mantissa to nearest even, then exponents out of range to infinity or zero of the same sign.
private func reduce<Bits: IntegerElement>(_ type: Bits.Type, _ format: (exponent: Int, mantissa: Int),
                                          to reduced: (exponent: Int, mantissa: Int),
                                          _ a: UnsafeRawPointer, _ result: UnsafeMutableRawPointer, _ count: Int) {
    let magnitudeMask: Bits = (1 << Bits(format.exponent + format.mantissa)) - 1
    let infinity: Bits = ((1 << Bits(format.exponent)) - 1) << Bits(format.mantissa)
    let dropped = max(0, format.mantissa - reduced.mantissa)
    let bias = (1 << (format.exponent - 1)) - 1
    let reducedBias = (1 << (min(reduced.exponent, format.exponent) - 1)) - 1
    loop(a, result, count) { (bits: Bits) -> Bits in
        let magnitude = bits & magnitudeMask
        if magnitude > infinity {
            // With no mantissa left a NaN would read as infinity: it keeps its quiet bit all the same.
            return bits | 1 << Bits(format.mantissa - 1)
        }
        var rounded = bits
        if dropped > 0 {
            let last: Bits = 1 << Bits(dropped)
            rounded = bits &+ ((last >> 1) &- 1) &+ ((bits >> Bits(dropped)) & 1)
            rounded &= ~(last &- 1)
        }
        if reduced.exponent < format.exponent {
            let sign = rounded & ~magnitudeMask
            let field = Int(truncatingIfNeeded: (rounded & magnitudeMask) >> Bits(format.mantissa))
            if field > bias + reducedBias { return sign | infinity }
            if field <= bias - reducedBias { return sign }
        }
        return rounded
    }
}
