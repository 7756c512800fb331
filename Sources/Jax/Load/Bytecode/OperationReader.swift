// The operations of a bytecode file: decodes the IR section in one pass, straight into JaxIR (BytecodeFormat.md, IR Section).
import JaxEncoding
import JaxIR
import JaxOps
import JaxPlatform

/// What stands in front of an operation's regions.
struct OperationHeader {
    var dialect: String
    var mnemonic: String
    var offset: Int
    var location: LocationID
    /// Where its attributes are; `OperationReader.attributes` fetches them.
    var encoded: EncodedAttributes
    var resultTypes: [ValueType]
    /// Value numbers of the file.
    var operands: [Int]
    var regionCount: Int
    var isIsolated: Bool

    var fullName: String { dialect + "." + mnemonic }
}

/// An operation's name and the indices of its dictionary and properties (-1 for none): all that its attributes depend on.
struct EncodedAttributes: Hashable {
    var name: Int
    var dictionary = -1
    var properties = -1
}

/// Reads the module.
final class OperationReader {
    let container: Container
    let entries: EntryTable
    let module = Module()
    /// By the number of the operation's name; made when one first uses it, for a file may list names that none uses.
    private var forms: [Int: OperationForm] = [:]
    private var scopes: [ValueScope] = [ValueScope()]
    private var depth = 0
    /// Attributes by what they depend on, so that operations share them as they do in the file.
    private var attributeCache: [EncodedAttributes: Attributes] = [:]
    /// Bytes that lists of attributes may still take. A file can name one list in many combinations.
    private var attributeBudget: Int
    /// Functions by name, also those that have been named but not yet defined.
    private var functions: [String: Function] = [:]
    private var undefined = 0

    init(_ container: Container) throws(JaxError) {
        self.container = container
        entries = EntryTable(container)
        attributeBudget = 24 * container.operations.end + 65536
    }

    private func form(_ name: Int) -> OperationForm {
        if let form = forms[name] { return form }
        let entry = container.operationNames[name]
        let form = OperationForm(dialect: container.dialects[entry.dialect], mnemonic: entry.name)
        forms[name] = form
        return form
    }

    /// The whole module.
    func read() throws(JaxError) -> Module {
        var reader = container.operations
        let (count, hasArguments) = try reader.flaggedVarint("operation count")
        guard count == 1, !hasArguments else { throw reader.malformed("expected one module at the top, found \(count) operations") }
        let header = try readHeader(&reader)
        guard header.fullName == "builtin.module" else {
            throw reader.malformed("expected a builtin.module at the top, found \(header.fullName)")
        }
        let attributes = try attributes(header)
        module.name = attributes.string("sym_name") ?? ""
        module.attributes = attributes
        module.attributes["sym_name"] = nil
        try readRegions(header, &reader) { (reader: inout ByteReader) throws(JaxError) in try self.readModuleBody(&reader) }
        if undefined > 0 {
            for (name, _) in functions where module.function(named: name) == nil {
                throw JaxError(.malformed, "an operation names @\(name), which does not exist")
            }
        }
        module.locations = try entries.finishLocations()
        return module
    }

    /// The function of that name, which may be defined later.
    private func function(_ name: String) -> Function {
        if let function = functions[name] { return function }
        let function = Function(name: name)
        functions[name] = function
        undefined += 1
        return function
    }

    // MARK: Module and functions

    private func readModuleBody(_ reader: inout ByteReader) throws(JaxError) {
        let blocks = try reader.varint("block count")
        if blocks == 0 { return }
        try expectOneBlock(blocks, reader)
        _ = try reader.varint("value count")
        let (count, hasArguments) = try reader.flaggedVarint("operation count")
        try reader.checkCount(count, "operations", at: reader.offset)
        guard !hasArguments else { throw reader.malformed("a module has no parameters") }
        for _ in 0..<count {
            let header = try readHeader(&reader)
            switch header.fullName {
            case "vhlo.func_v1", "func.func": try readFunction(header, &reader)
            case "sdy.mesh":
                let attributes = try attributes(header)
                guard let name = attributes.string("sym_name"), let mesh = attributes["mesh"] else {
                    throw reader.malformed("expected sdy.mesh to have a name and a mesh")
                }
                module.meshes.append(EntryTable.mesh(name, mesh))
            default:
                throw JaxError(.notImplemented, "\(header.fullName) in a module is not supported", offset: header.offset)
            }
        }
    }

