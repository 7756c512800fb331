// A split virtqueue (virtio 1.2, section 2.7). What the device writes is checked against a private record of what was
// submitted: a wrong index or length is an error and ends the queue, it never reaches memory.
import CPU

/// A piece of a buffer as the device sees it.
public struct DMASegment: Equatable {
    public let physical: UInt64
    public let byteCount: UInt32
    /// Who writes: false for what the driver sends, true for what the device fills.
    public let deviceWrites: Bool

    public init(physical: UInt64, byteCount: UInt32, deviceWrites: Bool) {
        self.physical = physical
        self.byteCount = byteCount
        self.deviceWrites = deviceWrites
    }
}

/// One queue. Not locked: its driver serialises the calls. Nothing allocates after `init`.
public final class Virtqueue {
    /// A buffer that the device has finished.
    public struct Completion: Equatable {
        /// What `submit` returned for it.
        public let token: UInt16
        /// Bytes that the device wrote, at most the capacity of the segments that it may write.
        public let written: Int
    }

    public let size: Int
    public let layout: VirtqueueLayout
    /// Descriptors that are free.
    public private(set) var freeCount: Int

    private let name: String
    private let environment: any DriverEnvironment
    private var memory: DMABuffer?
    private let descriptors: UInt, available: UInt, used: UInt
    /// The private record, one entry a descriptor: the next free or chained one, and for the head of a submitted chain
    /// its length (0: not a head) and writable capacity.
    private var next: [UInt16]
    private var chainLength: [UInt16]
    private var capacity: [UInt32]
    private var firstFree: UInt16 = 0
    private var availableIndex: UInt16 = 0
    private var usedIndex: UInt16 = 0
    private var isBroken = false

    private static let next: UInt16 = 1
    private static let write: UInt16 = 2

    /// `size` is a power of two, at most 32768.
    init(name: String, size: Int, _ environment: any DriverEnvironment) throws(DeviceError) {
        let availableOffset = 16 * size
        let usedOffset = (availableOffset + 6 + 2 * size + 3) & ~3
        let memory = try environment.allocateDMA(byteCount: usedOffset + 6 + 8 * size)
        self.name = name
        self.size = size
        self.environment = environment
        self.memory = memory
        layout = VirtqueueLayout(
            descriptors: memory.physical, available: memory.physical + UInt64(availableOffset), used: memory.physical + UInt64(usedOffset))
        descriptors = UInt(bitPattern: memory.base)
        available = descriptors + UInt(availableOffset)
        used = descriptors + UInt(usedOffset)
        freeCount = size
        next = []
        for index in 0..<size { next.append(UInt16(truncatingIfNeeded: index + 1)) }
        chainLength = [UInt16](repeating: 0, count: size)
        capacity = [UInt32](repeating: 0, count: size)
    }

    /// Puts one buffer of `count` segments in the queue; those that the device reads come before those that it writes.
    /// Returns the token that its completion will carry.
    public func submit(count: Int, _ segment: (Int) -> DMASegment) throws(DeviceError) -> UInt16 {
        guard !isBroken else { throw DeviceError(.closed, name, "the queue waits for a reset of its device") }
        guard count > 0, count <= freeCount else {
            throw DeviceError(.resourceExhausted, name, "\(count) descriptors are needed, \(freeCount) of \(size) are free")
        }
        let head = firstFree
        var index = head
        var writable: UInt64 = 0
        for position in 0..<count {
            let piece = segment(position)
            let entry = descriptors + 16 * UInt(index)
            let following = next[Int(index)]
            if piece.deviceWrites { writable += UInt64(piece.byteCount) }
            mmio_write64(entry, piece.physical)
            mmio_write32(entry + 8, piece.byteCount)
            mmio_write16(entry + 12, (piece.deviceWrites ? Self.write : 0) | (position + 1 < count ? Self.next : 0))
            mmio_write16(entry + 14, position + 1 < count ? following : 0)
            if position + 1 == count { firstFree = following } else { index = following }
        }
        freeCount -= count
        chainLength[Int(head)] = UInt16(count)
        capacity[Int(head)] = UInt32(clamping: writable)
        mmio_write16(available + 4 + 2 * UInt(Int(availableIndex) & (size - 1)), head)
        availableIndex &+= 1
        cpu_fence() // the buffer and its descriptors are seen before the index that publishes them
        mmio_write16(available + 2, availableIndex)
        return head
    }

    public func submit(_ segment: DMASegment) throws(DeviceError) -> UInt16 {
        try submit(count: 1) { _ in segment }
    }

    public func submit(_ segments: [DMASegment]) throws(DeviceError) -> UInt16 {
        try submit(count: segments.count) { segments[$0] }
    }

    /// Whether the device wants to be told of what was submitted (it may look by itself while it is busy).
    public var wantsNotification: Bool {
        cpu_fence()
        return mmio_read16(used) & 1 == 0
    }

    /// For tests: what the device gives back is not seen any more.
    func silence() { isSilent = true }
    private var isSilent = false

    /// Whether the device has reported something that `nextCompletion` has not returned yet.
    public var hasCompletion: Bool { mmio_read16(used + 2) != usedIndex }

    /// The next buffer that the device has finished, or nil.
    public func nextCompletion() throws(DeviceError) -> Completion? {
        guard !isBroken else { throw DeviceError(.closed, name, "the queue waits for a reset of its device") }
        let reported = mmio_read16(used + 2)
        guard reported != usedIndex, !isSilent else { return nil }
        guard Int(reported &- usedIndex) <= size else {
            throw violation("the used index \(reported) is not within \(size) of \(usedIndex)")
        }
        cpu_fence()
        let entry = used + 4 + 8 * UInt(Int(usedIndex) & (size - 1))
        let id = mmio_read32(entry)
        let written = mmio_read32(entry + 4)
        guard id < UInt32(size), chainLength[Int(id)] != 0 else { throw violation("descriptor \(id) was used, but is not outstanding") }
        guard written <= capacity[Int(id)] else {
            throw violation("\(written) bytes were written into a buffer of \(capacity[Int(id)])")
        }
        usedIndex &+= 1
        reclaim(UInt16(id))
        return Completion(token: UInt16(id), written: Int(written))
    }

    /// Overwrites the used index with one that cannot be, as a broken device might; for tests.
    func scribble() { mmio_write16(used + 2, usedIndex &+ UInt16(truncatingIfNeeded: size) &+ 77) }

    /// Asks the device not to interrupt while completions are being looked for anyway; a hint only.
    public func suppressInterrupts(_ suppress: Bool) {
        mmio_write16(available, suppress ? 1 : 0)
        if !suppress { cpu_fence() }
    }

    private func reclaim(_ head: UInt16) {
        let count = Int(chainLength[Int(head)])
        var last = head
        for _ in 1..<max(count, 1) { last = next[Int(last)] }
        next[Int(last)] = firstFree
        firstFree = head
        freeCount += count
        chainLength[Int(head)] = 0
    }

    private func violation(_ what: String) -> DeviceError {
        isBroken = true
        return DeviceError(.protocolViolation, name, what)
    }

    /// Gives the memory back; the device has been reset.
    func release() {
        isBroken = true
        if let memory { environment.freeDMA(memory) }
        memory = nil
    }
}
