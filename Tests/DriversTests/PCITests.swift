import Testing
@testable import Drivers

/// Configuration space of a few functions, with registers that size as hardware's do.
final class FakeConfiguration: ConfigurationSpace {
    var functions: [String: [UInt32]] = [:]
    /// Writable bits of a register, by function and offset; registers without an entry ignore writes.
    var writable: [String: [Int: UInt32]] = [:]

    func add(_ address: String, id: UInt32, classCode: UInt32 = 0, header: UInt32 = 0) {
        var registers = [UInt32](repeating: 0, count: 64)
        registers[0] = id
        registers[2] = classCode << 8
        registers[3] = header << 16
        functions[address] = registers
        writable[address] = [4: 0xFFFF]
    }

    func read(_ address: PCIAddress, _ offset: Int) -> UInt32 { functions[address.description]?[offset / 4] ?? ~0 }

    func write(_ address: PCIAddress, _ offset: Int, _ value: UInt32) {
        let name = address.description
        guard let mask = writable[name]?[offset] else { return }
        functions[name]![offset / 4] = functions[name]![offset / 4] & ~mask | value & mask
    }
}

@Suite struct PCITests {
    let space = FakeConfiguration()

    @Test func enumerationFollowsBridgesOnce() {
        space.add("00:00.0", id: 0x1237_8086)
        space.add("00:02.0", id: 1 << 16 | 1, header: 0x81)
        space.functions["00:02.0"]![6] = 0x0005_0500
        space.add("00:02.3", id: 2 << 16 | 1)
        space.add("05:1f.0", id: 3 << 16 | 1, header: 1)
        space.functions["05:1f.0"]![6] = 0x0005_0500 // a bridge that claims its own bus
        var names: [String] = []
        for function in PCIBus(space).functions { names.append(function.address.description) }
        #expect(names == ["00:00.0", "00:02.0", "00:02.3", "05:1f.0"])
    }

    @Test func baseAddressesAreSizedAndRestored() {
        space.add("00:03.0", id: 0x1053_1AF4)
        space.functions["00:03.0"]![1] = 7
        space.functions["00:03.0"]!.replaceSubrange(4..<10, with: [0xC001, 0xFEBD_1000, 0xC, 0x80, 0, 0])
        space.writable["00:03.0"] = [4: 0xFFFF, 0x10: 0xFFE0, 0x14: ~0xFFF, 0x18: 0, 0x1C: ~0x1]
        let function = PCIFunction(space, PCIAddress(bus: 0, device: 3, function: 0))!
        #expect(function.baseAddress(0) == BaseAddress(index: 0, isMemory: false,
                                                       is64Bit: false, isPrefetchable: false, physical: 0xC000, byteCount: 32))
        #expect(function.baseAddress(1) == BaseAddress(index: 1, isMemory: true,
                                                       is64Bit: false, isPrefetchable: false, physical: 0xFEBD_1000, byteCount: 4096))
        #expect(function.baseAddress(2) == BaseAddress(index: 2, isMemory: true,
                                                       is64Bit: true, isPrefetchable: true, physical: 0x80_0000_0000, byteCount: 8 << 30))
        #expect(function.baseAddress(3) == nil)
        #expect(function.baseAddress(6) == nil)
        #expect(function.command.rawValue == 7)
        #expect(space.functions["00:03.0"]![7] == 0x80)
    }

    @Test func aCapabilityListThatLoopsEnds() {
        space.add("00:03.0", id: 0x1053_1AF4)
        space.functions["00:03.0"]![1] = 0x0010_0000
        space.functions["00:03.0"]![13] = 0x40
        space.functions["00:03.0"]![16] = 0x4011
        let function = PCIFunction(space, PCIAddress(bus: 0, device: 3, function: 0))!
        #expect(function.capabilities.count == 48)
    }

    @Test func msixVectorsAreProgrammed() throws {
        let environment = FakeEnvironment()
        let table = FakeRegisters(byteCount: 4096)
        environment.windows[0xFEBD_0000] = table
        space.add("00:03.0", id: 0x1053_1AF4)
        space.functions["00:03.0"]![1] = 0x0010_0000
        space.functions["00:03.0"]![5] = 0xFEBD_0000
        space.functions["00:03.0"]![13] = 0x40
        space.functions["00:03.0"]![16] = 0x0001_0011
        space.functions["00:03.0"]![17] = 0x101
        space.writable["00:03.0"] = [4: 0xFFFF, 0x14: ~0xFFF, 0x40: 0xC000_0000]
        let function = PCIFunction(space, PCIAddress(bus: 0, device: 3, function: 0))!
        let vectors = try MSIXTable(function, environment)
        #expect(vectors.count == 2)
        #expect(try vectors.assign(MessageInterrupt(address: 0xFEE0_1000, data: 0x31)) == 0)
        #expect(table.load(0x100, 8) == 0xFEE0_1000 && table.load(0x108, 8) == 0x31)
        #expect(table.load(0x11C, 4) == 1)
        _ = try vectors.assign(MessageInterrupt(address: 0xFEE0_1000, data: 0x32))
        #expect(throws: DeviceError.self) { try vectors.assign(MessageInterrupt(address: 0xFEE0_1000, data: 0x33)) }
        #expect(space.functions["00:03.0"]![16] >> 30 == 2)
        space.functions["00:03.0"]![17] = 0x1001
        #expect(throws: DeviceError.self) { try MSIXTable(function, environment) }
    }
}
