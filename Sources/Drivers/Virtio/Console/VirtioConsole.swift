// virtio-console with several ports (virtio 1.2, section 5.3): finds the port of a given name by the control queues.

/// The console device, serving one named port; other ports are left alone.
public final class VirtioConsole {
    /// Feature bit MULTIPORT (section 5.3.3).
    private static let multiport: UInt64 = 1 << 1
    /// Ports whose queues are made; the host gives the named port one of the first numbers.
    private static let portLimit: UInt32 = 8
    private static let controlReceiveQueue = 2, controlSendQueue = 3
    private static let controlByteCount = 256, controlCount = 16

    static func receiveQueue(_ port: UInt32) -> Int { port == 0 ? 0 : Int(port) * 2 + 2 }
    static func sendQueue(_ port: UInt32) -> Int { receiveQueue(port) + 1 }

    public let name: String
    public private(set) var port: ConsolePort!
    private let transport: any VirtioTransport
    private let environment: any DriverEnvironment
    private let controlLock: any Lock
    private let controlSent: any Signal
    private var device: VirtioDevice?
    private var controlReceive: BufferRing?, controlSend: BufferRing?
    /// Receive and send queue of each port, by number.
    private var queues: [(receive: Virtqueue, send: Virtqueue)] = []
    /// One bit a port: whether the host has it open. The name and the state may come in either order.
    private var openPorts: UInt32 = 0
    /// Counts interrupts that may mean control messages; compared before the control lock is taken.
    private let controlReceived: any Signal
    private var controlSeen: UInt64 = ~0

    /// Starts the device. The port `portName` opens when the host announces it.
    public init(_ transport: any VirtioTransport, _ environment: any DriverEnvironment, portName: String) throws(DeviceError) {
        self.transport = transport
        self.environment = environment
        name = transport.name
        controlLock = environment.makeLock()
        controlSent = environment.makeSignal()
        controlReceived = environment.makeSignal()
        port = nil
        guard transport.deviceType == VirtioDeviceType.console else {
            throw DeviceError(.unsupported, transport.name, "not a console device")
        }
        port = ConsolePort(name: portName, self, environment)
        try start()
    }

    /// Resets the device and starts it anew; the port closes and opens again when the host announces it.
    public func reset() throws(DeviceError) {
        controlLock.acquire()
        defer { controlLock.release() }
        try device?.shutDown()
        device = nil
        port.detach()
        controlReceive?.deallocate()
        controlSend?.deallocate()
        controlReceive = nil
        controlSend = nil
        queues = []
        openPorts = 0
        try start()
    }

    private func start() throws(DeviceError) {
        let device = try VirtioDevice(transport, environment, required: Self.multiport)
        self.device = device
        let received = port.received, sent = port.sent, controlSent = self.controlSent, controlReceived = self.controlReceived
        // QEMU gives the device two vectors where it is not told otherwise: sending has one of its own where there is one.
        let controlVector = try transport.makeVector {
            controlReceived.notify()
            controlSent.notify()
            received.notify()
            sent.notify()
        }
        let sendVector: UInt16
        do throws(DeviceError) {
            sendVector = try transport.makeVector { sent.notify() }
        } catch {
            sendVector = controlVector
        }

        let ports = min(try device.readConfiguration([4])[0], Self.portLimit)
        let controlReceiveQueue = try device.makeQueue(Self.controlReceiveQueue, sizeLimit: Self.controlCount, vector: controlVector)
        let controlSendQueue = try device.makeQueue(Self.controlSendQueue, sizeLimit: Self.controlCount, vector: controlVector)
        for port in 0..<ports {
            queues.append((
                try device.makeQueue(Self.receiveQueue(port), sizeLimit: 128, vector: controlVector),
                try device.makeQueue(Self.sendQueue(port), sizeLimit: 128, vector: sendVector)))
        }
        let controlReceive = try BufferRing(controlReceiveQueue, count: Self.controlCount,
                                            bufferByteCount: Self.controlByteCount, environment)
        self.controlReceive = controlReceive
        controlSend = try BufferRing(controlSendQueue, count: Self.controlCount,
                                     bufferByteCount: ConsoleControlMessage.byteCount, environment)
        while let buffer = controlReceive.takeFree() {
            try controlReceive.submit(buffer, byteCount: Self.controlByteCount, deviceWrites: true)
        }
        device.start()
        transport.notify(Self.controlReceiveQueue)
        try sendControl(ConsoleControlMessage(port: ~0, .deviceReady, value: 1))
        controlSeen = ~0
    }

