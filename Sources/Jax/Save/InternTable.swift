// A list of byte strings in which each occurs once: the strings, attributes, types and properties of a file, whose indices depend on
// nothing but the order of the first uses.

struct InternTable {
    /// All entries, one after the other.
    private(set) var bytes: [UInt8] = []
    /// Where each entry ends, and what sets entries of the same bytes apart: their dialect.
    private(set) var entries: [(end: Int, tag: UInt8)] = []
    /// Indices of entries by hash with linear probing; -1 is free. The count is a power of two.
    private var slots: [Int32] = Array(repeating: -1, count: 64)

    var count: Int { entries.count }

    private func start(_ index: Int) -> Int { index == 0 ? 0 : entries[index - 1].end }

    func length(_ index: Int) -> Int { entries[index].end - start(index) }

    /// The index of the entry with these bytes, which is added where there is none.
    mutating func index(of encoded: [UInt8], tag: UInt8 = 0) -> Int {
        if 2 * entries.count >= slots.count { grow() }
        var slot = InternTable.hash(encoded[...], tag) & (slots.count - 1)
        while slots[slot] >= 0 {
            if holds(Int(slots[slot]), encoded, tag) { return Int(slots[slot]) }
            slot = (slot + 1) & (slots.count - 1)
        }
        slots[slot] = Int32(entries.count)
        bytes += encoded
        entries.append((bytes.count, tag))
        return entries.count - 1
    }

    private func holds(_ index: Int, _ encoded: [UInt8], _ tag: UInt8) -> Bool {
        guard entries[index].tag == tag, length(index) == encoded.count else { return false }
        var position = start(index)
        for byte in encoded {
            if bytes[position] != byte { return false }
            position += 1
        }
        return true
    }

    private mutating func grow() {
        slots = Array(repeating: -1, count: 2 * slots.count)
        for index in entries.indices {
            var slot = InternTable.hash(bytes[start(index)..<entries[index].end], entries[index].tag) & (slots.count - 1)
            while slots[slot] >= 0 { slot = (slot + 1) & (slots.count - 1) }
            slots[slot] = Int32(index)
        }
    }

    /// FNV-1a.
    private static func hash(_ encoded: ArraySlice<UInt8>, _ tag: UInt8) -> Int {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325 ^ UInt64(tag)
        for byte in encoded { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        return Int(truncatingIfNeeded: hash ^ hash >> 32)
    }
}
