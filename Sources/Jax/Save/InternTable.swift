// A list of byte strings in which each occurs once: the strings, attributes, types and properties of a file, whose indices depend on
// nothing but the order of the first uses.

struct InternTable {
    /// All entries, one after the other.
    private(set) var bytes: [UInt8] = []
    /// Where each entry ends, its hash, and what sets entries of the same bytes apart: their dialect.
    private(set) var entries: [(end: Int, hash: UInt32, tag: UInt8)] = []
    /// Indices of entries by hash with linear probing; -1 is free. The count is a power of two.
    private var slots: [Int32] = Array(repeating: -1, count: 64)

    var count: Int { entries.count }

    private func start(_ index: Int) -> Int { index == 0 ? 0 : entries[index - 1].end }

    func length(_ index: Int) -> Int { entries[index].end - start(index) }

    /// The index of the entry with these bytes, which is added where there is none.
    mutating func index(of encoded: [UInt8], tag: UInt8 = 0) -> Int {
        if 2 * entries.count >= slots.count { grow() }
        let hash = InternTable.hash(encoded, tag)
        var slot = Int(hash) & (slots.count - 1)
        while slots[slot] >= 0 {
            if holds(Int(slots[slot]), encoded, hash, tag) { return Int(slots[slot]) }
            slot = (slot + 1) & (slots.count - 1)
        }
        slots[slot] = Int32(entries.count)
        bytes += encoded
        entries.append((bytes.count, hash, tag))
        return entries.count - 1
    }

    private func holds(_ index: Int, _ encoded: [UInt8], _ hash: UInt32, _ tag: UInt8) -> Bool {
        let entry = entries[index]
        return entry.hash == hash && entry.tag == tag && bytes[start(index)..<entry.end].elementsEqual(encoded)
    }

    private mutating func grow() {
        slots = Array(repeating: -1, count: 2 * slots.count)
        for (index, entry) in entries.enumerated() {
            var slot = Int(entry.hash) & (slots.count - 1)
            while slots[slot] >= 0 { slot = (slot + 1) & (slots.count - 1) }
            slots[slot] = Int32(index)
        }
    }

    /// FNV-1a, folded.
    private static func hash(_ encoded: [UInt8], _ tag: UInt8) -> UInt32 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325 ^ UInt64(tag)
        for byte in encoded { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        return UInt32(truncatingIfNeeded: hash ^ hash >> 32)
    }
}
