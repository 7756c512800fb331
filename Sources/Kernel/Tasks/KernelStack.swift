// Stacks of tasks, between guard pages. A few that came back are kept: tasks come and go faster than mappings should.
#if hasFeature(Embedded)
import CPU

enum KernelStack {
    private static let keptCount = 8

    nonisolated(unsafe) private static var kept = InlineArray<8, GuardedRegion?>(repeating: nil)
    nonisolated(unsafe) private static var lock = spin_lock()

    /// Nil when frames or tables run out.
    static func allocate(byteCount: Int) -> GuardedRegion? {
        let flags = spin_acquire(&lock)
        for index in 0..<keptCount {
            if let region = kept[index], region.byteCount == byteCount {
                kept[index] = nil
                spin_release(&lock, flags)
                return region
            }
        }
        spin_release(&lock, flags)
        return GuardedRegions.allocate(byteCount: byteCount, contiguous: true) ?? GuardedRegions.allocate(byteCount: byteCount)
    }

    static func free(_ region: GuardedRegion) {
        let flags = spin_acquire(&lock)
        for index in 0..<keptCount where kept[index] == nil {
            kept[index] = region
            spin_release(&lock, flags)
            return
        }
        spin_release(&lock, flags)
        GuardedRegions.free(region)
    }

    /// Gives the kept stacks back: for a machine that is out of memory, and for counting what is in use.
    static func trim() {
        for index in 0..<keptCount {
            let flags = spin_acquire(&lock)
            let region = kept[index]
            kept[index] = nil
            spin_release(&lock, flags)
            if let region { GuardedRegions.free(region) }
        }
    }
}
#endif
