// Decodes the flatbuffer that `jax.export.Exported.serialize` writes. Its layout is that of
// `jax/_src/export/serialization_generated.py`; the numbers below are the fields of its tables, in order.
import JaxIR
import JaxPlatform

/// Decodes an export of `jax.export`, calling conventions 9 and 10.
///
/// Whatever the bytes hold, the answer is an export or a `JaxError` that names the byte offset. The program inside is
/// decoded by `Exported.module()`.
@export(interface)
public func loadArtifact(_ bytes: UnsafeRawBufferPointer) throws(JaxError) -> Exported {
    let reader = ByteReader(bytes)
    guard !Container.hasMagic(reader) else {
        throw JaxError(.malformed, "expected an export of jax.export, found a bare MLIR program", offset: 0)
    }
    return try ArtifactReader.exported(FlatTable.root(reader), depth: 0)
}

/// The same for an array of bytes.
public func loadArtifact(_ bytes: [UInt8]) throws(JaxError) -> Exported {
    var result: Result<Exported, JaxError>?
    bytes.withUnsafeBytes { buffer in
        do throws(JaxError) { result = .success(try loadArtifact(buffer)) } catch { result = .failure(error) }
    }
    switch result! {
    case .success(let exported): return exported
    case .failure(let error): throw error
    }
}

/// Whether `bytes` is a bare program (`loadModule`) and not an export (`loadArtifact`).
public func isBareProgram(_ bytes: UnsafeRawBufferPointer) -> Bool { Container.hasMagic(ByteReader(bytes)) }

private enum ArtifactReader {
    private static let depthLimit = 96
    /// Orders of stored derivatives.
    private static let vjpLimit = 8

    static func exported(_ table: FlatTable, depth: Int) throws(JaxError) -> Exported {
        let version = try table.scalar(14, UInt16.self)
        guard version == 9 || version == 10 else {
            throw JaxError(.notImplemented, "calling convention version \(version) is not supported; 9 and 10 are",
                           offset: table.position)
        }
        let meshes = try meshes(table.tables(20))
        let named = try shardings(table.tables(21), meshes)
        let inShardings = try shardings(table, indices: 24, tables: 7, named, meshes)
        let outShardings = try shardings(table, indices: 25, tables: 8, named, meshes)
        let unique = try values(table.tables(19))
        let inValues = try values(table, indices: 22, tables: 3, unique)
        let outValues = try values(table, indices: 23, tables: 5, unique)
        let inTree = try tree(table.table(2), table, "the arguments' tree", leaves: inValues.count)
        let outTree = try tree(table.table(4), table, "the results' tree", leaves: outValues.count)
        let kept = try table.integers(15, UInt16.self)
        for (position, index) in kept.enumerated() {
            guard index < inValues.count, position == 0 || kept[position - 1] < index else {
                throw JaxError(.malformed, "the kept arguments are not an ascending list of the \(inValues.count) arguments",
                               offset: table.position)
            }
        }
        guard let program = try table.bytes(13) else {
            throw JaxError(.malformed, "the export holds no program", offset: table.position)
        }
        var vjp: Exported?
        if let inner = try table.table(17) {
            guard depth < vjpLimit else {
                throw JaxError(.malformed, "more than \(vjpLimit) orders of derivatives", offset: inner.position)
            }
            vjp = try exported(inner, depth: depth + 1)
        }
        var devices = try table.scalar(18, UInt32.self)
        if devices == 0 { devices = try table.scalar(6, Int16.self) }
        return Exported(
            functionName: try table.string(1) ?? "",
            inTree: inTree, outTree: outTree, inValues: inValues, outValues: outValues, keptArguments: kept,
            platforms: try table.strings(9),
            orderedEffects: try effects(table.tables(10)), unorderedEffects: try effects(table.tables(11)),
            deviceCount: devices, inShardings: inShardings, outShardings: outShardings,
            disabledChecks: try checks(table.tables(12)), callingConventionVersion: version,
            usesGlobalConstants: try table.scalar(16, UInt8.self) != 0, vjp: vjp, program: program.array())
    }

