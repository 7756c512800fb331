// The file of `jax.export.Exported.serialize` around a program (`Encoding/ExportLayout.swift`).
import JaxEncoding
import JaxIR
import JaxPlatform

/// An export as a file, which `jax.export.deserialize` and `loadArtifact` read: calling convention 10 and older ones, one device.
///
/// The same export gives the same bytes. Throws `notImplemented` for shardings and for element types that exports do not have.
@export(interface)
public func artifact(of exported: Exported) throws(JaxError) -> [UInt8] {
    let file = FlatWriter.file(try ArtifactWriter.table(exported, depth: 0))
    guard file.count <= Int(Int32.max) else { throw JaxError(.notImplemented, "exports of more than 2 GiB are not written") }
    return file
}

private enum ArtifactWriter {
    /// What JAX writes for the sake of older readers.
    private static let serializationVersion = 3

    static func table(_ exported: Exported, depth: Int) throws(JaxError) -> FlatValue {
        guard exported.deviceCount == 1, !exported.inShardings.contains(where: { $0 != nil }),
              !exported.outShardings.contains(where: { $0 != nil }) else {
            throw JaxError(.notImplemented, "exports for several devices are not written")
        }
        guard exported.inValues.count <= Int(UInt16.max) else {
            throw JaxError(.notImplemented, "an export has at most \(UInt16.max) arguments, not \(exported.inValues.count)")
        }
        guard depth < EncodingLimit.vjpOrder else {
            throw JaxError(.notImplemented, "more than \(EncodingLimit.vjpOrder) orders of derivatives are not written")
        }
        var unique: [ExportedValue] = []
        let inIndices = try indices(exported.inValues, &unique), outIndices = try indices(exported.outValues, &unique)
        let values = try tables(unique)
        var fields: [(field: Int, value: FlatValue)] = [
            (ExportedField.serializationVersion, .scalar(serializationVersion, width: 2)),
            (ExportedField.functionName, .string(exported.functionName)),
            (ExportedField.inTree, try tree(exported.inTree, depth: 0)),
            // Readers before April 2026 want the values and the shardings here.
            (ExportedField.inValues, .list(inIndices.map { values[$0] })),
            (ExportedField.outTree, try tree(exported.outTree, depth: 0)),
            (ExportedField.outValues, .list(outIndices.map { values[$0] })),
            (ExportedField.inShardings, unspecified(inIndices.count)),
            (ExportedField.outShardings, unspecified(outIndices.count)),
            (ExportedField.platforms, strings(exported.platforms)),
            (ExportedField.orderedEffects, effects(exported.orderedEffects)),
            (ExportedField.unorderedEffects, effects(exported.unorderedEffects)),
            (ExportedField.disabledChecks, .list(exported.disabledChecks.map { check($0) })),
            (ExportedField.program, .bytes(exported.program)),
            (ExportedField.callingConventionVersion, .scalar(exported.callingConventionVersion, width: 2)),
            (ExportedField.keptArguments, .integers(exported.keptArguments, width: 2)),
            (ExportedField.usesGlobalConstants, .scalar(exported.usesGlobalConstants ? 1 : 0, width: 1)),
        ]
        if let vjp = exported.vjp { fields.append((ExportedField.vjp, try table(vjp, depth: depth + 1))) }
        fields += [
            (ExportedField.deviceCount, .scalar(exported.deviceCount, width: 4)),
            (ExportedField.uniqueValues, .list(values)),
            (ExportedField.meshes, .list([])),
            (ExportedField.namedShardings, .list([])),
            (ExportedField.inValueIndices, .integers(inIndices, width: 4)),
            (ExportedField.outValueIndices, .integers(outIndices, width: 4)),
            (ExportedField.inShardingIndices, .integers(inIndices.map { _ in 0 }, width: 4)),
            (ExportedField.outShardingIndices, .integers(outIndices.map { _ in 0 }, width: 4)),
        ]
        return .table(fields)
    }

    private static func strings(_ list: [String]) -> FlatValue { .list(list.map { .string($0) }) }

    private static func effects(_ names: [String]) -> FlatValue { .list(names.map { .table([(EffectField.typeName, .string($0))]) }) }

    private static func unspecified(_ count: Int) -> FlatValue { .list((0..<count).map { _ in .table([]) }) }

    private static func check(_ name: String) -> FlatValue {
        if name.hasPrefix(DisabledCheck.customCall) {
            let target = String(name.dropFirst(DisabledCheck.customCall.utf8.count))
            return .table([(CheckField.kind, .scalar(1, width: 1)), (CheckField.target, .string(target))])
        }
        return .table([(CheckField.kind, .scalar(name == DisabledCheck.platform ? 0 : 2, width: 1))])
    }

    // MARK: Values

    /// The places of values in a list without doubles, which grows.
    private static func indices(_ values: [ExportedValue], _ unique: inout [ExportedValue]) throws(JaxError) -> [Int] {
        var indices: [Int] = []
        for value in values {
            try checkpoint()
            if let index = unique.firstIndex(of: value) { indices.append(index) } else {
                indices.append(unique.count)
                unique.append(value)
            }
        }
        return indices
    }

    private static func tables(_ values: [ExportedValue]) throws(JaxError) -> [FlatValue] {
        var tables: [FlatValue] = []
        for value in values {
            guard let element = value.element.code else {
                throw JaxError(.notImplemented, "exports have no values of type \(value)")
            }
            var shape: [String] = []
            for dimension in value.shape {
                switch dimension {
                case .fixed(let size): shape.append("\(size)")
                case .symbolic(let expression): shape.append(expression)
                }
            }
            let space = value.memorySpace.flatMap { exportedMemorySpaces.firstIndex(of: $0) } ?? 0
            tables.append(.table([
                (ValueField.kind, .scalar(0, width: 1)), (ValueField.shape, strings(shape)),
                (ValueField.element, .scalar(element, width: 1)), (ValueField.memorySpace, .scalar(space, width: 1)),
            ]))
        }
        return tables
    }

    // MARK: Trees

    private static func tree(_ tree: PyTree, depth: Int) throws(JaxError) -> FlatValue {
        guard depth < EncodingLimit.treeDepth else {
            throw JaxError(.notImplemented, "trees that are nested deeper than \(EncodingLimit.treeDepth) are not written")
        }
        func list(_ children: [PyTree]) throws(JaxError) -> FlatValue {
            var tables: [FlatValue] = []
            for child in children { tables.append(try ArtifactWriter.tree(child, depth: depth + 1)) }
            return .list(tables)
        }
        func table(_ kind: Int, _ more: [(field: Int, value: FlatValue)] = []) -> FlatValue {
            .table([(TreeField.kind, .scalar(kind, width: 1))] + more)
        }
        switch tree {
        case .leaf: return table(TreeKind.leaf)
        case .none: return table(TreeKind.none)
        case .tuple(let children): return table(TreeKind.tuple, [(TreeField.children, try list(children))])
        case .list(let children): return table(TreeKind.list, [(TreeField.children, try list(children))])
        case .dictionary(let entries):
            return table(TreeKind.dictionary, [(TreeField.children, try list(entries.map { $0.value })),
                                               (TreeField.keys, strings(entries.map { $0.key }))])
        case .custom(let name, let data, let children):
            return table(TreeKind.custom, [(TreeField.children, try list(children)), (TreeField.customName, .string(name)),
                                           (TreeField.customData, .bytes(data))])
        }
    }
}
