// Inlining: calls, and the composites that the caller names, replaced by the bodies of their functions.
import JaxIR
import JaxPlatform

/// What `inlined` replaces.
public struct InlineOptions {
    public var calls: Bool
    /// Whether a composite of this name gives way to its decomposition.
    public var composites: (String) -> Bool

    public init(calls: Bool = true, composites: @escaping (String) -> Bool = { _ in false }) {
        self.calls = calls
        self.composites = composites
    }
}

/// A copy of `module` with calls inlined in all public functions and in those that are still named by others; functions
/// that nothing names any more are left out. Throws `malformed` for recursion, `resourceExhausted` where the program would
/// grow beyond a million operations.
@export(interface)
public func inlined(_ module: Module, _ options: InlineOptions = InlineOptions()) throws(JaxError) -> Module {
    var inliner = Inliner(module, options)
    for function in module.functions where function.isPublic { try inliner.require(function.name) }
    return try inliner.finish()
}

private struct Inliner {
    static let maximumOperations = 1 << 20

    let source: Module
    let options: InlineOptions
    let target: Module
    /// Flattened functions by name; nil while one is being made.
    private var made: [String: Function?] = [:]
    /// Those that the result needs.
    private var required: [String] = []
    private var operationCount = 0

    init(_ source: Module, _ options: InlineOptions) {
        self.source = source
        self.options = options
        target = Module(name: source.name)
        target.meshes = source.meshes
        target.attributes = source.attributes
        target.locations = source.locations
    }

    mutating func require(_ name: String) throws(JaxError) {
        if required.contains(name) { return }
        required.append(name)
        _ = try flattened(name)
    }

    func finish() throws(JaxError) -> Module {
        for function in source.functions where required.contains(function.name) {
            if let entry = made[function.name], let flat = entry { try target.add(flat) }
        }
        return target
    }

    /// The function `name` without the calls that are to go.
    private mutating func flattened(_ name: String) throws(JaxError) -> Function {
        if let entry = made[name] {
            guard let function = entry else { throw JaxError(.malformed, "@\(name) calls itself") }
            return function
        }
        guard let function = source.function(named: name) else { throw JaxError(.malformed, "there is no function @\(name)") }
        made[name] = .some(nil)
        let flat = Function(name: name, isPublic: function.isPublic)
        flat.parameterAttributes = function.parameterAttributes
        flat.resultAttributes = function.resultAttributes
        flat.resultTypes = function.resultTypes
        flat.attributes = function.attributes
        flat.location = function.location
        var cloner = Cloner(from: function, into: flat)
        flat.body = try region(function.body, &cloner, caller: nil)
        made[name] = .some(flat)
        return flat
    }

    private mutating func region(_ region: Region, _ cloner: inout Cloner, caller: LocationID?) throws(JaxError) -> Region {
        var parameters: [ValueID] = []
        for parameter in region.parameters { parameters.append(cloner.define(parameter)) }
        var operations: [Operation] = []
        try append(region.operations, &cloner, caller: caller, to: &operations)
        return Region(parameters: parameters, operations: operations, results: try cloner.copies(of: region.results))
    }

    /// Copies `list`, with the bodies of calls in their place. `caller` is where a body that is being inlined is called from.
    private mutating func append(_ list: [Operation], _ cloner: inout Cloner, caller: LocationID?, to operations: inout [Operation]) throws(JaxError) {
        for operation in list {
            if let name = inlinedCallee(operation) {
                let callee = try flattened(name)
                guard callee.body.parameters.count == operation.operands.count,
                      callee.body.results.count == operation.results.count else {
                    throw JaxError(.malformed, "\(operation.code.name) does not fit @\(name)")
                }
                var inner = Cloner(from: callee, into: cloner.target)
                for (parameter, operand) in zip(callee.body.parameters, operation.operands) {
                    inner.bind(parameter, to: try cloner.copy(operand))
                }
                let place = caller.map { target.locations.add(.callSite(callee: operation.location, caller: $0)) } ?? operation.location
                try append(callee.body.operations, &inner, caller: place, to: &operations)
                for (result, value) in zip(operation.results, callee.body.results) {
                    cloner.bind(result, to: try inner.copy(value))
                }
                continue
            }
            operationCount += 1
            guard operationCount <= Inliner.maximumOperations else {
                throw JaxError(.resourceExhausted, "inlining makes more than \(Inliner.maximumOperations) operations")
            }
            for entry in operation.attributes.entries { try requireNames(entry) }
            let place = caller.map { target.locations.add(.callSite(callee: operation.location, caller: $0)) } ?? operation.location
            operations.append(try cloner.clone(operation, location: place) { (body, nested) throws(JaxError) in
                try region(body, &nested, caller: caller)
            })
        }
    }

    /// The function whose body takes the operation's place, or nil.
    private func inlinedCallee(_ operation: Operation) -> String? {
        switch operation.code {
        case .call: return options.calls ? operation.attributes.symbol("callee") : nil
        case .composite:
            guard let name = operation.attributes.string("name"), options.composites(name) else { return nil }
            return operation.attributes.symbol("decomposition")
        default: return nil
        }
    }

    /// Functions that an operation which stays names: a composite's decomposition, a custom call's computations.
    private mutating func requireNames(_ entry: NamedAttribute) throws(JaxError) {
        switch entry.value {
        case .symbol(let name): try require(name)
        case .array(let list) where entry.name == "called_computations":
            for case .symbol(let name) in list { try require(name) }
        default: break
        }
    }
}
