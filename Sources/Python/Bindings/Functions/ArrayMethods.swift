// The attributes of arrays: properties, conversions, operators, and the functions of jax.numpy that are methods too.
import JaxIR
import JaxPlatform

private func own(_ call: Call) throws(JaxError) -> ArrayObject {
    guard let array = call[0].arrayObject else { throw JaxError(.typeError, "expected an Array, not \(call[0].typeName)") }
    return array
}

/// The only element, for conversions to Python scalars.
private func scalar(_ call: Call) throws(JaxError) -> ArrayObject {
    let array = try own(call)
    guard array.shape.isEmpty else {
        throw JaxError(.typeError, "Only scalar arrays can be converted to Python scalars; got arr.ndim=\(array.shape.count)")
    }
    if array.dtype.isFloat && array.dtype.bitWidth < 16 { return ArrayObject(try Eager.convert(array.tensor, to: .f32)) }
    return array
}

private func toList(_ a: Tensor, axis: Int, offset: Int, _ strides: [Int]) -> Value {
    if axis == a.shape.count { return elementAsValue(a, offset) }
    var items: [Value] = []
    for index in 0..<a.shape[axis] { items.append(toList(a, axis: axis + 1, offset: offset + index * strides[axis], strides)) }
    return .list(items)
}

private func properties() -> [NativeFunction] {
    [
        NativeFunction("shape", "self", .property) { call throws(JaxError) in .tuple(try own(call).shape.map { .int($0) }) },
        NativeFunction("dtype", "self", .property) { call throws(JaxError) in .object(DTypeObject(try own(call).dtype)) },
        NativeFunction("ndim", "self", .property) { call throws(JaxError) in .int(try own(call).shape.count) },
        NativeFunction("size", "self", .property) { call throws(JaxError) in .int(try own(call).tensor.elementCount) },
        NativeFunction("itemsize", "self", .property) { call throws(JaxError) in .int(try own(call).dtype.byteWidth) },
        NativeFunction("nbytes", "self", .property) { call throws(JaxError) in .int(try own(call).tensor.type.byteCount) },
        NativeFunction("weak_type", "self", .property) { call throws(JaxError) in .bool(try own(call).isWeak) },
        NativeFunction("T", "self", .computedProperty) { call throws(JaxError) in
            let a = try own(call)
            return .array(try permuted(a.tensor, .none), isWeak: a.isWeak)
        },
        NativeFunction("mT", "self", .computedProperty) { call throws(JaxError) in
            let a = try own(call), rank = a.shape.count
            guard rank >= 2 else { throw JaxError(.valueError, "Argument to mT must be at least 2-dimensional, got \(rank)") }
            var order = Array(a.shape.indices)
            order.swapAt(rank - 1, rank - 2)
            return .array(try Eager.transpose(a.tensor, order), isWeak: a.isWeak)
        },
    ]
}

