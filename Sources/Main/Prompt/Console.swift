// The serial line as the prompt's console: bytes from its interrupt wait in a ring, and Ctrl-C reaches running programs.
import CPU
import Drivers
import Kernel

/// Waits for what the prompt's task serves: typed bytes, and programs from other tasks.
final class Console {
    private static let capacity = 4096

    /// Moves on with every byte and every program that arrives.
    let arrived = EventCount()
    private let line: UART?
    private let ring: UnsafeMutablePointer<UInt8>
    // Free-running counts: the interrupt advances `head`, the prompt's task `tail`.
    private var head: UInt = 0, tail: UInt = 0
    /// Whether a program runs that Ctrl-C is to end, and how. Called in interrupt context.
    var interrupt: (() -> Void)?
    private var isReading = false

    /// Without a line only programs from other tasks arrive.
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
        if byte == 3, !isReading, let interrupt {
            interrupt()
            return
        }
        if head &- tail < UInt(Console.capacity) {
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

    /// Waits for a byte; each time something else has arrived, `serve` is called.
    func read(_ serve: () -> Void) -> UInt8 {
        isReading = true
        defer { isReading = false }
        while true {
            let seen = arrived.count
            if let byte = next() { return byte }
            isReading = false
            serve()
            isReading = true
            if head == tail { _ = arrived.wait(past: seen, until: nil) }
        }
    }

    func write(_ bytes: UnsafeBufferPointer<UInt8>) {
        guard let line else { return }
        for byte in bytes { line.write(byte) }
    }
}
