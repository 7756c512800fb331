// A reader of flatbuffers (flatbuffers.dev, Internals): tables with optional fields, vectors, strings. Every offset is checked,
// and the total number of tables that are followed is bounded, since tables may be shared.
import JaxPlatform

/// What a flatbuffer may cost to read.
final class FlatBudget {
    private var tables: Int
    /// Bytes of memory that copies may take. Strings and vectors can be shared, too.
    private var copies: Int

    /// A table takes at least eight bytes of a file that does not share them; no vector takes more than sixteen times its
    /// bytes in memory.
    init(byteCount: Int) {
        tables = byteCount / 8 + 16
        copies = 16 * byteCount + 4096
    }

    func copy(_ byteCount: Int, _ position: Int) throws(JaxError) {
        copies -= byteCount
        guard copies >= 0 else { throw JaxError(.malformed, "more text and lists than the file can hold", offset: position) }
    }

    func spend(_ position: Int) throws(JaxError) {
        tables -= 1
        guard tables >= 0 else { throw JaxError(.malformed, "more tables than the file can hold", offset: position) }
    }
}

/// One table of a flatbuffer.
struct FlatTable {
    private let file: ByteReader
    private let budget: FlatBudget
    let position: Int
    private let vtable: Int
    private let vtableSize: Int

    /// The table at the root of a file.
    static func root(_ bytes: ByteReader) throws(JaxError) -> FlatTable {
        var reader = bytes
        let offset = try Int(reader.fixed(UInt32.self, "the root's offset"))
        return try FlatTable(bytes, FlatBudget(byteCount: bytes.remaining), at: offset)
    }

    private init(_ file: ByteReader, _ budget: FlatBudget, at position: Int) throws(JaxError) {
        try budget.spend(position)
        self.file = file
        self.budget = budget
        self.position = position
        var reader = try file.seeking(to: position, "a table")
        vtable = try position - Int(reader.fixed(Int32.self, "a vtable's offset"))
        var header = try file.seeking(to: vtable, "a vtable")
        vtableSize = try Int(header.fixed(UInt16.self, "a vtable's size"))
        guard vtableSize >= 4, vtableSize & 1 == 0 else {
            throw JaxError(.malformed, "a vtable of \(vtableSize) bytes", offset: vtable)
        }
    }

    /// Where field number `field` lies, or nil where the table lacks it.
    private func place(_ field: Int) throws(JaxError) -> Int? {
        let slot = 4 + 2 * field
        guard slot + 2 <= vtableSize else { return nil }
        var reader = try file.seeking(to: vtable + slot, "a vtable entry")
        let offset = try Int(reader.fixed(UInt16.self, "a vtable entry"))
        return offset == 0 ? nil : position + offset
    }

    /// An integer, or `otherwise` where it has the default.
    func scalar<Value: FixedWidthInteger>(_ field: Int, _ type: Value.Type, otherwise: Int = 0) throws(JaxError) -> Int {
        guard let place = try place(field) else { return otherwise }
        var reader = try file.seeking(to: place, "a field")
        return Int(truncatingIfNeeded: try reader.fixed(Value.self, "a field"))
    }

    private func target(_ place: Int) throws(JaxError) -> Int {
        var reader = try file.seeking(to: place, "an offset")
        return place + Int(try reader.fixed(UInt32.self, "an offset"))
    }

    func table(_ field: Int) throws(JaxError) -> FlatTable? {
        guard let place = try place(field) else { return nil }
        return try FlatTable(file, budget, at: target(place))
    }

    /// The bytes of a vector's elements, and their number.
    private func vector(_ field: Int, width: Int) throws(JaxError) -> (reader: ByteReader, count: Int)? {
        guard let place = try place(field) else { return nil }
        return try vector(at: target(place), width: width)
    }

    private func vector(at start: Int, width: Int) throws(JaxError) -> (reader: ByteReader, count: Int) {
        var reader = try file.seeking(to: start, "a vector")
        let count = Int(try reader.fixed(UInt32.self, "a vector's length"))
        guard count <= reader.remaining / width else {
            throw JaxError(.malformed, "a vector of \(count) elements ends outside the file", offset: start)
        }
        return (try reader.slice(count * width, "a vector"), count)
    }

    func string(_ field: Int) throws(JaxError) -> String? {
        guard var bytes = try vector(field, width: 1)?.reader else { return nil }
        try budget.copy(bytes.remaining, bytes.offset)
        return bytes.text()
    }

    /// A vector of bytes, for the caller to copy.
    func bytes(_ field: Int) throws(JaxError) -> ByteReader? {
        guard let bytes = try vector(field, width: 1)?.reader else { return nil }
        try budget.copy(bytes.remaining, bytes.offset)
        return bytes
    }

    func integers<Value: FixedWidthInteger>(_ field: Int, _ type: Value.Type) throws(JaxError) -> [Int] {
        guard let (first, count) = try vector(field, width: Value.bitWidth / 8) else { return [] }
        var reader = first
        try budget.copy(8 * count, reader.offset)
        var list: [Int] = []
        list.reserveCapacity(count)
        for _ in 0..<count { list.append(Int(truncatingIfNeeded: try reader.fixed(Value.self, "an element"))) }
        return list
    }

    func tables(_ field: Int) throws(JaxError) -> [FlatTable] {
        guard let (first, count) = try vector(field, width: 4) else { return [] }
        var reader = first
        var list: [FlatTable] = []
        for _ in 0..<count {
            let place = reader.offset
            let offset = Int(try reader.fixed(UInt32.self, "an offset"))
            list.append(try FlatTable(file, budget, at: place + offset))
        }
        return list
    }

    func strings(_ field: Int) throws(JaxError) -> [String] {
        guard let (first, count) = try vector(field, width: 4) else { return [] }
        var reader = first
        var list: [String] = []
        for _ in 0..<count {
            let place = reader.offset
            try budget.spend(place)
            let offset = Int(try reader.fixed(UInt32.self, "an offset"))
            var bytes = try vector(at: place + offset, width: 1).reader
            try budget.copy(bytes.remaining + 16, place)
            list.append(bytes.text())
        }
        return list
    }
}