private func conversions() -> [NativeFunction] {
    [
        NativeFunction("__repr__", "self") { call throws(JaxError) in .string(try own(call).representation()) },
        NativeFunction("__str__", "self") { call throws(JaxError) in .string(try own(call).plainText()) },
        NativeFunction("__bool__", "self") { call throws(JaxError) in
            let a = try own(call)
            guard a.tensor.elementCount == 1 else {
                throw JaxError(.valueError, a.tensor.elementCount == 0
                    ? "The truth value of an empty array is ambiguous. Use `array.size > 0` to check that an array is not empty."
                    : "The truth value of an array with more than one element is ambiguous. Use a.any() or a.all()")
            }
            return .bool(try truth(a.tensor).elements(as: UInt8.self)[0] != 0)
        },
        NativeFunction("__int__", "self") { call throws(JaxError) in
            let a = try scalar(call)
            if a.dtype.isInteger || a.dtype == .i1 { return elementAsValue(a.tensor, 0).asPlainInt }
            let value = elementAsDouble(a.tensor, 0)
            guard value.isFinite else {
                throw JaxError(.valueError, value.isNaN ? "cannot convert float NaN to integer"
                               : "cannot convert float infinity to integer")
            }
            return .int(value.magnitude < 0x1p63 ? Int(value) : 0)
        },
        NativeFunction("__float__", "self") { call throws(JaxError) in
            let a = try scalar(call)
            if a.dtype.isComplex { throw JaxError(.typeError, "can't convert complex to float") }
            return .float(elementAsDouble(a.tensor, 0))
        },
        NativeFunction("__complex__", "self") { call throws(JaxError) in
            let a = try scalar(call)
            return .complex(elementAsDouble(a.tensor, 0), imaginaryPart(a.tensor, 0))
        },
        NativeFunction("__len__", "self", .inline) { call throws(JaxError) in
            guard let size = try own(call).shape.first else { throw JaxError(.typeError, "len() of unsized object") }
            return .int(size)
        },
        NativeFunction("__iter_count__", "self", .inline) { call throws(JaxError) in
            guard let size = try own(call).shape.first else { throw JaxError(.typeError, "iteration over a 0-d array") }
            return .int(size)
        },
        NativeFunction("__hash__", "self",
                       .inline) { call throws(JaxError) in throw JaxError(.typeError, "unhashable type: 'jaxlib._jax.ArrayImpl'") },
        NativeFunction("__format_value__", "self") { call throws(JaxError) in
            let a = try own(call)
            guard a.shape.isEmpty else { throw JaxError(.typeError, "unsupported format string passed to numpy.ndarray.__format__") }
            return elementAsValue(try wide(a).tensor, 0)
        },
        NativeFunction("__getitem__", "self index") { call throws(JaxError) in .object(try subscripted(try own(call), call[1])) },
        NativeFunction("__setitem__", "self", .inline) { call throws(JaxError) in
            throw JaxError(.typeError, "JAX arrays are immutable and do not support in-place item assignment. Instead of x[idx] = y, use "
                + "x = x.at[idx].set(y) or another .at[] method: https://docs.jax.dev/en/latest/_autosummary/jax.numpy.ndarray.at.html")
        },
        NativeFunction("__contains__", "self item") { call throws(JaxError) in
            let common = try CommonOperands([try own(call), try operand(call[1], "__contains__")], "eq")
            let equal = try Eager.compare("EQ", common.tensors[0], common.tensors[1])
            let found = try Eager.reduce(.or, equal, initial: .int(0), axes: Array(equal.shape.indices))
            return .bool(found.elements(as: UInt8.self)[0] != 0)
        },
        NativeFunction("item", "self *args") { call throws(JaxError) in
            let a = call.rest.isEmpty ? try own(call)
                : try subscripted(try own(call), call.rest.count == 1 ? call.rest[0] : .tuple(call.rest))
            guard a.tensor.elementCount == 1 else { throw JaxError(.valueError, "can only convert an array of size 1 to a Python scalar") }
            return elementAsValue(try wide(a).tensor, 0)
        },
        NativeFunction("tolist", "self") { call throws(JaxError) in
            let a = try wide(try own(call)).tensor
            return toList(a, axis: 0, offset: 0, a.type.strides)
        },
        NativeFunction("astype", "self dtype copy?") { call throws(JaxError) in
            let a = try own(call)
            guard let dtype = try call[1].asDType() else { return .array(try Eager.convert(a.tensor, to: .f32)) }
            return .array(try Eager.convert(a.dtype.isComplex && !dtype.isComplex ? try Eager.unary(.real, a.tensor) : a.tensor, to: dtype))
        },
        NativeFunction("tobytes", "self") { call throws(JaxError) in
            let a = try own(call).tensor
            return .data(Array(UnsafeRawBufferPointer(start: a.bytes, count: a.type.byteCount)))
        },
        NativeFunction("block_until_ready", "self", .inline) { call throws(JaxError) in call[0] },
    ]
}

