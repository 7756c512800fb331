import ArgumentParser
import HostMachine
import JaxPlatform
import WireProtocol

struct Stats: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Print a machine's figures as one JSON object.")

    @OptionGroup var connection: ConnectionOptions

    func run() throws { try connection.withMachine { try printBody($0.start(ReadStatistics())) } }
}

struct Faults: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Print a machine's recorded faults as a JSON list.")

    @OptionGroup var connection: ConnectionOptions

    func run() throws { try connection.withMachine { try printBody($0.start(ReadFaults())) } }
}

struct Trace: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Print a machine's trace as Chrome trace events (for Perfetto).")

    @OptionGroup var connection: ConnectionOptions

    func run() throws { try connection.withMachine { try printBody($0.start(ReadTrace())) } }
}

private func printBody<R: Request>(_ call: Client.Call<R>) throws {
    put(Array((try call.waitWithBody().body?.text ?? "").utf8) + [10])
}
