// The transposes of dot_general and convolution with respect to either operand: contractions and convolutions again.
import JaxIR
import JaxPlatform

/// The cotangent contracted with the other operand over that one's free dimensions, brought into this operand's order.
func transposedDot(_ b: Builder, _ operation: Operation, _ cotangent: ValueID, _ index: Int) throws(JaxError) -> ValueID {
    let parameters = operation.parameters(DotParameters.self), d = parameters.dimensions
    let own = try b.tensorType(operation.operands[index]), other = try b.tensorType(operation.operands[1 - index])
    let batching = index == 0 ? d.lhsBatching : d.rhsBatching, contracting = index == 0 ? d.lhsContracting : d.rhsContracting
    let otherBatching = index == 0 ? d.rhsBatching : d.lhsBatching, otherContracting = index == 0 ? d.rhsContracting : d.lhsContracting
    let free = DotDimensions.free(own.rank, batching, contracting)
    let otherFree = DotDimensions.free(other.rank, otherBatching, otherContracting)
    // The result has batch dimensions, then the left operand's free ones, then the right operand's.
    let leftFree = index == 0 ? free.count : otherFree.count
    let otherPlaces = Array(otherFree.indices).map { batching.count + (index == 0 ? leftFree : 0) + $0 }
    let dimensions = DotDimensions(lhsBatching: Array(batching.indices), rhsBatching: otherBatching, lhsContracting: otherPlaces,
                                   rhsContracting: otherFree)
    let product = try b.dotGeneral(cotangent, operation.operands[1 - index], dimensions, own.dtype)
    // Its dimensions: batch, this operand's free ones, then the contracting ones in the order of the other operand's.
    let contractedOrder = otherContracting.indices.sorted { otherContracting[$0] < otherContracting[$1] }
    let places = batching + free + contractedOrder.map { contracting[$0] }
    return try b.transpose(product, inverse(places))
}

/// With respect to the input: a convolution of the cotangent, dilated by the strides, with the reversed kernel. With respect to the kernel: one
/// of the input with the cotangent, in which batch and features change places (jax/_src/lax/convolution.py has the same two).
func transposedConvolution(_ b: Builder, _ operation: Operation, _ cotangent: ValueID, _ index: Int) throws(JaxError) -> ValueID {
    let p = operation.parameters(ConvolutionParameters.self)
    return index == 0 ? try transposedInput(b, operation, p, cotangent) : try transposedKernel(b, operation, p, cotangent)
}

private func transposedInput(_ b: Builder, _ operation: Operation, _ p: ConvolutionParameters, _ cotangent: ValueID) throws(JaxError) -> ValueID {
    let input = try b.tensorType(operation.operands[0]), kernel = try b.tensorType(operation.operands[1])
    let output = try b.tensorType(operation.results[0])
    let rank = p.spatialRank, q = ConvolutionParameters()
    q.dtype = input.dtype
    (q.inputBatch, q.inputFeature, q.inputSpatial) = (p.outputBatch, p.outputFeature, p.outputSpatial)
    (q.outputBatch, q.outputFeature, q.outputSpatial) = (p.inputBatch, p.inputFeature, p.inputSpatial)
    (q.kernelInput, q.kernelOutput, q.kernelSpatial) = (p.kernelOutput, p.kernelInput, p.kernelSpatial)
    var filter = operation.operands[1]
    let groups = max(p.featureGroups, p.batchGroups)
    q.featureGroups = groups
    if groups > 1 {
        // (groups * outputs, inputs) becomes (outputs, groups * inputs).
        filter = try regrouped(b, filter, from: p.kernelOutput, to: p.kernelInput, groups)
    }
    filter = try reversed(b, filter, p, where: false)
    (q.strides, q.inputDilation, q.kernelDilation) = (p.inputDilation, p.strides, p.kernelDilation)
    q.reversal = [Bool](repeating: false, count: rank)
    for k in 0..<rank {
        let extent = (kernel.shape[p.kernelSpatial[k]] - 1) * p.kernelDilation[k] + 1
        let dilatedInput = dilated(input.shape[p.inputSpatial[k]], p.inputDilation[k])
        let dilatedOutput = dilated(output.shape[p.outputSpatial[k]], p.strides[k])
        let low = extent - p.padding[2 * k] - 1
        q.padding += [low, dilatedInput + extent - 1 - dilatedOutput - low]
    }
    var result = try b.one(.convolution, [cotangent, filter], q)
    if p.batchGroups > 1 {
        result = try regrouped(b, result, from: p.inputFeature, to: p.inputBatch, p.batchGroups)
    }
    return result
}

