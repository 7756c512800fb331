// Between Python's nested containers and the flat lists of arrays that programs take and give (jax.tree_util).
import JaxIR
import JaxLoad
import JaxPlatform

/// The leaves of `value`, whose structure must be `tree`'s. Throws `valueError` that names the place and what was expected.
func leaves(of value: Value, as tree: PyTree, path: String) throws(JaxError) -> [Value] {
    func differs(_ expected: String) -> JaxError {
        JaxError(.valueError, "The invocation args and kwargs must have the same pytree structure as when the function was exported: "
            + "expected \(expected) at \(path), got \(value.typeName)")
    }
    switch tree {
    case .leaf: return [value]
    case .none:
        guard value.isNone else { throw differs("None") }
        return []
    case .tuple(let children):
        guard case .tuple(let items) = value else { throw differs("a tuple of \(children.count)") }
        return try leaves(of: items, as: children, path, "tuple")
    case .list(let children):
        guard case .list(let items) = value else { throw differs("a list of \(children.count)") }
        return try leaves(of: items, as: children, path, "list")
    case .custom(let name, _, let children):
        guard let items = value.items else { throw differs("\(name) with \(children.count) children") }
        return try leaves(of: items, as: children, path, name)
    case .dictionary(let entries):
        guard case .dictionary(let pairs) = value else { throw differs("a dict with \(entries.count) keys") }
        var result: [Value] = []
        for entry in entries {
            var found: Value?
            for pair in pairs {
                if case .string(let key) = pair.key, key == entry.key { found = pair.value }
            }
            guard let found else { throw JaxError(.valueError, "the key '\(entry.key)' is missing at \(path)") }
            result += try leaves(of: found, as: entry.value, path: path + "['" + entry.key + "']")
        }
        guard pairs.count == entries.count else {
            throw JaxError(.valueError, "a dict with \(entries.count) keys is expected at \(path), got \(pairs.count)")
        }
        return result
    }
}

private func leaves(of items: [Value], as children: [PyTree], _ path: String, _ kind: String) throws(JaxError) -> [Value] {
    guard items.count == children.count else {
        throw JaxError(.valueError, "a \(kind) of \(children.count) is expected at \(path), got one of \(items.count)")
    }
    var result: [Value] = []
    for index in items.indices { result += try leaves(of: items[index], as: children[index], path: path + "[\(index)]") }
    return result
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
