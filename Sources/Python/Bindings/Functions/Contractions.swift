// matmul, dot and their kin, by way of dot_general.
import JaxIR
import JaxPlatform

private func mismatch(_ a: Handle, _ b: Handle) -> JaxError {
    JaxError(.typeError,
             "dot_general requires contracting dimensions to have the same shape, got \(shapeText(a.shape)) and \(shapeText(b.shape)).")
}

private func contract(_ a: Handle, _ b: Handle, _ contracting: ([Int], [Int]),
                      batch: ([Int], [Int]) = ([], [])) throws(JaxError) -> Handle {
    for (left, right) in zip(contracting.0, contracting.1) where a.shape[left] != b.shape[right] {
        var one: [Int] = [], other: [Int] = []
        for axis in contracting.0 { one.append(a.shape[axis]) }
        for axis in contracting.1 { other.append(b.shape[axis]) }
        throw JaxError(.typeError,
                       "dot_general requires contracting dimensions to have the same shape, got \(shapeText(one)) and \(shapeText(other)).")
    }
    return try Lax.dotGeneral(a, b, contracting: contracting, batch: batch)
}

/// The two operands in their common dtype, shapes as they are.
private func inCommonType(_ left: Value, _ right: Value, _ function: String) throws(JaxError) -> (Handle, Handle, Bool) {
    let a = try operand(left, function, 0), b = try operand(right, function, 1)
    let type = try promote([PromotedType(dtype: a.dtype, isWeak: a.isWeak), PromotedType(dtype: b.dtype, isWeak: b.isWeak)])
    return (try Lax.convert(a.handle, to: type.dtype), try Lax.convert(b.handle, to: type.dtype), type.isWeak)
}

/// `a @ b`: vectors, matrices, and stacks of matrices that broadcast.
func matmul(_ left: Value, _ right: Value) throws(JaxError) -> Value {
    let (a, b, isWeak) = try inCommonType(left, right, "matmul")
    for (position, operand) in [a, b].enumerated() where operand.shape.isEmpty {
        throw JaxError(.valueError, "matmul input operand \(position) must have ndim at least 1, but it has ndim 0")
    }
    let rankA = a.shape.count, rankB = b.shape.count
    if rankA <= 2 && rankB <= 2 { return .array(try contract(a, b, ([rankA - 1], [max(rankB - 2, 0)])), isWeak: isWeak) }
    // Stacks: the leading dimensions broadcast and become batch dimensions.
    let matrixA = rankA == 1 ? try Lax.reshape(a, [1] + a.shape) : a
    let matrixB = rankB == 1 ? try Lax.reshape(b, b.shape + [1]) : b
    let batch: [Int]
    do throws(JaxError) {
        batch = try broadcastShape([Array(matrixA.shape.dropLast(2)), Array(matrixB.shape.dropLast(2))], "matmul")
    } catch {
        throw JaxError(.valueError, "incompatible shapes for broadcasting: \(shapeText(a.shape)) and \(shapeText(b.shape))")
    }
    let count = batch.count, leading = Array(0..<count)
    let fullA = try Lax.broadcast(matrixA, to: batch + matrixA.shape.suffix(2)),
        fullB = try Lax.broadcast(matrixB, to: batch + matrixB.shape.suffix(2))
    let product = try contract(fullA, fullB, ([count + 1], [count]), batch: (leading, leading))
    var shape = product.shape
    if rankB == 1 { shape.removeLast() }
    if rankA == 1 { shape.remove(at: count) }
    return .array(try Lax.reshape(product, shape), isWeak: isWeak)
}

private func dot(_ left: Value, _ right: Value) throws(JaxError) -> Value {
    let (a, b, isWeak) = try inCommonType(left, right, "dot")
    if a.shape.isEmpty || b.shape.isEmpty {
        let shape = a.shape.isEmpty ? b.shape : a.shape
        return .array(try Lax.binary(.multiply, try Lax.broadcast(a, to: shape), try Lax.broadcast(b, to: shape)), isWeak: isWeak)
    }
    return .array(try contract(a, b, ([a.shape.count - 1], [max(b.shape.count - 2, 0)])), isWeak: isWeak)
}

private func tensordot(_ call: Call) throws(JaxError) -> Value {
    let (a, b, isWeak) = try inCommonType(call[0], call[1], "tensordot")
    var left: [Int] = [], right: [Int] = []
    if let count = try call.has(2) ? call[2].asIndex() : 2 {
        guard count >= 0, count <= min(a.shape.count, b.shape.count) else {
            throw JaxError(.typeError, "tensordot requires axes of at most \(min(a.shape.count, b.shape.count)), got \(count)")
        }
        left = Array((a.shape.count - count)..<a.shape.count)
        right = Array(0..<count)
    } else {
        guard let pair = call[2].items, pair.count == 2 else {
            throw JaxError(.typeError, "tensordot axes must be an int or a pair of tuples")
        }
        for axis in try pair[0].asShape() { left.append(try normalised(axis, rank: a.shape.count)) }
        for axis in try pair[1].asShape() { right.append(try normalised(axis, rank: b.shape.count)) }
        guard left.count == right.count else { throw mismatch(a, b) }
    }
    return .array(try contract(a, b, (left, right)), isWeak: isWeak)
}

func contractionFunctions() -> [NativeFunction] {
    [
        NativeFunction("matmul", "a b") { call throws(JaxError) in try matmul(call[0], call[1]) },
        NativeFunction("dot", "a b") { call throws(JaxError) in try dot(call[0], call[1]) },
        NativeFunction("tensordot", "a b axes?") { call throws(JaxError) in try tensordot(call) },
        NativeFunction("inner", "a b") { call throws(JaxError) in
            let (a, b, isWeak) = try inCommonType(call[0], call[1], "inner")
            if a.shape.isEmpty || b.shape.isEmpty { return try dot(call[0], call[1]) }
            return .array(try contract(a, b, ([a.shape.count - 1], [b.shape.count - 1])), isWeak: isWeak)
        },
        NativeFunction("outer", "a b") { call throws(JaxError) in
            let (a, b, isWeak) = try inCommonType(call[0], call[1], "outer")
            let shape = [a.elementCount, b.elementCount]
            let left = try Lax.broadcast(try Lax.reshape(a, [shape[0]]), to: shape, dimensions: [0])
            let right = try Lax.broadcast(try Lax.reshape(b, [shape[1]]), to: shape, dimensions: [1])
            return .array(try Lax.binary(.multiply, left, right), isWeak: isWeak)
        },
        NativeFunction("vdot", "a b") { call throws(JaxError) in
            let (a, b, isWeak) = try inCommonType(call[0], call[1], "vdot")
            var left = try Lax.reshape(a, [a.elementCount])
            if left.dtype.isComplex {
                left = try Lax.binary(.complex, try Lax.unary(.real, left), try Lax.unary(.negate, try Lax.unary(.imag, left)))
            }
            return .array(try contract(left, try Lax.reshape(b, [b.elementCount]), ([0], [0])), isWeak: isWeak)
        },
    ]
}
