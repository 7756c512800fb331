// What `jax.export` stores around a program (jax/_src/export/_export.py, class Exported): how to call it and what it promises.
import JaxIR
import JaxPlatform

/// A dimension of an argument or result of an export.
public enum Dimension: Equatable {
    case fixed(Int)
    /// An expression over symbolic dimensions: "b", "2*b + 1".
    case symbolic(String)
}

/// The element type of an export's value.
public enum ExportedElement: Equatable {
    case dtype(DType)
    /// A typed PRNG key of this implementation ("fry", "rbg", "unsafe_rbg"): the program sees u32 words in one more dimension.
    case key(String)
    /// The tangent type of integers; the program sees booleans.
    case float0
}

/// The type of an argument or result (`AbstractValue`).
public struct ExportedValue: Equatable {
    public var element: ExportedElement
    public var shape: [Dimension]
    /// "device", "host", "any", or nil where the export does not say.
    public var memorySpace: String?

    public init(element: ExportedElement, shape: [Dimension], memorySpace: String? = nil) {
        self.element = element
        self.shape = shape
        self.memorySpace = memorySpace
    }

    /// The type under which the program has it; symbolic dimensions are dynamic.
    public var tensorType: TensorType {
        var dimensions: [Int] = []
        for dimension in shape {
            if case .fixed(let size) = dimension { dimensions.append(size) } else { dimensions.append(TensorType.dynamic) }
        }
        switch element {
        case .dtype(let dtype): return TensorType(dtype, dimensions)
        case .key(let implementation): return TensorType(.u32, dimensions + [implementation == "fry" ? 2 : 4])
        case .float0: return TensorType(.i1, dimensions)
        }
    }
}

/// A mesh of devices without the devices (`AbstractMesh`).
public struct ExportedMesh {
    public var axes: [(name: String, size: Int)]
    /// "Auto", "Explicit" or "Manual" for each axis.
    public var axisTypes: [String]

    public init(axes: [(name: String, size: Int)], axisTypes: [String]) {
        self.axes = axes
        self.axisTypes = axisTypes
    }
}

/// How an argument or result is spread over a mesh (`NamedSharding`).
public struct ExportedSharding {
    public var mesh: ExportedMesh
    /// The mesh axes for each dimension.
    public var partitions: [[String]]
    public var memoryKind: String?

    public init(mesh: ExportedMesh, partitions: [[String]], memoryKind: String?) {
        self.mesh = mesh
        self.partitions = partitions
        self.memoryKind = memoryKind
    }
}

/// A deserialised `jax.export.Exported`.
public final class Exported {
    public let functionName: String
    /// ((positional arguments, …), {keyword arguments}).
    public let inTree: PyTree
    public let outTree: PyTree
    /// One for each leaf of `inTree`, in order.
    public let inValues: [ExportedValue]
    public let outValues: [ExportedValue]
    /// Indices into `inValues` of the arguments that the program takes; the others it does not use.
    public let keptArguments: [Int]
    /// Lower case: "cpu", "cuda", "tpu", "barejax". With more than one, the program's first parameter is the index of the
    /// platform in this list (i32).
    public let platforms: [String]
    /// Type names of the effects; the program takes and returns one token for each ordered one, before the arrays.
    public let orderedEffects: [String]
    public let unorderedEffects: [String]
    public let deviceCount: Int
    /// One for each of `inValues`, or empty; nil where unspecified.
    public let inShardings: [ExportedSharding?]
    public let outShardings: [ExportedSharding?]
    /// Checks that the exporter switched off: "platform", "shape_assertions", "custom_call:NAME".
    public let disabledChecks: [String]
    /// 9 or 10.
    public let callingConventionVersion: Int
    /// Whether symbolic dimensions or several platforms made the export use hidden parameters.
    public let usesGlobalConstants: Bool
    /// The backward pass, where it was exported too.
    public let vjp: Exported?
    /// The program as MLIR bytecode.
    public let program: [UInt8]

    public init(functionName: String, inTree: PyTree, outTree: PyTree, inValues: [ExportedValue], outValues: [ExportedValue],
         keptArguments: [Int], platforms: [String], orderedEffects: [String], unorderedEffects: [String],
         deviceCount: Int, inShardings: [ExportedSharding?], outShardings: [ExportedSharding?], disabledChecks: [String],
         callingConventionVersion: Int, usesGlobalConstants: Bool, vjp: Exported?, program: [UInt8]) {
        self.functionName = functionName
        self.inTree = inTree
        self.outTree = outTree
        self.inValues = inValues
        self.outValues = outValues
        self.keptArguments = keptArguments
        self.platforms = platforms
        self.orderedEffects = orderedEffects
        self.unorderedEffects = unorderedEffects
        self.deviceCount = deviceCount
        self.inShardings = inShardings
        self.outShardings = outShardings
        self.disabledChecks = disabledChecks
        self.callingConventionVersion = callingConventionVersion
        self.usesGlobalConstants = usesGlobalConstants
        self.vjp = vjp
        self.program = program
    }

