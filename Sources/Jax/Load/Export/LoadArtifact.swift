// Decodes the flatbuffer that `jax.export.Exported.serialize` writes (`Encoding/ExportLayout.swift`).
import JaxEncoding
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

extension Exported {
    /// Decodes the program and checks that its `main` is called as the export says. Throws as `loadModule` does.
    @export(interface)
    public func module() throws(JaxError) -> Module {
        let module = try loadModule(program)
        guard let main = module.function(named: "main") else {
            throw JaxError(.malformed, "the program of the export has no function @main")
        }
        try check(main)
        return module
    }
}

/// Whether `bytes` is a bare program (`loadModule`) and not an export (`loadArtifact`).
public func isBareProgram(_ bytes: UnsafeRawBufferPointer) -> Bool { Container.hasMagic(ByteReader(bytes)) }

private enum ArtifactReader {
    static func exported(_ table: FlatTable, depth: Int) throws(JaxError) -> Exported {
        let version = try table.scalar(ExportedField.callingConventionVersion, UInt16.self)
        guard version == 9 || version == Exported.newestCallingConvention else {
            throw JaxError(.notImplemented, "calling convention version \(version) is not supported; 9 and 10 are",
                           offset: table.position)
        }
        let meshes = try meshes(table.tables(ExportedField.meshes))
        let named = try shardings(table.tables(ExportedField.namedShardings), meshes)
        let inShardings = try shardings(table, indices: ExportedField.inShardingIndices, tables: ExportedField.inShardings, named, meshes)
        let outShardings = try shardings(table, indices: ExportedField.outShardingIndices, tables: ExportedField.outShardings, named, meshes)
        let unique = try values(table.tables(ExportedField.uniqueValues))
        let inValues = try values(table, indices: ExportedField.inValueIndices, tables: ExportedField.inValues, unique)
        let outValues = try values(table, indices: ExportedField.outValueIndices, tables: ExportedField.outValues, unique)
        let inTree = try tree(table.table(ExportedField.inTree), table, "the arguments' tree", leaves: inValues.count)
        let outTree = try tree(table.table(ExportedField.outTree), table, "the results' tree", leaves: outValues.count)
        let kept = try table.integers(ExportedField.keptArguments, UInt16.self)
        for (position, index) in kept.enumerated() {
            guard index < inValues.count, position == 0 || kept[position - 1] < index else {
                throw JaxError(.malformed, "the kept arguments are not an ascending list of the \(inValues.count) arguments",
                               offset: table.position)
            }
        }
        guard let program = try table.bytes(ExportedField.program) else {
            throw JaxError(.malformed, "the export holds no program", offset: table.position)
        }
        var vjp: Exported?
        if let inner = try table.table(ExportedField.vjp) {
            guard depth < EncodingLimit.vjpOrder else {
                throw JaxError(.malformed, "more than \(EncodingLimit.vjpOrder) orders of derivatives", offset: inner.position)
            }
            vjp = try exported(inner, depth: depth + 1)
        }
        var devices = try table.scalar(ExportedField.deviceCount, UInt32.self)
        if devices == 0 { devices = try table.scalar(ExportedField.shortDeviceCount, Int16.self) }
        return Exported(
            functionName: try table.string(ExportedField.functionName) ?? "",
            inTree: inTree, outTree: outTree, inValues: inValues, outValues: outValues, keptArguments: kept,
            platforms: try table.strings(ExportedField.platforms),
            orderedEffects: try effects(table.tables(ExportedField.orderedEffects)),
            unorderedEffects: try effects(table.tables(ExportedField.unorderedEffects)),
            deviceCount: devices, inShardings: inShardings, outShardings: outShardings,
            disabledChecks: try checks(table.tables(ExportedField.disabledChecks)), callingConventionVersion: version,
            usesGlobalConstants: try table.scalar(ExportedField.usesGlobalConstants, UInt8.self) != 0, vjp: vjp, program: program.array())
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
        guard depth < EncodingLimit.treeDepth else {
            throw JaxError(.malformed, "a tree is nested deeper than \(EncodingLimit.treeDepth)", offset: table.position)
        }
        var children: [PyTree] = []
        for child in try table.tables(TreeField.children) { children.append(try tree(child, depth: depth + 1)) }
        let kind = try table.scalar(TreeField.kind, Int8.self)
        switch kind {
        case TreeKind.leaf: return .leaf
        case TreeKind.none: return .none
        case TreeKind.tuple: return .tuple(children)
        case TreeKind.list: return .list(children)
        case TreeKind.dictionary:
            let keys = try table.strings(TreeField.keys)
            guard keys.count == children.count else {
                throw JaxError(.malformed, "a dictionary with \(keys.count) keys and \(children.count) values",
                               offset: table.position)
            }
            var entries: [(key: String, value: PyTree)] = []
            for (key, child) in zip(keys, children) { entries.append((key, child)) }
            return .dictionary(entries)
        case TreeKind.custom:
            let data = try table.bytes(TreeField.customData)
            return .custom(name: try table.string(TreeField.customName) ?? "", data: data?.array() ?? [], children: children)
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
        guard try table.scalar(ValueField.kind, Int8.self) == 0 else {
            throw JaxError(.notImplemented, "a token as an argument of an export", offset: table.position)
        }
        var shape: [Dimension] = []
        let sizes = try table.strings(ValueField.shape)
        guard sizes.count <= EncodingLimit.rank else {
            throw JaxError(.notImplemented, "an array of rank \(sizes.count); \(EncodingLimit.rank) are the most", offset: table.position)
        }
        for text in sizes {
            if let size = Int(text), size >= 0 { shape.append(.fixed(size)) } else { shape.append(.symbolic(text)) }
        }
        let code = try table.scalar(ValueField.element, Int8.self)
        guard let element = ExportedElement(code: code) else {
            throw JaxError(.malformed, "no element type has the number \(code)", offset: table.position)
        }
        let space = try table.scalar(ValueField.memorySpace, Int8.self)
        let isKnown = space > 0 && space < exportedMemorySpaces.count
        return ExportedValue(element: element, shape: shape, memorySpace: isKnown ? exportedMemorySpaces[space] : nil)
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
        for table in tables { names.append(try table.string(EffectField.typeName) ?? "") }
        return names
    }

    private static func checks(_ tables: [FlatTable]) throws(JaxError) -> [String] {
        var names: [String] = []
        for table in tables {
            switch try table.scalar(CheckField.kind, Int8.self) {
            case 0: names.append(DisabledCheck.platform)
            case 1: names.append(DisabledCheck.customCall + (try table.string(CheckField.target) ?? ""))
            default: names.append(DisabledCheck.shapeAssertions)
            }
        }
        return names
    }
}
