// Python texts of clients (`barejax eval`): each in an interpreter of its own, in a job of its own, on a task of its own. The task
// that asks for it waits, and passes on what is printed. So a text is limited, ended, listed and freed as a job, and none waits
// for another.
import CPU
import JaxPlatform
import JaxRun
import Kernel
import Python

/// One text on its way.
final class PythonProgram {
    /// Output that waits to be passed on; beyond that the text waits.
    private static let mostOutput = 256 << 10

    private let source: UnsafeMutableBufferPointer<UInt8>
    private let name: UnsafeMutablePointer<CChar>
    private let limits: Limits
    /// The task that waits for it, and its own.
    let requester: UInt64
    private var task: UInt64 = 0
    private var isCancelled = false
    /// Moves on when there is output or room for it, or the end.
    let changed = EventCount()
    private let mutex = Mutex()
    private var output: [UInt8] = []
    private var end: Result<UInt32, JaxError>?

    init(_ source: String, name: String, limits: Limits, requester: UInt64) {
        let bytes = Array(source.utf8), nameBytes = Array(name.utf8) + [0]
        self.source = UnsafeMutableBufferPointer.allocate(capacity: bytes.count)
        _ = self.source.initialize(from: bytes)
        self.name = UnsafeMutablePointer.allocate(capacity: nameBytes.count)
        for (index, byte) in nameBytes.enumerated() { self.name[index] = CChar(bitPattern: byte) }
        self.limits = limits
        self.requester = requester
    }

    deinit {
        source.deallocate()
        name.deallocate()
    }

    // MARK: The text's task

    /// Runs the text to its end.
    func run() {
        mutex.lock()
        task = cpu_current_task().pointee.id
        mutex.unlock()
        var outcome: Interpreter.Outcome?
        var pending: JobInterruption?
        var interpreter: Unmanaged<Interpreter>?
        let jobLimits = JobLimits(memoryQuota: limits.memoryQuota, timeBudget: limits.timeBudget, permissions: limits.permissions.rawValue,
                                  resultOwner: MemoryOwner.library.id, grace: PythonPrograms.grace)
        // Within the job nothing is referred to that is not its own, but by plain pointers: a forced end skips the releases.
        let program = Unmanaged.passUnretained(self), source = UnsafeBufferPointer(source), name = UnsafePointer(name), limits = limits
        let jobName = "python " + String(cString: name)
        let jobEnd = Jobs.run(name: jobName, jobLimits, keepsNothing: { true }, notesReferences: false, cleanUp: {
            interpreter?._withUnsafeGuaranteedRef { $0.end() }
        }) {
            if program._withUnsafeGuaranteedRef({ $0.wasCancelled }) { Jobs.cancel(task: cpu_current_task().pointee.id) }
            do throws(JaxError) {
                let made = try Interpreter(limits: limits, heapLimit: 1 << 40,
                                           output: { bytes in program._withUnsafeGuaranteedRef { $0.append(bytes) } })
                interpreter = Unmanaged.passRetained(made)
                outcome = made.run(source, name: name)
            } catch {
                let failure = error
                platform.charging(.library) { program._withUnsafeGuaranteedRef { $0.finish(.failure(failure.detached())) } }
            }
            pending = Jobs.interruption
        }
        Interpreter.leave()
        session?.recover(from: cpu_current_task().pointee.id)
        charging(MemoryOwner.library.id) { finish(result(jobEnd, outcome, pending)) }
    }

    private func result(_ jobEnd: JobEnd, _ outcome: Interpreter.Outcome?, _ pending: JobInterruption?) -> Result<UInt32, JaxError> {
        switch jobEnd {
        case .refused: return .failure(JaxError(.resourceExhausted, "no memory to begin the program"))
        case .faulted(let fault):
            switch fault.kind {
            case .cancelled: return .failure(PythonPrograms.cancelled(", by force: it had not heard of it"))
            case .timeBudget: return .failure(PythonPrograms.late(", and it was ended by force"))
            default: return .failure(KernelPlatform.error(fault, in: String(cString: name), quota: limits.memoryQuota))
            }
        case .completed: break
        }
        switch pending {
        case .cancelled: return .failure(PythonPrograms.cancelled(outcome == .ended ? "; it had gone on and was left where it was" : ""))
        case .timeBudget: return .failure(PythonPrograms.late(outcome == .ended ? "; it had gone on and was left where it was" : ""))
        case nil: break
        }
        switch outcome {
        case .done: return .success(0)
        case .exited(let status): return .success(UInt32(bitPattern: status))
        default: return .success(1)
        }
    }

