// The machine's end of the link: takes requests, has them worked on, answers. The reader answers at once what needs no
// work; programs run on a task for each channel, so that the link keeps answering meanwhile.
import JaxIR
import JaxPlatform
import JaxRun
import WireProtocol

public final class Service: LinkHandler {
    let machine: any ServiceHost
    private let concurrency: any Concurrency
    private let stream: any ByteStream
    private var channels: [UInt32: Channel] = [:]
    private(set) var link: Link!
    private let files: HostFiles
    let clients: Clients
    private let canceller: Canceller
    /// Channels that may be open at the same time.
    static let maximumChannels = 64

    /// `load_jax_library` has been called.
    public init(_ stream: any ByteStream, _ concurrency: any Concurrency, machine: any ServiceHost) {
        self.stream = stream
        self.concurrency = concurrency
        self.machine = machine
        files = HostFiles()
        clients = Clients(machine, concurrency, mostChannels: Service.maximumChannels / 2)
        canceller = Canceller(machine, concurrency)
        link = Link(stream, concurrency, handler: self)
    }

    /// Serves until the stream ends; whoever opens it next starts afresh. `wait` returns when the stream is open again,
    /// false for never.
    public func serve(reopening wait: () -> Bool = { false }) {
        repeat {
            do throws(JaxError) {
                try link.run(reopens: true)
            } catch {
                platform.log("link: " + error.description)
            }
            abandonAll()
        } while wait()
        link.close()
    }

    /// Ends all channels, after the task that serves was ended in the middle.
    public func abandonAll() {
        for number in Array(channels.keys) { leave(number) }
        files.fail()
    }

    /// Sends a line of the log to the program that owns the machine. Not from within a job.
    func log(_ line: String) {
        guard channels[0] != nil else { return }
        do throws(JaxError) {
            try link.send(.log, isReply: false, channel: 0, request: 0, fields: LogLine(line: line).encoded())
        } catch {}
    }

    /// Reads a piece of a file that the host shares. Waits for it; may be called within a job.
    /// Throws `permissionDenied` without a shared folder, `fileNotFound`, or `cancelled`.
    public func readHostFile(_ name: String, offset: Int, count: Int) throws(JaxError) -> (bytes: BodyBuffer, fileByteCount: Int) {
        try files.read(name, offset: offset, count: count, over: link)
    }

    // MARK: Messages

    public func destination(for message: Message, byteCount: Int) throws(JaxError) -> BodyBuffer {
        if message.isReply {
            guard byteCount <= files.expectedByteCount(message) else {
                throw JaxError(.malformed, "\(byteCount) bytes that nobody asked for")
            }
            return try library { () throws(JaxError) in try BodyBuffer(byteCount: byteCount) }
        }
        switch message.kind {
        case .put:
            let storage = try charging(owner(message)) { () throws(JaxError) in
                try Tensor(Service.tensorType(Put(decoding: message.fields), byteCount)).storage
            }
            return BodyBuffer(UnsafeMutableRawBufferPointer(start: storage.bytes, count: byteCount), of: storage)
        case .compile, .check, .evaluate:
            guard byteCount <= Service.maximumProgram else {
                throw JaxError(.resourceExhausted,
                               "a program of \(byteCount) bytes is too large; at most \(Service.maximumProgram) bytes are accepted")
            }
            return try charging(owner(message)) { () throws(JaxError) in try BodyBuffer(byteCount: byteCount) }
        default:
            throw JaxError(.malformed, "a message of this kind has no body")
        }
    }

    /// Who is charged for a message's body.
    private func owner(_ message: Message) throws(JaxError) -> MemoryOwner { try channel(message.channel).owner }

    /// The largest file of the host's that can be read.
    static let maximumFile = 1 << 40
    /// Programs carry their constants: the limit is that of bodies.
    static let maximumProgram = Int(Link.maximumBody)

    /// The type that a `put` declares. Throws where the body does not have its size.
    static func tensorType(_ put: Put, _ byteCount: Int) throws(JaxError) -> TensorType {
        guard let dtype = DType(name: put.type.dtype) else { throw JaxError(.typeError, "there is no dtype '\(put.type.dtype)'") }
        let type = TensorType(dtype, put.type.shape)
        guard let count = type.checkedElementCount, count * dtype.byteWidth == byteCount else {
            throw JaxError(.valueError, "an array of type \(type) does not have \(byteCount) bytes")
        }
        return type
    }

    public func received(_ message: Message) {
        do throws(JaxError) {
            try handle(message)
        } catch {
            if !message.isReply { link.fail(channel: message.channel, request: message.request, error) }
        }
    }

