// exponential, exponentialMinusOne, logistic, tanh, sinh and cosh.
//
// exp(x) = 2^k exp(r), where k is an integer and r = x − k ln 2 is small; exp(r) is a polynomial. ln 2 is two numbers: the product of k
// with the first is exact, since that has few digits, and so is the difference from x, which k ln 2 is close to, so r has a rounding error of
// its own only. k is found by adding 1.5 · 2^fraction (plus the exponent's bias), which leaves it in the sum's lowest bits, where a shift makes 2^k
// of it.

extension KernelBuilder {
    /// exp(x), 16 operations in f32. k is made even, so that 2^k is the square of a number that is never out of range: exp(x) overflows and
    /// becomes denormal by the last multiplication, rounded once. r is within ±ln 2 then.
    public func exponential(_ x: LaneValue) -> LaneValue {
        let (p, s) = exponentialFactors(clampedExponent(x))
        return multiply(multiply(p, s), s)
    }

    /// x where exp(x) is neither 0 nor infinite, else a number beyond.
    private func clampedExponent(_ x: LaneValue) -> LaneValue {
        type(of: x) == .f32 ? clamp(x, -105, 89) : clamp(x, -746, 710)
    }

    /// p and s, a power of two, so that exp(x) = p s².
    func exponentialFactors(_ x: LaneValue) -> (LaneValue, LaneValue) {
        let (r, s) = reducedExponent(x)
        return (accumulate(polynomial(r, Coefficients.exponential(type(of: x))), r, number(1, like: x)), s)
    }

    /// The same for x + rest, with an error of p of 0.6 units instead of 1.2, for one operation more.
    /// `precision` is the type for which the polynomial is good enough.
    func preciseExponentialFactors(_ x: LaneValue, rest: LaneValue? = nil, precision: LaneType? = nil) -> (LaneValue, LaneValue) {
        var (r, s) = reducedExponent(x)
        if let rest { r = add(r, rest) }
        return (add(smallExponentialMinusOne(r, precision ?? type(of: x)), 1), s)
    }

    /// r and s, so that exp(x) = exp(r) s².
    private func reducedExponent(_ x: LaneValue) -> (LaneValue, LaneValue) {
        let layout = layout(x), shift = layout.roundingShift + Double(layout.bias)
        let sum = accumulate(x, number(Coefficients.halfLog2E, like: x), number(shift, like: x))
        let k = add(sum, -shift), ln2 = Coefficients.twiceLn2(layout.type)
        let r = accumulate(k, number(-ln2[1], like: x), accumulate(k, number(-ln2[0], like: x), x))
        return (r, fromBits(emit(.shiftLeft, bits(sum), integer(layout.fraction, like: x))))
    }

    /// p and 2^(k + moved), so that exp(x) = 2^k p, with |r| ≤ ln 2 / 2. Where exp(x) is just above a power of two, p is just above 1 and
    /// its error hardly more than ½: what is subtracted from it may lead below the power of two, where units are half as large.
    private func fullExponentialFactors(_ x: LaneValue, moved: Int) -> (LaneValue, LaneValue) {
        let layout = layout(x), shift = layout.roundingShift + Double(layout.bias + moved)
        let sum = accumulate(x, number(2 * Coefficients.halfLog2E, like: x), number(shift, like: x))
        let k = add(sum, -shift), ln2 = Coefficients.twiceLn2(layout.type)
        let r = accumulate(k, number(-0.5 * ln2[1], like: x), accumulate(k, number(-0.5 * ln2[0], like: x), x))
        let small = accumulate(multiply(r, r), polynomial(r, Coefficients.exponentialMinusOneNarrow(layout.type)), r)
        return (add(small, 1), fromBits(emit(.shiftLeft, bits(sum), integer(layout.fraction, like: x))))
    }

    /// exp(r) − 1 for |r| ≤ ln 2.
    private func smallExponentialMinusOne(_ r: LaneValue, _ precision: LaneType? = nil) -> LaneValue {
        accumulate(multiply(r, r), polynomial(r, Coefficients.exponentialMinusOne(precision ?? type(of: r))), r)
    }

