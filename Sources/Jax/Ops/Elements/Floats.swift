// The real floating-point element types. f16 and bf16 compute in Float and round once: Float has more than twice their
// precision, so sums, products, quotients and square roots are the correctly rounded ones.
import JaxIR

/// The upper half of a Float: 8 bits of exponent, 8 bits of precision.
public struct BFloat16: BitwiseCopyable {
    public var bits: UInt16

    @inline(__always) public init(bits: UInt16) { self.bits = bits }

    @inline(__always) public var float: Float { Float(bitPattern: UInt32(bits) << 16) }
    @inline(__always) public var double: Double { Double(float) }

    /// Rounded to nearest even; a NaN stays a (quiet) NaN.
    @inline(__always) public init(_ value: Float) {
        let pattern = value.bitPattern
        let rounded = (pattern &+ 0x7fff &+ (pattern >> 16 & 1)) >> 16
        bits = value.isNaN ? UInt16(truncatingIfNeeded: pattern >> 16) | 0x40 : UInt16(truncatingIfNeeded: rounded)
    }

    /// Rounded once: by way of a Float that keeps a sticky bit for what it lost.
    public init(_ value: Double) {
        let near = Float(value)
        var pattern = near.bitPattern
        if near.isFinite && Double(near) != value {
            if Double(near).magnitude > value.magnitude { pattern &-= 1 }
            pattern |= 1
        }
        self.init(Float(bitPattern: pattern))
    }
}

extension BFloat16: FloatElement {
    public static var dtype: DType { .bf16 }
    public typealias Accumulator = Float
    @inline(__always) public static var zero: BFloat16 { BFloat16(bits: 0) }
    @inline(__always) public static var one: BFloat16 { BFloat16(bits: 0x3f80) }
    @inline(__always) public static var nan: BFloat16 { BFloat16(bits: 0x7fc0) }
    @inline(__always) public static var infinity: BFloat16 { BFloat16(bits: 0x7f80) }
    @inline(__always) public var isNaN: Bool { bits & 0x7fff > 0x7f80 }
    @inline(__always) public var accumulator: Float { float }
    @inline(__always) public init(accumulator: Float) { self.init(accumulator) }
    @inline(__always) public static func negate(_ a: BFloat16) -> BFloat16 { BFloat16(bits: a.bits ^ 0x8000) }
    @inline(__always) public static func add(_ a: BFloat16, _ b: BFloat16) -> BFloat16 { BFloat16(a.float + b.float) }
    @inline(__always) public static func subtract(_ a: BFloat16, _ b: BFloat16) -> BFloat16 { BFloat16(a.float - b.float) }
    @inline(__always) public static func multiply(_ a: BFloat16, _ b: BFloat16) -> BFloat16 { BFloat16(a.float * b.float) }
    @inline(__always) public static func divide(_ a: BFloat16, _ b: BFloat16) -> BFloat16 { BFloat16(a.float / b.float) }
    @inline(__always) public static func larger(_ a: BFloat16, _ b: BFloat16) -> BFloat16 {
        BFloat16(Float.larger(a.float, b.float))
    }
    @inline(__always) public static func smaller(_ a: BFloat16, _ b: BFloat16) -> BFloat16 {
        BFloat16(Float.smaller(a.float, b.float))
    }
    @inline(__always) public static func equal(_ a: BFloat16, _ b: BFloat16) -> Bool { a.float == b.float }
    @inline(__always) public static func less(_ a: BFloat16, _ b: BFloat16) -> Bool { a.float < b.float }
}