    private func handle(_ message: Message) throws(JaxError) {
        if message.isReply {
            if message.channel == 0 { files.answered(message) }
            return
        }
        if message.kind == .leave {
            leave(message.channel)
            return
        }
        let channel = try self.channel(message.channel)
        if message.kind.isWork {
            try channel.append(message)
            return
        }
        switch message.kind {
        case .hello: try reply(message, try hello(Hello(decoding: message.fields)))
        case .devices: try reply(message, devices())
        case .statistics: try replyText(message, machine.statistics())
        case .faults: try replyText(message, machine.faults())
        case .trace: try replyText(message, try machine.trace())
        case .inject:
            let request = try Inject(decoding: message.fields)
            try replyText(message, try machine.inject(request.fault, after: request.after, since: request.since))
        case .cancel:
            var answer = Cancel.Reply()
            answer.found = cancel(try Cancel(decoding: message.fields).request, of: channel)
            try reply(message, answer)
        case .shutdown:
            try reply(message, Empty())
            machine.powerOff()
        default:
            throw JaxError(.notImplemented, "the machine takes no message of kind \(message.kind.rawValue)")
        }
    }

    public func replyFailed(channel: UInt32, request: UInt32, _ error: JaxError) {
        if channel == 0 { files.failed(request, error) }
    }

    public func peerReportedDamage(channel: UInt32, _ damage: Damage) { platform.log("link: the host says: " + damage.text) }

    private func hello(_ hello: Hello) throws(JaxError) -> Hello.Reply {
        guard hello.minimumVersion <= FrameHeader.version, hello.maximumVersion >= FrameHeader.version else {
            throw JaxError(.notImplemented, "'\(hello.client)' speaks the protocol's versions \(hello.minimumVersion) to "
                + "\(hello.maximumVersion); this machine speaks \(FrameHeader.version)")
        }
        var reply = Hello.Reply()
        reply.machine = machine.banner
        return reply
    }

    private func devices() -> ListDevices.Reply {
        var reply = ListDevices.Reply()
        for device in session?.devices ?? [] {
            var entry = DeviceDescription()
            entry.name = device.name
            entry.text = device.description
            entry.memoryBytes = device.memoryBytes
            entry.dispatchCount = device.dispatchCount
            reply.devices.append(entry)
        }
        return reply
    }

    // MARK: Channels

    private func channel(_ number: UInt32) throws(JaxError) -> Channel {
        if let channel = channels[number] { return channel }
        guard number <= 0x7FFF_FFFF else { throw JaxError(.malformed, "there is no channel \(number); the last is \(0x7FFF_FFFF)") }
        guard channels.count < Service.maximumChannels else {
            throw JaxError(.resourceExhausted, "\(Service.maximumChannels) channels are open already")
        }
        let owner = try clients.open(number)
        let channel = Channel(number: number, owner: owner, prefix: session?.freshName("link") ?? "link", concurrency)
        channels[number] = channel
        concurrency.spawn("link \(number)") { [self] in
            Worker(channel, self).run()
        }
        return channel
    }

    private func leave(_ number: UInt32) {
        link.forgetIncoming(channel: number)
        guard let channel = channels.removeValue(forKey: number) else { return }
        let running = channel.close()
        link.abandonBodies(channel: number)
        if let running { canceller.end(running, of: channel) }
    }

    private func cancel(_ request: UInt32, of channel: Channel) -> Bool {
        switch channel.cancel(request) {
        case .none:
            return false
        case .waiting:
            link.fail(channel: channel.number, request: request, Service.cancelled)
        case .running:
            link.abandonBodies(channel: channel.number, request: request)
            canceller.end(request, of: channel)
        }
        return true
    }

    static let cancelledText = "the request was cancelled"
    static var cancelled: JaxError { JaxError(.cancelled, cancelledText) }

    // MARK: Replies

    func reply<Reply: Fields>(_ message: Message, _ reply: Reply, body: BodyBuffer? = nil) throws(JaxError) {
        try link.send(message.kind, isReply: true, channel: message.channel, request: message.request, fields: reply.encoded(), body: body)
    }

    /// Tells the sender of a request how far it is.
    func send(_ progress: Progress, about message: Message) throws(JaxError) {
        try link.send(.progress, isReply: true, channel: message.channel, request: message.request, fields: progress.encoded())
    }

    func replyText(_ message: Message, _ text: String) throws(JaxError) {
        let body = try library { () throws(JaxError) in try BodyBuffer(copying: Array(text.utf8)) }
        if body.bytes.count <= Link.window {
            try reply(message, Empty(), body: body)
            return
        }
        // A long one waits for credit, which the reading task brings.
        concurrency.spawn("text") { [self] in
            do throws(JaxError) { try reply(message, Empty(), body: body) } catch {}
        }
    }

    /// Runs `body` with its memory charged to the JAX layer.
    func library<Result>(_ body: () throws(JaxError) -> Result) throws(JaxError) -> Result { try charging(.library, body) }

    private func charging<Result>(_ owner: MemoryOwner, _ body: () throws(JaxError) -> Result) throws(JaxError) -> Result {
        var result: Result?
        var failure: JaxError?
        platform.charging(owner) {
            do throws(JaxError) { result = try body() } catch { failure = error }
        }
        if let failure { throw failure }
        return result!
    }
}
