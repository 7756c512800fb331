// The host's end of the link: sends requests without waiting, matches the replies, hands on events.
import Glibc
import JaxPlatform
import WireProtocol

/// A conversation with a machine. Requests may come from any thread; they are pipelined.
public final class Client: LinkHandler {
    /// Called on the reading thread.
    public var onLog: (String) -> Void = { _ in }
    private let stream: SocketStream
    private var link: Link!
    private let monitor = ThreadMonitor()
    private var pending: [UInt32: PendingReply] = [:]
    private var nextRequest: UInt32 = 1
    private var nextHandle: UInt64 = 1
    private var closingError: JaxError?
    private let files: SharedFolder?
    /// File requests that are being answered; a machine that asks for more at once is refused.
    private var filesUnderWay = 0
    private static let maximumFilesUnderWay = 16, maximumPiece = 16 << 20

    /// Starts to read. `files` answers the machine's own requests.
    public init(_ stream: SocketStream, files: SharedFolder? = nil) {
        self.stream = stream
        self.files = files
        let threads = Threads()
        link = Link(stream, threads, handler: self)
        threads.spawn("link") { [self] in
            do throws(JaxError) {
                try link.run()
                end(JaxError(.deviceError, "the machine closed the link"))
            } catch {
                end(error)
            }
        }
    }

    /// Whether the link has ended.
    public var isClosed: Bool { hold(monitor) { closingError != nil } }

    /// Closes the link; what is under way fails.
    public func close() {
        stream.shutDown()
    }

    /// Numbers for `count` new objects.
    public func newHandles(_ count: Int = 1) -> UInt64 {
        hold(monitor) {
            nextHandle += UInt64(count)
            return nextHandle - UInt64(count)
        }
    }

    // MARK: Requests

    /// A request on its way.
    public struct Call<R: Request> {
        let reply: PendingReply
        let client: Client

        /// Waits for the reply. Throws the machine's error, or that the link ended.
        public func wait() throws(JaxError) -> R.Reply { try waitWithBody().reply }

        /// The same with the reply's body.
        public func waitWithBody(seconds: Double? = nil) throws(JaxError) -> (reply: R.Reply, body: BodyBuffer?) {
            let message = try client.wait(reply, seconds: seconds)
            return (try R.Reply(decoding: message.fields), message.body)
        }

        /// Asks the machine to end it.
        public func cancel() throws(JaxError) { _ = try client.start(Cancel(request: reply.number), channel: reply.channel) }
    }

    /// Sends a request; returns when it, body included, has been written. `onOutput` gets what it prints, `onProgress` how
    /// far it is, both on the reading thread. The work of several channels is done side by side; over a shared socket there
    /// is one channel only.
    public func start<R: Request>(_ request: R, body: BodyBuffer? = nil, channel: UInt32 = 0,
                                  onOutput: @escaping ([UInt8]) -> Void = { _ in },
                                  onProgress: @escaping (Progress) -> Void = { _ in }) throws(JaxError) -> Call<R> {
        let reply = PendingReply(channel: channel, onOutput: onOutput, onProgress: onProgress)
        monitor.enter()
        if let closingError {
            monitor.leave()
            throw closingError
        }
        reply.number = nextRequest
        nextRequest &+= nextRequest == UInt32.max ? 2 : 1
        pending[reply.number] = reply
        monitor.leave()
        do throws(JaxError) {
            try link.send(R.kind, isReply: false, channel: channel, request: reply.number, fields: request.encoded(), body: body)
        } catch {
            // A body that the machine refused: its answer says why.
            if error.kind != .cancelled { finish(reply.number, .failure(closingError ?? error)) }
        }
        return Call(reply: reply, client: self)
    }

    fileprivate func wait(_ reply: PendingReply, seconds: Double?) throws(JaxError) -> Message {
        monitor.enter()
        defer { monitor.leave() }
        while true {
            switch reply.outcome {
            case .success(let message): return message
            case .failure(let error): throw error
            case nil: break
            }
            if let seconds {
                if !monitor.wait(seconds: seconds), reply.outcome == nil {
                    throw JaxError(.deviceError, "the machine did not answer within \(Int(seconds)) s")
                }
            } else {
                monitor.wait()
            }
        }
    }

