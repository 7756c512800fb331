// What is fused, and that it computes what the evaluator does.
import Testing

@Suite struct FusionTests {
    @Test(arguments: [1, 7, 16, 33, 1000, 4099]) func chainsOfElementwiseOperations(count: Int) throws {
        try agree("""
            main = { lambda ; a:f32[\(count)] b:f32[\(count)]. let
                c:f32[\(count)] = multiply a b
                d:f32[\(count)] = tanh c
                e:f32[\(count)] = subtract d a
                f:f32[\(count)] = exponential e
                g:bool[\(count)] = compare[comparison_direction=LT] a b
                h:f32[\(count)] = select g f c
              in (h, d) }
            """, kernels: 1)
    }

    @Test(arguments: ["bool", "i8", "u8", "i16", "u16", "i32", "u32", "i64", "f16", "bf16", "f32", "f64"])
    func everyTypeIsLoadedAndStored(dtype: String) throws {
        for count in [3, 16, 37, 130] {
            try agree("""
                main = { lambda ; a:\(dtype)[\(count)] b:\(dtype)[\(count)] p:bool[\(count)]. let
                    c:\(dtype)[\(count)] = select p a b
                    d:\(dtype)[\(count)] = maximum a b
                    e:\(dtype)[\(count)] = add c d
                  in (c, e) }
                """, kernels: 1)
        }
    }

    @Test func placesAreFollowedThroughViews() throws {
        try agree("""
            main = { lambda ; a:f32[6,4] b:f32[4]. let
                c:f32[4,6] = transpose[permutation=(1, 0)] a
                d:f32[4,6] = broadcast_in_dim[shape=(4, 6) broadcast_dimensions=(0,)] b
                e:f32[4,6] = add c d
                f:f32[4,6] = reverse[dimensions=(1,)] e
                g:f32[4,6] = multiply f c
                h:f32[2,3] = slice[start_indices=(1, 0) limit_indices=(4, 6) strides=(2, 2)] g
                i:f32[2,3] = negate h
                j:f32[24] = reshape g
                k:f32[24] = add j j
              in (i, k) }
            """)
    }

    @Test(arguments: [(5, 7), (1, 40), (64, 3), (33, 130), (1, 1)]) func reductionsOverEitherDimension(rows: Int, columns: Int) throws {
        for (axis, kept) in [(0, columns), (1, rows)] {
            for (op, initial) in [("add", "0.0"), ("maximum", "-inf"), ("multiply", "1.0")] {
                try agree("""
                    main = { lambda ; a:f32[\(rows),\(columns)]. let
                        b:f32[] = constant[\(initial)]
                        c:f32[\(rows),\(columns)] = multiply a a
                        d:f32[\(kept)] = reduce[dimensions=(\(axis),)] c b
                          { lambda ; x:f32[] y:f32[]. let
                              z:f32[] = \(op) x y
                            in (z,) }
                      in (d, c) }
                    """, units: 40)
            }
        }
    }

    @Test func scalarLoopsAreKernels() throws {
        try agree("""
            main = { lambda ; n:i32[] x:f32[]. let
                zero:i32[] = constant[0]
                a:i32[] b:f32[] = while zero x
                  { lambda ; i:i32[] v:f32[]. let
                      m:i32[] = constant[1000]
                      p:bool[] = compare[comparison_direction=LT] i m
                    in (p,) }
                  { lambda ; i:i32[] v:f32[]. let
                      one:i32[] = constant[1]
                      j:i32[] = add i one
                      half:f32[] = constant[0.5]
                      w:f32[] = multiply v half
                      u:f32[] = add w x
                    in (j, u) }
              in (a, b) }
            """, kernels: 1)
    }

    /// What nothing needs is left out, whatever it is.
    @Test func deadOperationsMakeNoKernels() throws {
        try agree("""
            main = { lambda ; a:f32[5]. let
                b:f32[5] = tanh a
                c:f32[5] = add a a
                d:f32[5] = exponential b
              in (c,) }
            """, kernels: 1)
    }
}
