// The reference evaluator: walks a program operation by operation. Plain, complete, and the oracle for all that compiles.
import JaxIR
import JaxPlatform

extension EvaluationPlan {
    /// Calls `function` with `arguments`, one a parameter. Values go as soon as nothing needs them; an argument to which the
    /// caller keeps no other reference (a donated one) may be overwritten.
    @export(interface)
    public func call(_ function: Function, _ arguments: consuming [RuntimeValue],
                     recording profile: Profile? = nil) throws(JaxError) -> [RuntimeValue] {
        let plan = try plan(function)
        return try Frame(self, plan, depth: 0, profile).run(plan.body, consume arguments)
    }
}

extension Step {
    /// Evaluates the operation by itself: `captured` are the values that its regions use from outside. One value a result. The operands
    /// that nobody else refers to may be overwritten. `places` is memory for results, which evaluations may write to, or not.
    public func evaluate(in plan: EvaluationPlan, of function: FunctionPlan, _ operands: consuming [RuntimeValue],
                         captured: [(id: ValueID, value: RuntimeValue)], into places: [UnsafeMutableRawPointer?],
                         recording profile: Profile?) throws(JaxError) -> [RuntimeValue] {
        try Frame(plan, function, depth: 0, profile, valueCount: operation.regions.isEmpty ? 0 : function.function.types.count)
            .run(self, consume operands, captured, places)
    }
}

/// An operation as it is being evaluated.
struct Activation {
    let frame: Frame
    let step: Step
    /// Memory that is meant for results.
    var places: [UnsafeMutableRawPointer?] = []

    @inline(__always) var operation: Operation { step.operation }
    /// The operation's parameters; of a custom call, its target's.
    @inline(__always) var parameters: Parameters { step.parameters }

    /// The type of a result.
    @inline(__always) func resultType(_ index: Int = 0) -> ValueType { frame.function.type(of: operation.results[index]) }

    /// The tensor type of a result. Throws `internalError` for other values.
    @inline(__always)
    func resultTensorType(_ index: Int = 0) throws(JaxError) -> TensorType {
        if case .tensor(let type) = frame.function.type(of: operation.results[index]) { return type }
        throw JaxError(.internalError, "\(operation.code.name) declares a result that is no array")
    }

    /// A result for the evaluation to fill and to return: in the memory that is meant for it, where there is any.
    func makeResult(_ index: Int = 0) throws(JaxError) -> Tensor {
        let type = try resultTensorType(index)
        guard index < places.count, let place = places[index] else { return try Tensor(type) }
        return Tensor(type, storage: Storage(borrowing: place, byteCount: type.byteCount))
    }

    /// Runs region `index` with `arguments` for its parameters.
    func run(_ index: Int, _ arguments: consuming [RuntimeValue]) throws(JaxError) -> [RuntimeValue] {
        try frame.run(step.regions[index], consume arguments)
    }

    /// Calls the function number `index` of those that the parameters name.
    func call(_ index: Int, _ arguments: consuming [RuntimeValue]) throws(JaxError) -> [RuntimeValue] {
        try Frame(frame.plan, step.callees[index], depth: frame.depth, frame.profile).run(step.callees[index].body, consume arguments)
    }

    /// The element types of a region's results.
    func resultDTypes(ofRegion index: Int) -> [DType] {
        var types: [DType] = []
        for id in operation.regions[index].results { types.append(frame.function.type(of: id).tensor?.dtype ?? .i1) }
        return types
    }
}

/// One activation of a function: the values that are alive.
final class Frame {
    /// Calls and regions that may be open at once: far more than programs have, and little enough for any stack.
    static let maximumDepth = 200

    let plan: EvaluationPlan
    let function: Function
    /// Nil: nothing is recorded.
    let profile: Profile?
    private var values: [RuntimeValue?]
    fileprivate private(set) var depth: Int
    /// An empty list with room for operands, so that not every operation allocates one.
    private var spare: [RuntimeValue] = []

    /// `valueCount`: fewer than the function's where only a part of it is run.
    init(_ plan: EvaluationPlan, _ function: FunctionPlan, depth: Int, _ profile: Profile?, valueCount: Int? = nil) {
        self.profile = profile
        self.plan = plan
        self.function = function.function
        self.depth = depth
        values = [RuntimeValue?](repeating: nil, count: valueCount ?? function.function.types.count)
    }

