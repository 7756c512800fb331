// Commands and replies over one ring. Commands that want no answer are gathered and go out with the next that does, or
// with `flush`; a command too large for the ring travels through shared memory of its own.
import CPU
import JaxPlatform

/// The commands of the protocol itself, by id.
enum VenusCommand {
    static let setReplyStream: UInt32 = 178, executeStreams: UInt32 = 180, createRing: UInt32 = 188, notifyRing: UInt32 = 190
}

/// One conversation with the host's decoder.
public final class VenusContext {
    /// How long the host may take for one command, in nanoseconds: creating a pipeline compiles it.
    private let commandBudget: UInt64
    private static let replyByteCount = 1 << 16
    /// Commands above this size go through shared memory instead of the ring.
    private static let largestInRing = VenusRing.bufferByteCount / 16

    public let transport: any VenusTransport
    private let ring: VenusRing
    private let reply: VenusBlob
    private var gathered: [UInt32] = []
    private var spare: [UInt32] = []
    /// Memory of large commands that the host may still be reading, and some that it is done with: giving memory back can
    /// take the device much longer than the command.
    private var inUse: [VenusBlob] = []
    private var idle: VenusBlob?
    private static let idleByteCount = 1 << 18
    private var lastObject: UInt64 = 0
    /// What ended the conversation; every later command gets the same answer.
    private var ending: AcceleratorError?

    public init(_ transport: any VenusTransport, commandBudget: UInt64) throws(AcceleratorError) {
        self.commandBudget = commandBudget
        self.transport = transport
        ring = try VenusRing.make(on: transport)
        guard let reply = try transport.makeBlob(id: 0, byteCount: VenusContext.replyByteCount) else {
            throw AcceleratorError(.outOfMemory, "the window has no room for replies")
        }
        self.reply = reply
    }

    /// An id for an object that the next command creates.
    func newObject() -> UInt64 {
        lastObject += 1
        return lastObject
    }

    /// Begins a command.
    func begin(_ command: UInt32, answered: Bool) -> VenusWriter {
        var w = VenusWriter(spare)
        spare = []
        w.words.removeAll(keepingCapacity: true)
        w.put(command)
        w.put(UInt32(answered ? 1 : 0))
        return w
    }

    /// Takes a command that wants no answer.
    func send(_ w: inout VenusWriter) throws(AcceleratorError) {
        if let ending { throw ending }
        try stage(w.words)
        spare = w.words
        w.words = []
    }

    /// Takes words as they are, true commands or not: for tests of what the host makes of them.
    public func sendForTest(_ words: [UInt32]) throws(AcceleratorError) {
        var w = VenusWriter(words)
        try send(&w)
    }

    /// Hands over everything gathered so far.
    public func flush() throws(AcceleratorError) {
        if let ending { throw ending }
        guard !gathered.isEmpty else { return }
        do throws(AcceleratorError) {
            _ = try ring.write(gathered, deadline: deadline)
        } catch {
            throw end(error)
        }
        gathered.removeAll(keepingCapacity: true)
    }

    /// Sends a command and waits for its reply, which begins with the command's id.
    func call(_ command: UInt32, _ w: inout VenusWriter) throws(AcceleratorError) -> VenusReader {
        if let ending { throw ending }
        var head = VenusWriter()
        head.put(VenusCommand.setReplyStream)
        head.put(UInt32(0))
        head.putPresent()
        head.put(reply.resource)
        head.put(UInt64(0))
        head.put(UInt64(reply.byteCount))
        do throws(AcceleratorError) {
            try gather(head.words)
            try stage(w.words)
            let sequence = try ring.write(gathered, deadline: deadline)
            gathered.removeAll(keepingCapacity: true)
            try ring.wait(for: sequence, deadline: deadline)
            if ring.isFatal { throw AcceleratorError(.deviceLost, "the host's decoder gave up on this context (ring status FATAL)") }
            recycle()
        } catch {
            throw end(error)
        }
        spare = w.words
        w.words = []
        var reader = VenusReader(address: reply.address, byteCount: reply.byteCount)
        let answered = reader.u32()
        guard answered == command else {
            throw end(AcceleratorError(.protocolViolation, "the reply to command \(command) says it is one to \(answered)"))
        }
        return reader
    }

