// The interpreter with its modules as a Linux program, for tests: runs the files named, each in an interpreter of its own, or
// without any the prompt on standard input. Files of the folder `--share DIR` can be opened. With `--time SECONDS` a text is
// ended after so long, as by its budget. The status is the last program's.
import Foundation
import JaxPlatform
import JaxRun
import Python
import PythonPort

var paths: [String] = []
var shared: String?
var budget: UInt64?
var words = CommandLine.arguments.dropFirst()
while let word = words.popFirst() {
    switch word {
    case "--share": shared = words.popFirst()
    case "--time": budget = words.popFirst().flatMap { Double($0) }.map { UInt64($0 * 1e9) }
    default: paths.append(word)
    }
}

let services = promptHost
services.version = "BareJAX (hosted)"
services.memory = { [(name: "total", bytes: 64 << 20), (name: "used", bytes: 1 << 20)] }
services.devices = {
    (session?.devices ?? []).map {
        (name: $0.name, description: $0.description, memoryBytes: $0.memoryBytes, dispatchCount: $0.dispatchCount)
    }
}
services.readFile = { name throws(JaxError) in
    guard let shared, let data = FileManager.default.contents(atPath: shared + "/" + name) else {
        throw JaxError(.fileNotFound, "there is no file '\(name)'")
    }
    return Array(data)
}
services.raiseFault = { kind throws(JaxError) in throw JaxError(.fault, "a fault of kind '\(kind)' was raised") }
services.wait = { usleep(UInt32(min($0, 5000))) }
services.panic = { reason in
    FileHandle.standardError.write(Data("the interpreter is broken: \(reason)\n".utf8))
    _exit(134)
}

/// When the running text has to end.
nonisolated(unsafe) var deadline = UInt64.max
nonisolated(unsafe) var attention: UnsafeMutablePointer<UInt32>?
services.notice = { attention = $0 }
services.endPending = { platform.nanoseconds < deadline ? nil : (kind: .timeBudgetExhausted, age: platform.nanoseconds - deadline) }
let clock = Thread {
    while true {
        usleep(2000)
        if platform.nanoseconds >= deadline { attention?.pointee = 1 }
    }
}

func write(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
    FileHandle.standardOutput.write(Data(bytes))
    return true
}

func readByte() -> Int32 {
    var byte: UInt8 = 4
    return read(0, &byte, 1) == 1 ? Int32(byte) : 4
}

func makeInterpreter(isConsole: Bool) -> Interpreter {
    do throws(JaxError) {
        return try Interpreter(limits: Limits(permissions: .prompt), heapLimit: 1 << 30,
                               output: write, input: isConsole ? { readByte() } : nil)
    } catch {
        fatalError(error.description)
    }
}

func status(of outcome: Interpreter.Outcome) -> Int32 {
    switch outcome {
    case .done: return 0
    case .failed: return 1
    case .exited(let status): return status
    case .ended: return 3
    }
}

func runPrompt() {
    print(Interpreter.banner(), terminator: "")
    fflush(stdout)
    let interpreter = makeInterpreter(isConsole: true)
    var editor = LineEditor()
    let terminal = LineEditor.Terminal(read: { UInt8(truncatingIfNeeded: readByte()) },
                                       write: { FileHandle.standardOutput.write(Data($0)) },
                                       complete: { interpreter.complete($0) })
    while let statement = editor.readStatement(terminal) {
        let outcome = statement.text.withUnsafeBufferPointer {
            interpreter.run($0, name: strdup("<stdin>"), isStatement: !statement.isPaste)
        }
        if case .exited = outcome { return }
    }
}

/// Everything runs on one thread with a stack of known size.
let stackBytes = 4 << 20
var lastStatus: Int32 = 0
let thread = Thread {
    var marker = 0
    withUnsafeMutablePointer(to: &marker) { python_hosted_start(UnsafeMutableRawPointer($0) - (stackBytes - (256 << 10))) }
    _ = load_jax_library()
    if paths.isEmpty { runPrompt() }
    for path in paths {
        guard let data = FileManager.default.contents(atPath: path) else { fatalError("cannot read \(path)") }
        let source = Array(data), interpreter = makeInterpreter(isConsole: false)
        if let budget { deadline = platform.nanoseconds + budget }
        let outcome = source.withUnsafeBufferPointer { interpreter.run($0, name: strdup(path)) }
        deadline = .max
        if outcome == .ended { print("(ended)") }
        lastStatus = status(of: outcome)
        interpreter.end()
    }
    exit(lastStatus)
}
thread.stackSize = stackBytes
clock.start()
thread.start()
while true { sleep(1000) }
