// Dead code: operations whose results nothing needs are left out.
import JaxIR
import JaxOps
import JaxPlatform

/// The operations of a block that are needed for its results or have effects, in their order; regions stay as they are.
public func withoutDead(_ operations: [Operation], _ results: [ValueID]) -> [Operation] {
    var needed = Set(results), kept: [Operation] = []
    for operation in operations.reversed() {
        guard hasEffects(operation) || operation.results.contains(where: { needed.contains($0) }) else { continue }
        kept.append(operation)
        needed.formUnion(operation.operands)
        for region in operation.regions { need(region, &needed) }
    }
    return kept.reversed()
}

/// Whether an operation, or one that it holds, does more than compute its results; a loop may go on for ever, which is an effect.
func hasEffects(_ operation: Operation) -> Bool {
    guard let definition = opDefinition(operation), !definition.traits.contains(.effects) else { return true }
    if operation.code == .while || !operation.parameters.functions.isEmpty { return true }
    return operation.regions.contains { $0.operations.contains { hasEffects($0) } }
}

private func need(_ region: Region, _ needed: inout Set<ValueID>) {
    needed.formUnion(region.results)
    for operation in region.operations {
        needed.formUnion(operation.operands)
        for inner in operation.regions { need(inner, &needed) }
    }
}
