// Derivatives of reduce_window and select_and_scatter. A sum over windows is linear; of the largest or smallest elements the tangents are
// taken along: a window reduction of pairs, whose transpose is select_and_scatter, and the other way round. Any other reducer is
// differentiated through a fold over arrays.
import JaxIR
import JaxPlatform

/// nil: there is no rule but the decomposition.
func windowTangent(_ b: Builder, _ operation: Operation, _ tangents: [ValueID?]) throws(JaxError) -> [ValueID?]? {
    let region = operation.regions[0], x = operation.operands[0]
    if let direction = pairSelection(region, operation) {
        // Which element is taken does not change with it.
        return [try tangents[0].map { (t) throws(JaxError) in try selected(b, operation, x, t, direction) },
                try tangents[1].map { (t) throws(JaxError) in try selected(b, operation, x, t, direction) }]
    }
    guard operation.operands.count == 2, let tangent = tangents[0], tangents[1] == nil,
          try b.tensorType(x).dtype == b.tensorType(operation.results[0]).dtype else { return nil }
    switch reducerCode(region) {
    case .add:
        let zero = try b.filled(0, like: operation.operands[1])
        return [try b.one(.reduceWindow, [tangent, zero], operation.parameters, regions: [b.copy(region)])]
    case .maximum where try !b.tensorType(x).dtype.isComplex: return [try selected(b, operation, x, tangent, .greaterOrEqual)]
    case .minimum where try !b.tensorType(x).dtype.isComplex: return [try selected(b, operation, x, tangent, .lessOrEqual)]
    default: return nil
    }
}

/// The comparison of a reducer of pairs that keeps, of (x, a) and (y, b), the pair whose first element wins; nil for another reducer.
private func pairSelection(_ region: Region, _ operation: Operation) -> Comparison.Direction? {
    guard operation.operands.count == 4, region.operations.count == 3, region.operations[0].code == .compare else { return nil }
    let parameters = region.parameters, predicate = region.operations[0]
    guard predicate.operands == [parameters[0], parameters[2]], region.results == region.operations[1].results + region.operations[2].results
    else { return nil }
    for (place, operation) in region.operations.dropFirst().enumerated() {
        guard operation.code == .select, operation.operands == [predicate.results[0], parameters[place], parameters[2 + place]] else { return nil }
    }
    let direction = predicate.parameters(CompareParameters.self).direction
    return direction == .greaterOrEqual || direction == .lessOrEqual ? direction : nil
}

/// For each window of `x`, the element of `payload` that lies at the largest or smallest element of the window.
private func selected(_ b: Builder, _ operation: Operation, _ x: ValueID, _ payload: ValueID,
                      _ direction: Comparison.Direction) throws(JaxError) -> ValueID {
    let parameters: ReduceWindowParameters
    if operation.code == .selectAndScatter {
        let p = operation.parameters(SelectAndScatterParameters.self)
        parameters = ReduceWindowParameters(dimensions: p.dimensions, strides: p.strides, padding: p.padding)
    } else {
        parameters = operation.parameters(ReduceWindowParameters.self)
    }
    let key = TensorType(try b.tensorType(x).dtype, []), value = TensorType(try b.tensorType(payload).dtype, [])
    let worst = try b.constant(direction == .greaterOrEqual ? -Double.infinity : Double.infinity, key)
    let types: [ValueType] = [.tensor(key), .tensor(value), .tensor(key), .tensor(value)]
    let region = try b.region(types) { (b, p) throws(JaxError) in
        let wins = try b.compare(direction, p[0], p[2])
        return [try b.select(wins, p[0], p[2]), try b.select(wins, p[1], p[3])]
    }
    return try b.emit(.reduceWindow, [x, payload, worst, try b.constant(0, value)], parameters, regions: [region])[1]
}

func transposedWindow(_ b: Builder, _ operation: Operation, _ cotangents: [ValueID?], _ linear: [Bool]) throws(JaxError) -> [ValueID?] {
    let region = operation.regions[0], p = operation.parameters(ReduceWindowParameters.self)
    if let direction = pairSelection(region, operation), linear == [false, true, false, false], let cotangent = cotangents[1] {
        return [nil, try scattered(b, operation, p, cotangent, direction), nil, nil]
    }
    guard operation.operands.count == 2, reducerCode(region) == .add, linear == [true, false], let cotangent = cotangents[0] else {
        throw JaxError(.notImplemented, "Transpose rule (for reverse-mode differentiation) for 'reduce_window' not implemented")
    }
    // Each element gets the cotangents of the windows that it lies in: a sum over windows of the cotangents, set apart by the strides.
    let operand = try b.tensorType(operation.operands[0]), output = try b.tensorType(cotangent)
    if output.elementCount == 0 { return [try b.constant(0, operand), nil] }
    var padding: [Int] = []
    for axis in operand.shape.indices {
        let reach = (p.dimensions[axis] - 1) * p.windowDilations[axis], low = reach - p.padding[2 * axis]
        let apart = (output.shape[axis] - 1) * p.strides[axis] + 1, extent = max(operand.shape[axis] - 1, 0) * p.baseDilations[axis] + 1
        padding += [low, extent + reach - apart - low]
    }
    let zero = try b.constant(0, TensorType(output.dtype, []))
    let sums = try b.one(.reduceWindow, [cotangent, zero],
                         ReduceWindowParameters(dimensions: p.dimensions, strides: p.baseDilations, baseDilations: p.strides,
                                                windowDilations: p.windowDilations, padding: padding), regions: [b.copy(region)])
    return [try b.convert(sums, to: operand.dtype), nil]
}

