// Functions that make arrays: array, zeros, arange, linspace, eye and their kin.
import JaxIR
import JaxPlatform

/// A shape argument; every size at least zero.
private func shape(_ value: Value, _ function: String) throws(JaxError) -> [Int] {
    let shape = try value.asShape()
    for size in shape where size < 0 {
        throw JaxError(.typeError, "broadcast_in_dim shape must have every element be nonnegative, got \(shapeText(shape)).")
    }
    return shape
}

/// The dtype that a float result without one has.
private func dtype(_ call: Call, _ index: Int, default standard: DType) throws(JaxError) -> DType {
    try call[index].asDType() ?? standard
}

/// start + step * [0, 1, …): NumPy's count of elements.
private func arange(_ call: Call) throws(JaxError) -> Value {
    var start = call[0], stop = call[1], step = call[2]
    if stop.isNone {
        stop = start
        start = .int(0)
    }
    if step.isNone { step = .int(1) }
    var values: [Value] = [start, stop, step], types: [PromotedType] = []
    for index in values.indices {
        if let array = values[index].arrayObject, array.shape.isEmpty { values[index] = elementAsValue(try array.handle.elements(.value("It arose in the jnp.arange function.")), 0) }
        guard let type = scalarType(values[index]) else {
            throw JaxError(.typeError, "arange: the arguments must be numbers, not \(values[index].typeName)")
        }
        types.append(type)
    }
    var dtype = try promote(types).dtype
    if let wanted = try call[3].asDType() { dtype = wanted }
    guard let first = number(values[0]), let last = number(values[1]), let by = number(values[2]) else { return .none }
    guard by.real != 0 else { throw JaxError(.valueError, "arange: step must not be zero") }
    let length = ((last.real - first.real) / by.real).rounded(.up)
    guard length < 0x1p48 else { throw JaxError(.valueError, "Maximum allowed size exceeded") }
    let count = max(0, Int(max(length, 0)))
    let working: DType = dtype.isFloat && dtype.bitWidth < 32 ? .f32 : dtype
    let result = try Tensor(TensorType(working, [count]))
    if case .int(let a) = first, case .int(let d) = by {
        for index in 0..<count { setElement(result, index, .int(a &+ index &* d)) }
    } else {
        // Each element is a product and a sum, rounded once: no error accumulates.
        for index in 0..<count { setElement(result, index, .float(first.real + Double(index) * by.real)) }
    }
    return .array(try Lax.convert(Handle(result), to: dtype))
}

/// `num` samples from start to stop, in the arithmetic of jax.numpy.linspace: start (1 - t) + stop t.
private func linspace(_ call: Call) throws(JaxError) -> Value {
    let start = try operand(call[0], "linspace"), stop = try operand(call[1], "linspace", 1)
    let count = try call.int(2, default: 50)
    guard count >= 0 else { throw JaxError(.valueError, "Number of samples, \(count), must be non-negative.") }
    let includesEnd = try call.bool(3, default: true)
    if try call.bool(4, default: false) { throw JaxError(.notImplemented, "linspace: retstep is not available") }
    let common = try CommonOperands([start, stop], "linspace", toInexact: true)
    let target = try call[5].asDType() ?? common.type.dtype
    let a = common.tensors[0], b = common.tensors[1], dtype = a.dtype
    let divisions = includesEnd ? count - 1 : count
    let shape = [count] + a.shape
    var result: Handle
    if count > 1 || !includesEnd {
        let steps = try Lax.full([divisions], .int(divisions), dtype)
        let t = try Lax.binary(.divide, try Lax.iota(dtype, [divisions], axis: 0), steps)
        let rest = try Lax.binary(.subtract, try Lax.full([divisions], .int(1), dtype), t)
        let body = [divisions] + a.shape, tail = Array(1..<body.count)
        let low = try Lax.binary(.multiply, try Lax.broadcast(a, to: body, dimensions: tail),
                                   try Lax.broadcast(rest, to: body, dimensions: [0]))
        let high = try Lax.binary(.multiply, try Lax.broadcast(b, to: body, dimensions: tail),
                                    try Lax.broadcast(t, to: body, dimensions: [0]))
        result = try Lax.binary(.add, low, high)
        if includesEnd { result = try Lax.concatenate([result, try Lax.reshape(b, [1] + b.shape)], axis: 0) }
    } else {
        result = count == 1 ? try Lax.reshape(a, shape) : Handle(try Tensor(TensorType(dtype, shape)))
    }
    return .array(try Lax.convert(result, to: target))
}

/// The number of a diagonal. One beyond the corners is like any other such.
private func diagonal(_ call: Call, _ index: Int, _ rows: Int, _ columns: Int) throws(JaxError) -> Int {
    let offset: Int
    if case .bigInteger(let digits) = call[index] {
        offset = digits.hasPrefix("-") ? .min : .max
    } else {
        offset = try call.int(index, default: 0)
    }
    return max(min(offset, max(columns, 0)), -max(rows, 0))
}

