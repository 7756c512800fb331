// How reductions, windows and scatters fold values together: the reducer region in the fastest form that it has.
import JaxIR
import JaxPlatform

/// A function `(accumulators…, inputs…) -> accumulators` over scalars, applied to blocks of lanes.
struct Reducer {
    enum Form {
        /// The input takes the accumulator's place.
        case replace
        /// One commutative and associative operation, on accumulators of the given type.
        case fold(OpCode, BlockKernel)
        case function(ScalarFunction)
        /// Anything else: the evaluator, on tensors of rank 0.
        case region
    }

    let form: Form
    let frame: Frame
    private let plan: RegionPlan
    /// The element type of each of the region's values.
    let dtypes: [DType]
    /// The types in which accumulators are kept. Sums and products of floats are kept wider and rounded once, at the end.
    let accumulators: [DType]

    /// Whether `combine` may run on several processors at once (and never throws).
    var isParallel: Bool {
        if case .region = form { return false }
        return true
    }

    /// The reducer that is region `index` of an operation. With `roundingSteps` every partial result is a value of the region's type.
    init(_ activation: Activation, region index: Int = 0, roundingSteps: Bool = false) {
        let region = activation.operation.regions[index]
        let dtypes = activation.resultDTypes(ofRegion: index)
        frame = activation.frame
        plan = activation.step.regions[index]
        self.dtypes = dtypes
        if dtypes.count == 1, region.operations.isEmpty, region.parameters.count == 2, region.results[0] == region.parameters[1] {
            form = .replace
            accumulators = dtypes
        } else if dtypes.count == 1, let operation = ScalarFunction.singleOperation(region), Reducer.isFold(operation.code),
                  case let wide = roundingSteps ? dtypes[0] : Reducer.accumulator(operation.code, dtypes[0]),
                  let kernel = opDefinition(operation.code)?.scalar?(wide, wide, operation.parameters) {
            form = .fold(operation.code, kernel)
            accumulators = [wide]
        } else if let function = activation.step.scalars[index], function.parameters == dtypes + dtypes, function.results == dtypes {
            form = .function(function)
            accumulators = dtypes
        } else {
            form = .region
            accumulators = dtypes
        }
    }

    /// Operations that may fold in any order.
    private static func isFold(_ code: OpCode) -> Bool {
        switch code {
        case .add, .multiply, .maximum, .minimum, .and, .or, .xor: return true
        default: return false
        }
    }

    private static func accumulator(_ code: OpCode, _ dtype: DType) -> DType {
        guard code == .add || code == .multiply else { return dtype }
        switch dtype {
        case .f32, .f16, .bf16: return .f64
        case .c64: return .c128
        default: return dtype.isFloat && dtype.bitWidth < 16 ? .f32 : dtype
        }
    }

    fileprivate func run(_ arguments: [RuntimeValue]) throws(JaxError) -> [RuntimeValue] { try frame.run(plan, arguments) }
}

/// The blocks one processor works on: `capacity` elements of each accumulator and each input.
struct ReducerBlocks {
    static let capacity = 256

    let reducer: Reducer
    let accumulators: [UnsafeMutableRawPointer]
    let inputs: [UnsafeMutableRawPointer]
    /// Where a fold puts its results first: a loop whose result is its own operand is not vectorised.
    private let spare: UnsafeMutableRawPointer
    private let scratch: Scratch
    private let registers: ScalarRegisters?
    /// How elements come into the accumulators' types and leave them.
    private let initialLoaders: [BlockMove], loaders: [BlockMove], storers: [BlockMove]

    /// For inputs, initial values and results of the given types, one for each accumulator.
    init(for reducer: Reducer, inputs inputTypes: [DType], initials: [DType],
         results: [DType], capacity: Int = ReducerBlocks.capacity) throws(JaxError) {
        self.reducer = reducer
        var size = 0, widest = 0
        for dtype in reducer.accumulators {
            size += 2 * capacity * dtype.byteWidth + 32
            widest = max(widest, dtype.byteWidth)
        }
        scratch = try Scratch(byteCount: size + capacity * widest)
        var next = scratch.bytes
        var accumulators: [UnsafeMutableRawPointer] = [], inputs: [UnsafeMutableRawPointer] = []
        var loaders: [BlockMove] = [], initialLoaders: [BlockMove] = [], storers: [BlockMove] = []
        for (k, dtype) in reducer.accumulators.enumerated() {
            let bytes = (capacity * dtype.byteWidth + 15) & ~15
            accumulators.append(next)
            inputs.append(next + bytes)
            next += 2 * bytes
            loaders.append(try BlockMove(from: inputTypes[k], to: dtype))
            initialLoaders.append(try BlockMove(from: initials[k], to: dtype))
            storers.append(try BlockMove(from: dtype, to: results[k]))
        }
        self.accumulators = accumulators
        self.inputs = inputs
        self.loaders = loaders
        self.initialLoaders = initialLoaders
        self.storers = storers
        spare = next
        if case .function(let function) = reducer.form {
            registers = try ScalarRegisters(function, lanes: capacity, in: reducer.frame)
        } else {
            registers = nil
        }
    }

    func free() {
        registers?.free()
        scratch.free()
    }

