// A ustar archive in memory, read only (POSIX.1-2017, pax, "ustar Interchange Format"). The archive comes from outside:
// what does not fit is left out.

/// The plain files of an archive.
public struct UstarArchive {
    public struct Entry {
        public let name: String
        public let bytes: UnsafeRawBufferPointer

        public init(name: String, bytes: UnsafeRawBufferPointer) {
            self.name = name
            self.bytes = bytes
        }
    }

    private static let blockByteCount = 512
    /// More entries than anybody means; the rest is left out.
    private static let maximumEntries = 4096

    public let entries: [Entry]

    /// Reads entries up to the first block that is no header.
    public init(_ archive: UnsafeRawBufferPointer) {
        var found: [Entry] = []
        var offset = 0
        while offset + Self.blockByteCount <= archive.count, found.count < Self.maximumEntries {
            let header = UnsafeRawBufferPointer(rebasing: archive[offset..<offset + Self.blockByteCount])
            guard Self.isHeader(header), let size = Self.octal(header, 124, 12) else { break }
            let start = offset + Self.blockByteCount
            guard size <= archive.count - start else { break }
            let kind = header[156]
            if kind == 0x30 || kind == 0 {
                var name = Self.text(header, 0, 100)
                let prefix = Self.text(header, 345, 155)
                if !prefix.isEmpty { name = prefix + "/" + name }
                found.append(Entry(name: name, bytes: UnsafeRawBufferPointer(rebasing: archive[start..<start + size])))
            }
            offset = start + (size + Self.blockByteCount - 1) / Self.blockByteCount * Self.blockByteCount
        }
        entries = found
    }

    /// The magic, and the checksum: the sum of all bytes with the checksum's own field as spaces.
    private static func isHeader(_ header: UnsafeRawBufferPointer) -> Bool {
        let magic: [UInt8] = [0x75, 0x73, 0x74, 0x61, 0x72]
        for index in 0..<5 where header[257 + index] != magic[index] { return false }
        var sum = 0
        for index in 0..<blockByteCount { sum += (148..<156).contains(index) ? 0x20 : Int(header[index]) }
        return octal(header, 148, 8) == sum
    }

    private static func octal(_ header: UnsafeRawBufferPointer, _ offset: Int, _ width: Int) -> Int? {
        var value = 0, digits = 0
        for index in offset..<offset + width {
            let byte = header[index]
            if byte == 0x20 && digits == 0 { continue }
            if byte == 0 || byte == 0x20 { break }
            guard (0x30...0x37).contains(byte) else { return nil }
            value = value << 3 | Int(byte - 0x30)
            digits += 1
        }
        return digits > 0 ? value : nil
    }

    private static func text(_ header: UnsafeRawBufferPointer, _ offset: Int, _ width: Int) -> String {
        var bytes: [UInt8] = []
        for index in offset..<offset + width {
            if header[index] == 0 { break }
            bytes.append(header[index])
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
