// One port of a virtio console as a stream of bytes in each direction, with back-pressure both ways: the device waits
// while no receive buffer is posted, a writer waits while every send buffer is at the device.

/// The port with the name that the driver was asked for. Its object stays the same through resets of the device.
public final class ConsolePort {
    /// Receive buffers are as large as the pieces that QEMU delivers, send buffers as large as one notification is worth.
    static let receiveByteCount = 4096, receiveCount = 127
    static let sendByteCount = 65536, sendCount = 8

    public let name: String
    /// A device lives as long as the machine: the cycle is meant.
    private let console: VirtioConsole
    private let environment: any DriverEnvironment
    private let receiveLock: any Lock, sendLock: any Lock
    let received: any Signal, sent: any Signal

    // Set while the device knows the port; nil between a reset and the port's announcement.
    private(set) var index: UInt32?
    private var receive: BufferRing?, send: BufferRing?
    /// The rest of the oldest received buffer.
    private var current: (buffer: Int, start: Int, end: Int)?
    /// Receive buffers posted since the device was last told.
    private var unannounced = 0
    /// Set where the device took nothing for too long: the reader, which looks after the device, resets it.
    private var hasStopped = false
    /// How long a writer waits for the device, nanoseconds.
    public var patience: UInt64 = 10_000_000_000
    /// Whether a program on the host has the other end open.
    public internal(set) var isOpen = false

    init(name: String, _ console: VirtioConsole, _ environment: any DriverEnvironment) {
        self.name = name
        self.console = console
        self.environment = environment
        receiveLock = environment.makeLock()
        sendLock = environment.makeLock()
        received = environment.makeSignal()
        sent = environment.makeSignal()
    }

    // MARK: The stream

    /// Waits until the host has opened the port; false when `deadline` (nanoseconds; nil: never) passed first.
    public func waitUntilOpen(until deadline: UInt64? = nil) throws(DeviceError) -> Bool {
        while true {
            let seen = received.count
            try checkProgress()
            try console.handleControlMessages()
            if isOpen { return true }
            guard received.wait(past: seen, until: deadline) else { return false }
        }
    }

    /// Reads at least one byte, waiting for it; returns how many. Zero: the host closed the port and all is read.
    /// Throws `timedOut` past `deadline`.
    public func read(into destination: UnsafeMutableRawBufferPointer, until deadline: UInt64? = nil) throws(DeviceError) -> Int {
        guard !destination.isEmpty else { return 0 }
        while true {
            let seen = received.count
            try checkProgress()
            try console.handleControlMessages()
            let open = isOpen
            let count = try takeReceivedLocked(destination)
            if count > 0 { return count }
            if !open { return 0 }
            guard received.wait(past: seen, until: deadline) else {
                throw DeviceError(.timedOut, console.name, "nothing came through the port " + name)
            }
        }
    }

    /// Writes all bytes, waiting for room; they are copied, so `source` is free on return.
    /// Throws `timedOut` when the device takes nothing for `patience` while the port is open; the next `read` fails too then.
    public func write(_ source: UnsafeRawBufferPointer) throws(DeviceError) {
        sendLock.acquire()
        defer { sendLock.release() }
        var done = 0
        while done < source.count {
            guard isOpen else { throw DeviceError(.closed, console.name, "the host closed the port " + name) }
            let seen = sent.count
            let count = try fillSendBuffer(source, from: done)
            done += count
            if count > 0 { continue }
            guard sent.wait(past: seen, until: environment.nanoseconds + patience) else {
                hasStopped = true
                received.notify()
                throw DeviceError(.timedOut, console.name, "the host takes nothing from the port " + name)
            }
        }
    }

    private func checkProgress() throws(DeviceError) {
        if hasStopped { throw DeviceError(.protocolViolation, console.name, "it takes nothing from the port " + name) }
    }

    private func takeReceivedLocked(_ destination: UnsafeMutableRawBufferPointer) throws(DeviceError) -> Int {
        receiveLock.acquire()
        defer { receiveLock.release() }
        return try takeReceived(destination)
    }

