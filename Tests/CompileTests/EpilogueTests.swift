// What is computed of a contraction's elements as they come, and contractions whose right operand is packed piece by piece.
import Testing

@Suite struct EpilogueTests {
    /// A sum that goes on, a bias, a threshold: the contraction's own result is stored nowhere.
    @Test func shortOperationsJoinAContraction() throws {
        for (m, k, n) in [(1, 3, 40), (16, 64, 70), (29, 33, 64), (64, 16, 37)] {
            try agree("""
                main = { lambda ; a:f32[\(m),\(k)] b:f32[\(k),\(n)] c:f32[\(m),\(n)] bias:f32[\(n)]. let
                    d:f32[\(m),\(n)] = dot_general[lhs_contracting_dimensions=(1,) rhs_contracting_dimensions=(0,)] a b
                    e:f32[\(m),\(n)] = broadcast_in_dim[broadcast_dimensions=(1,)] bias
                    f:f32[\(m),\(n)] = add d e
                    g:f32[\(m),\(n)] = add f c
                    zero:f32[] = constant[0.0]
                    zeros:f32[\(m),\(n)] = broadcast_in_dim[broadcast_dimensions=()] zero
                    h:f32[\(m),\(n)] = maximum g zeros
                  in (h,) }
                """, units: 64, scale: 8, kernels: 1)
        }
    }

    @Test func batchesHaveEpilogues() throws {
        try agree("""
            main = { lambda ; a:f64[3,20,8] b:f64[3,8,21] c:f64[3,20,21]. let
                d:f64[3,20,21] = dot_general[lhs_batching_dimensions=(0,) rhs_batching_dimensions=(0,) lhs_contracting_dimensions=(2,) \
            rhs_contracting_dimensions=(1,) preferred_element_type=f64[]] a b
                e:f64[3,20,21] = multiply d c
              in (e,) }
            """, units: 64, scale: 8, kernels: 1)
    }

    /// What others use, too, is stored; so is what a long operation follows, or one that looks at other places.
    @Test func othersAreStored() throws {
        let dot = "d:f32[8,32] = dot_general[lhs_contracting_dimensions=(1,) rhs_contracting_dimensions=(0,)] a b"
        for (following, results) in [("e:f32[8,32] = add d d", "e, d"), ("e:f32[8,32] = tanh d", "e"),
                                     ("r:f32[32,8] = transpose[permutation=(1, 0)] d\n s:f32[8,32] = reshape r\n e:f32[8,32] = add d s", "e")] {
            try agree("main = { lambda ; a:f32[8,4] b:f32[4,32]. let\n \(dot)\n \(following)\n in (\(results),) }", units: 64, scale: 8)
        }
    }

    /// Rows and columns that are exchanged behind a contraction, and the sum that goes on in a loop.
    @Test func sumsOfALoopStayInPlace() throws {
        try agree("""
            main = { lambda ; a:f32[16,24] b:f32[16,40] c:f32[24,40]. let
                zero:i32[] = constant[0]
                i:i32[] s:f32[24,40] = while zero c
                  { lambda ; i:i32[] x:f32[24,40]. let
                      three:i32[] = constant[3]
                      p:bool[] = compare[comparison_direction=LT] i three
                    in (p,) }
                  { lambda ; i:i32[] x:f32[24,40]. let
                      one:i32[] = constant[1]
                      j:i32[] = add i one
                      d:f32[40,24] = dot_general[lhs_contracting_dimensions=(0,) rhs_contracting_dimensions=(0,)] b a
                      e:f32[24,40] = transpose[permutation=(1, 0)] d
                      y:f32[24,40] = add x e
                    in (j, y) }
              in (s,) }
            """, units: 64, scale: 64)
    }

    /// What an epilogue reads at other places than it writes keeps its memory, also where the shape is the same.
    @Test func aTransposedSquareIsNotOverwritten() throws {
        try agree("""
            main = { lambda ; a:f32[40,8] b:f32[8,40] c:f32[40,40] s:f32[40]. let
                w:f32[40,40] = dot_general[lhs_contracting_dimensions=(1,) rhs_contracting_dimensions=(1,)] c c
                d:f32[40,40] = dot_general[lhs_contracting_dimensions=(1,) rhs_contracting_dimensions=(0,)] a b
                t:f32[40,40] = broadcast_in_dim[broadcast_dimensions=(1,)] s
                x:f32[40,40] = multiply w t
                y:f32[40,40] = transpose[permutation=(1, 0)] x
                z:f32[40,40] = add d y
              in (z,) }
            """, units: 64, scale: 8)
    }

    @Test func panelsArePackedPieceByPiece() throws {
        for (m, k, n) in [(13, 260, 520), (5, 600, 530)] {
            try agree("""
                main = { lambda ; a:f32[\(m),\(k)] b:f32[\(k),\(n)] c:f32[\(n)]. let
                    d:f32[\(m),\(n)] = dot_general[lhs_contracting_dimensions=(1,) rhs_contracting_dimensions=(0,)] a b
                    e:f32[\(m),\(n)] = broadcast_in_dim[broadcast_dimensions=(1,)] c
                    f:f32[\(m),\(n)] = add d e
                  in (f,) }
                """, units: 256, scale: 64)
        }
    }
}
