// Lets several programs on the host share one machine: `barejax boot --socket PATH`. It passes frames on between the
// machine and its clients, each of which has a channel of the link; only the channel number in the header changes. The upper
// bits of that number say which process a client is, so that the machine knows who takes how much of it.
import Glibc
import HostShim
import JaxPlatform
import WireProtocol

/// Serves a socket until the machine ends.
public final class Broker {
    private let machine: SocketStream
    private let machineMonitor = ThreadMonitor()
    private let monitor = ThreadMonitor()
    private var clients: [UInt32: BrokerClient] = [:]
    /// The numbers of processes that are connected, and of the connection that each had last.
    private var processes: [pid_t: (number: UInt32, connection: UInt32)] = [:]
    private var nextProcess: UInt32 = 1
    private var hasEnded = false
    /// Says how the machine has ended; called on the broker's thread, once it has.
    public var describeEnd: () -> String = { "the machine ended" }

    /// Takes over `machine`; the caller's own client is channel 0 over the stream that this returns.
    public init(_ machine: SocketStream) { self.machine = machine }

    /// Starts passing on; returns the stream for channel 0.
    public func start() throws(JaxError) -> SocketStream {
        let (ours, theirs) = try SocketStream.pair()
        add(theirs, channel: 0)
        Threads().spawn("broker") { [self] in readMachine() }
        return ours
    }

    /// Listens at `path`, for the owner only, on a thread of its own.
    public func listen(at path: String) throws(JaxError) {
        let descriptor = host_listen(path)
        guard descriptor >= 0 else { throw systemError("cannot listen at \(path)") }
        Threads().spawn("accept") { [self] in
            while true {
                let client = accept(descriptor, nil, nil)
                if client < 0 {
                    if errno == EINTR || errno == ECONNABORTED { continue }
                    if errno != EMFILE && errno != ENFILE && errno != ENOMEM && errno != ENOBUFS { return }
                    platform.log("a client was not taken: " + String(cString: strerror(errno)))
                    usleep(100_000)
                    continue
                }
                _ = fcntl(client, F_SETFD, FD_CLOEXEC)
                add(SocketStream(descriptor: client), channel: nil)
            }
        }
    }

    /// Waits until every client has been told that the machine has ended, for so long at most.
    public func waitForEnd(seconds: Double) {
        let deadline = platform.nanoseconds + UInt64(seconds * 1e9)
        monitor.enter()
        defer { monitor.leave() }
        while !(hasEnded && clients.values.allSatisfy { $0.isIdle }), platform.nanoseconds < deadline { _ = monitor.wait(seconds: 0.05) }
    }

    private static let channelBits: UInt32 = 12, processLimit: UInt32 = 0x7_FFFF

    /// A channel for a connection of `process`; nil where it has all of its own already. Numbers go round, so that no answer to a
    /// connection that has just gone meets the next.
    private func freeChannel(for process: pid_t) -> UInt32? {
        if processes[process] == nil {
            repeat {
                nextProcess = nextProcess >= Broker.processLimit ? 1 : nextProcess + 1
            } while processes.values.contains { $0.number == nextProcess }
            processes[process] = (nextProcess, 0)
        }
        var (number, connection) = processes[process]!
        for _ in 0..<UInt32(1) << Broker.channelBits {
            connection = (connection + 1) & ((1 << Broker.channelBits) - 1)
            let channel = number << Broker.channelBits + connection
            if clients[channel] == nil {
                processes[process] = (number, connection)
                return channel
            }
        }
        return nil
    }

    /// A process without connections keeps its number for a while, like a channel.
    private func forget(_ channel: UInt32) {
        clients[channel] = nil
        guard processes.count > 1000 else { return }
        let used = Set(clients.keys.map { $0 >> Broker.channelBits })
        processes = processes.filter { used.contains($0.value.number) }
    }

    private func add(_ stream: SocketStream, channel wanted: UInt32?) {
        let client = BrokerClient(stream)
        let taken: UInt32? = hold(monitor) {
            if hasEnded { return nil }
            guard let channel = wanted ?? freeChannel(for: host_peer(stream.descriptor)) else { return nil }
            clients[channel] = client
            return channel
        }
        guard let channel = taken else {
            stream.shutDown()
            return
        }
        let threads = Threads()
        threads.spawn("to client") { client.writeQueue() }
        threads.spawn("from client") { [self] in
            readClient(client, channel)
            client.close()
            // Before another connection may get the number.
            if channel != 0 {
                sendToMachine(FrameHeader(kind: MessageKind.leave.rawValue, channel: channel, request: 0, payloadByteCount: 0),
                              UnsafeRawBufferPointer(start: nil, count: 0))
            }
            hold(monitor) { forget(channel) }
        }
    }

