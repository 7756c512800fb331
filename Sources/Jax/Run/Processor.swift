// The processor as a device: arrays are tensors; compiled programs are executed by their plans, others walked by the evaluator.
import JaxExecute
import JaxIR
import JaxOps
import JaxPlatform

/// An array in the machine's memory.
final class ProcessorArray: DeviceArray {
    /// Nil once the array has been donated.
    fileprivate var tensor: Tensor?

    init(_ tensor: Tensor, on device: any Device) {
        self.tensor = tensor
        super.init(tensor.type, on: device)
    }

    fileprivate func elements() throws(JaxError) -> Tensor {
        guard let tensor else { throw JaxError(.deviceError, "Array has been deleted with shape=\(type).") }
        return tensor
    }
}

/// A program with what executes it.
private final class ProcessorExecutable: Executable {
    enum Form {
        case compiled(ExecutionPlan)
        case evaluated(EvaluationPlan)
    }

    let form: Form

    init(_ module: Module, _ form: Form, for argumentTypes: [TensorType], on device: any Device) {
        self.form = form
        switch form {
        case .compiled(let plan):
            super.init(argumentTypes: argumentTypes, module: module, device: device, method: .compiled, coverage: plan.coverage)
        case .evaluated(let plan):
            super.init(argumentTypes: argumentTypes, module: module, device: device, method: .evaluated, coverage: plan.coverage)
        }
    }
}

/// The processors of the machine together.
public final class Processor: Device {
    public let name: String
    public let description: String
    public let memoryBytes = 0
    public private(set) var dispatchCount = 0

    public init(name: String, description: String) {
        self.name = name
        self.description = description
    }

    public func put(_ tensor: Tensor) throws(JaxError) -> DeviceArray { ProcessorArray(tensor, on: self) }

    public func fetch(_ array: DeviceArray) throws(JaxError) -> Tensor { try own(array).elements() }

    public func compile(_ module: Module, for argumentTypes: [TensorType], by method: Method) throws(JaxError) -> Executable {
        if method == .evaluated {
            return ProcessorExecutable(module, .evaluated(try EvaluationPlan(module)), for: argumentTypes, on: self)
        }
        let compiled = try ProcessorCompiler().compile(module)
        return ProcessorExecutable(compiled, .compiled(try ExecutionPlan(compiled)), for: argumentTypes, on: self)
    }

    private func own(_ array: DeviceArray) throws(JaxError) -> ProcessorArray {
        guard array.device === self else { throw JaxError(.deviceError, "the array is on \(array.device.name), not on \(name)") }
        return unsafeDowncast(array, to: ProcessorArray.self)
    }

    public func execute(_ executable: Executable, _ inputs: [DeviceArray], donated: [Bool], _ job: JobRequest,
                        profiles: Bool) throws(JaxError) -> Execution {
        guard executable.device === self else { throw JaxError(.internalError, "the program was compiled for \(executable.device.name)") }
        let form = unsafeDowncast(executable, to: ProcessorExecutable.self).form
        // The arrays stay alive here, whatever becomes of the job's references to them.
        var tensors: [Tensor] = []
        for array in inputs { tensors.append(try own(array).elements()) }
        for (index, array) in inputs.enumerated() where donated[index] { try own(array).tensor = nil }
        var mayOverwrite: [Bool] = []
        for index in tensors.indices { mayOverwrite.append(donated[index] && tensors[index].isUnique()) }
        let (results, profile) = try runJob(job) { () throws(JaxError) -> ([ExecutionResult], Profile?) in
            guard profiles else { return (try call(form, tensors, mayOverwrite, nil), nil) }
            let profile = Profile()
            return (try profile.measure { () throws(JaxError) in try call(form, tensors, mayOverwrite, profile) }, profile)
        }
        dispatchCount += 1
        var arrays: [DeviceArray] = []
        platform.charging(.library) {
            for result in results {
                switch result {
                case .made(let tensor): arrays.append(ProcessorArray(tensor, on: self))
                case .donated(let type, let input): arrays.append(ProcessorArray(Tensor(type, storage: tensors[input].storage), on: self))
                }
            }
        }
        return Execution(results: arrays, profile: profile)
    }
}

/// Calls `main` of a program.
private func call(_ form: ProcessorExecutable.Form, _ inputs: [Tensor], _ mayOverwrite: [Bool],
                  _ profile: Profile?) throws(JaxError) -> [ExecutionResult] {
    switch form {
    case .compiled(let plan): return try plan.execute(inputs, mayOverwrite: mayOverwrite, recording: profile)
    case .evaluated(let plan): return try evaluate(plan, inputs, mayOverwrite, profile)
    }
}

/// The same by the evaluator; tokens are passed in and dropped from the results.
private func evaluate(_ plan: EvaluationPlan, _ inputs: [Tensor], _ mayOverwrite: [Bool],
                      _ profile: Profile?) throws(JaxError) -> [ExecutionResult] {
    guard let main = plan.module.function(named: "main") else {
        throw JaxError(.internalError, "the specialised module has no function @main")
    }
    var values: [RuntimeValue] = []
    var next = 0
    for type in main.parameterTypes {
        switch type {
        case .tensor:
            guard next < inputs.count else { throw JaxError(.internalError, "@main takes more tensors than the program") }
            values.append(.tensor(inputs[next].borrowed(mayOverwrite: mayOverwrite[next])))
            next += 1
        case .token: values.append(.token)
        case .tuple: throw JaxError(.notImplemented, "@main takes a tuple; programs take tensors")
        }
    }
    var results: [ExecutionResult] = []
    for value in try plan.call(main, consume values, recording: profile) {
        guard case .tensor(let tensor) = value else { continue }
        if tensor.storage.isOverwritable, let input = inputs.firstIndex(where: { $0.bytes == tensor.bytes }) {
            results.append(.donated(tensor.type.detached(), input: input))
        } else {
            results.append(.made(try tensor.owned()))
        }
    }
    return results
}
