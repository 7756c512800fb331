// a.at[index].set(values) and its like: a new array of which some elements are others. Indices out of bounds change nothing
// (jax/_src/ops/scatter.py).
import JaxIR
import JaxOps
import JaxPlatform

/// What becomes of an element and an update.
private func combination(_ kind: String) throws(JaxError) -> OpCode? {
    switch kind {
    case "set": return nil
    case "add": return .add
    case "multiply": return .multiply
    case "min": return .minimum
    case "max": return .maximum
    default: throw JaxError(.valueError, "there is no update '\(kind)'")
    }
}

private func updated(_ a: ArrayObject, _ index: Value, _ values: Value, _ kind: String) throws(JaxError) -> ArrayObject {
    let code = try combination(kind), update = try operand(values, "scatter", 1)
    let real = update.dtype.isComplex && !a.dtype.isComplex ? try Lax.unary(.real, update.handle) : update.handle
    let converted = try Lax.convert(real, to: a.dtype)
    let result: Handle
    if let box = try box(a.shape, index) {
        result = try inBox(a.handle, box.starts, box.sizes, try subscripted(a, index).shape, converted, code)
    } else if let indices = try leadingIndices(a.shape, index) {
        result = try alongLeading(a.handle, indices, converted, code)
    } else {
        let places = try positions(a.shape, index), flat = try Lax.reshape(a.handle, [a.handle.elementCount])
        let spread = try fitted(converted, places.shape)
        let count = places.elementCount
        let made = try scatter(flat, [try Lax.reshape(places, [count])], try Lax.reshape(spread, [count]), code)
        result = try Lax.reshape(made, a.shape)
    }
    return ArrayObject(result, isWeak: a.isWeak && (update.isWeak || scalarType(values) != nil))
}

/// The values in the shape of what they replace. Throws `valueError` in JAX's words.
private func fitted(_ values: Handle, _ shape: [Int]) throws(JaxError) -> Handle {
    var own = values
    // Leading dimensions of size 1 may be too many.
    while own.shape.count > shape.count, own.shape.first == 1 { own = try Lax.reshape(own, Array(own.shape.dropFirst())) }
    let common = try? broadcastShape([own.shape, shape], "scatter")
    guard common == shape else {
        throw JaxError(.valueError, "Incompatible types for broadcasting: input type=\(typeText(values.type)) and requested type="
            + "\(typeText(TensorType(values.dtype, shape)))")
    }
    return try Lax.broadcast(own, to: shape)
}

/// A box whose place is known: read, combined and written.
private func inBox(_ a: Handle, _ starts: [Int], _ sizes: [Int], _ shape: [Int], _ values: Handle, _ code: OpCode?) throws(JaxError) -> Handle {
    var update = try Lax.reshape(try fitted(values, shape), sizes)
    if let code {
        let limits = zip(starts, sizes).map { $0 + $1 }
        update = try Lax.binary(code, try Lax.slice(a, starts: starts, limits: limits, strides: starts.map { _ in 1 }), update)
    }
    if sizes == a.shape { return update }
    var operands = [a, update]
    for start in starts { operands.append(try Lax.scalar(.int(start), .i32)) }
    return try Lax.apply(.dynamicUpdateSlice, operands)
}

/// Rows that arrays of indices name, the other dimensions whole.
private func alongLeading(_ a: Handle, _ indices: [Handle], _ values: Handle, _ code: OpCode?) throws(JaxError) -> Handle {
    let shape = indices[0].shape + a.shape.dropFirst(indices.count)
    return try scatter(a, indices, try fitted(values, shape), code)
}

private func scatter(_ a: Handle, _ indices: [Handle], _ updates: Handle, _ code: OpCode?) throws(JaxError) -> Handle {
    let rank = indices[0].shape.count, leading = Array(0..<indices.count)
    let dimensions = WindowDimensions(windowDims: Array(rank..<updates.shape.count), collapsed: leading, indexMap: leading, indexVectorDim: rank)
    var columns: [Handle] = []
    for index in indices { columns.append(try Lax.reshape(index, index.shape + [1])) }
    let vectors = columns.count == 1 ? columns[0] : try Lax.concatenate(columns, axis: rank)
    let combined = a.dtype == .i1 && code == .add ? OpCode.or : a.dtype == .i1 && code == .multiply ? .and : code
    return try Lax.run([a, vectors, updates]) { builder, values throws(JaxError) in
        let scalar = ValueType.tensor(TensorType(a.dtype, []))
        let body = try builder.region([scalar, scalar]) { builder, pair throws(JaxError) in
            if let combined { [try builder.one(combined, pair)] } else { [pair[1]] }
        }
        return try builder.emit(.scatter, values, ScatterParameters(dimensions), regions: [body])
    }[0]
}

func updateFunctions() -> [NativeFunction] {
    [
        NativeFunction("_update", "a index values kind") { call throws(JaxError) in
            .object(try updated(try operand(call[0], "at"), call[1], call[2], try call.string(3)))
        },
    ]
}
