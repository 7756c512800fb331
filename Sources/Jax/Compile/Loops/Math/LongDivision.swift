// Quotients and remainders of 64-bit integers, which no vector instruction has.

extension KernelBuilder {
    /// a ÷ b towards zero, and what is left, by 64 steps of 9 operations. By 0: −1 (without a sign all ones) and a; the least by −1
    /// gives the least and 0.
    public func longDivision(_ a: LaneValue, _ b: LaneValue, isSigned: Bool) -> (quotient: LaneValue, remainder: LaneValue) {
        let zero = constant(.i64, 0), one = constant(.i64, 1), last = constant(.i64, 63)
        func magnitude(_ x: LaneValue) -> LaneValue { isSigned ? select(less(x, zero), emit(.negate, x), x) : x }
        let divisor = magnitude(b)
        // The dividend's bits go out at the top as the quotient's come in below.
        let found = loop(.serial, count: 64, carrying: [magnitude(a), zero]) { _, carried in
            let shifted = emit(.or, emit(.shiftLeft, carried[1], one), emit(.shiftRightLogical, carried[0], last))
            let rest = emit(.shiftLeft, carried[0], one)
            // The bit that leaves a remainder of 64 bits makes it larger than any divisor.
            let fits = or(less(carried[1], zero), emit(.lessOrEqualUnsigned, divisor, shifted))
            return [select(fits, emit(.or, rest, one), rest), select(fits, subtract(shifted, divisor), shifted)]
        }
        guard isSigned else { return (found[0], found[1]) }
        let isNegative = less(emit(.xor, a, b), zero)
        let quotient = select(isNegative, emit(.negate, found[0]), found[0])
        let remainder = select(less(a, zero), emit(.negate, found[1]), found[1])
        return (select(emit(.equal, b, zero), constant(.i64, -1), quotient), remainder)
    }
}
