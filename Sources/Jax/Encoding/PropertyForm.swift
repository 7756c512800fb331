// What the encoding of an operation's property is beside what its attribute says: a list of integers comes as a matrix, a number has
// 32 bits, an absent one is "none". Read and written by the same table.

/// How the property of a name is encoded.
public enum PropertyForm {
    /// As the attribute is.
    case plain
    /// A constant, which stays one.
    case constant
    /// Lists of devices: i64[groups, devices], filled up with -1.
    case groups
    /// i64[n, 2]: low and high padding, source and target.
    case pairs
    /// The name of a function; a list of such.
    case symbol, symbols
    case enumeration(EncodedEnum)
    /// A list of enums.
    case enumerations(EncodedEnum)
    /// `result_accuracy`, whose default is no entry.
    case accuracy
    /// An integer of 32 bits.
    case integer32
    /// An element type or a number, or the type `none` where it is absent.
    case optional
    /// Lists of dimensions, each a tensor of `index`.
    case layouts
    /// Which results take over which operands' memory.
    case aliases

    public init(_ name: String) {
        switch name {
        case "value": self = .constant
        case "replica_groups": self = .groups
        case "padding", "source_target_pairs": self = .pairs
        case "callee", "decomposition": self = .symbol
        case "called_computations": self = .symbols
        case "comparison_direction": self = .enumeration(.comparisonDirection)
        case "compare_type": self = .enumeration(.comparisonType)
        case "api_version": self = .enumeration(.apiVersion)
        case "fft_type": self = .enumeration(.fftType)
        case "rng_algorithm": self = .enumeration(.rngAlgorithm)
        case "rng_distribution": self = .enumeration(.rngDistribution)
        case "transpose_a": self = .enumeration(.transpose)
        case "precision_config": self = .enumerations(.precision)
        case "result_accuracy": self = .accuracy
        case "exponent_bits", "mantissa_bits", "index": self = .integer32
        case "lhs_precision_type", "rhs_precision_type", "accumulation_type", "lhs_component_count", "rhs_component_count",
             "num_primitive_operations", "allow_imprecise_accumulation":
            self = .optional
        case "operand_layouts", "result_layouts": self = .layouts
        case "output_operand_aliases": self = .aliases
        default: self = .plain
        }
    }
}
