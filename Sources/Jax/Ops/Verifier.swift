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
    try CallGraph(module).requireNoCycle()
    for function in module.functions {
        var verifier = FunctionVerifier(function, module, requiringKnownCalls: requiringKnownCalls)
        try verifier.verify()
    }
}

private struct FunctionVerifier {
    private let function: Function
    private let module: Module
    private let requiringKnownCalls: Bool
    private enum Definition: UInt8 { case none, visible, hidden }
    private var definitions: [Definition]

    init(_ function: Function, _ module: Module, requiringKnownCalls: Bool) {
        self.function = function
        self.module = module
        self.requiringKnownCalls = requiringKnownCalls
        definitions = [Definition](repeating: .none, count: function.types.count)
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
        own.append(id)
    }

    private func use(_ id: ValueID, _ what: String) throws(JaxError) {
        guard definitions.indices.contains(id.index), definitions[id.index] == .visible else {
            throw JaxError(.malformed, "\(what) uses value \(id.index), which is not defined there")
        }
    }

    private mutating func operation(_ operation: Operation, _ own: inout [ValueID]) throws(JaxError) {
        for id in operation.operands { try use(id, operation.code.name) }
        for region in operation.regions { try self.region(region) }
        for id in operation.results { try define(id, &own) }
        try symbols(operation)
        try literals(operation)
        if operation.code == .customCall, !requiringKnownCalls,
           let target = operation.attributes.string("call_target_name"), !hasCustomCall(target) { return }
        guard let definition = opDefinition(operation.code) else {
            throw JaxError(.notImplemented, "the operation \(operation.code.name) is not available")
        }
        let types = try definition.shapeRule(OpView(operation, in: function, module: module))
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

    // MARK: Attributes that name or hold something

    /// Functions that an operation names must exist; a call must fit its callee.
    private func symbols(_ operation: Operation) throws(JaxError) {
        for entry in operation.attributes.entries {
            if case .symbol(let name) = entry.value { _ = try callee(name, operation) }
            if case .array(let list) = entry.value, entry.name == "called_computations" {
                for case .symbol(let name) in list { _ = try callee(name, operation) }
            }
        }
        let attribute = operation.code == .call ? "callee" : operation.code == .composite ? "decomposition" : nil
        guard let attribute else { return }
        guard let name = operation.attributes.symbol(attribute) else {
            throw JaxError(.malformed, "\(operation.code.name) names no function")
        }
        let target = try callee(name, operation)
        try match(operation.operands, target.parameterTypes, "@\(name) takes")
        try match(operation.results, target.resultTypes, "@\(name) returns")
    }

    private func callee(_ name: String, _ operation: Operation) throws(JaxError) -> Function {
        guard let function = module.function(named: name) else {
            throw JaxError(.malformed, "\(operation.code.name) names @\(name), which does not exist")
        }
        return function
    }

    /// A constant has as many bytes as its type says.
    private func literals(_ operation: Operation) throws(JaxError) {
        guard operation.code == .constant else { return }
        guard let literal = operation.attributes.literal("value") else {
            throw JaxError(.malformed, "constant has no value")
        }
        guard let count = literal.type.checkedElementCount,
              literal.storage.byteCount >= (literal.isSplat ? 1 : count) * literal.type.dtype.byteWidth else {
            throw JaxError(.malformed, "a constant of type \(literal.type) has \(literal.storage.byteCount) bytes")
        }
    }
}

/// Who calls whom. Programs have no recursion.
private struct CallGraph {
    private let module: Module
    private var callees: [[Int]] = []

    init(_ module: Module) {
        self.module = module
        var indices: [String: Int] = [:]
        for (index, function) in module.functions.enumerated() { indices[function.name] = index }
        for function in module.functions {
            var list: [Int] = []
            CallGraph.collect(function.body, indices, &list)
            callees.append(list)
        }
    }

    private static func collect(_ region: Region, _ indices: [String: Int], _ list: inout [Int]) {
        for operation in region.operations {
            for entry in operation.attributes.entries {
                if case .symbol(let name) = entry.value, let index = indices[name] { list.append(index) }
                guard case .array(let names) = entry.value, entry.name == "called_computations" else { continue }
                for case .symbol(let name) in names { if let index = indices[name] { list.append(index) } }
            }
            for region in operation.regions { collect(region, indices, &list) }
        }
    }

    /// Depth first with a stack of its own: a chain of calls may be long.
    func requireNoCycle() throws(JaxError) {
        enum Color: UInt8 { case white, grey, black }
        var colors = [Color](repeating: .white, count: callees.count)
        for start in callees.indices where colors[start] == .white {
            var stack = [(node: start, next: 0)]
            colors[start] = .grey
            while let top = stack.last {
                guard top.next < callees[top.node].count else {
                    colors[top.node] = .black
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
    }
}
