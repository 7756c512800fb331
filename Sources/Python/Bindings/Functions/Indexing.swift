// a[…] for reading: integers, slices, None, Ellipsis, and integer or boolean arrays, with NumPy's rules for where the
// dimensions of array indices go, and JAX's that an index out of bounds means the nearest element.
import JaxIR
import JaxOps
import JaxPlatform

/// One dimension's part of an index, after Ellipsis has been expanded.
private enum Part {
    case integer(Int)
    case slice(start: Int, stop: Int, step: Int)
    case newAxis
    /// Integers; negative ones count from the end.
    case array(Handle)
}

/// `a[index]`.
func subscripted(_ a: ArrayObject, _ index: Value) throws(JaxError) -> ArrayObject {
    let parts = try parse(index, a.shape)
    let basic = try applyBasic(a.handle, parts)
    let result = basic.arrays.isEmpty ? basic.handle : try applyArrays(basic, bounds: .nearest)
    return ArrayObject(result, isWeak: a.isWeak)
}

/// Where in the flattened array of `shape` the elements of `a[index]` are; one past its end for those out of bounds.
func positions(_ shape: [Int], _ index: Value) throws(JaxError) -> Handle {
    let count = shape.reduce(1, &*), parts = try parse(index, shape)
    guard count <= Int(Int32.max) else { throw JaxError(.notImplemented, "an update of an array of \(count) elements") }
    let all = try Lax.reshape(try Lax.iota(.i32, [count], axis: 0), shape)
    // A single index that is out of bounds names nothing, too.
    for (axis, part) in zip(partAxes(parts), parts) {
        if case .integer(let number) = part, number < -shape[axis] || number >= shape[axis] {
            let basic = try applyBasic(all, parts)
            return try Lax.full(basic.arrays.isEmpty ? basic.handle.shape : try applyArrays(basic, bounds: .nearest).shape, .int(count), .i32)
        }
    }
    let basic = try applyBasic(all, parts)
    return basic.arrays.isEmpty ? basic.handle : try applyArrays(basic, bounds: .past(count))
}

/// The box of an index that is made of integers and slices without steps: where it starts and its sizes; nil for others.
func box(_ shape: [Int], _ index: Value) throws(JaxError) -> (starts: [Int], sizes: [Int])? {
    var starts: [Int] = [], sizes: [Int] = []
    for part in try parse(index, shape) {
        switch part {
        case .newAxis: break
        case .array: return nil
        case .integer(let number):
            let size = shape[starts.count]
            guard number >= -size, number < size else { return nil }
            starts.append(number < 0 ? number + size : number)
            sizes.append(1)
        case .slice(let start, let stop, let step):
            guard step == 1 else { return nil }
            starts.append(min(start, shape[starts.count]))
            sizes.append(max(stop - start, 0))
        }
    }
    return (starts, sizes)
}

/// The index along leading dimensions, where the others are taken whole: one array of integers a dimension, in one shape; nil for others.
func leadingIndices(_ shape: [Int], _ index: Value) throws(JaxError) -> [Handle]? {
    var indices: [Handle] = [], shapes: [[Int]] = []
    for (axis, part) in try parse(index, shape).enumerated() {
        switch part {
        case .newAxis: return nil
        case .integer(let number) where indices.count == axis:
            let scalar = try Lax.scalar(.int(number), .i32)
            indices.append(scalar)
            shapes.append([])
        case .array(let array) where indices.count == axis:
            indices.append(array)
            shapes.append(array.shape)
        case .slice(0, let stop, 1) where axis < shape.count && stop == shape[axis]: break
        default: return nil
        }
    }
    guard !indices.isEmpty else { return nil }
    let common = try broadcastShape(shapes, "indexing")
    var result: [Handle] = []
    for (axis, array) in indices.enumerated() {
        let wide = try Lax.broadcast(array, to: common), zero = try Lax.full(common, .int(0), .i32)
        result.append(try Lax.select(try Lax.compare("LT", wide, zero), try withConstant(.add, wide, .int(shape[axis])), wide))
    }
    return result
}

