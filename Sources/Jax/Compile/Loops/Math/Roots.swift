// rsqrt and cbrt; sign and roundNearestAwayFromZero, which are exact.

extension KernelBuilder {
    /// 1 / √x, 2 operations, each rounded: at most 1.5 units in the last place.
    public func rsqrt(_ x: LaneValue) -> LaneValue { divide(number(1, like: x), emit(.squareRoot, x)) }

    /// The cube root, 34 operations (f64: 43): |x| = 2^(3q) m with 1 ≤ m < 8; a polynomial is the root of m to 2^-9, and a step of
    /// Halley's method makes ⅔ e³ of the error e, so 2^-28 (f64 takes two). The last step adds a small correction, computed from the
    /// difference y³ − m, to y.
    public func cbrt(_ x: LaneValue) -> LaneValue {
        let layout = layout(x), single = layout.type == .f32
        let a = magnitude(x)
        // Denormals times 2^24 or 2^54.
        let isSmall = less(a, single ? 0x1p-126 : 0x1p-1022), moved = single ? 24 : 54
        let scaled = bits(select(isSmall, multiply(a, single ? 0x1p24 : 0x1p54), a))
        // The exponent plus a multiple of 3, by 3: a multiplication by 2^16 / 3, rounded up, exact for what exponents are. In 32 bits:
        // products of 64 are dear.
        let fraction = integer(layout.fraction, like: x), field = emit(.shiftRightLogical, scaled, fraction)
        let exponent = add(single ? field : emit(.low, field), constant(.i32, 2 * layout.bias))
        let third = emit(.shiftRightLogical, multiply(exponent, constant(.i32, 21846)), constant(.i32, 16))
        let q = subtract(single ? third : emit(.zeroExtend, third), integer(layout.bias, like: x))
        let m = fromBits(subtract(scaled, emit(.shiftLeft, add(add(q, q), q), fraction)))
        var y = polynomial(m, Coefficients.cbrt)
        for _ in 0..<(single ? 1 : 2) {
            // y (y³ + 2m) / (2y³ + m) = y + y (m − y³) / (2y³ + m)
            let square = multiply(y, y), cube = multiply(square, y)
            let difference = multiplyAdd(negate(square), y, m)
            y = multiplyAdd(y, divide(difference, multiplyAdd(cube, number(2, like: x), m)), y)
        }
        let back = select(isSmall, integer(layout.bias - moved / 3, like: x), integer(layout.bias, like: x))
        let root = multiply(y, fromBits(emit(.shiftLeft, add(q, back), fraction)))
        let keeps = and(less(number(0, like: x), a), less(a, .infinity))
        return select(keeps, turned(root, by: signBit(x)), x)
    }

    /// −1, 0 or 1; zeros and NaN stay what they are. Integers too.
    public func sign(_ x: LaneValue) -> LaneValue {
        let zero = constant(type(of: x), 0)
        return select(less(zero, x), constant(type(of: x), 1), select(less(x, zero), constant(type(of: x), -1), x))
    }

    /// To the nearest integral value, ties away from zero: 8 operations. |x| − trunc |x| is exact.
    public func roundNearestAwayFromZero(_ x: LaneValue) -> LaneValue {
        let whole = emit(.truncate, x)
        let isHalf = emit(.lessOrEqual, number(0.5, like: x), magnitude(subtract(x, whole)))
        let step = select(isHalf, number(1, like: x), number(0, like: x))
        return add(whole, turned(step, by: signBit(x)))
    }
}
