// broadcast_in_dim (StableHLO, section broadcast_in_dim).
import JaxIR
import JaxPlatform

func broadcastFamily() -> [OpDefinition] {
    [
        OpDefinition(.broadcastInDim, BroadcastParameters.self, infer: { view, parameters throws(JaxError) in
            try view.requireOperands(1)
            return [.tensor(try parameters.type(view))]
        }, tensor: { activation, parameters, operands throws(JaxError) in
            try broadcast(try operands[0].asTensor(), to: try activation.resultTensorType(), dimensions: parameters.dimensions)
        }).linear(.jointly([0])).transposed(transposedBroadcast).batched { _, op, size in
            let p = op.parameters(BroadcastParameters.self)
            return BroadcastParameters(shape: [size] + p.shape, dimensions: [0] + behind(p.dimensions))
        },
    ]
}

/// The operand's dimension i becomes the result's `dimensions[i]`, of the same size or from size 1.
public final class BroadcastParameters: Parameters {
    public private(set) var shape: [Int] = []
    public private(set) var dimensions: [Int] = []

    public convenience init(shape: [Int], dimensions: [Int]) {
        self.init()
        self.shape = shape
        self.dimensions = dimensions
    }

    public override func code(_ coder: ParameterCoder) throws(JaxError) {
        try coder.shape("shape", &shape)
        try coder.integers("broadcast_dimensions", &dimensions)
        // Hints of dynamic_broadcast_in_dim, which say nothing more once the shape is known.
        _ = coder.isReading ? coder.takeIfPresent("known_expanding_dimensions") : nil
        _ = coder.isReading ? coder.takeIfPresent("known_nonexpanding_dimensions") : nil
    }

    func type(_ view: OpView) throws(JaxError) -> TensorType {
        let operand = try view.tensor(0)
        try view.require(dimensions.count == operand.rank, "broadcast_dimensions \(text(dimensions)) must have one for each of \(operand)")
        try view.requireAxes(dimensions, rank: shape.count, "broadcast_dimensions")
        for (axis, target) in dimensions.enumerated() {
            let size = operand.shape[axis]
            try view.require(size == 1 || agree(size, shape[target]),
                             "cannot broadcast \(operand) to \(TensorType(operand.dtype, shape)): dimension \(axis) to \(target)")
        }
        for size in shape { try view.require(size >= 0 || isDynamic(size), "the shape \(text(shape)) has a negative size") }
        return TensorType(operand.dtype, shape)
    }
}

/// `operand` repeated to fill `type`: its dimension i becomes the result's `dimensions[i]`, of the same size or from size 1.
func broadcast(_ operand: Tensor, to type: TensorType, dimensions: [Int]) throws(JaxError) -> Tensor {
    let count = type.elementCount
    if count == operand.elementCount {
        // Nothing is repeated; unless dimensions change places, the memory is the same.
        var isOrdered = true
        for i in 1..<max(dimensions.count, 1) where dimensions[i] < dimensions[i - 1] { isOrdered = false }
        if isOrdered { return Tensor(type, storage: operand.storage) }
    }
    let result = try Tensor(type)
    if count == 0 { return result }
    if operand.elementCount == 1 {
        dispatchWidth(type.dtype, FillKernel(value: operand.bytes, result: result))
        return result
    }
    var source = [Int](repeating: 0, count: type.rank)
    let strides = operand.type.strides
    for (axis, target) in dimensions.enumerated() where operand.shape[axis] != 1 { source[target] = strides[axis] }
    dispatchWidth(type.dtype, StridedCopy(
        nest: StridedNest(shape: type.shape, source: source, target: type.strides),
        source: operand.bytes, sourceOffset: 0, target: result.bytes, targetOffset: 0))
    return result
}
