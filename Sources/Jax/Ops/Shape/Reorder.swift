// reshape, transpose, reverse, concatenate (StableHLO, sections of these names).
import JaxIR
import JaxPlatform

func reorderFamily() -> [OpDefinition] {
    [
        OpDefinition(.reshape, ReshapeParameters.self, .structural, infer: { view, parameters throws(JaxError) in
            try view.requireOperands(1)
            return [.tensor(try parameters.type(view))]
        }, tensor: { activation, _, operands throws(JaxError) in
            Tensor(try activation.resultTensorType(), storage: try operands[0].asTensor().storage)
        }).linear(.jointly([0])).transposed { b, op, cotangent throws(JaxError) in
            try b.reshape(cotangent, try b.tensorType(op.operands[0]).shape)
        }.batched { _, op, size in ReshapeParameters([size] + op.parameters(ReshapeParameters.self).shape) },
        OpDefinition(.transpose, TransposeParameters.self, infer: { view, parameters throws(JaxError) in
            try view.requireOperands(1)
            let operand = try view.tensor(0), permutation = parameters.permutation
            try view.requireAxes(permutation, rank: operand.rank, "permutation")
            try view.require(permutation.count == operand.rank, "permutation \(text(permutation)) must name each dimension of \(operand)")
            var shape: [Int] = []
            for axis in permutation { shape.append(operand.shape[axis]) }
            return [.tensor(TensorType(operand.dtype, shape))]
        }, tensor: { _, parameters, operands throws(JaxError) in
            try transpose(try operands[0].asTensor(), parameters.permutation)
        }).linear(.jointly([0])).transposed { b, op, cotangent throws(JaxError) in
            try b.transpose(cotangent, inverse(op.parameters(TransposeParameters.self).permutation))
        }.batched { _, op, _ in TransposeParameters([0] + behind(op.parameters(TransposeParameters.self).permutation)) },
        OpDefinition(.reverse, DimensionsParameters.self, infer: { view, parameters throws(JaxError) in
            try view.requireOperands(1)
            let operand = try view.tensor(0)
            try view.requireAxes(parameters.dimensions, rank: operand.rank, "dimensions")
            return [.tensor(operand)]
        }, tensor: { _, parameters, operands throws(JaxError) in
            try reverse(try operands[0].asTensor(), parameters.dimensions)
        }).linear(.jointly([0])).transposed { b, op, cotangent throws(JaxError) in try b.one(.reverse, [cotangent], op.parameters) }
            .batched { _, op, _ in DimensionsParameters(behind(op.parameters(DimensionsParameters.self).dimensions)) },
        OpDefinition(.concatenate, DimensionParameters.self, infer: concatenateType,
                     tensor: { activation, parameters, operands throws(JaxError) in
            var tensors: [Tensor] = []
            for operand in operands { tensors.append(try operand.asTensor()) }
            return try concatenate(tensors, axis: parameters.dimension, try activation.resultTensorType())
        }).jvp(concatenateTangent).transpose(transposedConcatenate).batched(batchedConcatenate),
    ]
}

/// The shape of the result.
public final class ReshapeParameters: Parameters {
    public private(set) var shape: [Int] = []

    public convenience init(_ shape: [Int]) {
        self.init()
        self.shape = shape
    }

    public override func code(_ coder: ParameterCoder) throws(JaxError) { try coder.shape("new_sizes", &shape) }

    func type(_ view: OpView) throws(JaxError) -> TensorType {
        let operand = try view.tensor(0)
        for size in shape { try view.require(size >= 0 || isDynamic(size), "the shape \(text(shape)) has a negative size") }
        try view.require(agree(try product(operand.shape), try product(shape)),
                         "cannot reshape \(operand) to \(text(shape)): the number of elements differs")
        return TensorType(operand.dtype, shape)
    }
}

/// The operand's dimension `permutation[i]` is dimension i of the result.
public final class TransposeParameters: Parameters {
    public private(set) var permutation: [Int] = []

    public convenience init(_ permutation: [Int]) {
        self.init()
        self.permutation = permutation
    }

