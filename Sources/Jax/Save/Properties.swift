// Attributes in their operation's place: in the form that VHLO gives the property of their name, and with VHLO's default for what a
// program does not say.
import JaxEncoding
import JaxIR
import JaxPlatform

extension EntryWriter {
    /// The property `name` of an operation whose other attributes are `attributes`.
    func property(_ name: String, _ value: Attribute?, beside attributes: Attributes) throws(JaxError) -> Int {
        guard let value = value ?? EntryWriter.missing(name, attributes) else {
            throw JaxError(.notImplemented, "what says nothing of its \(name) is not written")
        }
        switch (PropertyForm(name), value) {
        case (.integer32, .integer(let number, _)): return try integer(number, .i32)
        case (.pairs, .integers(let list)) where list.count & 1 == 0: return try integers(list, [list.count / 2, 2])
        case (.layouts, .array(let lists)):
            var indices: [Int] = []
            for list in lists { indices.append(try layout(list)) }
            return try array(indices)
        default: return try attribute(value, named: name)
        }
    }

    /// Any attribute of that name.
    func attribute(_ value: Attribute, named name: String) throws(JaxError) -> Int {
        guard !name.hasPrefix(shardyPrefix) else {
            throw JaxError(.notImplemented, "a program that is divided between devices (\(name)) is not written")
        }
        switch (PropertyForm(name), value) {
        case (.enumeration(let table), .enumeration(let choice)): return try enumeration(choice, of: table)
        case (.enumerations(let table), .array(let list)):
            var indices: [Int] = []
            for element in list {
                if case .enumeration(let choice) = element { indices.append(try enumeration(choice, of: table)) } else {
                    indices.append(try attribute(element))
                }
            }
            return try array(indices)
        case (.groups, .array(let lists)): return try groups(lists)
        case (.accuracy, .dictionary(let fields)): return try accuracy(Attributes(fields))
        case (.aliases, .array(let list)):
            var indices: [Int] = []
            for element in list { indices.append(try alias(element)) }
            return try array(indices)
        case (.optional, .type(.tensor(let type))) where type.rank == 0: return try self.type(attribute: elementType(type.dtype))
        case (.optional, .opaque(tf32Name)): return try self.type(attribute: simpleType(.tf32))
        default: return try attribute(value)
        }
    }

    /// What stands for a property that a program does not have.
    private static func missing(_ name: String, _ attributes: Attributes) -> Attribute? {
        switch PropertyForm(name) {
        case .groups, .symbols, .enumerations, .layouts, .aliases: return .array([])
        case .pairs: return .integers([])
        case .accuracy: return .dictionary([])
        case .optional: return .unit
        case .enumeration(.apiVersion):
            if case .dictionary? = attributes["backend_config"] { return .enumeration("API_VERSION_TYPED_FFI") }
            return .enumeration("API_VERSION_ORIGINAL")
        case .constant, .symbol, .enumeration, .integer32: return nil
        case .plain: break
        }
        switch name {
        case "channel_id", "channel_type": return .integer(0, .i64)
        case "use_global_device_ids", "is_host_transfer", "has_side_effect", "has_dynamic_root": return .bool(false)
        case "backend_config", "infeed_config", "outfeed_config": return .string("")
        case "known_expanding_dimensions", "known_nonexpanding_dimensions": return .integers([])
        case "layout": return .array([])
        default: return nil
        }
    }

    private func groups(_ lists: [Attribute]) throws(JaxError) -> Int {
        var rows: [[Int]] = [], width = 0
        for case .integers(let row) in lists {
            rows.append(row)
            width = max(width, row.count)
        }
        guard rows.count == lists.count else { throw JaxError(.internalError, "groups of devices must be lists of integers") }
        let (size, overflow) = width.multipliedReportingOverflow(by: rows.count)
        guard !overflow else { throw JaxError(.resourceExhausted, "too many groups of devices") }
        try spend(size)
        var elements: [Int] = []
        for row in rows { elements += row + Array(repeating: -1, count: width - row.count) }
        return try integers(elements, [rows.count, width])
    }

    /// The order of an array's dimensions: integers, which were of the type `index`.
    private func layout(_ value: Attribute) throws(JaxError) -> Int {
        guard case .literal(let literal) = value, literal.type.dtype == .i64, literal.type.rank == 1 else {
            throw JaxError(.notImplemented, "the layout \(value.text()) is not written")
        }
        var order: [Int] = []
        let count = literal.type.elementCount
        try spend(count)
        let source = try literal.elements()
        for index in 0..<count { order.append(Int(source.loadUnaligned(fromByteOffset: literal.isSplat ? 0 : 8 * index, as: Int64.self))) }
        return try integers(order, [count], element: simpleType(.index))
    }

    /// Without fields, VHLO's default.
    private func accuracy(_ fields: Attributes) throws(JaxError) -> Int {
        let isDefault = fields.entries.isEmpty
        guard let mode = isDefault ? AccuracyField.defaultMode : fields.enumeration(AccuracyField.mode),
              let absolute = isDefault ? 0 : fields.float(AccuracyField.absolute),
              let relative = isDefault ? 0 : fields.float(AccuracyField.relative),
              let ulps = isDefault ? 0 : fields.integer(AccuracyField.ulps) else {
            throw JaxError(.notImplemented, "the accuracy \(Attribute.dictionary(fields.entries).text()) is not written")
        }
        let encodedMode = try enumeration(mode, of: .accuracyMode)
        return try vhlo(.accuracy) { encoded throws(JaxError) in
            encoded.signedVarint(Int(bitPattern: UInt(absolute.bitPattern)))
            encoded.signedVarint(Int(bitPattern: UInt(relative.bitPattern)))
            encoded.signedVarint(ulps)
            encoded.varint(encodedMode)
        }
    }

    private func alias(_ value: Attribute) throws(JaxError) -> Int {
        guard case .dictionary(let entries) = value, case let fields = Attributes(entries),
              let result = fields.integers(AliasField.resultPath), let operand = fields.integer(AliasField.operand),
              let path = fields.integers(AliasField.operandPath) else {
            throw JaxError(.notImplemented, "the alias \(value.text()) is not written")
        }
        try spend(result.count + path.count)
        return try vhlo(.outputOperandAlias) { encoded throws(JaxError) in
            encoded.signedVarints(result)
            encoded.signedVarint(operand)
            encoded.signedVarints(path)
        }
    }
}
