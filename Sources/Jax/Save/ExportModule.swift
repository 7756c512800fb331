// A program as an export of `jax.export`: what `main` says of how it is called, and what its caller adds (jax/_src/export/_export.py,
// class Exported, "Calling convention").
import JaxEncoding
import JaxIR
import JaxPlatform

/// How an export is called. What is nil follows from `main`: its parameters are the positional arguments, one array each; its results
/// are a tuple, or the array where there is one.
public struct ExportOptions {
    /// The function's name in messages and profiles; the module's without "jit_".
    public var functionName: String?
    /// Where the program may run: "cpu", "cuda", "rocm", "tpu". With several, an export takes the platform's index as one more
    /// parameter, which is written in front of those of `main` where it lacks it.
    public var platforms = ["cpu"]
    /// ((positional arguments, …), {keyword arguments}).
    public var inTree: PyTree?
    public var outTree: PyTree?
    /// Where `main` leaves dimensions open, what they are called: expressions over symbolic dimensions.
    public var inValues: [ExportedValue]?
    public var outValues: [ExportedValue]?
    /// Which arguments `main` takes, as indices into `inValues`; nil for all.
    public var keptArguments: [Int]?

    public init() {}
}

/// A program as an artifact of `jax.export`, calling convention 10, for one device: `jax.export.deserialize(bytes).call(*arguments)`
/// calls it in JAX, and `loadArtifact` reads it.
///
/// The program must be verified. Throws as `bytecode(of:)`, and `valueError` where there is no `main` or where the options do not go
/// with it: values of other types or numbers, dimensions that are open and have no name, tokens.
@export(interface)
public func exportArtifact(of module: Module, _ options: ExportOptions = ExportOptions()) throws(JaxError) -> [UInt8] {
    guard let main = module.function(named: "main") else { throw JaxError(.valueError, "the program has no function @main") }
    guard !options.platforms.isEmpty else { throw JaxError(.valueError, "an export is for at least one platform") }
    var parameters = main.parameterTypes
    let isIndexed = main.parameterAttributes.first?.string(FunctionField.globalConstant) == FunctionField.platformIndex
    if isIndexed {
        guard options.platforms.count > 1 else { throw JaxError(.valueError, "@main takes a platform's index, but the export is for one") }
        parameters.removeFirst()
    }
    let inValues = try values(options.inValues, parameters, "parameter"), outValues = try values(options.outValues, main.resultTypes, "result")
    let kept = options.keptArguments ?? Array(inValues.indices)
    for (position, index) in kept.enumerated() where !inValues.indices.contains(index) || position > 0 && kept[position - 1] >= index {
        throw JaxError(.valueError, "the kept arguments are not an ascending list of the \(inValues.count) arguments")
    }
    let outTree: PyTree = outValues.count == 1 ? .leaf : .tuple(outValues.map { _ in .leaf })
    let name = module.name.hasPrefix("jit_") ? String(module.name.dropFirst(4)) : module.name
    let exported = Exported(
        functionName: options.functionName ?? (name.isEmpty ? main.name : name),
        inTree: options.inTree ?? .tuple([.tuple(inValues.map { _ in .leaf }), .dictionary([])]), outTree: options.outTree ?? outTree,
        inValues: inValues, outValues: outValues, keptArguments: kept, platforms: options.platforms,
        orderedEffects: [], unorderedEffects: [], deviceCount: 1, inShardings: [], outShardings: [], disabledChecks: [],
        callingConventionVersion: Exported.newestCallingConvention,
        usesGlobalConstants: options.platforms.count > 1 || (inValues + outValues).contains { !$0.tensorType.isStatic }, vjp: nil,
        program: try bytecode(of: module, takesPlatformIndex: options.platforms.count > 1 && !isIndexed))
    do throws(JaxError) { try exported.check(main, takingPlatformIndex: isIndexed) } catch { throw JaxError(.valueError, error.message) }
    guard exported.inTree.leafCount == inValues.count, exported.outTree.leafCount == outValues.count else {
        throw JaxError(.valueError, "the trees \(exported.inTree) and \(exported.outTree) have not one leaf for each of "
            + "\(inValues.count) arguments and \(outValues.count) results")
    }
    return try artifact(of: exported)
}

/// The values of `main` as an export describes them, where the caller does not.
private func values(_ given: [ExportedValue]?, _ types: [ValueType], _ what: String) throws(JaxError) -> [ExportedValue] {
    if let given { return given }
    var values: [ExportedValue] = []
    for (index, type) in types.enumerated() {
        guard let tensor = type.tensor else {
            throw JaxError(.valueError, "\(what) \(index) of @main is a \(type); exports are written of arrays")
        }
        guard tensor.isStatic else {
            throw JaxError(.valueError, "\(what) \(index) of @main is \(tensor): an export must name the dimensions that are open")
        }
        values.append(ExportedValue(element: .dtype(tensor.dtype), shape: tensor.shape.map { .fixed($0) }))
    }
    return values
}
