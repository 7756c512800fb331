// The remainder of floats, exact: C's fmod.

extension KernelBuilder {
    /// x − n y with n = x / y towards zero, by long division in a serial loop of fixed length: of |x| = 2^(e + n) a and |y| = 2^e b, with
    /// a and b within 1 … 2, each step multiplies what is left of a by 2^22 (f64: 2^51), or by less when n ends, and takes the whole
    /// multiples of b off. Quotients are below 2^23, so that trunc(r / b) is right or one too much, and r − q b, a multiple of 2^-23, is
    /// exact. 13 steps of 12 operations (f64: 42) serve the widest range of exponents, and 35 operations more.
    public func remainder(_ x: LaneValue, _ y: LaneValue) -> LaneValue {
        let layout = layout(x), single = layout.type == .f32
        let a = magnitude(x), b = magnitude(y)
        let (dividend, dividendExponent) = mantissa(a), (divisor, exponent) = mantissa(b)
        let fraction = integer(layout.fraction, like: x), bias = integer(layout.bias, like: x)
        let zero = integer(0, like: x), step = integer(layout.fraction - 1, like: x)
        let distance = emit(.maximum, subtract(dividendExponent, exponent), zero)
        let left = loop(.serial, count: single ? 13 : 42, carrying: [dividend, distance]) { _, carried in
            let shift = emit(.minimum, carried[1], step)
            let r = multiply(carried[0], fromBits(emit(.shiftLeft, add(shift, bias), fraction)))
            let rest = multiplyAdd(negate(emit(.truncate, divide(r, divisor))), divisor, r)
            return [select(less(rest, 0), add(rest, divisor), rest), subtract(carried[1], shift)]
        }
        // Times 2^exponent in two factors, neither of which is out of range; the exponent's double bias keeps the shift free of signs.
        let doubled = add(exponent, integer(2 * layout.bias, like: x))
        let half = emit(.shiftRightLogical, doubled, integer(1, like: x))
        let first = fromBits(emit(.shiftLeft, half, fraction)), second = fromBits(emit(.shiftLeft, subtract(doubled, half), fraction))
        let result = turned(multiply(multiply(left[0], first), second), by: signBit(x))
        let defined = and(less(a, .infinity), less(number(0, like: x), b))
        return select(defined, select(less(a, b), x, result), number(.nan, like: x))
    }

    /// m within 1 … 2 and e, an integer, with a = 2^e m, for 0 < a < ∞.
    private func mantissa(_ a: LaneValue) -> (LaneValue, LaneValue) {
        let layout = layout(a)
        let isSmall = less(a, layout.type == .f32 ? 0x1p-126 : 0x1p-1022)
        let scaled = bits(select(isSmall, multiply(a, Double(1 << layout.fraction)), a))
        let bias = select(isSmall, integer(layout.bias + layout.fraction, like: a), integer(layout.bias, like: a))
        let exponent = subtract(emit(.shiftRightLogical, scaled, integer(layout.fraction, like: a)), bias)
        let one = integer(layout.bias << layout.fraction, like: a)
        return (fromBits(or(and(scaled, integer((1 << layout.fraction) - 1, like: a)), one)), exponent)
    }
}
