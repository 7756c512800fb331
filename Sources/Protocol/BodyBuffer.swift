// Memory for a message's body.
import JaxPlatform

/// Up to 1 GiB of bytes that belong to one message.
public final class BodyBuffer {
    public let bytes: UnsafeMutableRawBufferPointer
    /// Keeps memory alive that is another object's; nil where the buffer owns it.
    public let owner: AnyObject?

    /// Uninitialised memory of the platform. Throws `resourceExhausted` without it.
    public init(byteCount: Int) throws(JaxError) {
        guard let base = platform.allocate(byteCount: byteCount) else {
            throw JaxError(.resourceExhausted, "out of memory for a message of \(byteCount) bytes")
        }
        bytes = UnsafeMutableRawBufferPointer(start: base, count: byteCount)
        owner = nil
    }

    /// Memory of `owner`.
    public init(_ bytes: UnsafeMutableRawBufferPointer, of owner: AnyObject) {
        self.bytes = bytes
        self.owner = owner
    }

    /// A copy of text or other small data.
    public convenience init<Bytes: Collection>(copying source: Bytes) throws(JaxError) where Bytes.Element == UInt8 {
        try self.init(byteCount: source.count)
        bytes.copyBytes(from: source)
    }

    deinit {
        if owner == nil { platform.deallocate(bytes.baseAddress!, byteCount: bytes.count) }
    }

    /// The bytes as text; invalid UTF-8 becomes replacement characters.
    public var text: String { String(decoding: bytes, as: UTF8.self) }
}
