// MADT: the processors and interrupt controllers of the machine (ACPI 6.4, section 5.2.12).

/// What the MADT says.
public struct InterruptModel {
    public struct IOAPIC: Equatable {
        public let physical: UInt64
        /// The first global system interrupt that it serves.
        public let firstInterrupt: UInt32
    }

    /// An ISA interrupt that arrives at another input or with another polarity or trigger than ISA's own.
    public struct Override: Equatable {
        public let source: UInt8
        public let interrupt: UInt32
        public let isActiveLow: Bool
        public let isLevelTriggered: Bool
    }

    /// Where the local APICs' registers are.
    public private(set) var localAPIC: UInt64
    /// The local APIC identifiers of the processors that can be started, in the table's order.
    public private(set) var processors: [UInt32] = []
    public private(set) var ioAPICs: [IOAPIC] = []
    public private(set) var overrides: [Override] = []

    /// Nil without a MADT. An entry that is cut short ends the list.
    public init?(_ tables: ACPITables) {
        guard let table = tables.table("APIC"), let address = table.field(36, as: UInt32.self) else { return nil }
        localAPIC = UInt64(address)
        var offset = 44
        while let type = table.field(offset, as: UInt8.self), let length = table.field(offset + 1, as: UInt8.self),
              length >= 2, offset + Int(length) <= table.bytes.count {
            add(table, type: type, at: offset, length: Int(length))
            offset += Int(length)
        }
    }

    private mutating func add(_ table: ACPITable, type: UInt8, at offset: Int, length: Int) {
        func byte(_ at: Int) -> UInt8 { table.bytes[offset + at] }
        func word(_ at: Int) -> UInt32 { table.field(offset + at, as: UInt32.self) ?? 0 }
        switch type {
        case 0 where length >= 8: addProcessor(UInt32(byte(3)), flags: word(4))
        case 1 where length >= 12: ioAPICs.append(IOAPIC(physical: UInt64(word(4)), firstInterrupt: word(8)))
        case 2 where length >= 10:
            let flags = table.field(offset + 8, as: UInt16.self) ?? 0
            overrides.append(Override(
                source: byte(3), interrupt: word(4), isActiveLow: flags & 3 == 3, isLevelTriggered: flags >> 2 & 3 == 3))
        case 5 where length >= 12: localAPIC = UInt64(word(4)) | UInt64(word(8)) << 32
        case 9 where length >= 16: addProcessor(word(4), flags: word(8))
        default: break
        }
    }

    /// Flags: bit 0 enabled; a processor that could be enabled later (bit 1) is not started.
    private mutating func addProcessor(_ identifier: UInt32, flags: UInt32) {
        if flags & 1 != 0, !processors.contains(identifier) { processors.append(identifier) }
    }

    /// Where the ISA interrupt `source` arrives, with its polarity and trigger.
    public func isaInterrupt(_ source: UInt8) -> Override {
        for override in overrides where override.source == source { return override }
        return Override(source: source, interrupt: UInt32(source), isActiveLow: false, isLevelTriggered: false)
    }
}
