// The work that is struck: programs over the link, and Python text that runs eagerly.
import Foundation
import JaxPlatform
import WireProtocol

struct Victim {
    let name: String
    /// Runs to its end; throws the machine's error.
    let run: (SoakMachine, JobLimits) throws -> Void
}

enum Victims {
    /// The programs as they lie in their files.
    nonisolated(unsafe) private(set) static var files: [[UInt8]] = []

    static func all(repository: String) throws -> [Victim] {
        var list: [Victim] = []
        let fixtures = repository + "/Tests/LoadTests/Fixtures"
        for file in try FileManager.default.contentsOfDirectory(atPath: fixtures).sorted() where file.hasSuffix(".jaxexp")
            && !heavy.contains(file) {
            let bytes = Array(try Data(contentsOf: URL(fileURLWithPath: fixtures + "/" + file)))
            files.append(bytes)
            list.append(Victim(name: "load " + file) { machine, limits in try load(bytes, machine, limits) })
        }
        let folds = Array(try Data(contentsOf: URL(fileURLWithPath: repository + "/Tests/ServiceTests/Fixtures/folds.jaxexp")))
        for (transformation, options) in [("vjp", "{}"), ("jvp", "{}"), ("vmap(jvp)", "{\"axis_size\": 3}")] {
            list.append(Victim(name: transformation + " of folds.jaxexp") { machine, limits in
                try transform(folds, transformation, options, machine, limits)
            })
        }
        for (name, text) in programs {
            list.append(Victim(name: name) { machine, limits in try evaluate(text, machine, limits) })
        }
        return list
    }

    /// One that is refused, and some that take long.
    private static let heavy = ["sharded.jaxexp", "keys.jaxexp", "polymorphic.jaxexp", "symbolic.jaxexp"]

    static func load(_ bytes: [UInt8], _ machine: SoakMachine, _ limits: JobLimits) throws {
        let compiled = try machine.client.start(Compile(handle: 7, name: "victim", limits: limits),
                                                body: BodyBuffer(copying: bytes), channel: SoakMachine.victims)
        let dropped = try machine.client.start(Drop(handles: [7]), channel: SoakMachine.victims)
        defer { _ = try? dropped.waitWithBody(seconds: SoakMachine.timeout) }
        _ = try compiled.waitWithBody(seconds: SoakMachine.timeout)
    }

    /// A transformation of a program, for the types that it was exported for.
    static func transform(_ bytes: [UInt8], _ name: String, _ options: String, _ machine: SoakMachine, _ limits: JobLimits) throws {
        let compiled = try machine.client.start(Compile(handle: 7, name: "victim", limits: limits), body: BodyBuffer(copying: bytes),
                                                channel: SoakMachine.victims)
        var request = Transform()
        (request.transformation, request.program, request.handle, request.parameters) = (name, 7, 70, options)
        request.limits = limits
        let transformed = try machine.client.start(request, channel: SoakMachine.victims)
        let dropped = try machine.client.start(Drop(handles: [7, 70]), channel: SoakMachine.victims)
        defer { _ = try? dropped.waitWithBody(seconds: SoakMachine.timeout) }
        _ = try compiled.waitWithBody(seconds: SoakMachine.timeout)
        _ = try transformed.waitWithBody(seconds: SoakMachine.timeout)
    }

    /// Python text; an uncaught exception is an error with what it printed.
    static func evaluate(_ text: String, _ machine: SoakMachine, _ limits: JobLimits) throws {
        let output = OutputBox()
        var limits = limits
        limits.permissions = Permissions.prompt.rawValue
        let call = try machine.client.start(Evaluate(name: "<victim>", limits: limits), body: BodyBuffer(copying: Array(text.utf8)),
                                            channel: SoakMachine.victims, onOutput: { output.append($0) })
        if try call.waitWithBody(seconds: SoakMachine.timeout).reply.status != 0 { throw CampaignError(output.text) }
    }

    private static let programs: [(String, String)] = [
        ("products", "import jax.numpy as jnp\nx = jnp.ones((64, 64))\nfor i in range(2): x = (x @ x) / 64\nassert float(x.sum()) == "
            + "4096.0"),
        ("elementwise", "import jax.numpy as jnp\nx = jnp.arange(3000) * 0.001\nfor i in range(2): y = jnp.sin(x) ** 2 + jnp.cos(x) ** "
            + "2\nassert abs(float(y.sum()) - 3000) < 1"),
        ("indexing", "import jax.numpy as jnp\nx = jnp.arange(600).reshape(6, 100)\nfor i in range(3): y = x[i, ::2].sum() + "
            + "x.T[i].max()\nassert int(x[5, 7]) == 507"),
        ("many small", "import jax.numpy as jnp\nx = jnp.zeros(4)\nfor i in range(8): x = x + 1\nassert x.tolist() == [8.0] * 4"),
    ]
}

/// What a program printed, from the link's thread.
final class OutputBox {
    private let lock = NSLock()
    private var bytes: [UInt8] = []

    func append(_ more: [UInt8]) { lock.withLock { bytes += more } }
    var text: String { lock.withLock { String(decoding: bytes, as: UTF8.self) } }
}
