// What passes share that look at one operation at a time and let values stand for others: a copy of each function in which every value
// keeps its number.
import JaxIR
import JaxOps
import JaxPlatform

/// What takes the place of an operation.
enum Replacement {
    /// This operation, which defines the same values.
    case operation(Operation)
    /// Values that are there already.
    case values([ValueID])
}

/// What a rule sees of the function.
struct RewritingScope {
    /// The copy; further values may be made in it.
    let function: Function
    /// The operations that define values, as they are now, of the blocks that are open.
    private(set) var definitions: [ValueID: Operation] = [:]
    /// The operations of each open block, the innermost last.
    private var blocks: [[Operation]] = []
    private var standIns: [ValueID: ValueID] = [:]
    private let uses: Uses

    fileprivate init(_ source: Function) {
        function = source.copyOfValues()
        uses = Uses(source)
    }

    /// How often the value is used in the function as it was.
    func useCount(_ value: ValueID) -> Int { uses.count(value) }

    func type(_ value: ValueID) -> TensorType? { function.type(of: value).tensor }

    func definition(_ value: ValueID) -> Operation? { definitions[value] }

    /// What stands for a value of the source.
    func current(_ value: ValueID) -> ValueID { standIns[value] ?? value }

    /// Puts an operation in front of the one that is looked at.
    mutating func insert(_ operation: Operation) {
        blocks[blocks.count - 1].append(operation)
        for result in operation.results { definitions[result] = operation }
    }

    fileprivate mutating func open() { blocks.append([]) }

    /// Closes a block: its values are seen no more.
    fileprivate mutating func close() -> [Operation] {
        let operations = blocks.removeLast()
        for operation in operations {
            for result in operation.results { definitions[result] = nil }
        }
        return operations
    }

    fileprivate mutating func replace(_ results: [ValueID], by values: [ValueID]) {
        for (result, value) in zip(results, values) where result != value { standIns[result] = value }
    }
}

/// The rules of a pass. A new one is made for each function.
protocol RewritingRule {
    init()

    /// What takes the place of an operation whose operands are already what stands for them.
    mutating func replacement(_ operation: Operation, _ scope: inout RewritingScope) throws(JaxError) -> Replacement

    /// Told when a block ends, with its operations.
    mutating func blockEnds(_ operations: [Operation])
}

/// A copy of a module whose operations a rule has seen, all but those of scalar regions, in which values only stand for others.
func rewritten<Rule: RewritingRule>(_ module: Module, by rule: Rule.Type) throws(JaxError) -> Module {
    let target = module.emptyCopy()
    var copies: [ObjectIdentifier: Function] = [:]
    for function in try calleesFirst(module) {
        var rewriting = FunctionRewriting(function, Rule(), copies)
        copies[ObjectIdentifier(function)] = try rewriting.run()
    }
    for function in module.functions {
        if let copy = copies[ObjectIdentifier(function)] { try target.add(copy) }
    }
    return target
}

private struct FunctionRewriting<Rule: RewritingRule> {
    private let source: Function
    private let callees: [ObjectIdentifier: Function]
    private var rule: Rule
    private var scope: RewritingScope

    init(_ function: Function, _ rule: Rule, _ callees: [ObjectIdentifier: Function]) {
        source = function
        self.rule = rule
        self.callees = callees
        scope = RewritingScope(function)
    }

    mutating func run() throws(JaxError) -> Function {
        scope.function.body = try rewrite(source.body)
        return scope.function
    }

    private mutating func rewrite(_ region: Region) throws(JaxError) -> Region {
        scope.open()
        for operation in region.operations {
            let operation = try withRewrittenRegions(operation)
            switch try rule.replacement(operation, &scope) {
            case .operation(let made): scope.insert(made)
            case .values(let values): scope.replace(operation.results, by: values)
            }
        }
        let results = region.results.map { scope.current($0) }
        let operations = scope.close()
        rule.blockEnds(operations)
        return Region(parameters: region.parameters, operations: operations, results: results)
    }

    private mutating func withRewrittenRegions(_ operation: Operation) throws(JaxError) -> Operation {
        var regions: [Region] = []
        let isScalar = opDefinition(operation)?.traits.contains(.scalarRegions) ?? false
        for region in operation.regions { regions.append(isScalar ? withStandIns(region) : try rewrite(region)) }
        var functions: [Function] = []
        for function in operation.parameters.functions { functions.append(callees[ObjectIdentifier(function)] ?? function) }
        return Operation(operation.code, operands: operation.operands.map { scope.current($0) }, results: operation.results,
                         parameters: functions.isEmpty ? operation.parameters : operation.parameters.replacing(functions),
                         annotations: operation.annotations, regions: regions, location: operation.location)
    }
}

extension FunctionRewriting {
    /// A region whose operations stay, seen from where it uses values of outside.
    private func withStandIns(_ region: Region) -> Region {
        let operations = region.operations.map { operation in
            Operation(operation.code, operands: operation.operands.map { scope.current($0) }, results: operation.results,
                      parameters: operation.parameters, annotations: operation.annotations,
                      regions: operation.regions.map(withStandIns), location: operation.location)
        }
        return Region(parameters: region.parameters, operations: operations, results: region.results.map { scope.current($0) })
    }
}

extension Function {
    /// A function of the same name and attributes with the same values, to be filled.
    public func copyOfValues() -> Function {
        let copy = emptyCopy()
        copy.resultTypes = resultTypes
        for type in types { _ = copy.makeValue(type) }
        return copy
    }
}

extension Operation {
    /// The same operation with other operands and parameters.
    func with(operands: [ValueID], parameters: Parameters? = nil) -> Operation {
        Operation(code, operands: operands, results: results, parameters: parameters ?? self.parameters, annotations: annotations,
                  regions: regions, location: location)
    }
}
