// The operations of VHLO, the versioned form of StableHLO (`stablehlo/dialect/VhloOps.td`), and how JaxIR has them.
//
// An operation keeps its attributes under StableHLO's flattened names, the ones listed below, which are VHLO's. So a gather has
// "offset_dims", "collapsed_slice_dims", …, a dot_general "lhs_batching_dimensions", …, a convolution
// "input_batch_dimension", "kernel_spatial_dimensions", …, never a nested "dimension_numbers".
// Newer names stand for all versions: what an older version lacks is filled in with its default.
//
//   in the file                                  in `Attribute`
//   bool                                         .bool
//   integer of any width (axis, count, version)  .integer(value, dtype), sign-extended
//   float (epsilon)                              .float(value, dtype)
//   string                                       .string
//   enum                                         .enumeration("LT"): comparison_direction EQ NE GE GT LE LT;
//                                                compare_type NOTYPE FLOAT TOTALORDER SIGNED UNSIGNED; fft_type FFT IFFT RFFT IRFFT;
//                                                transpose_a NO_TRANSPOSE TRANSPOSE ADJOINT; rng_algorithm DEFAULT THREE_FRY PHILOX;
//                                                rng_distribution UNIFORM NORMAL; precision DEFAULT HIGH HIGHEST;
//                                                api_version API_VERSION_ORIGINAL, API_VERSION_TYPED_FFI, …
//   array (precision_config: two enumerations)   .array
//   dictionary (backend_config of a typed FFI)   .dictionary
//   dense i64 of any rank, i64 array             .integers, row-major: permutation, slice_sizes, padding (low, high, low, high, …),
//                                                source_target_pairs (source, target, …)
//   dense i1, i1 array                           .bools (window_reversal)
//   any other dense, and the "value" of constant .literal (a splat stays a splat)
//   replica_groups                               .array of .integers, one a group; -1 fills up short groups
//   callee, decomposition                        .symbol; called_computations: .array of .symbol
//   type (accumulation_type)                     .type, a scalar's
//   none, an absent optional, default accuracy   no entry
//   composite: name .string, version .integer, composite_attributes .dictionary
//
// Attributes that are no part of the operation ("mhlo.frontend_attributes", "mhlo.sharding", "sdy.sharding",
// "xla_shape", …) follow under their full names.
import JaxIR
import JaxOps