    // MARK: Trees

    private static func tree(_ root: FlatTable?, _ table: FlatTable, _ what: String, leaves: Int) throws(JaxError) -> PyTree {
        guard let root else { throw JaxError(.malformed, "the export lacks \(what)", offset: table.position) }
        let tree = try tree(root, depth: 0)
        guard tree.leafCount == leaves else {
            throw JaxError(.malformed, "\(what) has \(tree.leafCount) leaves for \(leaves) values", offset: root.position)
        }
        return tree
    }

    private static func tree(_ table: FlatTable, depth: Int) throws(JaxError) -> PyTree {
        guard depth < depthLimit else {
            throw JaxError(.malformed, "a tree is nested deeper than \(depthLimit)", offset: table.position)
        }
        var children: [PyTree] = []
        for child in try table.tables(1) { children.append(try tree(child, depth: depth + 1)) }
        let kind = try table.scalar(0, Int8.self)
        switch kind {
        case 0: return .leaf
        case 1: return .none
        case 2: return .tuple(children)
        case 3: return .list(children)
        case 4:
            let keys = try table.strings(2)
            guard keys.count == children.count else {
                throw JaxError(.malformed, "a dictionary with \(keys.count) keys and \(children.count) values",
                               offset: table.position)
            }
            var entries: [(key: String, value: PyTree)] = []
            for (key, child) in zip(keys, children) { entries.append((key, child)) }
            return .dictionary(entries)
        case 5:
            let data = try table.bytes(4)
            return .custom(name: try table.string(3) ?? "", data: data?.array() ?? [], children: children)
        default:
            throw JaxError(.malformed, "a tree node of unknown kind \(kind)", offset: table.position)
        }
    }

    // MARK: Values

    private static func values(_ table: FlatTable, indices: Int, tables: Int,
                               _ unique: [ExportedValue]) throws(JaxError) -> [ExportedValue] {
        let list = try table.integers(indices, UInt32.self)
        if list.isEmpty { return try values(table.tables(tables)) }
        var result: [ExportedValue] = []
        for index in list {
            guard index < unique.count else {
                throw JaxError(.malformed, "value type \(index) of \(unique.count) does not exist", offset: table.position)
            }
            result.append(unique[index])
        }
        return result
    }

    private static func values(_ tables: [FlatTable]) throws(JaxError) -> [ExportedValue] {
        var result: [ExportedValue] = []
        for table in tables { result.append(try value(table)) }
        return result
    }

    private static func value(_ table: FlatTable) throws(JaxError) -> ExportedValue {
        guard try table.scalar(0, Int8.self) == 0 else {
            throw JaxError(.notImplemented, "a token as an argument of an export", offset: table.position)
        }
        var shape: [Dimension] = []
        let sizes = try table.strings(1)
        guard sizes.count <= 64 else {
            throw JaxError(.notImplemented, "an array of rank \(sizes.count); NumPy's have 64 at most", offset: table.position)
        }
        for text in sizes {
            if let size = Int(text), size >= 0 { shape.append(.fixed(size)) } else { shape.append(.symbolic(text)) }
        }
        let code = try table.scalar(2, Int8.self)
        guard let element = element(code) else {
            throw JaxError(.malformed, "no element type has the number \(code)", offset: table.position)
        }
        let spaces = ["device", "host", "any"]
        let space = try table.scalar(3, Int8.self)
        return ExportedValue(element: element, shape: shape, memorySpace: (1...3).contains(space) ? spaces[space - 1] : nil)
    }

    private static func element(_ code: Int) -> ExportedElement? {
        let dtypes: [DType?] = [
            .i1, .i8, .i16, .i32, .i64, .u8, .u16, .u32, .u64, .f16, .f32, .f64, .c64, .c128, .bf16, .i4, .u4,
            .f8E4M3B11FNUZ, .f8E4M3FN, .f8E4M3FNUZ, .f8E5M2, .f8E5M2FNUZ, nil, .f8E4M3, .f8E3M4, .f8E8M0FNU, .f4E2M1FN,
        ]
        switch code {
        case 22: return .float0
        case 27: return .key("fry")
        case 28: return .key("rbg")
        case 29: return .key("unsafe_rbg")
        default:
            guard dtypes.indices.contains(code), let dtype = dtypes[code] else { return nil }
            return .dtype(dtype)
        }
    }