    /// Sets the first `count` accumulators `k` to one value, or to elements `stride` apart.
    @inline(__always)
    func begin(_ k: Int, _ source: UnsafeRawPointer, stride: Int = 0, count: Int) {
        initialLoaders[k].load(source, stride: stride, count: count, into: accumulators[k])
    }

    /// Loads `count` inputs `k`, `stride` apart.
    @inline(__always)
    func load(_ k: Int, _ source: UnsafeRawPointer, stride: Int = 1, count: Int) {
        loaders[k].load(source, stride: stride, count: count, into: inputs[k])
    }

    /// Stores the first `count` accumulators `k`, `stride` apart.
    @inline(__always)
    func store(_ k: Int, count: Int, to target: UnsafeMutableRawPointer, stride: Int = 1) {
        storers[k].store(accumulators[k], count: count, to: target, stride: stride)
    }

    /// `accumulators[j] = f(accumulators[j], inputs[j])` for `j` in `range`, with the inputs shifted by `shift`: input `j - shift`
    /// meets accumulator `j`.
    func combine(_ range: Range<Int>, shift: Int = 0) throws(JaxError) {
        let dtypes = reducer.accumulators
        switch reducer.form {
        case .replace:
            let width = dtypes[0].byteWidth
            (accumulators[0] + range.lowerBound * width).copyMemory(from: inputs[0] + (range.lowerBound - shift) * width,
                byteCount: range.count * width)
        case .fold(_, let kernel):
            let width = dtypes[0].byteWidth
            let target = accumulators[0] + range.lowerBound * width, source = inputs[0] + (range.lowerBound - shift) * width
            kernel(target, source, source, spare, range.count)
            target.copyMemory(from: spare, byteCount: range.count * width)
        case .function:
            let registers = self.registers!
            for k in 0..<dtypes.count {
                registers.blocks[k] = accumulators[k] + range.lowerBound * dtypes[k].byteWidth
                registers.blocks[dtypes.count + k] = inputs[k] + (range.lowerBound - shift) * dtypes[k].byteWidth
            }
            registers.run(range.count)
            keep(registers, accumulators, at: range.lowerBound, range.count)
        case .region:
            for j in range { try run(accumulator: j, input: j - shift) }
        }
    }

    /// Copies a run's results to `targets`. A result may be another accumulator's memory, so all are read before any is written.
    private func keep(_ registers: ScalarRegisters, _ targets: [UnsafeMutableRawPointer], at lane: Int, _ count: Int) {
        let dtypes = reducer.accumulators
        if dtypes.count == 1 {
            let width = dtypes[0].byteWidth
            (targets[0] + lane * width).copyMemory(from: registers.result(0), byteCount: count * width)
            return
        }
        for k in 0..<dtypes.count where registers.function.resultSlots[k] < 2 * dtypes.count {
            // A parameter that is returned as it is: by way of the input's block, unless it stays where it is.
            let slot = registers.function.resultSlots[k]
            if slot == k { continue }
            inputs[k].copyMemory(from: registers.result(k), byteCount: count * dtypes[k].byteWidth)
        }
        for k in 0..<dtypes.count {
            let slot = registers.function.resultSlots[k], width = dtypes[k].byteWidth
            if slot == k { continue }
            let source = slot < 2 * dtypes.count ? inputs[k] : registers.result(k)
            (targets[k] + lane * width).copyMemory(from: source, byteCount: count * width)
        }
    }

    /// Folds the first `count` inputs, in order, into accumulator 0.
    func fold(_ count: Int) throws(JaxError) {
        switch reducer.form {
        case .replace:
            try combine(0..<1, shift: 1 - count)
        case .fold(_, let kernel):
            // Folding the upper half onto the lower keeps the loops long; the order is free for these operations.
            let width = reducer.accumulators[0].byteWidth, block = inputs[0]
            var left = count
            while left > 1 {
                let half = left / 2
                kernel(block, block + (left - half) * width, block, spare, half)
                block.copyMemory(from: spare, byteCount: half * width)
                left -= half
            }
            if left == 1 { kernel(accumulators[0], block, block, accumulators[0], 1) }
        case .function, .region:
            for j in 0..<count { try combine(0..<1, shift: -j) }
        }
    }

    private func run(accumulator: Int, input: Int) throws(JaxError) {
        var arguments: [RuntimeValue] = []
        for (k, dtype) in reducer.dtypes.enumerated() {
            arguments.append(.tensor(try scalarTensor(dtype, accumulators[k] + accumulator * dtype.byteWidth)))
        }
        for (k, dtype) in reducer.dtypes.enumerated() {
            arguments.append(.tensor(try scalarTensor(dtype, inputs[k] + input * dtype.byteWidth)))
        }
        let results = try reducer.run(arguments)
        for (k, dtype) in reducer.dtypes.enumerated() {
            let tensor = try results[k].asTensor()
            (accumulators[k] + accumulator * dtype.byteWidth).copyMemory(from: tensor.bytes, byteCount: dtype.byteWidth)
        }
    }
}

/// A tensor of rank 0 from one element.
func scalarTensor(_ dtype: DType, _ element: UnsafeRawPointer) throws(JaxError) -> Tensor {
    let tensor = try Tensor(TensorType(dtype, []))
    tensor.bytes.copyMemory(from: element, byteCount: dtype.byteWidth)
    return tensor
}

