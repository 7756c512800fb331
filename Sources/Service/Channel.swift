// One program on the host that uses the link: its requests in order, its handles, the request that runs.
import JaxPlatform
import JaxRun
import WireProtocol

/// The queue of a channel's work and the task that does it.
final class Channel {
    let number: UInt32
    /// Who is charged for what the channel's client keeps.
    let owner: MemoryOwner
    /// Begins the names of this channel's objects in the session. No two channels share one, also not a channel and the
    /// next of the same number: the worker of the first may still be dropping its objects then.
    private let prefix: String
    private let monitor: any Monitor
    private var queue: [Message] = []
    private var isClosed = false
    /// The request that the worker has taken.
    private var current: UInt32?
    private var currentIsCancelled = false
    private var workerTask: UInt64?
    /// Handles that stand for an object of the session; the worker's alone.
    private var handles: Set<UInt64> = []

    /// Requests that may wait. A client that sends more without reading answers gets errors.
    static let maximumQueue = 4096

    /// What the queue's memory is for; one that has grown beyond gives it back.
    private static let usualQueue = 16

    init(number: UInt32, owner: MemoryOwner, prefix: String, _ concurrency: any Concurrency) {
        self.number = number
        self.owner = owner
        self.prefix = prefix
        monitor = concurrency.makeMonitor()
        queue.reserveCapacity(Channel.usualQueue)
    }

    // MARK: The reader's side

    func append(_ message: Message) throws(JaxError) {
        let accepted = hold(monitor) {
            guard queue.count < Channel.maximumQueue else { return false }
            queue.append(message)
            monitor.notifyAll()
            return true
        }
        if !accepted { throw JaxError(.resourceExhausted, "\(Channel.maximumQueue) requests are waiting already") }
    }

    enum Cancellation {
        case none
        /// It had not begun; the caller answers it.
        case waiting
        /// It runs; its job is to be ended by the caller (`Canceller`).
        case running
    }

    /// Cancels a request.
    func cancel(_ request: UInt32) -> Cancellation {
        hold(monitor) {
            if current == request { return .running }
            for index in queue.indices where queue[index].request == request {
                queue.remove(at: index)
                return .waiting
            }
            return .none
        }
    }

    /// Marks a request that runs as cancelled and calls `body` with the task that works on it, which goes on to no other request
    /// meanwhile. False where it does not run.
    func whileRunning(_ request: UInt32, _ body: (_ task: UInt64) -> Void) -> Bool {
        hold(monitor) {
            guard current == request, let task = workerTask else { return false }
            currentIsCancelled = true
            body(task)
            return true
        }
    }

    /// Ends the channel: forgets what waits; the worker drops the handles when it is done. Returns what runs.
    func close() -> UInt32? {
        hold(monitor) {
            isClosed = true
            queue = []
            monitor.notifyAll()
            return current
        }
    }

    // MARK: The worker's side

    /// Waits for the next request; nil: the channel has ended.
    func next() -> Message? {
        monitor.enter()
        defer { monitor.leave() }
        workerTask = platform.taskID
        current = nil
        currentIsCancelled = false
        while queue.isEmpty && !isClosed { monitor.wait() }
        if isClosed { return nil }
        let message = queue.removeFirst()
        if queue.isEmpty, queue.capacity > 2 * Channel.usualQueue {
            queue = []
            queue.reserveCapacity(Channel.usualQueue)
        }
        current = message.request
        return message
    }

    /// The request at which the worker was ended by a fault: it has no answer yet.
    func takeInterrupted() -> UInt32? {
        hold(monitor) {
            defer { current = nil }
            return current
        }
    }

    /// Whether the request that the worker has was cancelled.
    var isCancelled: Bool { hold(monitor) { currentIsCancelled || isClosed } }

    /// Whether the client has gone: nobody is there to be answered, and the number may be another's.
    var hasLeft: Bool { hold(monitor) { isClosed } }

    /// The session's name for a handle.
    func name(_ handle: UInt64) -> String { prefix + ".\(handle)" }

    /// Notes a new handle. Throws `valueError` for 0.
    func claim(_ handle: UInt64) throws(JaxError) {
        guard handle != 0 else { throw JaxError(.valueError, "0 is not a handle") }
        platform.charging(.library) { _ = handles.insert(handle) }
    }

    func forget(_ handle: UInt64) { handles.remove(handle) }

    var allHandles: [UInt64] { Array(handles) }
}
