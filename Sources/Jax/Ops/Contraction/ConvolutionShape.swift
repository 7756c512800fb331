// What a convolution's parameters say: dimension numbers, windows, groups; and the shape rule (`docs/spec.md`, convolution).
import JaxIR
import JaxPlatform

/// The parameters of a convolution. The padding is (low, high) a spatial dimension.
public class ConvolutionParameters: Parameters {
    public final var inputBatch = 0, inputFeature = 1, inputSpatial: [Int] = []
    public final var kernelInput = 1, kernelOutput = 0, kernelSpatial: [Int] = []
    public final var outputBatch = 0, outputFeature = 1, outputSpatial: [Int] = []
    public final var featureGroups = 1, batchGroups = 1
    public final var strides: [Int] = []
    public final var padding: [Int] = []
    public final var inputDilation: [Int] = []
    public final var kernelDilation: [Int] = []
    public final var reversal: [Bool] = []
    /// The element type of the result.
    public final var dtype = DType.f32

    public override func code(_ coder: ParameterCoder) throws(JaxError) {
        try coder.integer("input_batch_dimension", &inputBatch)
        try coder.integer("input_feature_dimension", &inputFeature)
        try coder.integers("input_spatial_dimensions", &inputSpatial)
        try coder.integer("kernel_input_feature_dimension", &kernelInput)
        try coder.integer("kernel_output_feature_dimension", &kernelOutput)
        try coder.integers("kernel_spatial_dimensions", &kernelSpatial)
        try coder.integer("output_batch_dimension", &outputBatch)
        try coder.integer("output_feature_dimension", &outputFeature)
        try coder.integers("output_spatial_dimensions", &outputSpatial)
        try coder.integer("feature_group_count", &featureGroups, missing: 1)
        try coder.integer("batch_group_count", &batchGroups, missing: 1)
        let ones = [Int](repeating: 1, count: inputSpatial.count)
        try coder.integers("window_strides", &strides, missing: ones)
        try coder.integers("lhs_dilation", &inputDilation, missing: ones)
        try coder.integers("rhs_dilation", &kernelDilation, missing: ones)
        try coder.bools("window_reversal", &reversal, missing: inputSpatial.count)
        try coder.dtype("preferred_element_type", &dtype)
        try codeShape(coder)
    }

    /// What says how large the result is.
    func codeShape(_ coder: ParameterCoder) throws(JaxError) {
        try coder.integers("padding", &padding, missing: [Int](repeating: 0, count: 2 * inputSpatial.count))
    }

    /// The same, to be changed.
    public final func copy() -> ConvolutionParameters {
        let copy = ConvolutionParameters()
        (copy.inputBatch, copy.inputFeature, copy.inputSpatial) = (inputBatch, inputFeature, inputSpatial)
        (copy.kernelInput, copy.kernelOutput, copy.kernelSpatial) = (kernelInput, kernelOutput, kernelSpatial)
        (copy.outputBatch, copy.outputFeature, copy.outputSpatial) = (outputBatch, outputFeature, outputSpatial)
        (copy.featureGroups, copy.batchGroups, copy.strides, copy.padding) = (featureGroups, batchGroups, strides, padding)
        (copy.inputDilation, copy.kernelDilation, copy.reversal, copy.dtype) = (inputDilation, kernelDilation, reversal, dtype)
        return copy
    }

    final var spatialRank: Int { inputSpatial.count }

    /// The windows over the spatial dimensions.
    final func windows(input: [Int], kernel: [Int]) -> [Window] {
        var windows: [Window] = []
        for k in 0..<spatialRank {
            windows.append(Window(size: input[inputSpatial[k]], window: kernel[kernelSpatial[k]], stride: strides[k], low: padding[2 * k],
                                  high: padding[2 * k + 1], baseDilation: inputDilation[k], windowDilation: kernelDilation[k]))
        }
        return windows
    }
}

/// A convolution whose padding is an operand; the shape is that of the result.
public final class DynamicConvolutionParameters: ConvolutionParameters {
    public private(set) var shape: [Int] = []

    override func codeShape(_ coder: ParameterCoder) throws(JaxError) { try coder.shape("shape", &shape) }

    /// The convolution with this padding.
    public func padded(_ padding: [Int]) -> ConvolutionParameters {
        let plain = copy()
        plain.padding = padding
        return plain
    }
}

