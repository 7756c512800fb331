// The attributes of arrays: properties, conversions, operators, and the functions of jax.numpy that are methods too.
import JaxIR
import JaxPlatform

private func own(_ call: Call) throws(JaxError) -> ArrayObject {
    guard let array = call[0].arrayObject else { throw JaxError(.typeError, "expected an Array, not \(call[0].typeName)") }
    return array
}

/// The only element, for conversions to Python scalars.
private func scalar(_ call: Call, _ use: ElementUse) throws(JaxError) -> Tensor {
    let array = try own(call)
    guard array.shape.isEmpty else {
        throw JaxError(.typeError, "Only scalar arrays can be converted to Python scalars; got arr.ndim=\(array.shape.count)")
    }
    return try wide(array, use)
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
        NativeFunction("size", "self", .property) { call throws(JaxError) in .int(try own(call).handle.elementCount) },
        NativeFunction("itemsize", "self", .property) { call throws(JaxError) in .int(try own(call).dtype.byteWidth) },
        NativeFunction("nbytes", "self", .property) { call throws(JaxError) in .int(try own(call).handle.type.byteCount) },
        NativeFunction("weak_type", "self", .property) { call throws(JaxError) in .bool(try own(call).isWeak) },
        NativeFunction("T", "self", .computedProperty) { call throws(JaxError) in
            let a = try own(call)
            return .array(try permuted(a.handle, .none), isWeak: a.isWeak)
        },
        NativeFunction("mT", "self", .computedProperty) { call throws(JaxError) in
            let a = try own(call), rank = a.shape.count
            guard rank >= 2 else { throw JaxError(.valueError, "Argument to mT must be at least 2-dimensional, got \(rank)") }
            var order = Array(a.shape.indices)
            order.swapAt(rank - 1, rank - 2)
            return .array(try Lax.transpose(a.handle, order), isWeak: a.isWeak)
        },
    ]
}

