// Lets several programs on the host share one machine: `barejax boot --socket PATH`. It passes frames on between the
// machine and its clients, each of which has a channel of the link; only the channel number in the header changes.
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
    private var nextChannel: UInt32 = 1

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

    private func add(_ stream: SocketStream, channel wanted: UInt32?) {
        let client = BrokerClient(stream)
        let channel = hold(monitor) {
            let channel = wanted ?? nextChannel
            if wanted == nil { nextChannel = nextChannel == 0x7FFF_FFFF ? 1 : nextChannel + 1 }
            clients[channel] = client
            return channel
        }
        let threads = Threads()
        threads.spawn("to client") { client.writeQueue() }
        threads.spawn("from client") { [self] in
            readClient(client, channel)
            client.close()
            hold(monitor) { clients[channel] = nil }
            if channel != 0 {
                sendToMachine(FrameHeader(kind: MessageKind.leave.rawValue, channel: channel, request: 0, payloadByteCount: 0), UnsafeRawBufferPointer(start: nil, count: 0))
            }
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
                let header = FrameHeader(kind: MessageKind.damage.rawValue, flags: .reply, channel: 0, request: 0, payloadByteCount: answer.count)
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

    private func readMachine() {
        let decoder = FrameDecoder()
        while true {
            switch decoder.next() {
            case .needsBytes:
                guard let count = try? machine.read(into: decoder.space()), count > 0 else {
                    for client in hold(monitor, { Array(clients.values) }) { client.close() }
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

    func writeQueue() {
        while true {
            monitor.enter()
            while queue.isEmpty && !isClosed { monitor.wait() }
            let frames = queue
            queue = []
            queuedBytes = 0
            let ended = isClosed && frames.isEmpty
            monitor.leave()
            if ended { return }
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
