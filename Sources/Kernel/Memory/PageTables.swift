// The kernel's page tables: one set for all processors. Maps, unmaps and protects; splits large pages where it must.
#if hasFeature(Embedded)
import CPU

public enum PageTables {
    typealias Table = UnsafeMutablePointer<PageTableEntry>

    /// Physical address of the top table; what CR3 holds.
    nonisolated(unsafe) public private(set) static var root: PhysicalAddress = 0
    nonisolated(unsafe) private static var lock = spin_lock()
    nonisolated(unsafe) private static var hasGiganticPages = false
    /// Frames used for tables.
    nonisolated(unsafe) public private(set) static var tableCount = 0

    /// Makes the other processors forget translations of a range; set when they start. Called without the lock held.
    nonisolated(unsafe) public static var forgetElsewhere: @convention(c) (UInt, Int) -> Void = { _, _ in }

    static func start() {
        hasGiganticPages = cpu_cpuid(0x8000_0001, 0).edx & 1 << 26 != 0
        root = newTable()!
    }

    /// Loads the tables on this processor, with write protection, no-execute and the page attribute table.
    public static func activate() {
        cpu_write_msr(PageAttributes.register, PageAttributes.value)
        cpu_write_cr3(root)
    }

    /// Maps a range; all three are multiples of 4096. `large`: in the largest pages that fit, for ranges that never were
    /// mapped before. False when there is no memory for a table; what was mapped until then stays until `unmap`.
    @discardableResult
    static func map(_ virtual: UInt, to physical: PhysicalAddress, byteCount: Int, _ protection: Protection,
                    _ cache: CachePolicy = .writeBack, large: Bool = false) -> Bool {
        let flags = spin_acquire(&lock)
        defer { spin_release(&lock, flags) }
        var done = 0
        while done < byteCount {
            let address = virtual + UInt(done)
            let page = physical + UInt64(done)
            let level = large ? largestLevel(address, page, byteCount - done) : 0
            guard let entry = entry(of: address, level: level, create: true) else { return false }
            entry.pointee = PageTableEntry(page: page, protection, cache, isLarge: level > 0)
            cpu_invalidate_page(UInt(address))
            done += 1 << (12 + 9 * level)
        }
        return true
    }

    /// Removes the mappings of a range; tables stay.
    static func unmap(_ virtual: UInt, byteCount: Int) {
        change(virtual, byteCount: byteCount) { _ in .empty }
    }

    /// Changes what the mappings of a range allow; holes stay holes.
    static func protect(_ virtual: UInt, byteCount: Int, _ protection: Protection) {
        change(virtual, byteCount: byteCount) { old in
            var bits = old.bits & ~(PageTableEntry.writable | PageTableEntry.noExecute)
            switch protection {
            case .readOnly: bits |= PageTableEntry.noExecute
            case .readWrite: bits |= PageTableEntry.noExecute | PageTableEntry.writable
            case .execute: break
            }
            return PageTableEntry(bits: bits)
        }
    }

    /// The frame behind an address and what its mapping allows; nil when nothing is mapped there.
    public static func translate(_ virtual: UInt) -> (physical: PhysicalAddress, protection: Protection)? {
        var table = Table(OpaquePointer(directMap(root)))
        var level = 3
        while true {
            let entry = table[index(virtual, level: level)]
            guard entry.isPresent else { return nil }
            if level == 0 || entry.isLarge {
                let mask = UInt64(1) << UInt64(12 + 9 * level) - 1
                let base = level == 0 ? entry.address : entry.largeAddress
                let protection: Protection = entry.isExecutable ? .execute : entry.isWritable ? .readWrite : .readOnly
                return (base & ~mask | UInt64(virtual) & mask, protection)
            }
            table = Table(OpaquePointer(directMap(entry.address)))
            level -= 1
        }
    }

    /// Runs `body` while nobody maps or unmaps.
    static func exclusively(_ body: () -> Void) {
        let flags = spin_acquire(&lock)
        body()
        spin_release(&lock, flags)
    }

    /// Visits every leaf: address, bytes and entry. For the audit, within `exclusively`.
    static func forEachMapping(_ body: (UInt, Int, PageTableEntry) -> Void) {
        visit(root, level: 3, base: 0, body)
    }

