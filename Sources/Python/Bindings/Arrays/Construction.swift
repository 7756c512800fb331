// Arrays from Python values: scalars, nested lists, other arrays, bytes of nothing else.
import JaxIR
import JaxPlatform

/// The number that a Python scalar is; nil for other values.
func number(_ value: Value) -> Number? {
    switch value {
    case .bool(let flag): return .int(flag ? 1 : 0)
    case .int(let value): return .int(value)
    case .bigInteger(let digits): return UInt(digits).map { Number.unsigned($0) } ?? .float(Double(digits) ?? .infinity)
    case .float(let value): return .float(value)
    case .complex(let real, let imaginary): return .complex(real, imaginary)
    default: return nil
    }
}

/// The type of a Python scalar: weak, but for booleans.
func scalarType(_ value: Value) -> PromotedType? {
    switch value {
    case .bool: return PromotedType(dtype: .i1, isWeak: false)
    case .int, .bigInteger: return PromotedType(dtype: .i32, isWeak: true)
    case .float: return PromotedType(dtype: .f32, isWeak: true)
    case .complex: return PromotedType(dtype: .c64, isWeak: true)
    default: return nil
    }
}

/// Throws `overflow` where an integer does not fit the dtype: in JAX's words, or in NumPy's where an array's dtype is asked for
/// or where it stands in a list.
func checkRange(_ value: Value, _ dtype: DType, isNumpys: Bool = false) throws(JaxError) {
    guard dtype.isInteger else { return }
    let bits = dtype.bitWidth, text: String
    switch value {
    case .int(let number):
        if dtype.kind == .signed {
            if bits == 64 || (number >= -(1 << (bits - 1)) && number < 1 << (bits - 1)) { return }
        } else if number >= 0 && (bits == 64 || number < 1 << bits) {
            return
        }
        text = String(number)
    case .bigInteger(let digits):
        if dtype == .u64 && UInt(digits) != nil { return }
        text = digits
    default: return
    }
    throw JaxError(.overflow, isNumpys ? "Python integer \(text) out of bounds for \(dtype.name)"
        : "Python int \(text) too large to convert to \(dtype.name)")
}

/// An integer that indexes, or shifts a diagonal: JAX takes 32 bits of it at most.
func index32(_ value: Value) throws(JaxError) -> Int {
    try checkRange(value, .i32)
    return try value.asIndex() ?? 0
}

/// What `full` fills an array with: of integers that the dtype cannot hold, as many bits as it has.
func fillValue(_ value: Value, _ dtype: DType?, _ function: String, _ position: Int) throws(JaxError) -> ArrayObject {
    switch value {
    case .list, .tuple, .none: return try operand(value, function, position)
    case .int, .bigInteger:
        let target = dtype ?? .i32
        guard target.isInteger else { break }
        let bits: Int
        switch number(value) {
        case .int(let number)?: bits = number
        case .unsigned(let number)?: bits = Int(bitPattern: number)
        default: throw JaxError(.overflow, "Python int too large to convert to C long")
        }
        return ArrayObject(try Lax.convert(try Lax.scalar(.int(bits), .i64), to: target), isWeak: dtype == nil)
    case .float(let number):
        // Beyond the dtype's range: its nearest integer.
        if let dtype, dtype.isInteger { return ArrayObject(try Lax.convert(try Lax.scalar(.float(number), .f64), to: dtype)) }
    case .complex:
        guard let dtype, !dtype.isComplex else { break }
        throw JaxError(.typeError, "\(function): a complex number has no value in \(dtype.name)")
    default: break
    }
    return try makeArray(value, dtype: dtype)
}

/// `jnp.array(value, dtype)`. Throws `typeError` for what is no array, `valueError` for ragged lists.
func makeArray(_ value: Value, dtype: DType?) throws(JaxError) -> ArrayObject {
    if let array = value.arrayObject {
        guard let dtype, dtype != array.dtype else { return array }
        return ArrayObject(try Lax.convert(array.handle, to: dtype))
    }
    if let type = scalarType(value), let number = number(value) {
        try checkRange(value, dtype ?? type.dtype, isNumpys: dtype != nil)
        return ArrayObject(try Lax.scalar(number, dtype ?? type.dtype), isWeak: dtype == nil && type.isWeak)
    }
    guard value.items != nil else { throw notAnArray(value) }
    var leaves: [Value] = [], types: [PromotedType] = []
    let shape = try collectLeaves(value, depth: 0, &leaves, &types)
    var common = DType.f32
    if let dtype { common = dtype } else if !types.isEmpty { common = try promote(types).dtype }
    if leaves.contains(where: { $0.arrayObject.map { !$0.handle.isConcrete } ?? false }) || (Staging.current != nil && leaves.contains { $0.arrayObject != nil }) {
        return ArrayObject(try assembled(leaves, common, shape))
    }
    let isSmallFloat = common.isFloat && common.bitWidth < 16
    let result = try Tensor(TensorType(isSmallFloat ? .f32 : common, shape))
    var next = 0
    for leaf in leaves {
        if let array = leaf.arrayObject {
            let converted = try Lax.convert(array.handle, to: result.dtype).elements()
            let count = converted.type.byteCount
            (result.bytes + next * result.dtype.byteWidth).copyMemory(from: converted.bytes, byteCount: count)
            next += converted.elementCount
        } else if let number = number(leaf) {
            try checkRange(leaf, result.dtype, isNumpys: true)
            setElement(result, next, number)
            next += 1
        }
    }
    return isSmallFloat ? ArrayObject(try Lax.convert(Handle(result), to: common)) : ArrayObject(result)
}

