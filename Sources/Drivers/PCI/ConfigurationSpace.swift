// PCI configuration space: the two ways to reach it, memory-mapped (ECAM) and by ports 0xCF8/0xCFC.
import CPU

/// Where a function sits: bus, device, function (PCI 3.0, section 3.2.2.3).
public struct PCIAddress: Equatable, CustomStringConvertible {
    public let bus: UInt8
    public let device: UInt8
    public let function: UInt8

    public init(bus: UInt8, device: UInt8, function: UInt8) {
        self.bus = bus
        self.device = device & 31
        self.function = function & 7
    }

    /// "00:1f.2", as lspci prints it.
    public var description: String {
        let text = String((UInt32(bus) << 8 | UInt32(device)) | 0x10000, radix: 16).dropFirst()
        return String(text.prefix(2)) + ":" + String(text.suffix(2)) + "." + String(function)
    }
}

/// Access to configuration registers. `offset` is a multiple of four below 256 (4096 with ECAM).
public protocol ConfigurationSpace: AnyObject {
    func read(_ address: PCIAddress, _ offset: Int) -> UInt32
    func write(_ address: PCIAddress, _ offset: Int, _ value: UInt32)
    /// One byte, at any offset.
    func write8(_ address: PCIAddress, _ offset: Int, _ value: UInt8)
    /// Two bytes, at any even offset.
    func write16(_ address: PCIAddress, _ offset: Int, _ value: UInt16)
}

extension ConfigurationSpace {
    /// For spaces that only know whole registers: the other three bytes are written back as they were read.
    public func write8(_ address: PCIAddress, _ offset: Int, _ value: UInt8) {
        let shift = UInt32((offset & 3) * 8)
        write(address, offset & ~3, read(address, offset & ~3) & ~(0xFF << shift) | UInt32(value) << shift)
    }

    public func write16(_ address: PCIAddress, _ offset: Int, _ value: UInt16) {
        let shift = UInt32((offset & 2) * 8)
        write(address, offset & ~3, read(address, offset & ~3) & ~(0xFFFF << shift) | UInt32(value) << shift)
    }

    public func read16(_ address: PCIAddress, _ offset: Int) -> UInt16 {
        UInt16(truncatingIfNeeded: read(address, offset & ~3) >> UInt32((offset & 2) * 8))
    }

    public func read8(_ address: PCIAddress, _ offset: Int) -> UInt8 {
        UInt8(truncatingIfNeeded: read(address, offset & ~3) >> UInt32((offset & 3) * 8))
    }
}

/// Configuration space mapped into memory (PCI Express 4.0, section 7.2.2), one MiB a bus, mapped when a bus is first asked.
public final class EnhancedConfiguration: ConfigurationSpace {
    public static let bytesPerBus = 1 << 20

    private let buses: ClosedRange<UInt8>
    private let map: (UInt8) -> (any RegisterWindow)?
    private var windows: [(any RegisterWindow)?]

    /// `map` gives the mapping of one bus.
    public init(buses: ClosedRange<UInt8>, map: @escaping (UInt8) -> (any RegisterWindow)?) {
        self.buses = buses
        self.map = map
        windows = []
        for _ in 0..<256 { windows.append(nil) }
    }

    private func window(_ address: PCIAddress, _ offset: Int) -> (any RegisterWindow)? {
        guard buses.contains(address.bus), offset >= 0, offset < 4096 else { return nil }
        if let window = windows[Int(address.bus)] { return window }
        let window = map(address.bus)
        windows[Int(address.bus)] = window
        return window
    }

    private func register(_ address: PCIAddress, _ offset: Int) -> Int {
        Int(address.device) << 15 | Int(address.function) << 12 | offset & ~3
    }

    /// All ones where there is no function, as the bus itself answers.
    public func read(_ address: PCIAddress, _ offset: Int) -> UInt32 {
        window(address, offset)?.read32(register(address, offset)) ?? ~0
    }

    public func write(_ address: PCIAddress, _ offset: Int, _ value: UInt32) {
        window(address, offset)?.write32(register(address, offset), value)
    }

    public func write8(_ address: PCIAddress, _ offset: Int, _ value: UInt8) {
        window(address, offset)?.write8(register(address, offset) + (offset & 3), value)
    }

    public func write16(_ address: PCIAddress, _ offset: Int, _ value: UInt16) {
        window(address, offset)?.write16(register(address, offset) + (offset & 2), value)
    }
}

/// Configuration mechanism #1 (PCI 3.0, section 3.2.2.3.2): for machines without an MCFG table.
/// An access is two port operations; enumeration happens on one processor, before others start.
public final class PortConfiguration: ConfigurationSpace {
    public init() {}

    private func select(_ address: PCIAddress, _ offset: Int) {
        cpu_out32(0xCF8, 1 << 31 | UInt32(address.bus) << 16 | UInt32(address.device) << 11
            | UInt32(address.function) << 8 | UInt32(offset & 0xFC))
    }

    public func read(_ address: PCIAddress, _ offset: Int) -> UInt32 {
        guard offset >= 0, offset < 256 else { return ~0 }
        select(address, offset)
        return cpu_in32(0xCFC)
    }

    public func write(_ address: PCIAddress, _ offset: Int, _ value: UInt32) {
        guard offset >= 0, offset < 256 else { return }
        select(address, offset)
        cpu_out32(0xCFC, value)
    }

    public func write8(_ address: PCIAddress, _ offset: Int, _ value: UInt8) {
        guard offset >= 0, offset < 256 else { return }
        select(address, offset)
        cpu_out8(0xCFC + UInt16(offset & 3), value)
    }

    public func write16(_ address: PCIAddress, _ offset: Int, _ value: UInt16) {
        guard offset >= 0, offset < 256 else { return }
        select(address, offset)
        cpu_out16(0xCFC + UInt16(offset & 2), value)
    }
}
