// constant and iota (StableHLO, sections of these names).
import JaxIR
import JaxPlatform

func constantFamily() -> [OpDefinition] {
    [
        OpDefinition(.constant, ConstantParameters.self, .structural, infer: { view, parameters throws(JaxError) in
            try view.requireOperands(0)
            let literal = parameters.value
            guard let count = literal.type.checkedElementCount else {
                throw view.error(.typeError, "a constant of type \(literal.type) has no size")
            }
            let stored = (literal.isSplat ? 1 : count) * literal.type.dtype.byteWidth
            guard literal.storage.byteCount >= stored else {
                throw view.error(.malformed, "\(literal.type) needs \(stored) bytes, has \(literal.storage.byteCount)")
            }
            return [.tensor(literal.type)]
        }, tensor: { _, parameters, _ throws(JaxError) in try tensor(parameters.value) }),
        OpDefinition(.iota, IotaParameters.self, infer: { view, parameters throws(JaxError) in
            try view.requireOperands(0)
            try view.requireAxes([parameters.dimension], rank: parameters.shape.count, "iota_dimension")
            return [.tensor(TensorType(parameters.dtype, parameters.shape))]
        }, tensor: { activation, parameters, _ throws(JaxError) in
            try iota(try activation.resultTensorType(), parameters.dimension)
        }),
    ]
}

public final class ConstantParameters: Parameters {
    private var literal: Literal?

    public convenience init(_ literal: Literal) {
        self.init()
        self.literal = literal
    }

    public var value: Literal { literal! }

    public override func code(_ coder: ParameterCoder) throws(JaxError) { try coder.literal("value", &literal) }
}

public final class IotaParameters: Parameters {
    public private(set) var dtype = DType.i32
    public private(set) var shape: [Int] = []
    public private(set) var dimension = 0

    public convenience init(_ type: TensorType, dimension: Int) {
        self.init()
        dtype = type.dtype
        shape = type.shape
        self.dimension = dimension
    }

    public override func code(_ coder: ParameterCoder) throws(JaxError) {
        try coder.dtype("dtype", &dtype)
        try coder.shape("shape", &shape)
        try coder.integer("iota_dimension", &dimension)
    }
}

/// A constant's elements; those of a literal that is no splat stay where they are, in the program's memory.
func tensor(_ literal: Literal) throws(JaxError) -> Tensor {
    if !literal.isSplat {
        return Tensor(literal.type, storage: Storage(borrowing: literal.storage.bytes, byteCount: literal.storage.byteCount))
    }
    let result = try Tensor(literal.type)
    if result.elementCount > 0 { dispatchWidth(literal.type.dtype, FillKernel(value: literal.storage.bytes, result: result)) }
    return result
}

/// Every element of `result` set to the one at `value`.
struct FillKernel: WidthKernel {
    let value: UnsafeRawPointer
    let result: Tensor

    func run<T: BitwiseCopyable>(_ type: T.Type) {
        result.pointer(T.self).update(repeating: value.assumingMemoryBound(to: T.self).pointee, count: result.elementCount)
    }
}

/// Each element's index along `axis`.
func iota(_ type: TensorType, _ axis: Int) throws(JaxError) -> Tensor {
    if type.elementCount == 0 { return try Tensor(type) }
    let line = try Tensor(TensorType(.i64, [type.shape[axis]]))
    let numbers = line.pointer(Int64.self)
    for i in 0..<type.shape[axis] { numbers[i] = Int64(i) }
    return try broadcast(try convert(line, to: type.dtype), to: type, dimensions: [axis])
}
