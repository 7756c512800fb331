// Functions that rearrange: reshape, transpose, concatenate, stack and their kin.
import JaxIR
import JaxPlatform

/// `reshape`'s target, with one -1 filled in. Throws `typeError` in JAX's words.
func reshapeTarget(_ a: Handle, _ wanted: [Int]) throws(JaxError) -> [Int] {
    var shape = wanted
    let total = a.elementCount
    func mismatch() -> JaxError {
        var size = 1
        for dimension in wanted { size &*= dimension }
        return JaxError(.typeError,
                        "cannot reshape array of shape \(shapeText(a.shape)) (size \(total)) into shape \(shapeText(wanted)) (size "
                            + "\(size))")
    }
    var known = 1, open: Int?
    for (index, size) in shape.enumerated() {
        if size == -1 {
            if open != nil {
                throw JaxError(.valueError, "can only specify one unknown axis size with a `-1` value, got \(shapeText(wanted))")
            }
            open = index
        } else {
            guard size >= 0 else { throw JaxError(.typeError, "shape must have every element be nonnegative, got \(shapeText(wanted))") }
            let (product, overflow) = known.multipliedReportingOverflow(by: size)
            if overflow { throw mismatch() }
            known = product
        }
    }
    if let open {
        guard known != 0, total % known == 0 else {
            throw JaxError(.typeError,
                           "cannot reshape array of shape \(shapeText(a.shape)) (size \(total)) into shape \(shapeText(wanted)) "
                + "because the product of specified axis sizes (\(known)) does not evenly divide \(total)")
        }
        shape[open] = total / known
    } else if known != total {
        throw mismatch()
    }
    return shape
}

/// With the elements read and written row by row ("C") or column by column ("F").
func reshaped(_ a: Handle, _ shape: [Int], order: Value) throws(JaxError) -> Handle {
    switch order {
    case .none, .string("C"): return try Lax.reshape(a, shape)
    case .string("F"):
        let columns = try Lax.reshape(try Lax.transpose(a, Array((0..<a.shape.count).reversed())), Array(shape.reversed()))
        return try Lax.transpose(columns, Array((0..<shape.count).reversed()))
    case .string(let name): throw JaxError(.valueError, "Unexpected value for 'order' argument: \(name).")
    default: throw JaxError(.typeError, "'order' must be a string, not \(order.typeName)")
    }
}

/// A shape given as one tuple or as separate integers.
func shapeArguments(_ values: [Value]) throws(JaxError) -> [Int] {
    if values.count == 1 { return try values[0].asShape() }
    return try Value.tuple(values).asShape()
}

func permuted(_ a: Handle, _ order: Value) throws(JaxError) -> Handle {
    let rank = a.shape.count
    if order.isNone { return try Lax.transpose(a, Array((0..<rank).reversed())) }
    let wanted = try order.asShape()
    var permutation: [Int] = []
    for axis in wanted { permutation.append(try normalised(axis, rank: rank)) }
    guard permutation.count == rank, Set(permutation).count == rank else {
        throw JaxError(.valueError, "axes \(shapeText(wanted)) do not match an array of dimension \(rank)")
    }
    return try Lax.transpose(a, permutation)
}

/// The arrays of a sequence argument, or the rows of one array.
func arrayList(_ value: Value, _ function: String) throws(JaxError) -> [ArrayObject] {
    if let array = value.arrayObject {
        guard !array.shape.isEmpty else { throw JaxError(.valueError, "Need at least one array to \(function).") }
        var rows: [ArrayObject] = []
        for index in 0..<array.shape[0] { rows.append(ArrayObject(try row(array.handle, index), isWeak: array.isWeak)) }
        return rows
    }
    guard let items = value.items else {
        throw JaxError(.typeError, "\(function) requires a sequence of arrays, got \(value.typeName)")
    }
    var arrays: [ArrayObject] = []
    for (position, item) in items.enumerated() { arrays.append(try operand(item, function, position)) }
    if arrays.isEmpty { throw JaxError(.valueError, "Need at least one array to \(function).") }
    return arrays
}

/// a[index].
func row(_ a: Handle, _ index: Int) throws(JaxError) -> Handle {
    var starts = [Int](repeating: 0, count: a.shape.count), limits = a.shape
    starts[0] = index
    limits[0] = index + 1
    let part = try Lax.slice(a, starts: starts, limits: limits, strides: [Int](repeating: 1, count: starts.count))
    return try Lax.reshape(part, Array(a.shape.dropFirst()))
}

