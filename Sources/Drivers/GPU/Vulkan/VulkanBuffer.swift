// A buffer of the seam over a region of device memory. Where the machine can see the memory it copies directly; else the
// bytes pass through a staging region that it can see.
import JaxPlatform

final class VulkanBuffer: VulkanObject, AcceleratorBuffer {
    /// The largest piece that passes through staging at once.
    static let stagingByteCount = 1 << 20

    let byteCount: Int
    let region: VulkanRegion
    /// Lists that name this buffer; its memory stays until the last of them is gone.
    private var holders = 0
    private var isReleased = false

    init(_ device: VulkanDevice, _ region: VulkanRegion, name: String, byteCount: Int, owner: AcceleratorOwner) {
        self.byteCount = byteCount
        self.region = region
        super.init(device, name: name, owner: owner)
    }

    override var lossKind: AcceleratorError.Kind { .bufferLost }

    var deviceAddress: UInt64 {
        get throws(AcceleratorError) {
            device.access.enter()
            defer { device.access.leave() }
            try validate()
            guard let address = region.block.deviceAddress else {
                throw AcceleratorError(.unavailable, "buffer '\(name)' has no address on this device")
            }
            return address + UInt64(region.offset)
        }
    }

    func hold() { holders += 1 }

    func letGo() throws(AcceleratorError) {
        holders -= 1
        if isReleased && holders == 0 { try device.heap.free(region) }
    }

    override func release() throws(AcceleratorError) {
        device.ledger.removeBuffer(byteCount, owner)
        isReleased = true
        if holders == 0 { try device.heap.free(region) }
    }

    func write(_ source: UnsafeRawBufferPointer, at offset: Int) throws(AcceleratorError) {
        device.access.enter()
        defer { device.access.leave() }
        try validate()
        guard let bytes = source.baseAddress, source.count > 0 else { return }
        try BufferView(self, offset: offset, byteCount: source.count).validate(alignment: 1)
        do throws(AcceleratorError) {
            if let target = try device.heap.map(region) {
                (target + offset).copyMemory(from: bytes, byteCount: source.count)
            } else {
                try eachPiece(source.count) { (staging, done, count, run) throws(AcceleratorError) in
                    staging.copyMemory(from: bytes + done, byteCount: count)
                    try run(true, offset + done)
                }
            }
        } catch {
            throw device.noting(error)
        }
        device.ledger.bytesWritten += source.count
    }

    func read(into destination: UnsafeMutableRawBufferPointer, at offset: Int) throws(AcceleratorError) {
        device.access.enter()
        defer { device.access.leave() }
        try validate()
        guard let bytes = destination.baseAddress, destination.count > 0 else { return }
        try BufferView(self, offset: offset, byteCount: destination.count).validate(alignment: 1)
        do throws(AcceleratorError) {
            if let source = try device.heap.map(region) {
                bytes.copyMemory(from: source + offset, byteCount: destination.count)
            } else {
                try eachPiece(destination.count) { (staging, done, count, run) throws(AcceleratorError) in
                    try run(false, offset + done)
                    (bytes + done).copyMemory(from: staging, byteCount: count)
                }
            }
        } catch {
            throw device.noting(error)
        }
        device.ledger.bytesRead += destination.count
    }

    private typealias Copy = (_ toDevice: Bool, _ offset: Int) throws(AcceleratorError) -> Void

    /// Calls `body` with staging memory, the bytes already done, the bytes of this piece, and what copies the piece.
    private func eachPiece(
        _ count: Int, _ body: (UnsafeMutableRawPointer, Int, Int, Copy) throws(AcceleratorError) -> Void
    ) throws(AcceleratorError) {
        let staging = try device.heap.allocate(min(count, VulkanBuffer.stagingByteCount), .host)
        do throws(AcceleratorError) {
            guard let memory = try device.heap.map(staging) else {
                throw AcceleratorError(.outOfMemory, "the window has no room to copy to or from buffer '\(name)'")
            }
            var done = 0
            while done < count {
                let piece = min(count - done, VulkanBuffer.stagingByteCount)
                try body(memory, done, piece) { (toDevice, offset) throws(AcceleratorError) in
                    let inner = VulkanRegion(block: self.region.block, offset: self.region.offset + offset, byteCount: piece)
                    try self.device.transfer.run(self.device, from: toDevice ? staging : inner,
                                                 to: toDevice ? inner : staging, byteCount: piece)
                }
                done += piece
            }
        } catch {
            if !error.needsReset { try device.heap.free(staging) }
            throw error
        }
        try device.heap.free(staging)
    }
}
