// asin, acos, atan and atan2.

extension KernelBuilder {
    private func halfPi(_ x: LaneValue) -> [Double] { Coefficients.halfPi(type(of: x)) }

    /// Where asin and acos go over to the root. At ½ the error of asin s would count twice as much, s being in the binade above.
    private static var arcsineLimit: Double { 0.5625 }

    /// What asin and acos share: whether |x| is beyond the limit, and asin(s), s being |x| or, there, √((1 − |x|) / 2), whose asin is half
    /// of acos |x|. The root of a negative number, NaN, is what is beyond 1.
    private func arcsine(_ x: LaneValue) -> (isLarge: LaneValue, LaneValue) {
        let a = magnitude(x), half = number(0.5, like: x)
        let isLarge = less(number(Self.arcsineLimit, like: x), a)
        let z = select(isLarge, accumulate(a, number(-0.5, like: x), half), multiply(a, a))
        let s = select(isLarge, emit(.squareRoot, z), a)
        return (isLarge, oddPolynomial(s, square: z, Coefficients.asin(type(of: x))))
    }

    /// asin(x), 19 operations in f32: π/2 − 2 asin √((1 − |x|) / 2) for large |x|. π/2 is two numbers.
    public func asin(_ x: LaneValue) -> LaneValue {
        let (isLarge, small) = arcsine(x), pi = halfPi(x)
        let large = subtract(number(pi[0], like: x), accumulate(small, number(2, like: x), number(-pi[1], like: x)))
        return turned(select(isLarge, large, small), by: signBit(x))
    }

    /// acos(x): 2 asin √((1 − x) / 2) for large x, π − that of −x for small x, π/2 − asin(x) between.
    public func acos(_ x: LaneValue) -> LaneValue {
        let (isLarge, small) = arcsine(x), pi = halfPi(x)
        // π/2 − (small, with the sign of x) in the middle, else twice 0 − (−small) or π/2 − small.
        let isNear = less(number(Self.arcsineLimit, like: x), x), zero = number(0, like: x)
        let high = select(isNear, zero, number(pi[0], like: x)), low = select(isNear, zero, number(pi[1], like: x))
        let signed = turned(small, by: signBit(select(isLarge, negate(x), x)))
        let sum = add(high, subtract(low, signed))
        return select(isLarge, add(sum, sum), sum)
    }

    /// atan(q) for 0 ≤ q ≤ 1.
    private func arctangent(_ q: LaneValue) -> LaneValue {
        oddPolynomial(q, square: multiply(q, q), Coefficients.atan(type(of: q)))
    }

    /// π/2 − t where `holds`, else t.
    private func complement(_ holds: LaneValue, _ t: LaneValue) -> LaneValue {
        let pi = halfPi(t)
        return select(holds, subtract(number(pi[0], like: t), add(t, -pi[1])), t)
    }

    /// atan(x), 20 operations in f32: π/2 − atan(1 / |x|) for |x| > 1.
    public func atan(_ x: LaneValue) -> LaneValue {
        let a = magnitude(x), one = number(1, like: x)
        let isLarge = less(one, a)
        let t = arctangent(select(isLarge, divide(one, a), a))
        return turned(complement(isLarge, t), by: signBit(x))
    }

    /// The angle of (x, y), 34 operations in f32: the atan of the smaller by the greater magnitude, in its octant. Two zeros have the
    /// quotient 0, two infinities 1; the sign of x counts where it is 0, too.
    public func atan2(_ y: LaneValue, _ x: LaneValue) -> LaneValue {
        let a = magnitude(y), b = magnitude(x)
        let small = emit(.minimum, a, b), great = emit(.maximum, a, b)
        let quotient = select(equal(great, 0), great, select(equal(small, .infinity), number(1, like: x), divide(small, great)))
        let t = complement(less(b, a), arctangent(quotient))
        let pi = halfPi(x), zero = integer(0, like: x)
        let turnedRound = subtract(number(2 * pi[0], like: x), add(t, -2 * pi[1]))
        let angle = turned(select(less(bits(x), zero), turnedRound, t), by: signBit(y))
        // `minimum` and `maximum` do not see every NaN.
        return select(isNaN(x), x, select(isNaN(y), y, angle))
    }
}
