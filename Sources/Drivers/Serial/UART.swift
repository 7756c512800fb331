// The 16550 serial port: what arrives is put into a ring by the receive interrupt, what leaves is sent by polling.

/// The eight registers of a UART, in ports or in memory.
public protocol UARTRegisters: AnyObject {
    func read(_ register: Int) -> UInt8
    func write(_ register: Int, _ value: UInt8)
}

/// A serial line at 115200 baud, 8 data bits, no parity. One task reads; writes are serialised by the caller.
public final class UART {
    private enum Register {
        static let data = 0, interruptEnable = 1, interruptIdentification = 2, fifoControl = 2
        static let lineControl = 3, modemControl = 4, lineStatus = 5, scratch = 7
    }

    /// Received bytes that wait to be read; more are dropped, as the line itself would drop them.
    private static let capacity = 4096

    private let registers: any UARTRegisters
    private let received: any Signal
    private let ring: UnsafeMutablePointer<UInt8>
    // Free-running counts: the interrupt advances `head`, the reader `tail`.
    private var head: UInt = 0, tail: UInt = 0
    /// Bytes lost because nothing read them in time.
    public private(set) var droppedCount = 0
    /// Called in interrupt context for each byte that arrives, before it is put into the ring; true swallows the byte.
    /// The prompt's Ctrl-C is found here while a job computes.
    public var intercept: ((UInt8) -> Bool)?

    /// Nil when no UART answers.
    public init?(_ registers: any UARTRegisters, _ environment: any DriverEnvironment) {
        registers.write(Register.scratch, 0x5A)
        guard registers.read(Register.scratch) == 0x5A else { return nil }
        self.registers = registers
        received = environment.makeSignal()
        ring = UnsafeMutablePointer.allocate(capacity: Self.capacity)
        registers.write(Register.interruptEnable, 0)
        registers.write(Register.lineControl, 0x80)
        registers.write(Register.data, 1)
        registers.write(Register.interruptEnable, 0)
        registers.write(Register.lineControl, 3)
        registers.write(Register.fifoControl, 0x07)
    }

    /// Lets the line interrupt; its handler is to call `handleInterrupt`.
    public func enableInterrupts() {
        registers.write(Register.modemControl, 0x0B)
        registers.write(Register.interruptEnable, 1)
        handleInterrupt()
    }

    /// Empties the receive FIFO. In interrupt context.
    public func handleInterrupt() {
        var any = false
        // A line that always claims data must not keep the processor here.
        for _ in 0..<256 {
            guard registers.read(Register.lineStatus) & 1 != 0 else { break }
            let byte = registers.read(Register.data)
            any = true
            if let intercept, intercept(byte) { continue }
            guard head &- tail < UInt(Self.capacity) else {
                droppedCount += 1
                continue
            }
            ring[Int(head % UInt(Self.capacity))] = byte
            head &+= 1
        }
        if any { received.notify() }
    }

    /// Whether `read` would return at once.
    public var hasInput: Bool { head != tail }

    /// The next byte; nil when `deadline` (nanoseconds; nil: never) passed first.
    public func read(until deadline: UInt64? = nil) -> UInt8? {
        while true {
            let seen = received.count
            if head != tail {
                let byte = ring[Int(tail % UInt(Self.capacity))]
                tail &+= 1
                return byte
            }
            guard received.wait(past: seen, until: deadline) else { return nil }
        }
    }

    /// Sends a byte; gives up on a line whose transmitter never gets ready.
    public func write(_ byte: UInt8) {
        var patience = 100_000
        while registers.read(Register.lineStatus) & 0x20 == 0, patience > 0 { patience -= 1 }
        registers.write(Register.data, byte)
    }
}