    private func readClient(_ client: BrokerClient, _ channel: UInt32) {
        let decoder = FrameDecoder()
        while true {
            switch decoder.next() {
            case .needsBytes:
                guard let count = try? client.stream.read(into: decoder.space()), count > 0 else { return }
                decoder.append(count)
            case .damaged(let damage):
                let answer = Damage(damage).encoded()
                let header = FrameHeader(kind: MessageKind.damage.rawValue,
                                         flags: .reply, channel: 0, request: 0, payloadByteCount: answer.count)
                client.append(answer.withUnsafeBytes { header.frame($0) })
            case .frame(var header):
                header.channel = channel
                if header.kind == MessageKind.leave.rawValue { continue }
                sendToMachine(header, decoder.payload)
            }
        }
    }

    private func sendToMachine(_ header: FrameHeader, _ payload: UnsafeRawBufferPointer) {
        let frame = header.frame(payload)
        hold(machineMonitor) {
            frame.withUnsafeBytes { bytes in
                do throws(JaxError) { try machine.write(bytes) } catch {}    // its end is noticed by the reader
            }
        }
    }

    /// Every client is told, so that what it waits for fails at once.
    private func tellOfEnd() {
        let payload = LogLine(line: describeEnd()).encoded()
        let header = FrameHeader(kind: MessageKind.ended.rawValue, flags: .reply, channel: 0, request: 0, payloadByteCount: payload.count)
        let frame = payload.withUnsafeBytes { header.frame($0) }
        let told = hold(monitor) {
            hasEnded = true
            return Array(clients.values)
        }
        for client in told { client.finish(with: frame) }
        hold(monitor) { monitor.notifyAll() }
    }

    private func readMachine() {
        let decoder = FrameDecoder()
        while true {
            switch decoder.next() {
            case .needsBytes:
                guard let count = try? machine.read(into: decoder.space()), count > 0 else {
                    tellOfEnd()
                    return
                }
                decoder.append(count)
            case .damaged(let damage):
                platform.log("the machine sent " + damage.reason.text)
            case .frame(var header):
                guard let client = hold(monitor, { clients[header.channel] }) else { continue }
                header.channel = 0
                client.append(header.frame(decoder.payload))
            }
        }
    }
}

/// One client: what waits to be written to it. The link's window bounds it; a client that lets more pile up is dropped.
private final class BrokerClient {
    let stream: SocketStream
    private let monitor = ThreadMonitor()
    private var queue: [[UInt8]] = []
    private var queuedBytes = 0
    private var isClosed = false
    private var isWriting = false
    static let limit = 64 << 20

    init(_ stream: SocketStream) { self.stream = stream }

    func append(_ frame: [UInt8]) {
        let overflows = hold(monitor) {
            queue.append(frame)
            queuedBytes += frame.count
            monitor.notifyAll()
            return queuedBytes > BrokerClient.limit
        }
        if overflows { close() }
    }

    /// The last frame; the connection is closed when it has been written.
    func finish(with frame: [UInt8]) {
        hold(monitor) {
            queue.append(frame)
            isClosed = true
            monitor.notifyAll()
        }
        // A client that reads nothing is not waited for.
        Threads().spawn("end of client") { [self] in
            usleep(1_000_000)
            close()
        }
    }

    /// Whether nothing is left to be written.
    var isIdle: Bool { hold(monitor) { queue.isEmpty && !isWriting } }

    func writeQueue() {
        while true {
            monitor.enter()
            isWriting = false
            while queue.isEmpty && !isClosed { monitor.wait() }
            let frames = queue
            queue = []
            queuedBytes = 0
            let ended = isClosed && frames.isEmpty
            isWriting = !ended
            monitor.leave()
            if ended {
                stream.shutDown()
                return
            }
            for frame in frames {
                let written = frame.withUnsafeBytes { (try? stream.write($0)) != nil }
                if !written {
                    close()
                    return
                }
            }
        }
    }

    func close() {
        hold(monitor) {
            isClosed = true
            monitor.notifyAll()
        }
        stream.shutDown()
    }
}
