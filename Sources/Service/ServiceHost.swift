// What the service asks of the machine around the JAX layer; the kernel's wiring implements it, tests have their own.
import JaxPlatform
import JaxRun

/// The machine as the service sees it. Called from any task.
public protocol ServiceHost: AnyObject {
    /// "BareJAX 0.1, 1024 MiB, 2 processors".
    var banner: String { get }

    /// One JSON object: memory by owner, jobs, faults, uptime, processors, devices.
    func statistics() -> String

    /// A JSON list of the recorded faults, oldest first.
    func faults() -> String

    /// The trace ring as Chrome trace events. Throws `notImplemented` where the build has none.
    func trace() throws(JaxError) -> String

    /// For the trace: an execution's request has been decoded, or its results are there.
    func noteExecution(request: UInt32, isDone: Bool)

    /// Ends the job that the task with this number runs, or the Python text that it waits for. False where there is none.
    func cancelJob(ofTask task: UInt64) -> Bool

    /// Waits for a few milliseconds.
    func pause()

    /// A client of the link: an owner for what it keeps, which may have half of the machine's memory.
    func beginClient(_ number: UInt32) -> MemoryOwner

    /// The client has gone.
    func endClient(_ owner: MemoryOwner)

    /// From here on the calling task works for a client.
    func work(for owner: MemoryOwner)

    /// Runs Python text in an interpreter of its own and waits for its end. `output` is called with what it prints, outside of
    /// any job. Returns the status: 0, or 1 after an uncaught exception.
    func evaluate(_ source: String, name: String, limits: Limits, output: (String) -> Void) throws(JaxError) -> UInt32

    func powerOff()

    /// Arms a fault on purpose ("": disarms) and reports as `Inject` says. Throws `permissionDenied` in machines that were
    /// not started for that.
    func inject(_ fault: String, after: UInt64, since: UInt64) throws(JaxError) -> String
}

extension ServiceHost {
    public func noteExecution(request: UInt32, isDone: Bool) {}
    public func pause() { platform.yield() }
    public func beginClient(_ number: UInt32) -> MemoryOwner { .library }
    public func endClient(_ owner: MemoryOwner) {}
    public func work(for owner: MemoryOwner) {}

    public func inject(_ fault: String, after: UInt64, since: UInt64) throws(JaxError) -> String {
        throw JaxError(.permissionDenied, "this machine was not started for faults on purpose")
    }
}
