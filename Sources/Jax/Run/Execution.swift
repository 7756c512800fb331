// Loading, compiling and executing: each a job, whose results are registered after it has ended.
import JaxIR
import JaxOps
import JaxPlatform
import JaxTransform

/// The limits of one request.
public struct Limits {
    public var memoryQuota: Int?
    public var timeBudget: UInt64?
    public var permissions: Permissions

    public init(memoryQuota: Int? = nil, timeBudget: UInt64? = nil, permissions: Permissions = .link) {
        self.memoryQuota = memoryQuota
        self.timeBudget = timeBudget
        self.permissions = permissions
    }

    func request(_ name: String, resultOwner: MemoryOwner = .library) -> JobRequest {
        JobRequest(name: name, memoryQuota: memoryQuota, timeBudget: timeBudget, permissions: permissions,
                   resultOwner: resultOwner)
    }
}

extension Session {
    /// Decodes and verifies a program (an export or a bytecode module) and registers it under `name`.
    @discardableResult
    @export(interface)
    public func load(_ bytes: UnsafeRawBufferPointer, as name: String, limits: Limits = Limits()) throws(JaxError) -> LoadedProgram {
        let owner = platform.makeOwner(name: name)
        do throws(JaxError) {
            let decoded = try runJob(limits.request("load " + name, resultOwner: owner)) { () throws(JaxError) -> DecodedProgram in
                try DecodedProgram(bytes)
            }
            var program: LoadedProgram?
            platform.charging(.library) { program = LoadedProgram(name: name, decoded, owner: owner) }
            register(.program(program!), as: name)
            return program!
        } catch {
            if owner != .library { platform.releaseOwner(owner) }
            throw error
        }
    }

    /// Transformation "jit": the program verified and specialised for these argument types, from the cache or made now.
    @export(interface)
    public func jit(_ program: LoadedProgram, _ types: [TensorType], limits: Limits = Limits()) throws(JaxError) -> Executable {
        if let executable = program.executable(for: types) { return executable }
        let executable = try runJob(limits.request("jit " + program.name, resultOwner: program.owner)) { () throws(JaxError) -> Executable in
            let module = try specialise(program.module, argumentTypes: types, platformIndex: program.convention.platformIndex)
            if module !== program.module { try verify(module) }
            return try Executable(argumentTypes: types, module: module)
        }
        platform.charging(program.owner) { program.keep(executable) }
        return executable
    }

    /// Calls `program` with `arguments` on `device`; returns its results, which the JAX layer owns.
    @export(interface)
    public func execute(_ program: LoadedProgram, _ arguments: [Tensor], device: Device,
                        limits: Limits = Limits()) throws(JaxError) -> [Tensor] {
        guard device.platformName == "cpu" else {
            throw JaxError(.notImplemented, "programs execute on cpu:0 only, not on \(device.name)")
        }
        let convention = program.convention
        let inputs = try convention.mainArguments(arguments)
        var types: [TensorType] = []
        for tensor in inputs { types.append(tensor.type) }
        let executable = try jit(program, types, limits: limits)
        let results = try runJob(limits.request("execute " + program.name)) { () throws(JaxError) -> [Tensor] in
            try convention.call(executable.plan, inputs)
        }
        device.dispatchCount += 1
        return results
    }
}
