// The image's own symbol table.
#if hasFeature(Embedded)
import Boot

public enum Symbols {
    nonisolated(unsafe) private static var table: SymbolTable?
    nonisolated(unsafe) private static var text: Range<UInt64> = 0..<0

    /// The image's text.
    public static var textRange: Range<UInt64> { text }

    public static func start(_ info: UnsafePointer<boot_info>) {
        var byteCount: UInt64 = 0
        let start = boot_symbol_table(&byteCount)
        table = SymbolTable(UnsafeRawBufferPointer(start: start, count: Int(byteCount)), imageBase: info.pointee.image_start)
        let layout = boot_get_image_layout()
        text = layout.text_start..<layout.text_end
    }

    /// Whether an address lies in the image's text.
    public static func isText(_ address: UInt64) -> Bool { text.contains(address) }

    /// Writes "name + 0x12", or the bare address where there is no name. Allocates nothing.
    public static func write(_ address: UInt64, to put: (UInt8) -> Void) {
        if text.contains(address), let (name, offset) = table?.find(address) {
            for byte in name { put(byte) }
            for byte in " + ".utf8 { put(byte) }
            writeHex(offset, to: put)
        } else {
            writeHex(address, to: put)
        }
    }
}
#endif

/// Writes "0x" and the digits, without leading zeros.
func writeHex(_ value: UInt64, to put: (UInt8) -> Void) {
    put(48)
    put(120)
    var shift: UInt64 = 60
    while shift > 0, value >> shift == 0 { shift -= 4 }
    while true {
        let digit = UInt8(truncatingIfNeeded: value >> shift) & 15
        put(digit < 10 ? 48 + digit : 87 + digit)
        if shift == 0 { return }
        shift -= 4
    }
}

func writeDecimal(_ value: UInt64, to put: (UInt8) -> Void) {
    if value >= 10 { writeDecimal(value / 10, to: put) }
    put(48 + UInt8(value % 10))
}
