// One end of the link: messages over a stream of frames. Any task may send; one task runs `run` and hands on what arrives.
//
// A message is one frame of fields, and for large content a body that follows in `data` frames, mixed with the frames of
// other messages. A sender stays at most `window` bytes ahead of what the receiver has acknowledged, so that a transfer of
// 1 GiB never stands between a request and its answer.
import JaxPlatform

/// A message as it arrived: fields not decoded yet, the body whole.
public struct Message {
    public var kind: MessageKind
    public var isReply: Bool
    public var channel: UInt32
    public var request: UInt32
    public var fields: [UInt8]
    public var body: BodyBuffer?
}

/// What stands behind an end of the link. Called on the task that runs `Link.run`.
public protocol LinkHandler: AnyObject {
    /// Memory for the body of `message`, whose fields have arrived. Throws to refuse it.
    func destination(for message: Message, byteCount: Int) throws(JaxError) -> BodyBuffer
    /// A whole message.
    func received(_ message: Message)
    /// A reply whose body could not be taken.
    func replyFailed(channel: UInt32, request: UInt32, _ error: JaxError)
    /// The peer says that a frame of ours arrived damaged; request 0 where it cannot tell which.
    func peerReportedDamage(channel: UInt32, _ damage: Damage)
}

public final class Link {
    /// The largest body.
    public static let maximumBody: UInt64 = 1 << 30
    /// The most bytes of a body that are on their way: what is larger waits for the receiver.
    public static let window = 1 << 20
    /// How many bytes a receiver takes before it says so.
    static let creditStep = 1 << 18
    static let dataByteCount = FrameHeader.maximumPayload - 8
    /// Bodies that may arrive at the same time.
    static let maximumIncoming = 256

    private let stream: any ByteStream
    private unowned(unsafe) let handler: any LinkHandler
    private let decoder = FrameDecoder()
    private let writing: any Monitor
    private let scratch: UnsafeMutableRawBufferPointer
    /// Guards `outgoing` and `isClosed`.
    private let state: any Monitor
    private var outgoing: [OutgoingBody] = []
    public private(set) var isClosed = false
    private var incoming: [UInt64: IncomingBody] = [:]

