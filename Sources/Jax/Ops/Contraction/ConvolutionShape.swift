// What a convolution's attributes say: dimension numbers, windows, groups; and the shape rules (`docs/spec.md`, convolution).
import JaxIR
import JaxPlatform

/// The dimension numbers and groups of a convolution.
struct ConvolutionDimensions {
    var inputBatch: Int, inputFeature: Int, inputSpatial: [Int]
    var kernelInput: Int, kernelOutput: Int, kernelSpatial: [Int]
    var outputBatch: Int, outputFeature: Int, outputSpatial: [Int]
    var featureGroups: Int, batchGroups: Int

    init(_ attributes: Attributes) {
        inputBatch = attributes.integer("input_batch_dimension") ?? 0
        inputFeature = attributes.integer("input_feature_dimension") ?? 1
        inputSpatial = attributes.integers("input_spatial_dimensions") ?? []
        kernelInput = attributes.integer("kernel_input_feature_dimension") ?? 1
        kernelOutput = attributes.integer("kernel_output_feature_dimension") ?? 0
        kernelSpatial = attributes.integers("kernel_spatial_dimensions") ?? []
        outputBatch = attributes.integer("output_batch_dimension") ?? 0
        outputFeature = attributes.integer("output_feature_dimension") ?? 1
        outputSpatial = attributes.integers("output_spatial_dimensions") ?? []
        featureGroups = attributes.integer("feature_group_count") ?? 1
        batchGroups = attributes.integer("batch_group_count") ?? 1
    }

    var spatialRank: Int { inputSpatial.count }

    /// The windows over the spatial dimensions. `padding` holds (low, high) a dimension.
    func windows(_ attributes: Attributes, input: [Int], kernel: [Int], padding: [Int]) -> [Window] {
        let ones = [Int](repeating: 1, count: spatialRank)
        let strides = attributes.integers("window_strides") ?? ones
        let base = attributes.integers("lhs_dilation") ?? ones
        let dilations = attributes.integers("rhs_dilation") ?? ones
        var windows: [Window] = []
        for k in 0..<spatialRank {
            windows.append(Window(size: input[inputSpatial[k]], window: kernel[kernelSpatial[k]], stride: strides[k], low: padding[2 * k],
                                  high: padding[2 * k + 1], baseDilation: base[k], windowDilation: dilations[k]))
        }
        return windows
    }
}

func convolutionShape(_ op: OpView) throws(JaxError) -> [ValueType] {
    try op.requireOperands(2)
    let rank = ConvolutionDimensions(op.attributes).spatialRank
    return try convolutionResult(op, padding: try op.windowAttribute("padding", 2 * rank, missing: 0, least: -Window.limit))
}

/// The padding is the third operand; the result's spatial dimensions are what the program declares.
func dynamicConvolutionShape(_ op: OpView) throws(JaxError) -> [ValueType] {
    try op.requireOperands(3)
    try op.requireInteger(2, "the padding")
    let padding = try op.tensor(2)
    let rank = ConvolutionDimensions(op.attributes).spatialRank
    try op.require(agree(padding.shape, [rank, 2]), "the padding must be of shape [\(rank),2], is \(padding)")
    return try convolutionResult(op, padding: nil)
}

private func convolutionResult(_ op: OpView, padding: [Int]?) throws(JaxError) -> [ValueType] {
    let input = try op.tensor(0), kernel = try op.tensor(1), declared = try op.declaredTensor()
    let d = ConvolutionDimensions(op.attributes)
    let rank = d.spatialRank + 2
    try op.require(input.rank == rank && kernel.rank == rank && declared.rank == rank && d.kernelSpatial.count == rank - 2 && d.outputSpatial.count == rank - 2,
                   "arrays must have rank \(rank) for \(rank - 2) spatial dimensions, given \(input), \(kernel), \(declared)")
    try op.requireAxes([d.inputBatch, d.inputFeature] + d.inputSpatial, rank: rank, "input dimensions")
    try op.requireAxes([d.kernelInput, d.kernelOutput] + d.kernelSpatial, rank: rank, "kernel dimensions")
    try op.requireAxes([d.outputBatch, d.outputFeature] + d.outputSpatial, rank: rank, "output dimensions")
    _ = try op.windowAttribute("window_strides", rank - 2, missing: 1, least: 1)
    _ = try op.windowAttribute("lhs_dilation", rank - 2, missing: 1, least: 1)
    _ = try op.windowAttribute("rhs_dilation", rank - 2, missing: 1, least: 1)
    let reversal = op.attributes.bools("window_reversal")
    try op.require(reversal == nil || reversal?.count == rank - 2, "window_reversal must have \(rank - 2) elements")
    for size in input.shape + kernel.shape { try op.require(size <= Window.sizeLimit, "a dimension of \(size) is too large to convolve") }
    for axis in d.kernelSpatial { try op.require(kernel.shape[axis] <= Window.limit, "a window of \(kernel.shape[axis]) is too large") }

    try op.require(d.featureGroups >= 1 && d.batchGroups >= 1 && (d.featureGroups == 1 || d.batchGroups == 1),
                   "feature_group_count \(d.featureGroups) and batch_group_count \(d.batchGroups) must be positive, and one of them 1")
    let batch = input.shape[d.inputBatch], features = input.shape[d.inputFeature], outputs = kernel.shape[d.kernelOutput]
    try op.require(isDynamic(batch) || batch % d.batchGroups == 0, "batch size \(batch) is no multiple of batch_group_count \(d.batchGroups)")
    try op.require(isDynamic(features) || features % d.featureGroups == 0 && agree(features / d.featureGroups, kernel.shape[d.kernelInput]),
                   "\(features) input features in \(d.featureGroups) groups do not go with a kernel of \(kernel.shape[d.kernelInput]) input features")
    try op.require(isDynamic(outputs) || outputs % d.featureGroups == 0 && outputs % d.batchGroups == 0,
                   "\(outputs) output features do not divide into \(max(d.featureGroups, d.batchGroups)) groups")
    try requireContraction(op, input, kernel, declared)

    var shape = declared.shape
    shape[d.outputBatch] = isDynamic(batch) ? batch : batch / d.batchGroups
    shape[d.outputFeature] = outputs
    if let padding {
        for (k, window) in d.windows(op.attributes, input: input.shape, kernel: kernel.shape, padding: padding).enumerated() {
            let isKnown = !isDynamic(window.size) && !isDynamic(window.window)
            shape[d.outputSpatial[k]] = isKnown ? window.outputSize : TensorType.dynamic
        }
    }
    return [.tensor(TensorType(declared.dtype, shape))]
}
