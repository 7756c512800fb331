// sort, top_k, and random numbers.
let sortingSamples: [Sample] = [
    Sample("sort", "one operand", "x:f64[3,4]", "y = sort[dimension=1] x\n" + comparison("LT")),
    Sample("sort", "the first dimension, descending", "x:f64[4,2]", "y = sort[dimension=0] x\n" + comparison("GT")),
    Sample("sort", "the last dimension from the end", "x:f64[2,4]", "y = sort[dimension=-1] x\n" + comparison("LT")),
    Sample("sort", "two operands", "x:f64[5] z:f64[5]", """
        y w = sort[dimension=0 is_stable=True] x z
          { lambda ; a:f64[] b:f64[] c:f64[] d:f64[]. let
             p = compare[comparison_direction=LT] a b
            in (p,) }
        """, "y w"),
    Sample("sort", "by integers", "n:i32[5] x:f64[5]", """
        m y = sort[dimension=0 is_stable=True] n x
          { lambda ; a:i32[] b:i32[] c:f64[] d:f64[]. let
             p = compare[comparison_direction=LT] a b
            in (p,) }
        """, "m y"),
    Sample("sort", "what is computed", "x:f64[5] z:f64[5]", "a = multiply x z\nb = sort[dimension=0] a\n\(comparison("LT"))\ny = multiply b x"),
    Sample("top_k", "", "x:f64[2,5]", "y n = top_k[k=3] x", "y n"),
    Sample("top_k", "smallest", "x:f64[5]", "y n = top_k[k=2 largest=False] x", "y n"),
    Sample("ApproxTopK", "", "x:f64[2,5] n:i32[2,5] z:f64[] m:i32[]", """
        y:f64[2,3] k:i32[2,3] = custom_call[call_target_name='ApproxTopK' called_computations=[@greater] mhlo.backend_config={reduction_dim=1}] x n z m
        """, "y k",
           private: "private greater = { lambda ; a:f64[] b:f64[] c:i32[] d:i32[]. let\np = compare[comparison_direction=GT] a b\n in (p,) }")
        .with([2: .values([-9]), 3: .values([-1])]),
]

let randomSamples: [Sample] = [
    Sample("rng_bit_generator", "Threefry", "state:u64[2]", "next bits = rng_bit_generator[rng_algorithm=THREE_FRY dtype=u32[] shape=(5,)] state",
           "next bits")
        .with([0: .integers(0, 1000)], .none),
    Sample("rng_bit_generator", "Philox", "state:u64[3]", "next bits = rng_bit_generator[rng_algorithm=PHILOX dtype=u8[] shape=(2, 3)] state",
           "next bits")
        .with([0: .integers(0, 1000)], .none),
    Sample("rng", "uniform", "a:f64[] b:f64[]", "n:i64[2] = constant[2, 3]\ny = rng[rng_distribution=UNIFORM shape=(2, 3)] a b n").with([:],
                                                                                                                                        .none).random,
    Sample("rng", "normal", "a:f64[] b:f64[]", "n:i64[1] = constant[4]\ny = rng[rng_distribution=NORMAL shape=(4,)] a b n").with([:], .none).random,
]
