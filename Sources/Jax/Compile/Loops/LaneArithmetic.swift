// What each operation on lanes computes: the meaning that every renderer must reproduce. The interpreter and the folding of
// constants use it.

/// The bits of a lane: an integer or float of 32 bits in the low half, a truth value as 0 or 1.
public typealias LaneBits = UInt64

extension LaneOp {
    /// The result's bits from those of the operands, the first of which has `type`.
    public func evaluate(_ type: LaneType, _ a: LaneBits, _ b: LaneBits = 0, _ c: LaneBits = 0) -> LaneBits {
        switch self {
        case .select: return a != 0 ? b : c
        case .toInteger: return a
        default: break
        }
        switch type {
        case .bool: return evaluateBool(a, b)
        case .i32: return evaluateConversion32(a) ?? evaluateInteger(Int32(truncatingIfNeeded: a), Int32(truncatingIfNeeded: b))
        case .i64: return evaluateConversion64(a) ?? evaluateInteger(Int64(bitPattern: a), Int64(bitPattern: b))
        case .f32:
            let x = Float(bitPattern: UInt32(truncatingIfNeeded: a)), y = Float(bitPattern: UInt32(truncatingIfNeeded: b))
            return evaluateFloat(x, y, Float(bitPattern: UInt32(truncatingIfNeeded: c)))
        case .f64:
            return evaluateDouble(Double(bitPattern: a), Double(bitPattern: b), Double(bitPattern: c))
        }
    }

    private func evaluateBool(_ a: LaneBits, _ b: LaneBits) -> LaneBits {
        switch self {
        case .and: return a & b
        case .or: return a | b
        case .xor: return a ^ b
        case .not: return a ^ 1
        default: return 0
        }
    }

    private func evaluateConversion32(_ a: LaneBits) -> LaneBits? {
        let value = Int32(truncatingIfNeeded: a)
        switch self {
        case .toF32: return LaneBits(Float(value).bitPattern)
        case .toF64: return Double(value).bitPattern
        case .signExtend: return LaneBits(bitPattern: Int64(value))
        case .zeroExtend, .fromBits: return a & 0xFFFF_FFFF
        case .signExtend8: return word(Int32(Int8(truncatingIfNeeded: value)))
        case .signExtend16: return word(Int32(Int16(truncatingIfNeeded: value)))
        case .zeroExtend8: return a & 0xFF
        case .zeroExtend16: return a & 0xFFFF
        default: return nil
        }
    }

    private func evaluateConversion64(_ a: LaneBits) -> LaneBits? {
        switch self {
        case .toF32: return LaneBits(Float(Int64(bitPattern: a)).bitPattern)
        case .toF64: return Double(Int64(bitPattern: a)).bitPattern
        case .low: return a & 0xFFFF_FFFF
        case .fromBits: return a
        default: return nil
        }
    }

    private func evaluateInteger<T: FixedWidthInteger & SignedInteger>(_ a: T, _ b: T) -> LaneBits where T.Magnitude: FixedWidthInteger {
        let ua = T.Magnitude(truncatingIfNeeded: a), ub = T.Magnitude(truncatingIfNeeded: b)
        let width = T.Magnitude(T.bitWidth)
        switch self {
        case .add: return word(a &+ b)
        case .subtract: return word(a &- b)
        case .multiply: return word(a &* b)
        case .divide: return word(b == 0 ? -1 : a.dividedReportingOverflow(by: b).partialValue)
        case .remainder: return word(b == 0 ? a : b == -1 ? 0 : a % b)
        case .divideUnsigned: return word(ub == 0 ? -1 : T(truncatingIfNeeded: ua / ub))
        case .remainderUnsigned: return word(ub == 0 ? a : T(truncatingIfNeeded: ua % ub))
        case .minimum: return word(a < b ? a : b)
        case .maximum: return word(a > b ? a : b)
        case .minimumUnsigned: return word(ua < ub ? a : b)
        case .maximumUnsigned: return word(ua > ub ? a : b)
        case .and: return word(a & b)
        case .or: return word(a | b)
        case .xor: return word(a ^ b)
        case .shiftLeft: return word(ub >= width ? 0 : a &<< b)
        case .shiftRightLogical: return word(ub >= width ? 0 : T(truncatingIfNeeded: ua &>> ub))
        case .shiftRightArithmetic: return word(ub >= width ? (a < 0 ? -1 : 0) : a &>> b)
        case .negate: return word(0 &- a)
        case .absolute: return word(a < 0 ? 0 &- a : a)
        case .not: return word(~a)
        case .countOnes: return word(T(truncatingIfNeeded: ua.nonzeroBitCount))
        case .leadingZeros: return word(T(truncatingIfNeeded: ua.leadingZeroBitCount))
        case .equal: return a == b ? 1 : 0
        case .notEqual: return a != b ? 1 : 0
        case .less: return a < b ? 1 : 0
        case .lessOrEqual: return a <= b ? 1 : 0
        case .lessUnsigned: return ua < ub ? 1 : 0
        case .lessOrEqualUnsigned: return ua <= ub ? 1 : 0
        default: return 0
        }
    }

