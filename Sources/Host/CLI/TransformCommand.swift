import ArgumentParser
import HostMachine
import JaxPlatform
import WireProtocol

struct Transform: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Apply a transformation to a loaded program in the machine and execute the result.")

    @Argument(help: ArgumentHelp("grad, value_and_grad, jvp, vjp, linearize, jacfwd, jacrev, hessian, vmap, pmap, jit, or several round each other, "
                                 + "\"vmap(grad)\".", valueName: "transformation"))
    var transformation: String

    @Argument(help: ArgumentHelp("A serialized jax.export artifact or a StableHLO bytecode module.", valueName: "program"))
    var program: String

    @Argument(help: ArgumentHelp("The arguments of the transformed program, as .npy files.", valueName: "arg.npy"))
    var arguments: [String] = []

    @Option(name: .long, help: ArgumentHelp("Positions of the arguments to differentiate by, such as 0,1.", valueName: "list"))
    var argnums: String?

    @Flag(name: .customLong("has-aux"), help: "Results behind the first are passed on, not differentiated.")
    var hasAux = false

    @Flag(name: .customLong("allow-int"), help: "Integer arguments may be differentiated by; their gradients are zeros of float0.")
    var allowInt = false

    @Flag(name: .long, help: "The function is differentiable as a function of complex numbers.")
    var holomorphic = false

    @Option(name: .customLong("axis-size"), help: ArgumentHelp("The size of the batch dimension, where no argument says it.", valueName: "n"))
    var axisSize: Int?

    @Option(name: .customLong("in-axes"), help: ArgumentHelp("The batch dimension of each argument, such as 0,none.", valueName: "list"))
    var inAxes: String?

    @Option(name: .customLong("out-axes"), help: ArgumentHelp("The batch dimension of each result.", valueName: "list"))
    var outAxes: String?

    @Option(name: .long, help: ArgumentHelp("Write the results to DIR/0.npy, 1.npy, …", valueName: "dir"))
    var out: String?

    @Option(name: .long, help: ArgumentHelp("Write the transformed program: for jax.export.deserialize, or as bytecode where FILE ends in .mlirbc.",
                                            valueName: "file"))
    var save: String?

    @OptionGroup var device: DeviceOption
    @OptionGroup var connection: ConnectionOptions

    func run() throws {
        let parameters = try parameters()
        try connection.withMachine(gpu: device.isGPU) { client in
            let call = ProgramCall(client: client, device: device)
            let loaded = try call.load(program)
            var request = WireProtocol.Transform()
            request.transformation = transformation
            request.program = loaded.handle
            request.handle = client.newHandles()
            request.parameters = parameters
            request.usesEvaluator = device.evaluator
            request.limits = device.limits
            request.arguments = try call.put(arguments, types: loaded.signature.arguments)
            let signature = try client.start(request).wait()
            if let save {
                let saving = try client.start(Save(program: request.handle, isArtifact: !save.hasSuffix(".mlirbc"), limits: device.limits))
                guard let body = try saving.waitWithBody().body else { throw JaxError(.malformed, "the machine sent no program") }
                try writeFile(save, [UnsafeRawBufferPointer(body.bytes)])
            }
            // A program may be made for the types that it was exported for, without arguments to execute it on.
            if save != nil && arguments.isEmpty && out == nil { return }
            try call.execute(request.handle, request.arguments, resultCount: signature.results.count, into: out)
        }
    }

    /// The options as the entry point's JSON.
    private func parameters() throws -> String {
        var members: [String] = []
        for (key, text) in [("argnums", argnums), ("in_axes", inAxes), ("out_axes", outAxes)] {
            guard let text else { continue }
            var numbers: [String] = []
            for part in text.split(separator: ",", omittingEmptySubsequences: false) {
                if part.lowercased() == "none" && key != "argnums" {
                    numbers.append("null")
                } else if let number = Int(part) {
                    numbers.append("\(number)")
                } else {
                    throw JaxError(.valueError,
                                   "--\(key == "argnums" ? key : String(key.map { $0 == "_" ? "-" : $0 })) must be numbers with commas, "
                                       + "not '\(text)'")
                }
            }
            members.append("\"\(key)\": [" + numbers.joined(separator: ", ") + "]")
        }
        for (key, flag) in [("has_aux", hasAux), ("allow_int", allowInt), ("holomorphic", holomorphic)] where flag {
            members.append("\"\(key)\": true")
        }
        if let axisSize { members.append("\"axis_size\": \(axisSize)") }
        return "{" + members.joined(separator: ", ") + "}"
    }
}
