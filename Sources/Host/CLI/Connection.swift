// How a command gets a machine: one that runs already, or one of its own.
import ArgumentParser
import Glibc
import HostMachine
import JaxPlatform
import WireProtocol

struct ConnectionOptions: ParsableArguments {
    @Option(name: .long, help: ArgumentHelp("Use the machine behind this socket (see 'boot --socket') instead of one's own.",
                                            valueName: "path"))
    var connect: String?

    @Option(name: .long, help: ArgumentHelp("Processors of one's own machine.", valueName: "n"))
    var cpus: Int?

    @Option(name: .customLong("cpu-devices"), help: ArgumentHelp("Devices that the processors of one's own machine are.", valueName: "n"))
    var cpuDevices: Int?

    @Option(name: .long, help: ArgumentHelp("Memory of one's own machine, such as 2G.", valueName: "size"))
    var memory: String?

    /// Calls `body` with a machine, and ends the machine if it was started for this.
    func withMachine<Result>(gpu: Bool = false, _ body: (Client) throws -> Result) throws -> Result {
        if let connect {
            let client = Client(try SocketStream(connectingTo: connect))
            defer { client.close() }
            _ = try client.start(Hello(client: "barejax")).waitWithBody(seconds: 30)
            return try body(client)
        }
        var options = MachineOptions()
        if let cpus { options.cpus = cpus }
        options.cpuDevices = cpuDevices ?? 1
        if let memory { options.memory = memory }
        options.gpu = gpu ? .on : .off
        let machine = try Machine(options)
        let client = try machine.connect()
        defer { machine.shutDown(client) }
        do {
            return try body(client)
        } catch let error as JaxError where error.kind == .deviceError && machine.process.wait(seconds: 1) != nil {
            throw JaxError(.deviceError, "the machine ended: " + error.message + "\n" + (machine.console?.lastLines ?? ""))
        }
    }
}

struct DeviceOption: ParsableArguments {
    @Option(name: .long, help: ArgumentHelp("Where to execute: cpu or gpu.", valueName: "device"))
    var device = "cpu"

    @Flag(name: .long, help: "Execute operation by operation, in place of compiled code.")
    var evaluator = false

    func validate() throws {
        guard device.hasPrefix("cpu") || device.hasPrefix("gpu") else {
            throw ValidationError("--device must be cpu or gpu, not '\(device)'")
        }
    }

    var isGPU: Bool { device.hasPrefix("gpu") }
    /// What a program on this device may use.
    var limits: JobLimits { JobLimits(permissions: isGPU ? .devices : .link) }
}

/// A line on the terminal that says how far long work is; nothing where standard error is no terminal.
struct ProgressLine {
    private let isShown = isatty(2) == 1
    private var last = -1

    mutating func show(_ done: Int, of total: Int, _ what: String) {
        guard isShown, total > 0, done * 200 / total != last else { return }
        last = done * 200 / total
        fputs("\r\(done)/\(total) \(what)\u{1B}[K", stderr)
    }

    func clear() {
        if isShown { fputs("\r\u{1B}[K", stderr) }
    }
}