private func inCommonType(_ arrays: [ArrayObject], _ dtype: DType?) throws(JaxError) -> [Handle] {
    var types: [PromotedType] = []
    for array in arrays { types.append(PromotedType(dtype: array.dtype, isWeak: array.isWeak)) }
    let common = try promote(types).dtype
    let target = dtype ?? common
    var tensors: [Handle] = []
    for array in arrays { tensors.append(try Lax.convert(array.handle, to: target)) }
    return tensors
}

func concatenate(_ arrays: [ArrayObject], axis wanted: Int, dtype: DType? = nil) throws(JaxError) -> Handle {
    let tensors = try inCommonType(arrays, dtype)
    var shapes = ""
    for (index, tensor) in tensors.enumerated() { shapes += (index > 0 ? ", " : "") + shapeText(tensor.shape) }
    let rank = tensors[0].shape.count
    for tensor in tensors where tensor.shape.count != rank {
        throw JaxError(.typeError, "Cannot concatenate arrays with different numbers of dimensions: got \(shapes).")
    }
    if rank == 0 { throw JaxError(.valueError, "Zero-dimensional arrays cannot be concatenated.") }
    let axis = try normalised(wanted, rank: rank)
    for tensor in tensors {
        for other in 0..<rank where other != axis && tensor.shape[other] != tensors[0].shape[other] {
            throw JaxError(.typeError,
                           "Cannot concatenate arrays with shapes that differ in dimensions other than the one being concatenated: "
                + "concatenating along dimension \(axis) for shapes \(shapes).")
        }
    }
    return tensors.count == 1 ? tensors[0] : try Lax.concatenate(tensors, axis: axis)
}

private func areWeak(_ arrays: [ArrayObject]) -> Bool { arrays.allSatisfy { $0.isWeak } }

private func stack(_ arrays: [ArrayObject], axis wanted: Int, dtype: DType?) throws(JaxError) -> Handle {
    for array in arrays where array.shape != arrays[0].shape {
        var shapes = ""
        for (index, array) in arrays.enumerated() { shapes += (index > 0 ? ", " : "") + shapeText(array.shape) }
        throw JaxError(.valueError, "All input arrays must have the same shape. Got \(shapes).")
    }
    let axis = try normalised(wanted, rank: arrays[0].shape.count + 1)
    var shape = arrays[0].shape
    shape.insert(1, at: axis)
    var parts: [ArrayObject] = []
    for array in arrays { parts.append(ArrayObject(try Lax.reshape(array.handle, shape), isWeak: array.isWeak)) }
    return try concatenate(parts, axis: axis, dtype: dtype)
}

/// At least `rank` dimensions, as NumPy's atleast_nd adds them.
private func atLeast(_ a: Handle, _ rank: Int) throws(JaxError) -> Handle {
    if a.shape.count >= rank { return a }
    return try Lax.reshape(a, [Int](repeating: 1, count: rank - a.shape.count) + a.shape)
}

private func stacked(_ call: Call, rank: Int, axis: (Int) -> Int) throws(JaxError) -> Value {
    var arrays: [ArrayObject] = []
    for array in try arrayList(call[0], call.functionName) { arrays.append(ArrayObject(try atLeast(array.handle, rank), isWeak: array.isWeak)) }
    return .array(try concatenate(arrays, axis: axis(arrays[0].shape.count)), isWeak: areWeak(arrays))
}

private func split(_ call: Call) throws(JaxError) -> Value {
    let a = try operand(call[0], "split")
    let axis = try normalised(try call.int(2, default: 0), rank: a.shape.count)
    let size = a.shape[axis]
    var cuts: [Int] = [0]
    if let sections = try call[1].asIndex() {
        guard sections > 0, size % sections == 0 || call.functionName == "array_split" else {
            throw JaxError(.valueError, "array split does not result in an equal division")
        }
        for index in 0..<sections { cuts.append(cuts[index] + size / sections + (index < size % sections ? 1 : 0)) }
    } else {
        for cut in try call[1].asShape() { cuts.append(min(max(cut < 0 ? cut + size : cut, 0), size)) }
        cuts.append(size)
    }
    var parts: [Value] = []
    for index in 0..<(cuts.count - 1) {
        var starts = [Int](repeating: 0, count: a.shape.count), limits = a.shape
        starts[axis] = cuts[index]
        limits[axis] = max(cuts[index + 1], cuts[index])
        parts.append(.array(try Lax.slice(a.handle, starts: starts, limits: limits, strides: [Int](repeating: 1, count: starts.count)),
                            isWeak: a.isWeak))
    }
    return .list(parts)
}

