// virtio-gpu as a carrier of 3D contexts (virtio 1.2, section 5.7): features, capability sets, control commands, and the
// window through which the processor sees the host's memory. Displays and cursors are not used. Commands are answered
// one at a time; fenced ones stay with the device until their fence is signalled, and their answer is an interrupt.
import CPU
import Drivers
import JaxPlatform

/// The GPU device. Calls may come from several tasks.
public final class VirtioGPU {
    private static let requestByteCount = 1 << 16, responseByteCount = 4096
    /// How long the device may take for a command.
    private static let commandBudget: UInt64 = 10_000_000_000
    private static let lookInterval: UInt64 = 100_000_000
    private static let fenceCount = 16

    public let name: String
    private let transport: any VirtioTransport
    private let environment: any DriverEnvironment
    private let mapWindow: (SharedMemoryRegion) throws(DeviceError) -> UInt
    private let lock: any Lock
    /// Told of every interrupt of the control queue.
    let interrupts: any Signal
    private var device: VirtioDevice?
    private var queue: Virtqueue?
    private var request: DMABuffer, response: DMABuffer, fences: DMABuffer
    /// The token of the command that is waited for, and what came back.
    private var awaited: UInt16?
    private var answered: Int?
    /// For each fence slot the token of the command that holds it.
    private var fenceTokens = [UInt16?](repeating: nil, count: fenceCount)
    private var lastFence: UInt64 = 0
    private var lastContext: UInt32 = 0
    private var lastResource: UInt32 = 0
    private var window: RangeAllocator
    private var windowBase: UInt
    /// Where the window was when it was mapped.
    private var windowRegion: SharedMemoryRegion?
    /// Grows with every reset of the device; contexts of earlier ones are gone.
    private(set) var generation = 0
    /// Answers that lay in the queue without an interrupt that told of them.
    public private(set) var untoldAnswerCount = 0
    public private(set) var capset: VenusCapset

    /// Starts the device. `mapWindow` maps the host-visible window and returns its address. Throws `unsupported` for a
    /// device without Venus.
    public init(
        _ transport: any VirtioTransport, _ environment: any DriverEnvironment,
        mapWindow: @escaping (SharedMemoryRegion) throws(DeviceError) -> UInt
    ) throws(DeviceError) {
        guard transport.deviceType == VirtioDeviceType.gpu else { throw DeviceError(.unsupported, transport.name, "not a GPU") }
        self.transport = transport
        self.environment = environment
        self.mapWindow = mapWindow
        name = transport.name
        lock = environment.makeLock()
        interrupts = environment.makeSignal()
        request = try environment.allocateDMA(byteCount: VirtioGPU.requestByteCount)
        response = try environment.allocateDMA(byteCount: VirtioGPU.responseByteCount)
        fences = try environment.allocateDMA(byteCount: VirtioGPU.fenceCount * VirtioGPU.fenceByteCount)
        window = RangeAllocator(size: 0, granule: 4096)
        windowBase = 0
        capset = VenusCapset(wireFormatVersion: 0, vulkanXMLVersion: 0, supportsBlobZero: false, supportsTimelines: false)
        do throws(DeviceError) {
            try start()
        } catch {
            close()
            throw error
        }
    }

    /// Resets the device and gives its memory back.
    public func close() {
        do throws(DeviceError) {
            try device?.shutDown()
            for buffer in [request, response, fences] { environment.freeDMA(buffer) }
        } catch {
            // A device that does not confirm its reset may still write to its memory, which is therefore never reused.
        }
        device = nil
        queue = nil
    }

    private func start() throws(DeviceError) {
        let device = try VirtioDevice(
            transport, environment,
            required: GPUProtocol.featureVirgl | GPUProtocol.featureResourceBlob | GPUProtocol.featureContextInit)
        self.device = device
        guard let region = transport.sharedMemory(id: GPUProtocol.hostVisibleWindow),
              region.byteCount >= 1 << 20, region.byteCount <= 1 << 40 else {
            throw DeviceError(.unsupported, name, "no host-visible window")
        }
        let interrupts = self.interrupts
        queue = try device.makeQueue(GPUProtocol.controlQueue, sizeLimit: 64) { interrupts.notify() }
        device.start()
        if windowRegion == nil {
            windowBase = try mapWindow(region)
            windowRegion = region
        }
        guard windowRegion == region else {
            throw DeviceError(.protocolViolation, name, "its host-visible window is another one after a reset")
        }
        window = RangeAllocator(size: Int(region.byteCount), granule: 4096)
        capset = try readCapset(device)
    }

