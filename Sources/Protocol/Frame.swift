// A frame: what travels over the link in one piece. 32 bytes of header, little endian, and up to 64 KiB of payload.
//
//    0 u32 magic "BJX\u{F7}"      16 u32 payload bytes
//    4 u8  version                20 u32 CRC-32C of the payload
//    5 u8  kind (MessageKind)     24 u32 zero
//    6 u16 flags                  28 u32 CRC-32C of bytes 0–27
//    8 u32 channel
//   12 u32 request

/// The header of a frame.
public struct FrameHeader: Equatable {
    public struct Flags: OptionSet, Equatable {
        public let rawValue: UInt16

        public init(rawValue: UInt16) { self.rawValue = rawValue }

        /// Answers the request with this number, which the receiver made.
        public static let reply = Flags(rawValue: 1)
        /// A message whose fields start with a u64: the bytes of the body that follows in `data` frames.
        public static let body = Flags(rawValue: 2)

        static let known: Flags = [.reply, .body]
    }

    /// Bytes of a header.
    public static let byteCount = 32
    static let magic: UInt32 = 0xF758_4A42
    /// The one version of the protocol so far. Frames of another are answered by an error.
    public static let version: UInt8 = 1
    /// The most bytes that a payload may have: with its header a frame fills one buffer of the machine's port.
    public static let maximumPayload = 65536 - byteCount

    public var kind: UInt8
    public var flags: Flags
    /// Which of the programs on the host that share the link; 0 is the one that owns the machine.
    public var channel: UInt32
    /// Numbers count up from 1 in each direction and channel; 0 stands for no request.
    public var request: UInt32
    public var payloadByteCount: Int
    var payloadChecksum: UInt32 = 0

    public init(kind: UInt8, flags: Flags = [], channel: UInt32, request: UInt32, payloadByteCount: Int) {
        self.kind = kind
        self.flags = flags
        self.channel = channel
        self.request = request
        self.payloadByteCount = payloadByteCount
    }

    /// Writes the header into its 32 bytes; `payloadChecksum` has been set.
    func store(to bytes: UnsafeMutableRawBufferPointer) {
        func put(_ value: UInt32, _ offset: Int) { bytes.storeBytes(of: value.littleEndian, toByteOffset: offset, as: UInt32.self) }
        put(FrameHeader.magic, 0)
        bytes[4] = FrameHeader.version
        bytes[5] = kind
        bytes.storeBytes(of: flags.rawValue.littleEndian, toByteOffset: 6, as: UInt16.self)
        put(channel, 8)
        put(request, 12)
        put(UInt32(payloadByteCount), 16)
        put(payloadChecksum, 20)
        put(0, 24)
        put(crc32c(UnsafeRawBufferPointer(rebasing: bytes[0..<28])), 28)
    }

    /// What 32 bytes turn out to be.
    enum Parsed {
        case header(FrameHeader)
        case damaged(FrameDamage)
    }

    static func parse(_ bytes: UnsafeRawBufferPointer) -> Parsed {
        func get(_ offset: Int) -> UInt32 { UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self)) }
        guard get(0) == magic else { return .damaged(FrameDamage(.noMagic)) }
        guard get(28) == crc32c(UnsafeRawBufferPointer(rebasing: bytes[0..<28])) else { return .damaged(FrameDamage(.headerChecksum)) }
        // From here on the header is what the peer meant, so that the error can name the request.
        let rawFlags = UInt16(littleEndian: bytes.loadUnaligned(fromByteOffset: 6, as: UInt16.self))
        let length = get(16)
        var header = FrameHeader(kind: bytes[5], flags: Flags(rawValue: rawFlags), channel: get(8), request: get(12),
                                 payloadByteCount: Int(length))
        header.payloadChecksum = get(20)
        guard bytes[4] == version else { return .damaged(FrameDamage(.version, header)) }
        guard length <= maximumPayload else { return .damaged(FrameDamage(.oversized, header)) }
        guard Flags.known.isSuperset(of: header.flags), get(24) == 0 else { return .damaged(FrameDamage(.reservedBits, header)) }
        return .header(header)
    }
}

/// A stretch of the stream that is not a frame.
public struct FrameDamage {
    public enum Reason: UInt8 {
        case noMagic, headerChecksum, version, oversized, reservedBits, payloadChecksum

        /// What an error says of it.
        public var text: String {
            switch self {
            case .noMagic: return "bytes that are no frame"
            case .headerChecksum: return "a frame header whose checksum is wrong"
            case .version: return "a frame of another protocol version; this one is \(FrameHeader.version)"
            case .oversized: return "a frame with more than \(FrameHeader.maximumPayload) bytes of payload"
            case .reservedBits: return "a frame with reserved bits set"
            case .payloadChecksum: return "a payload whose checksum is wrong"
            }
        }
    }

    public var reason: Reason
    /// The header, where it is whole.
    public var header: FrameHeader?

    init(_ reason: Reason, _ header: FrameHeader? = nil) {
        self.reason = reason
        self.header = header
    }
}

extension FrameHeader {
    /// The whole frame as bytes, checksums included; `payload` has `payloadByteCount` bytes.
    public func frame(_ payload: UnsafeRawBufferPointer) -> [UInt8] {
        var header = self
        header.payloadByteCount = payload.count
        header.payloadChecksum = crc32c(payload)
        var bytes = [UInt8](repeating: 0, count: FrameHeader.byteCount)
        bytes.reserveCapacity(FrameHeader.byteCount + payload.count)
        bytes.withUnsafeMutableBytes { header.store(to: $0) }
        bytes.append(contentsOf: payload)
        return bytes
    }
}