    public override func code(_ coder: ParameterCoder) throws(JaxError) { try coder.integers("permutation", &permutation) }
}

/// One dimension.
public final class DimensionParameters: Parameters {
    public private(set) var dimension = 0

    public convenience init(_ dimension: Int) {
        self.init()
        self.dimension = dimension
    }

    public override func code(_ coder: ParameterCoder) throws(JaxError) { try coder.integer("dimension", &dimension) }
}

/// Several dimensions.
public final class DimensionsParameters: Parameters {
    public private(set) var dimensions: [Int] = []

    public convenience init(_ dimensions: [Int]) {
        self.init()
        self.dimensions = dimensions
    }

    public override func code(_ coder: ParameterCoder) throws(JaxError) { try coder.integers("dimensions", &dimensions) }
}

/// The operand with dimension `permutation[i]` as its dimension i.
func transpose(_ operand: Tensor, _ permutation: [Int]) throws(JaxError) -> Tensor {
    let strides = operand.type.strides
    var shape: [Int] = [], source: [Int] = []
    for axis in permutation {
        shape.append(operand.shape[axis])
        source.append(strides[axis])
    }
    let type = TensorType(operand.dtype, shape)
    let nest = StridedNest(shape: shape, source: source, target: type.strides)
    if nest.shape.count == 1 && nest.source[0] == 1 { return Tensor(type, storage: operand.storage) }
    let result = try Tensor(type)
    dispatchWidth(type.dtype, StridedCopy(nest: nest, source: operand.bytes, sourceOffset: 0,
                                          target: result.bytes, targetOffset: 0))
    return result
}

/// The operand with `dimensions` in reverse order.
func reverse(_ operand: Tensor, _ dimensions: [Int]) throws(JaxError) -> Tensor {
    let result = try Tensor(operand.type)
    if operand.elementCount == 0 { return result }
    let strides = operand.type.strides
    var source = strides, offset = 0
    for axis in dimensions {
        source[axis] = -strides[axis]
        offset += strides[axis] * (operand.shape[axis] - 1)
    }
    dispatchWidth(operand.dtype, StridedCopy(
        nest: StridedNest(shape: operand.shape, source: source, target: strides),
        source: operand.bytes, sourceOffset: offset, target: result.bytes, targetOffset: 0))
    return result
}

private func concatenateType(_ view: OpView, _ parameters: DimensionParameters) throws(JaxError) -> [ValueType] {
    try view.require(view.operandCount > 0, "takes at least one operand")
    var type = try view.tensor(0)
    let axis = parameters.dimension
    try view.requireAxes([axis], rank: type.rank, "dimension")
    let operands = text(try view.tensors())
    for index in 1..<view.operandCount {
        let other = try view.tensor(index)
        var expected = type.shape
        if other.rank == type.rank { expected[axis] = other.shape[axis] }
        try view.require(other.dtype == type.dtype && agree(other.shape, expected),
                         "operands must agree but in dimension \(axis), are \(operands)")
        let merged = merge(type.shape, other.shape)
        let size: Int
        if isDynamic(type.shape[axis]) || isDynamic(other.shape[axis]) {
            size = TensorType.dynamic
        } else {
            let (sum, overflow) = type.shape[axis].addingReportingOverflow(other.shape[axis])
            try view.require(!overflow, "the sizes in dimension \(axis) add up to too much")
            size = sum
        }
        type.shape = merged
        type.shape[axis] = size
    }
    return [.tensor(type)]
}

/// The operands one after the other along `axis`, which make up `type`.
func concatenate(_ operands: [Tensor], axis: Int, _ type: TensorType) throws(JaxError) -> Tensor {
    let result = try Tensor(type)
    var outer = 1
    for size in type.shape[..<axis] { outer *= size }
    if type.elementCount == 0 { return result }
    let rowBytes = type.byteCount / outer
    var offset = 0
    for operand in operands {
        let bytes = operand.type.byteCount / outer
        for row in 0..<outer {
            (result.bytes + offset + row * rowBytes).copyMemory(from: operand.bytes + row * bytes, byteCount: bytes)
        }
        offset += bytes
    }
    return result
}
