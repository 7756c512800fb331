// Functions that choose elements: where, clip, take, sort and their kin.
import JaxIR
import JaxOps
import JaxPlatform

/// What floats are sorted by: zeros alike, and all NaNs one and the largest, whatever their signs.
private func sortKey(_ a: Handle) throws(JaxError) -> Handle {
    guard a.dtype.isFloat else { return a }
    let zero = try Lax.full(a.shape, .int(0), a.dtype), nan = try Lax.full(a.shape, .float(.nan), a.dtype)
    let unsigned = try Lax.select(try Lax.compare("EQ", a, zero), zero, a)
    return try Lax.select(try Lax.compare("NE", a, a), nan, unsigned)
}

/// Sorted along an axis, and the permutation that does it.
private func sorted(_ a: Handle, axis: Int, isDescending: Bool) throws(JaxError) -> (values: Handle, order: Handle) {
    let positions = try Lax.iota(.i32, a.shape, axis: axis), key = try sortKey(a)
    let comparison = CompareParameters(isDescending ? .greater : .less,
                                       a.dtype.isFloat ? .total : a.dtype.kind == .signed ? .signed : .unsigned)
    let results = try Lax.run([key, a, positions]) { builder, values throws(JaxError) in
        var scalars: [ValueType] = []
        for tensor in [key, a, positions] { scalars += [.tensor(TensorType(tensor.dtype, [])), .tensor(TensorType(tensor.dtype, []))] }
        let comparator = try builder.region(scalars) { builder, values throws(JaxError) in
            [try builder.one(.compare, Array(values[..<2]), comparison)]
        }
        return try builder.emit(.sort, values, SortParameters(dimension: axis), regions: [comparator])
    }
    return (results[1], results[2])
}

private func sortArguments(_ call: Call) throws(JaxError) -> (ArrayObject, Handle, Int) {
    let a = try operand(call[0], call.functionName)
    if call.wasGiven(1) && !call.has(1) { return (a, try Lax.reshape(a.handle, [a.handle.elementCount]), 0) }
    guard !a.shape.isEmpty else { throw JaxError(.valueError, "axis -1 is out of bounds for array of dimension 0") }
    return (a, a.handle, try normalised(try call.int(1, default: -1), rank: a.shape.count))
}

private func whereFunction(_ call: Call) throws(JaxError) -> Value {
    let condition = try truth(try operand(call[0], "where").handle)
    guard call.has(1) && call.has(2) else {
        if call.has(1) || call.has(2) {
            throw JaxError(.valueError, "Either both or neither of the x and y arguments should be provided to jnp.where, "
                + "got x and y = None.")
        }
        return .tuple(try nonzero(condition).map { .array($0) })
    }
    let x = try operand(call[1], "where", 1), y = try operand(call[2], "where", 2)
    let type = try promote([PromotedType(dtype: x.dtype, isWeak: x.isWeak), PromotedType(dtype: y.dtype, isWeak: y.isWeak)])
    let shape = try broadcastShape([condition.shape, x.shape, y.shape], "select")
    return .array(try Lax.select(try Lax.broadcast(condition, to: shape),
                                   try Lax.broadcast(try Lax.convert(x.handle, to: type.dtype), to: shape),
                                   try Lax.broadcast(try Lax.convert(y.handle, to: type.dtype), to: shape)), isWeak: type.isWeak)
}

private func clip(_ call: Call) throws(JaxError) -> Value {
    var result = try operand(call[0], "clip")
    let maximum = BinaryRow("maximum", primitive: "max") { a, b throws(JaxError) in try Lax.binary(.maximum, a, b) }
    let minimum = BinaryRow("minimum", primitive: "min") { a, b throws(JaxError) in try Lax.binary(.minimum, a, b) }
    if call.has(1) { result = try apply(maximum, .object(result), call[1]) }
    if call.has(2) { result = try apply(minimum, .object(result), call[2]) }
    return .object(result)
}

