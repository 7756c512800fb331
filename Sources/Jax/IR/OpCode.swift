// The closed set of operations. Each has one `OpDefinition` in Sources/Jax/Ops, by family.

/// The name of an operation. The raw value is StableHLO's mnemonic (`docs/spec.md`, section Ops), or JAX's name for the
/// structured operations that transformations need.
public enum OpCode: String, CaseIterable {
    // Constants and indices
    case constant, iota
    // Elementwise
    case abs, acos, acosh, add, and, asin, asinh, atan, atan2, atanh, cbrt, ceil, clamp, compare, complex, convert, cosh, cosine
    case divide, erf, erfc, exponential
    case exponentialMinusOne = "exponential_minus_one"
    case floor, imag
    case isFinite = "is_finite"
    case log
    case logPlusOne = "log_plus_one"
    case logistic, maximum, minimum, multiply, negate, not, or
    case popcnt
    case countLeadingZeros = "count_leading_zeros"
    case power, real, remainder
    case reducePrecision = "reduce_precision"
    case roundNearestAfz = "round_nearest_afz"
    case roundNearestEven = "round_nearest_even"
    case rsqrt, select
    case shiftLeft = "shift_left"
    case shiftRightArithmetic = "shift_right_arithmetic"
    case shiftRightLogical = "shift_right_logical"
    case sign, sine, sinh, sqrt, subtract, tan, tanh, xor
    case bitcastConvert = "bitcast_convert"
    // Shape
    case broadcastInDim = "broadcast_in_dim"
    case concatenate, pad, reshape, reverse, slice, transpose
    case dynamicSlice = "dynamic_slice"
    case dynamicUpdateSlice = "dynamic_update_slice"
    // Shapes that are known at run time only (symbolic exports)
    case dynamicBroadcastInDim = "dynamic_broadcast_in_dim"
    case dynamicConv = "dynamic_conv"
    case dynamicGather = "dynamic_gather"
    case dynamicIota = "dynamic_iota"
    case dynamicPad = "dynamic_pad"
    case dynamicReshape = "dynamic_reshape"
    case realDynamicSlice = "real_dynamic_slice"
    case getDimensionSize = "get_dimension_size"
    case setDimensionSize = "set_dimension_size"
    // Gather and scatter
    case gather, scatter
    case selectAndScatter = "select_and_scatter"
    // Reductions and sorting
    case reduce
    case reduceWindow = "reduce_window"
    case sort
    case topK = "top_k"
    // Contractions
    case dotGeneral = "dot_general"
    case convolution
    // Linear algebra
    case cholesky
    case triangularSolve = "triangular_solve"
    case fft
    // Random bits
    case rng
    case rngBitGenerator = "rng_bit_generator"
    // Control flow and effects
    case call, `case`, `if`, `while`
    case customCall = "custom_call"
    case optimizationBarrier = "optimization_barrier"
    case afterAll = "after_all"
    case tuple
    case getTupleElement = "get_tuple_element"
    // What JAX's transformations work on
    case scan
    case countedLoop = "fori_loop"
    case customJVP = "custom_jvp_call"
    case customVJP = "custom_vjp_call"
    case customLin = "custom_lin"
    case remat = "checkpoint"
    case namedCall = "named_call"
    // What a compiler made of several operations
    case fusion
    // Several devices
    case allGather = "all_gather"
    case allReduce = "all_reduce"
    case allToAll = "all_to_all"
    case collectiveBroadcast = "collective_broadcast"
    case collectivePermute = "collective_permute"
    case partitionId = "partition_id"
    case reduceScatter = "reduce_scatter"
    case replicaId = "replica_id"
    case manualComputation = "manual_computation"
    case infeed, outfeed, send, recv
    // Quantisation
    case uniformQuantize = "uniform_quantize"
    case uniformDequantize = "uniform_dequantize"

    public var name: String { rawValue }
}
