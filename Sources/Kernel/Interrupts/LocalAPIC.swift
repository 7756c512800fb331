// The local APIC of the processor that runs this code, by its memory-mapped registers (Intel SDM vol. 3, chapter 11).
#if hasFeature(Embedded)
import CPU

public enum LocalAPIC {
    private enum Register {
        static let id: UInt = 0x20, taskPriority: UInt = 0x80, endOfInterrupt: UInt = 0xB0, spurious: UInt = 0xF0
        static let errorStatus: UInt = 0x280, commandLow: UInt = 0x300, commandHigh: UInt = 0x310
        static let timer: UInt = 0x320, line0: UInt = 0x350, line1: UInt = 0x360, error: UInt = 0x370
        static let initialCount: UInt = 0x380, currentCount: UInt = 0x390, divisor: UInt = 0x3E0
    }

    /// Where the registers are mapped, uncached; the same address on every processor.
    nonisolated(unsafe) public private(set) static var base: UInt = 0
    /// Whether the timer takes a time-stamp counter value (section 11.5.4.1).
    nonisolated(unsafe) public private(set) static var hasDeadline = false

    private static let baseMSR: UInt32 = 0x1B, deadlineMSR: UInt32 = 0x6E0
    private static let masked: UInt32 = 1 << 16
    private static let deliversNMI: UInt32 = 4 << 8

    /// Before the first use, once: `base` is the mapping of the MADT's address.
    public static func locate(base: UInt) {
        self.base = base
        hasDeadline = cpu_cpuid(1, 0).ecx & 1 << 24 != 0
    }

    /// Enables the APIC of this processor; its error and spurious interrupts get the vectors given.
    public static func enable(spuriousVector: UInt8, errorVector: UInt8) {
        cpu_write_msr(baseMSR, cpu_read_msr(baseMSR) | 1 << 11)
        mmio_write32(base + Register.taskPriority, 0)
        mmio_write32(base + Register.line0, masked)
        // LINT1 brings NMIs: the monitor's and the watchdog's.
        mmio_write32(base + Register.line1, deliversNMI)
        mmio_write32(base + Register.error, UInt32(errorVector))
        mmio_write32(base + Register.timer, masked)
        mmio_write32(base + Register.divisor, 0xB)
        mmio_write32(base + Register.spurious, 1 << 8 | UInt32(spuriousVector))
    }

    public static var id: UInt32 { mmio_read32(base + Register.id) >> 24 }

    @inline(__always)
    public static func endOfInterrupt() { mmio_write32(base + Register.endOfInterrupt, 0) }

    /// Where a device's message has to be written to arrive at this processor; its data is the vector (section 11.11).
    public static var messageAddress: UInt64 { 0xFEE0_0000 | UInt64(id) << 12 }

    // MARK: Timer

    static func startTimer(count: UInt32, periodic: Bool, masked isMasked: Bool, vector: UInt8 = 0) {
        mmio_write32(base + Register.timer, UInt32(vector) | (isMasked ? masked : 0) | (periodic ? 1 << 17 : 0))
        mmio_write32(base + Register.initialCount, count)
    }

    static var timerCount: UInt32 { mmio_read32(base + Register.currentCount) }

    static func stopTimer() { mmio_write32(base + Register.initialCount, 0) }

    /// Prepares the timer for single interrupts at `vector`, set by `fire`.
    static func setTimerVector(_ vector: UInt8) {
        mmio_write32(base + Register.timer, UInt32(vector) | (hasDeadline ? 2 << 17 : 0))
        cpu_fence()
    }

    /// One interrupt after `nanoseconds` (at once when zero), or when the counter reaches the same instant.
    @inline(__always)
    static func fire(after nanoseconds: UInt64, _ clock: borrowing Clock) {
        if hasDeadline {
            cpu_write_msr(deadlineMSR, cpu_tsc() &+ clock.scale.ticks(nanoseconds))
        } else {
            mmio_write32(base + Register.initialCount, UInt32(clamping: max(clock.apicTimer.ticks(nanoseconds), 1)))
        }
    }

    /// No interrupt until `fire` is called again.
    @inline(__always)
    static func cancel() {
        if hasDeadline { cpu_write_msr(deadlineMSR, 0) } else { stopTimer() }
    }

    // MARK: Interrupts between processors

    /// Sends the fixed interrupt `vector` to the processor with APIC identifier `target`.
    public static func send(_ vector: UInt8, to target: UInt32) {
        command(UInt32(vector) | 1 << 14, target)
    }

    /// The same to this processor, by one write: also from where a command is half written.
    static func sendToSelf(_ vector: UInt8) { mmio_write32(base + Register.commandLow, UInt32(vector) | 1 << 14 | 1 << 18) }

    public static func sendNMI(to target: UInt32) { command(4 << 8 | 1 << 14, target) }

    /// INIT and start-up, which begins at `page << 12` in real mode (section 9.4.4).
    static func sendInit(to target: UInt32) { command(5 << 8 | 1 << 14, target) }
    static func sendStartup(page: UInt8, to target: UInt32) { command(6 << 8 | 1 << 14 | UInt32(page), target) }

    /// Writes the command register; an interrupt between its halves would send to the wrong processor.
    private static func command(_ low: UInt32, _ target: UInt32) {
        let enabled = cpu_flags() & 1 << 9 != 0
        cpu_disable_interrupts()
        while mmio_read32(base + Register.commandLow) & 1 << 12 != 0 { cpu_pause() }
        mmio_write32(base + Register.commandHigh, target << 24)
        mmio_write32(base + Register.commandLow, low)
        if enabled { cpu_enable_interrupts() }
    }
}
#endif