/// What an index out of bounds names: not a number, or the least signed and the largest unsigned integer (mode "fill").
private func take(_ a: ArrayObject, _ indices: Value, axis: Int) throws(JaxError) -> Value {
    let all = Value.slice(.none, .none, .none)
    let taken = try subscripted(a, .tuple([Value](repeating: all, count: axis) + [indices]))
    let positions = try operand(indices, "take", 1).handle, size = a.shape[axis]
    guard positions.dtype.isInteger, positions.elementCount > 0 else { return .object(taken) }
    let wide = try Lax.convert(positions, to: .i64)
    let inside = try Lax.binary(.and, try Lax.compare("GE", wide, try Lax.full(wide.shape, .int(-size), .i64)),
                                  try Lax.compare("LT", wide, try Lax.full(wide.shape, .int(size), .i64)))
    let shape = taken.shape, axes = Array(axis..<axis + positions.shape.count)
    let fill: Number
    switch a.dtype.kind {
    case .signed: fill = .int(-1 << (a.dtype.bitWidth - 1))
    case .unsigned: fill = .int(-1)
    case .boolean: fill = .int(1)
    default: fill = .float(.nan)
    }
    let isInside = try Lax.broadcast(inside, to: shape, dimensions: axes)
    return .array(try Lax.select(isInside, taken.handle, try Lax.full(shape, fill, a.dtype)), isWeak: a.isWeak)
}

private func triangle(_ call: Call, upper: Bool) throws(JaxError) -> Value {
    let a = try operand(call[0], call.functionName)
    guard a.shape.count >= 2 else { throw JaxError(.valueError, "Argument to jax.numpy.\(call.functionName) must be at least 2D") }
    let rank = a.shape.count
    var offset = call.has(1) ? call[1] : .int(0)
    // The diagonal itself belongs to the upper triangle.
    if upper, case .int(let number) = offset, number > .min { offset = .int(number - 1) }
    let row = try withConstant(.add, try Lax.iota(.i32, a.shape, axis: rank - 2), .int(try index32(offset)))
    let below = try Lax.compare("GE", row, try Lax.iota(.i32, a.shape, axis: rank - 1))
    let zero = try Lax.full(a.shape, .int(0), a.dtype)
    return .array(upper ? try Lax.select(below, zero, a.handle) : try Lax.select(below, a.handle, zero), isWeak: a.isWeak)
}

