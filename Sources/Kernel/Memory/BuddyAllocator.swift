// The buddy system over page frames (Knuth, TAOCP vol. 1, section 2.5). Free blocks are powers of two, aligned to their
// size; the links lie in the free blocks themselves and one byte a frame says what starts there, so that nothing of a
// free block but its first bytes is ever touched. Not locked: `PageFrames` does that.

/// Frames of 4096 bytes, named by their number: address / 4096.
public struct BuddyAllocator {
    public static let pageShift = 12
    public static let pageSize = 4096
    /// The largest block: 16 GiB.
    public static let maximumOrder = 22
    /// From this order on (4 MiB) a request that finds no block is tried with a run of smaller ones.
    private static let runOrder = 10

    /// What a frame's byte says. Inner frames of a block hold `inner`.
    private static let inner: UInt8 = 0
    private static let freeHead: UInt8 = 0x80
    private static let allocated: UInt8 = 0x40

    private struct Links {
        var previous, next: Int
    }

    /// One byte for each frame in 0..<frameCount.
    private let states: UnsafeMutablePointer<UInt8>
    public let frameCount: Int
    /// What to add to a frame's address to reach its bytes.
    private let mappingOffset: Int
    private var heads: InlineArray<23, Int>
    public private(set) var freeFrameCount = 0
    /// Frames ever given to the allocator.
    public private(set) var totalFrameCount = 0

    /// `states` is memory for `frameCount` bytes.
    public init(states: UnsafeMutablePointer<UInt8>, frameCount: Int, mappingOffset: Int) {
        self.states = states
        self.frameCount = frameCount
        self.mappingOffset = mappingOffset
        heads = InlineArray(repeating: -1)
        states.initialize(repeating: Self.inner, count: frameCount)
    }

    /// Adds frames that were not the allocator's before.
    public mutating func add(frames: Range<Int>) {
        totalFrameCount += frames.count
        releaseRun(frames)
    }

    /// The first of `count` adjacent frames, aligned to the next power of two (beyond 2 MiB to an eighth of it at least);
    /// nil when none are left. What lies past `count` in the block found stays free.
    public mutating func allocate(count: Int) -> Int? {
        guard count > 0, count <= 1 << Self.maximumOrder else { return nil }
        let order = Int.bitWidth - (count - 1).leadingZeroBitCount
        var found = order
        while found <= Self.maximumOrder, heads[found] < 0 { found += 1 }
        guard found <= Self.maximumOrder else { return order >= Self.runOrder ? allocateRun(count: count, order: order) : nil }
        let frame = heads[found]
        unlink(frame, order: found)
        freeFrameCount -= 1 << found
        states[frame] = Self.allocated
        if count < 1 << found { releaseRun(frame + count ..< frame + 1 << found) }
        return frame
    }

    /// `count` frames from free blocks that follow each other; the first of them is at least an eighth of the power of two
    /// that a single block would be. A little more than a power of two thus needs no block of twice the size.
    private mutating func allocateRun(count: Int, order: Int) -> Int? {
        for firstOrder in (order - 3...order - 1).reversed() {
            var first = heads[firstOrder]
            while first >= 0 {
                var end = first
                while end < first + count, end < frameCount, states[end] & Self.freeHead != 0 { end += 1 << Int(states[end] & 0x3F) }
                if end >= first + count {
                    var frame = first
                    while frame < end {
                        let blockOrder = Int(states[frame] & 0x3F)
                        unlink(frame, order: blockOrder)
                        freeFrameCount -= 1 << blockOrder
                        frame += 1 << blockOrder
                    }
                    states[first] = Self.allocated
                    releaseRun(first + count ..< end)
                    return first
                }
                first = links(first).pointee.next
            }
        }
        return nil
    }

    /// Gives back what `allocate(count:)` returned. False when `frame` is not the start of an allocated block: it was
    /// freed already, or never given out.
    public mutating func free(frame: Int, count: Int) -> Bool {
        guard frame >= 0, count > 0, frame + count <= frameCount, states[frame] & Self.allocated != 0 else { return false }
        states[frame] = Self.inner
        releaseRun(frame ..< frame + count)
        return true
    }

    /// A mark that the owner of an allocated block leaves at its first frame, 1 to 63; the heap tells its pages by it.
    public func mark(of frame: Int) -> UInt8 {
        frame >= 0 && frame < frameCount ? Self.mark(state: states[frame]) : 0
    }

    /// What a frame's byte says of the mark.
    static func mark(state: UInt8) -> UInt8 { state & allocated != 0 ? state & 0x3F : 0 }

    public func setMark(_ mark: UInt8, of frame: Int) {
        states[frame] = Self.allocated | mark & 0x3F
    }

    // MARK: Blocks

    /// Frees a run as the largest aligned blocks that it consists of.
    private mutating func releaseRun(_ frames: Range<Int>) {
        var frame = frames.lowerBound
        while frame < frames.upperBound {
            var order = min(frame == 0 ? Self.maximumOrder : frame.trailingZeroBitCount, Self.maximumOrder)
            while frame + 1 << order > frames.upperBound { order -= 1 }
            releaseBlock(frame, order: order)
            frame += 1 << order
        }
    }

    /// Frees one block and joins it with its buddy as long as that is free too.
    private mutating func releaseBlock(_ start: Int, order startOrder: Int) {
        freeFrameCount += 1 << startOrder
        var frame = start
        var order = startOrder
        while order < Self.maximumOrder {
            let buddy = frame ^ 1 << order
            guard buddy + 1 << order <= frameCount, states[buddy] == Self.freeHead | UInt8(order) else { break }
            unlink(buddy, order: order)
            frame = min(frame, buddy)
            order += 1
        }
        link(frame, order: order)
    }

    private func links(_ frame: Int) -> UnsafeMutablePointer<Links> {
        UnsafeMutablePointer(bitPattern: frame << Self.pageShift &+ mappingOffset)!
    }

    private mutating func link(_ frame: Int, order: Int) {
        let next = heads[order]
        links(frame).pointee = Links(previous: -1, next: next)
        if next >= 0 { links(next).pointee.previous = frame }
        heads[order] = frame
        states[frame] = Self.freeHead | UInt8(order)
    }

    private mutating func unlink(_ frame: Int, order: Int) {
        let link = links(frame).pointee
        if link.previous >= 0 { links(link.previous).pointee.next = link.next } else { heads[order] = link.next }
        if link.next >= 0 { links(link.next).pointee.previous = link.previous }
        states[frame] = Self.inner
    }
}