/// The cotangent of each window at the element that was selected.
private func scattered(_ b: Builder, _ operation: Operation, _ p: ReduceWindowParameters, _ cotangent: ValueID,
                       _ direction: Comparison.Direction) throws(JaxError) -> ValueID {
    let ones = [Int](repeating: 1, count: p.dimensions.count)
    guard p.baseDilations == ones, p.windowDilations == ones else {
        throw JaxError(.notImplemented, "reverse-mode differentiation of 'reduce_window' with dilated windows is not implemented")
    }
    let x = operation.operands[0], key = ValueType.tensor(TensorType(try b.tensorType(x).dtype, []))
    let value = TensorType(try b.tensorType(cotangent).dtype, [])
    let select = try b.region([key, key]) { (b, p) throws(JaxError) in [try b.compare(direction, p[0], p[1])] }
    let scatter = try b.region([.tensor(value), .tensor(value)]) { (b, p) throws(JaxError) in [try b.add(p[0], p[1])] }
    return try b.one(.selectAndScatter, [x, cotangent, try b.constant(0, value)],
                     SelectAndScatterParameters(dimensions: p.dimensions, strides: p.strides, padding: p.padding), regions: [select, scatter])
}

// MARK: select_and_scatter

/// Linear in what is scattered, where it is added up; which elements are selected does not change.
func selectAndScatterTangent(_ b: Builder, _ operation: Operation, _ tangents: [ValueID?]) throws(JaxError) -> [ValueID?] {
    guard reducerCode(operation.regions[1]) == .add, tangents[2] == nil else {
        throw JaxError(.notImplemented, "Differentiation rule for 'select_and_scatter' not implemented")
    }
    guard let tangent = tangents[1] else { return [nil] }
    let zero = try b.filled(0, like: operation.operands[2])
    return [try b.one(.selectAndScatter, [operation.operands[0], tangent, zero], operation.parameters,
                      regions: operation.regions.map { b.copy($0) })]
}

func transposedSelectAndScatter(_ b: Builder, _ operation: Operation, _ cotangents: [ValueID?],
                                _ linear: [Bool]) throws(JaxError) -> [ValueID?] {
    guard linear == [false, true, false], let cotangent = cotangents[0], let selection = ScalarFunction.singleOperation(operation.regions[0]),
          selection.code == .compare else {
        throw JaxError(.notImplemented, "Transpose rule (for reverse-mode differentiation) for 'select_and_scatter' not implemented")
    }
    let direction = selection.parameters(CompareParameters.self).direction
    let isLargest = direction == .greaterOrEqual || direction == .greater
    return [nil, try selected(b, operation, operation.operands[0], cotangent, isLargest ? .greaterOrEqual : .lessOrEqual), nil]
}

// MARK: Any reducer

/// Cumulative windows by doubling, others element by element of the window.
func unrolledWindow(_ b: Builder, _ operation: Operation) throws(JaxError) -> [ValueID] {
    let count = operation.operands.count / 2, region = operation.regions[0], p = operation.parameters(ReduceWindowParameters.self)
    let shape = try b.tensorType(operation.operands[0]).shape
    var arrays: [ValueID] = [], starts: [ValueID] = []
    for k in 0..<count {
        let dtype = try b.tensorType(region.results[k]).dtype
        arrays.append(try b.convert(operation.operands[k], to: dtype))
        starts.append(try b.convert(operation.operands[count + k], to: dtype))
    }
    if let scan = p.cumulative(shape) {
        var shift = 1
        while shift < shape[scan.axis] {
            let none = [Int](repeating: 0, count: shape.count)
            var low = none, high = none
            (low[scan.axis], high[scan.axis]) = scan.isReverse ? (-shift, shift) : (shift, -shift)
            var pairs: [ValueID] = []
            for (array, start) in zip(arrays, starts) {
                pairs.append(try b.one(.pad, [array, start], PadParameters(low: low, high: high, interior: none)))
            }
            arrays = try b.mapped(region, over: pairs + arrays, shape)
            shift *= 2
        }
        return arrays
    }
    let size = p.dimensions.reduce(1) { $0.multipliedReportingOverflow(by: $1).partialValue }
    guard size > 0, size <= 1024 else {
        throw JaxError(.notImplemented, "the derivative of a 'reduce_window' with this reducer and windows of \(size) elements is not implemented")
    }
    var low: [Int] = [], high: [Int] = []
    for axis in shape.indices {
        low.append(p.padding[2 * axis])
        high.append(p.padding[2 * axis + 1])
    }
    var padded: [ValueID] = []
    for (array, start) in zip(arrays, starts) {
        padded.append(try b.one(.pad, [array, start], PadParameters(low: low, high: high, interior: p.baseDilations.map { $0 - 1 })))
    }
    let windows = p.windows(shape), positions = windows.map { $0.outputSize }
    var sum: [ValueID] = []
    for start in starts { sum.append(try b.broadcast(start, to: positions, dimensions: [])) }
    var walk = IndexWalk(shape: p.dimensions, strides: [Int](repeating: 0, count: shape.count))
    for _ in 0..<size {
        var from: [Int] = [], to: [Int] = []
        for axis in shape.indices {
            let first = walk.index[axis] * p.windowDilations[axis]
            from.append(first)
            to.append(positions[axis] == 0 ? first : first + (positions[axis] - 1) * p.strides[axis] + 1)
        }
        var elements: [ValueID] = []
        for array in padded { elements.append(try b.one(.slice, [array], SliceParameters(starts: from, limits: to, strides: p.strides))) }
        sum = try b.mapped(region, over: sum + elements, positions)
        walk.advance()
    }
    return sum
}
