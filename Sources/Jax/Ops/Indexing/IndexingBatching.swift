// Batching of gather and scatter: rows of operands and of indices go together by their batching dimensions.
import JaxIR
import JaxPlatform

extension WindowDimensions {
    /// The same behind a new leading dimension of the outer array and, where they have one, of the operand and of the indices. Where both have
    /// it they go together; where the operand alone has it, windows run through it.
    fileprivate func behindRows(operand: Bool, indices: Bool) -> WindowDimensions {
        var d = self
        d.windowDims = (operand && !indices ? [0] : []) + behind(windowDims)
        if operand {
            (d.collapsed, d.indexMap) = (behind(collapsed), behind(indexMap))
            d.operandBatching = (indices ? [0] : []) + behind(operandBatching)
        }
        if indices {
            d.indicesBatching = (operand ? [0] : []) + behind(indicesBatching)
            d.indexVectorDim += 1
        }
        return d
    }
}

func batchedGather(_ b: Builder, _ operation: Operation, _ operands: BatchedOperands) throws(JaxError) -> [ValueID]? {
    let p = operation.parameters(GatherParameters.self), operand = operands.isBatched[0], indices = operands.isBatched[1]
    let leading = operand ? [indices ? 1 : operands.size] : []
    return [try b.one(.gather, operands.values, GatherParameters(p.dimensions.behindRows(operand: operand, indices: indices),
                                                                 sliceSizes: leading + p.sliceSizes,
                                                                 indicesAreSorted: p.indicesAreSorted && !indices))]
}

func batchedScatter(_ b: Builder, _ operation: Operation, _ operands: BatchedOperands) throws(JaxError) -> [ValueID]? {
    let p = operation.parameters(ScatterParameters.self), count = operands.values.count / 2, indices = operands.isBatched[count]
    var values = try operands.allBatched(0..<count)
    values.append(operands.values[count])
    values += try operands.allBatched((count + 1)..<operands.values.count)
    let parameters = ScatterParameters(p.dimensions.behindRows(operand: true, indices: indices),
                                       indicesAreSorted: p.indicesAreSorted && !indices, uniqueIndices: p.uniqueIndices)
    return try b.emit(.scatter, values, parameters, regions: operation.regions)
}
