// An accelerator as a device: arrays lie in its memory, and compiled programs are recorded there once and replayed.
//
// What belongs to the accelerator is made and given back outside of jobs; within its job an execution only writes, submits, waits and
// reads. An execution that breaks off is discarded with whatever the device is still at: work that does not end soon is cut off, which loses
// the device's state, and every array in it says so when it is used.
import JaxExecute
import JaxIR
import JaxOps
import JaxPlatform
import SPIRVRenderer

/// An array in an accelerator's memory.
final class AcceleratorArray: DeviceArray {
    /// Nil once the array has been donated.
    fileprivate var buffer: (any AcceleratorBuffer)?

    fileprivate init(_ type: TensorType, _ buffer: any AcceleratorBuffer, on device: any Device) {
        self.buffer = buffer
        super.init(type.detached(), on: device)
    }

    deinit { buffer?.free() }

    fileprivate func memory() throws(JaxError) -> any AcceleratorBuffer {
        guard let buffer else { throw JaxError(.deviceError, "Array has been deleted with shape=\(type).") }
        return buffer
    }
}

/// A program for an accelerator, and what lies there of it since its first execution.
private final class AcceleratorExecutable: Executable {
    let plan: AcceleratedPlan
    private let lock = Lock()
    private var program: AcceleratedProgram?
    /// Of the device's state that all of this is in.
    private var generation = 0
    /// Those that no execution uses just now.
    private var idle: [AcceleratedExecution] = []

    init(_ module: Module, _ plan: AcceleratedPlan, for argumentTypes: [TensorType], by method: Method, on device: any Device) {
        self.plan = plan
        super.init(argumentTypes: argumentTypes, module: module, device: device, method: method, coverage: plan.coverage)
    }

    /// What an execution needs: from an earlier one, or made now under new owners.
    func take(on accelerator: any Accelerator, _ newOwner: () -> AcceleratorOwner) throws(AcceleratorError) -> AcceleratedExecution {
        let current = accelerator.generation
        if lock.hold({ generation != current }) {
            forget()
            lock.hold { generation = current }
        }
        if let known = lock.hold({ idle.popLast() }) { return known }
        var program = lock.hold { self.program }
        if program == nil {
            program = try AcceleratedProgram(plan, on: accelerator, owner: newOwner())
            lock.hold { self.program = program }
        }
        return try AcceleratedExecution(program!, owner: newOwner())
    }

    func keep(_ execution: AcceleratedExecution) { lock.hold { idle.append(execution) } }

    /// Gives back all that lies on the device: it has been lost, or somebody needs the memory.
    func forget() {
        lock.hold {
            idle = []
            program = nil
        }
    }
}

public final class AcceleratorDevice: Device {
    public let name: String
    public var description: String { accelerator.information.name }
    public var memoryBytes: Int { accelerator.usedByteCount }
    public var dispatchCount: Int { accelerator.ledger.dispatchCount }
    private let accelerator: any Accelerator
    /// Where owners' numbers begin; below are jobs'.
    private static let firstOwner: UInt64 = 1 << 48
    private let arrays: AcceleratorOwner
    private var lastOwner: UInt64
    /// Known after `prepare`.
    private var target: ShaderTarget?

    public init(_ accelerator: any Accelerator, name: String) {
        self.accelerator = accelerator
        self.name = name
        lastOwner = AcceleratorDevice.firstOwner
        arrays = AcceleratorOwner(id: AcceleratorDevice.firstOwner, name: "arrays")
    }

    private func newOwner() -> AcceleratorOwner {
        lastOwner += 1
        return AcceleratorOwner(id: lastOwner, name: "program")
    }

    public func prepare() throws(JaxError) {
        guard target == nil else { return }
        try calling { () throws(AcceleratorError) in
            let owner = newOwner()
            defer { accelerator.end(owner: owner, budget: AcceleratedProgram.endBudget) }
            target = try ShaderTarget.probing(accelerator, owner: owner)
            guard target == nil else { return }
            throw AcceleratorError(.unavailable, "\(name) executes no programs: it lacks buffers with addresses or 64-bit integers")
        }
    }

    /// Runs what speaks to the device, with memory of the library's.
    private func calling<Result>(_ body: () throws(AcceleratorError) -> Result) throws(JaxError) -> Result {
        var result: Result?, failure: AcceleratorError?
        platform.charging(.library) { do throws(AcceleratorError) { result = try body() } catch { failure = error } }
        if let failure { throw JaxError(failure) }
        return result!
    }

    // MARK: Arrays

    /// Memory for an array; kernels may go beyond its end up to a multiple of 64 bytes.
    private func makeBuffer(_ type: TensorType) throws(AcceleratorError) -> any AcceleratorBuffer {
        try accelerator.makeBuffer(byteCount: max(64, (type.byteCount + 63) / 64 * 64), name: "array", owner: arrays)
    }

