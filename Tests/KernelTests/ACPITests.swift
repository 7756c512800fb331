import Testing
@testable import Kernel

/// Physical memory of a few hundred kilobytes in which tests lay out tables.
final class TableMemory: PhysicalMemoryReader {
    static let base: UInt64 = 0xE0000
    let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 16)

    init() { bytes.initializeMemory(as: UInt8.self, repeating: 0) }
    deinit { bytes.deallocate() }

    func bytes(at physical: UInt64, count: Int) -> UnsafeRawBufferPointer? {
        guard physical >= Self.base, count >= 0, physical - Self.base + UInt64(count) <= UInt64(bytes.count) else { return nil }
        let start = Int(physical - Self.base)
        return UnsafeRawBufferPointer(rebasing: bytes[start..<start + count])
    }

    func place(_ content: [UInt8], at physical: UInt64) {
        for (index, byte) in content.enumerated() { bytes[Int(physical - Self.base) + index] = byte }
    }

    /// A table of `byteCount` with fields (offset, width, value), its length and checksum right.
    func table(_ signature: String, at physical: UInt64, byteCount: Int, _ fields: [(Int, Int, UInt64)]) {
        var content = Array(signature.utf8) + [UInt8](repeating: 0, count: byteCount - 4)
        for (offset, width, value) in fields + [(4, 4, UInt64(byteCount))] {
            for index in 0..<width { content[offset + index] = UInt8(truncatingIfNeeded: value >> UInt64(8 * index)) }
        }
        content[9] = 0 &- content.reduce(0, &+)
        place(content, at: physical)
    }

    /// A root pointer of revision 2 with an XSDT that lists `tables`.
    func root(_ tables: [UInt64]) {
        var fields: [(Int, Int, UInt64)] = []
        for (index, address) in tables.enumerated() { fields.append((36 + 8 * index, 8, address)) }
        table("XSDT", at: 0xE1000, byteCount: 36 + 8 * tables.count, fields)
        var pointer = Array("RSD PTR ".utf8) + [UInt8](repeating: 0, count: 28)
        pointer[15] = 2
        pointer[20] = 36
        pointer.replaceSubrange(24..<28, with: [0x00, 0x10, 0x0E, 0x00])
        pointer[8] = 0 &- pointer[0..<20].reduce(0, &+)
        pointer[32] = 0 &- pointer.reduce(0, &+)
        place(pointer, at: Self.base)
    }

    var tables: ACPITables? { ACPITables(root: Self.base, memory: self) }
}

@Suite struct ACPITests {
    let memory = TableMemory()

    @Test func processorsAndControllers() throws {
        memory.table("APIC", at: 0xE2000, byteCount: 44 + 8 + 8 + 12 + 10 + 16 + 12, [
            (36, 4, 0xFEE0_0000),
            (44, 2, 0x0800), (47, 1, 0), (48, 4, 1),
            (52, 2, 0x0800), (55, 1, 3), (56, 4, 0),
            (60, 2, 0x0C01), (64, 4, 0xFEC0_0000), (68, 4, 0),
            (72, 2, 0x0A02), (75, 1, 9), (76, 4, 20), (80, 2, 0xF),
            (82, 2, 0x1009), (86, 4, 300), (90, 4, 1),
            (98, 2, 0x0C05), (102, 8, 0xFEE1_0000),
        ])
        memory.root([0xE2000])
        let model = try #require(memory.tables.flatMap { InterruptModel($0) })
        #expect(model.processors == [0, 300])
        #expect(model.localAPIC == 0xFEE1_0000)
        #expect(model.ioAPICs == [InterruptModel.IOAPIC(physical: 0xFEC0_0000, firstInterrupt: 0)])
        #expect(model.isaInterrupt(9) == InterruptModel.Override(source: 9, interrupt: 20, isActiveLow: true, isLevelTriggered: true))
        #expect(model.isaInterrupt(4).interrupt == 4)
    }