    private func readFunction(_ header: OperationHeader, _ reader: inout ByteReader) throws(JaxError) {
        var attributes = try attributes(header)
        guard let name = attributes.string(FunctionField.name),
              case .type(.tuple(let signature))? = attributes[FunctionField.type], signature.count == 2,
              case .tuple(let inputs) = signature[0], case .tuple(let results) = signature[1] else {
            throw JaxError(.malformed, "expected a function to have a name and a function type", offset: header.offset)
        }
        let function = function(name)
        do throws(JaxError) { try module.add(function) } catch {
            throw JaxError(.malformed, error.message, offset: header.offset)
        }
        undefined -= 1
        function.isPublic = attributes.string(FunctionField.visibility) != FunctionField.private
        function.location = header.location
        function.parameterAttributes = dictionaries(attributes.array(FunctionField.parameters), inputs.count)
        function.resultAttributes = dictionaries(attributes.array(FunctionField.results), results.count)
        for key in [FunctionField.name, FunctionField.type, FunctionField.visibility, FunctionField.parameters, FunctionField.results] {
            attributes[key] = nil
        }
        function.attributes = attributes
        guard header.regionCount == 1 else {
            throw JaxError(.malformed, "expected one body of @\(name), found \(header.regionCount)", offset: header.offset)
        }
        let builder = Builder(function, maximumOperations: Int.max)
        try readRegions(header, &reader) { (reader: inout ByteReader) throws(JaxError) in
            try self.readBlock(builder, &reader) { types throws(JaxError) in types.map { builder.parameter($0) } }
        }
        guard function.parameterTypes == inputs else {
            throw JaxError(.malformed, "the parameters of @\(name) do not have the types that it declares", offset: header.offset)
        }
        // The verifier compares what is declared with what is returned.
        function.resultTypes = results
    }

    private func dictionaries(_ list: [Attribute]?, _ count: Int) -> [Attributes] {
        var result: [Attributes] = []
        for entry in list ?? [] where result.count < count {
            if case .dictionary(let fields) = entry { result.append(Attributes(fields)) } else { result.append(Attributes()) }
        }
        while result.count < count { result.append(Attributes()) }
        return result
    }

    // MARK: Regions

    /// Calls `body` at the start of each region of an operation.
    private func readRegions(_ header: OperationHeader, _ reader: inout ByteReader,
                             _ body: (inout ByteReader) throws(JaxError) -> Void) throws(JaxError) {
        guard depth < EncodingLimit.regionDepth else {
            throw reader.malformed("regions are nested deeper than \(EncodingLimit.regionDepth)")
        }
        depth += 1
        if header.isIsolated { scopes.append(ValueScope()) }
        if header.isIsolated, container.version >= ContainerVersion.lazyRegions {
            var (id, section) = try Container.section(&reader)
            guard id == 4 else { throw reader.malformed("expected a section of operations, found section \(id)") }
            for _ in 0..<header.regionCount { try body(&section) }
            guard section.isEmpty else { throw section.malformed("expected the end of the regions of \(header.fullName)") }
        } else {
            for _ in 0..<header.regionCount { try body(&reader) }
        }
        if header.isIsolated { scopes.removeLast() }
        depth -= 1
    }

    private func expectOneBlock(_ count: Int, _ reader: ByteReader) throws(JaxError) {
        guard count == 1 else { throw reader.malformed("expected a region of one block, found \(count)") }
    }

