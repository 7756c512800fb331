// A UART in the I/O ports of a PC.
import CPU

/// COM1 is at 0x3F8 and ISA interrupt 4, on q35 and microvm alike.
public final class UARTPorts: UARTRegisters {
    public static let com1: UInt16 = 0x3F8
    public static let com1Interrupt: UInt8 = 4

    private let base: UInt16

    public init(base: UInt16 = UARTPorts.com1) { self.base = base }

    public func read(_ register: Int) -> UInt8 { cpu_in8(base + UInt16(register & 7)) }
    public func write(_ register: Int, _ value: UInt8) { cpu_out8(base + UInt16(register & 7), value) }
}