    func notify(_ queue: Int) { transport.notify(queue) }

    // MARK: Control

    /// Works off what the control queue holds. Called by the port's reader; nothing to do is one comparison.
    func handleControlMessages() throws(DeviceError) {
        guard controlReceived.count != controlSeen else { return }
        controlLock.acquire()
        defer { controlLock.release() }
        controlSeen = controlReceived.count
        guard let ring = controlReceive else { return }
        var any = false
        while let next = try ring.nextCompleted() {
            try handle(UnsafeRawBufferPointer(rebasing: ring.bytes(next.buffer)[0..<next.written]))
            try ring.submit(next.buffer, byteCount: Self.controlByteCount, deviceWrites: true)
            any = true
        }
        if any { transport.notify(Self.controlReceiveQueue) }
    }

    private func handle(_ bytes: UnsafeRawBufferPointer) throws(DeviceError) {
        guard let message = ConsoleControlMessage(bytes) else {
            throw DeviceError(.protocolViolation, name, "a control message of \(bytes.count) bytes")
        }
        switch message.event {
        case .portAdd:
            // Only a port that is ready is told its name; those beyond the limit stay closed.
            let served = Int(message.port) < queues.count
            try sendControl(ConsoleControlMessage(port: message.port, .portReady, value: served ? 1 : 0))
        case .portName:
            try handleName(message.port, UnsafeRawBufferPointer(rebasing: bytes[ConsoleControlMessage.byteCount...]))
        case .portOpen where Int(message.port) < queues.count:
            setOpen(message.port, message.value != 0)
        case .portRemove where Int(message.port) < queues.count:
            // Its queues may still hold buffers: they are given back at the next reset.
            setOpen(message.port, false)
        default:
            break
        }
    }

    private func setOpen(_ number: UInt32, _ open: Bool) {
        if open { openPorts |= 1 << number } else { openPorts &= ~(1 << number) }
        guard number == port.index else { return }
        port.isOpen = open
        port.sent.notify()
    }

    private func handleName(_ number: UInt32, _ bytes: UnsafeRawBufferPointer) throws(DeviceError) {
        // Some devices end the name with a zero byte, some do not.
        var name = bytes[...]
        if name.last == 0 { name = name.dropLast() }
        guard port.index == nil, Int(number) < queues.count, name.elementsEqual(port.name.utf8) else { return }
        let pair = queues[Int(number)]
        try port.attach(index: number, receive: pair.receive, send: pair.send)
        port.isOpen = openPorts & 1 << number != 0
        try sendControl(ConsoleControlMessage(port: number, .portOpen, value: 1))
    }

    /// Sends a control message; waits at most a second for a free buffer.
    private func sendControl(_ message: ConsoleControlMessage) throws(DeviceError) {
        guard let ring = controlSend else { return }
        let deadline = environment.nanoseconds + 1_000_000_000
        while true {
            let seen = controlSent.count
            while let done = try ring.nextCompleted() { ring.release(done.buffer) }
            if let buffer = ring.takeFree() {
                message.store(to: ring.bytes(buffer).baseAddress!)
                try ring.submit(buffer, byteCount: ConsoleControlMessage.byteCount, deviceWrites: false)
                transport.notify(Self.controlSendQueue)
                return
            }
            guard controlSent.wait(past: seen, until: deadline) else {
                throw DeviceError(.timedOut, name, "the device takes no control messages")
            }
        }
    }
}