func squeeze(_ a: Handle, _ axis: Value) throws(JaxError) -> Handle {
    var chosen: [Int] = []
    if axis.isNone {
        for index in a.shape.indices where a.shape[index] == 1 { chosen.append(index) }
    } else {
        chosen = try axes(axis, rank: a.shape.count)
    }
    for index in chosen where a.shape[index] != 1 {
        throw JaxError(.valueError,
                       "cannot select an axis to squeeze out which has size not equal to one, got shape=\(shapeText(a.shape)) and "
                           + "dimensions=\(shapeText(chosen))")
    }
    return try Lax.reshape(a, reducedShape(a.shape, chosen, keepsDimensions: false))
}

/// Repeats the whole array along its axes.
private func tile(_ a: Handle, _ repeats: [Int]) throws(JaxError) -> Handle {
    if repeats.contains(where: { $0 < 0 }) { throw JaxError(.valueError, "tile: reps must not be negative, got \(shapeText(repeats))") }
    let rank = max(a.shape.count, repeats.count)
    let shape = [Int](repeating: 1, count: rank - a.shape.count) + a.shape
    let times = [Int](repeating: 1, count: rank - repeats.count) + repeats
    var spread: [Int] = [], dimensions: [Int] = [], target: [Int] = []
    for axis in 0..<rank {
        spread.append(times[axis])
        dimensions.append(spread.count)
        spread.append(shape[axis])
        target.append(times[axis] &* shape[axis])
    }
    guard TensorType(a.dtype, spread).checkedElementCount != nil else {
        throw JaxError(.resourceExhausted, "tile: an array of shape \(shapeText(spread)) has no size in memory")
    }
    return try Lax.reshape(try Lax.broadcast(try Lax.reshape(a, shape), to: spread, dimensions: dimensions), target)
}

