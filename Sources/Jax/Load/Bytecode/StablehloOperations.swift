// The operations of StableHLO itself (`stablehlo/dialect/StablehloOps.td`), for files whose producer did not translate them to
// VHLO: their properties, and how their attributes become those of VHLO.
import JaxEncoding
import JaxIR
import JaxPlatform

/// The attributes of an operation of StableHLO in the order of its encoded properties; a question mark follows those that
/// may be absent.
func stablehloProperties(_ mnemonic: String) -> StaticString? {
    switch mnemonic {
    case "all_gather": return "all_gather_dim channel_handle? replica_groups use_global_device_ids?"
    case "all_reduce": return "channel_handle? replica_groups use_global_device_ids?"
    case "all_to_all": return "channel_handle? concat_dimension replica_groups split_count split_dimension"
    case "batch_norm_grad", "batch_norm_inference", "batch_norm_training": return "epsilon feature_index"
    case "broadcast": return "broadcast_sizes"
    case "broadcast_in_dim": return "broadcast_dimensions"
    case "cholesky": return "lower?"
    case "collective_broadcast": return "channel_handle? replica_groups"
    case "collective_permute": return "channel_handle? source_target_pairs"
    case "compare": return "compare_type? comparison_direction"
    case "composite": return "composite_attributes? decomposition name version?"
    case "concatenate", "get_dimension_size", "set_dimension_size": return "dimension"
    case "constant": return "value"
    case "convolution":
        return """
            batch_group_count dimension_numbers feature_group_count lhs_dilation? padding? precision_config? rhs_dilation? \
            window_reversal? window_strides?
            """
    case "cross-replica-sum": return "replica_groups"
    case "custom_call":
        return """
            api_version? backend_config? call_target_name called_computations? has_side_effect? operand_layouts? \
            output_operand_aliases? result_layouts?
            """
    case "dot": return "precision_config?"
    case "dot_general": return "algorithm? dot_dimension_numbers precision_config?"
    case "dynamic_broadcast_in_dim":
        return "broadcast_dimensions known_expanding_dimensions? known_nonexpanding_dimensions?"
    case "dynamic_conv":
        return """
            batch_group_count dimension_numbers feature_group_count lhs_dilation? precision_config? rhs_dilation? \
            window_reversal? window_strides?
            """
    case "dynamic_gather": return "dimension_numbers indices_are_sorted?"
    case "dynamic_iota", "iota": return "iota_dimension"
    case "dynamic_slice": return "slice_sizes"
    case "einsum", "unary_einsum": return "einsum_config"
    case "fft": return "fft_length fft_type"
    case "gather": return "dimension_numbers indices_are_sorted? slice_sizes"
    case "get_tuple_element": return "index"
    case "infeed": return "infeed_config? layout?"
    case "map", "reduce", "reverse": return "dimensions"
    case "outfeed": return "outfeed_config?"
    case "pad": return "edge_padding_high edge_padding_low interior_padding"
    case "recv", "send": return "channel_handle is_host_transfer? source_target_pairs?"
    case "reduce_precision": return "exponent_bits mantissa_bits"
    case "reduce_scatter": return "channel_handle? replica_groups scatter_dimension use_global_device_ids?"
    case "reduce_window": return "base_dilations? padding? window_dilations? window_dimensions window_strides?"
    case "rng": return "rng_distribution"
    case "rng_bit_generator": return "rng_algorithm"
    case "scatter": return "indices_are_sorted? scatter_dimension_numbers unique_indices?"
    case "select_and_scatter": return "padding? window_dimensions? window_strides?"
    case "slice": return "limit_indices start_indices strides"
    case "sort": return "dimension? is_stable?"
    case "torch_index_select": return "batch_dims dim"
    case "transpose": return "permutation"
    case "triangular_solve": return "left_side lower transpose_a unit_diagonal"
    default: return isApproximate(mnemonic) ? "result_accuracy?" : nil
    }
}

/// The attributes of a StableHLO operation as VHLO has them: structures flattened. What is left out has its default, which the
/// operation's parameters know.
func vhloForm(_ mnemonic: String, _ attributes: Attributes) -> Attributes {
    var form = Attributes()
    for entry in attributes.entries {
        switch entry.name {
        case "dimension_numbers", "dot_dimension_numbers", "scatter_dimension_numbers", "channel_handle":
            if case .dictionary(let fields) = entry.value {
                form.entries += fields.filter { $0.name != "channel_type" || mnemonic == "send" || mnemonic == "recv" }
            }
        case "use_global_device_ids", "is_host_transfer": form.entries.append(NamedAttribute(entry.name, truth(entry.value)))
        case "api_version":
            if case .integer(let value, _) = entry.value, let name = EncodedEnum.apiVersion.name(of: value) {
                form.entries.append(NamedAttribute(entry.name, .enumeration(name)))
            } else {
                form.entries.append(entry)
            }
        default: form.entries.append(entry)
        }
    }
    if mnemonic == "custom_call", form["api_version"] == nil {
        form.entries.append(NamedAttribute("api_version", .enumeration("API_VERSION_ORIGINAL")))
    }
    return form
}

/// A flag that is there, or that says whether it is set.
private func truth(_ value: Attribute) -> Attribute {
    if case .bool = value { return value }
    return .bool(true)
}
