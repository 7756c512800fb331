// From a compiled function to steps: kernels and evaluations in their order, control flow as jumps. What lies in which memory is left
// open: entries of the table are numbers of buffers.
import JaxIR
import JaxOps
import JaxPlatform

/// An array while the program is planned.
struct PlannedArray {
    var type: TensorType
    var buffer: Int
    var lifetime: Int
}

/// A value while the program is planned.
indirect enum BoundValue {
    case array(PlannedArray)
    case token
    case tuple([BoundValue])

    var array: PlannedArray? {
        if case .array(let array) = self { return array }
        return nil
    }
}

/// Contents that may take over another buffer's memory.
struct Succession {
    var from, to: PlannedArray
    /// When the old contents must not be needed any more; nil: as soon as there are new ones.
    var end: Int?
}

struct PlanBuilder {
    let evaluation: EvaluationPlan
    let function: FunctionPlan
    var memory = MemoryPlanner()
    private var values: [BoundValue?]
    private(set) var argumentCount = 0

    var steps: [PlannedStep] = []
    private(set) var kernels: [CompiledKernel?] = []
    private(set) var locations: [LocationID] = []
    /// Numbers of buffers.
    var entries: [Int] = []
    var evaluations: [PlannedEvaluation] = []
    /// Those that are used where they lie.
    private(set) var constants: [PlannedConstant] = []
    /// The lifetime of each operand and captured value of an evaluation that may be overwritten, by its entry.
    var overwritable: [Int: (lifetime: Int, time: Int)] = [:]
    /// What the program returns, but for tokens, and the argument that each is, if it is one.
    private(set) var results: [(array: PlannedArray, argument: Int?)] = []
    /// The arguments' arrays.
    private(set) var arguments: [PlannedArray] = []
    /// Copies from value to value, which joined buffers spare; then what kernels may write in place.
    var moves: [Succession] = []
    var reuses: [Succession] = []
    private var location = LocationID.unknown
    /// Kernels that run in front of the loop that they stand in.
    var hoisted: [ObjectIdentifier: HoistedCalls] = [:]

    init(_ evaluation: EvaluationPlan, _ function: FunctionPlan) {
        self.evaluation = evaluation
        self.function = function
        values = [BoundValue?](repeating: nil, count: function.function.types.count)
    }

    /// Throws `notImplemented` for a program that takes tuples.
    mutating func build() throws(JaxError) {
        for (parameter, type) in zip(function.body.region.parameters, function.function.parameterTypes) {
            switch type {
            case .tensor(let type):
                let array = makeArray(type, .argument(argumentCount))
                arguments.append(array)
                bind(parameter, .array(array))
                argumentCount += 1
            case .token: bind(parameter, .token)
            case .tuple: throw JaxError(.notImplemented, "@main takes a tuple; programs take tensors")
            }
        }
        memory.tick()
        try lower(function.body)
        try finish()
    }

    /// Results that are arguments, constants or each other have memory of their own, too.
    private mutating func finish() throws(JaxError) {
        var taken: Set<Int> = []
        for id in function.body.region.results {
            guard case .array(let array) = try value(id) else { continue }
            memory.use(array.lifetime)
            if case .argument(let number) = memory.buffers[array.buffer].home {
                results.append((array, number))
            } else if case .planned = memory.buffers[array.buffer].home, taken.insert(array.buffer).inserted {
                results.append((array, nil))
            } else {
                let copy = makeArray(array.type)
                emitCopy(array, copy)
                results.append((copy, nil))
            }
        }
        memory.tick()
        for result in results { memory.use(result.array.lifetime) }
        emit(PlannedStep(.end))
    }

    // MARK: Values

    /// Whether the value has been computed by now.
    func isKnown(_ id: ValueID) -> Bool { values[id.index] != nil }

    func value(_ id: ValueID) throws(JaxError) -> BoundValue {
        guard let value = values[id.index] else { throw JaxError(.internalError, "value \(id.index) is used before it is computed") }
        return value
    }

    func array(_ id: ValueID) throws(JaxError) -> PlannedArray {
        guard case .array(let array) = try value(id) else { throw JaxError(.internalError, "value \(id.index) is no array") }
        return array
    }

