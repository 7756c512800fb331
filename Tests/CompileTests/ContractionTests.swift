// Products of every shape that the kernels treat differently.
import Testing

@Suite struct CompiledContractionTests {
    @Test(arguments: [(1, 1, 1), (3, 5, 7), (12, 32, 16), (13, 33, 17), (50, 64, 3), (1, 100, 40), (40, 1, 100),
                      (25, 70, 600), (64, 16, 1030)])
    func productsOfMatrices(m: Int, n: Int, k: Int) throws {
        for (left, right) in [(1, 0), (0, 0), (1, 1), (0, 1)] {
            let a = left == 1 ? "[\(m),\(k)]" : "[\(k),\(m)]", b = right == 0 ? "[\(k),\(n)]" : "[\(n),\(k)]"
            for (dtype, units) in [("f32", 8.0), ("f64", 8), ("bf16", 2), ("i32", 0), ("i64", 0), ("u8", 0)] {
                if units == 0 && m * n * k > 10_000 { continue }
                try agree("""
                    main = { lambda ; a:\(dtype)\(a) b:\(dtype)\(b). let
                        c:\(dtype)[\(m),\(n)] = dot_general[lhs_contracting_dimensions=(\(left),) rhs_contracting_dimensions=(\(right),) \
                    preferred_element_type=\(dtype)[]] a b
                      in (c,) }
                    """, units: units, scale: Double(16 * k), kernels: 1)
            }
        }
    }

    @Test func batches() throws {
        try agree("""
            main = { lambda ; a:f32[5,9,21] b:f32[5,21,34]. let
                c:f32[5,9,34] = dot_general[lhs_batching_dimensions=(0,) rhs_batching_dimensions=(0,) lhs_contracting_dimensions=(2,) \
            rhs_contracting_dimensions=(1,) preferred_element_type=f32[]] a b
              in (c,) }
            """, units: 40, scale: 300, kernels: 1)
    }

    /// Batches whose dimensions lie apart, which is what transpositions of attention's heads leave.
    @Test func batchesThatLieApart() throws {
        try agree("""
            main = { lambda ; a:f32[2,9,3,21] b:f32[2,17,3,21] c:i8[3,4,5,2] d:i8[4,5,2,7]. let
                e:f32[2,3,9,21] = transpose[permutation=(0, 2, 1, 3)] a
                f:f32[2,3,9,17] = dot_general[lhs_batching_dimensions=(0, 1) rhs_batching_dimensions=(0, 2) lhs_contracting_dimensions=(3,) \
            rhs_contracting_dimensions=(3,) preferred_element_type=f32[]] e b
                g:i32[2,4,3,7] = dot_general[lhs_batching_dimensions=(3, 1) rhs_batching_dimensions=(2, 0) lhs_contracting_dimensions=(2,) \
            rhs_contracting_dimensions=(1,) preferred_element_type=i32[]] c d
              in (f, g) }
            """, units: 40, scale: 300, kernels: 2)
    }
}
