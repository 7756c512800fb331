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
    private(set) var entries: [Int] = []
    private(set) var evaluations: [PlannedEvaluation] = []
    /// The lifetime of each operand and captured value of an evaluation that may be overwritten, by its entry.
    private(set) var overwritable: [Int: (lifetime: Int, time: Int)] = [:]
    /// What the program returns, but for tokens, and the argument that each is, if it is one.
    private(set) var results: [(array: PlannedArray, argument: Int?)] = []
    /// The arguments' arrays.
    private(set) var arguments: [PlannedArray] = []
    /// Copies from value to value, which joined buffers spare; then what kernels may write in place.
    var moves: [Succession] = []
    private(set) var reuses: [Succession] = []
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

    // MARK: Kernels

    private mutating func sequence(_ sequence: KernelSequence, _ operation: Operation) throws(JaxError) {
        let operandCount = operation.operands.count
        // By number; what no kernel has written yet has no lifetime.
        var buffers: [Int] = [], lifetimes: [Int?] = []
        var operands: [PlannedArray] = [], types: [TensorType] = []
        for operand in operation.operands {
            let array = try array(operand)
            operands.append(array)
            buffers.append(array.buffer)
            lifetimes.append(array.lifetime)
        }
        for result in operation.results {
            guard case .tensor(let type) = function.function.type(of: result) else {
                throw JaxError(.internalError, "a fusion declares a result that is no array")
            }
            types.append(type)
            buffers.append(memory.makeBuffer(type.byteCount))
            lifetimes.append(nil)
        }
        let early = hoisted[ObjectIdentifier(operation)]
        for byteCount in sequence.temporaries {
            let made = early?.temporaries[buffers.count]
            buffers.append(made?.buffer ?? memory.makeBuffer(byteCount))
            lifetimes.append(made?.lifetime)
        }
        for (place, call) in sequence.calls.enumerated() where !(early?.calls.contains(place) ?? false) {
            for number in call.buffers {
                if let lifetime = lifetimes[number] { memory.use(lifetime) } else { lifetimes[number] = memory.begin(buffers[number]) }
            }
            let copies = place == 0 ? sequence.copies.map { [buffers[$0.source], buffers[$0.target]] } : nil
            emit(call.kernel, call.buffers.map { buffers[$0] }, unlessSame: copies)
            memory.tick()
        }
        for (place, result) in operation.results.enumerated() {
            let array = PlannedArray(type: types[place], buffer: buffers[operandCount + place],
                                     lifetime: lifetimes[operandCount + place] ?? memory.begin(buffers[operandCount + place]))
            bind(result, .array(array))
            guard place < sequence.reusable.count else { continue }
            for candidate in sequence.reusable[place] {
                let source = operands[candidate]
                // The kernel may know the same memory by other names.
                let isSafe = operands.indices.allSatisfy { operands[$0].buffer != source.buffer || sequence.reusable[place].contains($0) }
                if isSafe { reuses.append(Succession(from: source, to: array, end: memory.time - 1)) }
            }
        }
    }

    mutating func emit(_ kernel: CompiledKernel, _ buffers: [Int], unlessSame copied: [Int]? = nil) {
        guard let code = kernel as? MachineCode else {
            emit(PlannedStep(.otherKernel), buffers, kernel: kernel)
            return
        }
        var step = PlannedStep(copied == nil ? .kernel : .kernelUnlessSame)
        step.pointer = code.entry
        step.shares = code.shares
        step.work = code.work
        let index = emit(step, (copied ?? []) + buffers, kernel: kernel)
        if copied != nil { steps[index].table += 2 }
    }

    /// The first run reads the operands, each further one what the one before has left, copied.
    private mutating func scalarLoop(_ sequence: KernelSequence, _ operation: Operation) throws(JaxError) {
        let kernel = sequence.calls[0].kernel
        var operands: [PlannedArray] = [], results: [PlannedArray] = [], copies: [PlannedArray] = []
        for operand in operation.operands { operands.append(try array(operand)) }
        for operand in operands { memory.use(operand.lifetime) }
        let carried = operands.prefix(sequence.carried.count), others = operands.dropFirst(sequence.carried.count)
        for operand in carried { results.append(makeArray(operand.type)) }
        let more = makeArray(TensorType(.i32, []))
        emit(kernel, operands.map { $0.buffer } + results.map { $0.buffer } + [more.buffer])
        memory.tick()
        var exits = [emitExit(more)]
        memory.openLoop()
        let again = steps.count
        for result in results {
            let copy = makeArray(result.type)
            copies.append(copy)
            memory.use(result.lifetime)
            emitCopy(result, copy)
        }
        memory.tick()
        for array in copies + others + results + [more] { memory.use(array.lifetime) }
        emit(kernel, (copies + others + results + [more]).map { $0.buffer })
        exits.append(emitExit(more))
        emitJump(.jumpBack, to: again)
        memory.closeLoop()
        memory.tick()
        for exit in exits { steps[exit].target = Int32(steps.count) }
        for (result, array) in zip(operation.results, results) { bind(result, .array(array)) }
    }

    // MARK: Evaluations

    private mutating func evaluate(_ step: Step) throws(JaxError) {
        let operation = step.operation
        var captured: Set<ValueID> = [], order: [ValueID] = []
        var known: Set<ValueID> = []
        func visit(_ region: Region) {
            known.formUnion(region.parameters)
            for inner in region.operations {
                for operand in inner.operands where !known.contains(operand) && captured.insert(operand).inserted { order.append(operand) }
                inner.regions.forEach(visit)
                known.formUnion(inner.results)
            }
            for result in region.results where !known.contains(result) && captured.insert(result).inserted { order.append(result) }
        }
        operation.regions.forEach(visit)

        var planned = PlannedEvaluation(step: step, operands: [], results: [], captured: [])
        var table: [Int] = []
        let first = entries.count
        for operand in operation.operands {
            planned.operands.append(reference(try value(operand), &table, first))
        }
        for id in order { planned.captured.append((id, reference(try value(id), &table, first))) }
        for result in operation.results {
            let made = make(function.function.type(of: result))
            bind(result, made)
            planned.results.append(reference(made, &table, first))
        }
        evaluations.append(planned)
        var made = PlannedStep(.evaluate)
        made.target = Int32(evaluations.count - 1)
        emit(made, table)
        memory.tick()
    }

    private mutating func reference(_ value: BoundValue, _ table: inout [Int], _ first: Int) -> PlannedValue {
        switch value {
        case .array(let array):
            memory.use(array.lifetime)
            let entry = first + table.count
            // Twice the same operand: neither is to be overwritten.
            let isFirst = !table.contains(array.buffer)
            if isFirst {
                overwritable[entry] = (array.lifetime, memory.time)
            } else {
                for (place, buffer) in table.enumerated() where buffer == array.buffer { overwritable[first + place] = nil }
            }
            table.append(array.buffer)
            return .array(array.type, entry: entry, mayOverwrite: false)
        case .token: return .token
        case .tuple(let parts):
            var references: [PlannedValue] = []
            for part in parts { references.append(reference(part, &table, first)) }
            return .tuple(references)
        }
    }

    private mutating func make(_ type: ValueType) -> BoundValue {
        switch type {
        case .tensor(let type): return .array(makeArray(type))
        case .token: return .token
        case .tuple(let types):
            var parts: [BoundValue] = []
            for type in types { parts.append(make(type)) }
            return .tuple(parts)
        }
    }
}
