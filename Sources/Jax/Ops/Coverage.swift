// What a program is executed by: kernels, and operations that the evaluator takes one by one. This is the one rule for that; what a
// program says of itself, the machine's counts and profiles follow it.
//
// Operations that only hold others or pass values on (`Traits.structural`) are neither: the operations of a loop's body count, the loop
// does not. Scalar regions belong to their operation. The region of a fusion counts where the fusion has no kernel.
import JaxIR

/// A program's kernels and evaluated operations, each counted once however often it is executed.
public struct Coverage {
    /// In the program's order.
    public private(set) var kernels: [CompiledKernel] = []
    /// How many operations of each name are evaluated, the most frequent first. A custom call goes by its target's name.
    public private(set) var evaluated: [(name: String, count: Int)] = []

    /// Walks from `main`, or from every function where there is none. `visit` is called with each evaluated operation.
    public init(_ module: Module, visit: (Operation) -> Void = { _ in }) {
        var walk = Walk()
        if let main = module.function(named: "main") {
            walk.take(main, visit, &self)
        } else {
            for function in module.functions { walk.take(function, visit, &self) }
        }
        evaluated.sort { $0.count != $1.count ? $0.count > $1.count : $0.name < $1.name }
    }

    fileprivate mutating func add(_ sequence: KernelSequence) { for call in sequence.calls { kernels.append(call.kernel) } }

    fileprivate mutating func addEvaluated(_ name: String) {
        for index in evaluated.indices where evaluated[index].name == name {
            evaluated[index].count += 1
            return
        }
        evaluated.append((name, 1))
    }

    /// "12 kernels; evaluated: 3 gather, 1 sort", or "evaluated: nothing".
    public var text: String {
        var text = "\(kernels.count) kernel\(kernels.count == 1 ? "" : "s"); evaluated: "
        if evaluated.isEmpty { return text + "nothing" }
        for (place, entry) in evaluated.enumerated() { text += (place > 0 ? ", " : "") + "\(entry.count) \(entry.name)" }
        return text
    }
}

private struct Walk {
    private var seen: Set<ObjectIdentifier> = []

    mutating func take(_ function: Function, _ visit: (Operation) -> Void, _ coverage: inout Coverage) {
        if seen.insert(ObjectIdentifier(function)).inserted { take(function.body, visit, &coverage) }
    }

    private mutating func take(_ region: Region, _ visit: (Operation) -> Void, _ coverage: inout Coverage) {
        for operation in region.operations {
            if operation.code == .fusion, let kernels = operation.parameters(FusionParameters.self).kernels {
                coverage.add(kernels)
                continue
            }
            let definition = opDefinition(operation), traits = definition?.traits ?? []
            if traits.contains(.structural) {
                // The derivative rules of a function are not executed with it.
                let hasRules = operation.code == .customJVP || operation.code == .customVJP
                for inner in operation.regions.prefix(hasRules ? 1 : .max) { take(inner, visit, &coverage) }
                for callee in operation.parameters.functions { take(callee, visit, &coverage) }
            } else {
                coverage.addEvaluated(definition?.name ?? operation.code.name)
                visit(operation)
            }
        }
    }
}