    /// Reads the VkResult of a reply; throws where the call failed.
    func check(_ r: inout VenusReader, _ call: String) throws(AcceleratorError) -> VkResult {
        let result = VkResult(rawValue: r.i32())
        try result.check(call)
        return result
    }

    /// Throws where the reply was not what the call answers with.
    func finish(_ r: VenusReader, _ call: String) throws(AcceleratorError) {
        if let failure = r.failure {
            throw end(AcceleratorError(.protocolViolation, "the reply to \(call) is wrong at " + failure))
        }
    }

    /// Ends the conversation; the host frees all that belongs to it.
    public func close() {
        for blob in inUse { transport.free(blob) }
        inUse = []
        if let idle { transport.free(idle) }
        idle = nil
        transport.free(reply)
        ring.free()
        transport.close()
        _ = end(AcceleratorError(.deviceLost, "the connection to the device is closed"))
    }

    private var deadline: UInt64 { transport.nanoseconds + commandBudget }

    /// Passes an error on; one after which the two sides no longer agree ends the conversation.
    private func end(_ error: AcceleratorError) -> AcceleratorError {
        if ending == nil && error.needsReset { ending = error }
        return error
    }

    private func gather(_ words: [UInt32]) throws(AcceleratorError) {
        if (gathered.count + words.count) * 4 > VenusContext.largestInRing { try flush() }
        gathered.append(contentsOf: words)
    }

    /// Gathers a command; a large one is put into shared memory, and the command that executes it from there gathered.
    private func stage(_ words: [UInt32]) throws(AcceleratorError) {
        guard words.count * 4 > VenusContext.largestInRing else { return try gather(words) }
        let blob = try takeMemory(words.count * 4)
        for (index, word) in words.enumerated() { mmio_write32(blob.address + UInt(index * 4), word) }
        var w = VenusWriter()
        w.put(VenusCommand.executeStreams)
        w.put(UInt32(0))
        w.put(UInt32(1))
        w.putCount(1)
        w.put(blob.resource)
        w.put(UInt64(0))
        w.put(UInt64(words.count * 4))
        w.putNull()           // reply positions
        w.put(UInt32(0))      // dependencies
        w.putNull()
        w.put(UInt32(0))
        inUse.append(blob)
        try gather(w.words)
    }
}

// Memory of large commands
extension VenusContext {
    private func takeMemory(_ byteCount: Int) throws(AcceleratorError) -> VenusBlob {
        if let blob = idle, blob.byteCount >= byteCount {
            idle = nil
            return blob
        }
        guard let blob = try transport.makeBlob(id: 0, byteCount: max((byteCount + 4095) & ~4095, VenusContext.idleByteCount)) else {
            throw AcceleratorError(.outOfMemory, "the window has no room for a command of \(byteCount) bytes")
        }
        return blob
    }

    /// Keeps one piece for the next large command; called when the host has executed everything.
    private func recycle() {
        for blob in inUse {
            if idle == nil && blob.byteCount == VenusContext.idleByteCount { idle = blob } else { transport.free(blob) }
        }
        inUse = []
    }
}

extension VkResult {
    /// Throws where the result is an error, under the kind that says what to do about it.
    public func check(_ call: String) throws(AcceleratorError) {
        guard rawValue < 0 else { return }
        let kind: AcceleratorError.Kind
        switch self {
        case VK_ERROR_OUT_OF_HOST_MEMORY, VK_ERROR_OUT_OF_DEVICE_MEMORY, VK_ERROR_OUT_OF_POOL_MEMORY, VK_ERROR_TOO_MANY_OBJECTS:
            kind = .outOfMemory
        case VK_ERROR_DEVICE_LOST: kind = .deviceLost
        case VK_ERROR_INITIALIZATION_FAILED, VK_ERROR_INCOMPATIBLE_DRIVER, VK_ERROR_EXTENSION_NOT_PRESENT, VK_ERROR_FEATURE_NOT_PRESENT:
            kind = .unavailable
        default: kind = .callFailed
        }
        throw AcceleratorError(kind, "\(call) answered \(name)")
    }
}