    private func word<T: FixedWidthInteger>(_ value: T) -> LaneBits {
        LaneBits(truncatingIfNeeded: value) & (T.bitWidth == 32 ? 0xFFFF_FFFF : ~0)
    }

    private func evaluateFloat(_ a: Float, _ b: Float, _ c: Float) -> LaneBits {
        switch self {
        case .toF64: return Double(a).bitPattern
        case .toI32: return word(integer32(Double(a)))
        case .toI64: return word(integer64(Double(a)))
        case .bits: return LaneBits(a.bitPattern)
        case .roundF16: return LaneBits(Float(Float16(a)).bitPattern)
        case .roundBF16: return LaneBits(bfloat16Bits(a)) << 16
        case .equal: return a == b ? 1 : 0
        case .notEqual: return a != b ? 1 : 0
        case .less: return a < b ? 1 : 0
        case .lessOrEqual: return a <= b ? 1 : 0
        default: return LaneBits(arithmetic(a, b, c).bitPattern)
        }
    }

    private func evaluateDouble(_ a: Double, _ b: Double, _ c: Double) -> LaneBits {
        switch self {
        case .toF32: return LaneBits(Float(a).bitPattern)
        case .toI32: return word(integer32(a))
        case .toI64: return word(integer64(a))
        case .bits: return a.bitPattern
        case .equal: return a == b ? 1 : 0
        case .notEqual: return a != b ? 1 : 0
        case .less: return a < b ? 1 : 0
        case .lessOrEqual: return a <= b ? 1 : 0
        default: return arithmetic(a, b, c).bitPattern
        }
    }

    private func arithmetic<T: BinaryFloatingPoint>(_ a: T, _ b: T, _ c: T) -> T {
        switch self {
        case .add: return a + b
        case .subtract: return a - b
        case .multiply: return a * b
        case .divide: return a / b
        case .minimum: return a < b ? a : b
        case .maximum: return a > b ? a : b
        case .multiplyAdd, .accumulate: return c.addingProduct(a, b)
        case .negate: return -a
        case .absolute: return a.magnitude
        case .squareRoot: return a.squareRoot()
        case .floor: return a.rounded(.down)
        case .ceiling: return a.rounded(.up)
        case .truncate: return a.rounded(.towardZero)
        case .roundEven: return a.rounded(.toNearestOrEven)
        default: return a
        }
    }
}

private func integer32(_ value: Double) -> Int32 { value > -2147483649 && value < 2147483648 ? Int32(value) : Int32.min }

private func integer64(_ value: Double) -> Int64 { value >= -9223372036854775808 && value < 9223372036854775808 ? Int64(value) : Int64.min }

/// The upper half of a float's bits after rounding to bfloat16, ties to even; a NaN stays one.
func bfloat16Bits(_ value: Float) -> UInt32 {
    let bits = value.bitPattern
    if value.isNaN { return bits >> 16 | 0x40 }
    return (bits &+ 0x7FFF &+ (bits >> 16 & 1)) >> 16
}