    private func readCapset(_ device: VirtioDevice) throws(DeviceError) -> VenusCapset {
        let count = try device.readConfiguration([12])[0]  // num_capsets
        for index in 0..<min(count, 64) {
            let info = try execute(.getCapsetInfo(index: index))
            guard info[6] == GPUProtocol.capsetVenus else { continue }
            let byteCount = Int(info[8])
            guard byteCount >= VenusCapset.wordCount * 4, byteCount <= VirtioGPU.responseByteCount - 24 else {
                throw DeviceError(.protocolViolation, name, "the Venus capability set has \(byteCount) bytes")
            }
            let words = try execute(.getCapset(id: GPUProtocol.capsetVenus, version: 0, byteCount: byteCount))
            guard let capset = VenusCapset(words: Array(words[GPUProtocol.headerWordCount...])), capset.wireFormatVersion <= 1 else {
                throw DeviceError(.unsupported, name, "the host speaks wire format \(words[6]) of Venus; 0 and 1 are known")
            }
            return capset
        }
        throw DeviceError(.unsupported, name, "the host offers no Venus")
    }

    /// Resets the device after a fault. Every context and resource is gone.
    public func reset() throws(DeviceError) {
        lock.acquire()
        defer { lock.release() }
        generation += 1
        try device?.shutDown()
        device = nil
        queue = nil
        awaited = nil
        isWrong = false
        for slot in fenceTokens.indices { fenceTokens[slot] = nil }
        try start()
    }

    /// Whether the device has to be reset before it can answer.
    var isBroken: Bool { queue == nil || isWrong || device?.needsReset ?? true }
    /// It was silent, or broke its specification.
    private var isWrong = false

    // Commands

    /// Executes a command under the lock and returns the words of its answer. A device that went wrong is not asked again
    /// before its reset: it may still read the request that it did not answer.
    func run(_ command: GPUCommand) throws(DeviceError) -> [UInt32] {
        lock.acquire()
        defer { lock.release() }
        guard !isWrong else { throw DeviceError(.closed, name, "the device waits for a reset") }
        do throws(DeviceError) {
            return try execute(command)
        } catch {
            if error.kind != .unsupported && error.kind != .resourceExhausted { isWrong = true }
            throw error
        }
    }

    private func execute(_ command: GPUCommand) throws(DeviceError) -> [UInt32] {
        guard let queue else { throw DeviceError(.closed, name, "the device waits for a reset") }
        let words = command.words()
        guard words.count * 4 <= request.byteCount else {
            throw DeviceError(.resourceExhausted, name, "\(command.name) of \(words.count * 4) bytes; \(request.byteCount) fit")
        }
        let answerByteCount = command.answerWordCount * 4
        request.base.copyWords(words)
        answered = nil
        awaited = try queue.submit([
            DMASegment(physical: request.physical, byteCount: UInt32(words.count * 4), deviceWrites: false),
            DMASegment(physical: response.physical, byteCount: UInt32(answerByteCount), deviceWrites: true),
        ])
        transport.notify(GPUProtocol.controlQueue)
        let deadline = environment.nanoseconds + VirtioGPU.commandBudget
        while true {
            let seen = interrupts.count
            try collect()
            if answered != nil { break }
            let now = environment.nanoseconds
            guard now < deadline else {
                throw DeviceError(.timedOut, name, "\(command.name) was not answered within \(VirtioGPU.commandBudget / 1_000_000_000) s")
            }
            // The queue is looked at now and then, whether or not there was an interrupt.
            let wasTold = interrupts.wait(past: seen, until: min(now + VirtioGPU.lookInterval, deadline))
            if !wasTold {
                try collect()
                if answered != nil && interrupts.count == seen { untoldAnswerCount += 1 }
            }
        }
        awaited = nil
        // The answer is copied once: the device could change it while it is looked at.
        let answer = response.base.words(command.answerWordCount)
        guard let written = answered, written >= GPUProtocol.headerWordCount * 4 else {
            throw DeviceError(.protocolViolation, name, "\(command.name) was answered by \(answered ?? 0) bytes")
        }
        guard answer[0] == command.answer else {
            let kind: DeviceError.Kind = answer[0] == 0x1201 ? .resourceExhausted : GPUProtocol.Response.errors.contains(answer[0])
                ? .unsupported : .protocolViolation
            throw DeviceError(kind, name, "\(command.name) was answered by " + GPUProtocol.Response.name(answer[0]))
        }
        guard written >= answerByteCount else {
            throw DeviceError(.protocolViolation, name, "\(command.name) was answered by \(written) bytes; \(answerByteCount) are expected")
        }
        return answer
    }