    func value(_ id: ValueID) throws(JaxError) -> RuntimeValue {
        guard let value = values[id.index] else {
            throw JaxError(.internalError, "value \(id.index) is used before it is computed")
        }
        return value
    }

    /// Runs a region of this function with `arguments` for its parameters; it may use every value computed before.
    func run(_ region: RegionPlan, _ arguments: consuming [RuntimeValue]) throws(JaxError) -> [RuntimeValue] {
        guard depth < Frame.maximumDepth else {
            throw JaxError(.resourceExhausted, "more than \(Frame.maximumDepth) nested calls and regions")
        }
        depth += 1
        defer { depth -= 1 }
        let parameters = region.region.parameters
        guard arguments.count == parameters.count else {
            throw JaxError(.internalError, "a region of \(parameters.count) parameters is run with \(arguments.count)")
        }
        for index in parameters.indices { values[parameters[index].index] = arguments[index] }
        arguments = []
        for step in region.steps {
            do throws(JaxError) {
                try checkpoint()
                if let profile, step.isEvaluated { try run(step, recording: profile) } else { try run(step) }
            } catch {
                throw error.located(plan.module.locations.describe(step.operation.location))
            }
        }
        var results: [RuntimeValue] = []
        results.reserveCapacity(region.region.results.count)
        for id in region.region.results { results.append(try value(id)) }
        for id in region.releases { values[id.index] = nil }
        return results
    }

    /// Runs one step by itself, with the values that its regions use from outside.
    fileprivate func run(_ step: Step, _ operands: consuming [RuntimeValue],
                         _ captured: [(id: ValueID, value: RuntimeValue)],
                         _ places: [UnsafeMutableRawPointer?]) throws(JaxError) -> [RuntimeValue] {
        for (id, value) in captured { values[id.index] = value }
        if step.isFallback { step.definition.countFallback() }
        let begun = profile == nil ? 0 : platform.nanoseconds
        var operands = operands
        let results: [RuntimeValue], activation = Activation(frame: self, step: step, places: places)
        switch step.definition.form {
        case .tensor(let evaluate): results = [.tensor(try evaluate(activation, &operands))]
        case .values(let evaluate): results = try evaluate(activation, &operands)
        case .none: throw step.unavailable
        }
        guard results.count == step.operation.results.count else { throw step.miscounted(results) }
        if let profile, step.isEvaluated { profile.add(step, in: function, plan.module.locations, from: begun) }
        return results
    }

    private func run(_ step: Step, recording profile: Profile) throws(JaxError) {
        let begun = platform.nanoseconds
        try run(step)
        profile.add(step, in: function, plan.module.locations, from: begun)
    }

    @inline(__always)
    private func run(_ step: Step) throws(JaxError) {
        if step.isFallback { step.definition.countFallback() }
        let operation = step.operation
        let lastUses = step.lastUses
        var operands = spare
        spare = []
        for index in operation.operands.indices {
            let id = operation.operands[index]
            operands.append(try value(id))
            if index < 64 && lastUses >> UInt64(index) & 1 != 0 { values[id.index] = nil }
        }
        switch step.definition.form {
        case .tensor(let evaluate):
            values[operation.results[0].index] = .tensor(try evaluate(Activation(frame: self, step: step), &operands))
        case .values(let evaluate):
            let results = try evaluate(Activation(frame: self, step: step), &operands)
            guard results.count == operation.results.count else { throw step.miscounted(results) }
            for index in results.indices { values[operation.results[index].index] = results[index] }
        case .none: throw step.unavailable
        }
        operands.removeAll(keepingCapacity: true)
        spare = operands
        for id in step.releases { values[id.index] = nil }
    }
}

extension Step {
    fileprivate var unavailable: JaxError { JaxError(.notImplemented, "the operation \(definition.name) is not available") }

    fileprivate func miscounted(_ results: [RuntimeValue]) -> JaxError {
        JaxError(.internalError, "\(operation.code.name) gave \(results.count) results, \(operation.results.count) expected")
    }
}
