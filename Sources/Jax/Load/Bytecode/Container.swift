// The container of MLIR bytecode, versions 0 to 6: header, sections, strings, dialects, and where each attribute and type lies
// (`mlir/docs/BytecodeFormat.md`).
import JaxEncoding
import JaxPlatform

/// Where an attribute or a type lies, and who defines its encoding.
struct EncodedEntry {
    var start: Int32
    var length: Int32
    var dialect: Int16
    /// False: the text of MLIR's assembly.
    var isBinary: Bool
}

/// The name of an operation as the file lists it.
struct EncodedName {
    var dialect: Int
    var name: String
}

/// The tables of a bytecode file; the operations follow in `operations`, undecoded.
struct Container {
    var version = 0
    var producer = ""
    var strings: [String] = []
    var dialects: [String] = []
    var operationNames: [EncodedName] = []
    var attributes: [EncodedEntry] = []
    var types: [EncodedEntry] = []
    /// The attributes' and types' encodings.
    var entryBytes: ByteReader
    /// Each operation's properties.
    var properties: [ByteReader] = []
    var operations: ByteReader
    /// What dialects stored beside the program, in the order by which attributes refer to it; empty where it is not a blob.
    var resources: [ByteReader] = []

    /// Whether `bytes` begins as MLIR bytecode does.
    static func hasMagic(_ bytes: ByteReader) -> Bool {
        var reader = bytes
        return (try? reader.fixed(UInt32.self, "magic number")) == containerMagic
    }

    init(_ bytes: ByteReader) throws(JaxError) {
        var reader = bytes
        entryBytes = bytes
        operations = bytes
        guard try reader.fixed(UInt32.self, "magic number") == containerMagic else {
            throw bytes.malformed("expected MLIR bytecode, which begins with 4D 4C EF 52 (\"MLïR\")")
        }
        let versionOffset = reader.offset
        version = try reader.varint("bytecode version")
        guard version <= ContainerVersion.newest else {
            throw JaxError(.malformed, "MLIR bytecode version \(version) is newer than the newest known, 6", offset: versionOffset)
        }
        producer = try reader.zeroTerminatedText("the producer")

        var sections = [ByteReader?](repeating: nil, count: SectionID.count)
        while !reader.isEmpty {
            let start = reader.offset
            let (id, body) = try Container.section(&reader)
            guard id < SectionID.count, sections[id] == nil else {
                throw JaxError(.malformed, "expected each known section once, found section \(id)", offset: start)
            }
            sections[id] = body
        }
        func required(_ id: Int, _ what: StaticString) throws(JaxError) -> ByteReader {
            guard let body = sections[id] else { throw reader.malformed("the file ends without its section of \(what)") }
            return body
        }
        try readStrings(required(SectionID.strings, "strings"))
        try readDialects(required(SectionID.dialects, "dialects"))
        entryBytes = try required(SectionID.attributesAndTypes, "attributes and types")
        try readOffsets(required(SectionID.offsets, "attribute and type offsets"))
        if let body = sections[SectionID.properties] { try readProperties(body) }
        if let body = sections[SectionID.resources] {
            try readResources(body, offsets: required(SectionID.resourceOffsets, "resource offsets"))
        }
        operations = try required(SectionID.operations, "operations")
    }

    /// Reads one section's header and steps over its body.
    static func section(_ reader: inout ByteReader) throws(JaxError) -> (id: Int, body: ByteReader) {
        let header = try reader.byte("section header")
        let length = try reader.varint("section length")
        if header & 0x80 != 0 {
            try reader.align(to: reader.varint("section alignment"))
        }
        return (Int(header & 0x7F), try reader.slice(length, "a section"))
    }

    /// The string at an index that `reader` yields next.
    func string(_ reader: inout ByteReader) throws(JaxError) -> String {
        let start = reader.offset
        return try string(at: reader.varint("string index"), start)
    }

    func string(at index: Int, _ position: Int) throws(JaxError) -> String {
        guard index < strings.count else {
            throw JaxError(.malformed, "string \(index) of \(strings.count) does not exist", offset: position)
        }
        return strings[index]
    }

    private mutating func readStrings(_ section: ByteReader) throws(JaxError) {
        var reader = section
        let count = try reader.count("strings")
        var lengths: [Int] = []
        lengths.reserveCapacity(count)
        for _ in 0..<count { lengths.append(try reader.varint("string length")) }
        strings.reserveCapacity(count)
        for length in lengths.reversed() {
            guard length > 0 else { throw reader.malformed("expected a string length that counts its zero byte") }
            var body = try reader.slice(length - 1, "a string")
            strings.append(body.text())
            guard try reader.byte("a string's end") == 0 else { throw reader.malformed("expected a zero byte after a string") }
        }
        guard reader.isEmpty else { throw reader.malformed("expected the end of the strings") }
    }

