// One entry of a page table, 4-level paging (Intel SDM vol. 3, section 4.5), and what it says of protection and caching.

/// What a mapping allows. There is no writable and executable kind.
public enum Protection {
    case readOnly, readWrite, execute
}

/// How accesses are cached, by the page attribute table that every processor loads (`PageAttributes`).
public enum CachePolicy {
    case writeBack, writeCombining, uncached
}

/// The page attribute table: entry 1 is write-combining instead of write-through, the rest as after reset
/// (Intel SDM vol. 3, section 11.12).
enum PageAttributes {
    static let register: UInt32 = 0x277
    static let value: UInt64 = 0x0007_0106_0007_0106
}

struct PageTableEntry {
    var bits: UInt64

    static let present: UInt64 = 1, writable: UInt64 = 2, writeThrough: UInt64 = 8, cacheDisable: UInt64 = 16
    static let large: UInt64 = 1 << 7, noExecute: UInt64 = 1 << 63
    static let addressMask: UInt64 = 0x000F_FFFF_FFFF_F000

    static let empty = PageTableEntry(bits: 0)

    init(bits: UInt64) { self.bits = bits }

    /// A leaf. `isLarge` for 2 MiB and 1 GiB pages.
    init(page: PhysicalAddress, _ protection: Protection, _ cache: CachePolicy, isLarge: Bool) {
        bits = page | Self.present
        switch protection {
        case .readOnly: bits |= Self.noExecute
        case .readWrite: bits |= Self.noExecute | Self.writable
        case .execute: break
        }
        switch cache {
        case .writeBack: break
        case .writeCombining: bits |= Self.writeThrough
        case .uncached: bits |= Self.writeThrough | Self.cacheDisable
        }
        if isLarge { bits |= Self.large }
    }

    /// A pointer to the next table; protection is decided by the leaves.
    init(table: PhysicalAddress) { bits = table | Self.present | Self.writable }

    var isPresent: Bool { bits & Self.present != 0 }
    var isLarge: Bool { bits & Self.large != 0 }
    var isWritable: Bool { bits & Self.writable != 0 }
    var isExecutable: Bool { bits & Self.noExecute == 0 }
    var address: PhysicalAddress { bits & Self.addressMask }
    /// The address of a 2 MiB or 1 GiB page, without the bit that may stand there for the attribute table.
    var largeAddress: PhysicalAddress { bits & Self.addressMask & ~0x1FFF }
}