func convolutionType(_ op: OpView, _ parameters: ConvolutionParameters) throws(JaxError) -> TensorType {
    try op.requireOperands(2)
    return try convolutionResult(op, parameters, declared: nil)
}

/// The padding is the third operand; the result's spatial dimensions are what the program declares.
func dynamicConvolutionType(_ op: OpView, _ parameters: DynamicConvolutionParameters) throws(JaxError) -> TensorType {
    try op.requireOperands(3)
    try op.requireInteger(2, "the padding")
    let padding = try op.tensor(2)
    let rank = parameters.spatialRank
    try op.require(agree(padding.shape, [rank, 2]), "the padding must be of shape [\(rank),2], is \(padding)")
    return try convolutionResult(op, parameters, declared: parameters.shape)
}

/// `declared` is the shape of the result where the padding is not known.
private func convolutionResult(_ op: OpView, _ d: ConvolutionParameters, declared: [Int]?) throws(JaxError) -> TensorType {
    let input = try op.tensor(0), kernel = try op.tensor(1)
    let rank = d.spatialRank + 2
    try op.require(input.rank == rank && kernel.rank == rank && d.kernelSpatial.count == rank - 2 && d.outputSpatial.count == rank - 2
                   && (declared == nil || declared?.count == rank),
                   "arrays must have rank \(rank) for \(rank - 2) spatial dimensions, given \(input), \(kernel)")
    try op.requireAxes([d.inputBatch, d.inputFeature] + d.inputSpatial, rank: rank, "input dimensions")
    try op.requireAxes([d.kernelInput, d.kernelOutput] + d.kernelSpatial, rank: rank, "kernel dimensions")
    try op.requireAxes([d.outputBatch, d.outputFeature] + d.outputSpatial, rank: rank, "output dimensions")
    try op.requireWindow("window_strides", d.strides, rank - 2, least: 1)
    try op.requireWindow("lhs_dilation", d.inputDilation, rank - 2, least: 1)
    try op.requireWindow("rhs_dilation", d.kernelDilation, rank - 2, least: 1)
    if declared == nil { try op.requireWindow("padding", d.padding, 2 * (rank - 2), least: -Window.limit) }
    try op.require(d.reversal.count == rank - 2, "window_reversal must have \(rank - 2) elements")
    for size in input.shape + kernel.shape { try op.require(size <= Window.sizeLimit, "a dimension of \(size) is too large to convolve") }
    for axis in d.kernelSpatial { try op.require(kernel.shape[axis] <= Window.limit, "a window of \(kernel.shape[axis]) is too large") }

    try op.require(d.featureGroups >= 1 && d.batchGroups >= 1 && (d.featureGroups == 1 || d.batchGroups == 1),
                   "feature_group_count \(d.featureGroups) and batch_group_count \(d.batchGroups) must be positive, and one of them 1")
    let batch = input.shape[d.inputBatch], features = input.shape[d.inputFeature], outputs = kernel.shape[d.kernelOutput]
    try op.require(isDynamic(batch) || batch % d.batchGroups == 0,
                   "batch size \(batch) is no multiple of batch_group_count \(d.batchGroups)")
    try op.require(isDynamic(features) || features % d.featureGroups == 0 && agree(features / d.featureGroups, kernel.shape[d.kernelInput]),
                   "\(features) input features in \(d.featureGroups) groups do not go with a kernel of \(kernel.shape[d.kernelInput]) "
                       + "input features")
    try op.require(isDynamic(outputs) || outputs % d.featureGroups == 0 && outputs % d.batchGroups == 0,
                   "\(outputs) output features do not divide into \(max(d.featureGroups, d.batchGroups)) groups")
    try requireContraction(op, input, kernel, d.dtype)

    var shape = declared ?? [Int](repeating: TensorType.dynamic, count: rank)
    shape[d.outputBatch] = isDynamic(batch) ? batch : batch / d.batchGroups
    shape[d.outputFeature] = outputs
    if declared == nil {
        for (k, window) in d.windows(input: input.shape, kernel: kernel.shape).enumerated() {
            let isKnown = !isDynamic(window.size) && !isDynamic(window.window)
            shape[d.outputSpatial[k]] = isKnown ? window.outputSize : TensorType.dynamic
        }
    }
    return TensorType(d.dtype, shape)
}