    private mutating func readDialects(_ section: ByteReader) throws(JaxError) {
        var reader = section
        let count = try reader.count("dialects")
        guard count <= Int(Int16.max) else { throw reader.malformed("\(count) dialects are too many") }
        for _ in 0..<count {
            guard version >= ContainerVersion.dialectVersions else {
                dialects.append(try string(&reader))
                continue
            }
            let start = reader.offset
            let (index, hasVersion) = try reader.flaggedVarint("dialect name")
            dialects.append(try string(at: index, start))
            if hasVersion {
                guard try Container.section(&reader).id == SectionID.dialectVersions else {
                    throw reader.malformed("expected a dialect's version section")
                }
            }
        }
        if version >= ContainerVersion.elidedLocations { _ = try reader.count("operation names") }
        while !reader.isEmpty {
            let (dialect, size) = try dialectGroup(&reader)
            for _ in 0..<size {
                let start = reader.offset
                let raw = try reader.varint("operation name")
                let index = version >= ContainerVersion.properties ? raw >> 1 : raw
                operationNames.append(EncodedName(dialect: dialect, name: try string(at: index, start)))
            }
        }
    }

    private func dialectGroup(_ reader: inout ByteReader) throws(JaxError) -> (dialect: Int, size: Int) {
        let start = reader.offset
        let dialect = try reader.varint("dialect index")
        guard dialect < dialects.count else {
            throw JaxError(.malformed, "dialect \(dialect) of \(dialects.count) does not exist", offset: start)
        }
        return (dialect, try reader.count("members of a dialect"))
    }

    private mutating func readOffsets(_ section: ByteReader) throws(JaxError) {
        var reader = section
        guard entryBytes.end <= Int(Int32.max) else {
            throw reader.malformed("attributes beyond 2 GiB are not supported")
        }
        let attributeCount = try reader.count("attributes")
        let typeCount = try reader.count("types")
        var position = entryBytes.offset
        attributes = try readEntries(attributeCount, &reader, &position)
        types = try readEntries(typeCount, &reader, &position)
        guard reader.isEmpty else { throw reader.malformed("expected the end of the attribute and type offsets") }
    }

    private func readEntries(_ count: Int, _ reader: inout ByteReader,
                             _ position: inout Int) throws(JaxError) -> [EncodedEntry] {
        var entries: [EncodedEntry] = []
        entries.reserveCapacity(count)
        while entries.count < count {
            let start = reader.offset
            let (dialect, size) = try dialectGroup(&reader)
            guard size > 0, size <= count - entries.count else {
                throw JaxError(.malformed, "expected at most \(count - entries.count) entries in a group, found \(size)",
                               offset: start)
            }
            for _ in 0..<size {
                let start = reader.offset
                let (length, isBinary) = try reader.flaggedVarint("entry size")
                guard length <= entryBytes.end - position else {
                    throw JaxError(.malformed, "an entry of \(length) bytes ends outside the attribute section", offset: start)
                }
                entries.append(EncodedEntry(start: Int32(position), length: Int32(length), dialect: Int16(dialect),
                                            isBinary: isBinary))
                position += length
            }
        }
        return entries
    }

    private mutating func readProperties(_ section: ByteReader) throws(JaxError) {
        var reader = section
        let count = try reader.count("properties")
        properties.reserveCapacity(count)
        for _ in 0..<count {
            let length = try reader.varint("properties size")
            properties.append(try reader.slice(length, "properties"))
        }
        guard reader.isEmpty else { throw reader.malformed("expected the end of the properties") }
    }

    /// Keeps the dialects' blobs; other resources (external ones, booleans, strings) say nothing about a program.
    private mutating func readResources(_ section: ByteReader, offsets: ByteReader) throws(JaxError) {
        var reader = offsets
        var body = section
        var external = try reader.count("external resource groups")
        while !reader.isEmpty {
            let isExternal = external > 0
            if isExternal {
                _ = try string(&reader)
                external -= 1
            } else {
                _ = try reader.varint("dialect index")
            }
            for _ in 0..<(try reader.count("resources")) {
                _ = try string(&reader)
                let size = try reader.varint("resource size")
                let kind = try reader.byte("resource kind")
                var entry = try body.slice(size, "a resource")
                if !isExternal { resources.append(try kind == 0 && size > 0 ? Container.blob(&entry) : entry) }
            }
        }
    }

    private static func blob(_ entry: inout ByteReader) throws(JaxError) -> ByteReader {
        let alignment = try entry.varint("resource alignment")
        let length = try entry.varint("resource length")
        try entry.align(to: alignment)
        return try entry.slice(length, "a resource's data")
    }
}
