// slice, dynamic_slice, dynamic_update_slice (StableHLO, sections of these names).
import JaxIR
import JaxPlatform

func sliceFamily() -> [OpDefinition] {
    [
        OpDefinition(.slice, SliceParameters.self, infer: sliceType, tensor: { activation, parameters, operands throws(JaxError) in
            try slice(try operands[0].asTensor(), starts: parameters.starts, strides: parameters.strides,
                      to: try activation.resultTensorType())
        }).linear(.jointly([0])).transposed(transposedSlice).batched { _, op, size in
            let p = op.parameters(SliceParameters.self)
            return SliceParameters(starts: [0] + p.starts, limits: [size] + p.limits, strides: [1] + p.strides)
        },
        OpDefinition(.dynamicSlice, SliceSizesParameters.self, infer: dynamicSliceType,
                     tensor: { activation, _, operands throws(JaxError) in
            let operand = try operands[0].asTensor()
            let type = try activation.resultTensorType()
            let starts = try clampedStarts(operands[1...], operand.shape, type.shape)
            return try slice(operand, starts: starts, strides: [Int](repeating: 1, count: type.rank), to: type)
        }).linear(.jointly([0])).transposed { b, op, cotangent throws(JaxError) in
            let zeros = try b.filled(0, like: op.operands[0])
            return try b.one(.dynamicUpdateSlice, [zeros, cotangent] + op.operands.dropFirst())
        }.batched(batchedDynamicSlice),
        OpDefinition(.dynamicUpdateSlice, infer: dynamicUpdateSliceType, tensor: evaluateDynamicUpdateSlice).linear(.jointly([0, 1]))
            .transposedEach { b, op, cotangent, index throws(JaxError) in
                let starts = op.operands.dropFirst(2)
                if index == 1 { return try b.one(.dynamicSlice, [cotangent] + starts, SliceSizesParameters(try b.tensorType(op.operands[1]).shape)) }
                return try b.one(.dynamicUpdateSlice, [cotangent, try b.filled(0, like: op.operands[1])] + starts)
            }.batched(batchedDynamicUpdateSlice),
    ]
}

/// The elements at `starts`, `starts + strides`, … below `limits`.
public final class SliceParameters: Parameters {
    public private(set) var starts: [Int] = []
    public private(set) var limits: [Int] = []
    public private(set) var strides: [Int] = []

    public convenience init(starts: [Int], limits: [Int], strides: [Int]? = nil) {
        self.init()
        self.starts = starts
        self.limits = limits
        self.strides = strides ?? [Int](repeating: 1, count: starts.count)
    }

    public override func code(_ coder: ParameterCoder) throws(JaxError) {
        try coder.integers("start_indices", &starts)
        try coder.integers("limit_indices", &limits)
        try coder.integers("strides", &strides, missing: [Int](repeating: 1, count: starts.count))
    }
}

/// How much of each dimension is taken.
public final class SliceSizesParameters: Parameters {
    public private(set) var sizes: [Int] = []

    public convenience init(_ sizes: [Int]) {
        self.init()
        self.sizes = sizes
    }

    public override func code(_ coder: ParameterCoder) throws(JaxError) { try coder.integers("slice_sizes", &sizes) }
}

/// One integer; unsigned numbers beyond Int.max count as Int.max.
func integer(_ value: RuntimeValue) throws(JaxError) -> Int {
    let tensor = try value.asTensor()
    switch tensor.dtype {
    case .i1, .u2, .u4, .u8: return Int(tensor.pointer(UInt8.self).pointee)
    case .i2, .i4, .i8: return Int(tensor.pointer(Int8.self).pointee)
    case .i16: return Int(tensor.pointer(Int16.self).pointee)
    case .i32: return Int(tensor.pointer(Int32.self).pointee)
    case .i64: return Int(tensor.pointer(Int64.self).pointee)
    case .u16: return Int(tensor.pointer(UInt16.self).pointee)
    case .u32: return Int(tensor.pointer(UInt32.self).pointee)
    case .u64: return Int(clamping: tensor.pointer(UInt64.self).pointee)
    default: throw JaxError(.internalError, "expected an integer, found \(tensor.type)")
    }
}

// MARK: slice

