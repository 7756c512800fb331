// One Python interpreter: its memory, what its objects hold of Swift's, and how its texts are run and ended.
//
// Every request has an interpreter of its own, and the prompt one that stays. So no text sees what another has made of
// built-ins and modules, none waits for another, an interrupt reaches the text that it is meant for, and all that a request
// has taken goes with it. It costs a request the start of an interpreter (some microseconds), its first 256 KiB, and that
// `import jax.numpy` runs anew.
import JaxIR
import JaxPlatform
import JaxRun
import PythonPort

public final class Interpreter {
    /// The first area of an interpreter's heap; it grows by further ones.
    public static let initialHeapBytes = 256 << 10
    /// So long after it should end, a text that has heard of it by an exception is left for good. The kernel's own force comes
    /// later (JobLimits.grace of the job that runs the text).
    private static let patienceNanoseconds: UInt64 = 25_000_000

    /// How a text has ended.
    public enum Outcome: Equatable {
        case done
        /// By an exception, whose traceback has been written.
        case failed
        /// By `sys.exit(status)`.
        case exited(Int32)
        /// From outside; its frames were left, the interpreter is sound.
        case ended
    }

    private let state: UnsafeMutableRawPointer
    /// What each native job may use that a text starts; `machine.limits()` changes it.
    public var limits: Limits
    /// What Python's objects hold.
    var held = HeldObjects()
    /// The functions that are being traced, the innermost last.
    var traces: [Trace] = []
    /// Numbers of traces that have begun.
    private var traceCount = 0
    /// What the running call records.
    var staging: Unmanaged<Staging>?
    /// Takes what a text prints; false where there is no room just now, after a short wait.
    let output: (UnsafeBufferPointer<UInt8>) -> Bool
    /// The next byte of the console's: -1 when there was none for a moment; nil where there is no console.
    let input: (() -> Int32)?
    /// Whether the running text has heard that it is to end.
    private var hasHeard = false

    /// Starts an interpreter on the calling task, with memory of the running job. `heapLimit`: bytes that its heap may have.
    /// Throws `resourceExhausted` without memory.
    public init(limits: Limits, heapLimit: Int, output: @escaping (UnsafeBufferPointer<UInt8>) -> Bool,
                input: (() -> Int32)? = nil) throws(JaxError) {
        self.limits = limits
        self.output = output
        self.input = input
        _ = nativeModules.count
        let stateBytes = python_state_size()
        guard let state = promptHost.allocate(stateBytes), let heap = promptHost.allocate(Interpreter.initialHeapBytes) else {
            throw JaxError(.resourceExhausted, "no memory for an interpreter")
        }
        state.initializeMemory(as: UInt8.self, repeating: 0, count: stateBytes)
        self.state = state
        var setup = python_setup(host: Unmanaged.passUnretained(self).toOpaque(), heap: heap, heap_size: Interpreter.initialHeapBytes,
                                 heap_limit: heapLimit, is_console: input != nil)
        python_start(state, &setup)
    }

    /// The interpreter that the calling task runs.
    static var current: Interpreter {
        guard let host = python_host_of_current() else { fatalError("a task that runs no Python called its native functions") }
        return Unmanaged<Interpreter>.fromOpaque(host).takeUnretainedValue()
    }

    /// From here on the calling task runs no interpreter.
    public static func leave() { python_enter(nil) }

    // MARK: Texts

    /// Runs a text on the calling task, within a job: a program, or with `isStatement` a statement of the prompt's. `name` is a
    /// file's name, ended by a zero. Both are plain memory, so that a forced end leaves no references behind.
    public func run(_ source: UnsafeBufferPointer<UInt8>, name: UnsafePointer<CChar>, isStatement: Bool = false) -> Outcome {
        python_enter(state)
        hasHeard = false
        abandonTraces()
        promptHost.notice(python_attention(state))
        let text = UnsafeRawPointer(source.baseAddress ?? UnsafePointer(bitPattern: 1)!).assumingMemoryBound(to: CChar.self)
        var status: Int32 = 0
        let outcome = python_run(text, source.count, name, isStatement, &status)
        switch outcome {
        case python_is_done: return .done
        case python_has_exited: return .exited(status)
        case python_is_ended: return .ended
        default: return .failed
        }
    }

    /// Whether the lines of a statement want a further one.
    public static func wantsMore(_ text: [UInt8]) -> Bool {
        var text = text
        text.append(0)
        return text.withUnsafeBytes { python_wants_more($0.baseAddress!.assumingMemoryBound(to: CChar.self)) }
    }

