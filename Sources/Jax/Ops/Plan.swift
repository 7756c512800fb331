// A program made ready for the evaluator: definitions looked up, regions over scalars compiled, and for every value the
// operation after which nothing needs it. A plan is made once and does not change; the program itself knows nothing of it.
import JaxIR
import JaxPlatform

/// The functions of one module, ready to be called.
public final class EvaluationPlan {
    public let module: Module
    public let coverage: Coverage
    private var functions: [ObjectIdentifier: FunctionPlan] = [:]

    /// `isCompiled`: the compiler has been over the program, so that whatever is evaluated is counted as a fallback.
    /// Throws `notImplemented` for operations that this machine does not know.
    @export(interface)
    public init(_ module: Module, isCompiled: Bool = false) throws(JaxError) {
        self.module = module
        var evaluated: Set<ObjectIdentifier> = []
        coverage = Coverage(module) { evaluated.insert(ObjectIdentifier($0)) }
        for function in try calleesFirst(module) {
            var planner = Planner(function, self, evaluated, isCompiled: isCompiled)
            functions[ObjectIdentifier(function)] = FunctionPlan(function, try planner.plan(function.body))
        }
    }

    /// The plan of a function of the module. Throws `internalError` for others.
    public func plan(_ function: Function) throws(JaxError) -> FunctionPlan {
        guard let plan = functions[ObjectIdentifier(function)] else {
            throw JaxError(.internalError, "@\(function.name) is no function of the module")
        }
        return plan
    }
}

/// A function with its steps.
public final class FunctionPlan {
    public let function: Function
    public let body: RegionPlan

    init(_ function: Function, _ body: RegionPlan) {
        self.function = function
        self.body = body
    }
}

/// A region with its steps.
public final class RegionPlan {
    public let region: Region
    public let steps: [Step]
    /// What this region defines and returns, and parameters that nothing uses.
    let releases: [ValueID]

    init(_ region: Region, _ steps: [Step], releases: [ValueID]) {
        self.region = region
        self.steps = steps
        self.releases = releases
    }
}

/// One operation with all that evaluating it needs.
public final class Step {
    public let operation: Operation
    let definition: OpDefinition
    /// The operation's parameters; of a custom call, its target's.
    let parameters: Parameters
    public let regions: [RegionPlan]
    let callees: [FunctionPlan]
    /// The regions, and the functions that the parameters name, as scalar functions, where the operation asks for that and
    /// they can be such.
    let scalars: [ScalarFunction?]
    /// The loop of an operation that works element by element, on its types.
    let kernel: BlockKernel?
    /// Whether it is one that a profile tells of (`Coverage`), and whether its executions are counted.
    fileprivate(set) var isEvaluated = false, isFallback = false
    /// Bit i says that operand i is not needed any more once this operation has it.
    fileprivate(set) var lastUses: UInt64 = 0
    /// Further values that can go when this operation is done: used last by its regions, or never.
    fileprivate(set) var releases: [ValueID] = []

    fileprivate init(_ operation: Operation, _ definition: OpDefinition,
                     regions: [RegionPlan], callees: [FunctionPlan], in function: Function) {
        self.operation = operation
        self.definition = definition
        parameters = operation.code == .customCall ? operation.parameters(CustomCallParameters.self).configuration : operation.parameters
        self.regions = regions
        self.callees = callees
        var scalars: [ScalarFunction?] = []
        if definition.traits.contains(.scalarRegions) {
            for region in operation.regions { scalars.append(ScalarFunction(region, of: function)) }
            for callee in callees { scalars.append(ScalarFunction(callee.function.body, of: callee.function)) }
        }
        self.scalars = scalars
        if let kernel = definition.scalar, let operand = operation.operands.last, let source = function.type(of: operand).tensor,
           let result = function.type(of: operation.results[0]).tensor {
            self.kernel = kernel(source.dtype, result.dtype, operation.parameters)
        } else {
            kernel = nil
        }
    }
}

/// Walks a function backwards to find last uses. A value lives in the region that defines it; the operation of that region
/// which uses it last, itself or by a nested region, is where it ends.
private struct Planner {
    private let function: Function
    private let owner: EvaluationPlan
    private let evaluated: Set<ObjectIdentifier>
    private let isCompiled: Bool
    /// Values whose last use, going backwards, has been seen.
    private var used: [Bool]
    /// The region that defines each value, as a running number.
    private var definer: [Int32]
    private var regionCount: Int32 = 0

    init(_ function: Function, _ owner: EvaluationPlan, _ evaluated: Set<ObjectIdentifier>, isCompiled: Bool) {
        self.function = function
        self.owner = owner
        self.evaluated = evaluated
        self.isCompiled = isCompiled
        used = [Bool](repeating: false, count: function.types.count)
        definer = [Int32](repeating: -1, count: function.types.count)
    }

    /// The steps of a region, from its results back to its parameters.
    mutating func plan(_ region: Region) throws(JaxError) -> RegionPlan {
        let number = regionCount
        regionCount += 1
        for id in region.parameters { definer[id.index] = number }
        for operation in region.operations {
            for id in operation.results { definer[id.index] = number }
        }
        var releases: [ValueID] = []
        for id in region.results where take(id, in: number) { releases.append(id) }
        var steps: [Step] = []
        steps.reserveCapacity(region.operations.count)
        for operation in region.operations.reversed() { steps.append(try plan(operation, in: number)) }
        steps.reverse()
        for id in region.parameters where !used[id.index] {
            if let first = steps.first { first.releases.append(id) } else { releases.append(id) }
        }
        return RegionPlan(region, steps, releases: releases)
    }

    private mutating func plan(_ operation: Operation, in number: Int32) throws(JaxError) -> Step {
        guard let definition = opDefinition(operation) else { throw undefinedOperation(operation) }
        var releases: [ValueID] = [], lastUses: UInt64 = 0
        for id in operation.results where !used[id.index] { releases.append(id) }
        for region in operation.regions { takeCaptures(region, in: number, &releases) }
        for index in operation.operands.indices.reversed() where take(operation.operands[index], in: number) {
            if index < 64 { lastUses |= 1 << UInt64(index) } else { releases.append(operation.operands[index]) }
        }
        var regions: [RegionPlan] = [], callees: [FunctionPlan] = []
        for region in operation.regions { regions.append(try plan(region)) }
        for function in operation.parameters.functions { callees.append(try owner.plan(function)) }
        let step = Step(operation, definition, regions: regions, callees: callees, in: function)
        step.lastUses = lastUses
        step.releases = releases
        step.isEvaluated = evaluated.contains(ObjectIdentifier(operation))
        step.isFallback = step.isEvaluated && isCompiled
        return step
    }

    /// Releases after an operation what region `number` defines and the nested `region` uses.
    private mutating func takeCaptures(_ region: Region, in number: Int32, _ releases: inout [ValueID]) {
        for inner in region.operations {
            for id in inner.operands where take(id, in: number) { releases.append(id) }
            for nested in inner.regions { takeCaptures(nested, in: number, &releases) }
        }
        for id in region.results where take(id, in: number) { releases.append(id) }
    }

    /// Whether region `number` defines the value and this is the first sight of a use.
    private mutating func take(_ id: ValueID, in number: Int32) -> Bool {
        if used[id.index] || definer[id.index] != number { return false }
        used[id.index] = true
        return true
    }
}