/// The dimension that each part consumes; of new dimensions, the next one.
private func partAxes(_ parts: [Part]) -> [Int] {
    var axis = 0, axes: [Int] = []
    for part in parts {
        axes.append(axis)
        if case .newAxis = part { continue }
        axis += 1
    }
    return axes
}

/// What an index beyond a dimension means.
private enum Bounds {
    /// The nearest element.
    case nearest
    /// This position in the flattened array.
    case past(Int)
}

private func parse(_ index: Value, _ shape: [Int]) throws(JaxError) -> [Part] {
    var items: [Value]
    switch index {
    case .tuple(let values): items = values
    case .list:
        throw JaxError(.typeError, "Using a non-tuple sequence for multidimensional indexing is not allowed; use `arr[array(seq)]` "
            + "instead of `arr[seq]`. See https://github.com/jax-ml/jax/issues/4564 for more information.")
    case .string(let text): throw JaxError(.typeError, "JAX does not support string indexing; got idx='\(text)'")
    default: items = [index]
    }
    // How many dimensions the items consume.
    var used = 0, ellipses = 0
    for item in items {
        switch item {
        case .none: break
        case .ellipsis: ellipses += 1
        default:
            if let array = item.arrayObject, array.dtype == .i1 { used += array.shape.count } else { used += 1 }
        }
    }
    if ellipses > 1 { throw JaxError(.indexError, "an index can only have a single ellipsis ('...')") }
    if used > shape.count {
        throw JaxError(.indexError, "Too many indices: array is \(shape.count)-dimensional, but \(used) were indexed")
    }
    if ellipses == 0 { items.append(.ellipsis) }
    var parts: [Part] = []
    var axis = 0
    for item in items {
        switch item {
        case .none: parts.append(.newAxis)
        case .ellipsis:
            for _ in 0..<(shape.count - used) {
                parts.append(.slice(start: 0, stop: shape[axis], step: 1))
                axis += 1
            }
        case .slice(let start, let stop, let step):
            parts.append(try slice(start, stop, step, shape[axis]))
            axis += 1
        case .bool: throw JaxError(.notImplemented, "indexing with a boolean scalar is not available")
        default:
            let consumed = try scalarOrArray(item, shape, axis)
            parts += consumed.parts
            axis += consumed.count
        }
    }
    return parts
}

private func scalarOrArray(_ item: Value, _ shape: [Int], _ axis: Int) throws(JaxError) -> (parts: [Part], count: Int) {
    switch item {
    case .int, .bigInteger: return ([.integer(try index32(item))], 1)
    default: break
    }
    if case .float = item { throw JaxError(.typeError, "Indexer must have integer or boolean type, got indexer with type float64") }
    if case .list = item { return ([.array(try integers(try makeArray(item, dtype: nil)))], 1) }
    guard let array = item.arrayObject else {
        throw JaxError(.typeError, "Indexer must have integer or boolean type, got indexer with type \(item.typeName)")
    }
    if array.dtype == .i1 {
        for (offset, size) in array.shape.enumerated() where shape[axis + offset] != size {
            throw JaxError(.indexError, "boolean index did not match shape of indexed array in index \(axis): "
                + "got \(shapeText(array.shape)), expected \(shapeText(Array(shape[axis..<(axis + array.shape.count)])))")
        }
        guard array.handle.isConcrete else { throw unknownBooleanIndex(array.handle.type) }
        var parts: [Part] = []
        for positions in try nonzero(array.handle) { parts.append(.array(positions)) }
        return (parts, array.shape.count)
    }
    if array.shape.isEmpty && array.dtype.isInteger && array.handle.isConcrete { return ([.integer(elementAsInt(try array.handle.elements(), 0))], 1) }
    return ([.array(try integers(array))], 1)
}

