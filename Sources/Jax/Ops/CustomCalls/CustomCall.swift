// custom_call: operations known by their target's name. A target is one definition in this folder and one line in the table.
import JaxIR
import JaxPlatform

/// One target of custom_call: like an `OpDefinition`, found by name.
final class CustomCall {
    let name: String
    let shapeRule: ShapeRule
    let evaluation: Evaluation

    init(_ name: String, shape: @escaping ShapeRule, evaluate: @escaping Evaluation) {
        self.name = name
        self.shapeRule = shape
        self.evaluation = evaluate
    }
}

/// Every family of targets; one line each.
private func customCallFamilies() -> [[CustomCall]] {
    [
        checkCalls(),
        annotationCalls(),
        deviceLinearAlgebraCalls(),
        lapackCalls(),
        topKCalls(),
    ]
}

/// All targets, found by a linear search over a few dozen names.
struct CustomCallTable {
    private let calls: [CustomCall]

    init(families: [[CustomCall]]) {
        var calls: [CustomCall] = []
        for family in families { calls += family }
        self.calls = calls
    }

    subscript(name: String) -> CustomCall? {
        for call in calls where call.name == name { return call }
        return nil
    }
}

/// Touched when `opTable` is filled; read-only.
nonisolated(unsafe) private let customCallTable = CustomCallTable(families: customCallFamilies())

/// Whether programs with a custom call of this name can run.
@export(interface)
public func hasCustomCall(_ name: String) -> Bool { customCallTable[name] != nil }

func customCallFamily() -> [OpDefinition] {
    _ = customCallTable["check.expect_eq"]
    return [OpDefinition(.customCall, shape: customCallShape, evaluate: evaluateCustomCall)]
}

private func target(_ attributes: Attributes) throws(JaxError) -> CustomCall {
    guard let name = attributes.string("call_target_name") else {
        throw JaxError(.malformed, "custom_call: the attribute call_target_name is missing")
    }
    guard let call = customCallTable[name] else {
        throw JaxError(.notImplemented, "the custom call \"\(name)\" is not available")
    }
    return call
}

private func customCallShape(_ op: OpView) throws(JaxError) -> [ValueType] {
    let call = try target(op.attributes)
    do throws(JaxError) {
        return try call.shapeRule(op)
    } catch {
        throw JaxError(error.kind, call.name + ": " + error.message, location: error.location, offset: error.offset)
    }
}

private func evaluateCustomCall(_ frame: Frame, _ operation: Operation, _ operands: [RuntimeValue]) throws(JaxError) -> [RuntimeValue] {
    let results = try target(operation.attributes).evaluation(frame, operation, operands)
    // Older programs declare one tuple where there are several results.
    if operation.results.count == 1, case .tuple = frame.resultType(operation) { return [.tuple(results)] }
    return results
}

// MARK: - What definitions share

extension OpView {
    /// Throws unless the declared results (or the members of a single tuple) are `types`; dynamic dimensions agree with all
    /// sizes.
    func checkResults(_ types: [TensorType]) throws(JaxError) -> [ValueType] {
        let all = flatResultTypes(operation, function)
        try require(all.count == types.count, "has \(types.count) results, \(all.count) declared")
        var results: [ValueType] = []
        for (index, type) in types.enumerated() {
            guard let declared = all[index].tensor else { throw error(.typeError, "result \(index) must be \(type), is \(all[index])") }
            try require(declared.dtype == type.dtype && agree(declared.shape, type.shape), "result \(index) must be \(type), \(declared) declared")
            results.append(.tensor(TensorType(type.dtype, merge(declared.shape, type.shape))))
        }
        if operation.results.count == 1, case .tuple = declaredType(0) { return [.tuple(results)] }
        return results
    }
}

extension Operation {
    /// An attribute of the target: from the typed FFI's "mhlo.backend_config" or "backend_config" dictionary.
    func configuration(_ name: String) -> Attribute? {
        if let dictionary = attributes.dictionary("mhlo.backend_config"), let value = dictionary[name] { return value }
        if let dictionary = attributes.dictionary("backend_config"), let value = dictionary[name] { return value }
        return attributes[name]
    }

    func configuredInteger(_ name: String) -> Int? {
        if case .integer(let value, _)? = configuration(name) { return value }
        return nil
    }

    func configuredBool(_ name: String) -> Bool? {
        switch configuration(name) {
        case .bool(let value)?: return value
        case .integer(let value, _)?: return value != 0
        default: return nil
        }
    }
}
