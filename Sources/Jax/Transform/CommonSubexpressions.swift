// Common subexpressions: what has been computed already is not computed again.
import JaxIR
import JaxOps
import JaxPlatform

/// A copy of a verified module in which no block computes twice what it, or a block around it, has computed before. Operations with
/// regions or effects stay as they are.
public func withoutCommonSubexpressions(_ module: Module) throws(JaxError) -> Module {
    try rewritten(module, by: CommonSubexpressions.self)
}

private struct CommonSubexpressions: RewritingRule {
    private struct Key: Hashable {
        let code: OpCode
        let operands: [ValueID]
    }

    private var known: [Key: [Operation]] = [:]

    init() {}

    /// Operations of one code without operands (constants) that are compared at most.
    private static let limit = 16

    mutating func replacement(_ operation: Operation, _ scope: inout RewritingScope) throws(JaxError) -> Replacement {
        guard operation.regions.isEmpty, let definition = opDefinition(operation), !definition.traits.contains(.effects) else {
            return .operation(operation)
        }
        let key = Key(code: operation.code, operands: operation.operands)
        for other in (known[key] ?? []).suffix(CommonSubexpressions.limit) where isSame(operation, other, scope) {
            return .values(other.results)
        }
        known[key, default: []].append(operation)
        return .operation(operation)
    }

    private func isSame(_ a: Operation, _ b: Operation, _ scope: RewritingScope) -> Bool {
        guard a.results.count == b.results.count, a.annotations == b.annotations else { return false }
        for (x, y) in zip(a.results, b.results) where scope.function.type(of: x) != scope.function.type(of: y) { return false }
        return a.parameters.isEqual(b.parameters)
    }

    mutating func blockEnds(_ operations: [Operation]) {
        for operation in operations { known[Key(code: operation.code, operands: operation.operands)]?.removeAll { $0 === operation } }
    }
}
