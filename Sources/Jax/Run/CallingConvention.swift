// How a program is called: which of the user's arguments `main` takes, and what is passed beside them
// (jax/docs/export/export.md, Calling conventions 9 and 10).
import JaxIR
import JaxLoad
import JaxOps
import JaxPlatform

/// The way from a user's arguments to `main`'s parameters and back.
public struct CallingConvention {
    /// The types of the user's arguments; dimensions may be dynamic.
    public let argumentTypes: [TensorType]
    /// The types of the results that are tensors.
    public let resultTypes: [TensorType]
    /// Indices of the arguments that `main` takes, in order (`module_kept_var_idx`).
    let kept: [Int]
    /// The value of the leading `_platform_index` parameter, for programs exported for several platforms.
    let platformIndex: Int?
    /// Names for messages: "args[0]['w']"; empty where nothing is known.
    let argumentNames: [String]

    /// A plain module: every tensor parameter of `main` is an argument.
    /// Throws `valueError` for a program of several devices.
    init(module: Module) throws(JaxError) {
        let devices = (module.attributes.integer("mhlo.num_partitions") ?? 1)
            .multipliedReportingOverflow(by: module.attributes.integer("mhlo.num_replicas") ?? 1)
        guard !devices.overflow, devices.partialValue <= 1 else {
            throw JaxError(.valueError, "'\(module.name)' was exported for \(devices.partialValue) devices, but the machine has 1")
        }
        guard let main = module.function(named: "main") else {
            throw JaxError(.valueError, "the module has no function @main")
        }
        argumentTypes = CallingConvention.tensors(main.parameterTypes)
        resultTypes = CallingConvention.tensors(main.resultTypes)
        kept = Array(argumentTypes.indices)
        platformIndex = nil
        argumentNames = []
    }

    /// An export: its arguments are the flattened `in_avals`, of which `main` takes those that it uses.
    /// Throws `valueError` for a program of several devices.
    init(exported: Exported) throws(JaxError) {
        guard exported.deviceCount == 1 else {
            throw JaxError(.valueError, "'\(exported.functionName)' was exported for \(exported.deviceCount) devices, "
                + "but the machine has 1")
        }
        argumentTypes = exported.inValues.map { $0.tensorType }
        resultTypes = exported.outValues.map { $0.tensorType }
        kept = exported.keptArguments
        platformIndex = exported.takesPlatformIndex ? CallingConvention.platformIndex(exported.platforms) : nil
        argumentNames = exported.inTree.leafPaths().map(CallingConvention.argumentName)
    }

    /// "barejax" if the program was exported for it, else "cpu", else the first: what is written for another platform
    /// executes all the same, as far as its custom calls are known.
    private static func platformIndex(_ platforms: [String]) -> Int {
        platforms.firstIndex(of: "barejax") ?? platforms.firstIndex(of: "cpu") ?? 0
    }

    /// JAX's name of an argument from its path in ((arguments, …), {keywords}): "args[0]['w']", "kwargs['x']".
    private static func argumentName(_ path: String) -> String {
        if path.hasPrefix("[0]") { return "args" + path.dropFirst(3) }
        if path.hasPrefix("[1]") { return "kwargs" + path.dropFirst(3) }
        return path
    }

    private static func tensors(_ types: [ValueType]) -> [TensorType] {
        var tensors: [TensorType] = []
        for type in types { if let tensor = type.tensor { tensors.append(tensor) } }
        return tensors
    }

    /// Checks the user's arguments and returns the tensors for `main`'s tensor parameters, `_platform_index` included.
    func mainArguments(_ arguments: [Tensor]) throws(JaxError) -> [Tensor] {
        guard arguments.count == argumentTypes.count else {
            throw JaxError(.typeError, "the program takes \(argumentTypes.count) arguments, but \(arguments.count) were given")
        }
        for (index, argument) in arguments.enumerated() {
            let expected = argumentTypes[index]
            var fits = expected.dtype == argument.dtype && expected.rank == argument.type.rank
            if fits {
                for (wanted, given) in zip(expected.shape, argument.shape) where wanted != TensorType.dynamic && wanted != given {
                    fits = false
                }
            }
            if !fits {
                throw JaxError(.typeError, "argument \(name(index)) has type \(argument.type), but the program was exported for \(expected)")
            }
        }
        var inputs: [Tensor] = []
        if let platformIndex {
            let tensor = try Tensor(TensorType(.i32, []))
            tensor.elements(as: Int32.self)[0] = Int32(platformIndex)
            inputs.append(tensor)
        }
        for index in kept { inputs.append(arguments[index]) }
        return inputs
    }

    private func name(_ index: Int) -> String {
        index < argumentNames.count ? argumentNames[index] : "\(index)"
    }

    /// Calls `main` of a specialised program; tokens are passed in and dropped from the results.
    func call(_ plan: EvaluationPlan, _ inputs: [Tensor]) throws(JaxError) -> [Tensor] {
        guard let main = plan.module.function(named: "main") else {
            throw JaxError(.internalError, "the specialised module has no function @main")
        }
        var values: [RuntimeValue] = []
        var next = 0
        for type in main.parameterTypes {
            switch type {
            case .tensor:
                guard next < inputs.count else { throw JaxError(.internalError, "@main takes more tensors than the program") }
                values.append(.tensor(inputs[next].borrowed()))
                next += 1
            case .token: values.append(.token)
            case .tuple: throw JaxError(.notImplemented, "@main takes a tuple; programs take tensors")
            }
        }
        var results: [Tensor] = []
        for value in try plan.call(main, values) {
            if case .tensor(let tensor) = value { results.append(try tensor.owned()) }
        }
        return results
    }
}
