// How a program is called: which of the user's arguments `main` takes, and what is passed beside them
// (jax/docs/export/export.md, Calling conventions 9 and 10).
import JaxIR
import JaxLoad
import JaxOps
import JaxPlatform
import JaxTransform

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
    /// The arrays of each positional argument, then one range for each that is given by keyword.
    let groups: [Range<Int>]

    /// How many devices the program is for.
    let deviceCount: Int

    /// A plain module: every tensor parameter of `main` is an argument.
    init(module: Module) throws(JaxError) {
        let devices = (module.attributes.integer("mhlo.num_partitions") ?? 1)
            .multipliedReportingOverflow(by: module.attributes.integer("mhlo.num_replicas") ?? 1)
        guard !devices.overflow, devices.partialValue >= 0 else { throw JaxError(.malformed, "'\(module.name)' is for too many devices") }
        deviceCount = max(devices.partialValue, 1)
        guard let main = module.function(named: "main") else {
            throw JaxError(.valueError, "the module has no function @main")
        }
        argumentTypes = CallingConvention.tensors(main.parameterTypes)
        resultTypes = CallingConvention.tensors(main.resultTypes)
        kept = Array(argumentTypes.indices)
        platformIndex = nil
        argumentNames = []
        groups = argumentTypes.indices.map { $0..<($0 + 1) }
    }

    /// An export: its arguments are the flattened `in_avals`, of which `main` takes those that it uses.
    init(exported: Exported) throws(JaxError) {
        deviceCount = exported.deviceCount
        argumentTypes = exported.inValues.map { $0.tensorType }
        resultTypes = exported.outValues.map { $0.tensorType }
        kept = exported.keptArguments
        platformIndex = exported.takesPlatformIndex ? CallingConvention.platformIndex(exported.platforms) : nil
        argumentNames = exported.inTree.leafPaths().map(CallingConvention.argumentName)
        groups = CallingConvention.groups(exported.inTree, argumentTypes.count)
    }

    private static func groups(_ tree: PyTree, _ count: Int) -> [Range<Int>] {
        guard case .tuple(let parts) = tree, parts.count == 2, case .tuple(let positional) = parts[0] else {
            return (0..<count).map { $0..<($0 + 1) }
        }
        var groups: [Range<Int>] = [], next = 0
        for argument in positional {
            let leaves = argument.leafPaths().count
            groups.append(next..<(next + leaves))
            next += leaves
        }
        for index in next..<max(count, next) { groups.append(index..<(index + 1)) }
        return groups
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

    /// The program `module` for parameters of `main` of these types, ready to be compiled: of known shapes, and of as many devices as are there.
    /// Throws `valueError` where it needs more than `deviceLimit`.
    func specialised(_ module: Module, _ types: [TensorType], deviceLimit: Int) throws(JaxError) -> Module {
        guard deviceCount <= deviceLimit else {
            throw JaxError(.valueError, "'\(module.name)' was exported for \(deviceCount) devices, but the machine has \(deviceLimit)")
        }
        let result = try partitioned(try specialise(module, argumentTypes: types, platformIndex: platformIndex), limit: deviceLimit)
        if result !== module { try verify(result) }
        return result
    }

    /// What one of `main`'s tensor parameters is given.
    enum Input {
        case argument(Int)
        case platformIndex(Int)
    }

    /// The types of `main`'s tensor parameters where the user's arguments have `types`, which are checked.
    func parameterTypes(_ types: [TensorType]) throws(JaxError) -> [TensorType] { parameterTypes(types, try inputs(types)) }

    func parameterTypes(_ types: [TensorType], _ inputs: [Input]) -> [TensorType] {
        inputs.map { input in
            switch input {
            case .argument(let index): return types[index]
            case .platformIndex: return TensorType(.i32, [])
            }
        }
    }

    /// Checks the types of the user's arguments and says what goes to `main`'s tensor parameters, in order.
    func inputs(_ types: [TensorType]) throws(JaxError) -> [Input] {
        guard types.count == argumentTypes.count else {
            throw JaxError(.typeError, "the program takes \(argumentTypes.count) arguments, but \(types.count) were given")
        }
        for (index, type) in types.enumerated() {
            let expected = argumentTypes[index]
            var fits = expected.dtype == type.dtype && expected.rank == type.rank
            if fits {
                for (wanted, given) in zip(expected.shape, type.shape) where wanted != TensorType.dynamic && wanted != given {
                    fits = false
                }
            }
            if !fits {
                throw JaxError(.typeError, "argument \(name(index)) has type \(type), but the program was exported for \(expected)")
            }
        }
        var inputs: [Input] = []
        inputs.reserveCapacity(kept.count + 1)
        if let platformIndex { inputs.append(.platformIndex(platformIndex)) }
        for index in kept { inputs.append(.argument(index)) }
        return inputs
    }

    private func name(_ index: Int) -> String {
        index < argumentNames.count ? argumentNames[index] : "\(index)"
    }
}
