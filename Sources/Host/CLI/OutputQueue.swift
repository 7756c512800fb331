// What a program prints, on its way to standard output: written on a thread of its own, so that a reader that pauses does
// not keep the link from being read, by which the machine would take its console device to be broken.
import HostMachine
import JaxPlatform
import WireProtocol

final class OutputQueue {
    private let monitor = ThreadMonitor()
    private var waiting: [[UInt8]] = []
    private var waitingBytes = 0
    private var isWriting = false
    /// Beyond this the sender waits after all.
    private static let limit = 64 << 20

    init() {
        Threads().spawn("output") { [self] in
            while true { write(next()) }
        }
    }

    /// Takes text to print.
    func append(_ bytes: [UInt8]) {
        hold(monitor) {
            while waitingBytes > OutputQueue.limit { monitor.wait() }
            waiting.append(bytes)
            waitingBytes += bytes.count
            monitor.notifyAll()
        }
    }

    /// Returns when everything has been written.
    func drain() {
        hold(monitor) {
            while isWriting || !waiting.isEmpty { monitor.wait() }
        }
    }

    private func next() -> [[UInt8]] {
        hold(monitor) {
            while waiting.isEmpty { monitor.wait() }
            defer {
                waiting = []
                waitingBytes = 0
                isWriting = true
            }
            return waiting
        }
    }

    private func write(_ pieces: [[UInt8]]) {
        for piece in pieces { put(piece) }
        hold(monitor) {
            isWriting = false
            monitor.notifyAll()
        }
    }
}