extension Float16: FloatElement {
    public static var dtype: DType { .f16 }
    public typealias Accumulator = Float
    @inline(__always) public static var one: Float16 { 1 }
    @inline(__always) public var accumulator: Float { Float(self) }
    @inline(__always) public init(accumulator: Float) { self.init(accumulator) }
    @inline(__always) public var float: Float { Float(self) }
    @inline(__always) public var double: Double { Double(Float(self)) }
    @inline(__always) public static func negate(_ a: Float16) -> Float16 { Float16(bitPattern: a.bitPattern ^ 0x8000) }
    @inline(__always) public static func add(_ a: Float16, _ b: Float16) -> Float16 { Float16(Float(a) + Float(b)) }
    @inline(__always) public static func subtract(_ a: Float16, _ b: Float16) -> Float16 { Float16(Float(a) - Float(b)) }
    @inline(__always) public static func multiply(_ a: Float16, _ b: Float16) -> Float16 { Float16(Float(a) * Float(b)) }
    @inline(__always) public static func divide(_ a: Float16, _ b: Float16) -> Float16 { Float16(Float(a) / Float(b)) }
    @inline(__always) public static func larger(_ a: Float16, _ b: Float16) -> Float16 {
        Float16(Float.larger(Float(a), Float(b)))
    }
    @inline(__always) public static func smaller(_ a: Float16, _ b: Float16) -> Float16 {
        Float16(Float.smaller(Float(a), Float(b)))
    }
    @inline(__always) public static func equal(_ a: Float16, _ b: Float16) -> Bool { Float(a) == Float(b) }
    @inline(__always) public static func less(_ a: Float16, _ b: Float16) -> Bool { Float(a) < Float(b) }
}

extension Float: FloatElement {
    public static var dtype: DType { .f32 }
    public typealias Accumulator = Float
    @inline(__always) public static var one: Float { 1 }
    @inline(__always) public var accumulator: Float { self }
    @inline(__always) public init(accumulator: Float) { self = accumulator }
    @inline(__always) public var float: Float { self }
    @inline(__always) public var double: Double { Double(self) }
    @inline(__always) public static func negate(_ a: Float) -> Float { -a }
    @inline(__always) public static func add(_ a: Float, _ b: Float) -> Float { a + b }
    @inline(__always) public static func subtract(_ a: Float, _ b: Float) -> Float { a - b }
    @inline(__always) public static func multiply(_ a: Float, _ b: Float) -> Float { a * b }
    @inline(__always) public static func divide(_ a: Float, _ b: Float) -> Float { a / b }
    @inline(__always) public static func larger(_ a: Float, _ b: Float) -> Float { a > b || a.isNaN ? a : (a == b ? Float(bitPattern: a.bitPattern & b.bitPattern) : b) }
    @inline(__always) public static func smaller(_ a: Float, _ b: Float) -> Float { a < b || a.isNaN ? a : (a == b ? Float(bitPattern: a.bitPattern | b.bitPattern) : b) }
    @inline(__always) public static func equal(_ a: Float, _ b: Float) -> Bool { a == b }
    @inline(__always) public static func less(_ a: Float, _ b: Float) -> Bool { a < b }
}

extension Double: FloatElement {
    public static var dtype: DType { .f64 }
    public typealias Accumulator = Double
    @inline(__always) public static var one: Double { 1 }
    @inline(__always) public var accumulator: Double { self }
    @inline(__always) public init(accumulator: Double) { self = accumulator }
    @inline(__always) public var float: Float { Float(self) }
    @inline(__always) public var double: Double { self }
    @inline(__always) public static func negate(_ a: Double) -> Double { -a }
    @inline(__always) public static func add(_ a: Double, _ b: Double) -> Double { a + b }
    @inline(__always) public static func subtract(_ a: Double, _ b: Double) -> Double { a - b }
    @inline(__always) public static func multiply(_ a: Double, _ b: Double) -> Double { a * b }
    @inline(__always) public static func divide(_ a: Double, _ b: Double) -> Double { a / b }
    @inline(__always) public static func larger(_ a: Double, _ b: Double) -> Double { a > b || a.isNaN ? a : (a == b ? Double(bitPattern: a.bitPattern & b.bitPattern) : b) }
    @inline(__always) public static func smaller(_ a: Double, _ b: Double) -> Double { a < b || a.isNaN ? a : (a == b ? Double(bitPattern: a.bitPattern | b.bitPattern) : b) }
    @inline(__always) public static func equal(_ a: Double, _ b: Double) -> Bool { a == b }
    @inline(__always) public static func less(_ a: Double, _ b: Double) -> Bool { a < b }
}
