// Ranges of a fixed span, first fit, neighbours joined when freed. Used for the host-visible window's pages and for the
// buffers inside a block of device memory.

/// Hands out parts of `0..<size`.
public struct RangeAllocator {
    /// Free ranges in ascending order; no two touch.
    private var free: [Range<Int>]
    public let size: Int
    public let granule: Int
    public private(set) var used = 0

    /// All offsets and sizes are multiples of `granule`.
    public init(size: Int, granule: Int) {
        self.size = size / granule * granule
        self.granule = granule
        free = self.size > 0 ? [0..<self.size] : []
    }

    private func rounded(_ count: Int) -> Int { (count + granule - 1) / granule * granule }

    /// The offset of a free range of at least `count` bytes; nil if there is none.
    public mutating func allocate(_ count: Int) -> Int? {
        guard count > 0, count <= size else { return nil }
        let count = rounded(count)
        for index in free.indices where free[index].count >= count {
            let range = free[index]
            if range.count == count {
                free.remove(at: index)
            } else {
                free[index] = range.lowerBound + count..<range.upperBound
            }
            used += count
            return range.lowerBound
        }
        return nil
    }

    /// Gives back what `allocate(count)` returned.
    public mutating func deallocate(_ offset: Int, _ count: Int) {
        let range = offset..<offset + rounded(count)
        used -= range.count
        var index = 0
        while index < free.count && free[index].lowerBound < range.lowerBound { index += 1 }
        var joined = range
        if index < free.count && free[index].lowerBound == joined.upperBound {
            joined = joined.lowerBound..<free[index].upperBound
            free.remove(at: index)
        }
        if index > 0 && free[index - 1].upperBound == joined.lowerBound {
            free[index - 1] = free[index - 1].lowerBound..<joined.upperBound
        } else {
            free.insert(joined, at: index)
        }
    }

    public var isEmpty: Bool { used == 0 }

    /// The longest range that can be had.
    public var largestFree: Int { free.reduce(0) { max($0, $1.count) } }
}
