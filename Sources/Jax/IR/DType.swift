// The element types: one table with names, widths and kinds.

/// An element type of tensors.
///
/// In memory an element takes `byteWidth` bytes: booleans and types below 8 bits one byte each,
/// complex numbers two consecutive floats (real, imaginary).
public enum DType: UInt8, CaseIterable {
    case i1
    case i2, i4, i8, i16, i32, i64
    case u2, u4, u8, u16, u32, u64
    case f4E2M1FN, f6E2M3FN, f6E3M2FN
    case f8E3M4, f8E4M3, f8E4M3FN, f8E4M3FNUZ, f8E4M3B11FNUZ, f8E5M2, f8E5M2FNUZ, f8E8M0FNU
    case bf16, f16, f32, f64
    case c64, c128

    public enum Kind: UInt8 {
        case boolean, signed, unsigned, float, complex
    }

    /// Always inlined: what a property does not ask for goes, and a table of the rest is left.
    @inline(__always)
    private var row: (jax: String, mlir: String, bits: Int, kind: Kind) {
        switch self {
        case .i1: return ("bool", "i1", 1, .boolean)
        case .i2: return ("int2", "i2", 2, .signed)
        case .i4: return ("int4", "i4", 4, .signed)
        case .i8: return ("int8", "i8", 8, .signed)
        case .i16: return ("int16", "i16", 16, .signed)
        case .i32: return ("int32", "i32", 32, .signed)
        case .i64: return ("int64", "i64", 64, .signed)
        case .u2: return ("uint2", "ui2", 2, .unsigned)
        case .u4: return ("uint4", "ui4", 4, .unsigned)
        case .u8: return ("uint8", "ui8", 8, .unsigned)
        case .u16: return ("uint16", "ui16", 16, .unsigned)
        case .u32: return ("uint32", "ui32", 32, .unsigned)
        case .u64: return ("uint64", "ui64", 64, .unsigned)
        case .f4E2M1FN: return ("float4_e2m1fn", "f4E2M1FN", 4, .float)
        case .f6E2M3FN: return ("float6_e2m3fn", "f6E2M3FN", 6, .float)
        case .f6E3M2FN: return ("float6_e3m2fn", "f6E3M2FN", 6, .float)
        case .f8E3M4: return ("float8_e3m4", "f8E3M4", 8, .float)
        case .f8E4M3: return ("float8_e4m3", "f8E4M3", 8, .float)
        case .f8E4M3FN: return ("float8_e4m3fn", "f8E4M3FN", 8, .float)
        case .f8E4M3FNUZ: return ("float8_e4m3fnuz", "f8E4M3FNUZ", 8, .float)
        case .f8E4M3B11FNUZ: return ("float8_e4m3b11fnuz", "f8E4M3B11FNUZ", 8, .float)
        case .f8E5M2: return ("float8_e5m2", "f8E5M2", 8, .float)
        case .f8E5M2FNUZ: return ("float8_e5m2fnuz", "f8E5M2FNUZ", 8, .float)
        case .f8E8M0FNU: return ("float8_e8m0fnu", "f8E8M0FNU", 8, .float)
        case .bf16: return ("bfloat16", "bf16", 16, .float)
        case .f16: return ("float16", "f16", 16, .float)
        case .f32: return ("float32", "f32", 32, .float)
        case .f64: return ("float64", "f64", 64, .float)
        case .c64: return ("complex64", "complex<f32>", 64, .complex)
        case .c128: return ("complex128", "complex<f64>", 128, .complex)
        }
    }

    /// JAX's name, "float32".
    public var name: String { row.jax }
    /// StableHLO's name, "f32".
    public var mlirName: String { row.mlir }
    /// jaxpr's short name: "f32", "i32", "u8", "bool", "c64".
    public var shortName: String {
        switch kind {
        case .boolean: return "bool"
        case .signed: return "i\(bitWidth)"
        case .unsigned: return "u\(bitWidth)"
        case .complex: return "c\(bitWidth)"
        case .float: return mlirName
        }
    }
    public var bitWidth: Int { row.bits }
    public var kind: Kind { row.kind }
    /// Bytes of one element in memory.
    public var byteWidth: Int { max(1, bitWidth / 8) }

    public var isFloat: Bool { kind == .float }
    public var isComplex: Bool { kind == .complex }
    /// Signed or unsigned, not boolean.
    public var isInteger: Bool { kind == .signed || kind == .unsigned }

    /// The type of the real part of a complex type; the type itself otherwise.
    public var real: DType {
        switch self {
        case .c64: return .f32
        case .c128: return .f64
        default: return self
        }
    }

    /// Gives each of `count` elements that came from outside the byte that the machine computes with: booleans are 0 or 1, types of
    /// 2 to 6 bits fill their byte, signed ones extended by their sign, others by zeros. Whoever sends them may leave the rest of
    /// the byte as it likes.
    public func canonicalise(_ bytes: UnsafeMutableRawPointer, count: Int) {
        guard bitWidth < 8 else { return }
        let elements = bytes.assumingMemoryBound(to: UInt8.self), shift = UInt8(8 - bitWidth)
        switch kind {
        case .boolean: for index in 0..<count { elements[index] = elements[index] != 0 ? 1 : 0 }
        case .signed:
            for index in 0..<count { elements[index] = UInt8(bitPattern: Int8(bitPattern: elements[index] &<< shift) &>> Int8(shift)) }
        default: for index in 0..<count { elements[index] = elements[index] & (0xFF &>> shift) }
        }
    }

    /// The type with JAX's name ("float32"), or nil.
    public init?(name: String) {
        for dtype in DType.allCases where dtype.name == name {
            self = dtype
            return
        }
        return nil
    }
}