func shapeFunctions() -> [NativeFunction] {
    [
        NativeFunction("reshape", "a shape order?") { call throws(JaxError) in
            let a = try operand(call[0], "reshape")
            return .array(try reshaped(a.handle, try reshapeTarget(a.handle, try call[1].asShape()), order: call[2]), isWeak: a.isWeak)
        },
        NativeFunction("ravel", "a order?") { call throws(JaxError) in
            let a = try operand(call[0], "ravel")
            return .array(try reshaped(a.handle, [a.handle.elementCount], order: call[1]), isWeak: a.isWeak)
        },
        NativeFunction("transpose", "a axes?") { call throws(JaxError) in
            let a = try operand(call[0], "transpose")
            return .array(try permuted(a.handle, call[1]), isWeak: a.isWeak)
        },
        NativeFunction("swapaxes", "a axis1 axis2") { call throws(JaxError) in
            let a = try operand(call[0], "swapaxes")
            var order = Array(a.shape.indices)
            order.swapAt(try normalised(try call.int(1), rank: order.count), try normalised(try call.int(2), rank: order.count))
            return .array(try Lax.transpose(a.handle, order), isWeak: a.isWeak)
        },
        NativeFunction("moveaxis", "a source destination") { call throws(JaxError) in
            let a = try operand(call[0], "moveaxis")
            var from: [Int] = [], to: [Int] = []
            for axis in try call[1].asShape() { from.append(try normalised(axis, rank: a.shape.count)) }
            for axis in try call[2].asShape() { to.append(try normalised(axis, rank: a.shape.count)) }
            for (name, list) in [("source", from), ("destination", to)] where Set(list).count != list.count {
                throw JaxError(.valueError, "repeated axis in `\(name)` argument of moveaxis")
            }
            guard from.count == to.count else {
                throw JaxError(.valueError, "Inconsistent number of elements: \(from.count) vs \(to.count)")
            }
            var order: [Int] = []
            for axis in a.shape.indices where !from.contains(axis) { order.append(axis) }
            for pair in zip(to, from).sorted(by: { $0.0 < $1.0 }) { order.insert(pair.1, at: pair.0) }
            return .array(try Lax.transpose(a.handle, order), isWeak: a.isWeak)
        },
        NativeFunction("expand_dims", "a axis") { call throws(JaxError) in
            let a = try operand(call[0], "expand_dims")
            let wanted = try call[1].asShape()
            var shape = a.shape
            for axis in try axes(.tuple(wanted.map { .int($0) }), rank: a.shape.count + wanted.count) { shape.insert(1, at: axis) }
            return .array(try Lax.reshape(a.handle, shape), isWeak: a.isWeak)
        },
        NativeFunction("squeeze", "a axis?") { call throws(JaxError) in
            let a = try operand(call[0], "squeeze")
            return .array(try squeeze(a.handle, call[1]), isWeak: a.isWeak)
        },
        NativeFunction("concatenate", "arrays axis? dtype?") { call throws(JaxError) in
            var arrays = try arrayList(call[0], "concatenate")
            if call.wasGiven(1) && !call.has(1) {
                for index in arrays.indices {
                    arrays[index] = ArrayObject(try Lax.reshape(arrays[index].handle, [arrays[index].handle.elementCount]),
                                                isWeak: arrays[index].isWeak)
                }
            }
            return .array(try concatenate(arrays, axis: try call.int(1, default: 0), dtype: try call[2].asDType()), isWeak: !call.has(2) && areWeak(arrays))
        },
        NativeFunction("stack", "arrays axis? dtype?") { call throws(JaxError) in
            let arrays = try arrayList(call[0], "stack")
            return .array(try stack(arrays, axis: try call.int(1, default: 0), dtype: try call[2].asDType()), isWeak: !call.has(2) && areWeak(arrays))
        },
        NativeFunction("vstack", "tup") { call throws(JaxError) in try stacked(call, rank: 2) { _ in 0 } },
        NativeFunction("hstack", "tup") { call throws(JaxError) in try stacked(call, rank: 1) { $0 == 1 ? 0 : 1 } },
        NativeFunction("split", "ary indices_or_sections axis?") { call throws(JaxError) in try split(call) },
        NativeFunction("array_split", "ary indices_or_sections axis?") { call throws(JaxError) in try split(call) },
        NativeFunction("tile", "A reps") { call throws(JaxError) in
            let a = try operand(call[0], "tile")
            return .array(try tile(a.handle, try call[1].asShape()), isWeak: a.isWeak)
        },
        NativeFunction("broadcast_to", "array shape") { call throws(JaxError) in
            let a = try operand(call[0], "broadcast_to"), shape = try call[1].asShape()
            let common = try? broadcastShape([a.shape, shape], "broadcast_to")
            guard common == shape else {
                throw JaxError(.valueError,
                               "Incompatible shapes for broadcasting: \(shapeText(a.shape)) and requested shape \(shapeText(shape))")
            }
            return .array(try Lax.broadcast(a.handle, to: shape), isWeak: a.isWeak)
        },
        NativeFunction("flip", "m axis?") { call throws(JaxError) in
            let a = try operand(call[0], "flip")
            return .array(try Lax.reverse(a.handle, try axes(call[1], rank: a.shape.count)), isWeak: a.isWeak)
        },
        NativeFunction("roll", "a shift axis?") { call throws(JaxError) in
            let a = try operand(call[0], "roll")
            let flat = !call.has(2)
            let tensor = flat ? try Lax.reshape(a.handle, [a.handle.elementCount]) : a.handle
            let axis = flat ? 0 : try normalised(try call.int(2), rank: a.shape.count)
            let size = tensor.shape[axis]
            guard size > 0 else { return call[0] }
            let shift = ((try call.int(1) % size) + size) % size
            var middle = [Int](repeating: 0, count: tensor.shape.count), limits = tensor.shape
            let ones = [Int](repeating: 1, count: middle.count), zeros = middle
            middle[axis] = size - shift
            limits[axis] = size - shift
            let tail = try Lax.slice(tensor, starts: middle, limits: tensor.shape, strides: ones)
            let head = try Lax.slice(tensor, starts: zeros, limits: limits, strides: ones)
            return .array(try Lax.reshape(try Lax.concatenate([tail, head], axis: axis), a.shape), isWeak: a.isWeak)
        },
        NativeFunction("atleast_1d", "x") { call throws(JaxError) in .array(try atLeast(try operand(call[0], "atleast_1d").handle, 1)) },
        NativeFunction("atleast_2d", "x") { call throws(JaxError) in .array(try atLeast(try operand(call[0], "atleast_2d").handle, 2)) },
        NativeFunction("shape", "a", .inline) { call throws(JaxError) in .tuple(try operand(call[0], "shape").shape.map { .int($0) }) },
        NativeFunction("ndim", "a", .inline) { call throws(JaxError) in .int(try operand(call[0], "ndim").shape.count) },
        NativeFunction("size", "a", .inline) { call throws(JaxError) in .int(try operand(call[0], "size").handle.elementCount) },
    ]
}