    /// Takes output. Where there is too much already it waits a little, and takes nothing.
    private func append(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        let seen = changed.count
        var isTaken = false
        platform.charging(.library) {
            mutex.lock()
            if output.count < PythonProgram.mostOutput {
                output.append(contentsOf: bytes)
                isTaken = true
            }
            mutex.unlock()
        }
        if isTaken { changed.notify() } else { _ = changed.wait(past: seen, until: platform.nanoseconds &+ 5_000_000) }
        return isTaken
    }

    private func finish(_ end: Result<UInt32, JaxError>) {
        mutex.lock()
        if self.end == nil { self.end = end }
        mutex.unlock()
        changed.notify()
    }

    // MARK: Others

    private var wasCancelled: Bool {
        mutex.lock()
        defer { mutex.unlock() }
        return isCancelled
    }

    func cancel() {
        mutex.lock()
        isCancelled = true
        let task = task
        mutex.unlock()
        if task != 0 { Jobs.cancel(task: task) }
    }

    /// It has not begun, or not come to its end.
    func fail(_ error: JaxError) { charging(MemoryOwner.library.id) { finish(.failure(error.detached())) } }

    /// What was printed since the last call, up to the last whole character unless it has ended, and how it has ended.
    func take() -> (text: String, end: Result<UInt32, JaxError>?) {
        mutex.lock()
        var count = output.count
        if end == nil {
            while count > 0 && output[count - 1] & 0xC0 == 0x80 { count -= 1 }
            if count > 0 && output[count - 1] >= 0xC0 { count -= 1 }
            if count == 0 || output[output.count - 1] < 0x80 { count = output.count }
        }
        let text = String(decoding: output[..<count], as: UTF8.self)
        output.removeSubrange(..<count)
        let end = end
        mutex.unlock()
        if count > 0 { changed.notify() }
        return (text, end)
    }
}

enum PythonPrograms {
    /// A text that has not heard of its end is ended by force after so long.
    static let grace: UInt64 = 50_000_000
    nonisolated(unsafe) private static var running: [PythonProgram] = []
    private static let mutex = Mutex()

    static func cancelled(_ how: String) -> JaxError { JaxError(.cancelled, "the request was cancelled" + how) }
    static func late(_ how: String) -> JaxError { JaxError(.resourceExhausted, "the program's time budget is used up" + how) }

    /// Runs a text with fresh globals and waits for its end. `output` gets what it prints; the result is its status. Throws
    /// `cancelled`, `resourceExhausted` when its time or memory is up, `fault`.
    static func evaluate(_ source: String, name: String, limits: Limits, output: (String) -> Void) throws(JaxError) -> UInt32 {
        // Whoever is charged here is charged for the text, too.
        let owner = KernelHeap.currentOwner
        var created: PythonProgram?
        charging(MemoryOwner.library.id) {
            let program = PythonProgram(source, name: name, limits: limits, requester: cpu_current_task().pointee.id)
            mutex.lock()
            running.append(program)
            mutex.unlock()
            let task = Tasks.start("python", owner: owner) {
                if let fault = guardedCall({ program.run() }) { program.fail(KernelPlatform.error(fault, in: name, quota: nil)) }
            }
            if task == nil { program.fail(JaxError(.resourceExhausted, "no memory for a task to run the program on")) }
            created = program
        }
        let program = created!
        defer { forget(program) }
        while true {
            let seen = program.changed.count
            let (text, end) = program.take()
            if !text.isEmpty { output(text) }
            if let end { return try end.get() }
            _ = program.changed.wait(past: seen, until: nil)
        }
    }

    private static func forget(_ program: PythonProgram) {
        charging(MemoryOwner.library.id) {
            mutex.lock()
            running.removeAll { $0 === program }
            if running.isEmpty { running = [] }
            mutex.unlock()
        }
    }

    /// Ends the text that `task` waits for. False where there is none.
    static func cancel(task: UInt64) -> Bool {
        mutex.lock()
        var found: PythonProgram?
        for program in running where program.requester == task { found = program }
        mutex.unlock()
        found?.cancel()
        return found != nil
    }
}
