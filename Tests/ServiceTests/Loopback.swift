// The service and a client in one process, joined by a socket: the whole link without a machine.
import Glibc
import HostMachine
import JaxPlatform
import JaxRun
import JaxService
import Synchronization
import WireProtocol

/// What the kernel does in ring 0, for tests.
final class TestMachine: ServiceHost {
    var banner: String { "test machine" }
    var figures = "{\"uptime_s\": 1}"
    func statistics() -> String { figures }
    func faults() -> String { "[]" }
    func trace() throws(JaxError) -> String { throw JaxError(.notImplemented, "no trace here") }
    /// The trace of executions: requests, and whether they were done.
    private(set) var executions: [(request: UInt32, isDone: Bool)] = []
    func noteExecution(request: UInt32, isDone: Bool) { executions.append((request, isDone)) }
    /// So many cancellations meet a job that is about to return, and change nothing.
    var lateCancellations = 0
    func cancelJob(ofTask task: UInt64) -> Bool {
        lateCancellations -= 1
        return lateCancellations >= 0 || TestPlatform.shared.cancel(task: task)
    }
    private(set) var isOff = false
    func powerOff() { isOff = true }

    /// Stands for Python: knows one statement and one error.
    func evaluate(_ source: String, name: String, limits: Limits, output: (String) -> Void) throws(JaxError) -> UInt32 {
        if source == "print(6*7)" {
            output("42\n")
            return 0
        }
        output("Traceback\n")
        return 1
    }
}

/// The hosted platform with jobs that can be cancelled.
final class TestPlatform: Platform {
    static let shared = TestPlatform()
    private let hosted = HostedPlatform()
    private let monitor = ThreadMonitor()
    private var jobs: [UInt64: Bool] = [:]

    /// Bytes of the largest allocation.
    let largest = Atomic<Int>(0)

    func allocate(byteCount: Int) -> UnsafeMutableRawPointer? {
        largest.max(byteCount, ordering: .relaxed)
        return hosted.allocate(byteCount: byteCount)
    }
    func deallocate(_ pointer: UnsafeMutableRawPointer, byteCount: Int) { hosted.deallocate(pointer, byteCount: byteCount) }
    func makeExecutable(_ code: UnsafeRawBufferPointer, name: String) -> UnsafeRawPointer? { hosted.makeExecutable(code, name: name) }
    func freeExecutable(_ entry: UnsafeRawPointer, byteCount: Int) { hosted.freeExecutable(entry, byteCount: byteCount) }
    func parallelFor(_ count: Int, _ body: (Int) -> Void) { hosted.parallelFor(count, body) }
    var nanoseconds: UInt64 { hosted.nanoseconds }
    func log(_ line: String) {}
    func makeOwner(name: String) -> MemoryOwner { .library }
    func releaseOwner(_ owner: MemoryOwner) {}
    func charging(_ owner: MemoryOwner, _ body: () -> Void) { body() }
    var permissions: Permissions { .prompt }
    var taskID: UInt64 { hosted.taskID }
    func yield() { usleep(100) }

    var interruption: Interruption? { hold(monitor) { jobs[taskID] == true } ? .cancelled : nil }

    func runJob(_ request: JobRequest, _ body: () -> Void) -> JobOutcome {
        hold(monitor) { jobs[taskID] = false }
        body()
        hold(monitor) { jobs[taskID] = nil }
        return .completed
    }

    func cancel(task: UInt64) -> Bool {
        hold(monitor) {
            guard jobs[task] != nil else { return false }
            jobs[task] = true
            return true
        }
    }
}

/// One service with one client.
final class Loopback {
    let machine = TestMachine()
    let client: Client
    /// The client's stream, to send damage past it.
    let stream: SocketStream
    private let service: Service

    init(files: SharedFolder? = nil) throws {
        platform = TestPlatform.shared
        _ = load_jax_library()
        let (host, guest) = try SocketStream.pair()
        let service = Service(guest, Threads(), machine: machine)
        self.service = service
        stream = host
        Threads().spawn("service") { service.serve() }
        client = Client(host, files: files)
        _ = try client.start(Hello(client: "test")).wait()
    }

    deinit { client.close() }

    func readHostFile(_ name: String, offset: Int, count: Int) throws(JaxError) -> (bytes: BodyBuffer, fileByteCount: Int) {
        try service.readHostFile(name, offset: offset, count: count)
    }
}