/// With elements that can be read one by one: floats below 16 bits as float32.
private func wide(_ a: ArrayObject) throws(JaxError) -> ArrayObject {
    a.dtype.isFloat && a.dtype.bitWidth < 16 ? ArrayObject(try Eager.convert(a.tensor, to: .f32)) : a
}

extension Value {
    /// An integer where Python wants one for a boolean.
    fileprivate var asPlainInt: Value {
        if case .bool(let flag) = self { return .int(flag ? 1 : 0) }
        return self
    }
}

/// Methods whose arguments are more than the function's of the same name.
private func reshapingMethods() -> [NativeFunction] {
    [
        NativeFunction("reshape", "self *args order?") { call throws(JaxError) in
            let a = try own(call)
            return .array(try reshaped(a.tensor, try reshapeTarget(a.tensor, try shapeArguments(call.rest)), order: call[1]),
                          isWeak: a.isWeak)
        },
        NativeFunction("transpose", "self *args") { call throws(JaxError) in
            let a = try own(call)
            let order: Value = call.rest.isEmpty ? .none : call.rest.count == 1 ? call.rest[0] : .tuple(call.rest)
            return .array(try permuted(a.tensor, order), isWeak: a.isWeak)
        },
        NativeFunction("flatten", "self order?") { call throws(JaxError) in
            let a = try own(call)
            return .array(try reshaped(a.tensor, [a.tensor.elementCount], order: call[1]), isWeak: a.isWeak)
        },
        NativeFunction("copy", "self") { call throws(JaxError) in
            let a = try own(call)
            let copy = try Tensor(a.tensor.type)
            copy.bytes.copyMemory(from: a.tensor.bytes, byteCount: a.tensor.type.byteCount)
            return .array(copy, isWeak: a.isWeak)
        },
        NativeFunction("__matmul__", "self other") { call throws(JaxError) in
            if scalarType(call[1]) == nil && call[1].arrayObject == nil { throw unsupported("@", call[0], call[1]) }
            return try matmul(call[0], call[1])
        },
        NativeFunction("__rmatmul__", "self other") { call throws(JaxError) in
            if scalarType(call[1]) == nil && call[1].arrayObject == nil { throw unsupported("@", call[1], call[0]) }
            return try matmul(call[1], call[0])
        },
        NativeFunction("__divmod__", "self other") { call throws(JaxError) in
            let common = try CommonOperands([try own(call), try operand(call[1], "divmod", 1)], "divmod")
            return .tuple([.array(try floorDivide(common.tensors[0], common.tensors[1]), isWeak: common.type.isWeak),
                           .array(try pythonRemainder(common.tensors[0], common.tensors[1]), isWeak: common.type.isWeak)])
        },
    ]
}

func arrayModule() -> NativeModule {
    // Functions of jax.numpy whose first argument is the array.
    let shared = ["sum", "prod", "mean", "var", "std", "max", "min", "ptp", "argmax", "argmin", "all", "any", "cumsum", "cumprod",
                  "ravel", "swapaxes", "squeeze", "clip", "nonzero", "sort", "argsort", "take", "dot", "conj", "conjugate"]
    var methods: [NativeFunction] = []
    for function in reductionFunctions() + shapeFunctions() + selectionFunctions() + contractionFunctions() + unaryFunctions()
        where shared.contains(function.name.description) { methods.append(function) }
    for row in unaryRows() {
        let symbol: StaticString
        switch row.names[0].description {
        case "negative": symbol = "__neg__"
        case "positive": symbol = "__pos__"
        case "abs": symbol = "__abs__"
        case "invert": symbol = "__invert__"
        case "real": symbol = "real"
        case "imag": symbol = "imag"
        default: continue
        }
        let isPart = symbol.description == "real" || symbol.description == "imag"
        methods.append(NativeFunction(symbol, "self", isPart
                                      ? .computedProperty : .job) { call throws(JaxError) in .object(try apply(row, try own(call))) })
    }
    return NativeModule(name: "Array", functions: properties() + conversions() + operatorMethods() + reshapingMethods() + methods)
}
