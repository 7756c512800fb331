// Batching of dot_general and convolution. A contraction has batch dimensions of its own; a convolution gets the rows as part of its batch, of its
// output features, or as groups.
import JaxIR
import JaxPlatform

func batchedDot(_ b: Builder, _ operation: Operation, _ operands: BatchedOperands) throws(JaxError) -> [ValueID]? {
    let p = operation.parameters(DotParameters.self), d = p.dimensions, values = operands.values
    if operands.areAllBatched {
        let dimensions = DotDimensions(lhsBatching: [0] + behind(d.lhsBatching), rhsBatching: [0] + behind(d.rhsBatching),
                                       lhsContracting: behind(d.lhsContracting), rhsContracting: behind(d.rhsContracting))
        return [try b.dotGeneral(values[0], values[1], dimensions, p.dtype)]
    }
    // The rows are one more free dimension, which the result has behind its batch dimensions, or behind the left operand's free ones too.
    let isLeft = operands.isBatched[0]
    let dimensions = isLeft
        ? DotDimensions(lhsBatching: behind(d.lhsBatching), rhsBatching: d.rhsBatching, lhsContracting: behind(d.lhsContracting),
                        rhsContracting: d.rhsContracting)
        : DotDimensions(lhsBatching: d.lhsBatching, rhsBatching: behind(d.rhsBatching), lhsContracting: d.lhsContracting,
                        rhsContracting: behind(d.rhsContracting))
    let free = DotDimensions.free(try operands.shape(0).count, d.lhsBatching, d.lhsContracting).count
    let product = try b.dotGeneral(values[0], values[1], dimensions, p.dtype)
    return [try b.moved(product, from: d.lhsBatching.count + (isLeft ? 0 : free), to: 0)]
}

func batchedConvolution(_ b: Builder, _ operation: Operation, _ operands: BatchedOperands) throws(JaxError) -> [ValueID]? {
    let p = operation.parameters(ConvolutionParameters.self), size = operands.size, values = operands.values
    if operands.areAllBatched {
        // Each row is a group: of the features, or of the batch where that is grouped.
        let byBatch = p.batchGroups > 1
        let input = try b.folded(values[0], into: byBatch ? p.inputBatch : p.inputFeature), kernel = try b.folded(values[1], into: p.kernelOutput)
        let grouped = p.copy()
        if byBatch { grouped.batchGroups *= size } else { grouped.featureGroups *= size }
        return [try b.unfolded(try b.one(.convolution, [input, kernel], grouped), from: p.outputFeature, size: size)]
    }
    if operands.isBatched[0] {
        let input = try b.folded(values[0], into: p.inputBatch, groups: p.batchGroups)
        return [try b.unfolded(try b.one(.convolution, [input, values[1]], p), from: p.outputBatch, size: size)]
    }
    let groups = max(p.featureGroups, p.batchGroups)
    let kernel = try b.folded(values[1], into: p.kernelOutput, groups: groups)
    return [try b.unfolded(try b.one(.convolution, [values[0], kernel], p), from: p.outputFeature, size: size, groups: groups)]
}
