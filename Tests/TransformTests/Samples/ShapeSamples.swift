// Operations that move elements, and values that come from nothing.
let shapeSamples: [Sample] = [
    Sample("constant", "", "x:f64[3]", "c:f64[3] = constant[1.0, -2.0, 3.5]\ny = multiply x c"),
    Sample("iota", "", "x:f64[2,3]", "c = iota[dtype=f64[] shape=(2, 3) iota_dimension=1]\ny = multiply x c"),
    Sample("broadcast_in_dim", "of a scalar", "x:f64[]", "y = broadcast_in_dim[shape=(2, 3) broadcast_dimensions=()] x"),
    Sample("broadcast_in_dim", "in the middle", "x:f64[3]", "y = broadcast_in_dim[shape=(2, 3, 2) broadcast_dimensions=(1,)] x"),
    Sample("broadcast_in_dim", "of ones, transposed", "x:f64[3,1]", "y = broadcast_in_dim[shape=(4, 2, 3) broadcast_dimensions=(2, 0)] x"),
    Sample("concatenate", "", "a:f64[2,3] b:f64[2,1] c:f64[2,2]", "y = concatenate[dimension=1] a b c"),
    Sample("concatenate", "an array twice", "a:f64[2,3] b:f64[1,3]", "y = concatenate[dimension=0] a b a"),
    Sample("pad", "around and between", "x:f64[2,3] v:f64[]",
           "y = pad[edge_padding_low=(1, 0) edge_padding_high=(2, 1) interior_padding=(0, 2)] x v"),
    Sample("pad", "cut off", "x:f64[4,5] v:f64[]", "y = pad[edge_padding_low=(-1, 2) edge_padding_high=(1, -2) interior_padding=(1, 0)] x v"),
    Sample("pad", "negative with interior", "x:f64[4] v:f64[]", "y = pad[edge_padding_low=(-2,) edge_padding_high=(-3,) interior_padding=(2,)] x v"),
    Sample("reshape", "", "x:f64[2,3,2]", "y = reshape[new_sizes=(4, 3)] x"),
    Sample("reshape", "to a scalar", "x:f64[1,1]", "y = reshape[new_sizes=()] x"),
    Sample("reverse", "", "x:f64[2,3,2]", "y = reverse[dimensions=(0, 2)] x"),
    Sample("slice", "with strides", "x:f64[5,7]", "y = slice[start_indices=(1, 0) limit_indices=(4, 7) strides=(1, 3)] x"),
    Sample("slice", "of nothing", "x:f64[5,2]", "a = slice[start_indices=(2, 0) limit_indices=(2, 2)] x\ny = concatenate[dimension=0] a x"),
    Sample("transpose", "", "x:f64[2,3,4]", "y = transpose[permutation=(2, 0, 1)] x"),
    Sample("transpose", "complex", "x:c128[2,3]", "y = transpose[permutation=(1, 0)] x"),
    Sample("dynamic_slice", "inside", "x:f64[4,5] i:i32[] j:i32[]", "y = dynamic_slice[slice_sizes=(2, 3)] x i j"),
    Sample("dynamic_slice", "beyond the edges", "x:f64[4,5] i:i32[] j:i32[]", "y = dynamic_slice[slice_sizes=(2, 3)] x i j")
        .with([1: .integers(-3, 0), 2: .integers(3, 9)]),
    Sample("dynamic_slice", "unsigned starts", "x:f64[7] i:u8[]", "y = dynamic_slice[slice_sizes=(3,)] x i").with([1: .integers(0, 200)]),
    Sample("dynamic_slice", "of a scalar", "x:f64[]", "y = dynamic_slice[slice_sizes=()] x"),
    Sample("dynamic_update_slice", "inside", "x:f64[4,5] u:f64[2,3] i:i32[] j:i32[]", "y = dynamic_update_slice x u i j"),
    Sample("dynamic_update_slice", "beyond the edges", "x:f64[4,5] u:f64[2,3] i:i32[] j:i32[]", "y = dynamic_update_slice x u i j")
        .with([2: .integers(-3, 0), 3: .integers(3, 9)]),
    Sample("dynamic_update_slice", "of a scalar", "x:f64[] u:f64[]", "y = dynamic_update_slice x u"),
    Sample("optimization_barrier", "", "x:f64[2,3] n:i32[2] z:f64[]", "a b c = optimization_barrier x n z\nd = multiply a a", "d b c"),
    annotation("Sharding"), annotation("SPMDFullToShardShape"), annotation("SPMDShardToFullShape"), annotation("annotate_device_placement"),
    annotation("LayoutConstraint"), annotation("MoveToHost"), annotation("MoveToDevice"), annotation("PinToDevice"),
    annotation("xla.sdy.FuncResultSharding"),
]

private func annotation(_ target: String) -> Sample {
    Sample(target, "", "x:f64[2,3]", "z = multiply x x\nw:f64[2,3] = custom_call[call_target_name='\(target)'] z\ny = multiply w x")
}
