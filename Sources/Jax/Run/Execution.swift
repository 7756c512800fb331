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

    /// Transformation "jit": the program verified, specialised for these types of `main`'s tensor parameters and compiled for
    /// `device`, from the cache or made now.
    @export(interface)
    public func jit(_ program: LoadedProgram, _ types: [TensorType], device: any Device, by method: Method = .compiled,
                    limits: Limits = Limits()) throws(JaxError) -> Executable {
        if let executable = program.executable(for: types, on: device, by: method) { return executable }
        try device.prepare()
        let executable = try runJob(limits.request("jit " + program.name,
                                                   resultOwner: program.owner)) { () throws(JaxError) -> Executable in
            let module = try program.convention.specialised(program.module, types, deviceLimit: processorCount)
            return try device.compile(module, for: types, by: method)
        }
        platform.charging(program.owner) { program.keep(executable) }
        return executable
    }

    /// Calls `program` with `arguments`, arrays of `device`; returns its results, which the JAX layer owns. The arguments whose
    /// numbers `donating` holds are deleted, whatever comes of the call, and their memory may be used for results.
    @export(interface)
    public func execute(_ program: LoadedProgram, _ arguments: [DeviceArray], device: any Device, donating: [Int] = [],
                        by method: Method = .compiled, limits: Limits = Limits()) throws(JaxError) -> [DeviceArray] {
        try run(program, arguments, device: device, donating: donating, by: method, limits: limits, profiles: false).results
    }

    /// Calls `program` twice and records the second execution, for which it is compiled and its memory has been touched.
    @export(interface)
    public func profile(_ program: LoadedProgram, _ arguments: [DeviceArray], device: any Device, by method: Method = .compiled,
                        limits: Limits = Limits()) throws(JaxError) -> Execution {
        _ = try run(program, arguments, device: device, donating: [], by: method, limits: limits, profiles: false)
        return try run(program, arguments, device: device, donating: [], by: method, limits: limits, profiles: true)
    }

    private func run(_ program: LoadedProgram, _ arguments: [DeviceArray], device: any Device, donating: [Int], by method: Method,
                     limits: Limits, profiles: Bool) throws(JaxError) -> Execution {
        var types: [TensorType] = []
        types.reserveCapacity(arguments.count)
        for (index, array) in arguments.enumerated() {
            guard array.device === device else {
                throw JaxError(.deviceError, "argument \(index) is on \(array.device.name), but the program executes on \(device.name)")
            }
            types.append(array.type)
        }
        for (place, index) in donating.enumerated() {
            guard arguments.indices.contains(index) else {
                throw JaxError(.valueError, "argument \(index) cannot be donated: the program takes \(arguments.count) arguments")
            }
            let uses = arguments.filter { $0 === arguments[index] }.count
            guard uses == 1, !donating[..<place].contains(index) else {
                throw JaxError(.valueError, "argument \(index) cannot be donated: the same array is given twice")
            }
        }
        let inputs = try program.convention.inputs(types)
        let executable = try jit(program, program.convention.parameterTypes(types, inputs), device: device, by: method, limits: limits)
        var arrays: [DeviceArray] = [], donated: [Bool] = []
        arrays.reserveCapacity(inputs.count)
        donated.reserveCapacity(inputs.count)
        for input in inputs {
            switch input {
            case .argument(let index):
                arrays.append(arguments[index])
                donated.append(donating.contains(index))
            case .platformIndex(let value):
                let number = try Tensor(TensorType(.i32, []))
                number.elements(as: Int32.self)[0] = Int32(value)
                arrays.append(try device.put(number))
                donated.append(false)
            }
        }
        return try device.execute(executable, arrays, donated: donated, limits.request(program.executionName), profiles: profiles)
    }

    /// What `program`, compiled for arguments of these types, is executed by.
    @export(interface)
    public func coverage(_ program: LoadedProgram, _ types: [TensorType], device: any Device, by method: Method = .compiled,
                         limits: Limits = Limits()) throws(JaxError) -> Coverage {
        try jit(program, try program.convention.parameterTypes(types), device: device, by: method, limits: limits).coverage
    }
}
