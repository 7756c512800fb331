// The verifier: after it has passed a program, whatever executes has values that are defined before they are used, the types
// that their operations compute, and calls that fit. Run at load and after each pass.
import JaxIR
import JaxPlatform

/// Checks a whole program: single assignment, scopes, calls, constants, and each operation by its shape rule.
///
/// Dynamic dimensions agree with any size. Throws `malformed` where the structure is broken, `typeError` or `valueError`
/// where an operation does not fit its operands, `notImplemented` for operations that this machine lacks; each with the
/// source location that the program carries.
///
/// Before specialisation a program may hold custom calls that it will not keep: those of other platforms' branches and those
/// that only compute shapes. `requiringKnownCalls: false` lets unknown ones pass.
@export(interface)
public func verify(_ module: Module, requiringKnownCalls: Bool = true) throws(JaxError) {
    _ = try calleesFirst(module)
    for function in module.functions {
        var verifier = FunctionVerifier(function, module, requiringKnownCalls: requiringKnownCalls)
        try verifier.verify()
        function.freeze()
    }
}

private struct FunctionVerifier {
    private let function: Function
    private let module: Module
    private let requiringKnownCalls: Bool
    private enum Definition: UInt8 { case none, visible, hidden }
    private var definitions: [Definition]
    /// When each value was defined, and since when values may be used: a structured operation captures nothing.
    private var ordinals: [Int32]
    private var next: Int32 = 0, first: Int32 = 0

    init(_ function: Function, _ module: Module, requiringKnownCalls: Bool) {
        self.function = function
        self.module = module
        self.requiringKnownCalls = requiringKnownCalls
        definitions = [Definition](repeating: .none, count: function.types.count)
        ordinals = [Int32](repeating: 0, count: function.types.count)
    }

    mutating func verify() throws(JaxError) {
        do throws(JaxError) {
            try region(function.body)
            try match(function.body.results, function.resultTypes, "returns")
        } catch {
            var located = error
            located.message = "in @\(function.name): " + error.message
            throw located
        }
    }

    /// Checks a region, whose own values are not visible after it.
    private mutating func region(_ region: Region) throws(JaxError) {
        var own: [ValueID] = []
        for id in region.parameters { try define(id, &own) }
        for operation in region.operations {
            do throws(JaxError) {
                try checkpoint()
                try self.operation(operation, &own)
            } catch {
                throw error.located(module.locations.describe(operation.location))
            }
        }
        for id in region.results { try use(id, "a region's result") }
        for id in own { definitions[id.index] = .hidden }
    }

    private mutating func define(_ id: ValueID, _ own: inout [ValueID]) throws(JaxError) {
        guard definitions.indices.contains(id.index) else {
            throw JaxError(.malformed, "value \(id.index) has no type")
        }
        guard definitions[id.index] == .none else {
            throw JaxError(.malformed, "value \(id.index) is defined twice")
        }
        definitions[id.index] = .visible
        ordinals[id.index] = next
        next += 1
        own.append(id)
    }

    private func use(_ id: ValueID, _ what: String) throws(JaxError) {
        guard definitions.indices.contains(id.index), definitions[id.index] == .visible else {
            throw JaxError(.malformed, "\(what) uses value \(id.index), which is not defined there")
        }
        guard ordinals[id.index] >= first else {
            throw JaxError(.malformed, "\(what) uses value \(id.index) from outside of a structured operation, which captures nothing")
        }
    }

    private mutating func operation(_ operation: Operation, _ own: inout [ValueID]) throws(JaxError) {
        for id in operation.operands { try use(id, operation.code.name) }
        let before = first
        if operation.code.isStructured { first = next }
        for region in operation.regions { try self.region(region) }
        first = before
        for id in operation.results { try define(id, &own) }
        for callee in operation.parameters.functions where module.function(named: callee.name) !== callee {
            throw JaxError(.malformed, "\(operation.code.name) names @\(callee.name), which does not exist")
        }
        // What specialisation replaces is only complete then.
        if operation.code == .customCall, operation.isShaped || !requiringKnownCalls && operation.isUnknown { return }
        let types = try inferTypes(operation.code, operands: operation.operands,
                                   operation.parameters, regions: operation.regions, in: function)
        try match(operation.results, types, operation.code.name + " yields")
    }

