// A piece of generated code with its name, as a plain value: a fault's record keeps one, since the code itself may be gone, and another
// may stand in its place, when the record is read.

public struct CodeRegion {
    /// Bytes of UTF-8; longer names are cut.
    public static let maximumName = 192

    public let start: UInt64
    public let byteCount: UInt64
    private var name = InlineArray<192, UInt8>(repeating: 0)
    private var nameCount = 0

    public init(start: UInt64, byteCount: UInt64, name text: String) {
        self.start = start
        self.byteCount = byteCount
        for byte in text.utf8 {
            guard nameCount < CodeRegion.maximumName else {
                // No character is cut in two.
                while nameCount > 0, name[nameCount - 1] & 0xC0 == 0x80 { nameCount -= 1 }
                if nameCount > 0, name[nameCount - 1] & 0x80 != 0 { nameCount -= 1 }
                return
            }
            name[nameCount] = byte
            nameCount += 1
        }
    }

    public func contains(_ address: UInt64) -> Bool { address >= start && address - start < byteCount }

    /// Writes "name + 0x12". Allocates nothing.
    public func write(_ address: UInt64, to put: (UInt8) -> Void) {
        for index in 0..<nameCount { put(name[index]) }
        for byte in " + ".utf8 { put(byte) }
        writeHex(address &- start, to: put)
    }
}
