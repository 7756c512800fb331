// The machine's serial line where no terminal is: kept for messages, tests and whoever types by program.
import Glibc
import JaxPlatform
import WireProtocol

/// What COM1 printed, the last 256 KiB of it, and a way to type.
public final class ConsoleCapture {
    private let stream: SocketStream
    private let monitor = ThreadMonitor()
    private var bytes: [UInt8] = []
    /// Bytes that came before `bytes` and are no longer kept.
    private var forgotten = 0
    private var isClosed = false
    static let limit = 1 << 18

    init(_ stream: SocketStream) {
        self.stream = stream
        Threads().spawn("console") { [self] in
            let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 4096, alignment: 1)
            defer { buffer.deallocate() }
            while let count = try? stream.read(into: buffer), count > 0 {
                hold(monitor) {
                    bytes.append(contentsOf: buffer[..<count])
                    if bytes.count > 2 * ConsoleCapture.limit {
                        forgotten += bytes.count - ConsoleCapture.limit
                        bytes.removeFirst(bytes.count - ConsoleCapture.limit)
                    }
                    monitor.notifyAll()
                }
            }
            hold(monitor) {
                isClosed = true
                monitor.notifyAll()
            }
        }
    }

    /// Everything printed so far.
    public var text: String { hold(monitor) { String(decoding: bytes, as: UTF8.self) } }

    /// The last lines, for an error message.
    public var lastLines: String {
        let lines = text.split(whereSeparator: \.isNewline).suffix(8)
        return lines.joined(separator: "\n")
    }

    /// Types at the machine's keyboard.
    public func type(_ text: String) throws(JaxError) {
        var failure: JaxError?
        Array(text.utf8).withUnsafeBytes { bytes in
            do throws(JaxError) { try stream.write(bytes) } catch { failure = error }
        }
        if let failure { throw failure }
    }

    /// Waits until `mark` has been printed after the first `skipping` bytes; returns all that was printed up to its end, or nil after
    /// `seconds`
    /// or when the machine ends first.
    public func wait(for mark: String, after skipping: Int = 0, seconds: Double) -> String? {
        let wanted = Array(mark.utf8)
        let deadline = platform.nanoseconds + UInt64(seconds * 1e9)
        monitor.enter()
        defer { monitor.leave() }
        while true {
            if let end = ConsoleCapture.find(wanted, in: bytes, from: max(0, skipping - forgotten)) {
                return String(decoding: bytes[..<end], as: UTF8.self)
            }
            let now = platform.nanoseconds
            if isClosed || now >= deadline { return nil }
            _ = monitor.wait(seconds: Double(deadline - now) / 1e9)
        }
    }

    /// Waits until the machine's end of the line is closed, at most `seconds`: what it printed last is then here.
    func waitUntilClosed(seconds: Double) {
        let deadline = platform.nanoseconds + UInt64(seconds * 1e9)
        monitor.enter()
        defer { monitor.leave() }
        while !isClosed {
            let now = platform.nanoseconds
            if now >= deadline { return }
            _ = monitor.wait(seconds: Double(deadline - now) / 1e9)
        }
    }

    /// Bytes printed so far; where `wait(for:after:)` goes on.
    public var count: Int { hold(monitor) { forgotten + bytes.count } }

    /// The end of the first occurrence.
    private static func find(_ wanted: [UInt8], in bytes: [UInt8], from start: Int) -> Int? {
        guard bytes.count >= wanted.count else { return nil }
        var index = start
        while index + wanted.count <= bytes.count {
            if bytes[index..<index + wanted.count].elementsEqual(wanted) { return index + wanted.count }
            index += 1
        }
        return nil
    }
}
