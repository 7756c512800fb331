// rng_bit_generator (StableHLO, section rng_bit_generator): bits from a counter-based generator, the same as XLA's. The
// state is u64[2] (key, counter) for THREE_FRY, u64[2] or u64[3] (key, low and high counter) for PHILOX, which is also what DEFAULT means.
import JaxIR
import JaxPlatform

func rngBitGeneratorFamily() -> [OpDefinition] {
    [OpDefinition(.rngBitGenerator, RngBitGeneratorParameters.self, infer: { view, parameters throws(JaxError) in
        try view.requireOperands(1)
        let state = try view.tensor(0), output = parameters.type
        try view.require(state.dtype == .u64 && state.rank == 1, "the state must be a vector of u64, is \(state)")
        switch parameters.algorithm {
        case .threefry: try view.require(agree(state.shape[0], 2), "THREE_FRY has a state of u64[2], given \(state)")
        case .philox, .normal:
            try view.require(agree(state.shape[0], 2) || agree(state.shape[0], 3),
                             "\(parameters.algorithm.rawValue) has a state of u64[2] or u64[3], given \(state)")
        }
        try view.require((output.dtype.isInteger || output.dtype.isFloat) && output.dtype.bitWidth >= 8,
                         "the bits must be integers or floats of 8 to 64 bits, are \(output)")
        return [.tensor(state), .tensor(output)]
    }, evaluate: { activation, parameters, operands throws(JaxError) in
        let state = try operands[0].asTensor()
        let bits = try activation.makeResult(1)
        let next = try Tensor(state.type)
        let old = state.pointer(UInt64.self), new = next.pointer(UInt64.self)
        new[0] = old[0]
        if parameters.algorithm == .threefry {
            new[1] = try old[1] &+ fillThreefry(bits, key: old[0], counter: old[1])
        } else {
            // With two words of state XLA takes the second as the low and the key as the high half of the counter.
            let low = old[1], high = state.elementCount >= 3 ? old[2] : old[0]
            let steps = try fillPhilox(bits, key: old[0], low: low, high: high)
            new[1] = low &+ steps
            if state.elementCount >= 3 { new[2] = new[1] < low ? high &+ 1 : high }
        }
        return [.tensor(next), .tensor(bits)]
    }).batched(batchedRngBitGenerator)]
}

public final class RngBitGeneratorParameters: Parameters {
    public enum Algorithm: String {
        case normal = "DEFAULT", threefry = "THREE_FRY", philox = "PHILOX"
    }

    public private(set) var algorithm = Algorithm.normal
    public private(set) var dtype = DType.u32
    public private(set) var shape: [Int] = []

    public convenience init(_ algorithm: Algorithm, _ type: TensorType) {
        self.init()
        self.algorithm = algorithm
        dtype = type.dtype
        shape = type.shape
    }

    public override func code(_ coder: ParameterCoder) throws(JaxError) {
        try coder.choice("rng_algorithm", &algorithm)
        try coder.dtype("dtype", of: 1, &dtype)
        try coder.shape("shape", of: 1, &shape)
    }

    /// The type of the bits.
    public var type: TensorType { TensorType(dtype, shape) }
}

/// Fills `bits` and returns by how much the counter goes on. A pair of words makes one element of 64 bits, or two of 32,
/// which lie beside each other in the first dimension of even size (else the largest).
func fillThreefry(_ bits: Tensor, key: UInt64, counter: UInt64) throws(JaxError) -> UInt64 {
    let generator = Threefry(key: key)
    let count = bits.elementCount
    if count == 0 { return 0 }
    if bits.dtype.bitWidth == 64 {
        let words = bits.pointer(UInt64.self)
        for i in 0..<count {
            if i & 0xFFFF == 0 { try checkpoint() }
            let (x, y) = generator.encrypt(counter &+ UInt64(i))
            words[i] = UInt64(x) | UInt64(y) << 32
        }
        return UInt64(count)
    }
    let shape = bits.shape
    if shape.isEmpty {
        store(bits, 0, generator.encrypt(counter).0)
        return 1
    }
    var axis = shape.firstIndex { $0 % 2 == 0 } ?? 0
    if shape[axis] % 2 != 0 {
        for candidate in shape.indices where shape[candidate] > shape[axis] { axis = candidate }
    }
    var outer = 1, inner = 1
    for size in shape[..<axis] { outer *= size }
    for size in shape[(axis + 1)...] { inner *= size }
    let size = shape[axis], half = size / 2 + size % 2
    for i in 0..<outer {
        for pair in 0..<half {
            if pair & 0xFFFF == 0 || inner > 0xFFFF { try checkpoint() }
            for j in 0..<inner {
                let (x, y) = generator.encrypt(counter &+ UInt64((i * half + pair) * inner + j))
                let first = (i * size + 2 * pair) * inner + j
                store(bits, first, x)
                if 2 * pair + 1 < size { store(bits, first + inner, y) }
            }
        }
    }
    return UInt64(outer * half * inner)
}

/// Fills `bits` and returns by how much the counter goes on: four words a step, in row-major order.
func fillPhilox(_ bits: Tensor, key: UInt64, low: UInt64, high: UInt64) throws(JaxError) -> UInt64 {
    let generator = Philox(key: key)
    let count = bits.elementCount
    let isWide = bits.dtype.bitWidth == 64
    let perStep = isWide ? 2 : 4
    let steps = count / perStep + (count % perStep == 0 ? 0 : 1)
    for step in 0..<steps {
        if step & 0xFFFF == 0 { try checkpoint() }
        let (a, b, c, d) = generator.encrypt(low: low, high: high, step: UInt64(step))
        let first = step * perStep
        if isWide {
            let words = bits.pointer(UInt64.self)
            words[first] = UInt64(a) | UInt64(b) << 32
            if first + 1 < count { words[first + 1] = UInt64(c) | UInt64(d) << 32 }
        } else {
            store(bits, first, a)
            if first + 1 < count { store(bits, first + 1, b) }
            if first + 2 < count { store(bits, first + 2, c) }
            if first + 3 < count { store(bits, first + 3, d) }
        }
    }
    return UInt64(steps)
}

/// The low bits of a word as element `index`, of 8, 16 or 32 bits.
@inline(__always)
private func store(_ bits: Tensor, _ index: Int, _ word: UInt32) {
    switch bits.dtype.byteWidth {
    case 1: bits.pointer(UInt8.self)[index] = UInt8(truncatingIfNeeded: word)
    case 2: bits.pointer(UInt16.self)[index] = UInt16(truncatingIfNeeded: word)
    default: bits.pointer(UInt32.self)[index] = word
    }
}