func selectionFunctions() -> [NativeFunction] {
    [
        NativeFunction("where", "condition x? y?") { call throws(JaxError) in try whereFunction(call) },
        NativeFunction("clip", "arr min? max?") { call throws(JaxError) in try clip(call) },
        NativeFunction("nonzero", "a") { call throws(JaxError) in
            .tuple(try nonzero(try operand(call[0], "nonzero").handle).map { .array($0) })
        },
        NativeFunction("sort", "a axis? descending?") { call throws(JaxError) in
            let (a, tensor, axis) = try sortArguments(call)
            return .array(try sorted(tensor, axis: axis, isDescending: try call.bool(2, default: false)).values, isWeak: a.isWeak)
        },
        NativeFunction("argsort", "a axis? descending?") { call throws(JaxError) in
            let (_, tensor, axis) = try sortArguments(call)
            return .array(try sorted(tensor, axis: axis, isDescending: try call.bool(2, default: false)).order)
        },
        NativeFunction("take", "a indices axis?") { call throws(JaxError) in
            let a = try operand(call[0], "take")
            if !call.has(2) {
                return try take(ArrayObject(try Lax.reshape(a.handle, [a.handle.elementCount]), isWeak: a.isWeak), call[1], axis: 0)
            }
            return try take(a, call[1], axis: try normalised(try call.int(2), rank: a.shape.count))
        },
        NativeFunction("tril", "m k?") { call throws(JaxError) in try triangle(call, upper: false) },
        NativeFunction("triu", "m k?") { call throws(JaxError) in try triangle(call, upper: true) },
        NativeFunction("diag", "v k?") { call throws(JaxError) in
            let a = try operand(call[0], "diag")
            if case .bigInteger = call[1] { throw JaxError(.overflow, "Python int too large to convert to C long") }
            if a.shape.count == 1 {
                let offset = try call.int(1, default: 0)
                // Far from any size that there is memory for, and sums of it stay in range.
                guard offset.magnitude < 1 << 62 else {
                    throw JaxError(.typeError, "diag: the diagonal \(offset) lies outside of any array")
                }
                let size = a.shape[0] + abs(offset), shape = [size, size]
                let row = try withConstant(.add, try Lax.iota(.i32, shape, axis: 0), .int(offset))
                let isOn = try Lax.compare("EQ", row, try Lax.iota(.i32, shape, axis: 1))
                let before = max(offset, 0), gap = try Lax.full([before], .int(0), a.dtype)
                let after = try Lax.full([size - before - a.shape[0]], .int(0), a.dtype)
                let line = try Lax.concatenate([gap, a.handle, after], axis: 0)
                let zero = try Lax.full(shape, .int(0), a.dtype)
                return .array(try Lax.select(isOn, try Lax.broadcast(line, to: shape), zero), isWeak: a.isWeak)
            }
            guard a.shape.count == 2 else { throw JaxError(.valueError, "diag input must be 1d or 2d") }
            let offset = max(min(try call.int(1, default: 0), a.shape[1]), -a.shape[0])
            let count = max(0, min(a.shape[0] + min(offset, 0), a.shape[1] - max(offset, 0)))
            let line = try Lax.iota(.i32, [count], axis: 0)
            return .object(try subscripted(a, .tuple([.array(try withConstant(.add, line, .int(max(-offset, 0)))),
                                                      .array(try withConstant(.add, line, .int(max(offset, 0))))])))
        },
        NativeFunction("array_equal", "a1 a2") { call throws(JaxError) in
            let a = try operand(call[0], "array_equal"), b = try operand(call[1], "array_equal", 1)
            guard a.shape == b.shape else { return .array(try Lax.scalar(.int(0), .i1)) }
            let common = try CommonOperands([a, b], "eq")
            let equal = try Lax.compare("EQ", common.tensors[0], common.tensors[1])
            return .array(try Lax.reduce(.and, equal, initial: .int(1), axes: Array(equal.shape.indices)))
        },
        NativeFunction("isclose", "a b rtol? atol? equal_nan?") { call throws(JaxError) in .array(try isClose(call)) },
        NativeFunction("allclose", "a b rtol? atol? equal_nan?") { call throws(JaxError) in
            let close = try isClose(call)
            return .array(try Lax.reduce(.and, close, initial: .int(1), axes: Array(close.shape.indices)))
        },
    ]
}

/// |a - b| <= atol + rtol |b|, and equal infinities.
private func isClose(_ call: Call) throws(JaxError) -> Handle {
    let operands = [try operand(call[0], call.functionName), try operand(call[1], call.functionName, 1)]
    let common = try CommonOperands(operands, call.functionName, toInexact: true)
    let a = common.tensors[0], b = common.tensors[1]
    let distance = try Lax.unary(.abs, try Lax.binary(.subtract, a, b))
    let scale = try Lax.unary(.abs, b)
    let relative = try withConstant(.multiply, scale, .float(try call.float(2, default: 1e-5)))
    let bound = try withConstant(.add, relative, .float(try call.float(3, default: 1e-8)))
    let isFiniteBound = try Lax.compare("LT", scale, try Lax.full(scale.shape, .float(.infinity), scale.dtype))
    let near = try Lax.binary(.and, try Lax.compare("LE", distance, bound), isFiniteBound)
    var result = try Lax.binary(.or, near, try Lax.compare("EQ", a, b))
    if try call.bool(4, default: false) {
        result = try Lax.binary(.or, result, try Lax.binary(.and, try Lax.compare("NE", a, a), try Lax.compare("NE", b, b)))
    }
    return result
}