    /// exp(x) − 1, 20 operations in f32: 2^k (exp(r) − 1) + (2^k − 1), so that nothing cancels near 0. k stops at the greatest power of two
    /// that is finite; r grows to ln 2 there.
    public func exponentialMinusOne(_ x: LaneValue) -> LaneValue {
        let single = type(of: x) == .f32, layout = layout(x), shift = layout.roundingShift + Double(layout.bias)
        let bounded = single ? clamp(x, -20, 89) : clamp(x, -45, 710)
        let forExponent = emit(.minimum, number(single ? 88 : 709.4, like: x), bounded)
        let sum = accumulate(forExponent, number(2 * Coefficients.halfLog2E, like: x), number(shift, like: x))
        let k = add(sum, -shift), ln2 = Coefficients.twiceLn2(layout.type)
        let r = accumulate(k, number(-0.5 * ln2[1], like: x), accumulate(k, number(-0.5 * ln2[0], like: x), bounded))
        let s = fromBits(emit(.shiftLeft, bits(sum), integer(layout.fraction, like: x)))
        return keepingZero(x, accumulate(smallExponentialMinusOne(r), s, add(s, -1)))
    }

    /// 1 / (1 + exp(−x)), 24 operations in f32: with e = exp(−|x|) and q = 1 / (1 + e) it is q, and e − e (e q) for negative x. Nothing
    /// overflows, and small results are as precise as e, denormal ones included; e q would add the errors of the sum and the quotient.
    public func logistic(_ x: LaneValue) -> LaneValue {
        let isSingle = type(of: x) == .f32, one = number(1, like: x)
        let (p, s) = fullExponentialFactors(emit(.maximum, number(isSingle ? -105 : -746, like: x), negate(magnitude(x))),
                                            moved: isSingle ? 64 : 512)
        let e = multiply(multiply(p, s), isSingle ? 0x1p-64 : 0x1p-512)
        let large = divide(one, add(e, one))
        return select(less(x, 0), accumulate(negate(e), multiply(e, large), e), large)
    }

    /// tanh |x| = q = t / (t + 2) with t = exp(2 |x|) − 1, 28 operations in f32; beyond the bound it is 1 when rounded. Small q are
    /// t/2 − q t/2, so that the errors of the sum and the quotient hardly count.
    public func tanh(_ x: LaneValue) -> LaneValue {
        let bounded = emit(.minimum, number(type(of: x) == .f32 ? 10 : 20, like: x), magnitude(x))
        let (r, s) = reducedExponent(add(bounded, bounded)), power = multiply(s, s)
        let t = accumulate(smallExponentialMinusOne(r), power, add(power, -1))
        let quotient = divide(t, add(t, 2)), half = multiply(t, 0.5)
        let small = accumulate(negate(half), quotient, half)
        return turned(select(less(quotient, 0.25), small, quotient), by: signBit(x))
    }

    /// exp(|x|) / 2, which overflows where sinh and cosh do.
    private func halfExponential(_ a: LaneValue) -> LaneValue {
        let (p, s) = fullExponentialFactors(emit(.minimum, number(type(of: a) == .f32 ? 90 : 711, like: a), a), moved: -2)
        return multiply(add(p, p), s)
    }

    /// cosh(x) = h + 1 / (4 h) with h = exp(|x|) / 2, 18 operations in f32.
    public func cosh(_ x: LaneValue) -> LaneValue {
        let h = halfExponential(magnitude(x))
        return add(h, divide(number(0.25, like: x), h))
    }

    /// sinh(x) = h − 1 / (4 h) for |x| ≥ 1, an odd polynomial below; 28 operations in f32.
    public func sinh(_ x: LaneValue) -> LaneValue {
        let a = magnitude(x), h = halfExponential(a)
        let large = turned(subtract(h, divide(number(0.25, like: x), h)), by: signBit(x))
        return select(less(a, 1), oddPolynomial(x, square: multiply(x, x), Coefficients.sinh(type(of: x))), large)
    }
}
