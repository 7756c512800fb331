// The attributes and types of a bytecode file, each decoded once and on demand. A dialect's own file says how its entries
// are encoded; this one finds them, remembers them, and bounds what they may cost.
import JaxEncoding
import JaxIR
import JaxPlatform

/// A type as the file has it: of a value, or one that only occurs inside attributes.
indirect enum EncodedType {
    case value(ValueType)
    /// An element type, or the type of a number in an attribute.
    case element(DType)
    case function(inputs: [ValueType], results: [ValueType])
    case index
    case none
    /// Known, but nothing that a value of this machine can have.
    case unsupported(String)

    var name: String {
        switch self {
        case .value(let type): return type.description
        case .element(let dtype): return dtype.mlirName
        case .function: return "a function type"
        case .index: return "index"
        case .none: return "none"
        case .unsupported(let name): return name
        }
    }
}

/// Decodes entries by index.
final class EntryTable {
    let container: Container
    private(set) var locations = LocationTable()

    private enum Progress: UInt8 { case untouched, open, done }
    private var attributeProgress: [Progress]
    private var attributes: [Attribute]
    private var typeProgress: [Progress]
    private var types: [EncodedType]
    /// Nodes below each entry when written out in full: what walks them must not take for ever.
    private var attributeSizes: [Int32]
    private var typeSizes: [Int32]
    private var locationIDs: [LocationID]
    private var pendingLocations: [Int] = []
    private var forms: [Int: Attribute] = [:]
    private var depth = 0
    private var size = 0

    private static let sizeLimit = 1 << 20

    init(_ container: Container) {
        self.container = container
        let attributeCount = container.attributes.count
        attributeProgress = [Progress](repeating: .untouched, count: attributeCount)
        attributes = [Attribute](repeating: .unit, count: attributeCount)
        attributeSizes = [Int32](repeating: 0, count: attributeCount)
        locationIDs = [LocationID](repeating: .unknown, count: attributeCount)
        let typeCount = container.types.count
        typeProgress = [Progress](repeating: .untouched, count: typeCount)
        types = [EncodedType](repeating: .none, count: typeCount)
        typeSizes = [Int32](repeating: 0, count: typeCount)
    }

    // MARK: References

    /// The attribute whose index comes next.
    func attribute(_ reader: inout ByteReader) throws(JaxError) -> Attribute {
        let start = reader.offset
        return try attribute(at: reader.varint("attribute index"), start)
    }

    /// The attribute whose index comes next with a flag, or nil where the flag is not set.
    func optionalAttribute(_ reader: inout ByteReader) throws(JaxError) -> Attribute? {
        let start = reader.offset
        let (index, isPresent) = try reader.flaggedVarint("attribute index")
        return isPresent ? try attribute(at: index, start) : nil
    }

    func attribute(at index: Int, _ position: Int) throws(JaxError) -> Attribute {
        guard index < attributes.count else {
            throw JaxError(.malformed, "attribute \(index) of \(attributes.count) does not exist", offset: position)
        }
        switch attributeProgress[index] {
        case .done:
            try charge(Int(attributeSizes[index]), position)
            return attributes[index]
        case .open:
            throw JaxError(.malformed, "attribute \(index) contains itself", offset: position)
        case .untouched:
            attributeProgress[index] = .open
            let before = try descend(position)
            let entry = container.attributes[index]
            var reader = try bytes(of: entry)
            let value = entry.isBinary ? try decodeAttribute(container.dialects[Int(entry.dialect)], &reader)
                                       : try TextParser.attribute(&reader)
            guard reader.isEmpty else { throw reader.malformed("expected the end of attribute \(index)") }
            attributeSizes[index] = Int32(ascend(before))
            attributes[index] = value
            attributeProgress[index] = .done
            return value
        }
    }

    /// The type whose index comes next.
    func type(_ reader: inout ByteReader) throws(JaxError) -> EncodedType {
        let start = reader.offset
        return try type(at: reader.varint("type index"), start)
    }

    func type(at index: Int, _ position: Int) throws(JaxError) -> EncodedType {
        guard index < types.count else {
            throw JaxError(.malformed, "type \(index) of \(types.count) does not exist", offset: position)
        }
        switch typeProgress[index] {
        case .done:
            try charge(Int(typeSizes[index]), position)
            return types[index]
        case .open:
            throw JaxError(.malformed, "type \(index) contains itself", offset: position)
        case .untouched:
            typeProgress[index] = .open
            let before = try descend(position)
            let entry = container.types[index]
            var reader = try bytes(of: entry)
            let value = entry.isBinary ? try decodeType(container.dialects[Int(entry.dialect)], &reader)
                                       : try TextParser.type(&reader)
            guard reader.isEmpty else { throw reader.malformed("expected the end of type \(index)") }
            typeSizes[index] = Int32(ascend(before))
            types[index] = value
            typeProgress[index] = .done
            return value
        }
    }