private func sliceType(_ view: OpView, _ parameters: SliceParameters) throws(JaxError) -> [ValueType] {
    try view.requireOperands(1)
    let operand = try view.tensor(0)
    let starts = parameters.starts, limits = parameters.limits, strides = parameters.strides
    try view.require(starts.count == operand.rank && limits.count == operand.rank && strides.count == operand.rank,
                     "the slice \(text(starts)):\(text(limits)):\(text(strides)) must have one for each dimension of \(operand)")
    var shape: [Int] = []
    for axis in 0..<operand.rank {
        let size = operand.shape[axis]
        try view.require(starts[axis] >= 0 && starts[axis] <= limits[axis] && (isDynamic(size) || limits[axis] <= size)
                            && strides[axis] > 0,
                         "the slice \(text(starts)):\(text(limits)):\(text(strides)) is not inside \(operand)")
        shape.append((limits[axis] - starts[axis]) / strides[axis] + ((limits[axis] - starts[axis]) % strides[axis] == 0 ? 0 : 1))
    }
    return [.tensor(TensorType(operand.dtype, shape))]
}

/// The elements at starts + i strides, which all lie inside the operand.
func slice(_ operand: Tensor, starts: [Int], strides: [Int], to type: TensorType) throws(JaxError) -> Tensor {
    if type == operand.type { return operand }
    let result = try Tensor(type)
    if type.elementCount == 0 { return result }
    var source = operand.type.strides, offset = 0
    for axis in 0..<type.rank {
        offset += starts[axis] * source[axis]
        source[axis] = type.shape[axis] == 1 ? source[axis] : source[axis] * strides[axis]
    }
    dispatchWidth(type.dtype, StridedCopy(nest: StridedNest(shape: type.shape, source: source, target: type.strides),
                                          source: operand.bytes, sourceOffset: offset,
                                          target: result.bytes, targetOffset: 0))
    return result
}

// MARK: dynamic_slice, dynamic_update_slice

private func dynamicSliceType(_ view: OpView, _ parameters: SliceSizesParameters) throws(JaxError) -> [ValueType] {
    let operand = try view.tensor(0), sizes = parameters.sizes
    try requireStarts(view, from: 1, rank: operand.rank)
    try view.require(sizes.count == operand.rank, "slice_sizes \(text(sizes)) must have one for each dimension of \(operand)")
    for axis in 0..<operand.rank {
        let size = operand.shape[axis]
        try view.require(sizes[axis] >= 0 && (isDynamic(size) || sizes[axis] <= size),
                         "slice_sizes \(text(sizes)) do not fit \(operand)")
    }
    return [.tensor(TensorType(operand.dtype, sizes))]
}

private func dynamicUpdateSliceType(_ view: OpView) throws(JaxError) -> [ValueType] {
    let operand = try view.tensor(0), update = try view.tensor(1)
    try requireStarts(view, from: 2, rank: operand.rank)
    try view.require(update.dtype == operand.dtype && update.rank == operand.rank,
                     "the update must have the operand's dtype and rank, is \(update) for \(operand)")
    for axis in 0..<operand.rank {
        let size = operand.shape[axis]
        try view.require(isDynamic(size) || isDynamic(update.shape[axis]) || update.shape[axis] <= size,
                         "the update \(update) does not fit \(operand)")
    }
    return [.tensor(operand)]
}

private func requireStarts(_ view: OpView, from first: Int, rank: Int) throws(JaxError) {
    try view.requireOperands(first + rank)
    for index in first..<first + rank {
        try view.requireScalar(index, "a start index")
        try view.requireInteger(index, "a start index")
    }
}

/// Start indices moved so that a slice of `sizes` lies inside `shape`.
private func clampedStarts(_ operands: ArraySlice<RuntimeValue>, _ shape: [Int], _ sizes: [Int]) throws(JaxError) -> [Int] {
    var starts: [Int] = []
    starts.reserveCapacity(shape.count)
    for (axis, operand) in operands.enumerated() {
        starts.append(max(0, min(try integer(operand), shape[axis] - sizes[axis])))
    }
    return starts
}

/// In place where nothing else needs the operand: a loop that fills an array row by row copies only the rows.
private func evaluateDynamicUpdateSlice(_ activation: Activation, _ operands: inout [RuntimeValue]) throws(JaxError) -> Tensor {
    var target = try operands[0].takeTensor()
    let update = try operands[1].asTensor()
    let starts = try clampedStarts(operands[2...], target.shape, update.shape)
    if update.type == target.type { return update }
    if !target.isUnique() {
        let copy = try Tensor(target.type)
        copy.bytes.copyMemory(from: target.bytes, byteCount: target.type.byteCount)
        target = copy
    }
    if update.elementCount > 0 {
        let strides = target.type.strides
        var offset = 0
        for axis in 0..<starts.count { offset += starts[axis] * strides[axis] }
        dispatchWidth(target.dtype, StridedCopy(
            nest: StridedNest(shape: update.shape, source: update.type.strides, target: strides),
            source: update.bytes, sourceOffset: 0, target: target.bytes, targetOffset: offset))
    }
    return target
}