    @Test func configurationRangeAndTimer() throws {
        memory.table("MCFG", at: 0xE2000, byteCount: 44 + 32, [(44, 8, 0x1000), (60, 8, 0xB000_0000), (70, 1, 0), (71, 1, 255)])
        memory.table("HPET", at: 0xE3000, byteCount: 56, [(44, 8, 0xFED0_0000)])
        memory.root([0xE2000, 0xE3000])
        let tables = try #require(memory.tables)
        #expect(ConfigurationRange(tables)?.physical == 0xB000_0000)
        #expect(ConfigurationRange(tables)?.byteCount == 256 << 20)
        #expect(tables.hpet == 0xFED0_0000)
    }

    @Test func powerOffAndReset() throws {
        memory.table("DSDT", at: 0xE4000, byteCount: 80, [])
        let name: [UInt8] = [0x5F, 0x53, 0x35, 0x5F, 0x00, 0x08, 0x5C,
                             0x5F, 0x53, 0x35, 0x5F, 0x12, 0x06, 0x04, 0x0A, 0x05, 0x01, 0x00, 0x00]
        var fields: [(Int, Int, UInt64)] = []
        for (index, byte) in name.enumerated() { fields.append((40 + index, 1, UInt64(byte))) }
        memory.table("DSDT", at: 0xE4000, byteCount: 80, fields)
        memory.table("FACP", at: 0xE2000, byteCount: 276, [
            (40, 4, 0xE4000), (64, 4, 0x604), (112, 4, 1 << 10), (116, 1, 1),
            (120, 8, 0xCF9), (128, 1, 0xF), (184, 1, 0), (188, 8, 0xFE00_0000)])
        memory.root([0xE2000])
        let control = try #require(memory.tables.flatMap { PowerControl($0) })
        #expect(control.powerOff == [
            PowerControl.Write(register: PowerRegister(space: .port, address: 0x604), value: 5 << 10 | 1 << 13, width: 2),
            PowerControl.Write(register: PowerRegister(space: .memory, address: 0xFE00_0000), value: 1 << 10 | 1 << 13, width: 2)])
        #expect(control.reset == PowerControl.Write(register: PowerRegister(space: .port, address: 0xCF9), value: 0xF, width: 1))
    }

    @Test func everyTruncationAndBitFlipIsSurvived() throws {
        memory.table("DSDT", at: 0xE4000, byteCount: 60, [(36, 4, 0x3553_5F08), (40, 4, 0x0604_125F), (44, 4, 0x0507_0A04)])
        memory.table("FACP", at: 0xE2000, byteCount: 200, [(40, 4, 0xE4000), (64, 4, 0x604), (112, 4, 1 << 10)])
        memory.table("APIC", at: 0xE3000, byteCount: 60, [(44, 2, 0x0800), (52, 2, 0x0801)])
        memory.table("MCFG", at: 0xE5000, byteCount: 60, [(44, 8, 0xB000_0000)])
        memory.root([0xE2000, 0xE3000, 0xE5000])
        let original = [UInt8](memory.bytes)
        var state: UInt64 = 1
        for round in 0..<20_000 {
            memory.bytes.copyBytes(from: original)
            for _ in 0..<(round % 3 + 1) {
                state = state &* 6364136223846793005 &+ 1442695040888963407
                let place = [0xE0000, 0xE1000, 0xE2000, 0xE3000, 0xE4000, 0xE5000][Int(state >> 40) % 6] + Int(state >> 20) % 64
                memory.bytes[place - 0xE0000] ^= UInt8(truncatingIfNeeded: state >> 50)
            }
            // The flip would mostly fail a checksum: mend those, so that the fields themselves are hit.
            for place in [0x1000, 0x2000, 0x3000, 0x4000, 0x5000] {
                let count = Int(memory.bytes.loadUnaligned(fromByteOffset: place + 4, as: UInt32.self))
                guard count >= 36, place + count <= memory.bytes.count else { continue }
                let part = UnsafeRawBufferPointer(rebasing: memory.bytes[place..<place + count])
                memory.bytes[place + 9] &-= ACPITable.checksum(part)
            }
            guard let tables = memory.tables else { continue }
            _ = InterruptModel(tables)
            _ = PowerControl(tables)
            _ = ConfigurationRange(tables)
            _ = tables.hpet
        }
    }

    @Test func withoutARootThereIsNothing() {
        #expect(memory.tables == nil)
        #expect(ACPITables(root: 0, memory: memory) == nil)
        #expect(ACPITables(root: ~0, memory: memory) == nil)
    }
}
