// sine, cosine and tan: the angle as a number of quarter turns and a rest within ±π/4, of which polynomials are computed.

extension KernelBuilder {
    /// sin(x), 46 operations in f32, 25 of them in f64 lanes; 146 in f64.
    public func sine(_ x: LaneValue) -> LaneValue {
        let (quarters, rest) = reduced(x)
        return keepingTiny(x, sineOrCosine(quarters, narrowed(rest, to: x)))
    }

    /// cos(x): a quarter turn further.
    public func cosine(_ x: LaneValue) -> LaneValue {
        let (quarters, rest) = reduced(x)
        return sineOrCosine(add(quarters, constant(.i32, 1)), narrowed(rest, to: x))
    }

    /// tan(x): that of the rest, or −1 / it. In f32 the polynomial is computed in f64: a rest rounded to f32 would cost one more unit.
    public func tan(_ x: LaneValue) -> LaneValue {
        let (quarters, rest) = reduced(x)
        let coefficients = Coefficients.tan(type(of: x))
        let t = narrowed(oddPolynomial(rest, square: multiply(rest, rest), coefficients), to: x)
        let isOdd = emit(.notEqual, and(quarters, constant(.i32, 1)), constant(.i32, 0))
        return keepingTiny(x, divide(select(isOdd, number(-1, like: x), t), select(isOdd, t, number(1, like: x))))
    }

    /// x itself where it is so small that sine and tangent round to it; −0 stays −0.
    private func keepingTiny(_ x: LaneValue, _ value: LaneValue) -> LaneValue {
        select(less(magnitude(x), type(of: x) == .f32 ? 0x1p-13 : 0x1p-28), x, value)
    }

    private func narrowed(_ value: LaneValue, to x: LaneValue) -> LaneValue { type(of: x) == .f32 ? emit(.toF32, value) : value }

    /// sin(quarters · π/2 + r).
    private func sineOrCosine(_ quarters: LaneValue, _ r: LaneValue) -> LaneValue {
        let z = multiply(r, r), type = type(of: r)
        let sine = oddPolynomial(r, square: z, Coefficients.sine(type))
        let base = accumulate(z, number(-0.5, like: r), number(1, like: r))
        let cosine = accumulate(multiply(z, z), polynomial(z, Coefficients.cosine(type)), base)
        let isOdd = emit(.notEqual, and(quarters, constant(.i32, 1)), constant(.i32, 0))
        var sign = and(quarters, constant(.i32, 2))
        if type == .f64 { sign = emit(.zeroExtend, sign) }
        sign = emit(.shiftLeft, sign, integer(type == .f32 ? 30 : 62, like: r))
        return turned(select(isOdd, cosine, sine), by: sign)
    }

    /// The number of quarter turns, of which the two lowest bits count, and what is left of x, a double: over the whole range.
    private func reduced(_ x: LaneValue) -> (quarters: LaneValue, rest: LaneValue) {
        type(of: x) == .f32 ? reducedSingle(x) : reducedDouble(x)
    }

    /// p − the nearest integer, exact.
    private func fraction(_ p: LaneValue) -> LaneValue { subtract(p, emit(.roundEven, p)) }

    /// Payne and Hanek's way in f64 lanes, 27 operations. 1 / 2π is three numbers of 29 bits, whose products with the 24 bits of x are
    /// exact, so that whole turns can be taken off each, and a fourth of which x can make 2^-10 turns at most. From 2^80 on, where x is a
    /// multiple of 2^57, they are the bits of 1 / 2π behind the 57th: those before make whole turns. The rest is never less than
    /// 2^-32 turns, and has an error of 2^-53 of itself and 2^-63 turns.
    private func reducedSingle(_ x: LaneValue) -> (quarters: LaneValue, rest: LaneValue) {
        let isLarge = emit(.lessOrEqual, number(0x1p80, like: x), magnitude(x)), wide = emit(.toF64, x)
        let parts = (0..<4).map {
            select(isLarge, constant(.f64, Coefficients.turnsOfLarge[$0]), constant(.f64, Coefficients.turns[$0]))
        }
        let a = fraction(multiply(wide, parts[0])), b = fraction(multiply(wide, parts[1])), c = fraction(multiply(wide, parts[2]))
        let quarters = emit(.roundEven, multiply(add(add(a, b), c), 4))
        let near = add(add(accumulate(quarters, constant(.f64, -0.25), a), b), c)
        return (emit(.toI32, quarters), multiply(accumulate(wide, parts[3], near), Coefficients.twoPi[0]))
    }

    /// As for f32, with 1 / 2π in numbers of 53 bits, C₀ to C₂₂, of which the exponent of x selects five in a row (38 selections: one bit
    /// of the first one's place after the other), 115 operations. C of place i is a multiple of 2^-(53 i + 55), and what is left behind it
    /// at most half of that; they are stored times 2^200, so that none is denormal. A product is two numbers, p + e. The rest is at least
    /// 2^-65 turns, and the sum is kept as two numbers for it.
    private func reducedDouble(_ x: LaneValue) -> (quarters: LaneValue, rest: LaneValue) {
        let exponent = emit(.shiftRightLogical, bits(magnitude(x)), constant(.i64, 52))
        // x is a multiple of 2^(exponent − 1075): with C of place i that makes whole turns if exponent − 1075 ≥ 53 i + 55.
        let above = emit(.maximum, emit(.low, exponent), constant(.i32, 1077))
        let place = emit(.shiftRightLogical, multiply(add(above, constant(.i32, -1077)), constant(.i32, 1237)), constant(.i32, 16))
        var parts = Coefficients.turnsInDoubles.map { constant(.f64, $0) }
        for step in [16, 8, 4, 2, 1] {
            let isSet = emit(.notEqual, and(place, constant(.i32, step)), constant(.i32, 0))
            parts = (0..<(4 + step)).map { $0 + step < parts.count ? select(isSet, parts[$0 + step], parts[$0]) : parts[$0] }
        }
        let scaled = multiply(x, 0x1p-200)
        let products = parts.map { multiply(scaled, $0) }
        let errors = (0..<4).map { multiplyAdd(scaled, parts[$0], negate(products[$0])) }
        // Products 0 and 1 and error 0 may exceed a turn; error 1 and product 2 are ¼ at most each, what follows 2^-54.
        let a = fraction(products[0]), b = fraction(errors[0]), c = fraction(products[1]), d = add(errors[1], products[2])
        let lost = sumError(errors[1], products[2], d)
        let quarters = emit(.roundEven, multiply(add(add(a, b), add(c, d)), 4))
        let start = accumulate(quarters, constant(.f64, -0.25), a)
        let ab = add(start, b), abc = add(ab, c), abcd = add(abc, d)
        let small = add(add(errors[2], products[3]), add(errors[3], products[4]))
        let low = add(add(sumError(start, b, ab), sumError(ab, c, abc)), add(sumError(abc, d, abcd), add(lost, small)))
        let high = add(abcd, low), rest = add(subtract(abcd, high), low)
        let twoPi = Coefficients.twoPi
        let product = accumulate(high, constant(.f64, twoPi[1]), multiply(rest, twoPi[0]))
        return (emit(.toI32, quarters), accumulate(high, constant(.f64, twoPi[0]), product))
    }

    /// What rounding took from sum = a + b.
    func sumError(_ a: LaneValue, _ b: LaneValue, _ sum: LaneValue) -> LaneValue {
        let other = subtract(sum, a)
        return add(subtract(a, subtract(sum, other)), subtract(b, other))
    }
}