    /// `handler` must live as long as the link.
    public init(_ stream: any ByteStream, _ concurrency: any Concurrency, handler: any LinkHandler) {
        self.stream = stream
        self.handler = handler
        writing = concurrency.makeMonitor()
        state = concurrency.makeMonitor()
        scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: FrameHeader.byteCount + FrameHeader.maximumPayload, alignment: 64)
    }

    deinit { scratch.deallocate() }

    // MARK: Sending

    /// Sends a message. With a body, waits until its last byte has been written.
    /// Throws `deviceError` when the link is closed, `cancelled` when the receiver gave up the body.
    public func send(_ kind: MessageKind, isReply: Bool, channel: UInt32, request: UInt32, fields: [UInt8],
                     body: BodyBuffer? = nil) throws(JaxError) {
        guard let body else {
            try write(kind, isReply ? .reply : [], channel, request, fields)
            return
        }
        let transfer = OutgoingBody(channel: channel, request: request, isReply: isReply)
        hold(state) { outgoing.append(transfer) }
        defer { hold(state) { outgoing.removeAll { $0 === transfer } } }
        var head = UInt64(body.bytes.count)
        var prefixed: [UInt8] = []
        for _ in 0..<8 {
            prefixed.append(UInt8(truncatingIfNeeded: head))
            head >>= 8
        }
        prefixed += fields
        try write(kind, isReply ? [.reply, .body] : .body, channel, request, prefixed)
        var offset = 0
        while offset < body.bytes.count {
            let count = min(Link.dataByteCount, body.bytes.count - offset)
            try waitForCredit(transfer, upTo: offset + count)
            try writeData(transfer, offset, UnsafeRawBufferPointer(rebasing: body.bytes[offset..<offset + count]))
            offset += count
        }
    }

    /// Answers a request by an error. A link that has closed meanwhile needs no answer.
    public func fail(channel: UInt32, request: UInt32, _ error: JaxError) {
        do throws(JaxError) {
            try send(.failure, isReply: true, channel: channel, request: request, fields: Failure(error).encoded())
        } catch {}
    }

    /// Stops sending bodies: all of a channel's, or the reply to one request.
    public func abandonBodies(channel: UInt32, request: UInt32? = nil) {
        abandon { $0.channel == channel && (request == nil || $0.request == request && $0.isReply) }
    }

    private func abandon(where isMeant: (OutgoingBody) -> Bool) {
        hold(state) {
            for transfer in outgoing where isMeant(transfer) { transfer.isAbandoned = true }
            state.notifyAll()
        }
    }

    /// Wakes whoever waits to send: nothing will arrive any more.
    public func close() {
        hold(state) {
            isClosed = true
            state.notifyAll()
        }
    }

    private func waitForCredit(_ transfer: OutgoingBody, upTo end: Int) throws(JaxError) {
        state.enter()
        defer { state.leave() }
        while end > transfer.acknowledged + Link.window, !transfer.isAbandoned, !isClosed { state.wait() }
        if transfer.isAbandoned { throw JaxError(.cancelled, "the receiver gave up the transfer") }
        if isClosed { throw JaxError(.deviceError, "the link is closed") }
    }

    private func write(_ kind: MessageKind, _ flags: FrameHeader.Flags, _ channel: UInt32, _ request: UInt32,
                       _ payload: [UInt8]) throws(JaxError) {
        guard payload.count <= FrameHeader.maximumPayload else {
            throw JaxError(.valueError, "a message's fields take \(payload.count) bytes; at most \(FrameHeader.maximumPayload) fit")
        }
        writing.enter()
        defer { writing.leave() }
        UnsafeMutableRawBufferPointer(rebasing: scratch[FrameHeader.byteCount...]).copyBytes(from: payload)
        try flush(FrameHeader(kind: kind.rawValue, flags: flags, channel: channel, request: request, payloadByteCount: payload.count))
    }

    private func writeData(_ transfer: OutgoingBody, _ offset: Int, _ bytes: UnsafeRawBufferPointer) throws(JaxError) {
        writing.enter()
        defer { writing.leave() }
        scratch.storeBytes(of: UInt64(offset).littleEndian, toByteOffset: FrameHeader.byteCount, as: UInt64.self)
        UnsafeMutableRawBufferPointer(rebasing: scratch[(FrameHeader.byteCount + 8)...]).copyMemory(from: bytes)
        try flush(FrameHeader(kind: MessageKind.data.rawValue, flags: transfer.isReply ? .reply : [], channel: transfer.channel,
                              request: transfer.request, payloadByteCount: bytes.count + 8))
    }

    /// Writes the frame whose payload stands in `scratch`.
    private func flush(_ header: FrameHeader) throws(JaxError) {
        if isClosed { throw JaxError(.deviceError, "the link is closed") }
        var header = header
        let end = FrameHeader.byteCount + header.payloadByteCount
        header.payloadChecksum = crc32c(UnsafeRawBufferPointer(rebasing: scratch[FrameHeader.byteCount..<end]))
        header.store(to: UnsafeMutableRawBufferPointer(rebasing: scratch[..<FrameHeader.byteCount]))
        try stream.write(UnsafeRawBufferPointer(rebasing: scratch[..<end]))
    }

    // MARK: Receiving

    /// Reads frames and hands messages to the handler until the stream ends. Then the link is closed, unless
    /// `reopens`: the next peer starts afresh.
    public func run(reopens: Bool = false) throws(JaxError) {
        defer {
            incoming = [:]
            decoder.reset()
            if !reopens { close() }
        }
        while true {
            switch decoder.next() {
            case .needsBytes:
                let count = try stream.read(into: decoder.space())
                if count == 0 { return }
                decoder.append(count)
            case .damaged(let damage):
                answer(damage)
            case .frame(let header):
                handle(header)
            }
        }
    }

    private func answer(_ damage: FrameDamage) {
        do throws(JaxError) {
            try write(.damage, .reply, damage.header?.channel ?? 0, 0, Damage(damage).encoded())
        } catch {}
    }

    private func handle(_ header: FrameHeader) {
        let isReply = header.flags.contains(.reply)
        guard let kind = MessageKind(rawValue: header.kind) else {
            if !isReply {
                fail(channel: header.channel, request: header.request,
                     JaxError(.notImplemented, "there is no message of kind \(header.kind)"))
            }
            return
        }
        switch kind {
        case .data: takeData(header)
        case .credit: takeCredit(header)
        case .damage:
            if let damage = decoded(Damage.self) { handler.peerReportedDamage(channel: header.channel, damage) }
        default: begin(kind, header)
        }
    }

    private func decoded<F: Fields>(_ type: F.Type) -> F? {
        do throws(JaxError) { return try F(decoding: Array(decoder.payload)) } catch { return nil }
    }

    /// The fields of a message; the message itself where it has no body.
    private func begin(_ kind: MessageKind, _ header: FrameHeader) {
        let isReply = header.flags.contains(.reply)
        if kind == .failure {
            // The peer takes no more of a request's body, or of a reply's; and what it had begun to send as its reply ends here.
            abandon { $0.channel == header.channel && $0.request == header.request && $0.isReply != isReply }
            incoming[Link.key(header)] = nil
            if !isReply { return }
        }
        let payload = decoder.payload
        let hasBody = header.flags.contains(.body)
        let prefix = hasBody ? 8 : 0
        do throws(JaxError) {
            guard payload.count >= prefix else { throw JaxError(.malformed, "a message with a body must begin with its size", offset: 0) }
            var message = Message(kind: kind, isReply: isReply, channel: header.channel, request: header.request,
                                  fields: Array(payload[prefix...]))
            if hasBody {
                let size = UInt64(littleEndian: payload.loadUnaligned(as: UInt64.self))
                guard size <= Link.maximumBody else {
                    throw JaxError(.resourceExhausted,
                                   "a body of \(size) bytes is too large; at most \(Link.maximumBody) bytes are accepted")
                }
                guard incoming.count < Link.maximumIncoming else {
                    throw JaxError(.resourceExhausted, "\(Link.maximumIncoming) transfers are under way already")
                }
                let key = Link.key(header)
                guard incoming[key] == nil else { throw JaxError(.malformed, "request \(header.request) is being received already") }
                let body = try handler.destination(for: message, byteCount: Int(size))
                guard body.bytes.count == Int(size) else { throw JaxError(.internalError, "the body's memory has the wrong size") }
                message.body = body
                if size > 0 {
                    incoming[key] = IncomingBody(message, body)
                    return
                }
            }
            handler.received(message)
        } catch {
            refuse(header, error)
        }
    }

    private func refuse(_ header: FrameHeader, _ error: JaxError) {
        if header.flags.contains(.reply) {
            handler.replyFailed(channel: header.channel, request: header.request, error)
            do throws(JaxError) {
                try send(.failure, isReply: false, channel: header.channel, request: header.request, fields: Failure(error).encoded())
            } catch {}
        } else {
            fail(channel: header.channel, request: header.request, error)
        }
    }

    private func takeData(_ header: FrameHeader) {
        let key = Link.key(header)
        // Data of a transfer that was refused is still on its way for a while.
        guard let transfer = incoming[key] else { return }
        let payload = decoder.payload
        let offset = payload.count >= 8 ? UInt64(littleEndian: payload.loadUnaligned(as: UInt64.self)) : UInt64.max
        let count = payload.count - 8
        guard offset == UInt64(transfer.received), count <= transfer.body.bytes.count - transfer.received else {
            incoming[key] = nil
            refuse(header, JaxError(.malformed, "a transfer went on at byte \(offset), expected byte \(transfer.received)"))
            return
        }
        (transfer.body.bytes.baseAddress! + transfer.received).copyMemory(from: payload.baseAddress! + 8, byteCount: count)
        transfer.received += count
        if transfer.received == transfer.body.bytes.count {
            incoming[key] = nil
            handler.received(transfer.message)
        } else if transfer.received - transfer.acknowledged >= Link.creditStep {
            transfer.acknowledged = transfer.received
            do throws(JaxError) {
                try write(.credit, header.flags.intersection(.reply), header.channel, header.request, Link.number(transfer.received))
            } catch {}
        }
    }

    private func takeCredit(_ header: FrameHeader) {
        guard decoder.payload.count == 8 else { return }
        let count = UInt64(littleEndian: decoder.payload.loadUnaligned(as: UInt64.self))
        let isReply = header.flags.contains(.reply)
        hold(state) {
            for transfer in outgoing where transfer.channel == header.channel
                && transfer.request == header.request && transfer.isReply == isReply {
                transfer.acknowledged = max(transfer.acknowledged, Int(min(count, Link.maximumBody)))
            }
            state.notifyAll()
        }
    }

    /// Forgets what a channel had begun to send.
    public func forgetIncoming(channel: UInt32) {
        for key in Array(incoming.keys) where UInt32(truncatingIfNeeded: key >> 32) & 0x7FFF_FFFF == channel { incoming[key] = nil }
    }

    /// Channels have 31 bits here; the highest bit tells replies from requests.
    private static func key(_ header: FrameHeader) -> UInt64 {
        UInt64(header.channel & 0x7FFF_FFFF) << 32 | UInt64(header.request) | (header.flags.contains(.reply) ? 1 << 63 : 0)
    }

    private static func number(_ value: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        for shift in 0..<8 { bytes.append(UInt8(truncatingIfNeeded: value >> (8 * shift))) }
        return bytes
    }
}

private final class OutgoingBody {
    let channel: UInt32, request: UInt32, isReply: Bool
    var acknowledged = 0
    var isAbandoned = false

    init(channel: UInt32, request: UInt32, isReply: Bool) {
        self.channel = channel
        self.request = request
        self.isReply = isReply
    }
}

private final class IncomingBody {
    let message: Message
    let body: BodyBuffer
    var received = 0, acknowledged = 0

    init(_ message: Message, _ body: BodyBuffer) {
        self.message = message
        self.body = body
    }
}
