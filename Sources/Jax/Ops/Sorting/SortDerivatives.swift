// Derivatives of sort and top_k: the tangents go where their elements go.
import JaxIR
import JaxPlatform

/// The order is found once more by sorting the places along.
func sortTangent(_ b: Builder, _ operation: Operation, _ tangents: [ValueID?]) throws(JaxError) -> [ValueID?] {
    let parameters = operation.parameters(SortParameters.self), type = try b.tensorType(operation.operands[0])
    let axis = parameters.dimension < 0 ? parameters.dimension + type.rank : parameters.dimension
    let places = try b.iota(TensorType(.i32, type.shape), dimension: axis), scalar = b.function.makeValue(.tensor(TensorType(.i32, [])))
    let other = b.function.makeValue(.tensor(TensorType(.i32, [])))
    var comparator = b.copy(operation.regions[0])
    comparator.parameters += [scalar, other]
    let sorted = try b.emit(.sort, operation.operands + [places], parameters, regions: [comparator])
    let order = sorted[sorted.count - 1]
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
