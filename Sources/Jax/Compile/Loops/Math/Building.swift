// What the math functions are made of: numbers of an operand's type, polynomials, signs, exponents.
//
// Each function is an expansion into lane operations without branches: where there are several ways, all are computed and one is
// selected. The polynomials' coefficients are in Coefficients.swift, which scripts/math/coefficients.py makes; it prints the
// error of each. The error that a whole function reaches, rounding included, is measured by Tests/LaneMathTests and, for more operands,
// scripts/math/sweep.c.
//
// Operations (bits and fromBits, which cost nothing, left out; in brackets how many of f32's are in 64-bit lanes) and the greatest error
// found, in units of the last place. In f32 all operands were tried where a function is neither almost its operand nor constant (sine,
// cosine and tan: below 128; log: ¼ to 8 and denormals; asinh and acosh: to 16; cbrt and rsqrt: one period of exponents), and at least
// each 67th elsewhere; of two operands 2^24 pairs; in f64 2^20 to 2^26 random ones, which is no bound.
//
//                                     f32  error     f64  error
//     exponential                 16         1.61      22   1.46
//     exponentialMinusOne         20         1.44      26   1.81
//     log                         28         0.92      40   1.24
//     logPlusOne                  30         1.46      42   1.74
//     logistic                    24         1.86      30   1.90
//     rsqrt                        2         1.50       2   1.50
//     cbrt                        34         0.78      43   0.74
//     sine                        46  (25)   1.57     146   1.52
//     cosine                      45  (25)   1.58     145   1.53
//     tan                         43  (34)   1.52     143   2.44
//     tanh                        28         1.83      34   2.04
//     sinh                        28         1.62      37   1.58
//     cosh                        18         1.50      24   1.44
//     asin                        19         1.34      28   1.49
//     acos                        25         1.07      34   1.05
//     atan                        20         1.39      32   1.48
//     asinh                       45         1.77      57   2.00
//     acosh                       43         1.93      55   2.10
//     atanh                       46         1.06      66   1.30
//     erf                         26         1.58      86   1.04
//     erfc                        52  (34)   1.67      88   3.41
//     power                       65  (29)   1.37     127   1.75
//     atan2                       34         1.47      46   1.36
//     remainder                  191         0.00     539   0.00
//     roundNearestAwayFromZero     8         0.00       8   0.00
//     sign                         4         0.00       4   0.00

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
        for coefficient in coefficients.dropLast().reversed() { sum = accumulate(sum, x, number(coefficient, like: x)) }
        return sum
    }

    /// x + x³ P(x²): an odd function that is x near 0.
    func oddPolynomial(_ x: LaneValue, square: LaneValue, _ coefficients: [Double]) -> LaneValue {
        accumulate(multiply(x, square), polynomial(square, coefficients), x)
    }

    /// The sign bit of `x`, the others 0.
    func signBit(_ x: LaneValue) -> LaneValue { and(bits(x), constant(layout(x).integer, bits: layout(x).signMask)) }

    /// `value` with the sign turned where `sign`, a sign bit, is set.
    func turned(_ value: LaneValue, by sign: LaneValue) -> LaneValue { fromBits(emit(.xor, bits(value), sign)) }

    /// `x` where it is 0, so that −0 stays −0.
    func keepingZero(_ x: LaneValue, _ value: LaneValue) -> LaneValue { select(equal(x, 0), x, value) }
}
