// The scalar side of the loop form: the types of lanes, how they lie in memory, and the closed set of operations on them.
// A lane is one element's worth of a computation; whether many are computed at once is the renderer's affair.

/// The type of a value within a kernel. Unsigned integers are integers with operations of their own; narrow ones are computed in
/// `i32` and brought back into range (`signExtend8` and its kin); 16-bit floats are computed in `f32` and rounded.
public enum LaneType: UInt8 {
    case bool, i32, i64, f32, f64

    public var bitWidth: Int { self == .bool ? 1 : self == .i32 || self == .f32 ? 32 : 64 }
    public var isFloat: Bool { self == .f32 || self == .f64 }
    public var isInteger: Bool { self == .i32 || self == .i64 }

    /// The element type that holds just what a lane does.
    public var naturalElement: ElementType { [.bool, .i32, .i64, .f32, .f64][Int(rawValue)] }
}

/// The type of a buffer's elements. Loading widens to the lane's type without loss; storing truncates integers and rounds floats to
/// the nearest, ties to even. A `bool` is a byte: loading asks whether it is not 0, storing writes 0 or 1.
public enum ElementType: UInt8 {
    case bool, i8, u8, i16, u16, i32, i64, f16, bf16, f32, f64

    public var byteCount: Int {
        switch self {
        case .bool, .i8, .u8: return 1
        case .i16, .u16, .f16, .bf16: return 2
        case .i32, .f32: return 4
        case .i64, .f64: return 8
        }
    }

    public var lane: LaneType {
        switch self {
        case .bool: return .bool
        case .i8, .u8, .i16, .u16, .i32: return .i32
        case .i64: return .i64
        case .f16, .bf16, .f32: return .f32
        case .f64: return .f64
        }
    }
}

/// What computes a value from values of lanes. "The type" is the type of the first operand, which the others share and the result
/// has, unless it says otherwise. Floats follow IEEE 754, rounding to nearest.
public enum LaneOp: UInt8, CaseIterable {
    // Two operands of integers or floats.
    case add, subtract, multiply
    /// Floats; integers are signed: by 0 gives -1, the least by -1 gives the least.
    case divide
    /// Integers: the sign of the dividend; by 0 gives the dividend, the least by -1 gives 0.
    case remainder
    /// As integers without sign: by 0 gives all ones, the rest of that is the dividend.
    case divideUnsigned, remainderUnsigned
    /// a < b ? a : b, and a > b ? a : b, so the second where one is NaN. Integers are signed.
    case minimum, maximum
    case minimumUnsigned, maximumUnsigned
    // Two operands of integers or truth values.
    case and, or, xor
    /// By a count of bits as an integer without sign; counts beyond the width shift everything out.
    case shiftLeft, shiftRightLogical, shiftRightArithmetic
    /// a × b + c of floats, rounded once.
    case multiplyAdd
    /// The same, rounded once or, on a target that does that faster, twice: for sums where neither is better than the other.
    case accumulate
    // One operand.
    case negate, absolute
    /// Of integers and truth values.
    case not
    /// Of floats; to integral values, ties to even in `roundEven`.
    case squareRoot, floor, ceiling, truncate, roundEven
    /// Of integers.
    case countOnes, leadingZeros
    // Comparisons, of which the result is a truth value. With NaN only `notEqual` holds. Integers are signed.
    case equal, notEqual, less, lessOrEqual
    case lessUnsigned, lessOrEqualUnsigned
    /// Of a truth value and two of any type: the first where it holds.
    case select
    // Conversions; the result's type is in the name.
    /// Of `i32`, `i64`, `f64`.
    case toF32
    /// Of `i32`, `i64`, `f32`.
    case toF64
    /// Of floats, towards 0. What does not fit gives an integer that is not said.
    case toI32, toI64
    /// i32 → i64.
    case signExtend, zeroExtend
    /// i64 → i32.
    case low
    /// Of floats, the integer of the same bits; and back.
    case bits, fromBits
    /// bool → i32, 0 or 1.
    case toInteger
    // An i32 of which the low bits count.
    case signExtend8, signExtend16, zeroExtend8, zeroExtend16
    /// An f32 rounded to what the narrower type can hold.
    case roundF16, roundBF16

