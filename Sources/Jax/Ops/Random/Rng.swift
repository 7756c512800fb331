// rng (StableHLO, section rng; being deprecated): numbers from a distribution. Deterministic: Threefry under the operation's
// number in its function, counting from 0 each time that it runs.
import CMath
import JaxIR
import JaxPlatform

func rngFamily() -> [OpDefinition] {
    [OpDefinition(.rng, RngParameters.self, .effects, infer: { view, parameters throws(JaxError) in
        try view.requireOperands(3)
        let a = try view.tensor(0), b = try view.tensor(1)
        try view.require(a.rank == 0 && b == a, "the bounds must be scalars of one type, are \(a) and \(b)")
        try view.requireShapeOperand(2, rank: parameters.shape.count)
        try view.require(parameters.distribution == .uniform ? !a.dtype.isComplex : a.dtype.isFloat,
                         "the distribution \(parameters.distribution.rawValue) is not defined for \(a.dtype.name)")
        return [.tensor(TensorType(a.dtype, parameters.shape))]
    }, tensor: evaluateRng).batched(batchedRng)]
}

public final class RngParameters: Parameters {
    public enum Distribution: String {
        case uniform = "UNIFORM", normal = "NORMAL"
    }

    public private(set) var distribution = Distribution.uniform
    public private(set) var shape: [Int] = []

    public convenience init(_ distribution: Distribution, shape: [Int]) {
        self.init()
        self.distribution = distribution
        self.shape = shape
    }

    public override func code(_ coder: ParameterCoder) throws(JaxError) {
        try coder.choice("rng_distribution", &distribution)
        try coder.shape("shape", &shape)
    }
}

private func evaluateRng(_ activation: Activation, _ parameters: RngParameters,
                         _ operands: inout [RuntimeValue]) throws(JaxError) -> Tensor {
    let type = try activation.resultTensorType()
    let generator = Threefry(key: UInt64(activation.operation.results[0].index))
    if !type.dtype.isFloat {
        let low = Int64(try integer(operands[0])), high = Int64(try integer(operands[1]))
        let numbers = try Tensor(TensorType(.i64, type.shape))
        let elements = numbers.pointer(Int64.self)
        // An empty interval is undefined: it gives its lower bound.
        let size = low < high ? UInt64(bitPattern: high &- low) : 1
        for i in 0..<numbers.elementCount { elements[i] = low &+ Int64(bitPattern: word(generator, UInt64(i)) % size) }
        return try convert(numbers, to: type.dtype)
    }
    let a = try float(operands[0]), b = try float(operands[1])
    let numbers = try Tensor(TensorType(.f64, type.shape))
    let elements = numbers.pointer(Double.self)
    let steps = uniformSteps(type.dtype)
    for i in 0..<numbers.elementCount {
        if parameters.distribution == .uniform {
            elements[i] = a + uniform(word(generator, UInt64(i)), steps) * (b - a)
        } else {
            // Box and Muller's transform; the first number is moved off zero.
            let x = 1 - uniform(word(generator, 2 * UInt64(i)), 53), y = uniform(word(generator, 2 * UInt64(i) + 1), 53)
            elements[i] = a + b * (-2 * log(x)).squareRoot() * cos(2 * Double.pi * y)
        }
    }
    return try convert(numbers, to: type.dtype)
}

/// A float scalar as a Double.
private func float(_ value: RuntimeValue) throws(JaxError) -> Double {
    let tensor = try convert(try value.asTensor(), to: .f64)
    return withExtendedLifetime(tensor) { tensor.pointer(Double.self).pointee }
}

private func word(_ generator: Threefry, _ counter: UInt64) -> UInt64 {
    let (x, y) = generator.encrypt(counter)
    return UInt64(x) | UInt64(y) << 32
}

/// A number in [0, 1) with `bits` random bits.
private func uniform(_ word: UInt64, _ bits: Int) -> Double {
    Double(word >> UInt64(64 - bits)) * Double(sign: .plus, exponent: -bits, significand: 1)
}

/// As many bits as the type resolves below 1, so that rounding does not reach it.
private func uniformSteps(_ dtype: DType) -> Int {
    switch dtype {
    case .bf16: return 8
    case .f16: return 11
    case .f32: return 24
    default: return 53
    }
}
