// The boot memory map as the kernel uses it: usable ranges without what lies in them and must stay.

/// A physical range, half open.
public struct PhysicalRange: Equatable {
    public var start, end: PhysicalAddress

    public init(start: PhysicalAddress, end: PhysicalAddress) {
        self.start = start
        self.end = end
    }

    public var byteCount: UInt64 { end - start }
}

/// What the firmware said about a range.
public struct MemoryMapEntry {
    public var range: PhysicalRange
    public var isUsable: Bool

    public init(range: PhysicalRange, isUsable: Bool) {
        self.range = range
        self.isUsable = isUsable
    }
}

/// Calls `body` with each maximal part of a usable entry that no other kind of entry overlaps, in whole pages, in the
/// entries' order. `entry` gives the map's lines 0..<count, in any order and overlapping as they may.
public func forEachFreeRange(count: Int, entry: (Int) -> MemoryMapEntry, body: (PhysicalRange) -> Void) {
    for index in 0..<count {
        let usable = entry(index)
        guard usable.isUsable, usable.range.end > usable.range.start else { continue }
        let end = usable.range.end.roundedDown(to: 4096)
        var cursor = usable.range.start.roundedUp(to: 4096)
        while cursor < end {
            // The first thing in the way at or after the cursor. An earlier usable entry counts: it was given already.
            var blockStart = end
            var blockEnd = end
            for other in 0..<count where other != index {
                let obstacle = entry(other)
                if obstacle.isUsable && other > index { continue }
                guard obstacle.range.end > cursor, obstacle.range.start < blockStart,
                      obstacle.range.end > obstacle.range.start else { continue }
                blockStart = obstacle.range.start
                blockEnd = obstacle.range.end
            }
            let freeEnd = min(blockStart.roundedDown(to: 4096), end)
            if freeEnd > cursor { body(PhysicalRange(start: cursor, end: freeEnd)) }
            if blockStart >= end { break }
            cursor = max(cursor, blockEnd).roundedUp(to: 4096)
        }
    }
}
