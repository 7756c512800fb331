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

    @Flag(name: .long, help: ArgumentHelp(
        "Execute twice, and print what took how long the second time.",
        discussion: "A line a kernel and evaluated operation. bytes: of operands and results, in all calls; flops: additions, "
            + "subtractions, multiplications, divisions, remainders and square roots of floats."))
    var profile = false

    @Option(name: .long, help: ArgumentHelp("Execute twice, and write the second time as Chrome trace events (for Perfetto).",
                                            valueName: "file"))
    var trace: String?

    @Option(name: .long, help: ArgumentHelp(
        "Execute so often once more, and print the milliseconds that each time took from request to answer.",
        discussion: "Arguments are on the device before, results stay there.", valueName: "n"))
    var runs: Int?

    @OptionGroup var device: DeviceOption
    @OptionGroup var connection: ConnectionOptions

    func run() throws {
        let report = try connection.withMachine(gpu: device.isGPU) { client in
            let call = ProgramCall(client: client, device: device)
            let loaded = try call.load(program)
            let handles = try call.put(arguments, types: loaded.signature.arguments)
            let count = loaded.signature.results.count
            let report = try call.execute(loaded.handle, handles, resultCount: count, into: out, profiles: profile || trace != nil)
            if let runs { try print(call.time(loaded.handle, handles, resultCount: count, runs: runs)) }
            return report
        }
        guard let report else { return }
        if profile { print(report.table().joined(separator: "\n")) }
        if let trace {
            try writeText(report.trace(of: program), to: trace)
            if report.droppedEvents > 0 { complain("the trace lacks the last \(report.droppedEvents) events") }
        }
    }
}
