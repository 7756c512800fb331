// Inlining: calls replaced by the bodies of the functions that they call.
import JaxIR
import JaxOps
import JaxPlatform

/// A copy of `module` with calls inlined in all public functions and in those that others still name; functions that nothing
/// names any more are left out. Throws `malformed` for recursion, `resourceExhausted` where the program would grow beyond a
/// million operations.
@export(interface)
public func inlined(_ module: Module) throws(JaxError) -> Module {
    let inliner = Inliner(module)
    for function in module.functions where function.isPublic { _ = try inliner.required(function) }
    return try inliner.finish()
}

private final class Inliner {
    static let maximumOperations = 1 << 20

    private let source: Module
    private let target: Module
    /// Flattened functions; nil while one is being made.
    private var made: [ObjectIdentifier: Function?] = [:]
    /// Those that the result needs: public ones, and those that an operation still names.
    private var isRequired: Set<ObjectIdentifier> = []
    /// Flattened functions by themselves: bodies that have been flattened name them.
    private var isFlat: Set<ObjectIdentifier> = []
    private var operationCount = 0

    init(_ source: Module) {
        self.source = source
        target = source.emptyCopy()
    }

    func finish() throws(JaxError) -> Module {
        for function in source.functions where isRequired.contains(ObjectIdentifier(function)) {
            if let entry = made[ObjectIdentifier(function)], let flat = entry { try target.add(flat) }
        }
        return target
    }

    /// The same of a function that the result needs.
    func required(_ function: Function) throws(JaxError) -> Function {
        if isFlat.contains(ObjectIdentifier(function)) { return function }
        isRequired.insert(ObjectIdentifier(function))
        return try flattened(function)
    }

    /// The function without calls.
    private func flattened(_ function: Function) throws(JaxError) -> Function {
        if let entry = made[ObjectIdentifier(function)] {
            guard let flat = entry else { throw JaxError(.malformed, "@\(function.name) calls itself") }
            return flat
        }
        made[ObjectIdentifier(function)] = .some(nil)
        let builder = Builder(function.emptyCopy())
        var rewriter = self.rewriter(function, builder, caller: nil)
        for parameter in function.body.parameters { rewriter.bind(parameter, to: builder.parameter(function.type(of: parameter))) }
        try rewriter.copy(function.body.operations)
        builder.finish(try rewriter.copies(of: function.body.results))
        made[ObjectIdentifier(function)] = .some(builder.function)
        isFlat.insert(ObjectIdentifier(builder.function))
        return builder.function
    }

    /// `caller` is where a body that is being inlined is called from.
    private func rewriter(_ function: Function, _ builder: Builder, caller: LocationID?) -> Rewriter {
        Rewriter(from: function, into: builder, place: { [target] location in
            caller.map { target.locations.add(.callSite(callee: location, caller: $0)) } ?? location
        }) { (operation, rewriter) throws(JaxError) -> [ValueID]? in
            if operation.code == .call { return try self.inlined(operation, &rewriter, caller: caller) }
            self.operationCount += 1
            guard self.operationCount <= Inliner.maximumOperations else {
                throw JaxError(.resourceExhausted, "inlining makes more than \(Inliner.maximumOperations) operations")
            }
            let named = operation.parameters.functions
            if named.isEmpty { return nil }
            var functions: [Function] = []
            for function in named { functions.append(try self.required(function)) }
            return try rewriter.copy(operation, parameters: operation.parameters.replacing(functions))
        }
    }

    private func inlined(_ call: Operation, _ rewriter: inout Rewriter, caller: LocationID?) throws(JaxError) -> [ValueID] {
        let callee = try flattened(call.parameters(CallParameters.self).callee)
        guard callee.body.parameters.count == call.operands.count, callee.body.results.count == call.results.count else {
            throw JaxError(.malformed, "call does not fit @\(callee.name)")
        }
        let place = caller.map { target.locations.add(.callSite(callee: call.location, caller: $0)) } ?? call.location
        var inner = self.rewriter(callee, rewriter.builder, caller: place)
        for (parameter, operand) in zip(callee.body.parameters, call.operands) { inner.bind(parameter, to: try rewriter.copy(operand)) }
        try inner.copy(callee.body.operations)
        return try inner.copies(of: callee.body.results)
    }
}
