// The enums of VHLO (`stablehlo/dialect/VhloEnums.td`): their cases by name and by encoded value. StableHLO encodes the same values.

/// An enum whose cases attributes name.
public enum EncodedEnum: CaseIterable {
    case comparisonDirection, comparisonType, apiVersion, fftType, precision, rngAlgorithm, rngDistribution, transpose
    case accuracyMode

    /// The names of the cases by their encoded values, which begin at `base`; and the attribute's kind.
    private var table: (names: [String], base: Int, code: VhloAttributeCode) {
        switch self {
        case .comparisonDirection: return (["EQ", "NE", "GE", "GT", "LE", "LT"], 0, .comparisonDirection)
        case .comparisonType: return (["NOTYPE", "FLOAT", "TOTALORDER", "SIGNED", "UNSIGNED"], 0, .comparisonType)
        case .apiVersion:
            return ([
                "API_VERSION_UNSPECIFIED", "API_VERSION_ORIGINAL", "API_VERSION_STATUS_RETURNING",
                "API_VERSION_STATUS_RETURNING_UNIFIED", "API_VERSION_TYPED_FFI",
            ], 0, .apiVersion)
        case .fftType: return (["FFT", "IFFT", "RFFT", "IRFFT"], 0, .fftType)
        case .precision: return (["DEFAULT", "HIGH", "HIGHEST"], 0, .precision)
        case .rngAlgorithm: return (["DEFAULT", "THREE_FRY", "PHILOX"], 0, .rngAlgorithm)
        case .rngDistribution: return (["UNIFORM", "NORMAL"], 1, .rngDistribution)
        case .transpose: return (["TRANSPOSE_INVALID", "NO_TRANSPOSE", "TRANSPOSE", "ADJOINT"], 0, .transpose)
        case .accuracyMode: return (["DEFAULT", "HIGHEST", "TOLERANCE"], 0, .accuracyMode)
        }
    }

    /// The kind of the attributes that hold a case.
    public var code: VhloAttributeCode { table.code }

    public func name(of value: Int) -> String? {
        let table = table
        let index = value - table.base
        return index >= 0 && index < table.names.count ? table.names[index] : nil
    }

    public func value(of name: String) -> Int? {
        let table = table
        return table.names.firstIndex(of: name).map { $0 + table.base }
    }
}
