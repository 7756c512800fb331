// FADT and \_S5: how the machine is switched off and reset (ACPI 6.4, sections 5.2.9, 4.8.3 and 7.4.2).

/// A register in ports or memory (section 5.2.3.2).
public struct PowerRegister: Equatable {
    public enum Space: UInt8 { case memory = 0, port = 1 }
    public let space: Space
    public let address: UInt64
}

/// What to write where.
public struct PowerControl: Equatable {
    /// A write that does something; `width` in bytes.
    public struct Write: Equatable {
        public let register: PowerRegister
        public let value: UInt16
        public let width: Int
    }

    /// In order; the machine is off after the last. Empty: not known.
    public private(set) var powerOff: [Write] = []
    public private(set) var reset: Write?

    /// Nil without a FADT.
    public init?(_ tables: ACPITables) {
        guard let table = tables.table("FACP"), let flags = table.field(112, as: UInt32.self) else { return nil }
        if flags & 1 << 10 != 0, let register = Self.genericAddress(table, 116), let value = table.field(128, as: UInt8.self) {
            reset = Write(register: register, value: UInt16(value), width: 1)
        }
        let wide = table.field(140, as: UInt64.self) ?? 0
        let narrow = UInt64(table.field(40, as: UInt32.self) ?? 0)
        guard let description = ACPITable(at: wide != 0 ? wide : narrow, in: tables.memory),
              description.signature == ACPITables.signature("DSDT"),
              let types = Self.sleepTypes(description.bytes)
        else { return }
        // Sleep enable is bit 13 of PM1 control, and bit 5 of the sleep control register of hardware-reduced machines.
        if flags & 1 << 20 != 0 {
            guard let register = Self.genericAddress(table, 244) else { return }
            powerOff = [Write(register: register, value: UInt16(types.a) << 2 | 1 << 5, width: 1)]
            return
        }
        if let register = Self.genericAddress(table, 172) ?? Self.port(table, 64) {
            powerOff.append(Write(register: register, value: UInt16(types.a) << 10 | 1 << 13, width: 2))
        }
        if let register = Self.genericAddress(table, 184) ?? Self.port(table, 68) {
            powerOff.append(Write(register: register, value: UInt16(types.b) << 10 | 1 << 13, width: 2))
        }
    }

    private static func genericAddress(_ table: ACPITable, _ offset: Int) -> PowerRegister? {
        guard let kind = table.field(offset, as: UInt8.self), let address = table.field(offset + 4, as: UInt64.self),
              let space = PowerRegister.Space(rawValue: kind), address != 0,
              space == .port ? address <= 0xFFFF : address < 1 << 52
        else { return nil }
        return PowerRegister(space: space, address: address)
    }

    private static func port(_ table: ACPITable, _ offset: Int) -> PowerRegister? {
        guard let address = table.field(offset, as: UInt32.self), address != 0, address <= 0xFFFF else { return nil }
        return PowerRegister(space: .port, address: UInt64(address))
    }

    /// The two sleep types of `Name (\_S5, Package () {a, b, …})`, found by its encoding without an interpreter
    /// (section 20.2): NameOp, an optional root character, "_S5_", PackageOp, length, element count, two integers.
    static func sleepTypes(_ code: UnsafeRawBufferPointer) -> (a: UInt8, b: UInt8)? {
        var position = ACPITable.headerByteCount
        while position + 4 <= code.count {
            defer { position += 1 }
            guard code[position] == 0x5F, code[position + 1] == 0x53, code[position + 2] == 0x35, code[position + 3] == 0x5F
            else { continue }
            let named = code[position - 1] == 0x08 || (code[position - 1] == 0x5C && code[position - 2] == 0x08)
            guard named, position + 6 < code.count, code[position + 4] == 0x12 else { continue }
            // The length's first byte says in its upper two bits how many bytes follow it.
            var cursor = position + 6 + Int(code[position + 5] >> 6)
            guard cursor < code.count, code[cursor] >= 2 else { continue }
            cursor += 1
            guard let a = integer(code, &cursor), let b = integer(code, &cursor) else { continue }
            return (a & 7, b & 7)
        }
        return nil
    }

    /// A small AML integer at `cursor`: ZeroOp, OneOp, or one to four bytes after their prefix.
    private static func integer(_ code: UnsafeRawBufferPointer, _ cursor: inout Int) -> UInt8? {
        guard cursor < code.count else { return nil }
        let prefix = code[cursor]
        if prefix <= 1 {
            cursor += 1
            return prefix
        }
        let width = prefix == 0x0A ? 1 : prefix == 0x0B ? 2 : prefix == 0x0C ? 4 : 0
        guard width > 0, cursor + width < code.count else { return nil }
        defer { cursor += 1 + width }
        return code[cursor + 1]
    }
}
