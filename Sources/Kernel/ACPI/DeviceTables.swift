// MCFG and HPET: where PCI configuration space and the high-precision timer are mapped.

/// One range of PCI configuration space (PCI Firmware 3.0, section 4.1.2).
public struct ConfigurationRange: Equatable {
    public let physical: UInt64
    public let firstBus: UInt8
    public let lastBus: UInt8

    /// Bytes of the mapping: one MiB a bus.
    public var byteCount: Int { (Int(lastBus) - Int(firstBus) + 1) << 20 }

    /// The range of segment group 0; nil without a usable MCFG.
    public init?(_ tables: ACPITables) {
        guard let table = tables.table("MCFG") else { return nil }
        var offset = 44
        while let physical = table.field(offset, as: UInt64.self), let segment = table.field(offset + 8, as: UInt16.self),
              let first = table.field(offset + 10, as: UInt8.self), let last = table.field(offset + 11, as: UInt8.self) {
            if segment == 0, physical != 0, physical & 0xF_FFFF == 0, physical < 1 << 52, first <= last {
                self.physical = physical
                firstBus = first
                lastBus = last
                return
            }
            offset += 16
        }
        return nil
    }
}

extension ACPITables {
    /// The physical address of the HPET's registers (IA-PC HPET 1.0a, section 3.2.4); nil without one in memory.
    public var hpet: UInt64? {
        guard let table = table("HPET"), table.field(40, as: UInt8.self) == 0,
              let address = table.field(44, as: UInt64.self), address != 0, address < 1 << 52
        else { return nil }
        return address
    }
}
