// The machine's page frames: the buddy allocator over all RAM, behind a lock, with a reserve that only the kernel and the JAX
// layer's small blocks may use, so that a machine out of memory can still report it.
#if hasFeature(Embedded)
import Boot
import CPU

public enum PageFrames {
    /// Frames that only urgent requests get: 2 MiB, of which the kernel's alone get the last.
    static let reserve = 512
    private static let kernelReserve = 256

    nonisolated(unsafe) private static var buddy: BuddyAllocator?
    nonisolated(unsafe) private static var lock = spin_lock()
    /// The allocator's own bytes of state: whoever asks for a mark, at each block that is freed, does not copy the allocator.
    nonisolated(unsafe) private static var states = UnsafeBufferPointer<UInt8>(start: nil, count: 0)

    /// Bytes of state for each frame up to `end`.
    static func storageBytes(end: PhysicalAddress) -> Int { Int(end >> 12).roundedUp(to: 4096) }

    /// `storage`: see `storageBytes`; mapped already.
    static func start(storage: UnsafeMutableRawPointer, end: PhysicalAddress) {
        references_start(storage.assumingMemoryBound(to: UInt8.self), end >> 12, UInt64(AddressSpaceLayout.directMap))
        let bytes = storage.bindMemory(to: UInt8.self, capacity: Int(end >> 12))
        states = UnsafeBufferPointer(start: bytes, count: Int(end >> 12))
        buddy = BuddyAllocator(states: bytes, frameCount: states.count, mappingOffset: Int(bitPattern: AddressSpaceLayout.directMap))
    }

    static func add(_ range: PhysicalRange) {
        buddy!.add(frames: Int(range.start >> 12)..<Int(range.end >> 12))
    }

    /// Physically adjacent frames, aligned to the next power of two of their number; nil when none are left.
    public static func allocate(count: Int, _ urgency: PageUrgency = .none) -> PhysicalAddress? {
        let flags = spin_acquire(&lock)
        defer { spin_release(&lock, flags) }
        let kept = urgency == .kernel ? 0 : urgency == .library ? kernelReserve : reserve
        guard buddy!.freeFrameCount - count >= kept else { return nil }
        guard let frame = buddy!.allocate(count: count) else { return nil }
        if count > 1 { Trace.note(.allocate, UInt64(count)) }
        return PhysicalAddress(frame) << 12
    }

    /// Gives back what `allocate` returned, with the same count. A frame that is not allocated is a broken kernel.
    public static func free(_ address: PhysicalAddress, count: Int) {
        let flags = spin_acquire(&lock)
        let freed = buddy!.free(frame: Int(address >> 12), count: count)
        spin_release(&lock, flags)
        if count > 1 { Trace.note(.free, UInt64(count)) }
        precondition(freed, "a page frame was freed that is not allocated")
    }

    /// One zeroed frame, for a page table.
    static func allocateZeroed() -> PhysicalAddress? {
        guard let frame = allocate(count: 1, .kernel) else { return nil }
        directMap(frame).initializeMemory(as: UInt64.self, repeating: 0, count: 512)
        return frame
    }

    static func mark(of address: PhysicalAddress) -> UInt8 {
        let frame = Int(address >> 12)
        return frame < states.count ? BuddyAllocator.mark(state: states[frame]) : 0
    }

    static func setMark(_ mark: UInt8, of address: PhysicalAddress) { buddy!.setMark(mark, of: Int(address >> 12)) }

    /// Bytes that nobody holds.
    public static var freeBytes: Int { buddy!.freeFrameCount * 4096 }

    /// Bytes of all RAM that the kernel manages.
    public static var totalBytes: Int { buddy!.totalFrameCount * 4096 }
}

/// Pages for the heap: frames as the direct map shows them.
public struct DirectMapPages: PageSource {
    public init() {}

    public mutating func allocate(count: Int, _ urgency: PageUrgency) -> UnsafeMutableRawPointer? {
        guard let frames = PageFrames.allocate(count: count, urgency) else { return nil }
        return directMap(frames)
    }

    public mutating func free(_ pages: UnsafeMutableRawPointer, count: Int) {
        PageFrames.free(PhysicalAddress(UInt(bitPattern: pages) - AddressSpaceLayout.directMap), count: count)
    }

    public func mark(of address: UInt) -> UInt8 {
        guard address >= AddressSpaceLayout.directMap, address < AddressSpaceLayout.devices else { return 0 }
        return PageFrames.mark(of: PhysicalAddress(address - AddressSpaceLayout.directMap))
    }

    public mutating func setMark(_ mark: UInt8, of pages: UnsafeMutableRawPointer) {
        PageFrames.setMark(mark, of: PhysicalAddress(UInt(bitPattern: pages) - AddressSpaceLayout.directMap))
    }
}
#endif
