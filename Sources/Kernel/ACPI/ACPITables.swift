// The ACPI tables that the firmware left in memory (ACPI 6.4, chapter 5), found from the root pointer. They come from
// outside: every pointer, length and checksum is checked, and a table that fails is as good as absent.

/// Reads physical memory that the firmware described; nil where there is no readable memory.
public protocol PhysicalMemoryReader: AnyObject {
    func bytes(at physical: UInt64, count: Int) -> UnsafeRawBufferPointer?
}

/// One table with a valid length and checksum.
public struct ACPITable {
    /// The header's size (section 5.2.6); the table's own fields follow it.
    static let headerByteCount = 36
    /// No table of a real machine is larger.
    static let maximumByteCount = 16 << 20

    /// Four characters, read as a little-endian number.
    public let signature: UInt32
    public let bytes: UnsafeRawBufferPointer

    /// Nil when no valid table lies at `physical`.
    init?(at physical: UInt64, in memory: any PhysicalMemoryReader) {
        guard physical != 0, let header = memory.bytes(at: physical, count: Self.headerByteCount) else { return nil }
        let count = Int(header.loadUnaligned(fromByteOffset: 4, as: UInt32.self))
        guard count >= Self.headerByteCount, count <= Self.maximumByteCount,
              let bytes = memory.bytes(at: physical, count: count), Self.checksum(bytes) == 0
        else { return nil }
        signature = header.loadUnaligned(as: UInt32.self)
        self.bytes = bytes
    }

    static func checksum(_ bytes: UnsafeRawBufferPointer) -> UInt8 {
        var sum: UInt8 = 0
        for byte in bytes { sum &+= byte }
        return sum
    }

    /// A little-endian field; nil when it lies beyond the table's end, as it does in tables of older versions.
    func field<Value: FixedWidthInteger>(_ offset: Int, as type: Value.Type) -> Value? {
        guard offset >= 0, offset + MemoryLayout<Value>.size <= bytes.count else { return nil }
        return Value(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: Value.self))
    }
}

/// The directory of tables: RSDP, then XSDT, or RSDT where there is none.
public final class ACPITables {
    /// No machine has more tables.
    private static let maximumCount = 256

    private let tables: [ACPITable]
    let memory: any PhysicalMemoryReader

    /// `root` is the physical address of the RSDP; nil when it or the directory is not valid.
    public init?(root: UInt64, memory: any PhysicalMemoryReader) {
        guard let directory = Self.directory(root, memory) else { return nil }
        self.memory = memory
        var tables: [ACPITable] = []
        var offset = ACPITable.headerByteCount
        while offset + directory.width <= directory.table.bytes.count, tables.count < Self.maximumCount {
            let physical = directory.width == 8
                ? directory.table.bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
                : UInt64(directory.table.bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
            if let table = ACPITable(at: physical, in: memory) { tables.append(table) }
            offset += directory.width
        }
        self.tables = tables
    }

    /// The XSDT or RSDT and the width of its entries (section 5.2.5.3).
    private static func directory(_ root: UInt64, _ memory: any PhysicalMemoryReader) -> (table: ACPITable, width: Int)? {
        guard root != 0, let pointer = memory.bytes(at: root, count: 20), pointer.starts(with: "RSD PTR ".utf8),
              ACPITable.checksum(pointer) == 0
        else { return nil }
        if pointer[15] >= 2, let extended = memory.bytes(at: root, count: 36), ACPITable.checksum(extended) == 0,
           let table = ACPITable(at: extended.loadUnaligned(fromByteOffset: 24, as: UInt64.self), in: memory),
           table.signature == signature("XSDT") {
            return (table, 8)
        }
        guard let table = ACPITable(at: UInt64(pointer.loadUnaligned(fromByteOffset: 16, as: UInt32.self)), in: memory),
              table.signature == signature("RSDT")
        else { return nil }
        return (table, 4)
    }

    static func signature(_ text: StaticString) -> UInt32 {
        UnsafeRawPointer(text.utf8Start).loadUnaligned(as: UInt32.self)
    }

    /// The first table with this signature of four characters.
    func table(_ name: StaticString) -> ACPITable? {
        let wanted = Self.signature(name)
        for table in tables where table.signature == wanted { return table }
        return nil
    }
}