/// The leaves in a row, of which some are tracers, in the shape asked for.
private func assembled(_ leaves: [Value], _ dtype: DType, _ shape: [Int]) throws(JaxError) -> Handle {
    var parts: [Handle] = []
    for leaf in leaves {
        let part = try Lax.convert(try makeArray(leaf, dtype: leaf.arrayObject == nil ? dtype : nil).handle, to: dtype)
        parts.append(try Lax.reshape(part, [part.elementCount]))
    }
    return try Lax.reshape(parts.count == 1 ? parts[0] : try Lax.concatenate(parts, axis: 0), shape)
}

private func notAnArray(_ value: Value) -> JaxError {
    switch value {
    case .none:
        return JaxError(.valueError, "None is not a valid value for jnp.array")
    case .string(let text):
        return JaxError(.typeError, "Value '\(text)' with dtype <U\(text.unicodeScalars.count) is not a valid JAX array type. "
            + "Only arrays of numeric types are supported by JAX.")
    default:
        return JaxError(.typeError, "Value of type \(value.typeName) is not a valid JAX array type. "
            + "Only arrays of numeric types are supported by JAX.")
    }
}

/// Collects the leaves of nested lists in order and returns the shape.
private func collectLeaves(_ value: Value, depth: Int, _ leaves: inout [Value], _ types: inout [PromotedType]) throws(JaxError) -> [Int] {
    if let array = value.arrayObject {
        leaves.append(value)
        types.append(PromotedType(dtype: array.dtype, isWeak: array.isWeak))
        return array.shape
    }
    if let type = scalarType(value) {
        leaves.append(value)
        // Lists of one kind of scalar are long: one entry for each kind is enough.
        if types.last != type { types.append(type) }
        return []
    }
    guard let items = value.items else { throw notAnArray(value) }
    guard depth < 64 else { throw JaxError(.valueError, "lists are nested deeper than 64") }
    var inner: [Int]?
    for item in items {
        let shape = try collectLeaves(item, depth: depth + 1, &leaves, &types)
        if let inner, inner != shape {
            var common: [Int] = []
            for (a, b) in zip(inner, shape) {
                if a != b { break }
                common.append(a)
            }
            let known = [Int](repeating: 0, count: depth + 1 + common.count)
            throw JaxError(.valueError, "setting an array element with a sequence. The requested array has an inhomogeneous shape after "
                + "\(known.count) dimensions.")
        }
        inner = shape
    }
    return [items.count] + (inner ?? [])
}

/// An operand of a function: an array or a Python scalar. Throws `typeError` for lists and everything else, as JAX does.
func operand(_ value: Value, _ function: String, _ position: Int = 0) throws(JaxError) -> ArrayObject {
    if let array = value.arrayObject { return array }
    if scalarType(value) != nil { return try makeArray(value, dtype: nil) }
    throw JaxError(.typeError, "\(function) requires ndarray or scalar arguments, got <class '\(value.typeName)'> at position \(position).")
}

/// The shape that operands broadcast to. Throws `typeError` in JAX's words.
func broadcastShape(_ shapes: [[Int]], _ function: String) throws(JaxError) -> [Int] {
    var rank = 0
    for shape in shapes { rank = max(rank, shape.count) }
    var result = [Int](repeating: 1, count: rank)
    for shape in shapes {
        for (index, size) in shape.enumerated() where size != 1 {
            let axis = rank - shape.count + index
            if result[axis] != 1 && result[axis] != size {
                var text = ""
                for (position, shape) in shapes.enumerated() { text += (position > 0 ? ", " : "") + shapeText(shape) }
                throw JaxError(.typeError, "\(function) got incompatible shapes for broadcasting: \(text).")
            }
            result[axis] = size
        }
    }
    return result
}

/// Operands in their common dtype and shape.
struct CommonOperands {
    var tensors: [Handle]
    let type: PromotedType

    /// `toInexact`: integers and booleans are computed in float32.
    init(_ operands: [ArrayObject], _ function: String, toInexact: Bool = false) throws(JaxError) {
        var types: [PromotedType] = [], shapes: [[Int]] = []
        for operand in operands {
            types.append(PromotedType(dtype: operand.dtype, isWeak: operand.isWeak))
            shapes.append(operand.shape)
        }
        var common = try promote(types)
        if toInexact { common.dtype = common.dtype.inexact }
        let shape = try broadcastShape(shapes, function)
        type = common
        tensors = []
        for operand in operands {
            tensors.append(try Lax.broadcast(try Lax.convert(operand.handle, to: common.dtype), to: shape))
        }
    }
}