    /// Copies what has been received; zero when there is nothing.
    private func takeReceived(_ destination: UnsafeMutableRawBufferPointer) throws(DeviceError) -> Int {
        guard let receive else { return 0 }
        receive.queue.suppressInterrupts(true)
        var done = 0
        while done < destination.count {
            if current == nil {
                guard let next = try receive.nextCompleted() else { break }
                current = (next.buffer, 0, next.written)
            }
            guard var piece = current else { break }
            let count = min(piece.end - piece.start, destination.count - done)
            if count > 0 {
                (destination.baseAddress! + done).copyMemory(from: receive.bytes(piece.buffer).baseAddress! + piece.start, byteCount: count)
            }
            done += count
            piece.start += count
            if piece.start < piece.end {
                current = piece
            } else {
                current = nil
                try receive.submit(piece.buffer, byteCount: Self.receiveByteCount, deviceWrites: true)
                unannounced += 1
            }
        }
        // A reader that found nothing is about to wait: the device must see every free buffer and interrupt again.
        if done == 0 || unannounced >= Self.receiveCount / 4 { announceReceiveBuffers(receive) }
        if done == 0 {
            receive.queue.suppressInterrupts(false)
            if receive.queue.hasCompletion { return try takeReceived(destination) }
        }
        return done
    }

    private func announceReceiveBuffers(_ receive: BufferRing) {
        guard unannounced > 0, let index else { return }
        unannounced = 0
        if receive.queue.wantsNotification { console.notify(VirtioConsole.receiveQueue(index)) }
    }

    /// Copies into one send buffer and hands it to the device; zero when the device holds all of them.
    private func fillSendBuffer(_ source: UnsafeRawBufferPointer, from start: Int) throws(DeviceError) -> Int {
        guard let send, let index else { throw DeviceError(.closed, console.name, "the port " + name + " is not there") }
        while let done = try send.nextCompleted() { send.release(done.buffer) }
        guard let buffer = send.takeFree() else { return 0 }
        let count = min(source.count - start, Self.sendByteCount)
        send.bytes(buffer).baseAddress!.copyMemory(from: source.baseAddress! + start, byteCount: count)
        try send.submit(buffer, byteCount: count, deviceWrites: false)
        if send.queue.wantsNotification { console.notify(VirtioConsole.sendQueue(index)) }
        return count
    }

    /// Damages what the device has written into the receive queue, as a broken device would; for tests.
    public func scribble() {
        receive?.queue.scribble()
        received.notify()
    }

    /// Lets the device seem to take nothing any more, until its next reset; for tests.
    public func silence() { send?.queue.silence() }

    /// One piece of bytes without a lock and without waiting; what finds no free buffer is lost.
    public func writeLast(_ source: UnsafeRawBufferPointer) {
        do throws(DeviceError) { _ = try fillSendBuffer(source, from: 0) } catch {}
    }

    // MARK: The device's side, called by the console

    /// The device announced the port: from here on it has buffers to fill.
    func attach(index: UInt32, receive receiveQueue: Virtqueue, send sendQueue: Virtqueue) throws(DeviceError) {
        let receive = try BufferRing(receiveQueue, count: Self.receiveCount, bufferByteCount: Self.receiveByteCount, environment)
        self.receive = receive
        send = try BufferRing(sendQueue, count: Self.sendCount, bufferByteCount: Self.sendByteCount, environment)
        self.index = index
        while let buffer = receive.takeFree() {
            try receive.submit(buffer, byteCount: Self.receiveByteCount, deviceWrites: true)
            unannounced += 1
        }
        announceReceiveBuffers(receive)
    }

    /// The device was reset, or took the port away for good; what was received and not read is lost.
    func detach() {
        isOpen = false
        hasStopped = false
        index = nil
        current = nil
        unannounced = 0
        receive?.deallocate()
        send?.deallocate()
        receive = nil
        send = nil
        received.notify()
        sent.notify()
    }
}
