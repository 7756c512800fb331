// Axis arguments: an integer, a tuple, or None for all; negative ones count from the end.
import JaxPlatform

/// `axis` within `rank`. Throws `valueError` in NumPy's words.
func normalised(_ axis: Int, rank: Int) throws(JaxError) -> Int {
    guard axis >= -rank && axis < rank else {
        throw JaxError(.valueError, "axis \(axis) is out of bounds for array of dimension \(rank)")
    }
    return axis < 0 ? axis + rank : axis
}

/// The axes that an argument means, ascending; all for None.
func axes(_ value: Value, rank: Int) throws(JaxError) -> [Int] {
    if value.isNone { return Array(0..<rank) }
    if let axis = try value.asIndex() { return [try normalised(axis, rank: rank)] }
    guard let items = value.items else {
        throw JaxError(.typeError, "axis must be None, an integer or a tuple of integers, not \(value.typeName)")
    }
    var result: [Int] = []
    for item in items {
        guard let axis = try item.asIndex() else {
            throw JaxError(.typeError, "axis must be None, an integer or a tuple of integers, not a tuple with \(item.typeName)")
        }
        let positive = try normalised(axis, rank: rank)
        if result.contains(positive) { throw JaxError(.valueError, "duplicate value in 'axis': \(shapeText(result + [positive]))") }
        result.append(positive)
    }
    return result.sorted()
}

/// `shape` with `axes` gone, or of size 1.
func reducedShape(_ shape: [Int], _ axes: [Int], keepsDimensions: Bool) -> [Int] {
    var result: [Int] = []
    for axis in shape.indices {
        if !axes.contains(axis) { result.append(shape[axis]) } else if keepsDimensions { result.append(1) }
    }
    return result
}
