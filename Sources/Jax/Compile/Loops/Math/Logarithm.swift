// log, logPlusOne, and what is made of them: asinh, acosh, atanh.
//
// log(x) = k ln 2 + log(1 + f), where x = 2^k (1 + f) and 1 + f is within √½ … √2; log(1 + f) = f + f² P(f).

extension KernelBuilder {
    /// f and the float k, from 2^k (1 + f), and the bits of 2^−k's sum: see `logPlusOneFinite`.
    private struct Split {
        var k: LaneValue
        /// k plus the bias, as an integer.
        var biased: LaneValue
        /// The bits of x, with the bits of 1 − √½ added.
        var shifted: LaneValue
    }

    private func rootOfHalf(_ layout: FloatLayout) -> Int {
        Int(layout.type == .f32 ? LaneBits(Float(0.5).squareRoot().bitPattern) : (0.5).squareRoot().bitPattern)
    }

    /// The exponent of x, positive and not denormal. `shift` is how far it has been moved.
    private func split(_ x: LaneValue, bias: LaneValue? = nil) -> Split {
        let layout = layout(x), one = layout.bias << layout.fraction
        let shifted = add(bits(x), integer(one - rootOfHalf(layout), like: x))
        let biased = emit(.shiftRightLogical, shifted, integer(layout.fraction, like: x))
        // As the low bits of 2^fraction it is a float at once: conversions of 64-bit integers are dear.
        let base = Double(1 << layout.fraction)
        let float = fromBits(or(biased, bits(number(base, like: x))))
        return Split(k: subtract(float, bias ?? number(base + Double(layout.bias), like: x)), biased: biased, shifted: shifted)
    }

    /// k ln 2 + log(1 + f), or of 1 + f + rest.
    private func logarithm(_ k: LaneValue, _ f: LaneValue, rest: LaneValue? = nil) -> LaneValue {
        let p = polynomial(f, Coefficients.log(type(of: f))), square = multiply(f, f)
        let small = rest.map { add(accumulate(square, p, $0), f) } ?? accumulate(square, p, f)
        return accumulate(k, number(Coefficients.ln2, like: f), small)
    }

    /// log(x), 28 operations in f32. ln 2 rounded is close enough: its error is below 0.4 units of the result.
    public func log(_ x: LaneValue) -> LaneValue {
        let (k, m) = normalised(x)
        return logarithmSpecials(x, logarithm(k, add(m, -1)), zero: 0)
    }

    /// k and m, x = 2^k m with m within √½ … √2, for 0 < x < ∞; denormals are multiplied up first.
    func normalised(_ x: LaneValue) -> (k: LaneValue, m: LaneValue) {
        let layout = layout(x), base = Double(1 << layout.fraction)
        let isSmall = less(x, layout.type == .f32 ? 0x1p-126 : 0x1p-1022)
        let bias = select(isSmall, number(base + Double(layout.bias + layout.fraction), like: x),
                          number(base + Double(layout.bias), like: x))
        return splitNormal(select(isSmall, multiply(x, base), x), bias: bias)
    }

    /// The same for x that is not denormal.
    func splitNormal(_ x: LaneValue, bias: LaneValue? = nil) -> (k: LaneValue, m: LaneValue) {
        let parts = split(x, bias: bias)
        let mask = integer((1 << layout(x).fraction) - 1, like: x)
        return (parts.k, fromBits(add(and(parts.shifted, mask), integer(rootOfHalf(layout(x)), like: x))))
    }

    /// NaN below `zero`, −∞ there; +∞ and NaN stay.
    private func logarithmSpecials(_ x: LaneValue, _ result: LaneValue, zero: Double) -> LaneValue {
        let positive = select(less(x, .infinity), result, x)
        let outside = select(equal(x, zero), number(-.infinity, like: x), number(.nan, like: x))
        return select(emit(.lessOrEqual, x, number(zero, like: x)), outside, positive)
    }

    /// log(1 + x), 30 operations in f32: k is the exponent of 1 + x, but f = 2^−k x + (2^−k − 1) is computed from x itself, rounded once.
    public func logPlusOne(_ x: LaneValue) -> LaneValue {
        logarithmSpecials(x, logPlusOneFinite(x), zero: -1)
    }

    /// log(1 + x), or of 1 + x + rest, for −1 < x < ∞, x where it is so small that it rounds to that. `scale` is
    /// 4 · 2^−k, which is never denormal.
    private func logPlusOneFinite(_ x: LaneValue, rest: LaneValue? = nil) -> LaneValue {
        let layout = layout(x)
        let parts = split(add(x, 1))
        let power = emit(.shiftLeft, subtract(integer(2 * layout.bias + 2, like: x), parts.biased), integer(layout.fraction, like: x))
        let scale = fromBits(power), quarter = number(0.25, like: x)
        let f = accumulate(multiply(x, quarter), scale, accumulate(scale, quarter, number(-1, like: x)))
        let scaledRest = rest.map { multiply(multiply($0, quarter), scale) }
        return select(less(magnitude(x), layout.type == .f32 ? 0x1p-26 : 0x1p-54), x, logarithm(parts.k, f, rest: scaledRest))
    }

    /// asinh(x) = log(1 + a + a² / (1 + √(1 + a²))) with a = |x|; log a + log 2 where a² would overflow.
    public func asinh(_ x: LaneValue) -> LaneValue {
        let a = magnitude(x), one = number(1, like: x)
        let isLarge = less(number(type(of: x) == .f32 ? 0x1p30 : 0x1p60, like: x), a)
        let square = multiply(a, a)
        let more = divide(square, add(emit(.squareRoot, add(square, one)), one))
        return turned(hyperbolicLogarithm(a, a, more, isLarge), by: signBit(x))
    }

    /// acosh(x) = log(1 + t + √(2t + t²)) with t = x − 1, which is exact where it matters; NaN below 1.
    public func acosh(_ x: LaneValue) -> LaneValue {
        let isLarge = less(number(type(of: x) == .f32 ? 0x1p30 : 0x1p60, like: x), x)
        let t = add(x, -1)
        let root = emit(.squareRoot, accumulate(t, t, add(t, t)))
        return select(less(x, 1), number(.nan, like: x), hyperbolicLogarithm(x, root, t, isLarge))
    }

    /// log(1 + greater + smaller), which they are where the rounding of their sum matters, so that it can be made good; log(2 a) where a
    /// is large; a where it is infinite or NaN.
    private func hyperbolicLogarithm(_ a: LaneValue, _ greater: LaneValue, _ smaller: LaneValue, _ isLarge: LaneValue) -> LaneValue {
        let u = add(greater, smaller), rest = subtract(smaller, subtract(u, greater)), zero = number(0, like: a)
        let result = logPlusOneFinite(select(isLarge, a, u), rest: select(isLarge, zero, rest))
        let more = add(result, select(isLarge, number(Coefficients.ln2, like: a), zero))
        return select(less(a, .infinity), more, a)
    }

    /// atanh(x) = ½ log(1 + 2a / (1 − a)) with a = |x| ≥ ½, where 1 − a is exact; an odd polynomial below.
    public func atanh(_ x: LaneValue) -> LaneValue {
        let a = magnitude(x), one = number(1, like: x)
        let result = multiply(logPlusOneFinite(divide(add(a, a), subtract(one, a))), 0.5)
        let outside = select(equal(a, 1), number(.infinity, like: x), number(.nan, like: x))
        let large = turned(select(less(a, 1), result, outside), by: signBit(x))
        return select(less(a, 0.5), oddPolynomial(x, square: multiply(x, x), Coefficients.atanh(type(of: x))), large)
    }
}
