// Operations on arrays without elements, where shapes alone count.
let emptySamples: [Sample] = [
    Sample("gather", "of no rows", "x:f64[4,3] i:i32[0,1] z:f64[]",
           "r = gather[offset_dims=(1,) collapsed_slice_dims=(0,) start_index_map=(0,) index_vector_dim=1 slice_sizes=(1, 3)] x i\n"
               + summed("r", "(0, 1)")),
    Sample("scatter", "of no rows", "x:f64[4,3] i:i32[0,1] u:f64[0,3]",
           "y = scatter[update_window_dims=(1,) inserted_window_dims=(0,) scatter_dims_to_operand_dims=(0,) index_vector_dim=1] x i u\n"
               + scalarRegion("add")),
    Sample("scatter", "replacing no rows", "x:f64[4,3] i:i32[0,1] u:f64[0,3]",
           "y = scatter[update_window_dims=(1,) inserted_window_dims=(0,) scatter_dims_to_operand_dims=(0,) index_vector_dim=1] x i u\n"
            + "{ lambda ; p:f64[] q:f64[]. let\n in (q,) }"),
    Sample("dynamic_slice", "of nothing", "x:f64[4,3] i:i32[] z:f64[]", "zero:i32[] = constant[0]\nr = dynamic_slice[slice_sizes=(0, 3)] x i zero\n"
           + summed("r", "(0, 1)")),
    Sample("dynamic_update_slice", "of nothing", "x:f64[4] u:f64[0] i:i32[]", "y = dynamic_update_slice x u i"),
    Sample("concatenate", "with nothing", "x:f64[2,0] z:f64[2,3]", "y = concatenate[dimension=1] x z"),
    Sample("pad", "nothing", "x:f64[0] z:f64[]", "y = pad[edge_padding_low=(1,) edge_padding_high=(2,) interior_padding=(1,)] x z"),
    Sample("broadcast_in_dim", "of nothing", "x:f64[0] z:f64[]", "r = broadcast_in_dim[shape=(2, 0) broadcast_dimensions=(1,)] x\n"
           + summed("r", "(0, 1)")),
    Sample("sort", "nothing", "x:f64[0] z:f64[]", "r = sort[dimension=0] x\n\(comparison("LT"))\n" + summed("r", "(0,)")),
    Sample("top_k", "of none", "x:f64[3] z:f64[]", "r n = top_k[k=0] x\n" + summed("r", "(0,)")),
    Sample("top_k", "of nothing", "x:f64[2,0] z:f64[]", "r n = top_k[k=0] x\n" + summed("r", "(0, 1)")),
    Sample("convolution", "of an empty batch", "x:f64[0,2,4] k:f64[3,2,2] z:f64[]", """
        r = convolution[input_batch_dimension=0 input_feature_dimension=1 input_spatial_dimensions=(2,) kernel_input_feature_dimension=1 \
        kernel_output_feature_dimension=0 kernel_spatial_dimensions=(2,) output_batch_dimension=0 output_feature_dimension=1 output_spatial_dimensions=(2,) \
        preferred_element_type=f64[]] x k
        \(summed("r", "(0, 1, 2)"))
        """),
    Sample("reduce_window", "with no window", "x:f64[2] z:f64[]", "r = reduce_window[window_dimensions=(3,)] x z\n\(scalarRegion("add"))\n"
           + summed("r", "(0,)")),
    Sample("reduce_window", "maxima of no window", "x:f64[2] z:f64[]", """
        low:f64[] = constant[-inf]
        r = reduce_window[window_dimensions=(3,)] x low
        \(scalarRegion("maximum"))
        \(summed("r", "(0,)"))
        """),
    Sample("scan", "of no slices", "c0:f64[] xs:f64[0,2]", """
        c ys = scan[length=0 num_carry=1] c0 xs
          { lambda ; c:f64[] x:f64[2]. let
             d = sine c
            in (d, x) }
        """, "c"),
    Sample("reverse", "nothing", "x:f64[0,2] z:f64[]", "r = reverse[dimensions=(0,)] x\n" + summed("r", "(0, 1)")),
]

/// The sum of `r` and a product of `z`, so that something has a derivative.
private func summed(_ name: String, _ axes: String) -> String {
    "zero0:f64[] = constant[0.0]\ns = reduce[dimensions=\(axes)] \(name) zero0\n\(scalarRegion("add"))\nw = multiply z z\ny = add s w"
}
