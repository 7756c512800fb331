// One PCI function: identification, command register, and its base address registers decoded and sized.

/// A function found on the bus.
public final class PCIFunction {
    public let space: any ConfigurationSpace
    public let address: PCIAddress
    public let vendor: UInt16
    public let device: UInt16
    /// Class, subclass and programming interface: 0xCCSSPP.
    public let classCode: UInt32
    private let headerType: UInt8

    /// Nil when nothing answers at `address`.
    public init?(_ space: any ConfigurationSpace, _ address: PCIAddress) {
        let identification = space.read(address, 0)
        guard identification & 0xFFFF != 0xFFFF, identification != 0 else { return nil }
        self.space = space
        self.address = address
        vendor = UInt16(truncatingIfNeeded: identification)
        device = UInt16(truncatingIfNeeded: identification >> 16)
        classCode = space.read(address, 8) >> 8
        headerType = space.read8(address, 0x0E)
    }

    public var isMultifunction: Bool { headerType & 0x80 != 0 }
    public var isBridge: Bool { headerType & 0x7F == 1 }
    public var revision: UInt8 { space.read8(address, 8) }
    public var subsystemDevice: UInt16 { space.read16(address, 0x2E) }

    /// Bits of the command register (PCI 3.0, section 6.2.2).
    public struct Command: OptionSet {
        public let rawValue: UInt16
        public init(rawValue: UInt16) { self.rawValue = rawValue }
        public static let ioDecode = Command(rawValue: 1 << 0)
        public static let memoryDecode = Command(rawValue: 1 << 1)
        public static let busMaster = Command(rawValue: 1 << 2)
        public static let interruptDisable = Command(rawValue: 1 << 10)
    }

    /// The upper half of the register is status, where ones clear bits: it is written as zero.
    public var command: Command {
        get { Command(rawValue: space.read16(address, 4)) }
        set { space.write(address, 4, UInt32(newValue.rawValue)) }
    }

    /// The number of base address registers in this kind of header.
    private var baseAddressCount: Int { isBridge ? 2 : headerType & 0x7F == 0 ? 6 : 0 }

    /// Whether a register is the upper half of the 64-bit one before it.
    private func isUpperHalf(_ index: Int) -> Bool {
        var current = 0
        while current < index { current += space.read(address, 0x10 + current * 4) & 7 == 4 ? 2 : 1 }
        return current != index
    }

    /// Decodes and sizes a base address register; nil where it is unused, or the upper half of a 64-bit one.
    /// Decoding is off while the sizing pattern stands in the register (PCI 3.0, section 6.2.5.1).
    public func baseAddress(_ index: Int) -> BaseAddress? {
        guard index >= 0, index < baseAddressCount, !isUpperHalf(index) else { return nil }
        let offset = 0x10 + index * 4
        let original = space.read(address, offset)
        let isMemory = original & 1 == 0
        let is64Bit = isMemory && original & 6 == 4
        guard !is64Bit || index + 1 < baseAddressCount else { return nil }
        let originalHigh = is64Bit ? space.read(address, offset + 4) : 0

        let enabled = command
        command = enabled.subtracting([.ioDecode, .memoryDecode])
        space.write(address, offset, ~0)
        let low = space.read(address, offset)
        space.write(address, offset, original)
        var high: UInt32 = is64Bit ? 0 : ~0
        if is64Bit {
            space.write(address, offset + 4, ~0)
            high = space.read(address, offset + 4)
            space.write(address, offset + 4, originalHigh)
        }
        command = enabled

        let mask: UInt32 = isMemory ? ~0xF : ~0x3
        guard low & mask != 0 || (is64Bit && high != 0) else { return nil }
        let pattern = UInt64(high) << 32 | UInt64(low & mask)
        // An I/O register may leave its upper 16 bits at zero.
        let size = isMemory ? ~pattern &+ 1 : UInt64(~(low & mask | 0xFFFF_0000) &+ 1)
        guard size != 0, size & (size - 1) == 0 else { return nil }
        return BaseAddress(
            index: index, isMemory: isMemory, is64Bit: is64Bit, isPrefetchable: isMemory && original & 8 != 0,
            physical: UInt64(originalHigh) << 32 | UInt64(original & mask), byteCount: size)
    }
}

/// A decoded base address register: a range of memory or of ports.
public struct BaseAddress: Equatable {
    public let index: Int
    public let isMemory: Bool
    public let is64Bit: Bool
    public let isPrefetchable: Bool
    /// Where the range begins; zero when the firmware assigned none.
    public let physical: UInt64
    public let byteCount: UInt64
}
