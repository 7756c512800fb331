// The serial line as the prompt's console: bytes from its interrupt wait in a ring, and Ctrl-C reaches running statements.
import CPU
import Drivers
import Kernel

final class Console {
    private static let capacity = 4096

    /// Moves on with every byte that arrives.
    private let arrived = EventCount()
    private let line: UART?
    private let ring: UnsafeMutablePointer<UInt8>
    // Free-running counts: the interrupt advances `head`, the prompt's task `tail`.
    private var head: UInt = 0, tail: UInt = 0
    /// What Ctrl-C does while a statement runs, and whether it is not the first. Called in interrupt context.
    var interrupt: ((_ isAgain: Bool) -> Void)?
    private var interruptCount = 0
    /// Whether a statement runs: Ctrl-C is for it then, and not for the line that is being typed.
    var isServed = false {
        didSet { interruptCount = 0 }
    }

    init(_ line: UART?) {
        self.line = line
        ring = UnsafeMutablePointer.allocate(capacity: Console.capacity)
        line?.intercept = { [self] byte in
            receive(byte)
            return true
        }
    }

    /// In interrupt context.
    private func receive(_ byte: UInt8) {
        if byte == 3, isServed, let interrupt {
            interruptCount += 1
            interrupt(interruptCount > 1)
        } else if head &- tail < UInt(Console.capacity) {
            ring[Int(head % UInt(Console.capacity))] = byte
            head &+= 1
        }
        arrived.notify()
    }

    /// The next byte, if one waits.
    private func next() -> UInt8? {
        if head == tail { return nil }
        let byte = ring[Int(tail % UInt(Console.capacity))]
        tail &+= 1
        return byte
    }

    /// Waits for a byte.
    func read() -> UInt8 {
        while true {
            let seen = arrived.count
            if let byte = next() { return byte }
            _ = arrived.wait(past: seen, until: nil)
        }
    }

    /// Waits for a byte for a moment; -1 where none has come.
    func poll() -> Int32 {
        let seen = arrived.count
        if let byte = next() { return Int32(byte) }
        _ = arrived.wait(past: seen, until: Scheduler.clock.nanoseconds &+ 20_000_000)
        return next().map { Int32($0) } ?? -1
    }

    func write(_ bytes: UnsafeBufferPointer<UInt8>) {
        guard let line else { return }
        for byte in bytes { line.write(byte) }
    }
}
