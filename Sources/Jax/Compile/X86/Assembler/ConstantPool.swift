// The constants of one piece of code, each with the label that instructions name it by.

struct ConstantPool {
    struct Entry {
        let bytes: [UInt8]
        let label: Label
    }

    private var entries: [Entry] = []

    func label(of bytes: [UInt8]) -> Label? {
        for entry in entries where entry.bytes == bytes { return entry.label }
        return nil
    }

    mutating func insert(_ bytes: [UInt8], _ label: Label) {
        precondition(ConstantPool.sizes.contains(bytes.count), "a constant has 4, 8, 16, 32 or 64 bytes")
        entries.append(Entry(bytes: bytes, label: label))
    }

    /// By size, the largest first.
    func descending() -> [Entry] {
        var sorted: [Entry] = []
        for size in ConstantPool.sizes { sorted += entries.filter { $0.bytes.count == size } }
        return sorted
    }

    private static let sizes = [64, 32, 16, 8, 4]

    /// Little-endian.
    static func bytes(_ value: UInt64, count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * UInt64($0))) }
    }
}
