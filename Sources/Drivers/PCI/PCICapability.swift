// The capability list of a function (PCI 3.0, section 6.7). A list that loops or leaves its range ends the walk.

/// One entry of the capability list.
public struct PCICapability: Equatable {
    /// Identifiers that drivers here look for.
    public static let vendorSpecific: UInt8 = 0x09
    public static let msix: UInt8 = 0x11

    public let id: UInt8
    /// Offset in configuration space.
    public let offset: Int
}

extension PCIFunction {
    /// All capabilities in the order of the list.
    public var capabilities: [PCICapability] {
        var found: [PCICapability] = []
        guard space.read16(address, 6) & 1 << 4 != 0 else { return found }
        var offset = Int(space.read8(address, 0x34)) & ~3
        // 192 bytes after the header hold at most 48 entries.
        while offset >= 0x40, found.count < 48 {
            let header = space.read(address, offset)
            found.append(PCICapability(id: UInt8(truncatingIfNeeded: header), offset: offset))
            offset = Int(header >> 8) & 0xFC
        }
        return found
    }
}
