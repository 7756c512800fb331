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

final class FunctionBuilder {
    let specialiser: Specialiser
    let function: Function
    private var source: Function
    private var bindings: [Binding?]
    /// Constants made of known values, at the start of the function, where everything can see them.
    private var constants: [Operation] = []
    private var constantOf: [Int: ValueID] = [:]

    init(_ specialiser: Specialiser, _ source: Function, name: String) {
        self.specialiser = specialiser
        self.source = source
        function = Function(name: name, isPublic: source.isPublic)
        function.attributes = source.attributes
        function.location = source.location
        function.parameterAttributes = source.parameterAttributes
        function.resultAttributes = source.resultAttributes
        bindings = [Binding?](repeating: nil, count: source.types.count)
    }

    func build(_ types: [ValueType], _ known: [Tensor?]) throws(JaxError) -> Variant {
        guard types.count == source.body.parameters.count else {
            throw JaxError(.typeError, "@\(source.name) takes \(source.body.parameters.count) values, \(types.count) are passed")
        }
        for (index, parameter) in source.body.parameters.enumerated() {
            let value = function.makeValue(types[index])
            function.body.parameters.append(value)
            bindings[parameter.index] = known[index].map { .known($0) } ?? .value(value)
        }
        var operations: [Operation] = []
        try copy(source.body.operations, to: &operations)
        var knownResults: [Tensor?] = []
        for id in source.body.results {
            if case .known(let tensor)? = bindings[id.index] { knownResults.append(tensor) } else { knownResults.append(nil) }
            function.body.results.append(try value(id))
        }
        function.body.operations = constants + operations
        function.resultTypes = function.body.results.map { function.type(of: $0) }
        return Variant(function, known: knownResults)
    }

    // MARK: Values

    func type(of id: ValueID) throws(JaxError) -> ValueType {
        switch bindings[id.index] {
        case .value(let value)?: return function.type(of: value)
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
            let value = try constant(tensor)
            constantOf[id.index] = value
            return value
        }
    }

    private func constant(_ tensor: Tensor) throws(JaxError) -> ValueID {
        let value = function.makeValue(.tensor(tensor.type))
        let literal = Literal(type: tensor.type, isSplat: false, storage: tensor.storage)
        constants.append(Operation(.constant, results: [value],
                                   attributes: Attributes([NamedAttribute("value", .literal(literal))])))
        return value
    }

    /// The type that the source declares for one of its values.
    func declaredTensor(_ id: ValueID) -> TensorType? { source.type(of: id).tensor }

    /// The operation of the source's function that defines a value.
    func definition(of id: ValueID, in operations: [Operation]? = nil) -> Operation? {
        for operation in operations ?? source.body.operations {
            if operation.results.contains(id) { return operation }
            for region in operation.regions {
                if let found = definition(of: id, in: region.operations) { return found }
            }
        }
        return nil
    }

    func bind(_ id: ValueID, _ binding: Binding) { bindings[id.index] = binding }

    // MARK: Operations

    func copy(_ operations: [Operation], to output: inout [Operation]) throws(JaxError) {
        for operation in operations {
            do throws(JaxError) {
                try checkpoint()
                try specialiser.charge()
                try copy(operation, to: &output)
            } catch {
                throw error.located(specialiser.source.locations.describe(operation.location))
            }
        }
    }

    private func copy(_ operation: Operation, to output: inout [Operation]) throws(JaxError) {
        if try fold(operation) { return }
        switch operation.code {
        case .call: try copyCall(operation, to: &output)
        case .composite: try copyComposite(operation, to: &output)
        case .case, .if:
            if try inlineBranch(operation, to: &output) { return }
            try emit(operation.code, operation, operation.operands, operation.attributes, to: &output)
        case .customCall: try copyCustomCall(operation, to: &output)
        default:
            if try copyDynamic(operation, to: &output) { return }
            try emit(operation.code, operation, operation.operands, operation.attributes, to: &output)
        }
    }

