// Files of the host, read piece by piece over the link (`host:NAME`).
import JaxPlatform
import JaxRun
import Synchronization
import WireProtocol

/// The machine's own requests to the host.
final class HostFiles {
    private let lock = Lock()
    private var pending: [UInt32: PendingRead] = [:]
    private var nextRequest: UInt32 = 1

    /// One read under way.
    private final class PendingRead {
        /// 0 while waiting, 1 when `outcome` is there.
        let isDone = Atomic<Bool>(false)
        let byteCount: Int
        var outcome: Result<(bytes: BodyBuffer, fileByteCount: Int), JaxError>?

        init(byteCount: Int) { self.byteCount = byteCount }
    }

    /// Sends the request and waits for its answer, polling: the caller's job may be ended at any moment, and a task that
    /// only yields holds nothing then.
    func read(_ name: String, offset: Int, count: Int, over link: Link) throws(JaxError) -> (bytes: BodyBuffer, fileByteCount: Int) {
        guard platform.permissions.contains(.hostFiles) else {
            throw JaxError(.permissionDenied, "reading host:\(name) needs the permission 'host files'")
        }
        var created: (UInt32, PendingRead)?
        platform.charging(.library) {
            let read = PendingRead(byteCount: count)
            created = (lock.hold {
                let number = nextRequest
                nextRequest = number == UInt32.max ? 1 : number + 1
                pending[number] = read
                return number
            }, read)
        }
        let (number, read) = created!
        defer { platform.charging(.library) { lock.hold { _ = pending.removeValue(forKey: number) } } }
        try link.send(.readFile, isReply: false, channel: 0, request: number,
                      fields: ReadFile(name: name, offset: offset, count: count).encoded())
        while !read.isDone.load(ordering: .acquiring) {
            try checkpoint()
            if link.isClosed { throw JaxError(.deviceError, "the link is closed") }
            platform.yield()
        }
        switch read.outcome! {
        case .success(let answer): return answer
        case .failure(let error): throw error
        }
    }

    /// How many bytes a reply may bring: -1 where nobody waits for it.
    func expectedByteCount(_ message: Message) -> Int {
        guard message.channel == 0, message.kind == .readFile else { return -1 }
        return lock.hold { pending[message.request]?.byteCount } ?? -1
    }

    /// A reply from the host.
    func answered(_ message: Message) {
        if message.kind == .failure {
            do throws(JaxError) {
                failed(message.request, try Failure(decoding: message.fields).error)
            } catch {
                failed(message.request, error)
            }
            return
        }
        do throws(JaxError) {
            let reply = try ReadFile.Reply(decoding: message.fields)
            guard message.kind == .readFile, let body = message.body else {
                throw JaxError(.malformed, "the host's answer is none to a file request")
            }
            guard 0...Service.maximumFile ~= reply.fileByteCount else {
                throw JaxError(.malformed, "a file of \(reply.fileByteCount) bytes; at most \(Service.maximumFile) can be read")
            }
            finish(message.request, .success((bytes: body, fileByteCount: reply.fileByteCount)))
        } catch {
            failed(message.request, error)
        }
    }

    func failed(_ request: UInt32, _ error: JaxError) { finish(request, .failure(error)) }

    /// The host has gone.
    func fail() {
        for number in lock.hold({ Array(pending.keys) }) { failed(number, JaxError(.deviceError, "the host closed the link")) }
    }

    private func finish(_ request: UInt32, _ outcome: Result<(bytes: BodyBuffer, fileByteCount: Int), JaxError>) {
        guard let read = lock.hold({ pending[request] }), !read.isDone.load(ordering: .relaxed) else { return }
        read.outcome = outcome
        read.isDone.store(true, ordering: .releasing)
    }
}