    private static func visit(_ table: PhysicalAddress, level: Int, base: UInt, _ body: (UInt, Int, PageTableEntry) -> Void) {
        let entries = Table(OpaquePointer(directMap(table)))
        for index in 0..<512 where entries[index].isPresent {
            let address = base | UInt(index) << UInt(12 + 9 * level)
            if level == 0 || entries[index].isLarge {
                body(address, 1 << (12 + 9 * level), entries[index])
            } else {
                visit(entries[index].address, level: level - 1, base: address, body)
            }
        }
    }

    // MARK: Walking

    @inline(__always)
    private static func index(_ virtual: UInt, level: Int) -> Int { Int(virtual >> UInt(12 + 9 * level)) & 511 }

    private static func largestLevel(_ virtual: UInt, _ physical: PhysicalAddress, _ byteCount: Int) -> Int {
        let alignment = UInt64(virtual) | physical
        if hasGiganticPages, alignment & (1 << 30 - 1) == 0, byteCount >= 1 << 30 { return 2 }
        return alignment & (1 << 21 - 1) == 0 && byteCount >= 1 << 21 ? 1 : 0
    }

    private static func newTable() -> PhysicalAddress? {
        guard let frame = PageFrames.allocateZeroed() else { return nil }
        tableCount += 1
        return frame
    }

    /// The entry for an address at a level, with the tables above it. A large page in the way is split.
    private static func entry(of virtual: UInt, level wanted: Int, create: Bool) -> Table? {
        var table = Table(OpaquePointer(directMap(root)))
        var level = 3
        while level > wanted {
            let entry = table + index(virtual, level: level)
            if !entry.pointee.isPresent {
                guard create, let next = newTable() else { return nil }
                entry.pointee = PageTableEntry(table: next)
            } else if entry.pointee.isLarge {
                guard split(entry, level: level) else { return nil }
            }
            table = Table(OpaquePointer(directMap(entry.pointee.address)))
            level -= 1
        }
        return table + index(virtual, level: wanted)
    }

    /// Replaces a large page by a table of the next smaller ones with the same meaning.
    private static func split(_ entry: Table, level: Int) -> Bool {
        guard let next = newTable() else { return false }
        let children = Table(OpaquePointer(directMap(next)))
        let size = UInt64(1) << UInt64(12 + 9 * (level - 1))
        let flags = entry.pointee.bits & ~PageTableEntry.addressMask & (level == 1 ? ~PageTableEntry.large : ~0)
        for index in 0..<512 {
            children[index] = PageTableEntry(bits: entry.pointee.largeAddress + UInt64(index) * size | flags)
        }
        entry.pointee = PageTableEntry(table: next)
        return true
    }

    /// Rewrites each present leaf of a range and makes all processors forget the old ones.
    private static func change(_ virtual: UInt, byteCount: Int, _ rewrite: (PageTableEntry) -> PageTableEntry) {
        let flags = spin_acquire(&lock)
        var done = 0
        while done < byteCount {
            let address = virtual + UInt(done)
            let level = leafLevel(address, byteCount - done)
            if level >= 0 {
                guard let entry = entry(of: address, level: level, create: false) else {
                    spin_release(&lock, flags)
                    preconditionFailure("no memory to split a large page")
                }
                entry.pointee = rewrite(entry.pointee)
                cpu_invalidate_page(UInt(address))
                done += 1 << (12 + 9 * level)
            } else {
                done += 4096
            }
        }
        spin_release(&lock, flags)
        forgetElsewhere(virtual, byteCount)
    }

    /// The level at which the leaf of an address can be changed alone: its own where the range covers it, else the largest
    /// below that does. -1 for a hole.
    private static func leafLevel(_ virtual: UInt, _ byteCount: Int) -> Int {
        var table = Table(OpaquePointer(directMap(root)))
        var level = 3
        while true {
            let entry = table[index(virtual, level: level)]
            guard entry.isPresent else { return -1 }
            if level == 0 { return 0 }
            if entry.isLarge {
                while level > 0, virtual & (1 << UInt(12 + 9 * level) - 1) != 0 || byteCount < 1 << (12 + 9 * level) { level -= 1 }
                return level
            }
            table = Table(OpaquePointer(directMap(entry.address)))
            level -= 1
        }
    }
}
#endif
