// Frames out of a stream of bytes. After damage it looks for the next sound header, so that the link goes on.

/// Takes bytes as they come and yields frames, with memory for one frame only.
public final class FrameDecoder {
    public enum Event {
        case frame(FrameHeader)
        /// Reported once for each stretch of damaged bytes.
        case damaged(FrameDamage)
        /// Nothing until more bytes are appended.
        case needsBytes
    }

    private let buffer: UnsafeMutableRawBufferPointer
    /// The bytes not yet decoded are `start..<end`.
    private var start = 0, end = 0
    private var skipping = false
    private var payloadRange = 0..<0

    public init() {
        buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 2 * (FrameHeader.maximumPayload + FrameHeader.byteCount), alignment: 64)
    }

    deinit { buffer.deallocate() }

    /// Forgets everything: the peer is another.
    public func reset() {
        start = 0
        end = 0
        skipping = false
    }

    /// Where the next bytes go; never empty after `next` has said `needsBytes`.
    public func space() -> UnsafeMutableRawBufferPointer {
        if start > 0 {
            buffer.baseAddress!.copyMemory(from: buffer.baseAddress! + start, byteCount: end - start)
            end -= start
            start = 0
        }
        return UnsafeMutableRawBufferPointer(rebasing: buffer[end...])
    }

    /// `count` bytes were put into `space()`.
    public func append(_ count: Int) { end += count }

    /// The payload of the frame that `next` has just returned; valid until the next call of `next` or `space`.
    public var payload: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: buffer[payloadRange]) }

    /// The next frame, or what stands in its place.
    public func next() -> Event {
        while end - start >= FrameHeader.byteCount {
            let bytes = UnsafeRawBufferPointer(rebasing: buffer[start..<start + FrameHeader.byteCount])
            switch FrameHeader.parse(bytes) {
            case .header(let header):
                let total = FrameHeader.byteCount + header.payloadByteCount
                guard end - start >= total else { return .needsBytes }
                payloadRange = start + FrameHeader.byteCount..<start + total
                if crc32c(payload) == header.payloadChecksum {
                    start += total
                    skipping = false
                    return .frame(header)
                }
                // The length may be wrong by what was lost: the next frame may start within this payload.
                start += FrameHeader.byteCount
                skipping = true
                return .damaged(FrameDamage(.payloadChecksum, header))
            case .damaged(let damage):
                start += damage.header == nil ? 1 : FrameHeader.byteCount
                skipToMagic()
                if !skipping || damage.header != nil {
                    skipping = true
                    return .damaged(damage)
                }
            }
        }
        return .needsBytes
    }

    private func skipToMagic() {
        let first = UInt8(truncatingIfNeeded: FrameHeader.magic)
        while start < end, buffer[start] != first { start += 1 }
    }
}
