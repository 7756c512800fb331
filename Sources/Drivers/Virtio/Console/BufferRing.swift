// Buffers of equal size with the queue that they travel through: a receiving ring keeps all of them posted at the
// device, a sending ring hands out free ones.

/// Equal buffers in one stretch of DMA memory, each in one descriptor of one queue.
final class BufferRing {
    let queue: Virtqueue
    let bufferByteCount: Int
    let count: Int
    private let memory: DMABuffer
    private let environment: any DriverEnvironment
    /// The buffer that each outstanding descriptor carries.
    private var bufferOfToken: [Int]
    private var free: [Int]

    /// At most as many buffers as the queue has descriptors.
    init(_ queue: Virtqueue, count: Int, bufferByteCount: Int, _ environment: any DriverEnvironment) throws(DeviceError) {
        self.queue = queue
        self.count = min(count, queue.size)
        self.bufferByteCount = bufferByteCount
        self.environment = environment
        memory = try environment.allocateDMA(byteCount: self.count * bufferByteCount)
        bufferOfToken = [Int](repeating: -1, count: queue.size)
        free = []
        free.reserveCapacity(self.count)
        for index in 0..<self.count { free.append(self.count - 1 - index) }
    }

    var freeCount: Int { free.count }

    func bytes(_ buffer: Int) -> UnsafeMutableRawBufferPointer {
        UnsafeMutableRawBufferPointer(start: memory.base + buffer * bufferByteCount, count: bufferByteCount)
    }

    /// A buffer that the device does not hold.
    func takeFree() -> Int? { free.popLast() }

    /// Hands `byteCount` bytes of a buffer to the device: for it to write, or to read.
    func submit(_ buffer: Int, byteCount: Int, deviceWrites: Bool) throws(DeviceError) {
        let token = try queue.submit(DMASegment(
            physical: memory.physical + UInt64(buffer * bufferByteCount), byteCount: UInt32(byteCount), deviceWrites: deviceWrites))
        bufferOfToken[Int(token)] = buffer
    }

    /// The next buffer that the device gave back, with the bytes that it wrote. It is the caller's until `release`.
    func nextCompleted() throws(DeviceError) -> (buffer: Int, written: Int)? {
        guard let completion = try queue.nextCompletion() else { return nil }
        return (bufferOfToken[Int(completion.token)], completion.written)
    }

    func release(_ buffer: Int) { free.append(buffer) }

    /// Gives the memory back; the device has been reset.
    func deallocate() { environment.freeDMA(memory) }
}
