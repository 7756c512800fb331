import ArgumentParser
import Glibc
import HostMachine
import JaxPlatform

struct Boot: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Boot a machine: to its prompt on this terminal, or to serve a socket.")

    @Flag(name: .long, help: "Boot the disk image by EFI instead of the kernel image by PVH.")
    var efi = false

    @Option(name: .long, help: ArgumentHelp("Processors, 1 to 8.", valueName: "n"))
    var cpus: Int?

    @Option(name: .customLong("cpu-devices"),
            help: ArgumentHelp("Devices that the processors are for programs, 1 to 64; not with --efi.", valueName: "n"))
    var cpuDevices: Int?

    @Option(name: .long, help: ArgumentHelp("Memory, such as 512M or 4G.", valueName: "size"))
    var memory = "1G"

    @Option(name: .long, help: ArgumentHelp("A GPU through virtio-gpu: auto, on or off.", valueName: "choice"))
    var gpu = "auto"

    @Option(name: .long, help: ArgumentHelp("No prompt: print \"ready\" and serve this Unix socket until ended.", valueName: "path"))
    var socket: String?

    @Option(name: .long, help: ArgumentHelp("Let the machine read the files in this folder as host:NAME.", valueName: "dir"))
    var share: String?

    @Option(name: .customLong("append"), help: ArgumentHelp("The kernel's command line; not with --efi.", valueName: "text"))
    var commandLine = ""

    @Option(name: .customLong("gdb"),
            help: ArgumentHelp("Wait for a debugger on this TCP port of the loopback address.", valueName: "port"))
    var debuggerPort: Int?

    func run() throws {
        guard let gpu = MachineOptions.GPU(rawValue: gpu) else {
            throw JaxError(.valueError, "--gpu must be auto, on or off, not '\(gpu)'")
        }
        if efi && (!commandLine.isEmpty || cpuDevices != nil) {
            throw JaxError(.valueError, "--append and --cpu-devices are for the kernel image: the disk image has a command line of its own")
        }
        var options = MachineOptions()
        options.boot = efi ? .efi : .pvh
        if let cpus { options.cpus = cpus }
        options.memory = memory
        options.gpu = gpu
        options.commandLine = commandLine
        options.cpuDevices = cpuDevices ?? 1
        options.console = socket == nil ? .terminal : .captured
        // Clients that wait for a machine which starts again would wait for ever: behind a socket a reset is its end.
        options.reboots = socket == nil
        if let debuggerPort { options.extra += ["-S", "-gdb", "tcp:127.0.0.1:\(debuggerPort)"] }
        let files = try share.map { path throws(JaxError) in try SharedFolder(path: path) }

        var isServing = false
        let terminal = Terminal()
        let signals = EndingSignals()
        let machine = try Machine(options)
        signals.onSignal = {
            machine.process.kill()
            machine.process.wait()
            terminal.restore()
            if let socket, isServing { unlink(socket) }
        }
        defer { terminal.restore() }
        if let socket {
            try serve(machine, at: socket, files, signals) { isServing = true }
        } else {
            // The prompt is QEMU's business; this end of the link only answers the machine's requests for files.
            let client = Client(machine.stream, files: files)
            let status = machine.process.wait() ?? 0
            client.close()
            try signals.check(status, "the machine ended with status \(status)")
        }
    }

    private func serve(_ machine: Machine, at path: String, _ files: SharedFolder?, _ signals: EndingSignals,
                       onListening: () -> Void) throws(JaxError) {
        let broker = Broker(machine.stream)
        broker.describeEnd = {
            let status = machine.process.wait(seconds: 2)
            let console = machine.console?.lastLines ?? ""
            return "the machine ended" + (status.map { " with status \($0)" } ?? "")
                + (console.isEmpty ? "" : "; its console's last lines:\n" + console)
        }
        let client = Client(try broker.start(), files: files)
        client.onLog = { complain($0) }
        try machine.greet(client, as: "barejax boot")
        try broker.listen(at: path)
        onListening()
        print("ready")
        fflush(stdout)
        let status = machine.process.wait() ?? 0
        unlink(path)
        broker.waitForEnd(seconds: 2)
        client.close()
        try signals.check(status, "the machine ended\n" + (machine.console?.lastLines ?? ""))
    }
}
