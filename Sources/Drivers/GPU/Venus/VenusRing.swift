// The Venus ring: a buffer in shared memory that the guest fills and a thread of the host empties, with free-running
// byte counts for head and tail. The host is not trusted: a head that is not between the last one seen and the tail,
// or a status that says the decoder gave up, ends the ring for good.
import CPU
import JaxPlatform

/// One command ring.
public final class VenusRing {
    /// Offsets in the shared memory; the buffer follows the three control words, each on a cache line of its own.
    enum Layout {
        static let head = 0, tail = 64, status = 128, buffer = 192
    }

    enum Status {
        static let idle: UInt32 = 1, fatal: UInt32 = 2
    }

    private static let id: UInt64 = 1
    /// After this time without commands the host's thread sleeps and has to be notified.
    private static let idleTimeout: UInt64 = 50_000_000
    static let bufferByteCount = 1 << 17
    /// How often a waiting ring asks whether the host's side is still there.
    private static let probeInterval: UInt64 = 300_000_000

    private let transport: any VenusTransport
    private let blob: VenusBlob
    private var head: UInt32 = 0
    private(set) var tail: UInt32 = 0

    public static func make(on transport: any VenusTransport) throws(AcceleratorError) -> VenusRing {
        let byteCount = (Layout.buffer + bufferByteCount + 4 + 4095) & ~4095
        guard let blob = try transport.makeBlob(id: 0, byteCount: byteCount) else {
            throw AcceleratorError(.outOfMemory, "the window has no room for the command ring")
        }
        return try VenusRing(transport, blob)
    }

    private init(_ transport: any VenusTransport, _ blob: VenusBlob) throws(AcceleratorError) {
        self.transport = transport
        self.blob = blob
        for offset in stride(from: 0, to: Layout.buffer, by: 4) { mmio_write32(blob.address + UInt(offset), 0) }
        var w = VenusWriter()
        w.put(VenusCommand.createRing)
        w.put(UInt32(0))
        w.put(VenusRing.id)
        w.putPresent()
        w.put(Int32(1_000_384_000))  // VkRingCreateInfoMESA
        w.putNull()
        w.put(UInt32(0))
        w.put(blob.resource)
        let sizes = [
            0, UInt64(blob.byteCount), VenusRing.idleTimeout, UInt64(Layout.head), UInt64(Layout.tail), UInt64(Layout.status),
            UInt64(Layout.buffer), UInt64(VenusRing.bufferByteCount), UInt64(Layout.buffer + VenusRing.bufferByteCount), 4,
        ]
        for size in sizes { w.put(size) }
        try transport.submit(w.words)
    }

    /// Writes whole commands and makes them visible. Returns the sequence number to wait for.
    func write(_ words: [UInt32], deadline: UInt64) throws(AcceleratorError) -> UInt32 {
        let byteCount = UInt32(words.count * 4)
        try wait(deadline) { self.tail &+ byteCount &- self.head <= UInt32(VenusRing.bufferByteCount) }
        let mask = UInt32(VenusRing.bufferByteCount - 1)
        let base = blob.address + UInt(Layout.buffer)
        for (index, word) in words.enumerated() {
            mmio_write32(base + UInt((tail &+ UInt32(index) &* 4) & mask), word)
        }
        tail &+= byteCount
        cpu_fence()
        mmio_write32(blob.address + UInt(Layout.tail), tail)
        cpu_fence()
        try wakeIfIdle()
        return tail
    }

    /// Sleeps until the host has executed everything up to the sequence number.
    func wait(for sequence: UInt32, deadline: UInt64) throws(AcceleratorError) {
        try wait(deadline) { Int32(bitPattern: self.head &- sequence) >= 0 }
    }

    /// Whether the host has given up on this context.
    var isFatal: Bool { mmio_read32(blob.address + UInt(Layout.status)) & Status.fatal != 0 }

    func free() { transport.free(blob) }

    private func wakeIfIdle() throws(AcceleratorError) {
        let status = mmio_read32(blob.address + UInt(Layout.status))
        if status & Status.fatal != 0 { throw VenusRing.fatal }
        guard status & Status.idle != 0 else { return }
        var w = VenusWriter()
        w.put(VenusCommand.notifyRing)
        w.put(UInt32(0))
        w.put(VenusRing.id)
        w.put(tail)
        w.put(UInt32(0))
        try transport.submit(w.words)
    }

    private static var fatal: AcceleratorError {
        AcceleratorError(.deviceLost, "the host's decoder gave up on this context (ring status FATAL)")
    }

    private func readHead() throws(AcceleratorError) {
        let seen = mmio_read32(blob.address + UInt(Layout.head))
        guard seen &- head <= tail &- head else {
            throw AcceleratorError(.protocolViolation, "the ring's head \(seen) is not between \(head) and \(tail)")
        }
        head = seen
    }

    /// Waits for a condition on `head`: first spinning, then sleeping longer and longer, looking at the status each time.
    private func wait(_ deadline: UInt64, _ isTrue: () -> Bool) throws(AcceleratorError) {
        try readHead()
        if isTrue() { return }
        for _ in 0..<2000 {
            cpu_pause()
            try readHead()
            if isTrue() { return }
        }
        var pause: UInt64 = 20_000, probe = transport.nanoseconds + VenusRing.probeInterval
        while true {
            try wakeIfIdle()
            try readHead()
            if isTrue() { return }
            let now = transport.nanoseconds
            guard now < deadline else {
                throw AcceleratorError(.deviceLost, "the host stopped reading commands: \(tail &- head) bytes are waiting in the ring")
            }
            if now >= probe {
                guard transport.isAlive() else {
                    throw AcceleratorError(.deviceLost, "the host's process that decodes this context has ended")
                }
                probe = transport.nanoseconds + VenusRing.probeInterval
            }
            transport.sleep(until: min(now + pause, deadline))
            pause = min(pause * 2, 2_000_000)
        }
    }
}
