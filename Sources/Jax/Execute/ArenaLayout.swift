// Places in one block of memory for buffers, each needed over a span of time: those that are needed at the same time do not overlap.

/// A buffer to be placed; `start` and `end` are included.
struct ArenaRequest {
    var byteCount: Int
    var start, end: Int
}

struct ArenaLayout {
    static let alignment = 64

    /// One for each request, multiples of the alignment.
    private(set) var offsets: [Int]
    private(set) var byteCount = 0
    /// What is free below `byteCount`: in order, no two adjacent.
    private var gaps: [(offset: Int, byteCount: Int)] = []

    /// Goes through the requests by their starts, larger ones first; each takes the smallest gap that is large enough.
    init(_ requests: [ArenaRequest]) {
        offsets = [Int](repeating: 0, count: requests.count)
        let byStart = requests.indices.sorted {
            (requests[$0].start, requests[$1].byteCount, $0) < (requests[$1].start, requests[$0].byteCount, $1)
        }
        let byEnd = requests.indices.sorted { (requests[$0].end, $0) < (requests[$1].end, $1) }
        var ended = 0
        for index in byStart {
            while ended < byEnd.count, requests[byEnd[ended]].end < requests[index].start {
                release(offsets[byEnd[ended]], ArenaLayout.rounded(requests[byEnd[ended]].byteCount))
                ended += 1
            }
            offsets[index] = take(ArenaLayout.rounded(requests[index].byteCount))
        }
    }

    static func rounded(_ byteCount: Int) -> Int { (byteCount + alignment - 1) / alignment * alignment }

    private mutating func take(_ wanted: Int) -> Int {
        if wanted == 0 { return 0 }
        var best: Int?
        for (index, gap) in gaps.enumerated() where gap.byteCount >= wanted {
            if best == nil || gap.byteCount < gaps[best!].byteCount { best = index }
        }
        if let best {
            let offset = gaps[best].offset
            if gaps[best].byteCount == wanted {
                gaps.remove(at: best)
            } else {
                gaps[best] = (offset + wanted, gaps[best].byteCount - wanted)
            }
            return offset
        }
        // At the end, what is free there included.
        var offset = byteCount
        if let last = gaps.last, last.offset + last.byteCount == byteCount {
            offset = last.offset
            gaps.removeLast()
        }
        byteCount = offset + wanted
        return offset
    }

    private mutating func release(_ offset: Int, _ size: Int) {
        if size == 0 { return }
        var low = 0, high = gaps.count
        while low < high {
            let middle = (low + high) / 2
            if gaps[middle].offset < offset { low = middle + 1 } else { high = middle }
        }
        gaps.insert((offset, size), at: low)
        if low + 1 < gaps.count, gaps[low].offset + gaps[low].byteCount == gaps[low + 1].offset {
            gaps[low].byteCount += gaps[low + 1].byteCount
            gaps.remove(at: low + 1)
        }
        if low > 0, gaps[low - 1].offset + gaps[low - 1].byteCount == gaps[low].offset {
            gaps[low - 1].byteCount += gaps[low].byteCount
            gaps.remove(at: low)
        }
    }
}
