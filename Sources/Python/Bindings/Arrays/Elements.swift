// Single elements of tensors, read and written by dtype.
import JaxIR
import JaxOps
import JaxPlatform

/// The element at `index` of a boolean or integer tensor; 64-bit unsigned ones by their bits.
func elementAsInt(_ tensor: Tensor, _ index: Int) -> Int {
    switch tensor.dtype {
    case .i1: return tensor.elements(as: UInt8.self)[index] != 0 ? 1 : 0
    case .i2, .i4, .i8: return Int(tensor.elements(as: Int8.self)[index])
    case .i16: return Int(tensor.elements(as: Int16.self)[index])
    case .i32: return Int(tensor.elements(as: Int32.self)[index])
    case .i64: return tensor.elements(as: Int.self)[index]
    case .u2, .u4, .u8: return Int(tensor.elements(as: UInt8.self)[index])
    case .u16: return Int(tensor.elements(as: UInt16.self)[index])
    case .u32: return Int(tensor.elements(as: UInt32.self)[index])
    case .u64: return Int(bitPattern: tensor.elements(as: UInt.self)[index])
    default: return 0
    }
}

/// The element at `index` of a real tensor of at least 16 bits; the real part of a complex one.
func elementAsDouble(_ tensor: Tensor, _ index: Int) -> Double {
    switch tensor.dtype {
    case .f64: return tensor.elements(as: Double.self)[index]
    case .f32: return Double(tensor.elements(as: Float.self)[index])
    case .f16: return Double(Float(tensor.elements(as: Float16.self)[index]))
    case .bf16: return Double(Float(bitPattern: UInt32(tensor.elements(as: UInt16.self)[index]) << 16))
    case .c64: return Double(tensor.bytes.assumingMemoryBound(to: Float.self)[2 * index])
    case .c128: return tensor.bytes.assumingMemoryBound(to: Double.self)[2 * index]
    case .u64: return Double(tensor.elements(as: UInt.self)[index])
    default: return Double(elementAsInt(tensor, index))
    }
}

func imaginaryPart(_ tensor: Tensor, _ index: Int) -> Double {
    switch tensor.dtype {
    case .c64: return Double(tensor.bytes.assumingMemoryBound(to: Float.self)[2 * index + 1])
    case .c128: return tensor.bytes.assumingMemoryBound(to: Double.self)[2 * index + 1]
    default: return 0
    }
}

/// The element as a Python value.
func elementAsValue(_ tensor: Tensor, _ index: Int) -> Value {
    switch tensor.dtype.kind {
    case .boolean: return .bool(elementAsInt(tensor, index) != 0)
    case .signed: return .int(elementAsInt(tensor, index))
    case .unsigned:
        let bits = UInt(bitPattern: elementAsInt(tensor, index))
        return bits > UInt(Int.max) ? .bigInteger("\(bits)") : .int(Int(bits))
    case .float: return .float(elementAsDouble(tensor, index))
    case .complex: return .complex(elementAsDouble(tensor, index), imaginaryPart(tensor, index))
    }
}

/// A number on its way into a tensor.
enum Number {
    case int(Int)
    /// Beyond Int, within UInt.
    case unsigned(UInt)
    case float(Double)
    case complex(Double, Double)

    var real: Double {
        switch self {
        case .int(let value): return Double(value)
        case .unsigned(let value): return Double(value)
        case .float(let value), .complex(let value, _): return value
        }
    }

    /// As an integer; floats are cut towards zero as numpy does, and wrap.
    var integer: Int {
        switch self {
        case .int(let value): return value
        case .unsigned(let value): return Int(bitPattern: value)
        case .float(let value), .complex(let value, _):
            return value.magnitude < 0x1p63 ? Int(value) : Int.min
        }
    }
}

func setElement(_ tensor: Tensor, _ index: Int, _ number: Number) {
    switch tensor.dtype {
    case .i1: tensor.elements(as: UInt8.self)[index] = number.real != 0 ? 1 : 0
    case .i2, .i4, .i8: tensor.elements(as: Int8.self)[index] = Int8(truncatingIfNeeded: number.integer)
    case .i16: tensor.elements(as: Int16.self)[index] = Int16(truncatingIfNeeded: number.integer)
    case .i32: tensor.elements(as: Int32.self)[index] = Int32(truncatingIfNeeded: number.integer)
    case .i64: tensor.elements(as: Int.self)[index] = number.integer
    case .u2, .u4, .u8: tensor.elements(as: UInt8.self)[index] = UInt8(truncatingIfNeeded: number.integer)
    case .u16: tensor.elements(as: UInt16.self)[index] = UInt16(truncatingIfNeeded: number.integer)
    case .u32: tensor.elements(as: UInt32.self)[index] = UInt32(truncatingIfNeeded: number.integer)
    case .u64: tensor.elements(as: UInt.self)[index] = UInt(bitPattern: number.integer)
    case .f64: tensor.elements(as: Double.self)[index] = number.real
    case .f32: tensor.elements(as: Float.self)[index] = Float(number.real)
    case .f16: tensor.elements(as: Float16.self)[index] = Float16(number.real)
    case .bf16: tensor.elements(as: BFloat16.self)[index] = BFloat16(number.real)
    case .c64:
        let parts = tensor.bytes.assumingMemoryBound(to: Float.self)
        parts[2 * index] = Float(number.real)
        if case .complex(_, let imaginary) = number { parts[2 * index + 1] = Float(imaginary) } else { parts[2 * index + 1] = 0 }
    case .c128:
        let parts = tensor.bytes.assumingMemoryBound(to: Double.self)
        parts[2 * index] = number.real
        if case .complex(_, let imaginary) = number { parts[2 * index + 1] = imaginary } else { parts[2 * index + 1] = 0 }
    default: break  // below 16 bits: filled in float32 and converted
    }
}
