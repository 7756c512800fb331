// Partial evaluation: what does not depend on the unknown values is computed now, the rest is put off (jax/_src/interpreters/
// partial_eval.py). Reverse mode computes the primals of a function in forward mode so, and keeps its linear part for transposition.
import JaxIR
import JaxOps
import JaxPlatform

/// Copies known operations of `source` into a builder's function. Unknown ones become operations of that function which are in none of
/// its blocks: `deferred`, in their order. An operation that runs regions and is unknown in part becomes two.
struct PartialEvaluation {
    let source: Function
    /// In the source.
    let unknown: Dependence
    private var copies: Rewriter
    /// In the target: operations that were put off, and what they and their like define.
    private(set) var deferred: [Operation] = []

    init(_ source: Function, unknown: Dependence, into builder: Builder) {
        self.source = source
        self.unknown = unknown
        copies = Rewriter(from: source, into: builder) { (_, _) in nil }
    }

    var builder: Builder { copies.builder }

    mutating func bind(_ value: ValueID, to copy: ValueID) { copies.bind(value, to: copy) }

    func copy(_ value: ValueID) throws(JaxError) -> ValueID { try copies.copy(value) }

    func copies(of values: [ValueID]) throws(JaxError) -> [ValueID] { try copies.copies(of: values) }

    func isUnknown(_ value: ValueID) -> Bool { unknown.contains(value) }

    mutating func run(_ operations: [Operation]) throws(JaxError) {
        for operation in operations {
            if !operation.results.contains(where: { isUnknown($0) }) {
                try copies.copy([operation])
            } else {
                builder.location = operation.location
                if try !runInParts(operation) { try putOff(operation) }
            }
        }
    }

    /// The operation as a whole, later.
    mutating func putOff(_ operation: Operation) throws(JaxError) {
        var inner = copies
        deferred += try builder.block { () throws(JaxError) in try inner.copy([operation]) }.operations
        copies = inner
    }

    /// Puts off an operation of the target that computes `results` of the source.
    mutating func putOff(_ operation: Operation, for results: [ValueID]) {
        for (result, copy) in zip(results, operation.results) { bind(result, to: copy) }
        deferred.append(operation)
    }

    /// Known operations of a block, emitted into the block that is open, and those that were put off.
    func running(_ operations: [Operation], _ prepare: (inout PartialEvaluation) -> Void = { _ in }) throws(JaxError) -> PartialEvaluation {
        var inner = self
        inner.deferred = []
        prepare(&inner)
        try inner.run(operations)
        return inner
    }
}

// MARK: What operations use

/// The values that operations and results use and do not define, in the order of their first use.
func freeValues(_ operations: [Operation], _ results: [ValueID] = []) -> [ValueID] {
    var search = FreeValues()
    search.search(operations, results)
    return search.free
}

private struct FreeValues {
    private var defined: Set<ValueID> = [], seen: Set<ValueID> = []
    private(set) var free: [ValueID] = []

    mutating func search(_ operations: [Operation], _ results: [ValueID]) {
        for operation in operations {
            use(operation.operands)
            for region in operation.regions {
                defined.formUnion(region.parameters)
                search(region.operations, region.results)
            }
            defined.formUnion(operation.results)
        }
        use(results)
    }

    private mutating func use(_ values: [ValueID]) {
        for value in values where !defined.contains(value) && seen.insert(value).inserted { free.append(value) }
    }
}

/// What a list of operations defines, without what is inside their regions.
func definedValues(_ operations: [Operation]) -> Set<ValueID> {
    var defined: Set<ValueID> = []
    for operation in operations { defined.formUnion(operation.results) }
    return defined
}

extension Operation {
    /// What its regions use of outside.
    var capturedValues: [ValueID] {
        var values: [ValueID] = []
        for region in regions {
            let parameters = Set(region.parameters)
            for value in freeValues(region.operations, region.results) where !parameters.contains(value) && !values.contains(value) {
                values.append(value)
            }
        }
        return values
    }

    /// The same operation on what stands for its operands, in its regions too.
    func replacing(_ values: [ValueID: ValueID]) -> Operation {
        Operation(code, operands: operands.map { values[$0] ?? $0 }, results: results, parameters: parameters, annotations: annotations,
                  regions: regions.map { $0.replacing(values) }, location: location)
    }
}

extension Region {
    func replacing(_ values: [ValueID: ValueID]) -> Region {
        Region(parameters: parameters, operations: operations.map { $0.replacing(values) }, results: results.map { values[$0] ?? $0 })
    }
}

/// A region that uses nothing of outside but by leading parameters of its own, which it returns unchanged in front of its results, as the
/// body of a scan does with constants; and what they stand for.
func closed(_ region: Region, in builder: Builder) -> (region: Region, captured: [ValueID]) {
    let parameters = Set(region.parameters)
    let captured = freeValues(region.operations, region.results).filter { !parameters.contains($0) }
    var names: [ValueID: ValueID] = [:]
    for value in captured { names[value] = builder.function.makeValue(builder.type(of: value)) }
    let inner = region.replacing(names), leading = captured.map { names[$0]! }
    return (Region(parameters: leading + inner.parameters, operations: inner.operations, results: leading + inner.results), captured)
}
