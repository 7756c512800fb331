// dtypes as Python sees them: `x.dtype`, and `jnp.float32`, which names a dtype and makes scalars of it.
import JaxIR
import JaxPlatform

/// What `x.dtype` gives: NumPy's dtype object.
final class DTypeObject: NativeObject {
    let dtype: DType
    init(_ dtype: DType) { self.dtype = dtype }
    override var className: StaticString { "dtype" }
}

/// What `jnp.float32` is.
final class ScalarTypeObject: NativeObject {
    let dtype: DType
    init(_ dtype: DType) { self.dtype = dtype }
    override var className: StaticString { "scalar_type" }
}

extension Value {
    /// The dtype that a `dtype=` argument means: an object of the two above, a name, or a Python type. nil for None.
    /// Throws `typeError`: "data type 'foo' not understood". 64-bit types are narrowed, as JAX does by default.
    func asDType() throws(JaxError) -> DType? {
        switch self {
        case .none: return nil
        case .object(let object):
            if let dtype = object as? DTypeObject { return dtype.dtype.narrowed }
            if let type = object as? ScalarTypeObject { return type.dtype.narrowed }
        case .unknown("<class 'float'>"): return .f32
        case .unknown("<class 'int'>"): return .i32
        case .unknown("<class 'bool'>"): return .i1
        case .unknown("<class 'complex'>"): return .c64
        case .string(let name):
            if let dtype = namedDType(name) { return dtype.narrowed }
            throw JaxError(.typeError, "data type '\(name)' not understood")
        default: break
        }
        throw JaxError(.typeError, "Cannot interpret '\(typeName)' as a data type")
    }
}

/// "float32", and NumPy's short names.
private func namedDType(_ name: String) -> DType? {
    if let dtype = DType(name: name) { return dtype }
    switch name {
    case "?", "bool_": return .i1
    case "b", "i1": return .i8
    case "h", "i2": return .i16
    case "i", "i4", "int": return .i32
    case "l", "i8": return .i64
    case "B", "u1": return .u8
    case "H", "u2": return .u16
    case "I", "u4", "uint": return .u32
    case "L", "u8": return .u64
    case "e", "f2": return .f16
    case "f", "f4", "float": return .f32
    case "d", "f8": return .f64
    case "F", "c8", "complex": return .c64
    case "D", "c16": return .c128
    default: return nil
    }
}

private func dtype(_ call: Call) throws(JaxError) -> DType {
    if case .object(let object) = call[0] {
        if let dtype = object as? DTypeObject { return dtype.dtype }
        if let type = object as? ScalarTypeObject { return type.dtype }
    }
    throw JaxError(.typeError, "expected a dtype, not \(call[0].typeName)")
}

/// Attributes that both kinds of objects have.
private func sharedMembers() -> [NativeFunction] {
    [
        NativeFunction("name", "self", .property) { call throws(JaxError) in .string(try dtype(call).name) },
        NativeFunction("__name__", "self", .property) { call throws(JaxError) in .string(try dtype(call).name) },
        NativeFunction("itemsize", "self", .property) { call throws(JaxError) in .int(try dtype(call).byteWidth) },
        NativeFunction("kind", "self", .property) { call throws(JaxError) in
            switch try dtype(call).kind {
            case .boolean: return .string("b")
            case .signed: return .string("i")
            case .unsigned: return .string("u")
            case .float: return .string("f")
            case .complex: return .string("c")
            }
        },
        NativeFunction("__eq__", "self other", .inline) { call throws(JaxError) in
            let own = try dtype(call)
            switch call[1] {
            case .object(let object):
                if let other = object as? DTypeObject { return .bool(own == other.dtype) }
                if let other = object as? ScalarTypeObject { return .bool(own == other.dtype) }
                return .bool(false)
            case .string(let name): return .bool(namedDType(name) == own)
            default: return .bool(false)
            }
        },
        NativeFunction("__hash__", "self", .inline) { call throws(JaxError) in .int(Int(try dtype(call).rawValue)) },
    ]
}

func dtypeModule() -> NativeModule {
    NativeModule(name: "dtype", functions: sharedMembers() + [
        NativeFunction("__str__", "self", .inline) { call throws(JaxError) in .string(try dtype(call).name) },
        NativeFunction("__repr__", "self", .inline) { call throws(JaxError) in
            let type = try dtype(call)
            // The types that NumPy itself knows are quoted.
            let isOwn = type == .bf16 || (type.isFloat && type.bitWidth < 16) || (type.isInteger && type.bitWidth < 8)
            return .string(isOwn ? "dtype(" + type.name + ")" : "dtype('" + type.name + "')")
        },
        NativeFunction("type", "self", .property) { call throws(JaxError) in .object(ScalarTypeObject(try dtype(call))) },
    ])
}

func scalarTypeModule() -> NativeModule {
    NativeModule(name: "scalar_type", functions: sharedMembers() + [
        NativeFunction("__repr__", "self",
                       .inline) { call throws(JaxError) in .string("<class 'jax.numpy." + (try dtype(call).name) + "'>") },
        NativeFunction("__str__", "self",
                       .inline) { call throws(JaxError) in .string("<class 'jax.numpy." + (try dtype(call).name) + "'>") },
        NativeFunction("dtype", "self", .property) { call throws(JaxError) in .object(DTypeObject(try dtype(call))) },
        NativeFunction("__call__", "self x") { call throws(JaxError) in
            .object(try makeArray(call[1], dtype: try dtype(call).narrowed))
        },
    ])
}

/// The names under which `jax.numpy` has its dtypes.
let scalarTypeNames: [(name: StaticString, dtype: DType)] = [
    ("bool_", .i1), ("int2", .i2), ("int4", .i4), ("int8", .i8), ("int16", .i16), ("int32", .i32), ("int64", .i64), ("int_", .i64),
    ("uint2", .u2), ("uint4", .u4), ("uint8", .u8), ("uint16", .u16), ("uint32", .u32), ("uint64", .u64), ("uint", .u64),
    ("float16", .f16), ("bfloat16", .bf16), ("float32", .f32), ("single", .f32), ("float64", .f64), ("double", .f64), ("float_", .f64),
    ("complex64", .c64), ("csingle", .c64), ("complex128", .c128), ("cdouble", .c128), ("complex_", .c128),
    ("float8_e4m3fn", .f8E4M3FN), ("float8_e5m2", .f8E5M2), ("float8_e4m3", .f8E4M3), ("float8_e3m4", .f8E3M4),
    ("float8_e4m3fnuz", .f8E4M3FNUZ), ("float8_e5m2fnuz", .f8E5M2FNUZ), ("float8_e4m3b11fnuz", .f8E4M3B11FNUZ),
    ("float8_e8m0fnu", .f8E8M0FNU), ("float4_e2m1fn", .f4E2M1FN),
]