    // Fences

    private static let fenceByteCount = 64

    /// Asks for an interrupt when the queue bound to `ring` has done all it has now; nothing if too many are asked for.
    func requestInterrupt(context: UInt32, ring: UInt8) throws(DeviceError) {
        lock.acquire()
        defer { lock.release() }
        try collect()
        guard let queue else { throw DeviceError(.closed, name, "the device waits for a reset") }
        guard let slot = fenceTokens.firstIndex(where: { $0 == nil }), queue.freeCount >= 4 else { return }
        lastFence += 1
        let words = GPUCommand.submit([], context: context).words(fence: lastFence, ring: ring)
        let offset = slot * VirtioGPU.fenceByteCount
        (fences.base + offset).copyWords(words)
        fenceTokens[slot] = try queue.submit([
            DMASegment(physical: fences.physical + UInt64(offset), byteCount: UInt32(words.count * 4), deviceWrites: false),
            DMASegment(physical: fences.physical + UInt64(offset + 32), byteCount: 24, deviceWrites: true),
        ])
        transport.notify(GPUProtocol.controlQueue)
    }

    /// Takes what the device has finished off the queue.
    private func collect() throws(DeviceError) {
        guard let queue else { return }
        while let completion = try queue.nextCompletion() {
            if completion.token == awaited {
                answered = completion.written
                continue
            }
            for slot in fenceTokens.indices where fenceTokens[slot] == completion.token { fenceTokens[slot] = nil }
        }
    }

    // Contexts, resources, window

    func newContext() -> UInt32 {
        lock.acquire()
        defer { lock.release() }
        lastContext += 1
        return lastContext
    }

    func newResource() -> UInt32 {
        lock.acquire()
        defer { lock.release() }
        lastResource += 1
        return lastResource
    }

    func takeWindow(_ byteCount: Int) -> Int? {
        lock.acquire()
        defer { lock.release() }
        return window.allocate(byteCount)
    }

    func giveWindow(_ offset: Int, _ byteCount: Int) {
        lock.acquire()
        defer { lock.release() }
        window.deallocate(offset, byteCount)
    }

    func address(of offset: Int) -> UInt { windowBase + UInt(offset) }

    /// Bytes of the host-visible window: all, in use, and the longest free stretch.
    public var windowUse: (size: Int, used: Int, largestFree: Int) {
        lock.acquire()
        defer { lock.release() }
        return (window.size, window.used, window.largestFree)
    }

    var nanoseconds: UInt64 { environment.nanoseconds }
}

extension UnsafeMutableRawPointer {
    /// Stores words in memory that a device reads.
    fileprivate func copyWords(_ words: [UInt32]) {
        for (index, word) in words.enumerated() { storeBytes(of: word, toByteOffset: index * 4, as: UInt32.self) }
    }

    /// Loads words that a device has written.
    fileprivate func words(_ count: Int) -> [UInt32] {
        (0..<count).map { mmio_read32(UInt(bitPattern: self) + UInt($0 * 4)) }
    }
}