    /// A nested region.
    private func readRegion(_ builder: Builder, _ reader: inout ByteReader) throws(JaxError) -> Region {
        try expectOneBlock(reader.varint("block count"), reader)
        let valueCount = try reader.varint("value count")
        try scopes[scopes.count - 1].enter(reserving: valueCount, reader.offset)
        let (count, hasArguments) = try reader.flaggedVarint("operation count")
        let types = hasArguments ? try readBlockArguments(&reader) : []
        let start = reader.offset
        var rest = reader
        let region = try builder.region(types) { (builder, parameters) throws(JaxError) in
            for parameter in parameters { try self.scopes[self.scopes.count - 1].define(parameter, start) }
            return try self.readOperations(count, builder, &rest)
        }
        reader = rest
        scopes[scopes.count - 1].leave()
        return region
    }

    /// The one block of a function, whose parameters `makeParameters` makes.
    private func readBlock(_ builder: Builder, _ reader: inout ByteReader,
                           _ makeParameters: ([ValueType]) throws(JaxError) -> [ValueID]) throws(JaxError) {
        try expectOneBlock(reader.varint("block count"), reader)
        let valueCount = try reader.varint("value count")
        try scopes[scopes.count - 1].enter(reserving: valueCount, reader.offset)
        let (count, hasArguments) = try reader.flaggedVarint("operation count")
        let types = hasArguments ? try readBlockArguments(&reader) : []
        let start = reader.offset
        for parameter in try makeParameters(types) { try scopes[scopes.count - 1].define(parameter, start) }
        builder.finish(try readOperations(count, builder, &reader))
        scopes[scopes.count - 1].leave()
    }

    /// `count` operations, the last of which returns; gives what it returns.
    private func readOperations(_ count: Int, _ builder: Builder, _ reader: inout ByteReader) throws(JaxError) -> [ValueID] {
        try reader.checkCount(count, "operations", at: reader.offset)
        var results: [ValueID]?
        for _ in 0..<count {
            let header = try readHeader(&reader)
            guard results == nil else { throw JaxError(.malformed, "an operation follows the end of its block", offset: header.offset) }
            if form(header.encoded.name).isReturn {
                results = try operands(header)
            } else {
                try readOperation(header, builder, &reader)
            }
        }
        guard let results else { throw reader.malformed("expected a block to end with a return") }
        return results
    }

    private func readBlockArguments(_ reader: inout ByteReader) throws(JaxError) -> [ValueType] {
        let count = try reader.count("block parameters")
        var types: [ValueType] = []
        types.reserveCapacity(count)
        for _ in 0..<count {
            let start = reader.offset
            let type: EncodedType
            if container.version >= ContainerVersion.elidedLocations {
                let (index, hasLocation) = try reader.flaggedVarint("parameter type")
                type = try entries.type(at: index, start)
                if hasLocation { _ = try reader.varint("parameter location") }
            } else {
                type = try entries.type(&reader)
                _ = try reader.varint("parameter location")
            }
            types.append(try EntryTable.valueType(type, start))
        }
        if container.version >= ContainerVersion.useListOrders, try reader.byte("use-list flag") != 0 {
            try skipUseLists(valueCount: count, &reader)
        }
        return types
    }

    /// Use-list orders say in which order a C++ compiler sees the uses of a value: nothing about the program.
    private func skipUseLists(valueCount: Int, _ reader: inout ByteReader) throws(JaxError) {
        let lists = try valueCount > 1 ? reader.count("use lists") : 1
        for _ in 0..<lists {
            if valueCount > 1 { _ = try reader.varint("value of a use list") }
            let start = reader.offset
            let (count, _) = try reader.flaggedVarint("use-list size")
            try reader.checkCount(count, "uses", at: start)
            for _ in 0..<count { _ = try reader.varint("use") }
        }
    }

    // MARK: Operations

