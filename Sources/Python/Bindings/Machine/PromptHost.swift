// What the machine offers to Python beside JAX. The kernel fills the record in; on Linux, tests do.
import JaxPlatform
import JaxRun

/// A file that Python can open.
public struct MachineFile {
    public var name: String
    public var byteCount: Int

    public init(name: String, byteCount: Int) {
        self.name = name
        self.byteCount = byteCount
    }
}

/// A running job: what `machine.jobs()` lists.
public struct MachineJob {
    public var id: UInt64
    public var name: String
    /// Bytes that it holds.
    public var memoryBytes: Int
    public var seconds: Double
    public var limits: Limits

    public init(id: UInt64, name: String, memoryBytes: Int, seconds: Double, limits: Limits) {
        self.id = id
        self.name = name
        self.memoryBytes = memoryBytes
        self.seconds = seconds
        self.limits = limits
    }
}

/// What a walk over all page tables has found.
public struct MachineAudit {
    /// Counts by name: mappings, pages, stacks.
    public var counts: [(name: String, count: Int)]
    /// What breaks the rules, one line each.
    public var violations: [String]

    public init(counts: [(name: String, count: Int)], violations: [String]) {
        self.counts = counts
        self.violations = violations
    }
}

/// The closures behind module `machine`, `open` and the console. Each may be replaced.
public final class PromptHost {
    /// "BareJAX 0.1".
    public var version = "BareJAX"
    /// Memory by owner, in bytes: what `machine.memory()` gives, in order.
    public var memory: () -> [(name: String, bytes: Int)] = { [] }
    /// One a device: name, description, memory in bytes (0: unknown), programs executed.
    public var devices: () -> [(name: String, description: String, memoryBytes: Int, dispatchCount: Int)] = { [] }
    public var processorCount: () -> Int = { 1 }
    /// Runs the accelerators' test kernels: one line a check, and whether its result was wrong.
    public var testAccelerators: () throws(JaxError) -> [(line: String, isWrong: Bool)] = { () throws(JaxError) in
        throw JaxError(.notImplemented, "this machine has no GPU")
    }
    /// The faults that the machine survived, oldest first, as text.
    public var faults: () -> [String] = { [] }
    public var jobs: () -> [MachineJob] = { [] }
    public var audit: () -> MachineAudit = { MachineAudit(counts: [], violations: []) }
    public var files: () -> [MachineFile] = { [] }
    /// The contents of a file by its name, "host:NAME" for files of the host.
    public var readFile: (String) throws(JaxError) -> [UInt8] = { name throws(JaxError) in
        throw JaxError(.fileNotFound, "there is no file '\(name)'")
    }
    public var reboot: () throws(JaxError) -> Void = {
        () throws(JaxError) in throw JaxError(.notImplemented, "this machine cannot reboot")
    }
    public var powerOff: () throws(JaxError) -> Void = {
        () throws(JaxError) in throw JaxError(.notImplemented, "this machine cannot power off")
    }
    /// Raises a fault on purpose, of the named kind; for tests of the machine.
    public var raiseFault: (String) throws(JaxError) -> Void = { kind throws(JaxError) in
        throw JaxError(.valueError, "this machine cannot raise '\(kind)'")
    }

    /// The running text's job is to set this word, at once, when it has to end.
    public var notice: (UnsafeMutablePointer<UInt32>) -> Void = { _ in }
    /// Why the running text has to end, and for how many nanoseconds already; nil: it has not.
    public var endPending: () -> (kind: Interruption, age: UInt64)? = { nil }
    /// The running text has heard that it is to end: it goes before others until it has.
    public var hurry: () -> Void = {}
    /// It need not end any more.
    public var forgive: () -> Void = {}
    /// Runs its argument so that nothing but jobs within it is ended in the middle.
    public var shielded: (() -> Void) -> Void = { $0() }
    /// Waits for so many microseconds, or for a few milliseconds of them.
    public var wait: (UInt64) -> Void = { _ in }
    /// Memory for an interpreter, of the running job.
    public var allocate: (Int) -> UnsafeMutableRawPointer? = { count in
        UnsafeMutableRawPointer.allocate(byteCount: count, alignment: 64)
    }
    public var free: (UnsafeMutableRawPointer) -> Void = { $0.deallocate() }
    /// The interpreter is broken beyond repair by itself; must not return.
    public var panic: (String) -> Never = { reason in fatalError(reason) }

    public init() {}
}

/// The services in force.
nonisolated(unsafe) public var promptHost = PromptHost()