    /// The calling convention that is written, and the newest that is read.
    public static let newestCallingConvention = 10

    /// Checks that `main` is called as the export says: the platform index, tokens, then the kept arguments. Throws `malformed`.
    public func check(_ main: Function) throws(JaxError) { try check(main, takingPlatformIndex: takesPlatformIndex) }

    public func check(_ main: Function, takingPlatformIndex: Bool) throws(JaxError) {
        var expected: [ValueType] = takingPlatformIndex ? [.tensor(TensorType(.i32, []))] : []
        for _ in orderedEffects { expected.append(.token) }
        for index in keptArguments { expected.append(.tensor(inValues[index].tensorType)) }
        let actual = main.parameterTypes
        guard actual.count == expected.count else {
            throw JaxError(.malformed, "@main takes \(actual.count) values, but the export describes \(expected.count)")
        }
        for (position, (type, wanted)) in zip(actual, expected).enumerated() where !Exported.agree(type, wanted) {
            throw JaxError(.malformed, "parameter \(position) of @main is \(type), but the export describes \(wanted)")
        }
        var results: [ValueType] = []
        for _ in orderedEffects { results.append(.token) }
        for value in outValues { results.append(.tensor(value.tensorType)) }
        guard main.resultTypes.count == results.count else {
            throw JaxError(.malformed, "@main returns \(main.resultTypes.count) values, but the export describes \(results.count)")
        }
        for (position, (type, wanted)) in zip(main.resultTypes, results).enumerated() where !Exported.agree(type, wanted) {
            throw JaxError(.malformed, "result \(position) of @main is \(type), but the export describes \(wanted)")
        }
    }

    /// Whether the program's first parameter is the index of the platform.
    public var takesPlatformIndex: Bool { platforms.count > 1 }

    private static func agree(_ type: ValueType, _ wanted: ValueType) -> Bool {
        switch (type, wanted) {
        case (.token, .token): return true
        case (.tensor(let type), .tensor(let wanted)):
            guard type.dtype == wanted.dtype, type.rank == wanted.rank else { return false }
            for (size, expected) in zip(type.shape, wanted.shape) where size != expected {
                if size != TensorType.dynamic && expected != TensorType.dynamic { return false }
            }
            return true
        default: return false
        }
    }
}

extension Exported: CustomStringConvertible {
    /// The calling convention, as comments before a printed program.
    public var description: String {
        var text = "# exported '" + functionName + "' for "
        for (index, platform) in platforms.enumerated() { text += (index > 0 ? ", " : "") + platform }
        text += deviceCount == 1 ? "" : " on \(deviceCount) devices"
        text += ", calling convention \(callingConventionVersion)\n"
        text += "# arguments " + inTree.description + "\n"
        for (index, value) in inValues.enumerated() {
            text += "#   " + value.description + (keptArguments.contains(index) ? "" : " (not used)") + "\n"
        }
        text += "# results " + outTree.description + "\n"
        for value in outValues { text += "#   " + value.description + "\n" }
        for effect in orderedEffects { text += "# ordered effect " + effect + "\n" }
        for effect in unorderedEffects { text += "# effect " + effect + "\n" }
        for check in disabledChecks { text += "# disabled check " + check + "\n" }
        var order = 0
        var next = vjp
        while let inner = next {
            order += 1
            next = inner.vjp
        }
        if order > 0 { text += "# with backward passes of order 1 to \(order)\n" }
        return text
    }
}

extension ExportedValue: CustomStringConvertible {
    /// "f32[b,4]", "key<fry>[]".
    public var description: String {
        var text: String
        switch element {
        case .dtype(let dtype): text = dtype.shortName
        case .key(let implementation): text = "key<" + implementation + ">"
        case .float0: text = "float0"
        }
        text += "["
        for (index, dimension) in shape.enumerated() {
            text += index > 0 ? "," : ""
            switch dimension {
            case .fixed(let size): text += "\(size)"
            case .symbolic(let expression): text += expression
            }
        }
        return text + "]"
    }
}
