// One function of a specialised program: copies the source's operations, folding those whose operands are known.
import JaxIR
import JaxOps
import JaxPlatform

/// What a value of the source is in the copy.
enum Binding {
    case value(ValueID)
    /// Known before the program runs. Becomes a constant where something needs it as an operand.
    case known(Tensor)
}

final class SpecialisingCopier {
    let specialiser: Specialiser
    let builder: Builder
    private var source: Function
    private var bindings: [Binding?]
    private var constantOf: [Int: ValueID] = [:]
    /// Who defines the source's values; made when first asked for.
    private var uses: Uses?

    init(_ specialiser: Specialiser, _ source: Function, name: String) {
        self.specialiser = specialiser
        self.source = source
        builder = Builder(source.emptyCopy(name: name))
        bindings = [Binding?](repeating: nil, count: source.types.count)
    }

    func build(_ types: [ValueType], _ known: [Tensor?]) throws(JaxError) -> Variant {
        guard types.count == source.body.parameters.count else {
            throw JaxError(.typeError, "@\(source.name) takes \(source.body.parameters.count) values, \(types.count) are passed")
        }
        for (index, parameter) in source.body.parameters.enumerated() {
            let value = builder.parameter(types[index])
            bindings[parameter.index] = known[index].map { .known($0) } ?? .value(value)
        }
        try copy(source.body.operations)
        var knownResults: [Tensor?] = [], results: [ValueID] = []
        for id in source.body.results {
            knownResults.append(self.known(id))
            results.append(try value(id))
        }
        builder.finish(results)
        return Variant(builder.function, known: knownResults)
    }

    // MARK: Values

    func type(of id: ValueID) throws(JaxError) -> ValueType {
        switch bindings[id.index] {
        case .value(let value)?: return builder.type(of: value)
        case .known(let tensor)?: return .tensor(tensor.type)
        case nil: throw JaxError(.malformed, "value \(id.index) is used before it is defined")
        }
    }

    func known(_ id: ValueID) -> Tensor? {
        if case .known(let tensor)? = bindings[id.index] { return tensor }
        return nil
    }

    /// The known elements of an integer value. Throws `valueError` where they depend on the arguments' elements.
    func knownIntegers(_ id: ValueID, _ what: String) throws(JaxError) -> [Int] {
        guard let tensor = known(id), let list = integers(tensor) else {
            throw JaxError(.valueError, "\(what) is not known before the program runs: it depends on more than the shapes of the arguments")
        }
        return list
    }

    /// The value in the copy; a constant for what is known.
    func value(_ id: ValueID) throws(JaxError) -> ValueID {
        switch bindings[id.index] {
        case .value(let value)?: return value
        case nil: throw JaxError(.malformed, "value \(id.index) is used before it is defined")
        case .known(let tensor)?:
            if let value = constantOf[id.index] { return value }
            let value = builder.leadingConstant(Literal(type: tensor.type, isSplat: false, storage: tensor.storage))
            constantOf[id.index] = value
            return value
        }
    }

    func values(_ ids: some Sequence<ValueID>) throws(JaxError) -> [ValueID] {
        var values: [ValueID] = []
        for id in ids { values.append(try value(id)) }
        return values
    }

    /// The type that the source declares for one of its values.
    func declaredTensor(_ id: ValueID) -> TensorType? { source.type(of: id).tensor }

    /// The operation of the source's function that defines a value.
    func definition(of id: ValueID) -> Operation? {
        if uses == nil { uses = Uses(source) }
        return uses?.definition(of: id)
    }

    func bind(_ id: ValueID, _ binding: Binding) { bindings[id.index] = binding }

    // MARK: Operations

    func copy(_ operations: [Operation]) throws(JaxError) {
        for operation in operations {
            do throws(JaxError) {
                try checkpoint()
                try specialiser.charge()
                builder.location = operation.location
                try copy(operation)
            } catch {
                throw error.located(specialiser.source.locations.describe(operation.location))
            }
        }
    }

    private func copy(_ operation: Operation) throws(JaxError) {
        if try fold(operation) { return }
        switch operation.code {
        case .call: try copyCall(operation)
        case .case, .if:
            if try inlineBranch(operation) { return }
            try emit(operation.code, for: operation, try values(operation.operands), operation.parameters)
        case .customCall: try copyCustomCall(operation)
        default:
            if try copyDynamic(operation) { return }
            try emit(operation.code, for: operation, try values(operation.operands), operation.parameters)
        }
    }

    /// Adds an operation with the results of `original`. Its regions are copies of the original's where none are given; the types
    /// of its results follow from everything else.
    func emit(_ code: OpCode, for original: Operation, _ operands: [ValueID],
              _ parameters: Parameters, regions: [Region]? = nil) throws(JaxError) {
        var copies: [Region] = []
        if let regions { copies = regions } else { for region in original.regions { copies.append(try copyRegion(region, of: original)) } }
        builder.location = original.location
        let results = try builder.emit(code, operands, parameters, regions: copies, annotations: original.annotations)
        try bind(original, results)
        if code == .while { bindInvariants(original) }
    }

