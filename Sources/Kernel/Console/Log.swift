// The kernel's log: first to COM1 by polling, later to whatever a console driver puts in `logSink`.
// Nothing here allocates, so a report can be written when memory is gone.
#if hasFeature(Embedded)
import CPU

/// Where a byte of the log goes. Replaced once, when a console driver takes over.
nonisolated(unsafe) public var logSink: @convention(c) (UInt8) -> Void = earlyPut

private let com1: UInt16 = 0x3f8

/// Sends one byte to COM1, waiting for the transmitter; gives up on a line that never gets ready.
public func earlyPut(_ byte: UInt8) {
    var patience = 100_000
    while cpu_in8(com1 + 5) & 0x20 == 0 && patience > 0 { patience -= 1 }
    cpu_out8(com1, byte)
}

/// Sets COM1 to 115200 baud, 8 data bits, no parity, FIFOs on, interrupts off.
public func startEarlyConsole() {
    cpu_out8(com1 + 1, 0)
    cpu_out8(com1 + 3, 0x80)
    cpu_out8(com1 + 0, 1)
    cpu_out8(com1 + 1, 0)
    cpu_out8(com1 + 3, 3)
    cpu_out8(com1 + 2, 7)
}

/// Writes text as it is; "\n" becomes a carriage return and a line feed.
public func logText(_ text: StaticString) {
    text.withUTF8Buffer { for byte in $0 { logByte(byte) } }
}

public func logText(_ text: String) {
    for byte in text.utf8 { logByte(byte) }
}

/// Writes a line.
public func log(_ line: String) {
    logText(line)
    logByte(10)
}

public func log(_ line: StaticString) {
    logText(line)
    logByte(10)
}

public func logByte(_ byte: UInt8) {
    if byte == 10 { logSink(13) }
    logSink(byte)
}

/// Writes "0x" and the digits, without leading zeros.
public func logHex(_ value: UInt64) {
    logText("0x")
    var started = false
    for shift in stride(from: 60, through: 0, by: -4) {
        let digit = UInt8(truncatingIfNeeded: value >> UInt64(shift)) & 15
        started = started || digit != 0 || shift == 0
        if started { logByte(digit < 10 ? 48 + digit : 87 + digit) }
    }
}

public func logDecimal(_ value: UInt64) {
    if value >= 10 { logDecimal(value / 10) }
    logByte(48 + UInt8(value % 10))
}

/// What Swift's `print` ends in.
@_cdecl("putchar")
func putchar(_ character: Int32) -> Int32 {
    logByte(UInt8(truncatingIfNeeded: character))
    return character
}
#endif
