// The flatbuffer of `jax.export.Exported.serialize`: the fields of its tables by their numbers and the values of its enums, as
// `jax/_src/export/serialization_generated.py` has them.
import JaxIR

/// The fields of the table `Exported`.
public enum ExportedField {
    public static let serializationVersion = 0, functionName = 1, inTree = 2, inValues = 3, outTree = 4, outValues = 5
    public static let shortDeviceCount = 6, inShardings = 7, outShardings = 8, platforms = 9, orderedEffects = 10
    public static let unorderedEffects = 11, disabledChecks = 12, program = 13, callingConventionVersion = 14, keptArguments = 15
    public static let usesGlobalConstants = 16, vjp = 17, deviceCount = 18, uniqueValues = 19, meshes = 20, namedShardings = 21
    public static let inValueIndices = 22, outValueIndices = 23, inShardingIndices = 24, outShardingIndices = 25
}

/// Of `PyTreeDef`.
public enum TreeField {
    public static let kind = 0, children = 1, keys = 2, customName = 3, customData = 4
}

public enum TreeKind {
    public static let leaf = 0, none = 1, tuple = 2, list = 3, dictionary = 4, custom = 5
}

/// Of `AbstractValue`.
public enum ValueField {
    public static let kind = 0, shape = 1, element = 2, memorySpace = 3
}

/// Of `DisabledSafetyCheck`; the kinds are platform, custom_call, shape_assertions.
public enum CheckField {
    public static let kind = 0, target = 1
}

/// Of `Effect`.
public enum EffectField {
    public static let typeName = 0
}

/// Memory spaces by their numbers; 0 is none.
public let exportedMemorySpaces = ["", "device", "host", "any"]

extension ExportedElement {
    /// Element types in the order of their numbers.
    private static var all: [ExportedElement] {
        let dtypes: [DType?] = [
            .i1, .i8, .i16, .i32, .i64, .u8, .u16, .u32, .u64, .f16, .f32, .f64, .c64, .c128, .bf16, .i4, .u4,
            .f8E4M3B11FNUZ, .f8E4M3FN, .f8E4M3FNUZ, .f8E5M2, .f8E5M2FNUZ, nil, .f8E4M3, .f8E3M4, .f8E8M0FNU, .f4E2M1FN,
        ]
        var all: [ExportedElement] = []
        for dtype in dtypes { all.append(dtype.map { .dtype($0) } ?? .float0) }
        return all + [.key("fry"), .key("rbg"), .key("unsafe_rbg")]
    }

    /// The number of the element type; nil for those that exports do not have.
    public var code: Int? { ExportedElement.all.firstIndex(of: self) }

    public init?(code: Int) {
        let all = ExportedElement.all
        guard all.indices.contains(code) else { return nil }
        self = all[code]
    }
}

/// Checks that an exporter switched off, as `Exported.disabledChecks` names them.
public enum DisabledCheck {
    public static let platform = "platform"
    public static let customCall = "custom_call:"
    public static let shapeAssertions = "shape_assertions"
}
