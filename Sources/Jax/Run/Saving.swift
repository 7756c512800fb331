// Registered programs as bytes for others: a `jax.export` artifact, or StableHLO's portable bytecode.
import JaxIR
import JaxOps
import JaxPlatform
import JaxSave
import JaxTransform

extension Session {
    /// The program as `jax.export.deserialize` reads it, or as a bare module of bytecode. One that was loaded from an export keeps that
    /// export's trees, names and platforms. Throws `notImplemented` for operations that VHLO does not have.
    @export(interface)
    public func save(_ program: LoadedProgram, asArtifact: Bool, limits: Limits = Limits()) throws(JaxError) -> [UInt8] {
        try runJob(limits.request("save " + program.name)) { () throws(JaxError) -> [UInt8] in
            let module = try withoutStructured(program.module)
            if module !== program.module { try verify(module) }
            guard asArtifact else { return try bytecode(of: module) }
            guard let exported = program.exported else { return try exportArtifact(of: module) }
            var options = ExportOptions()
            options.functionName = exported.functionName
            options.platforms = exported.platforms
            (options.inTree, options.outTree) = (exported.inTree, exported.outTree)
            (options.inValues, options.outValues, options.keptArguments) = (exported.inValues, exported.outValues, exported.keptArguments)
            return try exportArtifact(of: module, options)
        }
    }
}