    /// Checks that `values` have `types`.
    private func match(_ values: [ValueID], _ types: [ValueType], _ what: String) throws(JaxError) {
        guard values.count == types.count else {
            throw JaxError(.typeError, "\(what) \(types.count) values, \(values.count) are declared")
        }
        for (id, type) in zip(values, types) where !agree(function.type(of: id), type) {
            throw JaxError(.typeError, "\(what) \(type), but \(function.type(of: id)) is declared")
        }
    }
}

extension OpCode {
    /// Whether its regions take all that they use as parameters.
    fileprivate var isStructured: Bool {
        switch self {
        case .scan, .countedLoop, .customJVP, .customVJP, .customLin, .remat, .namedCall: true
        default: false
        }
    }
}

extension Operation {
    /// Whether this is a custom call whose target the machine does not know.
    fileprivate var isUnknown: Bool { parameters(CustomCallParameters.self).definition == nil }
    /// Whether operands of this custom call say what shapes its results have.
    fileprivate var isShaped: Bool { !parameters(CustomCallParameters.self).shapeOperands.isEmpty }
}

/// The types of the results of an operation with these operands, parameters and regions, which belong to `function`. Throws where they
/// do not fit each other.
@export(interface)
public func inferTypes(_ code: OpCode, operands: [ValueID], _ parameters: Parameters, regions: [Region],
                       in function: Function) throws(JaxError) -> [ValueType] {
    guard let operation = opDefinition(code) else { throw JaxError(.notImplemented, "the operation \(code.name) is not available") }
    guard operation.takes(parameters) else { throw JaxError(.internalError, "\(code.name) has the parameters of another operation") }
    var types: [ValueType] = []
    types.reserveCapacity(operands.count)
    for id in operands { types.append(function.type(of: id)) }
    guard code == .customCall, case let call = unsafeDowncast(parameters, to: CustomCallParameters.self),
          let target = call.definition else {
        return try operation.infer(OpView(code.name, operandTypes: types, parameters: parameters, regions: regions, function: function))
    }
    return try target.infer(OpView(target.name, operandTypes: types, parameters: call.configuration,
                                   regions: regions, function: function, call: call))
}

/// The functions of a module, each after those that it calls. Throws `malformed` for recursion: programs have none.
///
/// Depth first with a stack of its own: a chain of calls may be long.
@export(interface)
public func calleesFirst(_ module: Module) throws(JaxError) -> [Function] {
    enum Color: UInt8 { case white, grey, black }
    var indices: [ObjectIdentifier: Int] = [:]
    for (index, function) in module.functions.enumerated() { indices[ObjectIdentifier(function)] = index }
    var callees: [[Int]] = []
    for function in module.functions {
        var list: [Int] = []
        collectCallees(function.body, indices, &list)
        callees.append(list)
    }
    var colors = [Color](repeating: .white, count: callees.count)
    var order: [Function] = []
    for start in callees.indices where colors[start] == .white {
        var stack = [(node: start, next: 0)]
        colors[start] = .grey
        while let top = stack.last {
            guard top.next < callees[top.node].count else {
                colors[top.node] = .black
                order.append(module.functions[top.node])
                stack.removeLast()
                continue
            }
            stack[stack.count - 1].next += 1
            let callee = callees[top.node][top.next]
            if colors[callee] == .grey {
                throw JaxError(.malformed, "@\(module.functions[callee].name) calls itself, directly or by others")
            }
            if colors[callee] == .white {
                colors[callee] = .grey
                stack.append((callee, 0))
            }
        }
    }
    return order
}

private func collectCallees(_ region: Region, _ indices: [ObjectIdentifier: Int], _ list: inout [Int]) {
    for operation in region.operations {
        for callee in operation.parameters.functions { if let index = indices[ObjectIdentifier(callee)] { list.append(index) } }
        for region in operation.regions { collectCallees(region, indices, &list) }
    }
}
