// Between Python's nested containers and the flat lists of arrays that programs take and give (jax.tree_util).
import JaxIR
import JaxLoad
import JaxPlatform

/// Where a value's structure is not the expected one: an error's text around the place, which is put together on the way out.
private struct StructureError: Error {
    var before: String, place = "", after: String
}

/// The leaves of `value`, whose structure must be `tree`'s. Throws `valueError` that names the place and what was expected.
func leaves(of value: Value, as tree: PyTree, path: String) throws(JaxError) -> [Value] {
    var result: [Value] = []
    do throws(StructureError) {
        try append(value, as: tree, to: &result)
    } catch {
        throw JaxError(.valueError, error.before + path + error.place + error.after)
    }
    return result
}

private func append(_ value: Value, as tree: PyTree, to result: inout [Value]) throws(StructureError) {
    func differs(_ expected: String) -> StructureError {
        StructureError(before: "The invocation args and kwargs must have the same pytree structure as when the function was exported: "
            + "expected \(expected) at ", after: ", got \(value.typeName)")
    }
    switch tree {
    case .leaf: result.append(value)
    case .none:
        guard value.isNone else { throw differs("None") }
    case .tuple(let children):
        guard case .tuple(let items) = value else { throw differs("a tuple of \(children.count)") }
        try append(items, as: children, "tuple", to: &result)
    case .list(let children):
        guard case .list(let items) = value else { throw differs("a list of \(children.count)") }
        try append(items, as: children, "list", to: &result)
    case .custom(let name, _, let children):
        guard let items = value.items else { throw differs("\(name) with \(children.count) children") }
        try append(items, as: children, name, to: &result)
    case .dictionary(let entries):
        guard case .dictionary(let pairs) = value else { throw differs("a dict with \(entries.count) keys") }
        for entry in entries {
            var found: Value?
            for pair in pairs {
                if case .string(let key) = pair.key, key == entry.key { found = pair.value }
            }
            guard let found else { throw StructureError(before: "the key '\(entry.key)' is missing at ", after: "") }
            do throws(StructureError) {
                try append(found, as: entry.value, to: &result)
            } catch {
                throw StructureError(before: error.before, place: "['" + entry.key + "']" + error.place, after: error.after)
            }
        }
        guard pairs.count == entries.count else {
            throw StructureError(before: "a dict with \(entries.count) keys is expected at ", after: ", got \(pairs.count)")
        }
    }
}

private func append(_ items: [Value], as children: [PyTree], _ kind: String, to result: inout [Value]) throws(StructureError) {
    guard items.count == children.count else {
        throw StructureError(before: "a \(kind) of \(children.count) is expected at ", after: ", got one of \(items.count)")
    }
    for index in items.indices {
        do throws(StructureError) {
            try append(items[index], as: children[index], to: &result)
        } catch {
            throw StructureError(before: error.before, place: "[\(index)]" + error.place, after: error.after)
        }
    }
}

/// The containers of `tree` around values taken from the front of `leaves`. A registered class becomes a tuple.
func unflatten(_ tree: PyTree, _ leaves: inout ArraySlice<Value>) -> Value {
    switch tree {
    case .leaf: return leaves.popFirst() ?? .none
    case .none: return .none
    case .tuple(let children), .custom(_, _, let children): return .tuple(unflatten(children, &leaves))
    case .list(let children): return .list(unflatten(children, &leaves))
    case .dictionary(let entries):
        var pairs: [(key: Value, value: Value)] = []
        for entry in entries { pairs.append((key: .string(entry.key), value: unflatten(entry.value, &leaves))) }
        return .dictionary(pairs)
    }
}

private func unflatten(_ children: [PyTree], _ leaves: inout ArraySlice<Value>) -> [Value] {
    var items: [Value] = []
    for child in children { items.append(unflatten(child, &leaves)) }
    return items
}