    /// Adds an operation with the results of `original`, whose types follow from the operands; `resultTypes` says what they
    /// are where the operands' types do not.
    func emit(_ code: OpCode, _ original: Operation, _ operands: [ValueID], _ attributes: Attributes,
              resultTypes: [ValueType]? = nil, regions: [Region]? = nil, to output: inout [Operation]) throws(JaxError) {
        var values: [ValueID] = []
        values.reserveCapacity(operands.count)
        for id in operands { values.append(try value(id)) }
        try emit(code, original, values: values, attributes, resultTypes: resultTypes, regions: regions, to: &output)
    }

    /// The same with operands that are values of the copy.
    func emit(_ code: OpCode, _ original: Operation, values: [ValueID], _ attributes: Attributes,
              resultTypes: [ValueType]? = nil, regions: [Region]? = nil, to output: inout [Operation]) throws(JaxError) {
        let copy = Operation(code, operands: values, attributes: attributes, location: original.location)
        if let regions {
            copy.regions = regions
        } else {
            for region in original.regions { copy.regions.append(try copyRegion(region, of: original)) }
        }
        for (index, id) in original.results.enumerated() {
            let value = function.makeValue(resultTypes?[index] ?? source.type(of: id))
            copy.results.append(value)
            bind(id, .value(value))
        }
        if resultTypes == nil { try inferTypes(copy) }
        if code == .while { bindInvariants(original) }
        output.append(copy)
    }

    /// Adds an operation that the source does not have.
    func emit(_ code: OpCode, _ operands: [ValueID], _ type: TensorType, _ attributes: [NamedAttribute],
              location: LocationID, to output: inout [Operation]) throws(JaxError) -> ValueID {
        try specialiser.charge()
        let result = function.makeValue(.tensor(type))
        output.append(Operation(code, operands: operands, results: [result], attributes: Attributes(attributes), location: location))
        return result
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
        var copy = Region()
        for (index, id) in region.parameters.enumerated() {
            var type = source.type(of: id)
            if operation.code == .while, index < operation.operands.count { type = try self.type(of: operation.operands[index]) }
            guard type.isStatic else {
                throw JaxError(.notImplemented, "\(operation.code.name) with a region over values of type \(type)")
            }
            let value = function.makeValue(type)
            copy.parameters.append(value)
            bind(id, .value(value))
            if operation.code == .while, index < operation.operands.count, isInvariant(operation, index),
               let tensor = known(operation.operands[index]) {
                bind(id, .known(tensor))
            }
        }
        try self.copy(region.operations, to: &copy.operations)
        for id in region.results { copy.results.append(try value(id)) }
        return copy
    }

    /// Refines the declared types of an operation's results by its shape rule.
    private func inferTypes(_ operation: Operation) throws(JaxError) {
        var isStatic = true
        for id in operation.results where !function.type(of: id).isStatic { isStatic = false }
        if isStatic { return }
        guard let definition = opDefinition(operation.code) else {
            throw JaxError(.notImplemented, "the operation \(operation.code.name) is not available")
        }
        let types = try definition.shapeRule(OpView(operation, in: function, module: specialiser.target))
        for (index, id) in operation.results.enumerated() {
            guard index < types.count, types[index].isStatic else {
                throw JaxError(.valueError, "the type \(function.type(of: id)) of a result of \(operation.code.name) "
                    + "does not follow from its operands")
            }
            function.types[id.index] = types[index]
        }
    }

    // MARK: Functions

    private func arguments(_ operands: [ValueID]) throws(JaxError) -> (types: [ValueType], known: [Tensor?]) {
        var types: [ValueType] = [], known: [Tensor?] = []
        for id in operands {
            types.append(try type(of: id))
            known.append(self.known(id))
        }
        return (types, known)
    }