    private func readHeader(_ reader: inout ByteReader) throws(JaxError) -> OperationHeader {
        let offset = reader.offset
        let nameIndex = try reader.varint("operation name")
        guard nameIndex < container.operationNames.count else {
            throw JaxError(.malformed, "operation name \(nameIndex) of \(container.operationNames.count) does not exist",
                           offset: offset)
        }
        let form = form(nameIndex)
        let mask = try reader.byte("operation mask")
        let location = try entries.location(&reader)
        var encoded = EncodedAttributes(name: nameIndex)
        if mask & OperationMask.attributes != 0 { encoded.dictionary = try reader.varint("attribute index") }
        if mask & OperationMask.properties != 0 {
            let start = reader.offset
            encoded.properties = try reader.varint("properties index")
            guard encoded.properties < container.properties.count else {
                throw JaxError(.malformed, "properties \(encoded.properties) of \(container.properties.count) do not exist",
                               offset: start)
            }
        }
        let resultTypes = try mask & OperationMask.results != 0 ? entries.valueTypes(&reader) : []
        var operands: [Int] = []
        if mask & OperationMask.operands != 0 {
            let count = try reader.count("operands")
            operands.reserveCapacity(count)
            for _ in 0..<count { operands.append(try reader.varint("operand")) }
        }
        if mask & OperationMask.successors != 0, try reader.varint("successor count") != 0 {
            throw reader.malformed("expected an operation without successor blocks")
        }
        if mask & OperationMask.useLists != 0 {
            if container.version < ContainerVersion.useListOrders { throw reader.malformed("expected no use lists before version 3") }
            try skipUseLists(valueCount: resultTypes.count, &reader)
        }
        var regionCount = 0, isIsolated = false
        if mask & OperationMask.regions != 0 {
            let start = reader.offset
            (regionCount, isIsolated) = try reader.flaggedVarint("region count")
            try reader.checkCount(regionCount, "regions", at: start)
        }
        return OperationHeader(dialect: form.dialect, mnemonic: form.mnemonic, offset: offset, location: location,
                               encoded: encoded, resultTypes: resultTypes, operands: operands,
                               regionCount: regionCount, isIsolated: isIsolated)
    }

    /// The attributes of an operation, in VHLO's form.
    private func attributes(_ header: OperationHeader) throws(JaxError) -> Attributes {
        let key = header.encoded
        if let attributes = attributeCache[key] { return attributes }
        var attributes = Attributes()
        if key.dictionary >= 0 {
            guard case .dictionary(let fields) = try entries.attribute(at: key.dictionary, header.offset) else {
                throw JaxError(.malformed, "expected the dictionary of an operation's attributes", offset: header.offset)
            }
            attributes.entries = fields
        }
        if key.properties >= 0 { try readProperties(container.properties[key.properties], form(key.name), &attributes) }
        attributes = Translation.attributes(header, attributes)
        attributeBudget -= 24 * attributes.entries.count + 128
        guard attributeBudget >= 0 else {
            throw JaxError(.resourceExhausted, "the attributes of the operations take too much memory for a file of this size",
                           offset: header.offset)
        }
        attributeCache[key] = attributes
        return attributes
    }

    /// Properties of known operations are their attributes in alphabetical order; an operation that its producer did not
    /// know has one dictionary.
    private func readProperties(_ bytes: ByteReader, _ form: OperationForm, _ attributes: inout Attributes) throws(JaxError) {
        var reader = bytes
        guard let names = form.properties else {
            throw JaxError(.notImplemented, "the operation \(form.dialect).\(form.mnemonic) is not supported", offset: bytes.offset)
        }
        for property in names where !reader.isEmpty {
            if property.isOptional {
                var peek = reader
                let (index, isPresent) = try peek.flaggedVarint("attribute index")
                let start = reader.offset
                if let value = try entries.optionalAttribute(&reader), isPresent,
                   let kept = try entries.operationForm(property.name, value, index, start) {
                    attributes.entries.append(NamedAttribute(property.name, kept))
                }
            } else if let value = try entries.namedAttribute(property.name, &reader) {
                attributes.entries.append(NamedAttribute(property.name, value))
            }
        }
        guard reader.isEmpty else {
            throw reader.malformed("expected the end of the properties of \(form.dialect).\(form.mnemonic)")
        }
    }

    private func operands(_ header: OperationHeader) throws(JaxError) -> [ValueID] {
        var values: [ValueID] = []
        values.reserveCapacity(header.operands.count)
        for number in header.operands {
            guard let value = scopes[scopes.count - 1].value(number) else {
                throw JaxError(.malformed, "\(header.fullName) uses value \(number), which is not defined before it",
                               offset: header.offset)
            }
            values.append(value)
        }
        return values
    }

