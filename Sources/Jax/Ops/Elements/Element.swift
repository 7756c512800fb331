// The element types as Swift types: what the typed loops of kernels are written over.
import JaxIR

/// A type of tensor elements; its memory layout is that of `dtype`.
public protocol Element: BitwiseCopyable {
    static var dtype: DType { get }
}

/// Signed and unsigned integers of 8 to 64 bits.
public protocol IntegerElement: Element, FixedWidthInteger {}

extension Int8: IntegerElement { public static var dtype: DType { .i8 } }
extension Int16: IntegerElement { public static var dtype: DType { .i16 } }
extension Int32: IntegerElement { public static var dtype: DType { .i32 } }
extension Int64: IntegerElement { public static var dtype: DType { .i64 } }
extension UInt8: IntegerElement { public static var dtype: DType { .u8 } }
extension UInt16: IntegerElement { public static var dtype: DType { .u16 } }
extension UInt32: IntegerElement { public static var dtype: DType { .u32 } }
extension UInt64: IntegerElement { public static var dtype: DType { .u64 } }

/// Real floating-point elements: f16, bf16, f32, f64.
public protocol FloatElement: Element {
    /// The type in which arithmetic is done: Float for the 16-bit floats, else the type itself. Float has more than twice their
    /// precision, so that rounding its sums, products, quotients and square roots gives the correctly rounded ones.
    associatedtype Arithmetic: ComplexPart
    var arithmetic: Arithmetic { get }
    init(arithmetic: Arithmetic)
    var double: Double { get }
    /// Rounded once, to nearest even.
    init(_ value: Double)
}

/// An i1 in memory: one byte, 0 or 1. Any other byte counts as true, so that no bit pattern is invalid.
public struct Boolean: Element {
    public var byte: UInt8

    public static var dtype: DType { .i1 }
    @inline(__always) public init(_ value: Bool) { byte = value ? 1 : 0 }
    @inline(__always) public var value: Bool { byte != 0 }
}

/// Sixteen bytes: a complex128 that is only moved.
public struct Bytes16: BitwiseCopyable {
    public var low: UInt64
    public var high: UInt64

    public init(low: UInt64 = 0, high: UInt64 = 0) {
        self.low = low
        self.high = high
    }
}
