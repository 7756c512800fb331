// The operations of one function in the middle of another: how a traced function takes up programs that are there already.
import JaxIR
import JaxOps
import JaxPlatform

/// Emits the operations of `function` on `arguments` where `builder` is; the values of its results. What is copied shares the
/// parameters of its operations with the source, which must stay.
@export(interface)
public func spliced(_ function: Function, _ arguments: [ValueID], into builder: Builder) throws(JaxError) -> [ValueID] {
    guard arguments.count == function.body.parameters.count else {
        throw JaxError(.internalError, "@\(function.name) takes \(function.body.parameters.count) arguments, \(arguments.count) were given")
    }
    // Locations belong to the source's module.
    var rewriter = Rewriter(from: function, into: builder, place: { _ in .unknown }) { (_, _) in nil }
    for (parameter, argument) in zip(function.body.parameters, arguments) { rewriter.bind(parameter, to: argument) }
    try rewriter.copy(function.body.operations)
    return try rewriter.copies(of: function.body.results)
}

extension Builder {
    /// What has been emitted so far as a function of `parameters` that computes `value`, and nothing that it does not need.
    @export(interface)
    public func prefix(computing value: ValueID, of parameters: [ValueID]) -> Function {
        let copy = Function(name: function.name)
        for type in function.types { _ = copy.makeValue(type) }
        var needed: Set<ValueID> = [value], kept: [Operation] = []
        for operation in emitted.reversed() where operation.results.contains(where: { needed.contains($0) }) {
            kept.append(operation)
            needed.formUnion(operation.operands)
            needed.formUnion(operation.capturedValues)
        }
        copy.body = Region(parameters: parameters, operations: kept.reversed(), results: [value])
        copy.resultTypes = [function.type(of: value)]
        copy.parameterAttributes = parameters.map { _ in Attributes() }
        copy.resultAttributes = [Attributes()]
        return copy
    }
}