private func integers(_ array: ArrayObject) throws(JaxError) -> Handle {
    if array.handle.elementCount == 0 { return try Lax.convert(array.handle, to: .i32) }
    guard array.dtype.isInteger else {
        throw JaxError(.typeError, "Indexer must have integer or boolean type, got indexer with type \(array.dtype.name)")
    }
    return try Lax.convert(array.handle, to: .i32)
}

/// Python's `slice.indices`.
private func slice(_ start: Value, _ stop: Value, _ step: Value, _ size: Int) throws(JaxError) -> Part {
    func bound(_ value: Value) throws(JaxError) -> Int? {
        if value.isNone { return nil }
        // Beyond any array: what is out of bounds is cut off.
        if case .bigInteger(let digits) = value { return digits.hasPrefix("-") ? .min : .max }
        guard let number = try value.asIndex() else {
            throw JaxError(.typeError, "slice indices must be integers or None, not \(value.typeName)")
        }
        return number
    }
    let wanted = try bound(step) ?? 1
    if wanted == 0 { throw JaxError(.valueError, "slice step cannot be zero") }
    // A step past the end is like any other such step.
    let stride = min(max(wanted, -size - 1), size + 1)
    let low = stride > 0 ? 0 : -1, high = stride > 0 ? size : size - 1
    func clamp(_ number: Int) -> Int { min(max(number < 0 ? number + size : number, low), high) }
    let first = try bound(start).map(clamp) ?? (stride > 0 ? 0 : size - 1)
    let last = try bound(stop).map(clamp) ?? (stride > 0 ? size : -1)
    return .slice(start: first, stop: last, step: stride)
}

/// What slices and integers leave, and the array indices that are still to be applied.
private struct BasicResult {
    var handle: Handle
    /// Axis of `handle` and indices along it, ascending.
    var arrays: [(axis: Int, indices: Handle)]
    /// Whether the array indices stand side by side.
    var areAdjacent: Bool
}

private func applyBasic(_ a: Handle, _ parts: [Part]) throws(JaxError) -> BasicResult {
    var starts: [Int] = [], limits: [Int] = [], strides: [Int] = [], reversed: [Int] = []
    var shape: [Int] = []
    var arrays: [(axis: Int, indices: Handle)] = []
    var positions: [Int] = []
    var axis = 0
    let hasArrays = parts.contains { if case .array = $0 { return true } else { return false } }
    for (position, part) in parts.enumerated() {
        let size = axis < a.shape.count ? a.shape[axis] : 0
        switch part {
        case .newAxis: shape.append(1)
        case .integer(let index):
            if hasArrays {
                // NumPy counts an integer among the array indices.
                let scalar = try Lax.scalar(.int(index), .i32)
                arrays.append((shape.count, scalar))
                positions.append(position)
                starts.append(0)
                limits.append(size)
                shape.append(size)
            } else {
                if size == 0 { throw JaxError(.indexError, "index \(index) is out of bounds for axis \(axis) with size 0") }
                let clamped = min(max(index < 0 ? index + size : index, 0), size - 1)
                starts.append(clamped)
                limits.append(clamped + 1)
            }
            strides.append(1)
            axis += 1
        case .slice(let start, let stop, let step):
            let count = max(0, step > 0 ? (stop - start + step - 1) / step : (start - stop - step - 1) / -step)
            if step > 0 || count == 0 {
                starts.append(count == 0 ? 0 : start)
                limits.append(count == 0 ? 0 : stop)
                strides.append(max(step, 1))
            } else {
                // Backwards: the same elements forwards, then reversed.
                starts.append(start + (count - 1) * step)
                limits.append(start + 1)
                strides.append(-step)
                reversed.append(axis)
            }
            shape.append(count)
            axis += 1
        case .array(let indices):
            arrays.append((shape.count, indices))
            positions.append(position)
            starts.append(0)
            limits.append(size)
            strides.append(1)
            shape.append(size)
            axis += 1
        }
    }
    var tensor = a
    let isWhole = starts.allSatisfy { $0 == 0 } && limits == a.shape && strides.allSatisfy { $0 == 1 }
    if !isWhole { tensor = try Lax.slice(a, starts: starts, limits: limits, strides: strides) }
    if !reversed.isEmpty { tensor = try Lax.reverse(tensor, reversed) }
    let adjacent = positions.isEmpty || positions[positions.count - 1] - positions[0] == positions.count - 1
    return BasicResult(handle: try Lax.reshape(tensor, shape), arrays: arrays, areAdjacent: adjacent)
}

