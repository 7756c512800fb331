// The element types as Swift types, and what kernels may ask of them. A kernel is generic over one of these protocols
// and is specialised for each type by `dispatch` (Dispatch.swift).
import JaxIR

/// A type of tensor elements; its memory layout is that of `dtype`.
public protocol Element: BitwiseCopyable {
    static var dtype: DType { get }
}

/// Elements with arithmetic: every integer, float and complex type, and booleans, for which a sum is OR and a product AND.
/// Integers wrap; nothing traps.
public protocol NumericElement: Element {
    /// The type in which long sums are made: Float for the 16-bit floats, else the type itself.
    associatedtype Accumulator: NumericElement

    static var zero: Self { get }
    static var one: Self { get }
    var accumulator: Accumulator { get }
    init(accumulator: Accumulator)

    static func add(_ a: Self, _ b: Self) -> Self
    static func subtract(_ a: Self, _ b: Self) -> Self
    static func multiply(_ a: Self, _ b: Self) -> Self
    /// Integers: towards zero, x / 0 = -1 (all bits set), min / -1 = min, as XLA has it.
    static func divide(_ a: Self, _ b: Self) -> Self
    /// NaN if either is NaN; complex numbers are ordered by real, then imaginary part.
    static func larger(_ a: Self, _ b: Self) -> Self
    static func smaller(_ a: Self, _ b: Self) -> Self
    /// IEEE equality: NaN equals nothing.
    static func equal(_ a: Self, _ b: Self) -> Bool
    /// IEEE order; false where either is NaN. Complex numbers by real, then imaginary part.
    static func less(_ a: Self, _ b: Self) -> Bool
}

/// Real floating-point elements: f16, bf16, f32, f64.
public protocol FloatElement: NumericElement where Accumulator: ComplexPart {
    var double: Double { get }
    /// Rounded once, to nearest even.
    init(_ value: Double)
    var float: Float { get }
    init(_ value: Float)
    var isNaN: Bool { get }
    static var nan: Self { get }
    static var infinity: Self { get }
    static func negate(_ a: Self) -> Self
}

/// Signed and unsigned integers of 8 to 64 bits.
public protocol IntegerElement: NumericElement, FixedWidthInteger where Accumulator == Self {
    /// Towards zero with the dividend's sign; x rem 0 = x, min rem -1 = 0.
    static func remainder(_ a: Self, _ b: Self) -> Self
}

extension IntegerElement {
    @inline(__always) public static var one: Self { 1 }
    @inline(__always) public var accumulator: Self { self }
    @inline(__always) public init(accumulator: Self) { self = accumulator }
    @inline(__always) public static func add(_ a: Self, _ b: Self) -> Self { a &+ b }
    @inline(__always) public static func subtract(_ a: Self, _ b: Self) -> Self { a &- b }
    @inline(__always) public static func multiply(_ a: Self, _ b: Self) -> Self { a &* b }
    @inline(__always) public static func divide(_ a: Self, _ b: Self) -> Self {
        b == 0 ? ~0 : a.dividedReportingOverflow(by: b).partialValue
    }
    @inline(__always) public static func remainder(_ a: Self, _ b: Self) -> Self {
        b == 0 ? a : a.remainderReportingOverflow(dividingBy: b).partialValue
    }
    @inline(__always) public static func larger(_ a: Self, _ b: Self) -> Self { a < b ? b : a }
    @inline(__always) public static func smaller(_ a: Self, _ b: Self) -> Self { b < a ? b : a }
    @inline(__always) public static func equal(_ a: Self, _ b: Self) -> Bool { a == b }
    @inline(__always) public static func less(_ a: Self, _ b: Self) -> Bool { a < b }
}

extension Int8: IntegerElement { public static var dtype: DType { .i8 } }
extension Int16: IntegerElement { public static var dtype: DType { .i16 } }
extension Int32: IntegerElement { public static var dtype: DType { .i32 } }
extension Int64: IntegerElement { public static var dtype: DType { .i64 } }
extension UInt8: IntegerElement { public static var dtype: DType { .u8 } }
extension UInt16: IntegerElement { public static var dtype: DType { .u16 } }
extension UInt32: IntegerElement { public static var dtype: DType { .u32 } }
extension UInt64: IntegerElement { public static var dtype: DType { .u64 } }

/// An i1 in memory: one byte, 0 or 1. Any other byte counts as true, so that no bit pattern is invalid.
public struct Boolean: NumericElement {
    public var byte: UInt8

    public static var dtype: DType { .i1 }
    @inline(__always) public init(_ value: Bool) { byte = value ? 1 : 0 }
    @inline(__always) public var value: Bool { byte != 0 }

    @inline(__always) public static var zero: Boolean { Boolean(false) }
    @inline(__always) public static var one: Boolean { Boolean(true) }
    @inline(__always) public var accumulator: Boolean { self }
    @inline(__always) public init(accumulator: Boolean) { self = accumulator }
    @inline(__always) public static func add(_ a: Boolean, _ b: Boolean) -> Boolean { Boolean((a.byte | b.byte) != 0) }
    @inline(__always) public static func subtract(_ a: Boolean, _ b: Boolean) -> Boolean { Boolean(a.value != b.value) }
    @inline(__always) public static func multiply(_ a: Boolean, _ b: Boolean) -> Boolean { Boolean(a.value && b.value) }
    @inline(__always) public static func divide(_ a: Boolean, _ b: Boolean) -> Boolean { b.value ? a : one }
    @inline(__always) public static func larger(_ a: Boolean, _ b: Boolean) -> Boolean { add(a, b) }
    @inline(__always) public static func smaller(_ a: Boolean, _ b: Boolean) -> Boolean { multiply(a, b) }
    @inline(__always) public static func equal(_ a: Boolean, _ b: Boolean) -> Bool { a.value == b.value }
    @inline(__always) public static func less(_ a: Boolean, _ b: Boolean) -> Bool { !a.value && b.value }
}
