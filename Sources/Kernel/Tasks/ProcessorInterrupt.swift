// The interrupt vectors that processors send each other or themselves, apart from the devices' (which begin at 0x30).

/// Vectors with a fixed meaning.
public enum ProcessorInterrupt {
    /// The local timer.
    public static let timer: UInt8 = 0xF0
    /// Something was put into the receiver's run queue.
    public static let reschedule: UInt8 = 0xF1
    /// Translations are to be dropped (Memory/…).
    public static let shootDown: UInt8 = 0xF2
    public static let apicError: UInt8 = 0xFE
    public static let spurious: UInt8 = 0xFF
}
