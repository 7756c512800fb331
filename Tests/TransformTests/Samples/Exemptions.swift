// Operations without samples, and why.
import JaxIR

enum Exemptions {
    private static let dynamic = "stands only in programs whose shapes are open; specialisation replaces it before transformations"
    private static let devices = "between devices: Tests/Differential/devices_test.py compares programs of several devices"
    private static let unavailable = "read and printed, but not executed"

    static let reasons: [String: String] = [
        "dynamic_broadcast_in_dim": dynamic, "dynamic_conv": dynamic, "dynamic_gather": dynamic, "dynamic_iota": dynamic, "dynamic_pad": dynamic,
        "dynamic_reshape": dynamic, "real_dynamic_slice": dynamic, "get_dimension_size": dynamic, "set_dimension_size": dynamic,
        "shape_assertion": dynamic, "stablehlo.dynamic_top_k": dynamic, "stablehlo.dynamic_approx_top_k": dynamic,
        "stablehlo.dynamic_reduce_window": dynamic, "stablehlo.dynamic_rng_bit_generator": dynamic,
        "all_gather": devices, "all_reduce": devices, "all_to_all": devices, "collective_broadcast": devices, "collective_permute": devices,
        "partition_id": devices, "reduce_scatter": devices, "replica_id": devices, "manual_computation": devices,
        "infeed": unavailable, "outfeed": unavailable, "send": unavailable, "recv": unavailable,
        "uniform_quantize": unavailable, "uniform_dequantize": unavailable,
        "custom_call": "each target is a row of its own",
        "after_all": "orders effects, which transformations refuse",
        "tuple": "no array; programs that come from JAX have none", "get_tuple_element": "takes a tuple",
        "fusion": "the compiler makes it after transformations",
        "custom_lin": "forward mode makes it of custom_vjp_call, and transposition takes it away: no program has it",
    ]

    /// JAX has no derivative of these either; the error names them.
    static let withoutDerivative = ["gees", "gehrd", "sytrd", "hetrd"].flatMap { name in
        (name == "sytrd" ? ["s", "d"] : name == "hetrd" ? ["c", "z"] : ["s", "d", "c", "z"]).map { "lapack_\($0)\(name)_ffi" }
    }
}