    /// Completes the name at the end of `text`: what is to be added, or nil when the possible names were written. Within a job.
    public func complete(_ text: [UInt8]) -> [UInt8]? {
        python_enter(state)
        hasHeard = false
        promptHost.notice(python_attention(state))
        var completion: UnsafePointer<CChar>?
        let count = text.withUnsafeBytes { python_complete($0.baseAddress?.assumingMemoryBound(to: CChar.self), $0.count, &completion) }
        guard count >= 0, let completion else { return count < 0 ? nil : [] }
        return Array(UnsafeRawBufferPointer(start: completion, count: Int(count)))
    }

    /// Bytes of the heap in use, and in all. On the task that runs it, between texts.
    public var memory: (used: Int, total: Int) {
        python_enter(state)
        var used = 0, total = 0
        python_memory(&used, &total)
        return (used, total)
    }

    // MARK: The end

    /// What is to become of the running text, whose attention is wanted.
    func attend() -> python_attention_kind {
        guard let end = promptHost.endPending() else {
            // Another end may have been asked for while this one was forgiven.
            python_clear_attention(state)
            if promptHost.endPending() != nil { python_attention(state).pointee = 1 }
            return python_goes_on
        }
        if hasHeard { return end.age > Interpreter.patienceNanoseconds ? python_is_over : python_goes_on }
        hear()
        return end.kind == .cancelled ? python_is_interrupted : python_is_out_of_time
    }

    /// The text is told that it is to end, here or by a native call.
    func hear() {
        hasHeard = true
        promptHost.hurry()
    }

    /// The text has caught KeyboardInterrupt by that name. At the prompt that ends the matter; a client's cancellation stands.
    func interruptWasCaught() {
        guard input != nil, hasHeard else { return }
        promptHost.forgive()
        hasHeard = false
        python_clear_attention(state)
    }

    /// Lets go of all that Python's objects hold; the interpreter is not used any more. Its memory is its owner's to free.
    public func end() {
        abandonTraces()
        held.releaseAll()
    }

    // MARK: Traces

    func trace(_ serial: Int) -> Trace? { traces.last { $0.serial == serial } }

    /// The trace that a call with these arguments is recorded in: the innermost of those that have to do with it, if any.
    func target(of arguments: [Value], _ keywords: [(key: Value, value: Value)] = []) throws(JaxError) -> Trace? {
        if traces.isEmpty && !Trace.haveBegun { return nil }
        var depth = traces.lastIndex { $0.recordsAll } ?? -1
        var leaked: TensorType?
        func search(_ value: Value) {
            _ = mapArrays(value) { array in
                guard let traced = array.traced else { return array }
                if let index = traces.lastIndex(where: { $0.serial == traced.trace }) { depth = max(depth, index) } else { leaked = array.handle.type }
                return array
            }
        }
        for value in arguments { search(value) }
        for pair in keywords { search(pair.value) }
        if let leaked { throw unexpectedTracer(leaked) }
        return depth < 0 ? nil : traces[depth]
    }

    func beginTrace(_ kind: Trace.Kind, _ functionName: String, _ types: [TensorType], arguments: [ArrayObject]) -> Trace {
        Trace.haveBegun = true
        traceCount += 1
        let trace = Trace(traceCount, kind, functionName, types, arguments: arguments)
        traces.append(trace)
        return trace
    }

    /// Forgets the innermost trace, and then its memory: nothing refers to it any more.
    func abandonTrace() {
        guard let owner = traces.last?.owner else { return }
        traces.removeLast()
        if owner != .library { platform.releaseOwner(owner) }
    }

    /// What a text that was left for good has begun.
    private func abandonTraces() {
        staging = nil
        while !traces.isEmpty { abandonTrace() }
    }

    /// The lines shown above the first prompt.
    public static func banner() -> String {
        var lines = promptHost.version
        var memory = 0
        for entry in promptHost.memory() where entry.name == "total" { memory = entry.bytes }
        let count = promptHost.processorCount()
        lines += ", \(memory >> 20) MiB of memory, \(count) " + (count == 1 ? "processor" : "processors")
        for device in promptHost.devices() { lines += "\n  " + device.name + "  " + device.description }
        return lines + "\nPython (MicroPython 1.25); help() tells more.\n"
    }
}
