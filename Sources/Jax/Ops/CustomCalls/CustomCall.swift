// custom_call: operations known by their target's name. A target is one definition in a family below and nothing else.
import JaxIR
import JaxPlatform

/// Every family of targets; one line each.
private func customCallFamilies() -> [[OpDefinition]] {
    [
        checkCalls(),
        annotationCalls(),
        shapeCalls(),
        deviceLinearAlgebraCalls(),
        lapackCalls(),
        topKCalls(),
    ]
}

/// All targets, found by a linear search over a few dozen names; a program's calls look theirs up once, when it is loaded.
struct CustomCallTable {
    fileprivate let calls: [OpDefinition]

    init(families: [[OpDefinition]]) {
        var calls: [OpDefinition] = []
        for family in families { calls += family }
        self.calls = calls
    }

    subscript(name: String) -> OpDefinition? {
        for call in calls where call.name == name { return call }
        return nil
    }
}

/// Touched when `opTable` is filled; read-only.
nonisolated(unsafe) private let customCallTable = CustomCallTable(families: customCallFamilies())

/// The parameters' own definition stands for calls of unknown targets; those of known ones have theirs.
func customCallFamily() -> [OpDefinition] {
    _ = customCallTable["check.expect_eq"]
    return [OpDefinition(.customCall, CustomCallParameters.self, .effects, infer: { view, parameters throws(JaxError) in
        throw JaxError(.notImplemented, "the custom call \"\(parameters.target)\" is not available")
    }, .none)]
}

/// Visits the definitions that programs' calls refer to.
func forEachCustomCall(_ body: (OpDefinition) -> Void) {
    for call in customCallTable.calls { body(call) }
}

/// The definitions of all targets, for those who list them.
@export(interface)
public func customCallDefinitions() -> [OpDefinition] { customCallFamilies().flatMap { $0 } }

/// A target's own parameters name no functions.
private func noFunction(_ name: String) throws(JaxError) -> Function {
    throw JaxError(.malformed, "@\(name) is no parameter of a custom call")
}

/// What a custom call says of itself, and the parameters of its target, decoded.
public final class CustomCallParameters: Parameters {
    public private(set) var target = ""
    public private(set) var hasSideEffect = false
    /// Computations that the call names: a comparator, a reducer.
    public private(set) var called: [Function] = []
    /// The types of the results, which are the program's choice within what the target allows.
    public private(set) var resultTypes: [ValueType] = []
    /// The attribute that lists operands which say what shapes the results have.
    public static let shapeOperandsName = "indices_of_shape_operands"
    /// Those operands, before specialisation.
    public private(set) var shapeOperands: [Int] = []
    /// The attributes that the target's parameters were decoded from, as the program has them.
    public private(set) var attributes = Attributes()
    /// The target's parameters.
    public private(set) var configuration = Parameters.none
    /// What the machine knows of the target; nil for an unknown one.
    public private(set) var definition: OpDefinition?

    /// A call of `target` with the attributes that it understands. Throws `malformed` where one is missing or wrong.
    public convenience init(_ target: String, _ attributes: Attributes = Attributes(), resultTypes: [ValueType], operandTypes: [ValueType],
                            called: [Function] = [], hasSideEffect: Bool = false) throws(JaxError) {
        self.init()
        self.target = target
        self.hasSideEffect = hasSideEffect
        self.called = called
        self.resultTypes = resultTypes
        try decode(ParameterCoder(reading: attributes, of: .customCall,
                                  operandTypes: operandTypes, resultTypes: resultTypes, function: noFunction))
    }

    public override func code(_ coder: ParameterCoder) throws(JaxError) {
        try coder.string("call_target_name", &target)
        try coder.bool("has_side_effect", &hasSideEffect, missing: false)
        try coder.functions("called_computations", &called)
        try coder.types("result_types", &resultTypes)
        try coder.integers(CustomCallParameters.shapeOperandsName, &shapeOperands, missing: [])
        if coder.isReading {
            try decode(coder)
        } else {
            for entry in attributes.entries { coder.put(entry.name, entry.value) }
        }
    }

