// A smaller program that still fails: one result in place of many, operations whose results become arguments, operations of regions that
// become constants. Values keep their numbers, so an operation is taken out without touching the others.
import JaxIR
import JaxOps
import JaxPlatform
import JaxTransform

struct Shrinking {
    private(set) var module: Module
    private(set) var arguments: [Tensor]
    private(set) var difference: Difference
    /// Candidates that may still be tried.
    private var budget = 600

    init(_ module: Module, _ arguments: [Tensor], _ difference: Difference) {
        self.module = module
        self.arguments = arguments
        self.difference = difference
    }

    mutating func run() {
        if let flat = try? inlined(module) { accept(flat, arguments) }
        guard module.functions.count == 1 else { return }
        let main = module.functions[0]
        if let result = difference.result {
            let one = [main.body.results[result]]
            if !accept(Shrinking.program(main, main.body.parameters, Shrinking.needed(main.body.operations, one), one), arguments) {
                accept(Shrinking.program(main, main.body.parameters, main.body.operations, one), arguments)
            }
        }
        var size = module.functions[0].body.operations.count
        while size > 0 && budget > 0 {
            var place = 0
            while place < module.functions[0].body.operations.count {
                if !cut(place, size) { place += size }
            }
            if size == 1 { regions() }
            size /= 2
        }
        dropArguments()
    }

    /// Takes over a candidate if it fails, too.
    @discardableResult
    private mutating func accept(_ candidate: Module?, _ arguments: [Tensor]) -> Bool {
        guard let candidate, budget > 0 else { return false }
        budget -= 1
        var coverage = Coverage()
        guard (try? verify(candidate)) != nil, let found = try? Execution.difference(candidate, arguments, &coverage) else { return false }
        (module, self.arguments, difference) = (candidate, arguments, found)
        return true
    }

    /// What `results` need.
    private static func needed(_ operations: [Operation], _ results: [ValueID]) -> [Operation] {
        var needed = Set(results), kept: [Operation] = []
        for operation in operations.reversed() where operation.results.contains(where: { needed.contains($0) }) {
            kept.append(operation)
            use(operation, &needed)
        }
        return kept.reversed()
    }

    /// A module of one function with the values of another.
    private static func program(_ main: Function, _ parameters: [ValueID], _ operations: [Operation], _ results: [ValueID]) -> Module {
        let function = Function(name: main.name)
        for type in main.types { _ = function.makeValue(type) }
        function.body = Region(parameters: parameters, operations: operations, results: results)
        function.resultTypes = results.map { function.type(of: $0) }
        function.parameterAttributes = parameters.map { _ in Attributes() }
        function.resultAttributes = results.map { _ in Attributes() }
        let module = Module()
        try! module.add(function)
        return module
    }

    private static func use(_ operation: Operation, _ needed: inout Set<ValueID>) {
        needed.formUnion(operation.operands)
        for region in operation.regions {
            needed.formUnion(region.results)
            for inner in region.operations { use(inner, &needed) }
        }
    }

    /// Makes arguments of what some operations compute.
    private mutating func cut(_ place: Int, _ size: Int) -> Bool {
        let main = module.functions[0], body = main.body
        let range = place..<min(place + size, body.operations.count)
        var used = Set(body.results)
        for operation in body.operations[range.upperBound...] { Shrinking.use(operation, &used) }
        let values = body.operations[range].flatMap { $0.results }.filter { used.contains($0) }
        let before = Shrinking.program(main, body.parameters, Array(body.operations[..<range.upperBound]), values)
        guard (try? verify(before)) != nil, let numbers = try? Execution.results(before, arguments),
              let owned = try? numbers.map({ try $0.owned() }) else { return false }
        var rest = body.operations
        rest.removeSubrange(range)
        return accept(Shrinking.program(main, body.parameters + values, rest, body.results), arguments + owned)
    }

    private mutating func dropArguments() {
        let main = module.functions[0], body = main.body
        var used = Set(body.results)
        for operation in body.operations { Shrinking.use(operation, &used) }
        let kept = body.parameters.indices.filter { used.contains(body.parameters[$0]) }
        accept(Shrinking.program(main, kept.map { body.parameters[$0] }, body.operations, body.results), kept.map { arguments[$0] })
    }

    // MARK: Regions

    /// Makes constants of operations within the regions of control flow, one after another.
    private mutating func regions() {
        var number = 0
        while budget > 0 {
            let main = module.functions[0]
            var rest = number
            let operations = main.body.operations.map { Shrinking.simplified($0, main, &rest) }
            if rest >= 0 { return }
            if !accept(Shrinking.program(main, main.body.parameters, operations, main.body.results), arguments) { number += 1 }
        }
    }

    /// The operation with number `rest` among those that could become constants replaced by one; `rest` is -1 from then on.
    private static func simplified(_ operation: Operation, _ function: Function, _ rest: inout Int) -> Operation {
        guard [.while, .if, .case].contains(operation.code) else { return operation }
        var regions: [Region] = []
        for region in operation.regions {
            var region = region
            region.operations = region.operations.map { inner in
                if rest < 0 { return inner }
                // A loop's counter must go on.
                let isCounter = operation.code == .while && function.type(of: inner.results[0]).tensor?.rank == 0
                if inner.results.count == 1, inner.code != .constant, !isCounter, let type = function.type(of: inner.results[0]).tensor {
                    rest -= 1
                    if rest < 0 { return constant(inner.results[0], type) }
                }
                return simplified(inner, function, &rest)
            }
            regions.append(region)
        }
        return Operation(operation.code, operands: operation.operands, results: operation.results, parameters: operation.parameters,
                         regions: regions, location: operation.location)
    }

    private static func constant(_ value: ValueID, _ type: TensorType) -> Operation {
        let storage = try! Storage(byteCount: type.dtype.byteWidth)
        storage.bytes.initializeMemory(as: UInt8.self, repeating: 0, count: type.dtype.byteWidth)
        let literal = Literal(type: type, isSplat: type.rank > 0, storage: storage)
        return Operation(.constant, results: [value], parameters: ConstantParameters(literal))
    }
}
