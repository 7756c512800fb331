// power.

extension KernelBuilder {
    /// x to the y-th: 2^(y log2 |x|), with the special values of C's pow. In f32 65 operations; the 29 of the logarithm and the
    /// product are in f64 lanes, where its error, 2^-45 of it, stays below 2^-37 when multiplied by y.
    private func powerSingle(_ x: LaneValue, _ y: LaneValue) -> LaneValue {
        let a = magnitude(x)
        let logarithm = log2Double(emit(.toF64, a))
        // log of 0 and ∞; NaN stays.
        let finite = select(less(a, .infinity), logarithm, emit(.toF64, a))
        let known = select(equal(a, 0), constant(.f64, -.infinity), finite)
        let product = clamp(multiply(known, emit(.toF64, y)), -200, 200)
        let exponent = select(equal(a, 1), constant(.f64, 0), product)
        // 2^(k + r), k made even as in `exponential`.
        let halves = emit(.roundEven, multiply(exponent, 0.5))
        let r = emit(.toF32, accumulate(halves, constant(.f64, -2), exponent))
        let p = accumulate(polynomial(r, Coefficients.exp2Wide), r, number(1, like: x))
        let s = fromBits(emit(.shiftLeft, add(emit(.toI32, halves), constant(.i32, 127)), constant(.i32, 23)))
        return powerSpecials(x, y, multiply(multiply(p, s), s))
    }

    /// The sign, and what the exponential of the logarithm does not give: `size` is |x|^y.
    private func powerSpecials(_ x: LaneValue, _ y: LaneValue, _ size: LaneValue) -> LaneValue {
        let isWhole = emit(.equal, emit(.truncate, y), y), half = multiply(y, 0.5)
        let isOdd = and(isWhole, emit(.notEqual, emit(.truncate, half), half))
        let signed = select(isOdd, turned(size, by: signBit(x)), size)
        // Negative finite numbers to powers that are not whole. An infinite y is whole, a NaN is not.
        let negative = and(less(x, 0), less(number(-.infinity, like: x), x))
        let defined = select(and(negative, emit(.not, isWhole)), number(.nan, like: x), signed)
        let kept = select(isNaN(y), y, defined)
        return select(or(equal(y, 0), equal(x, 1)), number(1, like: x), kept)
    }

    /// log2(a), a double that was a finite f32 > 0: k + s P(s²) with s = (m − 1) / (m + 1), m within √½ … √2.
    private func log2Double(_ a: LaneValue) -> LaneValue {
        let (k, m) = splitNormal(a)
        let s = divide(add(m, -1), add(m, 1))
        return accumulate(s, polynomial(multiply(s, s), Coefficients.log2), k)
    }

    /// In f64: exp(y log |x|), the logarithm and the product as sums of two numbers, whose error stays below 2^-62 of them; 127
    /// operations.
    private func powerDouble(_ x: LaneValue, _ y: LaneValue) -> LaneValue {
        let a = magnitude(x), (high, low) = logarithmInTwo(a)
        let known = select(equal(a, 0), number(-.infinity, like: x), select(less(a, .infinity), high, a))
        let product = multiply(known, y)
        let error = multiplyAdd(low, y, multiplyAdd(known, y, negate(product)))
        // Beyond, exp is 0 or infinite and the error not defined.
        let rest = select(less(magnitude(product), 800), error, number(0, like: x)), isOne = equal(a, 1)
        let (p, s) = preciseExponentialFactors(select(isOne, a: 0, clamp(product, -746, 710)), rest: select(isOne, a: 0, rest))
        return powerSpecials(x, y, multiply(multiply(p, s), s))
    }

    private func select(_ condition: LaneValue, a number: Double, _ b: LaneValue) -> LaneValue {
        select(condition, self.number(number, like: b), b)
    }

    /// log a, 0 < a < ∞: k ln 2 + 2 s + 2 s (z/3 + z² P(z)) with z = s² and s = (m − 1) / (m + 1). All but z² P(z), which is less than
    /// 2^-12, are sums of two numbers.
    private func logarithmInTwo(_ a: LaneValue) -> (LaneValue, LaneValue) {
        let (k, m) = normalised(a)
        let f = add(m, -1), d = add(m, 1), inverse = divide(number(1, like: a), d)
        // s + t = f / (d + what d lacks of m + 1)
        let s = multiply(f, inverse), lacking = subtract(m, add(d, -1))
        let t = multiply(inverse, subtract(multiplyAdd(negate(s), d, f), multiply(s, lacking)))
        let z = multiply(s, s), zRest = multiplyAdd(add(s, s), t, multiplyAdd(s, s, negate(z)))
        let tail = multiply(multiply(z, z), polynomial(z, Coefficients.atanhTail))
        let third = Coefficients.third, thirdOfZ = multiply(z, third[0])
        let thirdRest = multiplyAdd(zRest, number(third[0], like: a),
                                    multiplyAdd(z, number(third[1], like: a), multiplyAdd(z, number(third[0], like: a), negate(thirdOfZ))))
        let w = add(thirdOfZ, tail), wRest = add(add(subtract(thirdOfZ, w), tail), thirdRest)
        let twice = add(s, s), twiceRest = add(t, t)
        let u = multiply(twice, w)
        let uRest = multiplyAdd(twiceRest, w, multiplyAdd(twice, wRest, multiplyAdd(twice, w, negate(u))))
        // k times the first part of ln 2 is exact.
        let ln2 = Coefficients.ln2InTwo, whole = multiply(k, ln2[0])
        let sum = add(whole, twice), total = add(sum, u)
        let errors = add(sumError(whole, twice, sum), add(subtract(sum, total), u))
        let rest = add(errors, multiplyAdd(k, number(ln2[1], like: a), add(twiceRest, uRest)))
        let high = add(total, rest)
        return (high, add(subtract(total, high), rest))
    }

    /// x to the y-th.
    public func power(_ x: LaneValue, _ y: LaneValue) -> LaneValue { type(of: x) == .f32 ? powerSingle(x, y) : powerDouble(x, y) }
}