    public var operandCount: Int {
        switch self {
        case .multiplyAdd, .accumulate, .select: return 3
        case .negate, .absolute, .not, .squareRoot, .floor, .ceiling, .truncate, .roundEven, .countOnes, .leadingZeros, .toF32, .toF64,
             .toI32, .toI64, .signExtend, .zeroExtend, .low, .bits, .fromBits, .toInteger, .signExtend8, .signExtend16, .zeroExtend8,
             .zeroExtend16, .roundF16, .roundBF16:
            return 1
        default: return 2
        }
    }

    /// The type of the result of operands of these types; nil where the operation does not take them.
    public func resultType(_ types: [LaneType]) -> LaneType? {
        guard types.count == operandCount else { return nil }
        let type = types[0]
        switch self {
        case .select: return type == .bool && types[1] == types[2] ? types[1] : nil
        case .multiplyAdd, .accumulate: return type.isFloat && types[1] == type && types[2] == type ? type : nil
        case .add, .subtract, .multiply, .divide, .minimum, .maximum: return type != .bool && types[1] == type ? type : nil
        case .remainder, .divideUnsigned, .remainderUnsigned, .minimumUnsigned, .maximumUnsigned, .shiftLeft, .shiftRightLogical,
             .shiftRightArithmetic:
            return type.isInteger && types[1] == type ? type : nil
        case .and, .or, .xor: return !type.isFloat && types[1] == type ? type : nil
        case .negate, .absolute: return type != .bool ? type : nil
        case .not: return !type.isFloat ? type : nil
        case .squareRoot, .floor, .ceiling, .truncate, .roundEven: return type.isFloat ? type : nil
        case .countOnes, .leadingZeros: return type.isInteger ? type : nil
        case .equal, .notEqual, .less, .lessOrEqual: return type != .bool && types[1] == type ? .bool : nil
        case .lessUnsigned, .lessOrEqualUnsigned: return type.isInteger && types[1] == type ? .bool : nil
        case .toF32: return type != .bool && type != .f32 ? .f32 : nil
        case .toF64: return type != .bool && type != .f64 ? .f64 : nil
        case .toI32: return type.isFloat ? .i32 : nil
        case .toI64: return type.isFloat ? .i64 : nil
        case .signExtend, .zeroExtend: return type == .i32 ? .i64 : nil
        case .low: return type == .i64 ? .i32 : nil
        case .bits: return type == .f32 ? .i32 : type == .f64 ? .i64 : nil
        case .fromBits: return type == .i32 ? .f32 : type == .i64 ? .f64 : nil
        case .toInteger: return type == .bool ? .i32 : nil
        case .signExtend8, .signExtend16, .zeroExtend8, .zeroExtend16: return type == .i32 ? .i32 : nil
        case .roundF16, .roundBF16: return type == .f32 ? .f32 : nil
        }
    }
}

// Names for texts: an embedded program cannot ask an enumeration for them.

extension LaneOp {
    public var name: String { LaneOp.names[Int(rawValue)] }

    private static let names = [
        "add", "subtract", "multiply", "divide", "remainder", "divideUnsigned", "remainderUnsigned", "minimum", "maximum",
        "minimumUnsigned", "maximumUnsigned", "and", "or", "xor", "shiftLeft", "shiftRightLogical", "shiftRightArithmetic",
        "multiplyAdd", "accumulate", "negate", "absolute", "not", "squareRoot", "floor", "ceiling", "truncate", "roundEven", "countOnes",
        "leadingZeros", "equal", "notEqual", "less", "lessOrEqual", "lessUnsigned", "lessOrEqualUnsigned", "select", "toF32", "toF64",
        "toI32", "toI64", "signExtend", "zeroExtend", "low", "bits", "fromBits", "toInteger", "signExtend8", "signExtend16",
        "zeroExtend8", "zeroExtend16", "roundF16", "roundBF16"
    ]
}

extension LaneType {
    public var name: String { ["bool", "i32", "i64", "f32", "f64"][Int(rawValue)] }
}

extension ElementType {
    public var name: String { ["bool", "i8", "u8", "i16", "u16", "i32", "i64", "f16", "bf16", "f32", "f64"][Int(rawValue)] }
}
