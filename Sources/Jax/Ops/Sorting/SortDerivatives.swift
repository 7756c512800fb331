// Derivatives of sort and top_k: the tangents go where their elements go.
import JaxIR
import JaxPlatform

/// The same sort with the places of the elements sorted along, which its tangent goes by.
func sortWithPlaces(_ b: Builder, _ operation: Operation) throws(JaxError) {
    let type = try b.tensorType(operation.operands[0]), scalar = ValueType.tensor(TensorType(.i32, []))
    let places = try b.iota(TensorType(.i32, type.shape), dimension: sortedAxis(operation, type))
    var comparator = operation.regions[0]
    comparator.parameters += [b.function.makeValue(scalar), b.function.makeValue(scalar)]
    try b.emit(.sort, operation.operands + [places], operation.parameters, regions: [comparator])
}

private func sortedAxis(_ operation: Operation, _ type: TensorType) -> Int {
    let dimension = operation.parameters(SortParameters.self).dimension
    return dimension < 0 ? dimension + type.rank : dimension
}

func sortTangent(_ b: Builder, _ operation: Operation, _ tangents: [ValueID?]) throws(JaxError) -> [ValueID?] {
    let order = operation.results[operation.results.count - 1], axis = sortedAxis(operation, try b.tensorType(operation.operands[0]))
    var made: [ValueID?] = []
    for tangent in tangents { made.append(try tangent.map { (t) throws(JaxError) in try b.takeAlong(t, order, axis: axis) }) }
    return made
}

func topKTangent(_ b: Builder, _ operation: Operation, _ tangents: [ValueID?]) throws(JaxError) -> [ValueID?] {
    guard let tangent = tangents[0] else { return [nil, nil] }
    return [try b.takeAlong(tangent, operation.results[1], axis: try b.tensorType(tangent).rank - 1), nil]
}

extension Builder {
    /// The elements of `a` at `places` along one dimension; all other dimensions go together.
    func takeAlong(_ a: ValueID, _ places: ValueID, axis: Int) throws(JaxError) -> ValueID {
        let shape = try tensorType(places).shape
        if shape.contains(0) { return try constant(0, TensorType(try tensorType(a).dtype, shape)) }
        let others = shape.indices.filter { $0 != axis }
        let dimensions = WindowDimensions(windowDims: [], collapsed: [axis], operandBatching: others, indicesBatching: others, indexMap: [axis],
                                          indexVectorDim: shape.count)
        return try one(.gather, [a, places], GatherParameters(dimensions, sliceSizes: [Int](repeating: 1, count: shape.count)))
    }
}