    /// The type of a value, whose index comes next.
    func valueType(_ reader: inout ByteReader) throws(JaxError) -> ValueType {
        let start = reader.offset
        return try EntryTable.valueType(type(&reader), start)
    }

    static func valueType(_ type: EncodedType, _ position: Int) throws(JaxError) -> ValueType {
        if case .value(let type) = type { return type }
        if case .unsupported(let name) = type {
            throw JaxError(.notImplemented, "values of type \(name) are not supported", offset: position)
        }
        throw JaxError(.malformed, "expected a tensor, token or tuple type, found \(type.name)", offset: position)
    }

    func elementType(_ reader: inout ByteReader) throws(JaxError) -> DType {
        let start = reader.offset
        let type = try type(&reader)
        guard case .element(let dtype) = type else {
            throw JaxError(.malformed, "expected an element type, found \(type.name)", offset: start)
        }
        return dtype
    }

    func valueTypes(_ reader: inout ByteReader) throws(JaxError) -> [ValueType] {
        let count = try reader.count("types")
        var list: [ValueType] = []
        list.reserveCapacity(count)
        for _ in 0..<count { list.append(try valueType(&reader)) }
        return list
    }

    func text(_ reader: inout ByteReader) throws(JaxError) -> String {
        let start = reader.offset
        guard case .string(let text) = try attribute(&reader) else {
            throw JaxError(.malformed, "expected a string attribute", offset: start)
        }
        return text
    }

    private func bytes(of entry: EncodedEntry) throws(JaxError) -> ByteReader {
        var reader = try container.entryBytes.seeking(to: Int(entry.start), "an entry")
        return try reader.slice(Int(entry.length), "an entry")
    }

    private func descend(_ position: Int) throws(JaxError) -> Int {
        guard depth < EncodingLimit.entryDepth else {
            throw JaxError(.malformed, "attributes and types are nested deeper than \(EncodingLimit.entryDepth)", offset: position)
        }
        depth += 1
        let before = size
        size = 1
        return before
    }

    private func ascend(_ before: Int) -> Int {
        depth -= 1
        let own = size
        size = depth == 0 ? 0 : before + own
        return own
    }

    private func charge(_ nodes: Int, _ position: Int) throws(JaxError) {
        guard depth > 0 else { return }
        size += nodes
        guard size <= EntryTable.sizeLimit else {
            throw JaxError(.malformed, "an attribute or type has more than \(EntryTable.sizeLimit) parts", offset: position)
        }
    }

    /// What an attribute becomes in an operation, made once by `make`.
    func cachedForm(_ key: Int, _ make: () throws(JaxError) -> Attribute) throws(JaxError) -> Attribute {
        if let form = forms[key] { return form }
        let form = try make()
        forms[key] = form
        return form
    }

    // MARK: Dialects

    private func decodeAttribute(_ dialect: String, _ reader: inout ByteReader) throws(JaxError) -> Attribute {
        switch dialect {
        case Dialect.vhlo: return try vhloAttribute(&reader)
        case Dialect.builtin: return try builtinAttribute(&reader)
        case "sdy": return try sdyAttribute(&reader)
        case "stablehlo": return try stablehloAttribute(&reader)
        default:
            try reader.skip(reader.remaining, "an attribute")
            return .opaque("an attribute of the dialect \(dialect)")
        }
    }

    private func decodeType(_ dialect: String, _ reader: inout ByteReader) throws(JaxError) -> EncodedType {
        switch dialect {
        case Dialect.vhlo: return try vhloType(&reader)
        case Dialect.builtin: return try builtinType(&reader)
        case "stablehlo": return try stablehloType(&reader)
        default:
            try reader.skip(reader.remaining, "a type")
            return .unsupported("a type of the dialect \(dialect)")
        }
    }

    // MARK: Locations

    /// The location whose attribute index comes next. Decoded when all operations are read, by `finishLocations`.
    func location(_ reader: inout ByteReader) throws(JaxError) -> LocationID {
        let start = reader.offset
        let index = try reader.varint("location index")
        guard index < attributes.count else {
            throw JaxError(.malformed, "location \(index) of \(attributes.count) does not exist", offset: start)
        }
        if locationIDs[index] == .unknown {
            locationIDs[index] = locations.add(.unknown)
            pendingLocations.append(index)
        }
        return locationIDs[index]
    }

    /// Decodes the locations that were asked for, and those they refer to; one after the other, however deep they nest.
    func finishLocations() throws(JaxError) -> LocationTable {
        while let index = pendingLocations.popLast() {
            let entry = container.attributes[index]
            guard entry.isBinary, container.dialects[Int(entry.dialect)] == "builtin" else { continue }
            var reader = try bytes(of: entry)
            locations.define(locationIDs[index], as: try builtinLocation(&reader))
        }
        return locations
    }
}
