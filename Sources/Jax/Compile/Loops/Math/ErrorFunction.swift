// erf and erfc.

extension KernelBuilder {
    /// erf(x). In f32: below 1.25 an odd polynomial, above 1 − q⁴, q a polynomial that nears the fourth root of erfc, which is smooth; from
    /// 3.94 on the result is rounded to 1. In f64 1 − erfc(x) for |x| ≥ 1.
    public func erf(_ x: LaneValue) -> LaneValue {
        let type = type(of: x), a = magnitude(x), one = number(1, like: x)
        let small = accumulate(x, polynomial(multiply(x, x), Coefficients.erf(type)), x)
        var large: LaneValue
        if type == .f32 {
            let q = polynomial(add(emit(.minimum, number(3.94, like: x), a), -Coefficients.erfcRootCentre), Coefficients.erfcRoot)
            let square = multiply(q, q)
            large = multiplyAdd(negate(square), square, one)
        } else {
            large = subtract(one, erfcTail(a))
        }
        large = turned(large, by: signBit(x))
        return select(less(a, type == .f32 ? 1.25 : 1), small, large)
    }

    /// erfc(x): 1 − erf(x) for |x| < ½, else exp(−x²) u P(u) with u = 1 / (|x| + c), or 2 − that.
    public func erfc(_ x: LaneValue) -> LaneValue {
        let a = magnitude(x), tail = erfcTail(a)
        let p = polynomial(multiply(x, x), Coefficients.erf(type(of: x)))
        let small = subtract(subtract(number(1, like: x), x), multiply(x, p))
        let large = select(less(x, 0), subtract(number(2, like: x), tail), tail)
        return select(less(a, 0.5), small, large)
    }

    /// erfc(a) for a ≥ ½; beyond the bound it is 0.
    private func erfcTail(_ a: LaneValue) -> LaneValue { type(of: a) == .f32 ? erfcTailSingle(a) : erfcTailDouble(a) }

    /// In f64 lanes, with the short polynomials of f32: in f32 the roundings of seven factors and quotients would add up to 4 units.
    private func erfcTailSingle(_ a: LaneValue) -> LaneValue {
        let bounded = emit(.toF64, emit(.minimum, number(10.3, like: a), a))
        let (p, s) = preciseExponentialFactors(negate(multiply(bounded, bounded)), precision: .f32)
        let u = divide(constant(.f64, 1.0), add(bounded, 3))
        let q = multiply(u, polynomial(add(u, -Coefficients.erfcCentre), Coefficients.erfc(.f32)))
        return emit(.toF32, multiply(multiply(multiply(p, q), s), s))
    }

    /// The relative error of exp(−x²) from rounding x² and the one of u, both computed by multiplyAdd, go into the exponent.
    private func erfcTailDouble(_ a: LaneValue) -> LaneValue {
        let bounded = emit(.minimum, number(27.5, like: a), a), two = number(2, like: a)
        let square = multiply(bounded, bounded)
        let sum = add(bounded, two), u = divide(number(1, like: a), sum)
        // u (1 + lacking) is 1 / (a + 2).
        let difference = multiplyAdd(negate(u), sum, number(1, like: a))
        let lacking = multiplyAdd(negate(u), sumError(bounded, two, sum), difference)
        let rest = add(multiplyAdd(negate(bounded), bounded, square), lacking)
        let (p, s) = preciseExponentialFactors(negate(square), rest: rest)
        let v = multiplyAdd(u, lacking, add(u, -Coefficients.erfcCentre))
        let q = multiply(u, polynomial(v, Coefficients.erfc(.f64)))
        return multiply(multiply(multiply(p, q), s), s)
    }
}

/// What erfc is computed from, for those who write it out for another machine: for |x| < ½ 1 − x − x P(x²), else, for |x| up to `bound`,
/// exp(−x²) u Q(u − centre) with u = 1 / (|x| + offset), or 2 − that where x is negative. Coefficients of the lowest power first.
public struct ComplementaryErrorFunction {
    public let small: [Double], tail: [Double]
    public let centre: Double, offset: Double, bound: Double

    /// In f32 or f64.
    public init(_ type: LaneType) {
        small = Coefficients.erf(type)
        tail = Coefficients.erfc(type)
        centre = Coefficients.erfcCentre
        offset = type == .f32 ? 3 : 2
        bound = type == .f32 ? 10.3 : 27.5
    }
}
