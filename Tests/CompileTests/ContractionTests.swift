// Products of every shape that the kernels treat differently.
import Testing

@Suite struct CompiledContractionTests {
    @Test(arguments: [(1, 1, 1), (3, 5, 7), (12, 32, 16), (13, 33, 17), (50, 64, 3), (1, 100, 40), (40, 1, 100), (25, 70, 600), (64, 16, 1030)])
    func productsOfMatrices(m: Int, n: Int, k: Int) throws {
        for (left, right) in [(1, 0), (0, 0), (1, 1), (0, 1)] {
            let a = left == 1 ? "[\(m),\(k)]" : "[\(k),\(m)]", b = right == 0 ? "[\(k),\(n)]" : "[\(n),\(k)]"
            for (dtype, units) in [("f32", 8.0), ("f64", 8), ("bf16", 2)] {
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
}
