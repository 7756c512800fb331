// Batching of reduce, reduce_window, select_and_scatter, sort and top_k: one dimension more that none of them works along.
import JaxIR
import JaxPlatform

/// Nil where initial values are batched.
func batchedReduce(_ b: Builder, _ operation: Operation, _ operands: BatchedOperands) throws(JaxError) -> [ValueID]? {
    let count = operands.values.count / 2
    if operands.isBatched[count...].contains(true) { return nil }
    let axes = operation.parameters(DimensionsParameters.self).dimensions
    return try b.emit(.reduce, try operands.allBatched(0..<count) + operands.values[count...], DimensionsParameters(behind(axes)),
                      regions: operation.regions)
}

/// Nil where initial values are batched.
func batchedWindow(_ b: Builder, _ operation: Operation, _ operands: BatchedOperands) throws(JaxError) -> [ValueID]? {
    let count = operands.values.count / 2, p = operation.parameters(ReduceWindowParameters.self)
    if operands.isBatched[count...].contains(true) { return nil }
    let parameters = ReduceWindowParameters(dimensions: [1] + p.dimensions, strides: [1] + p.strides, baseDilations: [1] + p.baseDilations,
                                            windowDilations: [1] + p.windowDilations, padding: [0, 0] + p.padding)
    return try b.emit(.reduceWindow, try operands.allBatched(0..<count) + operands.values[count...], parameters, regions: operation.regions)
}

/// A batched initial value is added afterwards, where the scatter adds.
func batchedSelectAndScatter(_ b: Builder, _ operation: Operation, _ operands: BatchedOperands) throws(JaxError) -> [ValueID]? {
    let p = operation.parameters(SelectAndScatterParameters.self)
    let parameters = SelectAndScatterParameters(dimensions: [1] + p.dimensions, strides: [1] + p.strides, padding: [0, 0] + p.padding)
    let isBatched = operands.isBatched[2]
    guard !isBatched || reducerCode(operation.regions[1]) == .add else {
        throw JaxError(.notImplemented, "Batching rule for 'select_and_scatter' of initial values with this computation not implemented")
    }
    let initial = isBatched ? try b.constant(0, TensorType(try b.tensorType(operands.values[2]).dtype, [])) : operands.values[2]
    let made = try b.one(.selectAndScatter, try operands.allBatched(0..<2) + [initial], parameters, regions: operation.regions)
    if !isBatched { return [made] }
    return [try b.add(made, try b.broadcast(operands.values[2], to: try b.tensorType(made).shape, dimensions: [0]))]
}

func batchedSort(_ b: Builder, _ operation: Operation, _ operands: BatchedOperands) throws(JaxError) -> [ValueID]? {
    let p = operation.parameters(SortParameters.self)
    let dimension = p.dimension < 0 ? p.dimension : p.dimension + 1
    return try b.emit(.sort, try operands.allBatched(), SortParameters(dimension: dimension, isStable: p.isStable), regions: operation.regions)
}
