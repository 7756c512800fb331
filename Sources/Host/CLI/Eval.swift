import ArgumentParser
import HostMachine
import JaxPlatform
import WireProtocol

struct Eval: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run Python at the machine's prompt and print what it prints.",
        discussion: "The status is 1 after an uncaught exception.")

    @Argument(help: ArgumentHelp("Python text.", valueName: "text"))
    var text: String?

    @Option(name: .short, help: ArgumentHelp("Run this file.", valueName: "file.py"))
    var file: String?

    @OptionGroup var connection: ConnectionOptions

    func validate() throws {
        guard (text == nil) != (file == nil) else { throw ValidationError("give either Python text or -f FILE.py") }
    }

    func run() throws {
        let source = try text.map { text throws(JaxError) in try BodyBuffer(copying: Array(text.utf8)) } ?? readFile(file!)
        let output = OutputQueue()
        defer { output.drain() }
        let status = try connection.withMachine { client in
            let request = Evaluate(name: file ?? "<stdin>", limits: JobLimits(permissions: .prompt))
            return try client.start(request, body: source, onOutput: { output.append($0) }).wait().status
        }
        if status != 0 { throw ExitCode(Int32(truncatingIfNeeded: min(status, 255))) }
    }
}
