import ArgumentParser
import Glibc
import HostMachine
import JaxPlatform
import WireProtocol

struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run self-checking programs in one machine.",
        discussion: "Each program's main takes no arguments and checks its results by check.expect_*. Prints one line a failure and at "
            + "last \"N passed, N failed\".")

    @Argument(help: ArgumentHelp("Programs, or folders of them.", valueName: "path"))
    var paths: [String]

    @OptionGroup var device: DeviceOption
    @OptionGroup var connection: ConnectionOptions

    @Option(name: .long, help: ArgumentHelp("Seconds that one program may run.", valueName: "seconds"))
    var limit = 60

    func validate() throws {
        guard 1...86400 ~= limit else { throw ValidationError("--limit must be 1 to 86400 seconds") }
    }

    func run() throws {
        let programs = try HostCommand.programs(at: paths)
        // Over a shared socket there is one channel.
        let channels = connection.connect == nil ? Check.parallel : 1
        let (passed, failed) = try connection.withMachine(gpu: device.isGPU) { client in try checkAll(programs, client, channels) }
        print("\(passed) passed, \(failed) failed")
        if failed > 0 { throw ExitCode(1) }
    }

    /// Programs are sent ahead so that the machine never waits; `channels` at a time run beside each other.
    private func checkAll(_ programs: [String], _ client: Client, _ channels: Int) throws(JaxError) -> (Int, Int) {
        var limits = device.limits
        limits.nanoseconds = UInt64(limit) * 1_000_000_000
        var waiting: [(path: String, outcome: Result<Client.Call<WireProtocol.Check>, JaxError>)] = []
        var progress = ProgressLine()
        var passed = 0, failed = 0
        for index in 0..<programs.count + Check.ahead {
            if index < programs.count {
                let path = programs[index]
                do throws(JaxError) {
                    let request = WireProtocol.Check(name: path, device: device.device, usesEvaluator: device.evaluator, limits: limits)
                    let call = try client.start(request, body: try readFile(path), channel: UInt32(index % channels))
                    waiting.append((path, .success(call)))
                } catch {
                    waiting.append((path, .failure(error)))
                }
            }
            if index >= Check.ahead || index >= programs.count, !waiting.isEmpty {
                let (path, outcome) = waiting.removeFirst()
                do throws(JaxError) {
                    switch outcome {
                    case .success(let call): _ = try call.wait()
                    case .failure(let error): throw error
                    }
                    passed += 1
                } catch {
                    // Without a machine nothing more can be learnt.
                    if client.isClosed { throw error }
                    failed += 1
                    progress.clear()
                    print("FAILED \(path): \(error)")
                    fflush(stdout)
                }
                progress.show(passed + failed, of: programs.count, path)
            }
        }
        progress.clear()
        return (passed, failed)
    }

    private static let ahead = 32, parallel = 2
}

/// The free functions of this command, where a type's member of the same name hides them.
enum HostCommand {
    static func programs(at paths: [String]) throws(JaxError) -> [String] { try barejax.programs(at: paths) }
}