    private func copyCall(_ operation: Operation, to output: inout [Operation]) throws(JaxError) {
        guard let name = operation.attributes.symbol("callee") else {
            throw JaxError(.malformed, "call names no function")
        }
        let callee = try specialiser.sourceFunction(name)
        let (types, known) = try arguments(operation.operands)
        let variant = try specialiser.variant(of: callee, types: types, known: known)
        guard variant.known.count == operation.results.count else {
            throw JaxError(.typeError, "@\(name) returns \(variant.known.count) values, the call has \(operation.results.count)")
        }
        if !variant.isConstant {
            var attributes = operation.attributes
            attributes["callee"] = .symbol(variant.function.name)
            try emit(.call, operation, operation.operands, attributes, resultTypes: variant.function.resultTypes, to: &output)
        }
        for (id, tensor) in zip(operation.results, variant.known) {
            if let tensor { bind(id, .known(tensor)) }
        }
    }

    private func copyComposite(_ operation: Operation, to output: inout [Operation]) throws(JaxError) {
        guard let name = operation.attributes.symbol("decomposition") else {
            throw JaxError(.malformed, "composite names no decomposition")
        }
        let callee = try specialiser.sourceFunction(name)
        let (types, known) = try arguments(operation.operands)
        let variant = try specialiser.variant(of: callee, types: types, known: [Tensor?](repeating: nil, count: known.count))
        var attributes = operation.attributes
        attributes["decomposition"] = .symbol(variant.function.name)
        try emit(.composite, operation, operation.operands, attributes, resultTypes: variant.function.resultTypes, to: &output)
    }

    /// Copies functions that an operation names but does not call with its operands: reducers and comparators.
    func copyNamedFunctions(_ attributes: inout Attributes) throws(JaxError) {
        guard let list = attributes.array("called_computations"), !list.isEmpty else { return }
        var names: [Attribute] = []
        for case .symbol(let name) in list {
            let callee = try specialiser.sourceFunction(name)
            let none = [Tensor?](repeating: nil, count: callee.body.parameters.count)
            names.append(.symbol(try specialiser.variant(of: callee, types: callee.parameterTypes, known: none).function.name))
        }
        attributes["called_computations"] = .array(names)
    }

    /// The body of the source's function `name` as a region of this function.
    func inlinedRegion(_ name: String, parameterTypes: [ValueType]) throws(JaxError) -> Region {
        let callee = try specialiser.sourceFunction(name)
        guard callee.body.parameters.count == parameterTypes.count else {
            throw JaxError(.typeError, "@\(name) takes \(callee.body.parameters.count) values, \(parameterTypes.count) expected")
        }
        let outer = (source, bindings, constantOf)
        defer { (source, bindings, constantOf) = outer }
        source = callee
        bindings = [Binding?](repeating: nil, count: callee.types.count)
        constantOf = [:]
        var region = Region()
        for (index, id) in callee.body.parameters.enumerated() {
            let value = function.makeValue(parameterTypes[index])
            region.parameters.append(value)
            bind(id, .value(value))
        }
        try copy(callee.body.operations, to: &region.operations)
        for id in callee.body.results { region.results.append(try value(id)) }
        return region
    }

    // MARK: Branches

    /// Takes the branch of a case or if whose index is known into the surrounding block.
    private func inlineBranch(_ operation: Operation, to output: inout [Operation]) throws(JaxError) -> Bool {
        guard let first = operation.operands.first, let index = known(first).flatMap(integers)?.first,
              !operation.regions.isEmpty else { return false }
        let last = operation.regions.count - 1
        let branch = operation.code == .if ? (index != 0 ? 0 : min(1, last)) : (index < 0 || index > last ? last : index)
        let region = operation.regions[branch]
        try copy(region.operations, to: &output)
        for (id, result) in zip(operation.results, region.results) {
            guard let binding = bindings[result.index] else { throw JaxError(.malformed, "a branch returns an undefined value") }
            bind(id, binding)
        }
        return true
    }
}