/// The attributes that an operation of VHLO carries, in the order of its encoded properties (alphabetical), separated by
/// spaces. Nil for operations without any.
@export(interface)
public func vhloProperties(_ mnemonic: String) -> StaticString? {
    switch mnemonic {
    case "all_gather_v1", "all_gather_v2":
        return "all_gather_dim channel_id replica_groups use_global_device_ids"
    case "all_reduce_v1", "all_reduce_v2":
        return "channel_id replica_groups use_global_device_ids"
    case "all_to_all_v1", "all_to_all_v2":
        return "channel_id concat_dimension replica_groups split_count split_dimension"
    case "batch_norm_grad_v1", "batch_norm_inference_v1", "batch_norm_training_v1":
        return "epsilon feature_index"
    case "broadcast_in_dim_v1":
        return "broadcast_dimensions"
    case "broadcast_v1":
        return "broadcast_sizes"
    case "call_v1":
        return "callee"
    case "cholesky_v1":
        return "lower"
    case "collective_broadcast_v1":
        return "channel_id replica_groups"
    case "collective_broadcast_v2":
        return "channel_id has_dynamic_root replica_groups"
    case "collective_reduce_v1":
        return "channel_id has_dynamic_root replica_groups use_global_device_ids"
    case "collective_permute_v1":
        return "channel_id source_target_pairs"
    case "compare_v1":
        return "compare_type comparison_direction"
    case "composite_v1", "composite_v2":
        return "composite_attributes decomposition name version"
    case "concatenate_v1", "get_dimension_size_v1", "set_dimension_size_v1":
        return "dimension"
    case "constant_v1":
        return "value"
    case "convolution_v1", "dynamic_conv_v1":
        return """
            batch_group_count feature_group_count input_batch_dimension input_feature_dimension \
            input_spatial_dimensions kernel_input_feature_dimension kernel_output_feature_dimension \
            kernel_spatial_dimensions lhs_dilation output_batch_dimension output_feature_dimension \
            output_spatial_dimensions padding precision_config rhs_dilation window_reversal \
            window_strides
            """
    case "cross-replica-sum_v1":
        return "replica_groups"
    case "custom_call_v1":
        return """
            api_version backend_config call_target_name called_computations has_side_effect \
            operand_layouts output_operand_aliases result_layouts
            """
    case "custom_call_v2":
        return """
            api_version backend_config call_target_name called_computations has_side_effect \
            operand_layouts output_operand_aliases result_layouts result_tilings
            """
    case "dot_general_v1":
        return """
            lhs_batching_dimensions lhs_contracting_dimensions precision_config rhs_batching_dimensions \
            rhs_contracting_dimensions
            """
    case "dot_general_v2":
        return """
            accumulation_type allow_imprecise_accumulation lhs_batching_dimensions lhs_component_count \
            lhs_contracting_dimensions lhs_precision_type num_primitive_operations precision_config \
            rhs_batching_dimensions rhs_component_count rhs_contracting_dimensions rhs_precision_type
            """
    case "dot_v1":
        return "precision_config"
    case "dynamic_broadcast_in_dim_v1":
        return "broadcast_dimensions known_expanding_dimensions known_nonexpanding_dimensions"
    case "dynamic_conv_v2":
        return """
            batch_group_count feature_group_count input_batch_dimension input_feature_dimension \
            input_spatial_dimensions kernel_input_feature_dimension kernel_output_feature_dimension \
            kernel_spatial_dimensions lhs_dilation output_batch_dimension output_feature_dimension \
            output_spatial_dimensions precision_config rhs_dilation window_reversal window_strides
            """
    case "dynamic_gather_v1":
        return "collapsed_slice_dims index_vector_dim indices_are_sorted offset_dims start_index_map"
    case "dynamic_gather_v2":
        return """
            collapsed_slice_dims index_vector_dim indices_are_sorted offset_dims operand_batching_dims \
            start_index_map start_indices_batching_dims
            """
    case "dynamic_iota_v1", "iota_v1":
        return "iota_dimension"
    case "dynamic_slice_v1":
        return "slice_sizes"
    case "einsum_v1", "unary_einsum_v1":
        return "einsum_config"
    case "fft_v1":
        return "fft_length fft_type"
    case "func_v1":
        return "arg_attrs function_type res_attrs sym_name sym_visibility"
    case "gather_v1":
        return """
            collapsed_slice_dims index_vector_dim indices_are_sorted offset_dims slice_sizes \
            start_index_map
            """
    case "gather_v2":
        return """
            collapsed_slice_dims index_vector_dim indices_are_sorted offset_dims operand_batching_dims \
            slice_sizes start_index_map start_indices_batching_dims
            """
    case "get_tuple_element_v1":
        return "index"
    case "infeed_v1":
        return "infeed_config layout"
    case "map_v1", "reduce_v1", "reverse_v1":
        return "dimensions"
    case "outfeed_v1":
        return "outfeed_config"
    case "pad_v1":
        return "edge_padding_high edge_padding_low interior_padding"
    case "recv_v1", "send_v1":
        return "channel_id channel_type is_host_transfer"
    case "recv_v2", "send_v2":
        return "channel_id channel_type is_host_transfer source_target_pairs"
    case "reduce_precision_v1":
        return "exponent_bits mantissa_bits"
    case "reduce_scatter_v1":
        return "channel_id replica_groups scatter_dimension use_global_device_ids"
    case "reduce_window_v1":
        return "base_dilations padding window_dilations window_dimensions window_strides"
    case "rng_bit_generator_v1":
        return "rng_algorithm"
    case "rng_v1":
        return "rng_distribution"
    case "scatter_v1":
        return """
            index_vector_dim indices_are_sorted inserted_window_dims scatter_dims_to_operand_dims \
            unique_indices update_window_dims
            """
    case "scatter_v2":
        return """
            index_vector_dim indices_are_sorted input_batching_dims inserted_window_dims \
            scatter_dims_to_operand_dims scatter_indices_batching_dims unique_indices update_window_dims
            """
    case "select_and_scatter_v1":
        return "padding window_dimensions window_strides"
    case "slice_v1":
        return "limit_indices start_indices strides"
    case "sort_v1":
        return "dimension is_stable"
    case "torch_index_select_v1":
        return "batch_dims dim"
    case "transpose_v1":
        return "permutation"
    case "triangular_solve_v1":
        return "left_side lower transpose_a unit_diagonal"
    default:
        return mnemonic.hasSuffix("_v2") && isApproximate(String(mnemonic.dropLast(3))) ? "result_accuracy" : nil
    }
}

/// Whether an operation carries the attribute `result_accuracy`.
@export(interface)
public func isApproximate(_ name: String) -> Bool { OpCode(rawValue: name).flatMap { opDefinition($0) }?.traits.contains(.approximate) == true }

// MARK: - The version that is written

/// VHLO's version of the programs that are written, the newest that is read. Its container says so as its producer.
public let writtenVhloVersion = "1.17.0"

/// VHLO's name of an operation of StableHLO in that version, "add_v1": of the versions above the newest that it has.
@export(interface)
public func vhloMnemonic(_ name: String) -> String {
    let second = name + "_v2"
    switch second {
    case "custom_call_v2", "collective_broadcast_v2": return name + "_v1" // They are newer.
    default: return vhloProperties(second) == nil ? name + "_v1" : second
    }
}

/// "add" of "add_v1".
public func vhloBaseName(_ mnemonic: String) -> String {
    var name = mnemonic[...]
    while let last = name.last, last != "v" { name = name.dropLast() }
    return String(name.dropLast(2))
}

/// The words of a row: the names of an operation's properties in the order of their encoding.
public func propertyNames(_ row: StaticString) -> [String] {
    let text = row.withUTF8Buffer { String(decoding: $0, as: UTF8.self) }
    return text.split(separator: " ").map { String($0) }
}
