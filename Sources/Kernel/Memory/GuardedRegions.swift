// Address ranges of their own between unmapped pages: stacks, arenas, DMA buffers, device registers. An access past an end
// faults instead of hitting a neighbour.
#if hasFeature(Embedded)
import CPU

/// Gives out ranges of a window of the address space, each followed by an unmapped page. Ranges that came back are used
/// again for requests of the same size, so that their page tables are too. Any task may call it.
struct AddressWindow {
    private var lock = spin_lock()
    private let end: UInt
    private var next: UInt
    private var free: [(start: UInt, pageCount: Int)] = []

    init(start: UInt) {
        next = start + 4096
        end = start + AddressSpaceLayout.windowSize
    }

    mutating func take(pageCount: Int) -> UInt? {
        locked { $0.find(pageCount: pageCount) }
    }

    mutating func giveBack(_ start: UInt, pageCount: Int) {
        locked { $0.free.append((start, pageCount)) }
    }

    /// The list is the kernel's, whoever asks.
    private mutating func locked<Result>(_ body: (inout AddressWindow) -> Result) -> Result {
        charging(0) {
            let flags = spin_acquire(&lock)
            defer { spin_release(&lock, flags) }
            return body(&self)
        }
    }

    private mutating func find(pageCount: Int) -> UInt? {
        // At the start, not when a device is reset for the first time: what is in use afterwards is to be as before.
        if free.capacity == 0 { free.reserveCapacity(250) }
        for index in 0..<free.count where free[index].pageCount == pageCount {
            let start = free[index].start
            free[index] = free[free.count - 1]
            free.removeLast()
            return start
        }
        let start = next
        guard UInt(pageCount + 1) <= (end - start) >> 12 else { return nil }
        next += UInt(pageCount + 1) << 12
        return start
    }
}

/// Memory between two guard pages.
public struct GuardedRegion {
    public let base: UnsafeMutableRawPointer
    public let pageCount: Int
    /// Of the first byte where the frames are adjacent (`contiguous: true`).
    public let physical: PhysicalAddress

    public var byteCount: Int { pageCount * 4096 }
    public var end: UnsafeMutableRawPointer { base + byteCount }
}

public enum GuardedRegions {
    nonisolated(unsafe) private static var window = AddressWindow(start: AddressSpaceLayout.guardedRegions)
    /// Bytes mapped now.
    nonisolated(unsafe) public private(set) static var mappedBytes = 0

    /// Memory with an unmapped page before and behind it, not zeroed unless `zeroed`. `contiguous`: physically adjacent, for
    /// DMA. nil when frames or tables run out. Not charged to a job: who makes one frees it.
    public static func allocate(byteCount: Int, contiguous: Bool = false, zeroed: Bool = false) -> GuardedRegion? {
        let pageCount = max(byteCount.pageCount, 1)
        guard let start = window.take(pageCount: pageCount) else { return nil }
        var first: PhysicalAddress = 0
        if contiguous {
            guard let frames = PageFrames.allocate(count: pageCount) else {
                window.giveBack(start, pageCount: pageCount)
                return nil
            }
            PageTables.map(start, to: frames, byteCount: pageCount * 4096, .readWrite)
            first = frames
        } else {
            for page in 0..<pageCount {
                guard let frame = PageFrames.allocate(count: 1),
                      PageTables.map(start + UInt(page) << 12, to: frame, byteCount: 4096, .readWrite) else {
                    release(start, pageCount: page, contiguous: 0)
                    window.giveBack(start, pageCount: pageCount)
                    return nil
                }
                if page == 0 { first = frame }
            }
        }
        let base = UnsafeMutableRawPointer(bitPattern: start)!
        if zeroed { base.initializeMemory(as: UInt8.self, repeating: 0, count: pageCount * 4096) }
        mappedBytes += pageCount * 4096
        Trace.note(.map, UInt64(start), UInt64(pageCount * 4096))
        return GuardedRegion(base: base, pageCount: pageCount, physical: contiguous ? first : 0)
    }

    public static func free(_ region: GuardedRegion) {
        let start = UInt(bitPattern: region.base)
        Trace.note(.unmap, UInt64(start), UInt64(region.byteCount))
        release(start, pageCount: region.pageCount, contiguous: region.physical)
        window.giveBack(start, pageCount: region.pageCount)
        mappedBytes -= region.byteCount
    }

    /// Unmaps a contiguous region and leaves its frames to the caller.
    static func surrender(_ region: GuardedRegion) -> PhysicalAddress {
        let start = UInt(bitPattern: region.base)
        PageTables.unmap(start, byteCount: region.byteCount)
        window.giveBack(start, pageCount: region.pageCount)
        mappedBytes -= region.byteCount
        return region.physical
    }

    private static func release(_ start: UInt, pageCount: Int, contiguous: PhysicalAddress) {
        if contiguous != 0 {
            PageTables.unmap(start, byteCount: pageCount * 4096)
            PageFrames.free(contiguous, count: pageCount)
            return
        }
        for page in 0..<pageCount {
            let address = start + UInt(page) << 12
            guard let frame = PageTables.translate(address)?.physical else { continue }
            PageTables.unmap(address, byteCount: 4096)
            PageFrames.free(frame, count: 1)
        }
    }
}

/// Device registers, framebuffers and firmware tables.
public enum DeviceMappings {
    nonisolated(unsafe) private static var window = AddressWindow(start: AddressSpaceLayout.devices)

    /// Shows a physical range that need not be aligned; guard pages stand round it. Mappings stay for the machine's life, so
    /// a driver maps a range once. nil when there is no memory for tables.
    public static func map(_ physical: PhysicalAddress, byteCount: Int, cache: CachePolicy = .uncached,
                           writable: Bool = true) -> UnsafeMutableRawPointer? {
        let first = physical.roundedDown(to: 4096)
        let bytes = (Int(physical - first) + byteCount).roundedUp(to: 4096)
        guard byteCount > 0, let start = window.take(pageCount: bytes >> 12) else { return nil }
        guard PageTables.map(start, to: first, byteCount: bytes, writable ? .readWrite : .readOnly, cache) else { return nil }
        return UnsafeMutableRawPointer(bitPattern: start + UInt(physical - first))
    }
}
#endif