private func applyArrays(_ basic: BasicResult, bounds: Bounds) throws(JaxError) -> Handle {
    var shapes: [[Int]] = []
    for entry in basic.arrays { shapes.append(entry.indices.shape) }
    let shape: [Int]
    do throws(JaxError) {
        shape = try broadcastShape(shapes, "indexing")
    } catch {
        throw JaxError(.typeError, error.message)
    }
    // The indexed axes to the front, merged into one; one index into it for each element.
    let source = basic.handle
    var order: [Int] = [], rest: [Int] = [], restShape: [Int] = []
    for entry in basic.arrays { order.append(entry.axis) }
    for axis in source.shape.indices where !order.contains(axis) {
        rest.append(axis)
        restShape.append(source.shape[axis])
    }
    var count = 1
    for axis in order { count *= source.shape[axis] }
    let front = order + rest == Array(source.shape.indices) ? source : try Lax.transpose(source, order + rest)
    let rows = try Lax.reshape(front, [count] + restShape)
    var position = try Lax.full(shape, .int(0), .i32), isInside: Handle?
    for entry in basic.arrays {
        let size = source.shape[entry.axis]
        let indices = try Lax.broadcast(entry.indices, to: shape)
        let zero = try Lax.full(shape, .int(0), .i32), limit = try Lax.full(shape, .int(max(size - 1, 0)), .i32)
        let wrapped = try Lax.select(try Lax.compare("LT", indices, zero), try withConstant(.add, indices, .int(size)), indices)
        let bounded = try Lax.binary(.minimum, try Lax.binary(.maximum, wrapped, zero), limit)
        position = try Lax.binary(.add, try withConstant(.multiply, position, .int(size)), bounded)
        if case .past = bounds {
            let same = try Lax.compare("EQ", wrapped, bounded)
            isInside = try isInside.map { (all: Handle) throws(JaxError) in try Lax.binary(.and, all, same) } ?? same
        }
    }
    if position.elementCount > 0 && count == 0 { throw JaxError(.indexError, "an index into an axis of size 0 is out of bounds") }
    var taken = try Lax.take(rows, position)
    if case .past(let end) = bounds, let isInside {
        let inside = try Lax.broadcast(isInside, to: taken.shape, dimensions: Array(0..<shape.count))
        taken = try Lax.select(inside, taken, try Lax.full(taken.shape, .int(end), .i32))
    }
    guard basic.areAdjacent, let first = order.first, first > 0 else { return taken }
    // Side by side: their dimensions take the place of the first one.
    var permutation: [Int] = []
    for axis in 0..<first { permutation.append(shape.count + axis) }
    for axis in 0..<shape.count { permutation.append(axis) }
    for axis in first..<rest.count { permutation.append(shape.count + axis) }
    return try Lax.transpose(taken, permutation)
}

/// The indices of the elements that are not zero, one vector an axis.
func nonzero(_ a: Handle) throws(JaxError) -> [Handle] {
    let flags = try truth(a).elements(.value("The size argument of jnp.nonzero must be statically specified to use jnp.nonzero within JAX "
        + "transformations."))
    let bytes = flags.elements(as: UInt8.self)
    var found: [Int] = []
    for index in 0..<flags.elementCount where bytes[index] != 0 { found.append(index) }
    let strides = a.type.strides
    var result: [Handle] = []
    for axis in a.shape.indices {
        let positions = try Tensor(TensorType(.i32, [found.count]))
        for (slot, index) in found.enumerated() {
            positions.elements(as: Int32.self)[slot] = Int32(index / strides[axis] % a.shape[axis])
        }
        result.append(Handle(positions))
    }
    return result
}
