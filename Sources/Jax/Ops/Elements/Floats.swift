// The real floating-point element types.
import JaxIR

/// The upper half of a Float: 8 bits of exponent, 8 bits of precision.
public struct BFloat16: BitwiseCopyable {
    public var bits: UInt16

    @inline(__always) public init(bits: UInt16) { self.bits = bits }

    @inline(__always) public var float: Float { Float(bitPattern: UInt32(bits) << 16) }

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
    @inline(__always) public var arithmetic: Float { float }
    @inline(__always) public init(arithmetic: Float) { self.init(arithmetic) }
    @inline(__always) public var double: Double { Double(float) }
}

extension Float16: FloatElement {
    public static var dtype: DType { .f16 }
    @inline(__always) public var arithmetic: Float { Float(self) }
    @inline(__always) public init(arithmetic: Float) { self.init(arithmetic) }
    @inline(__always) public var double: Double { Double(Float(self)) }
}

extension Float: FloatElement {
    public static var dtype: DType { .f32 }
    @inline(__always) public var arithmetic: Float { self }
    @inline(__always) public init(arithmetic: Float) { self = arithmetic }
    @inline(__always) public var double: Double { Double(self) }
}

extension Double: FloatElement {
    public static var dtype: DType { .f64 }
    @inline(__always) public var arithmetic: Double { self }
    @inline(__always) public init(arithmetic: Double) { self = arithmetic }
    @inline(__always) public var double: Double { self }
}