private func transposedKernel(_ b: Builder, _ operation: Operation, _ p: ConvolutionParameters, _ cotangent: ValueID) throws(JaxError) -> ValueID {
    let input = try b.tensorType(operation.operands[0]), kernel = try b.tensorType(operation.operands[1])
    let output = try b.tensorType(operation.results[0])
    let rank = p.spatialRank, q = ConvolutionParameters()
    if kernel.elementCount == 0 || output.elementCount == 0 { return try b.constant(0, kernel) }
    q.dtype = kernel.dtype
    // The input's features are summed over in the forward direction; here its batch is.
    (q.inputBatch, q.inputFeature, q.inputSpatial) = (p.inputFeature, p.inputBatch, p.inputSpatial)
    (q.kernelInput, q.kernelOutput, q.kernelSpatial) = (p.outputBatch, p.outputFeature, p.outputSpatial)
    (q.outputBatch, q.outputFeature, q.outputSpatial) = (p.kernelInput, p.kernelOutput, p.kernelSpatial)
    if p.featureGroups > 1 {
        q.batchGroups = p.featureGroups
    } else if p.batchGroups > 1 {
        // Each group of the batch goes with its own outputs.
        q.featureGroups = p.batchGroups
    }
    (q.strides, q.inputDilation, q.kernelDilation) = (p.kernelDilation, p.inputDilation, p.strides)
    q.reversal = [Bool](repeating: false, count: rank)
    for k in 0..<rank {
        let extent = (kernel.shape[p.kernelSpatial[k]] - 1) * p.kernelDilation[k] + 1
        let dilatedInput = dilated(input.shape[p.inputSpatial[k]], p.inputDilation[k])
        let dilatedOutput = dilated(output.shape[p.outputSpatial[k]], p.strides[k])
        let total = extent + dilatedOutput - dilatedInput - 1
        q.padding += [p.padding[2 * k], total - p.padding[2 * k]]
    }
    return try reversed(b, try b.one(.convolution, [operation.operands[0], cotangent], q), p, where: true)
}

private func dilated(_ size: Int, _ dilation: Int) -> Int { size == 0 ? 0 : (size - 1) * dilation + 1 }

/// A kernel in reverse order in the spatial dimensions that the convolution does, or does not, reverse itself.
private func reversed(_ b: Builder, _ kernel: ValueID, _ p: ConvolutionParameters, where flag: Bool) throws(JaxError) -> ValueID {
    var axes: [Int] = []
    for (k, axis) in p.kernelSpatial.enumerated() where p.reversal[k] == flag { axes.append(axis) }
    return axes.isEmpty ? kernel : try b.one(.reverse, [kernel], DimensionsParameters(axes))
}

/// Dimension `source`, which is groups times something, gives its groups to the front of dimension `target`.
private func regrouped(_ b: Builder, _ a: ValueID, from source: Int, to target: Int, _ groups: Int) throws(JaxError) -> ValueID {
    let shape = try b.tensorType(a).shape
    var split = shape
    split[source] = shape[source] / groups
    split.insert(groups, at: source)
    // Dimensions after the split, without the groups, in their order; the groups come before the target.
    var order = split.indices.filter { $0 != source }
    let place = order.firstIndex(of: target >= source ? target + 1 : target)!
    order.insert(source, at: place)
    let moved = try b.transpose(try b.reshape(a, split), order)
    var joined = shape
    joined[source] /= groups
    joined[target] *= groups
    return try b.reshape(moved, joined)
}