    mutating func bind(_ id: ValueID, _ value: BoundValue) { values[id.index] = value }

    /// A new buffer, with contents from now on.
    mutating func makeArray(_ type: TensorType, _ home: BufferHome = .planned) -> PlannedArray {
        let buffer = memory.makeBuffer(type.byteCount, home)
        return PlannedArray(type: type, buffer: buffer, lifetime: memory.begin(buffer))
    }

    // MARK: Steps

    @discardableResult
    mutating func emit(_ step: PlannedStep, _ table: [Int] = [], kernel: CompiledKernel? = nil) -> Int {
        var step = step
        step.table = Int32(entries.count)
        entries += table
        steps.append(step)
        kernels.append(kernel)
        locations.append(location)
        return steps.count - 1
    }

    /// A copy, now, of contents whose use has been told; if both come to lie in one place there is none.
    mutating func emitCopy(_ source: PlannedArray, _ target: PlannedArray) {
        var step = PlannedStep(.copy)
        step.count = source.type.byteCount
        emit(step, [source.buffer, target.buffer])
        moves.append(Succession(from: source, to: target))
    }

    // MARK: Operations

    mutating func lower(_ region: RegionPlan) throws(JaxError) {
        for step in region.steps {
            location = step.operation.location
            do throws(JaxError) {
                try lower(step)
            } catch {
                throw error.located(evaluation.module.locations.describe(step.operation.location))
            }
        }
    }

    private mutating func lower(_ step: Step) throws(JaxError) {
        let operation = step.operation
        switch operation.code {
        case .constant: try constant(operation)
        case .reshape:
            var array = try array(operation.operands[0])
            guard case .tensor(let type) = function.function.type(of: operation.results[0]) else { return }
            array.type = type
            bind(operation.results[0], .array(array))
        case .optimizationBarrier:
            for (operand, result) in zip(operation.operands, operation.results) { bind(result, try value(operand)) }
        case .afterAll: bind(operation.results[0], .token)
        case .tuple:
            var parts: [BoundValue] = []
            for operand in operation.operands { parts.append(try value(operand)) }
            bind(operation.results[0], .tuple(parts))
        case .getTupleElement:
            let index = operation.parameters(TupleElementParameters.self).index
            guard case .tuple(let parts) = try value(operation.operands[0]), parts.indices.contains(index) else {
                throw JaxError(.internalError, "get_tuple_element: the operand has no such element")
            }
            bind(operation.results[0], parts[index])
        case .fusion:
            if let kernels = operation.parameters(FusionParameters.self).kernels {
                if kernels.carried.isEmpty { try sequence(kernels, operation) } else { try scalarLoop(kernels, operation) }
            } else {
                try body(step)
            }
        // The derivative rules of a function are not executed with it.
        case .customJVP, .customVJP, .remat, .namedCall: try body(step)
        case .while: try loop(step)
        case .if, .case: try branches(step)
        default: try evaluate(step)
        }
    }

    /// The operation is its first region.
    private mutating func body(_ step: Step) throws(JaxError) {
        let region = step.regions[0]
        for (parameter, operand) in zip(region.region.parameters, step.operation.operands) { bind(parameter, try value(operand)) }
        try lower(region)
        for (result, value) in zip(step.operation.results, region.region.results) { bind(result, try self.value(value)) }
    }

    private mutating func constant(_ operation: Operation) throws(JaxError) {
        let literal = operation.parameters(ConstantParameters.self).value
        if !literal.isSplat || literal.type.elementCount == 1 {
            bind(operation.results[0], .array(makeArray(literal.type, .constant(literal.storage.bytes))))
            constants.append(PlannedConstant(address: Int(bitPattern: literal.storage.bytes), byteCount: literal.type.byteCount))
            return
        }
        let array = makeArray(literal.type)
        var step = PlannedStep(.fill)
        step.count = literal.type.elementCount
        step.width = UInt8(literal.type.dtype.byteWidth)
        step.pointer = UnsafeRawPointer(literal.storage.bytes)
        emit(step, [array.buffer])
        bind(operation.results[0], .array(array))
        memory.tick()
    }
}
