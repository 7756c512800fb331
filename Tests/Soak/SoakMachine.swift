// A machine under the campaign: what was made on it beforehand, and how that is looked at afterwards.
import Foundation
import Glibc
import HostMachine
import JaxPlatform
import WireProtocol

struct CampaignError: Error, CustomStringConvertible {
    let description: String
    init(_ text: String) { description = text }
}

final class SoakMachine {
    let machine: Machine
    let client: Client
    /// Channel of the objects that must stay as they are; the victims have others.
    static let kept: UInt32 = 0
    static let victims: UInt32 = 1
    static let timeout = 30.0

    private var seenFaults: UInt64 = 0
    private let monitor: SocketStream
    private let folder: String

    /// Boots and makes a program, an array, a prompt variable; the machine's own bystander job starts with the first report.
    init(cpus: Int, repository: String) throws {
        var template = Array("/tmp/barejax-soak-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw CampaignError("no temporary folder") }
        folder = String(cString: template)
        var options = MachineOptions()
        options.cpus = cpus
        options.memory = "512M"
        options.commandLine = "inject"
        options.extra = ["-chardev", "socket,id=monitor,path=\(folder)/monitor,server=on,wait=off", "-mon", "chardev=monitor,mode=readline"]
        machine = try Machine(options)
        client = try machine.connect(as: "soak")
        monitor = try SocketStream(connectingTo: folder + "/monitor")
        let affine = try Data(contentsOf: URL(fileURLWithPath: repository + "/Tests/ServiceTests/Fixtures/affine.jaxexp"))
        _ = try client.start(Compile(handle: 1, name: "affine"), body: BodyBuffer(copying: Array(affine))).waitWithBody(seconds: Self.timeout)
        let floats = [Float](repeating: 3, count: 6).flatMap { value in withUnsafeBytes(of: value) { Array($0) } }
        _ = try client.start(Put(handle: 2, type: ArrayType(dtype: "float32", shape: [2, 3])), body: BodyBuffer(copying: floats)).waitWithBody(seconds: Self.timeout)
        guard machine.console!.wait(for: ">>> ", seconds: Self.timeout) != nil else { throw CampaignError("no prompt") }
        for line in ["import gc, jax.numpy as jnp", "kept = jnp.arange(7) * 3",
                     "check = lambda: (gc.collect(), print('kept', int(kept.sum())))[1]"] { try type(line, expecting: ">>> ") }
        seenFaults = try report().faults
    }

    deinit {
        machine.process.kill()
        _ = try? FileManager.default.removeItem(atPath: folder)
    }

    /// Types a line at the prompt and waits for `expected` behind its echo.
    func type(_ line: String, expecting expected: String) throws {
        let console = machine.console!
        let before = console.count
        try console.type(line + "\r")
        guard console.wait(for: line, after: before, seconds: Self.timeout) != nil else {
            throw CampaignError("the prompt did not take '\(line)':\n" + console.lastLines)
        }
        guard console.wait(for: expected, after: before + line.utf8.count, seconds: Self.timeout) != nil else {
            throw CampaignError("the prompt did not answer '\(expected)' to '\(line)':\n" + console.lastLines)
        }
    }

    /// A line for QEMU's monitor.
    func tell(_ command: String) throws {
        try Array((command + "\n").utf8).withUnsafeBytes { try monitor.write($0) }
    }

    func arm(_ fault: String, after: UInt64) throws {
        _ = try client.start(Inject(fault: fault, after: after, since: seenFaults)).waitWithBody(seconds: Self.timeout)
    }

    /// Disarms; what has happened since the last report.
    func report() throws -> Report {
        let body = try client.start(Inject(fault: "", since: seenFaults)).waitWithBody(seconds: Self.timeout).body
        let report = try Report(body?.text ?? "")
        seenFaults = report.faults
        return report
    }

    /// The known program's result on the array made at the beginning.
    func knownProgramIsRight() throws -> Bool {
        let executed = try client.start(Execute(program: 1, arguments: [2, 2], firstResult: 10), channel: Self.kept)
        let fetched = try client.start(Fetch(handle: 10), channel: Self.kept)
        let dropped = try client.start(Drop(handles: [10]), channel: Self.kept)
        _ = try executed.waitWithBody(seconds: Self.timeout)
        let body = try fetched.waitWithBody(seconds: Self.timeout).body
        _ = try dropped.waitWithBody(seconds: Self.timeout)
        return body.map { Array($0.bytes.bindMemory(to: Float.self)) } == [Float](repeating: 10, count: 6)
    }

    /// The prompt's variable; throws where it has changed.
    func promptIsRight() throws { try type("check()", expecting: "kept 63") }
}