    private func finish(_ number: UInt32, _ outcome: Result<Message, JaxError>) {
        hold(monitor) {
            guard let reply = pending.removeValue(forKey: number) else { return }
            reply.outcome = outcome
            monitor.notifyAll()
        }
    }

    private func end(_ error: JaxError) {
        hold(monitor) {
            // The first reason is the true one.
            if closingError == nil { closingError = error }
            for reply in pending.values { reply.outcome = .failure(error) }
            pending = [:]
            monitor.notifyAll()
        }
    }

    // MARK: What arrives

    public func destination(for message: Message, byteCount: Int) throws(JaxError) -> BodyBuffer {
        guard message.isReply, hold(monitor, { pending[message.request] != nil }) else {
            throw JaxError(.malformed, "the machine sent a body that nobody asked for")
        }
        return try BodyBuffer(byteCount: byteCount)
    }

    public func received(_ message: Message) {
        switch message.kind {
        case .failure where message.isReply:
            do throws(JaxError) {
                finish(message.request, .failure(try Failure(decoding: message.fields).error))
            } catch {
                finish(message.request, .failure(error))
            }
        case .output:
            guard let reply = hold(monitor, { pending[message.request] }),
                  let output = try? Output(decoding: message.fields) else { return }
            reply.onOutput(output.text)
        case .ended:
            end(JaxError(.deviceError, (try? LogLine(decoding: message.fields))?.line ?? "the machine ended"))
        case .log:
            if let line = try? LogLine(decoding: message.fields) { onLog(line.line) }
        case .progress:
            guard let reply = hold(monitor, { pending[message.request] }),
                  let progress = try? Progress(decoding: message.fields) else { return }
            reply.onProgress(progress)
        case .readFile where !message.isReply:
            answerFile(message)
        default:
            if message.isReply {
                finish(message.request, .success(message))
            } else {
                link.fail(channel: message.channel, request: message.request, JaxError(.notImplemented, "the host takes no such request"))
            }
        }
    }

    public func replyFailed(channel: UInt32, request: UInt32, _ error: JaxError) {
        finish(request, .failure(error))
    }

    public func peerReportedDamage(channel: UInt32, _ damage: Damage) {
        let error = JaxError(.deviceError, "the machine says: " + damage.text)
        if damage.request != 0 {
            finish(damage.request, .failure(error))
        } else {
            for number in hold(monitor, { Array(pending.keys) }) { finish(number, .failure(error)) }
        }
    }

    /// On a thread of its own: the reply's body waits for credit, which the reading thread brings.
    private func answerFile(_ message: Message) {
        guard hold(monitor, { filesUnderWay < Client.maximumFilesUnderWay }) else {
            link.fail(channel: message.channel, request: message.request,
                      JaxError(.resourceExhausted, "\(Client.maximumFilesUnderWay) files are being read already"))
            return
        }
        hold(monitor) { filesUnderWay += 1 }
        Threads().spawn("file") { [self] in
            defer { hold(monitor) { filesUnderWay -= 1 } }
            do throws(JaxError) {
                guard let files else {
                    throw JaxError(.permissionDenied, "no folder of the host is shared; start the machine with --share DIR")
                }
                let request = try ReadFile(decoding: message.fields)
                guard request.count <= Client.maximumPiece else {
                    throw JaxError(.resourceExhausted, "\(request.count) bytes of a file at once; at most \(Client.maximumPiece) are sent")
                }
                let piece = try files.read(request)
                try link.send(.readFile, isReply: true, channel: message.channel, request: message.request,
                              fields: ReadFile.Reply(fileByteCount: piece.fileByteCount).encoded(), body: piece.bytes)
            } catch {
                link.fail(channel: message.channel, request: message.request, error)
            }
        }
    }
}

/// The place where a reply arrives; guarded by the client's monitor.
final class PendingReply {
    var number: UInt32 = 0
    var outcome: Result<Message, JaxError>?
    let channel: UInt32
    let onOutput: ([UInt8]) -> Void
    let onProgress: (Progress) -> Void

    init(channel: UInt32, onOutput: @escaping ([UInt8]) -> Void, onProgress: @escaping (Progress) -> Void) {
        self.channel = channel
        self.onOutput = onOutput
        self.onProgress = onProgress
    }
}
