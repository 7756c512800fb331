// What the math functions are made of: numbers of an operand's type, polynomials, signs, exponents.
//
// Each function is an expansion into lane operations without branches: where there are several ways, all are computed and one is
// selected. The polynomials' coefficients are in Coefficients.swift, which scripts/math/coefficients.py makes; it prints the error of
// each. The error that a whole function reaches, rounding included, is measured in Tests/LaneMathTests.

/// How the bits of a floating type lie, and the integer type of that width.
struct FloatLayout {
    let type, integer: LaneType
    /// Bits of the fraction.
    let fraction: Int
    let bias: Int

    var signMask: LaneBits { 1 << LaneBits(type.bitWidth - 1) }
    /// 1.5 · 2^fraction: what is added to it is rounded to an integer, which then stands in the lowest bits.
    var roundingShift: Double { type == .f32 ? 12582912 : 6755399441055744 }

    init(_ type: LaneType) {
        self.type = type
        integer = type == .f32 ? .i32 : .i64
        fraction = type == .f32 ? 23 : 52
        bias = type == .f32 ? 127 : 1023
    }
}

extension KernelBuilder {
    func layout(_ x: LaneValue) -> FloatLayout { FloatLayout(type(of: x)) }

    /// A float of the type of `x`.
    func number(_ value: Double, like x: LaneValue) -> LaneValue { constant(type(of: x), value) }

    /// An integer as wide as `x`.
    func integer(_ value: Int, like x: LaneValue) -> LaneValue { constant(layout(x).integer, value) }

    func bits(_ x: LaneValue) -> LaneValue { emit(.bits, x) }
    func fromBits(_ x: LaneValue) -> LaneValue { emit(.fromBits, x) }
    func magnitude(_ x: LaneValue) -> LaneValue { emit(.absolute, x) }
    func negate(_ x: LaneValue) -> LaneValue { emit(.negate, x) }
    func equal(_ x: LaneValue, _ value: Double) -> LaneValue { emit(.equal, x, number(value, like: x)) }
    func less(_ x: LaneValue, _ value: Double) -> LaneValue { less(x, number(value, like: x)) }
    func add(_ x: LaneValue, _ value: Double) -> LaneValue { add(x, number(value, like: x)) }
    func multiply(_ x: LaneValue, _ value: Double) -> LaneValue { multiply(x, number(value, like: x)) }

    /// x between both; NaN stays.
    func clamp(_ x: LaneValue, _ least: Double, _ greatest: Double) -> LaneValue {
        emit(.maximum, number(least, like: x), emit(.minimum, number(greatest, like: x), x))
    }

    /// By Horner's rule, the coefficient of the lowest power first; n − 1 operations for n coefficients.
    func polynomial(_ x: LaneValue, _ coefficients: [Double]) -> LaneValue {
        var sum = number(coefficients[coefficients.count - 1], like: x)
        for coefficient in coefficients.dropLast().reversed() { sum = multiplyAdd(sum, x, number(coefficient, like: x)) }
        return sum
    }

    /// x + x³ P(x²): an odd function that is x near 0.
    func oddPolynomial(_ x: LaneValue, square: LaneValue, _ coefficients: [Double]) -> LaneValue {
        multiplyAdd(multiply(x, square), polynomial(square, coefficients), x)
    }

    /// The sign bit of `x`, the others 0.
    func signBit(_ x: LaneValue) -> LaneValue { and(bits(x), constant(layout(x).integer, bits: layout(x).signMask)) }

    /// `value` with the sign turned where `sign`, a sign bit, is set.
    func turned(_ value: LaneValue, by sign: LaneValue) -> LaneValue { fromBits(emit(.xor, bits(value), sign)) }

    /// `x` where it is 0, so that −0 stays −0.
    func keepingZero(_ x: LaneValue, _ value: LaneValue) -> LaneValue { select(equal(x, 0), x, value) }
}
