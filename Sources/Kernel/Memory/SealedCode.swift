// Generated code: written through one mapping, executed through another, never both. Sealing takes its frames out of the
// writer's mapping and out of the direct map, on all processors, and only then shows them executable and read-only; what is
// freed goes the way back. That nobody can write to what somebody can execute is what `PageTableAudit` checks.
#if hasFeature(Embedded)
import CPU

/// Code that can be executed and no longer be written.
public struct SealedCode {
    /// The first instruction.
    public let entry: UnsafeRawPointer
    private let physical: PhysicalAddress
    private let pageCount: Int

    nonisolated(unsafe) private static var window = AddressWindow(start: AddressSpaceLayout.code)

    /// Memory to write code to, filled with breakpoints, between two guard pages; to be sealed or freed. nil without memory.
    public static func makeBuffer(byteCount: Int) -> GuardedRegion? {
        guard let region = GuardedRegions.allocate(byteCount: byteCount, contiguous: true) else { return nil }
        region.base.initializeMemory(as: UInt8.self, repeating: 0xCC, count: region.byteCount)
        return region
    }

    /// Makes a buffer executable; the buffer is gone then, also where this returns nil for want of memory.
    ///
    /// A processor sees the new instructions without more ado: it has never fetched from this address since it answered the
    /// interrupt that made it forget what stood there before, and its return from that serialised it (Intel SDM vol. 3, 8.1.3).
    public static func seal(_ buffer: GuardedRegion) -> SealedCode? {
        let pageCount = buffer.pageCount, byteCount = buffer.byteCount
        let physical = GuardedRegions.surrender(buffer)
        PageTables.unmap(UInt(bitPattern: directMap(physical)), byteCount: byteCount)
        guard let start = window.take(pageCount: pageCount) else {
            giveFramesBack(physical, pageCount)
            return nil
        }
        guard PageTables.map(start, to: physical, byteCount: byteCount, .execute) else {
            PageTables.unmap(start, byteCount: byteCount)
            window.giveBack(start, pageCount: pageCount)
            giveFramesBack(physical, pageCount)
            return nil
        }
        return SealedCode(entry: UnsafeRawPointer(bitPattern: start)!, physical: physical, pageCount: pageCount)
    }

    /// Nothing may execute it any more.
    public func free() {
        let start = UInt(bitPattern: entry)
        PageTables.unmap(start, byteCount: pageCount << 12)
        Self.window.giveBack(start, pageCount: pageCount)
        Self.giveFramesBack(physical, pageCount)
    }

    private static func giveFramesBack(_ physical: PhysicalAddress, _ pageCount: Int) {
        // The tables for it are there: sealing split the large page that showed these frames, and tables stay.
        PageTables.map(UInt(bitPattern: directMap(physical)), to: physical, byteCount: pageCount << 12, .readWrite)
        PageFrames.free(physical, count: pageCount)
    }
}
#endif
