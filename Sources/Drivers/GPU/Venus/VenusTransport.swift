// The seam beneath Venus: shared memory, a way to hand over commands beside the ring, and a way to sleep. virtio-gpu
// implements it on the machine, a Unix socket to virgl_test_server in hosted tests.
import JaxPlatform

/// What the host says of its Venus (capability set 4).
public struct VenusCapset {
    public var wireFormatVersion: UInt32
    public var vulkanXMLVersion: UInt32
    /// Whether the host says that plain shared memory can be asked for as blob 0; it always could.
    public var supportsBlobZero: Bool
    /// Whether fences can be bound to queues.
    public var supportsTimelines: Bool

    public init(wireFormatVersion: UInt32, vulkanXMLVersion: UInt32, supportsBlobZero: Bool, supportsTimelines: Bool) {
        self.wireFormatVersion = wireFormatVersion
        self.vulkanXMLVersion = vulkanXMLVersion
        self.supportsBlobZero = supportsBlobZero
        self.supportsTimelines = supportsTimelines
    }

    /// The words that matter; the set may be longer.
    public static let wordCount = 39

    /// Reads the words of the set: wire format, registry version, two specification versions, blob 0, 32 words of
    /// extensions, whether waits may block, whether fences have timelines. nil if there are too few.
    public init?(words: [UInt32]) {
        guard words.count >= VenusCapset.wordCount else { return nil }
        self.init(wireFormatVersion: words[0], vulkanXMLVersion: words[1],
                  supportsBlobZero: words[4] != 0, supportsTimelines: words[38] != 0)
    }
}

/// Memory that guest and host share.
public struct VenusBlob {
    public let resource: UInt32
    public let address: UInt
    public let byteCount: Int

    public init(resource: UInt32, address: UInt, byteCount: Int) {
        self.resource = resource
        self.address = address
        self.byteCount = byteCount
    }
}

/// One Venus context on the host.
public protocol VenusTransport: AnyObject {
    var capset: VenusCapset { get }

    /// Makes and maps shared memory: plain memory for `id` 0, else the device memory with that object id, which can be
    /// shared once. nil where the window has no room for it.
    func makeBlob(id: UInt64, byteCount: Int) throws(AcceleratorError) -> VenusBlob?

    /// Unmaps and gives back.
    func free(_ blob: VenusBlob)

    /// Hands commands to the decoder, beside the ring and in no order with it.
    func submit(_ words: [UInt32]) throws(AcceleratorError)

    /// Asks for an interrupt when the work that the queue of that timeline has now is done.
    func requestInterrupt(timeline: UInt8) throws(AcceleratorError)

    /// Whether the memory of the context's blobs is still its own: false after a reset of the device beneath.
    var isConnected: Bool { get }

    /// Whether the host's side of the context still answers; asked when a command takes long.
    func isAlive() -> Bool

    var nanoseconds: UInt64 { get }

    /// Sleeps until an interrupt of the device, or until `deadline`; may return early.
    func sleep(until deadline: UInt64)

    /// Ends the context; the transport is of no use afterwards.
    func close()
}
