// The interactive prompt: an interpreter that stays, whose statements are jobs. A statement that nothing gentler ends, or a fault
// in the interpreter itself, ends all its variables: it is started afresh, and says so.
import CPU
import Drivers
import JaxPlatform
import JaxRun
import Kernel
import Python

enum Prompt {
    private static let stackBytes = 2 << 20

    nonisolated(unsafe) private static var console: Console!
    nonisolated(unsafe) private static var taskNumber: UInt64 = 0
    /// The interpreter, in memory of `owner`; never released, its memory goes as a whole.
    nonisolated(unsafe) private static var interpreter: Unmanaged<Interpreter>?
    nonisolated(unsafe) private static var owner: UInt32 = 0
    /// What the last interpreter's jobs might use, for the next one.
    nonisolated(unsafe) private static var limits = Limits(permissions: .prompt)

    private static let standardInput: UnsafePointer<CChar> =
        UnsafeRawPointer(("<stdin>" as StaticString).utf8Start).assumingMemoryBound(to: CChar.self)

    /// Starts the prompt's task, where there is a line. `promptHost` are filled in by the caller but for what
    /// `KernelPromptHost.swift` knows. False without memory.
    @discardableResult
    static func start(line: UART?) -> Bool {
        charging(MemoryOwner.library.id) {
            console = Console(line)
            fillServices()
            _ = load_jax_library()
            addSessionDevices()
        }
        console.interrupt = { isAgain in _ = Jobs.cancel(task: taskNumber, isForced: isAgain) }
        guard line != nil else { return true }
        return Tasks.start("prompt", priority: .interactive, owner: MemoryOwner.library.id, stackByteCount: stackBytes) {
            Prompt.run()
        } != nil
    }

    /// What the prompt's interpreter holds.
    static var heldBytes: Int { owner == 0 ? 0 : KernelHeap.heldBytes(of: owner) }

    private static func run() {
        taskNumber = cpu_current_task().pointee.id
        write(Interpreter.banner())
        var editor = LineEditor()
        while true {
            // A fault between statements, in the editor: the line is lost.
            let fault = guardedCall {
                while serveOne(&editor) {}
                do throws(JaxError) { try promptHost.powerOff() } catch { write(error.description + "\n") }
            }
            if let fault {
                session?.recover(from: taskNumber)
                write("\nThe prompt was ended by a fault: " + fault.summary + "\n")
                editor = LineEditor()
            }
        }
    }

    /// One statement. False when the prompt has to end: Ctrl-D or `exit()`.
    private static func serveOne(_ editor: inout LineEditor) -> Bool {
        let terminal = LineEditor.Terminal(read: { console.read() }, write: { console.write($0) },
                                           complete: { complete($0) })
        guard let statement = editor.readStatement(terminal) else { return false }
        var goesOn = true
        // Plain memory: frames of a statement that is ended by force release nothing.
        let text = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: statement.text.count)
        _ = text.initialize(from: statement.text)
        defer { text.deallocate() }
        let isPaste = statement.isPaste
        perform("prompt", time: interpreter?.takeUnretainedValue().limits.timeBudget) { interpreter in
            let outcome = interpreter.run(UnsafeBufferPointer(text), name: standardInput, isStatement: !isPaste)
            switch outcome {
            case .exited: goesOn = false
            case .ended: write((Jobs.interruption == .timeBudget ? "MemoryError: the time budget is used up" : "KeyboardInterrupt") + "\n")
            default: break
            }
        }
        return goesOn
    }

    private static func complete(_ text: [UInt8]) -> [UInt8]? {
        var completion: [UInt8]? = []
        perform("completion", time: 100_000_000) { completion = $0.complete(text) }
        // It belongs to the prompt's memory, which may go.
        return completion.map { Array($0) }
    }

    /// Runs `body` with the interpreter, as a job whose memory stays with it.
    private static func perform(_ name: String, time: UInt64?, _ body: (Interpreter) -> Void) {
        if owner == 0 {
            owner = KernelHeap.makeOwner(name: "prompt", quota: PageFrames.totalBytes / 2) ?? MemoryOwner.library.id
        }
        let limits = JobLimits(timeBudget: time, permissions: Permissions.prompt.rawValue, resultOwner: owner, grace: PythonPrograms.grace)
        var failure: JaxError?
        var isBroken = false
        console.isServed = true
        // A statement is work like that of clients, unlike the line that is being typed.
        let priority = Scheduler.setPriority(.normal)
        let end = charging(owner) {
            Jobs.run(name: name, limits, notesReferences: false, cleanUp: {
                if isBroken { interpreter?.takeUnretainedValue().end() }
            }) {
                isBroken = true
                do throws(JaxError) { try body(current()) } catch { failure = error }
                isBroken = false
            }
        }
        Scheduler.setPriority(priority)
        console.isServed = false
        Interpreter.leave()
        switch end {
        case .completed: if let failure { write(failure.description + "\n") }
        case .refused: write("MemoryError: no memory to begin a statement\n")
        case .faulted(let fault): startAfresh(fault)
        }
    }

    private static func current() throws(JaxError) -> Interpreter {
        if let interpreter { return interpreter.takeUnretainedValue() }
        let made = try Interpreter(limits: limits, heapLimit: PageFrames.totalBytes / 2, output: { bytes in
            console.write(bytes)
            return true
        }, input: { console.poll() })
        interpreter = Unmanaged.passRetained(made)
        return made
    }

    /// After a fault or a forced end: what the interpreter had is gone.
    private static func startAfresh(_ fault: FaultRecord) {
        session?.recover(from: taskNumber)
        if let interpreter { limits = interpreter.takeUnretainedValue().limits }
        interpreter = nil
        if owner != MemoryOwner.library.id { KernelHeap.removeOwner(owner) }
        owner = 0
        let cause: String
        switch fault.kind {
        case .cancelled: cause = "KeyboardInterrupt: the statement did not end by itself.\n"
        case .timeBudget: cause = "MemoryError: the time budget is used up; the statement did not end by itself.\n"
        default: cause = ""
        }
        write("\n" + cause + "The interpreter was ended by " + (cause.isEmpty ? "a fault" : "force")
              + " and starts afresh; its variables are gone.\n" + (cause.isEmpty ? fault.summary + "\n" : ""))
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
}
