// Contractions of any layout, and convolutions.
import JaxIR
import JaxOps

extension Generator {
    func contraction() {
        chance(70) ? dot() : convolution()
    }

    /// The type of a contraction's result: mostly the operands', sometimes a wider one of their kind.
    private func resultDType(_ dtype: DType) -> DType {
        if !chance(25) { return dtype }
        switch dtype {
        case .f16, .bf16: return .f32
        case .i8, .i16: return .i32
        case .u8, .u16: return .u32
        case .f32: return chance(50) ? .f64 : .bf16
        default: return dtype
        }
    }

    /// Dimensions of each kind in any order on either side.
    private func dot() {
        guard let first = any({ $0.type.dtype != .i1 && $0.type.rank > 0 && $0.type.elementCount <= 3000 }) else { return }
        let sizes = [1, 1, 2, 3, 5, 8, 9, 16, 17, 33]
        let kinds = first.type.shape.map { _ in random.below(4) }
        let batching = kinds.indices.filter { kinds[$0] == 0 }, contracting = kinds.indices.filter { kinds[$0] >= 2 }
        let free = (0..<random.below(3)).map { _ in choice(sizes) }
        // Places of the right operand's dimensions: those shared with the left one, then its own.
        var shape: [(size: Int, of: Int)] = (batching + contracting).map { (first.type.shape[$0], $0) } + free.map { ($0, -1) }
        if chance(60) { shape.shuffle(using: &random) }
        func places(_ axes: [Int]) -> [Int] { axes.map { axis in shape.firstIndex { $0.of == axis }! } }
        guard shape.reduce(1, { $0 * $1.size }) <= Generator.maximumElements else { return }
        let second = value(TensorType(first.type.dtype, shape.map { $0.size }))
        let dimensions = DotDimensions(lhsBatching: batching, rhsBatching: places(batching),
                                       lhsContracting: contracting, rhsContracting: places(contracting))
        let dtype = resultDType(first.type.dtype)
        emit(.dotGeneral, [first, second], DotParameters(dimensions, dtype), isExact: !dtype.isFloat)
    }

    private func convolution() {
        let dtype = choice(dtypes)
        guard dtype != .i1 else { return }
        let spatial = number(0...2), rank = spatial + 2, features = number(1...4), outputs = number(1...4)
        let groups = chance(80) ? 1 : number(2...3), isBatchGroups = chance(25)
        let p = ConvolutionParameters()
        func layout() -> [Int] { Array(0..<rank).shuffled(using: &random) }
        let input = layout(), kernel = layout(), output = layout()
        (p.inputBatch, p.inputFeature, p.inputSpatial) = (input[0], input[1], Array(input[2...]))
        (p.kernelInput, p.kernelOutput, p.kernelSpatial) = (kernel[0], kernel[1], Array(kernel[2...]))
        (p.outputBatch, p.outputFeature, p.outputSpatial) = (output[0], output[1], Array(output[2...]))
        p.featureGroups = isBatchGroups ? 1 : groups
        p.batchGroups = isBatchGroups ? groups : 1
        p.strides = (0..<spatial).map { _ in chance(60) ? 1 : number(1...3) }
        p.padding = (0..<2 * spatial).map { _ in chance(50) ? 0 : number(-1...3) }
        p.inputDilation = (0..<spatial).map { _ in chance(80) ? 1 : 2 }
        p.kernelDilation = (0..<spatial).map { _ in chance(80) ? 1 : 2 }
        p.reversal = (0..<spatial).map { _ in chance(20) }
        p.dtype = resultDType(dtype)
        var inputShape = [Int](repeating: 0, count: rank), kernelShape = inputShape
        inputShape[p.inputBatch] = number(1...3) * p.batchGroups
        inputShape[p.inputFeature] = features * p.featureGroups
        kernelShape[p.kernelInput] = features
        kernelShape[p.kernelOutput] = outputs * groups
        for axis in p.inputSpatial { inputShape[axis] = number(1...17) }
        for axis in p.kernelSpatial { kernelShape[axis] = number(1...4) }
        emit(.convolution, [value(TensorType(dtype, inputShape)), value(TensorType(dtype, kernelShape))], p, isExact: !p.dtype.isFloat)
    }
}
