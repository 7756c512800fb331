// The strings, types, attributes and properties of a file under construction. Each is encoded once, those that it names before it;
// the dialects' own files say how.
import JaxEncoding
import JaxIR
import JaxPlatform

/// Gives encodings their indices, and bounds what they may cost.
final class EntryWriter {
    private(set) var strings = InternTable()
    private(set) var attributes = InternTable()
    private(set) var types = InternTable()
    private(set) var properties = InternTable()
    /// Parts that attributes and types may still have when written out: a module may name one long list in many places.
    private var budget = 1 << 20
    private static let partsPerOperation = 256
    private var depth = 0
    /// Indices of the module's locations, -1 for those that have none yet.
    private var locationIndices: [Int32]
    private let locations: LocationTable

    /// The dialects by their number in the file.
    static let dialects = [Dialect.builtin, Dialect.vhlo]
    static let builtin: UInt8 = 0
    static let vhlo: UInt8 = 1

    init(_ locations: LocationTable) {
        self.locations = locations
        locationIndices = [Int32](repeating: -1, count: locations.locations.count)
    }

    /// A further operation is written, whose attributes may have a few parts.
    func earn() { budget += EntryWriter.partsPerOperation }

    func spend(_ parts: Int) throws(JaxError) {
        budget -= parts
        guard budget >= 0 else { throw JaxError(.resourceExhausted, "the program's attributes have too many parts to be written") }
    }

    /// Calls `body`, which encodes an attribute or a type, one level deeper.
    func nested(_ body: () throws(JaxError) -> Int) throws(JaxError) -> Int {
        guard depth < EncodingLimit.entryDepth else {
            throw JaxError(.notImplemented, "attributes and types that are nested deeper than \(EncodingLimit.entryDepth) are not written")
        }
        try spend(1)
        depth += 1
        defer { depth -= 1 }
        return try body()
    }

    // MARK: Tables

    func string(_ text: String) -> Int { strings.index(of: Array(text.utf8)) }

    func add(attribute encoded: ByteWriter, _ dialect: UInt8) throws(JaxError) -> Int {
        guard attributes.bytes.count + encoded.count <= Int(Int32.max) else {
            throw JaxError(.notImplemented, "constants of more than 2 GiB are not written")
        }
        return attributes.index(of: encoded.bytes, tag: dialect)
    }

    func add(type encoded: ByteWriter, _ dialect: UInt8) -> Int { types.index(of: encoded.bytes, tag: dialect) }

    func add(properties encoded: ByteWriter) -> Int { properties.index(of: encoded.bytes) }

    // MARK: Locations

    /// The index of a location. What is nested too deep, or in itself, is unknown.
    func location(_ id: LocationID) throws(JaxError) -> Int { try location(id, depth: 0) }

    private func location(_ id: LocationID, depth: Int) throws(JaxError) -> Int {
        let index = Int(id.index)
        guard locationIndices.indices.contains(index), depth < 64 else { return try unknownLocation() }
        if locationIndices[index] >= 0 { return Int(locationIndices[index]) }
        // Stands for itself while its parts are written.
        locationIndices[index] = Int32(try unknownLocation())
        locationIndices[index] = Int32(try encoded(locations[id], depth: depth))
        return Int(locationIndices[index])
    }

    private func unknownLocation() throws(JaxError) -> Int { try builtin(.unknownLocation) { _ throws(JaxError) in } }

    private func encoded(_ location: Location, depth: Int) throws(JaxError) -> Int {
        switch location {
        case .unknown: return try unknownLocation()
        case .file(let name, let line, let column):
            return try builtin(.fileLocation) { encoded throws(JaxError) in
                encoded.varint(try self.builtin(string: name))
                encoded.varint(max(0, min(line, Int(UInt32.max))))
                encoded.varint(max(0, min(column, Int(UInt32.max))))
            }
        case .name(let name, let child):
            let child = try self.location(child, depth: depth + 1)
            return try builtin(.namedLocation) { encoded throws(JaxError) in
                encoded.varint(try self.builtin(string: name))
                encoded.varint(child)
            }
        case .callSite(let callee, let caller):
            let callee = try self.location(callee, depth: depth + 1), caller = try self.location(caller, depth: depth + 1)
            return try builtin(.callSiteLocation) { encoded throws(JaxError) in
                encoded.varint(callee)
                encoded.varint(caller)
            }
        case .fused(let parts):
            guard !parts.isEmpty else { return try unknownLocation() }
            try spend(parts.count)
            var indices: [Int] = []
            for part in parts { indices.append(try self.location(part, depth: depth + 1)) }
            return try builtin(.fusedLocation) { encoded throws(JaxError) in encoded.varints(indices) }
        }
    }
}