private func eye(_ rows: Int, _ columns: Int, _ offset: Int, _ dtype: DType) throws(JaxError) -> Value {
    guard rows >= 0 && columns >= 0 else { throw JaxError(.valueError, "negative dimensions are not allowed, got \(rows) and \(columns)") }
    let shape = [rows, columns]
    let row = try withConstant(.add, try Lax.iota(.i32, shape, axis: 0), .int(offset))
    return .array(try Lax.convert(try Lax.compare("EQ", row, try Lax.iota(.i32, shape, axis: 1)), to: dtype))
}

private func like(_ call: Call, _ fill: Number) throws(JaxError) -> Value {
    let a = try operand(call[0], call.functionName)
    let target = try call[1].asDType()
    let sizes = call.has(2) ? try shape(call[2], call.functionName) : a.shape
    return .array(try Lax.full(sizes, fill, target ?? a.dtype), isWeak: target == nil && a.isWeak)
}

func creationFunctions() -> [NativeFunction] {
    [
        NativeFunction("array", "object dtype? copy? ndmin?") { call throws(JaxError) in
            let array = try makeArray(call[0], dtype: try call[1].asDType())
            let rank = try call.int(3, default: 0)
            if array.shape.count >= rank { return .object(array) }
            let shape = [Int](repeating: 1, count: rank - array.shape.count) + array.shape
            return .array(try Lax.reshape(array.handle, shape), isWeak: array.isWeak)
        },
        NativeFunction("asarray", "a dtype? copy?") { call throws(JaxError) in
            .object(try makeArray(call[0], dtype: try call[1].asDType()))
        },
        NativeFunction("zeros", "shape dtype?") { call throws(JaxError) in
            .array(try Lax.full(try shape(call[0], "zeros"), .int(0), try dtype(call, 1, default: .f32)))
        },
        NativeFunction("empty", "shape dtype?") { call throws(JaxError) in
            .array(try Lax.full(try shape(call[0], "empty"), .int(0), try dtype(call, 1, default: .f32)))
        },
        NativeFunction("ones", "shape dtype?") { call throws(JaxError) in
            .array(try Lax.full(try shape(call[0], "ones"), .int(1), try dtype(call, 1, default: .f32)))
        },
        NativeFunction("full", "shape fill_value dtype?") { call throws(JaxError) in
            let fill = try fillValue(call[1], try call[2].asDType(), "full", 0)
            let sizes = try shape(call[0], "full")
            return .array(try Lax.broadcast(fill.handle, to: sizes), isWeak: fill.isWeak && !call.has(2))
        },
        NativeFunction("zeros_like", "a dtype? shape?") { call throws(JaxError) in try like(call, .int(0)) },
        NativeFunction("empty_like", "a dtype? shape?") { call throws(JaxError) in try like(call, .int(0)) },
        NativeFunction("ones_like", "a dtype? shape?") { call throws(JaxError) in try like(call, .int(1)) },
        NativeFunction("full_like", "a fill_value dtype? shape?") { call throws(JaxError) in
            let a = try operand(call[0], "full_like")
            let target = try call[2].asDType() ?? a.dtype
            let fill = try fillValue(call[1], scalarType(call[1]) == nil ? nil : target, "full_like", 1)
            let sizes = call.has(3) ? try shape(call[3], "full_like") : a.shape
            return .array(try Lax.broadcast(try Lax.convert(fill.handle, to: target), to: sizes), isWeak: !call.has(2) && a.isWeak)
        },
        NativeFunction("arange", "start stop? step? dtype?") { call throws(JaxError) in try arange(call) },
        NativeFunction("linspace", "start stop num? endpoint? retstep? dtype?") { call throws(JaxError) in try linspace(call) },
        NativeFunction("eye", "N M? k? dtype?") { call throws(JaxError) in
            let rows = try call.int(0)
            let columns = try call.int(1, default: rows)
            return try eye(rows, columns, try diagonal(call, 2, rows, columns), try dtype(call, 3, default: .f32))
        },
        NativeFunction("identity", "n dtype?") { call throws(JaxError) in
            let size = try call.int(0)
            return try eye(size, size, 0, try dtype(call, 1, default: .f32))
        },
        NativeFunction("tri", "N M? k? dtype?") { call throws(JaxError) in
            let rows = try call.int(0), columns = try call.int(1, default: rows)
            let shape = try shape(.tuple([.int(rows), .int(columns)]), "tri"), offset = try index32(call.has(2) ? call[2] : .int(0))
            let row = try withConstant(.add, try Lax.iota(.i32, shape, axis: 0), .int(offset))
            let isBelow = try Lax.compare("GE", row, try Lax.iota(.i32, shape, axis: 1))
            return .array(try Lax.convert(isBelow, to: try dtype(call, 3, default: .f32)))
        },
    ]
}
