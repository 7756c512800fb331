// The numbers by which VHLO's attributes and types are encoded (`stablehlo/dialect/VhloBytecode.cpp`).
import JaxIR

/// An attribute's kind; its fields follow it.
public enum VhloAttributeCode: Int {
    case array = 1, boolean, comparisonDirection, comparisonType, apiVersion, dictionary, fftType, float, integer, outputOperandAlias
    case precision, rngAlgorithm, rngDistribution, string, tensor, transpose, type, typeExtensions, accuracyMode, accuracy
    case subAxisInfo, axisReference, groupsOnMesh, meshAxis, mesh
}

/// A type's kind, but for the element types, which `DType.vhloCode` has.
public enum VhloTypeCode: Int {
    case complex = 1
    case function = 8
    case index = 9
    case tensor = 20
    /// With an encoding behind the element type.
    case encodedTensor = 21
    case token = 22
    case tuple = 23
    case quantised = 24
    case unrankedTensor = 25
    case witness = 26
    case quantisedPerAxis = 30
    case noType = 33
    case tf32 = 34
    case buffer = 41
    case future = 42
}

/// The fields of the attribute `result_accuracy`, as a dictionary has them.
public enum AccuracyField {
    public static let absolute = "atol", relative = "rtol", ulps = "ulps", mode = "mode"
    /// The mode of operations that ask for no accuracy.
    public static let defaultMode = "DEFAULT"
}

/// The fields of an output operand alias.
public enum AliasField {
    public static let resultPath = "output_tuple_indices", operand = "operand_index", operandPath = "operand_tuple_indices"
}

/// The name that attributes have for the type of NVIDIA's tensor cores, which no value of this machine has.
public let tf32Name = "tf32"

extension DType {
    /// The number of VHLO's element type; nil for complex types, which name their parts' type.
    public var vhloCode: Int? {
        switch self {
        case .i1: return 0
        case .bf16: return 2
        case .f16: return 3
        case .f32: return 4
        case .f64: return 5
        case .f8E4M3FN: return 6
        case .f8E5M2: return 7
        case .i4: return 10
        case .i8: return 11
        case .i16: return 12
        case .i32: return 13
        case .i64: return 14
        case .u4: return 15
        case .u8: return 16
        case .u16: return 17
        case .u32: return 18
        case .u64: return 19
        case .f8E4M3FNUZ: return 27
        case .f8E5M2FNUZ: return 28
        case .f8E4M3B11FNUZ: return 29
        case .i2: return 31
        case .u2: return 32
        case .f8E4M3: return 35
        case .f8E3M4: return 36
        case .f4E2M1FN: return 37
        case .f6E2M3FN: return 38
        case .f6E3M2FN: return 39
        case .f8E8M0FNU: return 40
        case .c64, .c128: return nil
        }
    }

    /// The element type of that number, or nil.
    public init?(vhloCode: Int) {
        for dtype in DType.allCases where dtype.vhloCode == vhloCode {
            self = dtype
            return
        }
        return nil
    }
}