    /// The target's parameters stand in the dictionary of the typed FFI, "mhlo.backend_config" or "backend_config", or beside it.
    /// The coder loses what they are made of.
    private func decode(_ coder: ParameterCoder) throws(JaxError) {
        definition = customCallTable[target]
        var fields = Attributes()
        for name in ["mhlo.backend_config", "backend_config"] {
            guard let value = coder.takeIfPresent(name) else { continue }
            if case .string("") = value { continue }
            attributes.entries.append(NamedAttribute(name, value))
            if case .dictionary(let entries) = value {
                fields.entries += entries
            } else {
                fields.entries.append(NamedAttribute(name, value))
            }
        }
        guard let definition else { return }
        fields.entries += coder.remaining.entries
        let inner = ParameterCoder(reading: fields, of: .customCall, operandTypes: coder.operandTypes,
                                   resultTypes: resultTypes, function: noFunction)
        do throws(JaxError) {
            configuration = try definition.parameters(inner)
        } catch {
            throw JaxError(error.kind, target + ": " + error.message, location: error.location, offset: error.offset)
        }
        // What was beside the dictionary and has been used belongs to the call; the rest stays with the operation.
        for entry in coder.remaining.entries where inner.remaining[entry.name] == nil {
            attributes.entries.append(entry)
            _ = coder.takeIfPresent(entry.name)
        }
    }

    public override var functions: [Function] { called }

    public override func replacing(_ functions: [Function]) -> Parameters { copy(called: functions, resultTypes: resultTypes) }

    /// The same call with other result types, and without shape operands.
    public func specialised(resultTypes: [ValueType]) -> CustomCallParameters {
        let copy = copy(called: called, resultTypes: resultTypes)
        copy.shapeOperands = []
        return copy
    }

    private func copy(called: [Function], resultTypes: [ValueType]) -> CustomCallParameters {
        let copy = CustomCallParameters()
        copy.target = target
        copy.hasSideEffect = hasSideEffect
        copy.called = called
        copy.resultTypes = resultTypes
        copy.shapeOperands = shapeOperands
        copy.attributes = attributes
        copy.configuration = configuration
        copy.definition = definition
        return copy
    }
}

// MARK: - What definitions share

extension OpView {
    /// Throws unless the declared results of the custom call are `types`; dynamic dimensions agree with all sizes. Gives the
    /// more precise of both.
    func checkResults(_ types: [TensorType]) throws(JaxError) -> [ValueType] {
        let declared = call?.resultTypes ?? []
        try require(declared.count == types.count, "has \(types.count) results, \(declared.count) declared")
        var results: [ValueType] = []
        for (index, type) in types.enumerated() {
            guard let declared = declared[index].tensor else {
                throw error(.typeError, "result \(index) must be \(type), is \(declared[index])")
            }
            try require(declared.dtype == type.dtype && agree(declared.shape, type.shape),
                        "result \(index) must be \(type), \(declared) declared")
            results.append(.tensor(TensorType(type.dtype, merge(declared.shape, type.shape))))
        }
        return results
    }

    /// The tensor type that a custom call declares for a result.
    func declaredTensor(_ index: Int) throws(JaxError) -> TensorType {
        guard let types = call?.resultTypes, index < types.count, let type = types[index].tensor else {
            throw error(.typeError, "result \(index) must be an array")
        }
        return type
    }
}

extension ParameterCoder {
    /// A character of the typed FFI, by its code; `missing` stands for an absent one.
    func character(_ name: String, _ value: inout UInt8, missing: UInt8) throws(JaxError) {
        var code = Int(value)
        try integer(name, &code, missing: Int(missing))
        guard let character = UInt8(exactly: code) else { throw error("\(name) \(code) is no character") }
        value = character
    }
}
