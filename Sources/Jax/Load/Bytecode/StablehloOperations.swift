// The operations of StableHLO itself (`stablehlo/dialect/StablehloOps.td`), for files whose producer did not translate them to
// VHLO: their properties, and how their attributes become those of VHLO.
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
    case "cbrt", "cosine", "exponential", "exponential_minus_one", "log", "log_plus_one", "logistic", "rsqrt", "sine",
         "sqrt", "tan", "tanh":
        return "result_accuracy?"
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
    default: return nil
    }
}

/// The attributes of a StableHLO operation as VHLO has them: structures flattened, defaults filled in. `rank` is that of
/// the first operand.
func vhloForm(_ mnemonic: String, _ attributes: Attributes, rank: Int) -> Attributes {
    var form = Attributes()
    for entry in attributes.entries {
        switch entry.name {
        case "dimension_numbers", "dot_dimension_numbers", "scatter_dimension_numbers", "channel_handle":
            if case .dictionary(let fields) = entry.value { form.entries += fields.filter { $0.name != "channel_type" || mnemonic == "send" || mnemonic == "recv" } }
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
    func fill(_ name: String, _ value: Attribute) { if form[name] == nil { form[name] = value } }
    func list(_ count: Int, of value: Int) -> Attribute { .integers([Int](repeating: value, count: max(count, 0))) }
    switch mnemonic {
    case "all_gather", "all_reduce", "reduce_scatter":
        fill("channel_id", .integer(0, .i64))
        fill("use_global_device_ids", .bool(false))
    case "all_to_all", "collective_broadcast", "collective_permute": fill("channel_id", .integer(0, .i64))
    case "cholesky": fill("lower", .bool(false))
    case "compare": fill("compare_type", .enumeration("NOTYPE"))
    case "composite":
        fill("composite_attributes", .dictionary([]))
        fill("version", .integer(0, .i32))
    case "convolution", "dynamic_conv":
        let spatial = rank - 2
        fill("window_strides", list(spatial, of: 1))
        if mnemonic == "convolution" { fill("padding", list(2 * spatial, of: 0)) }
        fill("lhs_dilation", list(spatial, of: 1))
        fill("rhs_dilation", list(spatial, of: 1))
        fill("window_reversal", .bools([Bool](repeating: false, count: max(spatial, 0))))
        fill("precision_config", .array([]))
    case "custom_call":
        fill("has_side_effect", .bool(false))
        fill("backend_config", .string(""))
        fill("api_version", .enumeration("API_VERSION_ORIGINAL"))
        for name in ["called_computations", "operand_layouts", "result_layouts", "output_operand_aliases"] { fill(name, .array([])) }
    case "dot", "dot_general": fill("precision_config", .array([]))
    case "dynamic_broadcast_in_dim":
        fill("known_expanding_dimensions", .integers([]))
        fill("known_nonexpanding_dimensions", .integers([]))
    case "gather", "dynamic_gather": fill("indices_are_sorted", .bool(false))
    case "reduce_window":
        for name in ["window_strides", "base_dilations", "window_dilations"] { fill(name, list(rank, of: 1)) }
        fill("padding", list(2 * rank, of: 0))
    case "scatter":
        fill("indices_are_sorted", .bool(false))
        fill("unique_indices", .bool(false))
    case "select_and_scatter":
        fill("window_dimensions", list(rank, of: 1))
        fill("window_strides", list(rank, of: 1))
        fill("padding", list(2 * rank, of: 0))
    case "send", "recv": fill("is_host_transfer", .bool(false))
    case "sort":
        fill("dimension", .integer(-1, .i64))
        fill("is_stable", .bool(false))
    default: break
    }
    return form
}

/// A flag that is there, or that says whether it is set.
private func truth(_ value: Attribute) -> Attribute {
    if case .bool = value { return value }
    return .bool(true)
}
