import ArgumentParser
import HostMachine
import JaxPlatform

struct Run: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Execute an exported program or a bytecode module.")

    @Argument(help: ArgumentHelp("A serialized jax.export artifact or a StableHLO bytecode module.", valueName: "program"))
    var program: String

    @Argument(help: ArgumentHelp("The arguments, flattened, as .npy files.", valueName: "arg.npy"))
    var arguments: [String] = []

    @Option(name: .long, help: ArgumentHelp("Write the results to DIR/0.npy, 1.npy, …; without it their types are printed.",
                                            valueName: "dir"))
    var out: String?

    @OptionGroup var device: DeviceOption
    @OptionGroup var connection: ConnectionOptions

    func run() throws {
        try connection.withMachine(gpu: device.isGPU) { client in
            let call = ProgramCall(client: client, device: device)
            let loaded = try call.load(program)
            let handles = try call.put(arguments, types: loaded.signature.arguments)
            try call.execute(loaded.handle, handles, resultCount: loaded.signature.results.count, into: out)
        }
    }
}
