// Programs that were traced at the prompt, beside those that were loaded: the same cache, limits, inspection and statistics.
import JaxIR
import JaxOps
import JaxPlatform
import JaxTransform

extension Session {
    /// Verifies a module that was built in memory of `owner`, and registers it under `name`. `sources` are programs that parts of it were
    /// taken from. Where it throws, `owner` is still the caller's.
    @export(interface)
    public func adopt(_ module: Module, owner: MemoryOwner, sources: [LoadedProgram], as name: String,
                      limits: Limits = Limits()) throws(JaxError) -> LoadedProgram {
        let decoded = try runJob(limits.request("trace " + name, resultOwner: owner)) { () throws(JaxError) -> DecodedProgram in
            try DecodedProgram(module)
        }
        var program: LoadedProgram?
        platform.charging(.library) { program = LoadedProgram(name: name, decoded, owner: owner, sources: sources) }
        register(.program(program!), as: name)
        return program!
    }

    /// `program` for arguments of `types` as one that can be recorded in a trace: `main` takes the user's arguments and calls nothing.
    @export(interface)
    public func flattened(_ program: LoadedProgram, _ types: [TensorType], as name: String, limits: Limits = Limits()) throws(JaxError) -> LoadedProgram {
        try transform(TransformationRequest(steps: []), program, types, as: name, limits: limits)
    }
}
