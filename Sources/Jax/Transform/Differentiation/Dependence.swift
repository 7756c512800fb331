// Which values of a function depend on given ones: those with a tangent, or those that are unknown until later.
import JaxIR
import JaxOps
import JaxPlatform

/// What counts as depending on a value.
enum DependenceKind {
    /// A derivative: integers and steps have none.
    case tangent
    /// Any use at all.
    case value
}

/// The values that depend on others, through nested regions and round loops. Values of one function have one numbering, so that one set
/// says it for all its regions.
struct Dependence {
    private let function: Function
    private let kind: DependenceKind
    private(set) var values: Set<ValueID>

    init(_ function: Function, on values: [ValueID], _ kind: DependenceKind) {
        self.init(function.body, of: function, on: values, kind)
    }

    /// Within one region of a function.
    init(_ region: Region, of function: Function, on values: [ValueID], _ kind: DependenceKind) {
        self.function = function
        self.kind = kind
        self.values = Set(values)
        follow(region.operations)
    }

    func contains(_ value: ValueID) -> Bool { values.contains(value) }

    /// Which of `values` depend on the given ones, in their order.
    func flags(_ values: [ValueID]) -> [Bool] { values.map { self.values.contains($0) } }

    private mutating func follow(_ operations: [Operation]) { for operation in operations { follow(operation) } }

    private mutating func follow(_ operation: Operation) {
        let regions = operation.regions
        switch operation.code {
        case .if, .case:
            for region in regions { follow(region.operations) }
            if kind == .value, values.contains(operation.operands[0]) { return markAll(operation.results) }
            for region in regions { mark(operation.results, where: region.results) }
        case .while:
            carry(operation.operands, regions[1].parameters, regions[1], operation.results) { dependence in
                dependence.mark(regions[0].parameters, where: regions[1].parameters)
                dependence.follow(regions[0].operations)
            }
            if kind == .value, values.contains(regions[0].results[0]) { markAll(operation.results) }
        case .countedLoop:
            mark([regions[0].parameters[0]], where: [operation.operands[0]])
            carry(Array(operation.operands.dropFirst(2)), Array(regions[0].parameters.dropFirst()), regions[0], operation.results) { _ in }
            if kind == .value, values.contains(operation.operands[0]) || values.contains(operation.operands[1]) {
                markAll(operation.results)
            }
        case .scan:
            let count = operation.parameters(ScanParameters.self).carryCount, body = regions[0]
            mark(Array(body.parameters.dropFirst(count)), where: Array(operation.operands.dropFirst(count)))
            carry(Array(operation.operands.prefix(count)), Array(body.parameters.prefix(count)), body,
                  Array(operation.results.prefix(count))) { _ in }
            mark(Array(operation.results.dropFirst(count)), where: Array(body.results.dropFirst(count)))
        case .remat, .namedCall:
            mark(regions[0].parameters, where: operation.operands)
            follow(regions[0].operations)
            mark(operation.results, where: regions[0].results)
        default:
            guard isUsed(in: operation) else { return }
            if kind == .tangent, opDefinition(operation)?.hasZeroDerivative == true { return }
            markAll(operation.results)
        }
    }

    /// A loop's state: what depends on the given values at the start or after a round does so in all rounds. `also` follows what else
    /// is computed in a round.
    private mutating func carry(_ operands: [ValueID], _ parameters: [ValueID], _ body: Region, _ results: [ValueID],
                                _ also: (inout Dependence) -> Void) {
        mark(parameters, where: operands)
        while true {
            also(&self)
            follow(body.operations)
            let before = values.count
            mark(parameters, where: Array(body.results.prefix(parameters.count)))
            if values.count == before { break }
        }
        mark(results, where: parameters)
        mark(results, where: Array(body.results.prefix(results.count)))
    }

    /// Whether an operation, or one of its regions, uses a value that depends on the given ones.
    private func isUsed(in operation: Operation) -> Bool {
        operation.operands.contains { values.contains($0) } || operation.regions.contains(where: isUsed)
    }

    private func isUsed(in region: Region) -> Bool {
        region.operations.contains { isUsed(in: $0) } || region.results.contains { values.contains($0) }
    }

    private mutating func mark(_ targets: [ValueID], where sources: [ValueID]) {
        for (target, source) in zip(targets, sources) where values.contains(source) { mark(target) }
    }

    private mutating func markAll(_ targets: [ValueID]) { for target in targets { mark(target) } }

    private mutating func mark(_ value: ValueID) {
        if kind == .value || function.type(of: value).hasTangent { values.insert(value) }
    }
}

extension Array {
    /// The elements that `flags` mark, in their order.
    func marked(by flags: [Bool]) -> [Element] { zip(self, flags).filter { $0.1 }.map { $0.0 } }
}

extension ValueType {
    /// Whether it is an array of floats or complex numbers.
    var hasTangent: Bool {
        guard let type = tensor else { return false }
        return type.dtype.isFloat || type.dtype.isComplex
    }
}