    /// Lets the original's results stand for `results`, whose types are known as a whole.
    func bind(_ original: Operation, _ results: [ValueID]) throws(JaxError) {
        for (id, value) in zip(original.results, results) {
            guard builder.type(of: value).isStatic else {
                throw JaxError(.valueError,
                               "the type \(builder.type(of: value)) of a result of \(original.code.name) does not follow from its operands")
            }
            bind(id, .value(value))
        }
    }

    /// Whether a loop's body returns its parameter `index` unchanged.
    private func isInvariant(_ loop: Operation, _ index: Int) -> Bool {
        guard loop.regions.count == 2 else { return false }
        let body = loop.regions[1]
        return index < body.parameters.count && index < body.results.count && body.parameters[index] == body.results[index]
    }

    /// What a loop carries along unchanged is known after it where it was before.
    private func bindInvariants(_ loop: Operation) {
        for (index, id) in loop.results.enumerated() where index < loop.operands.count && isInvariant(loop, index) {
            if let tensor = known(loop.operands[index]) { bind(id, .known(tensor)) }
        }
    }

    /// A region's parameters take the types of the operands where the operation passes those on.
    private func copyRegion(_ region: Region, of operation: Operation) throws(JaxError) -> Region {
        var types: [ValueType] = []
        for (index, id) in region.parameters.enumerated() {
            var type = source.type(of: id)
            if operation.code == .while, index < operation.operands.count { type = try self.type(of: operation.operands[index]) }
            guard type.isStatic else {
                throw JaxError(.notImplemented, "\(operation.code.name) with a region over values of type \(type)")
            }
            types.append(type)
        }
        return try builder.region(types) { (_, parameters) throws(JaxError) in
            for (index, (id, parameter)) in zip(region.parameters, parameters).enumerated() {
                self.bind(id, .value(parameter))
                if operation.code == .while, index < operation.operands.count, self.isInvariant(operation, index),
                   let tensor = self.known(operation.operands[index]) {
                    self.bind(id, .known(tensor))
                }
            }
            try self.copy(region.operations)
            return try self.values(region.results)
        }
    }

    // MARK: Functions

    private func copyCall(_ operation: Operation) throws(JaxError) {
        let callee = operation.parameters(CallParameters.self).callee
        var types: [ValueType] = [], known: [Tensor?] = []
        for id in operation.operands {
            types.append(try type(of: id))
            known.append(self.known(id))
        }
        let variant = try specialiser.variant(of: callee, types: types, known: known)
        guard variant.known.count == operation.results.count else {
            throw JaxError(.typeError, "@\(callee.name) returns \(variant.known.count) values, the call has \(operation.results.count)")
        }
        if !variant.isConstant {
            try emit(.call, for: operation, try values(operation.operands), CallParameters(variant.function))
        }
        for (id, tensor) in zip(operation.results, variant.known) {
            if let tensor { bind(id, .known(tensor)) }
        }
    }

    /// Copies of functions that an operation names but does not call with its operands: reducers and comparators.
    func copies(of functions: [Function]) throws(JaxError) -> [Function] {
        var copies: [Function] = []
        for callee in functions {
            let none = [Tensor?](repeating: nil, count: callee.body.parameters.count)
            copies.append(try specialiser.variant(of: callee, types: callee.parameterTypes, known: none).function)
        }
        return copies
    }

    /// The body of a function of the source as a region of this function.
    func inlinedRegion(_ callee: Function, parameterTypes: [ValueType]) throws(JaxError) -> Region {
        guard callee.body.parameters.count == parameterTypes.count else {
            throw JaxError(.typeError, "@\(callee.name) takes \(callee.body.parameters.count) values, \(parameterTypes.count) expected")
        }
        let outer = (source, bindings, constantOf, uses)
        defer { (source, bindings, constantOf, uses) = outer }
        source = callee
        bindings = [Binding?](repeating: nil, count: callee.types.count)
        constantOf = [:]
        uses = nil
        return try builder.region(parameterTypes) { (_, parameters) throws(JaxError) in
            for (id, parameter) in zip(callee.body.parameters, parameters) { self.bind(id, .value(parameter)) }
            try self.copy(callee.body.operations)
            return try self.values(callee.body.results)
        }
    }

    // MARK: Branches

    /// Takes the branch of a case or if whose index is known into the surrounding block.
    private func inlineBranch(_ operation: Operation) throws(JaxError) -> Bool {
        guard let first = operation.operands.first, let index = known(first).flatMap(integers)?.first,
              !operation.regions.isEmpty else { return false }
        let last = operation.regions.count - 1
        let branch = operation.code == .if ? (index != 0 ? 0 : min(1, last)) : (index < 0 || index > last ? last : index)
        let region = operation.regions[branch]
        try copy(region.operations)
        for (id, result) in zip(operation.results, region.results) {
            guard let binding = bindings[result.index] else { throw JaxError(.malformed, "a branch returns an undefined value") }
            bind(id, binding)
        }
        return true
    }
}
