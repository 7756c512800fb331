// Reductions over axes: sum, mean, max, argmax, cumsum and their kin (jax/_src/numpy/reductions.py).
import JaxIR
import JaxOps
import JaxPlatform

/// The dtype that sums and products of small integers are computed in.
private func accumulationType(_ dtype: DType) -> DType {
    switch dtype.kind {
    case .boolean, .signed: return dtype.bitWidth < 32 ? .i32 : dtype
    case .unsigned: return dtype.bitWidth < 32 ? .u32 : dtype
    default: return dtype
    }
}

private func isHalf(_ dtype: DType) -> Bool { dtype.isFloat && dtype.bitWidth <= 16 }

private func reduce(_ code: OpCode, _ a: Handle, _ initial: Number, _ axes: [Int], _ keepsDimensions: Bool) throws(JaxError) -> Handle {
    let result = try Lax.reduce(code, a, initial: initial, axes: axes)
    return try Lax.reshape(result, reducedShape(a.shape, axes, keepsDimensions: keepsDimensions))
}

/// Sum or product. Half-precision floats are accumulated in float32, as JAX does.
func fold(_ code: OpCode, _ a: Handle, _ initial: Number, axes: [Int], dtype: DType?, keepsDimensions: Bool) throws(JaxError) -> Handle {
    let target = dtype ?? accumulationType(a.dtype)
    let working = isHalf(target) ? DType.f32 : target
    return try Lax.convert(try reduce(code, try Lax.convert(a, to: working), initial, axes, keepsDimensions), to: target)
}

func mean(_ a: Handle, axes: [Int], dtype: DType?, keepsDimensions: Bool) throws(JaxError) -> Handle {
    let target = dtype ?? a.dtype.inexact
    var count = 1
    for axis in axes { count *= a.shape[axis] }
    let working = isHalf(target) ? DType.f32 : target
    let sum = try fold(.add, try Lax.convert(a, to: working), .int(0), axes: axes, dtype: working, keepsDimensions: keepsDimensions)
    return try Lax.convert(try withConstant(.divide, sum, .int(count)), to: target)
}

func variance(_ a: Handle, axes: [Int], correction: Double, keepsDimensions: Bool) throws(JaxError) -> Handle {
    let target = a.dtype.real.inexact
    let values = try Lax.convert(a, to: isHalf(a.dtype) ? .f32 : a.dtype.inexact)
    let center = try mean(values, axes: axes, dtype: nil, keepsDimensions: true)
    var distance = try Lax.binary(.subtract, values, try Lax.broadcast(center, to: values.shape))
    if distance.dtype.isComplex { distance = try Lax.unary(.abs, distance) }
    let squares = try Lax.binary(.multiply, distance, distance)
    var count = 1
    for axis in axes { count *= a.shape[axis] }
    let sum = try fold(.add, squares, .int(0), axes: axes, dtype: nil, keepsDimensions: keepsDimensions)
    return try Lax.convert(try withConstant(.divide, sum, .float(Double(count) - correction)), to: target)
}

/// The start of max and min: below, or above, every value.
private func extreme(_ dtype: DType, lowest: Bool) -> Number {
    switch dtype.kind {
    case .boolean: return .int(lowest ? 0 : 1)
    case .signed:
        return .int(lowest ? (dtype.bitWidth == 64 ? Int.min : -(1 << (dtype.bitWidth - 1)))
                    : (dtype.bitWidth == 64 ? Int.max : (1 << (dtype.bitWidth - 1)) - 1))
    case .unsigned: return lowest ? .int(0) : .unsigned(dtype.bitWidth == 64 ? UInt.max : UInt(1) << UInt(dtype.bitWidth) - 1)
    default: return .float(lowest ? -.infinity : .infinity)
    }
}

private func extremum(_ call: Call, lowest: Bool) throws(JaxError) -> Value {
    let a = try operand(call[0], call.functionName)
    let chosen = try axes(call[1], rank: a.shape.count)
    for axis in chosen where a.shape[axis] == 0 {
        throw JaxError(.valueError, "zero-size array to reduction operation \(call.functionName) which has no identity")
    }
    let result = try reduce(lowest ? .maximum : .minimum, a.handle, extreme(a.dtype, lowest: lowest),
                            chosen, try call.bool(2, default: false))
    return .array(result)
}

/// The index of the first largest or smallest element along one axis, or of the flattened array.
private func argExtremum(_ call: Call, largest: Bool) throws(JaxError) -> Value {
    let a = try operand(call[0], call.functionName)
    var tensor = a.handle
    var axis = 0
    let keepsDimensions = try call.bool(2, default: false)
    if call.has(1) {
        axis = try normalised(try call.int(1), rank: a.shape.count)
    } else {
        tensor = try Lax.reshape(tensor, [tensor.elementCount])
    }
    guard tensor.shape[axis] > 0 else { throw JaxError(.valueError, "attempt to get \(call.functionName) of an empty sequence") }
    // The first position that equals the extremum, or, where there is one, that holds a NaN.
    let best = try Lax.reduce(largest ? .maximum : .minimum, tensor, initial: extreme(tensor.dtype, lowest: largest), axes: [axis])
    var other = Array(0..<tensor.shape.count)
    other.remove(at: axis)
    let spread = try Lax.broadcast(best, to: tensor.shape, dimensions: other)
    let isBest = try Lax.binary(.or, try Lax.compare("EQ", tensor, spread), try Lax.compare("NE", tensor, tensor))
    let positions = try Lax.iota(.i32, tensor.shape, axis: axis)
    let candidates = try Lax.select(isBest, positions, try Lax.full(tensor.shape, .int(Int(Int32.max)), .i32))
    let first = try Lax.reduce(.minimum, candidates, initial: .int(Int(Int32.max)), axes: [axis])
    let kept = call.has(1) ? a.shape : [Int](repeating: 1, count: keepsDimensions ? a.shape.count : 0)
    let shape = call.has(1) ? reducedShape(kept, [axis], keepsDimensions: keepsDimensions) : kept
    return .array(try Lax.reshape(first, shape))
}

