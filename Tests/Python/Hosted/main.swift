// The interpreter with its modules as a Linux program, for tests: runs the files named, each with fresh globals, or without
// any the prompt on standard input. Files of the folder `--share DIR` can be opened. The status is the last program's.
import Foundation
import JaxPlatform
import JaxRun
import Python

var paths: [String] = []
var shared: String?
var words = CommandLine.arguments.dropFirst()
while let word = words.popFirst() {
    if word == "--share" { shared = words.popFirst() } else { paths.append(word) }
}

let services = machineServices
services.version = "BareJAX (hosted)"
services.writeConsole = { FileHandle.standardOutput.write(Data($0)) }
services.readConsole = { _ in
    var byte: UInt8 = 4
    return read(0, &byte, 1) == 1 ? byte : 4
}
services.memory = { [(name: "total", bytes: 64 << 20), (name: "used", bytes: 1 << 20)] }
services.devices = { (session?.devices ?? []).map { (name: $0.name, description: $0.description, memoryBytes: $0.memoryBytes, dispatchCount: $0.dispatchCount) } }
services.readFile = { name throws(JaxError) in
    guard let shared, let data = FileManager.default.contents(atPath: shared + "/" + name) else {
        throw JaxError(.fileNotFound, "there is no file '\(name)'")
    }
    return Array(data)
}
services.raiseFault = { kind throws(JaxError) in throw JaxError(.fault, "a fault of kind '\(kind)' was raised") }

/// Everything runs on one thread with a stack of known size.
let stackBytes = 4 << 20
var status: Int32 = 0
let thread = Thread {
    _ = load_jax_library()
    var marker = 0
    withUnsafeMutablePointer(to: &marker) { top in
        do throws(JaxError) {
            try Interpreter.start(stackTop: UnsafeMutableRawPointer(top), stackBytes: stackBytes - (256 << 10))
        } catch {
            fatalError(error.description)
        }
        if paths.isEmpty {
            print(Interpreter.banner(), terminator: "")
            fflush(stdout)
            Interpreter.prompt()
        }
        for path in paths {
            guard let data = FileManager.default.contents(atPath: path) else { fatalError("cannot read \(path)") }
            let source = Array(data)
            status = source.withUnsafeBufferPointer { Interpreter.evaluate($0, name: path) { FileHandle.standardOutput.write(Data($0)) } }
        }
    }
    exit(status)
}
thread.stackSize = stackBytes
thread.start()
while true { sleep(1000) }
