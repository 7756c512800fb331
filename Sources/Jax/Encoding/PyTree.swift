// The structure of nested Python containers around arrays (`jax.tree_util`).
import JaxPlatform

/// A tree whose leaves are arrays, numbered from left to right.
public indirect enum PyTree {
    case leaf
    /// Python's None, which has no leaves.
    case none
    case tuple([PyTree])
    case list([PyTree])
    /// With string keys, sorted.
    case dictionary([(key: String, value: PyTree)])
    /// A registered class (a named tuple, a dataclass): its registered name and its own data.
    case custom(name: String, data: [UInt8], children: [PyTree])

    public var leafCount: Int {
        switch self {
        case .leaf: return 1
        case .none: return 0
        case .tuple(let children), .list(let children), .custom(_, _, let children):
            return children.reduce(0) { $0 + $1.leafCount }
        case .dictionary(let entries): return entries.reduce(0) { $0 + $1.value.leafCount }
        }
    }

    /// A name for each leaf as JAX writes it: "[0]['w']", after `prefix`.
    public func leafPaths(_ prefix: String = "") -> [String] {
        var paths: [String] = []
        collect(prefix, &paths)
        return paths
    }

    private func collect(_ path: String, _ paths: inout [String]) {
        switch self {
        case .leaf: paths.append(path)
        case .none: break
        case .tuple(let children), .list(let children), .custom(_, _, let children):
            for (index, child) in children.enumerated() { child.collect(path + "[\(index)]", &paths) }
        case .dictionary(let entries):
            for entry in entries { entry.value.collect(path + "['\(entry.key)']", &paths) }
        }
    }
}

extension PyTree: CustomStringConvertible {
    /// As `jax.tree_util.PyTreeDef` prints it: "({'w': *}, [*, None])".
    public var description: String {
        func list(_ children: [PyTree]) -> String {
            var text = ""
            for (index, child) in children.enumerated() { text += (index > 0 ? ", " : "") + child.description }
            return text
        }
        switch self {
        case .leaf: return "*"
        case .none: return "None"
        case .tuple(let children): return "(" + list(children) + (children.count == 1 ? ",)" : ")")
        case .list(let children): return "[" + list(children) + "]"
        case .dictionary(let entries):
            var text = "{"
            for (index, entry) in entries.enumerated() {
                text += (index > 0 ? ", " : "") + "'" + entry.key + "': " + entry.value.description
            }
            return text + "}"
        case .custom(let name, _, let children): return name + "(" + list(children) + ")"
        }
    }
}