    // MARK: Meshes and shardings

    private static func meshes(_ tables: [FlatTable]) throws(JaxError) -> [ExportedMesh] {
        var result: [ExportedMesh] = []
        for table in tables { result.append(try mesh(table)) }
        return result
    }

    private static func mesh(_ table: FlatTable) throws(JaxError) -> ExportedMesh {
        let sizes = try table.integers(0, UInt32.self), names = try table.strings(1)
        guard sizes.count == names.count else {
            throw JaxError(.malformed, "a mesh with \(sizes.count) axes and \(names.count) names", offset: table.position)
        }
        var axes: [(name: String, size: Int)] = []
        for (name, size) in zip(names, sizes) { axes.append((name, size)) }
        let codes = try table.integers(2, Int8.self)
        guard codes.isEmpty || codes.count == axes.count else {
            throw JaxError(.malformed, "a mesh with \(axes.count) axes and \(codes.count) types of them", offset: table.position)
        }
        var types: [String] = []
        for type in codes {
            switch type {
            case 2: types.append("Explicit")
            case 3: types.append("Manual")
            default: types.append("Auto")
            }
        }
        return ExportedMesh(axes: axes, axisTypes: types)
    }

    private static func shardings(_ tables: [FlatTable], _ meshes: [ExportedMesh]) throws(JaxError) -> [ExportedSharding] {
        var result: [ExportedSharding] = []
        for table in tables { result.append(try sharding(table, meshes)) }
        return result
    }

    private static func sharding(_ table: FlatTable, _ meshes: [ExportedMesh]) throws(JaxError) -> ExportedSharding {
        let own: ExportedMesh
        if meshes.isEmpty {
            guard let inner = try table.table(0) else {
                throw JaxError(.malformed, "a sharding without a mesh", offset: table.position)
            }
            own = try mesh(inner)
        } else {
            let index = try table.scalar(3, UInt32.self)
            guard index < meshes.count else {
                throw JaxError(.malformed, "mesh \(index) of \(meshes.count) does not exist", offset: table.position)
            }
            own = meshes[index]
        }
        var partitions: [[String]] = []
        if let spec = try table.table(1) {
            for dimension in try spec.tables(0) { partitions.append(try dimension.strings(0)) }
        }
        return ExportedSharding(mesh: own, partitions: partitions, memoryKind: try table.string(2))
    }

    private static func shardings(_ table: FlatTable, indices: Int, tables: Int, _ named: [ExportedSharding],
                                  _ meshes: [ExportedMesh]) throws(JaxError) -> [ExportedSharding?] {
        var result: [ExportedSharding?] = []
        let list = try table.integers(indices, UInt32.self)
        for index in list {
            guard index <= named.count else {
                throw JaxError(.malformed, "sharding \(index) of \(named.count) does not exist", offset: table.position)
            }
            result.append(index == 0 ? nil : named[index - 1])
        }
        guard list.isEmpty else { return result }
        // Exports before April 2026; before January 2026 they held XLA's own encoding, which says nothing to one device.
        for entry in try table.tables(tables) {
            result.append(try entry.table(2).map { (inner: FlatTable) throws(JaxError) in try sharding(inner, meshes) })
        }
        return result
    }

    // MARK: Effects and checks

    private static func effects(_ tables: [FlatTable]) throws(JaxError) -> [String] {
        var names: [String] = []
        for table in tables { names.append(try table.string(0) ?? "") }
        return names
    }

    private static func checks(_ tables: [FlatTable]) throws(JaxError) -> [String] {
        var names: [String] = []
        for table in tables {
            switch try table.scalar(0, Int8.self) {
            case 0: names.append("platform")
            case 1: names.append("custom_call:" + (try table.string(1) ?? ""))
            default: names.append("shape_assertions")
            }
        }
        return names
    }
}
