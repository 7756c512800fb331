// Initialisation of a virtio device in the specification's order of steps (virtio 1.2, section 3.1.1).

/// A device after feature negotiation. The driver makes its queues, then calls `start`.
public final class VirtioDevice {
    public let transport: any VirtioTransport
    public let environment: any DriverEnvironment
    /// The features that both sides agreed on.
    public let features: UInt64
    private var queues: [Virtqueue] = []

    /// Steps 1 to 6: reset, acknowledge, driver, features, features-ok, and its confirmation.
    /// `required` must all be offered; of `wanted`, what is offered is taken.
    public init(
        _ transport: any VirtioTransport, _ environment: any DriverEnvironment, required: UInt64, wanted: UInt64 = 0
    ) throws(DeviceError) {
        self.transport = transport
        self.environment = environment
        try transport.reset()
        transport.status = .acknowledge
        transport.status = [.acknowledge, .driver]
        let offered = transport.deviceFeatures
        let needed = required | VirtioFeature.version1
        guard offered & needed == needed else {
            transport.status = [.acknowledge, .driver, .failed]
            throw DeviceError(.unsupported, transport.name, "features \(hexadecimal(needed & ~offered)) are needed and not offered")
        }
        let accepted = offered & (needed | wanted)
        transport.acceptFeatures(accepted)
        transport.status = [.acknowledge, .driver, .featuresOK]
        guard transport.status.contains(.featuresOK) else {
            transport.status = [.acknowledge, .driver, .failed]
            throw DeviceError(.unsupported, transport.name, "the device refused the features \(hexadecimal(accepted))")
        }
        features = accepted
    }

    /// Step 7, once for each queue: `sizeLimit` is rounded down to a power of two that the device allows.
    /// `vector` is one that `transport.makeVector` returned.
    public func makeQueue(_ index: Int, sizeLimit: Int, vector: UInt16) throws(DeviceError) -> Virtqueue {
        let maximum = min(transport.maximumQueueSize(index), sizeLimit, 32768)
        guard maximum > 0 else { throw DeviceError(.notPresent, transport.name, "there is no queue \(index)") }
        let size = 1 << (Int.bitWidth - 1 - maximum.leadingZeroBitCount)
        let queue = try Virtqueue(name: transport.name + " queue \(index)", size: size, environment)
        do throws(DeviceError) {
            try transport.enableQueue(index, size: size, layout: queue.layout, vector: vector)
        } catch {
            queue.release()
            throw error
        }
        queues.append(queue)
        return queue
    }

    /// The same with an interrupt vector of the queue's own.
    public func makeQueue(_ index: Int, sizeLimit: Int, handler: @escaping () -> Void) throws(DeviceError) -> Virtqueue {
        try makeQueue(index, sizeLimit: sizeLimit, vector: try transport.makeVector(handler))
    }

    /// Step 8: from here on the device works.
    public func start() {
        transport.status = [.acknowledge, .driver, .featuresOK, .driverOK]
    }

    /// True when the device cannot go on without a reset.
    public var needsReset: Bool { transport.status.contains(.needsReset) }

    /// Resets the device and gives the memory of its queues back: the device must not touch it any more,
    /// so it is given back only when the reset is confirmed.
    public func shutDown() throws(DeviceError) {
        try transport.reset()
        for queue in queues { queue.release() }
        queues = []
    }

    /// Reads several configuration words with no change between them (virtio 1.2, section 2.5.1).
    public func readConfiguration(_ offsets: [Int]) throws(DeviceError) -> [UInt32] {
        for offset in offsets where offset < 0 || offset + 4 > transport.configurationByteCount {
            throw DeviceError(.protocolViolation, transport.name, "the configuration has no field at \(offset)")
        }
        for _ in 0..<64 {
            let generation = transport.configurationGeneration
            var values: [UInt32] = []
            for offset in offsets { values.append(transport.readConfiguration32(offset)) }
            if transport.configurationGeneration == generation { return values }
        }
        throw DeviceError(.protocolViolation, transport.name, "the configuration never rests")
    }
}