private func conversions() -> [NativeFunction] {
    [
        NativeFunction("__repr__", "self", .reading) { call throws(JaxError) in
            let a = try own(call)
            return .string(a.handle.isConcrete ? try a.representation() : a.tracerText)
        },
        NativeFunction("__str__", "self", .reading) { call throws(JaxError) in
            let a = try own(call)
            return .string(a.handle.isConcrete ? try a.plainText() : a.tracerText)
        },
        NativeFunction("__bool__", "self", .reading) { call throws(JaxError) in
            let a = try own(call)
            guard a.handle.elementCount == 1 else {
                if !a.handle.isConcrete { _ = try a.handle.elements(.truth) }
                throw JaxError(.valueError, a.handle.elementCount == 0
                    ? "The truth value of an empty array is ambiguous. Use `array.size > 0` to check that an array is not empty."
                    : "The truth value of an array with more than one element is ambiguous. Use a.any() or a.all()")
            }
            return .bool(try isTrue(try a.handle.elements(.truth)))
        },
        NativeFunction("__int__", "self", .reading) { call throws(JaxError) in
            let a = try scalar(call, .conversion("int"))
            if a.dtype.isInteger || a.dtype == .i1 { return elementAsValue(a, 0).asPlainInt }
            let value = elementAsDouble(a, 0)
            guard value.isFinite else {
                throw JaxError(.valueError, value.isNaN ? "cannot convert float NaN to integer"
                               : "cannot convert float infinity to integer")
            }
            return .int(value.magnitude < 0x1p63 ? Int(value) : 0)
        },
        NativeFunction("__float__", "self", .reading) { call throws(JaxError) in
            let a = try scalar(call, .conversion("float"))
            if a.dtype.isComplex { throw JaxError(.typeError, "can't convert complex to float") }
            return .float(elementAsDouble(a, 0))
        },
        NativeFunction("__complex__", "self", .reading) { call throws(JaxError) in
            let a = try scalar(call, .conversion("complex"))
            return .complex(elementAsDouble(a, 0), imaginaryPart(a, 0))
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
        NativeFunction("__format_value__", "self", .reading) { call throws(JaxError) in
            let a = try own(call)
            guard a.shape.isEmpty else { throw JaxError(.typeError, "unsupported format string passed to numpy.ndarray.__format__") }
            return elementAsValue(try wide(a, .value("This occurred in the item() method of jax.Array")), 0)
        },
        NativeFunction("__getitem__", "self index") { call throws(JaxError) in .object(try subscripted(try own(call), call[1])) },
        NativeFunction("__setitem__", "self", .inline) { call throws(JaxError) in
            throw JaxError(.typeError, "JAX arrays are immutable and do not support in-place item assignment. Instead of x[idx] = y, use "
                + "x = x.at[idx].set(y) or another .at[] method: https://docs.jax.dev/en/latest/_autosummary/jax.numpy.ndarray.at.html")
        },
        NativeFunction("__contains__", "self item", .reading) { call throws(JaxError) in
            let common = try CommonOperands([try own(call), try operand(call[1], "__contains__")], "eq")
            let equal = try Lax.compare("EQ", common.tensors[0], common.tensors[1])
            let found = try Lax.reduce(.or, equal, initial: .int(0), axes: Array(equal.shape.indices))
            return .bool(try isTrue(try found.elements(.truth)))
        },
        NativeFunction("item", "self *args", .reading) { call throws(JaxError) in
            let a = call.rest.isEmpty ? try own(call)
                : try subscripted(try own(call), call.rest.count == 1 ? call.rest[0] : .tuple(call.rest))
            guard a.handle.elementCount == 1 else { throw JaxError(.valueError, "can only convert an array of size 1 to a Python scalar") }
            return elementAsValue(try wide(a, .value("This occurred in the item() method of jax.Array")), 0)
        },
        NativeFunction("tolist", "self", .reading) { call throws(JaxError) in
            let object = try own(call)
            let a = try wide(object, .value("The tolist() method was called on traced array with shape \(typeText(object.handle.type))."))
            return toList(a, axis: 0, offset: 0, a.type.strides)
        },
        NativeFunction("astype", "self dtype copy?") { call throws(JaxError) in
            let a = try own(call)
            guard let dtype = try call[1].asDType() else { return .array(try Lax.convert(a.handle, to: .f32)) }
            return .array(try Lax.convert(a.dtype.isComplex && !dtype.isComplex ? try Lax.unary(.real, a.handle) : a.handle, to: dtype))
        },
        NativeFunction("tobytes", "self", .reading) { call throws(JaxError) in
            let a = try own(call).handle.elements(.array)
            return .data(Array(UnsafeRawBufferPointer(start: a.bytes, count: a.type.byteCount)))
        },
        NativeFunction("block_until_ready", "self", .inline) { call throws(JaxError) in call[0] },
    ]
}

/// With elements that can be read one by one: floats below 16 bits as float32.
private func wide(_ a: ArrayObject, _ use: ElementUse) throws(JaxError) -> Tensor {
    let tensor = try a.handle.elements(use)
    return a.dtype.isFloat && a.dtype.bitWidth < 16 ? try Lax.convert(Handle(tensor), to: .f32).elements() : tensor
}

/// Whether the only element differs from zero.
private func isTrue(_ tensor: Tensor) throws(JaxError) -> Bool { try truth(Handle(tensor)).elements().elements(as: UInt8.self)[0] != 0 }

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
            return .array(try reshaped(a.handle, try reshapeTarget(a.handle, try shapeArguments(call.rest)), order: call[1]),
                          isWeak: a.isWeak)
        },
        NativeFunction("transpose", "self *args") { call throws(JaxError) in
            let a = try own(call)
            let order: Value = call.rest.isEmpty ? .none : call.rest.count == 1 ? call.rest[0] : .tuple(call.rest)
            return .array(try permuted(a.handle, order), isWeak: a.isWeak)
        },
        NativeFunction("flatten", "self order?") { call throws(JaxError) in
            let a = try own(call)
            return .array(try reshaped(a.handle, [a.handle.elementCount], order: call[1]), isWeak: a.isWeak)
        },
        NativeFunction("copy", "self") { call throws(JaxError) in
            let a = try own(call)
            // An array does not change: a copy that is seen as one is made where memory of its own is wanted, as for donation.
            guard a.handle.isConcrete else { return call[0] }
            return .array(Handle(try a.handle.elements().owned()), isWeak: a.isWeak)
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
