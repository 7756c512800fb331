// The interpreter's task: the prompt on the serial line, and programs from other tasks between its lines. A fault inside
// the interpreter itself ends all its variables: it is started afresh, and says so.
import CPU
import Drivers
import JaxPlatform
import JaxRun
import Kernel
import Python

enum Prompt {
    private static let stackBytes = 2 << 20
    /// Left for the frames above the interpreter's first.
    private static let stackMargin = 64 << 10

    nonisolated(unsafe) private static var console: Console!
    nonisolated(unsafe) private static var evaluations: Evaluations!
    nonisolated(unsafe) private static var taskNumber: UInt64 = 0
    nonisolated(unsafe) private static var isInteractive = true

    /// Starts the task. Without a line, or if not interactive, it runs programs of other tasks only. `services` are filled
    /// in by the caller but for the console, memory and the heap (`PromptServices.swift`). False without memory.
    @discardableResult
    static func start(line: UART?, isInteractive: Bool) -> Bool {
        charging(MemoryOwner.library.id) {
            console = Console(isInteractive ? line : nil)
            evaluations = Evaluations()
            console.interrupt = { Prompt.interrupt() }
            fillServices()
            _ = load_jax_library()
        }
        self.isInteractive = isInteractive && line != nil
        let services = machineServices
        services.writeConsole = { Prompt.console.write($0) }
        services.readConsole = { isIdle in Prompt.console.read { if isIdle { Prompt.serve() } } }
        return Tasks.start("prompt", priority: .interactive, owner: MemoryOwner.library.id, stackByteCount: stackBytes) {
            Prompt.run()
        } != nil
    }

    private static func run() {
        taskNumber = cpu_current_task().pointee.id
        var isFirst = true
        while true {
            let fault = guardedCall {
                do throws(JaxError) {
                    try startInterpreter()
                } catch {
                    log(error.description)
                    return
                }
                if isInteractive {
                    if isFirst { write(Interpreter.banner()) }
                    isFirst = false
                    Interpreter.prompt()
                } else {
                    while true { _ = console.read { serve() } }
                }
            }
            if let fault {
                session?.recover(from: taskNumber)
                write("\nThe interpreter was ended by a fault and starts afresh; its variables are gone.\n" + fault.summary + "\n")
                endEvaluation()
                evaluations.end(1)
                continue
            }
            // Ctrl-D or exit().
            do throws(JaxError) {
                try machineServices.powerOff()
            } catch {
                write(error.description + "\n")
            }
        }
    }

    private static func startInterpreter() throws(JaxError) {
        let top = UnsafeMutableRawPointer(bitPattern: UInt(cpu_current_task().pointee.stack_high))!
        try Interpreter.start(stackTop: top, stackBytes: stackBytes - stackMargin)
    }

    /// Text of the kernel's, with line ends as the terminal wants them.
    private static func write(_ text: String) {
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            if byte == UInt8(ascii: "\n") { bytes.append(UInt8(ascii: "\r")) }
            bytes.append(byte)
        }
        bytes.withUnsafeBufferPointer { console.write($0) }
    }

    /// Runs the programs that wait, on the interpreter's task.
    private static func serve() {
        while let evaluation = evaluations.begin() {
            promptLimits = machineServices.limits
            machineServices.limits = evaluation.limits
            defer { endEvaluation() }
            let status = evaluation.source.withUnsafeBufferPointer { source in
                Interpreter.evaluate(source, name: evaluation.name) { evaluation.append($0) }
            }
            evaluations.end(UInt32(bitPattern: status))
        }
    }

    /// What the prompt itself may use, while the program of another task runs with limits of its own.
    nonisolated(unsafe) private static var promptLimits: Limits?

    private static func endEvaluation() {
        if let limits = promptLimits { machineServices.limits = limits }
        promptLimits = nil
    }

    /// What Python code may use outside of jobs: all at the prompt, its limits in a program of another task.
    static var permissions: Permissions {
        taskNumber == cpu_current_task().pointee.id && promptLimits != nil ? machineServices.limits.permissions : .prompt
    }

    /// Ctrl-C: ends the native job that runs, which raises KeyboardInterrupt in its turn, or interrupts Python code.
    private static func interrupt() {
        if !Jobs.cancel(task: taskNumber) { Interpreter.interrupt() }
    }

    /// Runs a program with fresh globals when its turn comes, and waits for its end. From any other task. `output` gets
    /// what it prints; the result is its status. Throws `resourceExhausted` when its time is up.
    static func evaluate(_ source: String, name: String, limits: Limits, output: (String) -> Void) throws(JaxError) -> UInt32 {
        let task = cpu_current_task().pointee.id
        let evaluation = charging(MemoryOwner.library.id) { Evaluation(Array(source.utf8), name: name, limits: limits, task: task) }
        let deadline = limits.timeBudget.map { platform.nanoseconds &+ $0 }
        charging(MemoryOwner.library.id) { evaluations.add(evaluation) }
        console.arrived.notify()
        var isLate = false
        while true {
            let seen = evaluation.changed.count
            let (text, status) = evaluation.take()
            if !text.isEmpty { output(text) }
            if let status {
                if isLate { throw JaxError(.resourceExhausted, "the program's time budget is used up") }
                return status
            }
            if !evaluation.changed.wait(past: seen, until: isLate ? nil : deadline), deadline != nil, !isLate {
                isLate = true
                _ = cancel(task: task)
            }
        }
    }

    /// Ends the program that `task` waits for. False where there is none.
    static func cancel(task: UInt64) -> Bool {
        guard let isRunning = evaluations.cancel(task: task) else { return false }
        if isRunning { interrupt() }
        return true
    }
}
