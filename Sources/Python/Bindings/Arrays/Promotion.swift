// JAX's type promotion (docs.jax.dev, Type promotion semantics): the least upper bound in a lattice of dtypes, in which
// Python scalars and other weakly typed values stand below every array of their kind. 64-bit types are off, as is JAX's
// default: results are narrowed to 32 bits.
import JaxIR
import JaxPlatform

/// A dtype with its weakness.
struct PromotedType: Equatable {
    var dtype: DType
    var isWeak: Bool
}

/// The lattice's nodes: every dtype, and the three weak kinds.
private enum Node: Int, CaseIterable {
    case b1, u4, u8, u16, u32, u64, i4, i8, i16, i32, i64
    case weakInt, weakFloat, weakComplex
    case bf16, f16, f32, f64, c64, c128

    init?(_ type: PromotedType) {
        if type.isWeak {
            switch type.dtype.kind {
            case .boolean: self = .b1
            case .signed, .unsigned: self = .weakInt
            case .float: self = .weakFloat
            case .complex: self = .weakComplex
            }
            return
        }
        switch type.dtype {
        case .i1: self = .b1
        case .u4: self = .u4
        case .u8: self = .u8
        case .u16: self = .u16
        case .u32: self = .u32
        case .u64: self = .u64
        case .i4: self = .i4
        case .i8: self = .i8
        case .i16: self = .i16
        case .i32: self = .i32
        case .i64: self = .i64
        case .bf16: self = .bf16
        case .f16: self = .f16
        case .f32: self = .f32
        case .f64: self = .f64
        case .c64: self = .c64
        case .c128: self = .c128
        default: return nil
        }
    }

    /// The nodes directly above.
    var above: [Node] {
        switch self {
        case .b1: return [.weakInt]
        case .weakInt: return [.u4, .i4, .u8, .i8]
        case .u4: return [.i8, .u8]
        case .i4: return [.i8]
        case .u8: return [.i16, .u16]
        case .u16: return [.i32, .u32]
        case .u32: return [.i64, .u64]
        case .u64: return [.weakFloat]
        case .i8: return [.i16]
        case .i16: return [.i32]
        case .i32: return [.i64]
        case .i64: return [.weakFloat]
        case .weakFloat: return [.bf16, .f16, .weakComplex]
        case .bf16, .f16: return [.f32]
        case .f32: return [.f64, .c64]
        case .f64: return [.c128]
        case .weakComplex: return [.c64]
        case .c64: return [.c128]
        case .c128: return []
        }
    }

    /// This node and all above it, one bit each.
    var bounds: UInt32 {
        var set = UInt32(1) << UInt32(rawValue)
        for node in above { set |= node.bounds }
        return set
    }

    var type: PromotedType {
        switch self {
        case .b1: return PromotedType(dtype: .i1, isWeak: false)
        case .u4: return PromotedType(dtype: .u4, isWeak: false)
        case .u8: return PromotedType(dtype: .u8, isWeak: false)
        case .u16: return PromotedType(dtype: .u16, isWeak: false)
        case .u32: return PromotedType(dtype: .u32, isWeak: false)
        case .u64: return PromotedType(dtype: .u64, isWeak: false)
        case .i4: return PromotedType(dtype: .i4, isWeak: false)
        case .i8: return PromotedType(dtype: .i8, isWeak: false)
        case .i16: return PromotedType(dtype: .i16, isWeak: false)
        case .i32: return PromotedType(dtype: .i32, isWeak: false)
        case .i64: return PromotedType(dtype: .i64, isWeak: false)
        case .weakInt: return PromotedType(dtype: .i32, isWeak: true)
        case .weakFloat: return PromotedType(dtype: .f32, isWeak: true)
        case .weakComplex: return PromotedType(dtype: .c64, isWeak: true)
        case .bf16: return PromotedType(dtype: .bf16, isWeak: false)
        case .f16: return PromotedType(dtype: .f16, isWeak: false)
        case .f32: return PromotedType(dtype: .f32, isWeak: false)
        case .f64: return PromotedType(dtype: .f64, isWeak: false)
        case .c64: return PromotedType(dtype: .c64, isWeak: false)
        case .c128: return PromotedType(dtype: .c128, isWeak: false)
        }
    }
}

extension DType {
    /// Without 64-bit types, JAX's default: int64 is int32, float64 float32, complex128 complex64.
    var narrowed: DType {
        switch self {
        case .i64: return .i32
        case .u64: return .u32
        case .f64: return .f32
        case .c128: return .c64
        default: return self
        }
    }

    /// What functions such as `sin` compute in: floats and complex as they are, everything else in float32.
    var inexact: DType { isFloat || isComplex ? self : .f32 }
}

/// The type in which values of these types meet. Throws `typeError` for those that JAX does not promote (8-bit floats).
/// Types above 32 bits occur only where a program or a file brought them; their meeting keeps them.
func promote(_ types: [PromotedType]) throws(JaxError) -> PromotedType {
    guard var result = types.first else { return PromotedType(dtype: .f32, isWeak: true) }
    var isWide = !result.isWeak && result.dtype != result.dtype.narrowed
    for type in types.dropFirst() {
        isWide = isWide || (!type.isWeak && type.dtype != type.dtype.narrowed)
        if type == result { continue }
        if type.dtype == result.dtype {
            result.isWeak = result.isWeak && type.isWeak
            continue
        }
        guard let a = Node(result), let b = Node(type) else {
            // An 8-bit float meets scalars only.
            if type.isWeak && type.dtype.kind != .complex && result.dtype.isFloat { continue }
            if result.isWeak && result.dtype.kind != .complex && type.dtype.isFloat {
                result = type
                continue
            }
            throw JaxError(.typeError, "Input dtypes ('\(result.dtype.name)', '\(type.dtype.name)') have no available implicit dtype "
                + "promotion path. Try explicitly casting inputs to the desired output type, or set jax_numpy_dtype_promotion=None.")
        }
        let common = a.bounds & b.bounds
        for node in Node.allCases where node.bounds == common {
            result = node.type
            break
        }
    }
    if !isWide { result.dtype = result.dtype.narrowed }
    return result
}
