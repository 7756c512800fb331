// Programs that random ones (Tests/ProgramFuzz) have been shrunk to: each was compiled wrongly once.
import Testing

@Suite struct RegressionTests {
    /// What a vector loop stores but does not compute has a width, too.
    @Test(arguments: ["f64", "i64", "f32"]) func storesOfWhatIsComputedInFrontOfTheLoop(dtype: String) throws {
        try agree("""
            main = { lambda ; a:\(dtype)[]. let
                b:\(dtype)[5,33] = broadcast_in_dim[shape=(5, 33) broadcast_dimensions=()] a
                c:\(dtype)[5,33] = add b b
              in (c,) }
            """)
    }

    /// The lanes of an inner loop must not each start from what the outer loop has folded.
    @Test(arguments: ["add", "multiply", "maximum"]) func reductionsOverDimensionsThatLieApart(op: String) throws {
        for dtype in ["i32", "u64", "f32"] {
            try agree("""
                main = { lambda ; a:\(dtype)[3,5,4,37] b:\(dtype)[]. let
                    c:\(dtype)[3,4] = reduce[dimensions=(1, 3)] a b
                      { lambda ; x:\(dtype)[] y:\(dtype)[]. let
                          z:\(dtype)[] = \(op) x y
                        in (z,) }
                  in (c,) }
                """, units: 600, scale: 8)
        }
        try agree("""
            main = { lambda ; a:i32[]. let
                b:i32[16,9] = iota[dtype=i32[] shape=(16, 9) iota_dimension=1]
                c:i32[] = reduce[dimensions=(0, 1)] b a
                  { lambda ; x:i32[] y:i32[]. let
                      z:i32[] = add x y
                    in (z,) }
              in (c,) }
            """)
    }

    /// A view that stays an array stands in front of the group that could have computed what it views.
    @Test func viewsThatStayAreComputedFirst() throws {
        try agree("""
            main = { lambda ; a:f32[8] b:f32[8] p:bool[8]. let
                c:f32[8] = multiply a b
                d:f32[8] = reverse[dimensions=(0,)] c
                e:f32[8] = select p c b
              in (d, e) }
            """)
    }

    /// Where registers are short, an operation's first source must not be put over another one that has been fetched from the frame.
    @Test(arguments: [65, 80, 130]) func reductionsThatNeedMoreRegistersThanThereAre(count: Int) throws {
        try agree("""
            main = { lambda ; a:f32[\(count)] b:f32[] c:f32[] f:i32[\(count)] d:i32[]. let
                i:f32[\(count)] = tan a
                j:f32[] = reduce[dimensions=(0,)] i b
                  { lambda ; k:f32[] l:f32[]. let
                      m:f32[] = add k l
                    in (m,) }
                n:f32[] o:i32[] = reduce[dimensions=(0,)] a f c d
                  { lambda ; p:f32[] q:i32[] r:f32[] s:i32[]. let
                      t:bool[] = compare[comparison_direction=LT] p r
                      u:bool[] = compare[comparison_direction=NE] p p
                      v:bool[] = compare[comparison_direction=EQ] p r
                      w:bool[] = compare[comparison_direction=LT] q s
                      x:bool[] = or t u
                      y:bool[] = and v w
                      z:bool[] = or x y
                      ba:f32[] = select x p r
                      bb:i32[] = select z q s
                    in (ba, bb) }
                g:bool[] = is_finite j
              in (g, n) }
            """)
    }

    /// What a scalar is made of does not join the loops of an operation that has none for others.
    @Test func scalarsInFrontOfWindows() throws {
        try agree("""
            main = { lambda ; a:i32[3,8] b:i32[3,8]. let
                c:i32[3,8] = sign a
                n:i32[2] = constant[2, 1]
                o:i32[] = gather[offset_dims=() collapsed_slice_dims=(0, 1) start_index_map=(0, 1) index_vector_dim=0 \
            slice_sizes=(1, 1)] c n
                d:i32[3,6] = reduce_window[window_dimensions=(1, 3)] b o
                  { lambda ; x:i32[] y:i32[]. let
                      z:i32[] = maximum x y
                    in (z,) }
              in (d,) }
            """)
    }

    /// A comparison of 64-bit lanes gives as many truth values as a register has 32-bit lanes, when it is in front of a loop.
    @Test(arguments: ["f64", "i64"]) func truthValuesInFrontOfTheLoop(dtype: String) throws {
        try agree("""
            main = { lambda ; a:\(dtype)[] b:\(dtype)[]. let
                c:\(dtype)[64] = broadcast_in_dim[shape=(64,) broadcast_dimensions=()] a
                d:\(dtype)[64] = broadcast_in_dim[shape=(64,) broadcast_dimensions=()] b
                e:bool[64] = compare[comparison_direction=NE] c d
                f:\(dtype)[64] = select e c d
              in (e, f) }
            """)
    }

    /// An initial value that the body uses, too, is the same in all trips, however many runs of the kernel they take.
    @Test func longLoopsThatUseTheirInitialValues() throws {
        try agree("""
            main = { lambda ; a:u32[]. let
                zero:i32[] = constant[0]
                i:i32[] b:u32[] = while zero a
                  { lambda ; j:i32[] v:u32[]. let
                      m:i32[] = constant[70000]
                      p:bool[] = compare[comparison_direction=LT] j m
                    in (p,) }
                  { lambda ; j:i32[] v:u32[]. let
                      one:i32[] = constant[1]
                      k:i32[] = add j one
                      w:u32[] = multiply v a
                      x:u32[] = add w a
                    in (k, x) }
              in (b,) }
            """, kernels: 1)
    }

    /// Elements that are made of several ones of the operand, or of a part of one, are not computed in its loops.
    @Test func bitsOfOtherWidths() throws {
        try agree("""
            main = { lambda ; a:u16[5,4] b:u32[5]. let
                c:u16[5,4] = add a a
                d:u64[5] = bitcast_convert c
                e:u64[5] = add d d
                f:u32[5] = add b b
                g:u8[5,4] = bitcast_convert f
                h:u8[5,4] = add g g
              in (e, h) }
            """)
    }

    /// A comparator that is a function stays what it is: sorting looks into it.
    @Test func comparatorsThatAreFunctions() throws {
        try agree("""
            greater = { lambda ; a:f32[] b:f32[] c:i32[] d:i32[]. let
                e:bool[] = compare[comparison_direction=GT] a b
              in (e,) }
            main = { lambda ; x:f32[40]. let
                low:f32[] = constant[-inf]
                none:i32[] = constant[-1]
                i:i32[40] = iota[iota_dimension=0]
                y:f32[3] j:i32[3] = custom_call[call_target_name='ApproxTopK' called_computations=[@greater] \
            mhlo.backend_config={aggregate_to_topk=True, recall_target=0.95, reduction_dim=0, reduction_input_size_override=-1, top_k=3}] \
            x i low none
              in (y, j) }
            """)
    }
}
