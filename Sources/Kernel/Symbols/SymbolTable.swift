// Names for addresses, from the table that the build appends to the image (image/symbols.py says how it is laid out).

public struct SymbolTable {
    private let bytes: UnsafeRawBufferPointer
    private let base: UInt64
    public let count: Int

    /// A table for an image at `base`; nil where the bytes are no table.
    public init?(_ bytes: UnsafeRawBufferPointer, imageBase: UInt64) {
        guard bytes.count >= 8, bytes.loadUnaligned(as: UInt32.self) == 0x5953_4A42 else { return nil }
        let count = Int(bytes.loadUnaligned(fromByteOffset: 4, as: UInt32.self))
        guard count > 0, count <= (bytes.count - 8) / 8 else { return nil }
        self.bytes = bytes
        self.count = count
        base = imageBase
    }

    private func offset(_ index: Int) -> UInt64 {
        UInt64(bytes.loadUnaligned(fromByteOffset: 8 + 8 * index, as: UInt32.self))
    }

    /// The function that holds an address, and how far into it; nil outside the image's text.
    public func find(_ address: UInt64) -> (name: UnsafeBufferPointer<UInt8>, offset: UInt64)? {
        guard address >= base else { return nil }
        let wanted = address - base
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if offset(middle) <= wanted { low = middle + 1 } else { high = middle }
        }
        guard low > 0 else { return nil }
        let start = 8 + 8 * count + Int(bytes.loadUnaligned(fromByteOffset: 8 + 8 * (low - 1) + 4, as: UInt32.self))
        var end = start
        while end < bytes.count, bytes[end] != 0 { end += 1 }
        guard end > start else { return nil }
        let name = UnsafeRawBufferPointer(rebasing: bytes[start..<end]).bindMemory(to: UInt8.self)
        return (name, wanted - offset(low - 1))
    }
}