private func truthFold(_ call: Call, _ code: OpCode, _ initial: Int) throws(JaxError) -> Value {
    let a = try operand(call[0], call.functionName)
    let chosen = try axes(call[1], rank: a.shape.count)
    return .array(try reduce(code, try truth(a.handle), .int(initial), chosen, try call.bool(2, default: false)))
}

/// Sums or products of ever longer prefixes along an axis, in log₂ n steps of shifting and combining.
private func scan(_ call: Call, _ code: OpCode, identity: Int) throws(JaxError) -> Value {
    let a = try operand(call[0], call.functionName)
    var tensor = a.handle
    var axis = 0
    if call.has(1) {
        axis = try normalised(try call.int(1), rank: a.shape.count)
    } else {
        tensor = try Lax.reshape(tensor, [tensor.elementCount])
    }
    tensor = try Lax.convert(tensor, to: try call[2].asDType() ?? (tensor.dtype == .i1 ? .i32 : tensor.dtype))
    let size = tensor.shape[axis]
    var distance = 1
    while distance < size {
        var limits = tensor.shape
        limits[axis] = size - distance
        let ones = [Int](repeating: 1, count: limits.count), zeros = [Int](repeating: 0, count: limits.count)
        let head = try Lax.slice(tensor, starts: zeros, limits: limits, strides: ones)
        var gap = tensor.shape
        gap[axis] = distance
        let shifted = try Lax.concatenate([try Lax.full(gap, .int(identity), tensor.dtype), head], axis: axis)
        tensor = try Lax.binary(code, tensor, shifted)
        distance *= 2
    }
    return .array(tensor)
}

func reductionFunctions() -> [NativeFunction] {
    [
        NativeFunction("sum", "a axis? dtype? keepdims?") { call throws(JaxError) in
            let a = try operand(call[0], "sum")
            return .array(try fold(.add, a.handle, .int(0), axes: try axes(call[1], rank: a.shape.count), dtype: try call[2].asDType(),
                                   keepsDimensions: try call.bool(3, default: false)))
        },
        NativeFunction("prod", "a axis? dtype? keepdims?") { call throws(JaxError) in
            let a = try operand(call[0], "prod")
            return .array(try fold(.multiply, a.handle, .int(1), axes: try axes(call[1], rank: a.shape.count), dtype: try call[2].asDType(),
                                   keepsDimensions: try call.bool(3, default: false)))
        },
        NativeFunction("mean", "a axis? dtype? keepdims?") { call throws(JaxError) in
            let a = try operand(call[0], "mean")
            return .array(try mean(a.handle, axes: try axes(call[1], rank: a.shape.count), dtype: try call[2].asDType(),
                                   keepsDimensions: try call.bool(3, default: false)))
        },
        NativeFunction("var", "a axis? ddof? keepdims?") { call throws(JaxError) in
            let a = try operand(call[0], "var")
            return .array(try variance(a.handle, axes: try axes(call[1], rank: a.shape.count), correction: try call.float(2, default: 0),
                                       keepsDimensions: try call.bool(3, default: false)))
        },
        NativeFunction("std", "a axis? ddof? keepdims?") { call throws(JaxError) in
            let a = try operand(call[0], "std")
            let squared = try variance(a.handle, axes: try axes(call[1], rank: a.shape.count), correction: try call.float(2, default: 0),
                                       keepsDimensions: try call.bool(3, default: false))
            return .array(try Lax.unary(.sqrt, squared))
        },
        NativeFunction("max", "a axis? keepdims?") { call throws(JaxError) in try extremum(call, lowest: true) },
        NativeFunction("min", "a axis? keepdims?") { call throws(JaxError) in try extremum(call, lowest: false) },
        NativeFunction("ptp", "a axis? keepdims?") { call throws(JaxError) in
            guard let top = try extremum(call, lowest: true).arrayObject, let bottom = try extremum(call, lowest: false).arrayObject else {
                return .none
            }
            return .array(try Lax.binary(.subtract, top.handle, bottom.handle))
        },
        NativeFunction("argmax", "a axis? keepdims?") { call throws(JaxError) in try argExtremum(call, largest: true) },
        NativeFunction("argmin", "a axis? keepdims?") { call throws(JaxError) in try argExtremum(call, largest: false) },
        NativeFunction("all", "a axis? keepdims?") { call throws(JaxError) in try truthFold(call, .and, 1) },
        NativeFunction("any", "a axis? keepdims?") { call throws(JaxError) in try truthFold(call, .or, 0) },
        NativeFunction("cumsum", "a axis? dtype?") { call throws(JaxError) in try scan(call, .add, identity: 0) },
        NativeFunction("cumprod", "a axis? dtype?") { call throws(JaxError) in try scan(call, .multiply, identity: 1) },
        NativeFunction("count_nonzero", "a axis? keepdims?") { call throws(JaxError) in
            let a = try operand(call[0], "count_nonzero")
            return .array(try fold(.add, try truth(a.handle), .int(0), axes: try axes(call[1], rank: a.shape.count), dtype: .i32,
                                   keepsDimensions: try call.bool(2, default: false)))
        },
    ]
}