    public func put(_ tensor: Tensor) throws(JaxError) -> DeviceArray {
        try calling { () throws(AcceleratorError) in
            let buffer = try makeBuffer(tensor.type)
            let array = AcceleratorArray(tensor.type, buffer, on: self)
            try buffer.write(UnsafeRawBufferPointer(start: tensor.bytes, count: tensor.type.byteCount), at: 0)
            return array
        }
    }

    public func fetch(_ array: DeviceArray) throws(JaxError) -> Tensor {
        let buffer = try own(array).memory(), tensor = try Tensor(array.type.detached())
        let bytes = UnsafeMutableRawBufferPointer(start: tensor.bytes, count: tensor.type.byteCount)
        try calling { () throws(AcceleratorError) in try buffer.read(into: bytes, at: 0) }
        return tensor
    }

    private func own(_ array: DeviceArray) throws(JaxError) -> AcceleratorArray {
        guard array.device === self else { throw JaxError(.deviceError, "the array is on \(array.device.name), not on \(name)") }
        return unsafeDowncast(array, to: AcceleratorArray.self)
    }

    // MARK: Programs

    public func compile(_ module: Module, for argumentTypes: [TensorType], by method: Method) throws(JaxError) -> Executable {
        guard let target else { throw JaxError(.internalError, "\(name) compiles before it is prepared") }
        let compiled = method == .compiled ? try AcceleratorCompiler(target).compile(module) : module
        let plan = try AcceleratedPlan(try ExecutionPlan(compiled), target)
        return AcceleratorExecutable(compiled, plan, for: argumentTypes, by: method, on: self)
    }

    public func execute(_ executable: Executable, _ inputs: [DeviceArray], donated: [Bool], _ job: JobRequest,
                        profiles: Bool) throws(JaxError) -> Execution {
        guard executable.device === self else { throw JaxError(.internalError, "the program was compiled for \(executable.device.name)") }
        guard job.permissions.contains(.devices) else { throw JaxError(.permissionDenied, "'\(job.name)' needs the permission 'devices' to use \(name)") }
        let own = unsafeDowncast(executable, to: AcceleratorExecutable.self)
        var arguments: [any AcceleratorBuffer] = [], givenAway: [AcceleratorArray] = []
        for array in inputs { arguments.append(try self.own(array).memory()) }
        // A donated array is deleted, whatever comes of the call; its memory goes with `givenAway`, or to a result.
        for (index, array) in inputs.enumerated() where donated[index] {
            givenAway.append(AcceleratorArray(array.type, arguments[index], on: self))
            try self.own(array).buffer = nil
        }
        defer { withExtendedLifetime(givenAway) {} }
        do throws(JaxError) {
            return try run(own, arguments, donated, givenAway, job, profiles)
        } catch {
            if error.kind == .deviceError || error.kind == .resourceExhausted { own.forget() }
            throw error
        }
    }

    private func run(_ executable: AcceleratorExecutable, _ arguments: [any AcceleratorBuffer], _ donated: [Bool],
                     _ givenAway: [AcceleratorArray], _ job: JobRequest, _ profiles: Bool) throws(JaxError) -> Execution {
        var results: [AcceleratorArray] = [], copies: [AcceleratorCommand] = []
        let execution = try calling { () throws(AcceleratorError) -> AcceleratedExecution in
            for result in executable.plan.results {
                switch result {
                case .own(let type, let donor):
                    if let donor, donated[donor] {
                        results.append(take(type, arguments[donor], from: givenAway))
                    } else {
                        results.append(AcceleratorArray(type, try makeBuffer(type), on: self))
                    }
                case .argument(let type, let input):
                    if donated[input] {
                        results.append(take(type, arguments[input], from: givenAway))
                    } else {
                        let buffer = try makeBuffer(type)
                        results.append(AcceleratorArray(type, buffer, on: self))
                        copies.append(.copy(from: BufferView(arguments[input]), to: BufferView(buffer)))
                    }
                }
            }
            let execution = try executable.take(on: accelerator, newOwner)
            if !copies.isEmpty { try execution.perform(copies) }
            if profiles { try execution.prepareProfile() }
            return execution
        }
        var buffers = arguments
        for result in results { buffers.append(try result.memory()) }
        do throws(JaxError) {
            let profile = try runJob(job) { () throws(JaxError) -> Profile? in
                guard profiles else {
                    try execution.run(buffers)
                    return nil
                }
                let profile = Profile()
                try profile.measure { () throws(JaxError) in try execution.run(buffers, recording: profile) }
                return profile
            }
            platform.charging(.library) { executable.keep(execution) }
            var arrays: [DeviceArray] = []
            for result in results { arrays.append(result) }
            return Execution(results: arrays, profile: profile)
        } catch {
            platform.charging(.library) { execution.discard() }
            throw error
        }
    }

    /// The memory of a donated argument, as a result's.
    private func take(_ type: TensorType, _ buffer: any AcceleratorBuffer, from givenAway: [AcceleratorArray]) -> AcceleratorArray {
        for array in givenAway where array.buffer === buffer { array.buffer = nil }
        return AcceleratorArray(type, buffer, on: self)
    }
}