    /// Adds the operation to what is being built.
    private func readOperation(_ header: OperationHeader, _ builder: Builder, _ reader: inout ByteReader) throws(JaxError) {
        let operands = try operands(header)
        let form = form(header.encoded.name)
        if form.isCast { return try readCast(header, operands, builder) }
        guard form.code != nil || form.isRewritten else {
            throw JaxError(.notImplemented, "the operation \(header.fullName) is not supported", offset: header.offset)
        }
        let attributes = try attributes(header)
        try charge(attributes, header.offset)
        builder.location = header.location
        var regions: [Region] = []
        if header.regionCount > 0 {
            try readRegions(header, &reader) { (reader: inout ByteReader) throws(JaxError) in
                regions.append(try self.readRegion(builder, &reader))
            }
            builder.location = header.location
        }
        let results: [ValueID]
        do throws(JaxError) {
            let encoded = EncodedOperation(name: form.name, operands: operands, operandTypes: operands.map { builder.type(of: $0) },
                                           resultTypes: header.resultTypes, attributes: attributes, regions: regions)
            if let code = form.code {
                results = try add(code, encoded, builder)
            } else {
                results = try rewritten(encoded, builder) { name in self.function(name) }
            }
        } catch {
            throw JaxError(error.kind, error.message, location: error.location, offset: error.offset ?? header.offset)
        }
        guard results.count == header.resultTypes.count else {
            throw JaxError(.malformed, "\(header.fullName) yields \(results.count) values, \(header.resultTypes.count) are declared",
                           offset: header.offset)
        }
        for result in results { try scopes[scopes.count - 1].define(result, header.offset) }
    }

    /// An operation that JaxIR has: its parameters decoded, with the types that the file declares.
    private func add(_ code: OpCode, _ encoded: EncodedOperation, _ builder: Builder) throws(JaxError) -> [ValueID] {
        guard let definition = opDefinition(code) else { throw JaxError(.notImplemented, "the operation \(code.name) is not available") }
        // Older programs declare one tuple where a custom call has several results.
        var resultTypes = encoded.resultTypes
        var isTuple = false
        if code == .customCall, resultTypes.count == 1, case .tuple(let members) = resultTypes[0] {
            resultTypes = members
            isTuple = true
        }
        let coder = ParameterCoder(reading: encoded.attributes, of: code,
                                   operandTypes: encoded.operandTypes, resultTypes: resultTypes) { name in
            self.function(name)
        }
        let parameters = try definition.parameters(coder)
        if code == .customCall, let results = try rewrittenCall(parameters, encoded, builder) {
            return isTuple ? try builder.emit(.tuple, results) : results
        }
        let results = try builder.append(code, encoded.operands, parameters,
                                         resultTypes, regions: encoded.regions, annotations: coder.remaining)
        return isTuple ? try builder.emit(.tuple, results) : results
    }

    /// A cast passes its operands on.
    private func readCast(_ header: OperationHeader, _ operands: [ValueID], _ builder: Builder) throws(JaxError) {
        guard header.regionCount == 0, operands.count == header.resultTypes.count else {
            throw JaxError(.malformed, "expected a cast of as many values as it yields", offset: header.offset)
        }
        for (operand, type) in zip(operands, header.resultTypes) {
            guard builder.type(of: operand) == type else {
                throw JaxError(.malformed, "a cast from \(builder.type(of: operand)) to \(type) changes the value", offset: header.offset)
            }
            try scopes[scopes.count - 1].define(operand, header.offset)
        }
    }

    /// Each operation walks its attributes, and a file may name one long list in many operations.
    private func charge(_ attributes: Attributes, _ position: Int) throws(JaxError) {
        var count = attributes.entries.count
        for entry in attributes.entries {
            switch entry.value {
            case .array(let list): count += list.count
            case .dictionary(let entries): count += entries.count
            default: break
            }
        }
        attributeBudget -= 24 * max(0, count - 16)
        guard attributeBudget >= 0 else {
            throw JaxError(.resourceExhausted, "the attributes of the operations take too much memory for a file of this size",
                           offset: position)
        }
    }
}
