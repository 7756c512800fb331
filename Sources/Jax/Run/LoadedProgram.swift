// A program in the session: what was loaded, how it is called, and what was compiled of it.
import JaxIR
import JaxLoad
import JaxOps
import JaxPlatform
import JaxTransform

/// What a program's bytes are decoded to, in a job.
struct DecodedProgram {
    let module: Module
    let exported: Exported?
    let convention: CallingConvention

    /// Decodes an export or a bare bytecode module.
    init(_ bytes: UnsafeRawBufferPointer) throws(JaxError) {
        if isBareProgram(bytes) {
            try self.init(try loadModule(bytes))
            return
        }
        let exported = try loadArtifact(bytes)
        try self.init(try exported.module(), exported, try CallingConvention(exported: exported))
    }

    /// A bare module.
    init(_ module: Module) throws(JaxError) { try self.init(module, nil, try CallingConvention(module: module)) }

    private init(_ module: Module, _ exported: Exported?, _ convention: CallingConvention) throws(JaxError) {
        self.module = module
        self.exported = exported
        self.convention = convention
        // What depends on the arguments' shapes or on the platform is only complete once specialised, and verified then.
        try verify(module, requiringKnownCalls: module.isStatic && convention.platformIndex == nil)
    }
}

/// A program ready to be specialised and executed. This object is the JAX layer's, so that references to it are exact also
/// after a job was ended; all that it holds, compiled forms included, belongs to `owner`, so that dropping the program gives
/// back everything, also what ended jobs may still seem to refer to.
public final class LoadedProgram {
    public let name: String
    /// Of the jobs that execute it.
    let executionName: String
    public let module: Module
    /// The `jax.export` artifact around the module, if it came in one.
    public let exported: Exported?
    public let convention: CallingConvention
    public let owner: MemoryOwner
    /// The programs that it was made from, parts of which it may be made of.
    private let sources: [LoadedProgram]
    private var executables: [Executable] = []

    /// How many specialisations a program keeps; the one used least gives way.
    static let maximumExecutables = 16

    init(name: String, _ decoded: DecodedProgram, owner: MemoryOwner, sources: [LoadedProgram] = []) {
        self.sources = sources
        self.name = String(decoding: Array(name.utf8), as: UTF8.self)
        executionName = "execute " + name
        module = decoded.module
        exported = decoded.exported
        convention = decoded.convention
        self.owner = owner
    }

    /// The compiled form for these argument types on `device`, if there is one; counts the hit.
    func executable(for types: [TensorType], on device: any Device, by method: Method) -> Executable? {
        for executable in executables
        where executable.device === device && executable.method == method && executable.argumentTypes == types {
            executable.hits += 1
            return executable
        }
        return nil
    }

    func keep(_ executable: Executable) {
        if executables.count >= LoadedProgram.maximumExecutables {
            var least = 0
            for index in executables.indices where executables[index].hits < executables[least].hits { least = index }
            executables.remove(at: least)
        }
        executables.append(executable)
    }

    /// Uses of the compiled forms beyond their first, for statistics.
    public var cacheHits: Int { executables.reduce(0) { $0 + $1.hits } }
    public var executableCount: Int { executables.count }
}
