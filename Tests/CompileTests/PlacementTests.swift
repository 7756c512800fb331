// Operations that put elements at places, and those that fetch them from places that depend on data.
import Testing

@Suite struct PlacementTests {
    @Test(arguments: ["bool", "i8", "u16", "i32", "i64", "bf16", "f32", "f64"]) func concatenations(dtype: String) throws {
        try agree("""
            main = { lambda ; a:\(dtype)[3,5] b:\(dtype)[3,1] c:\(dtype)[3,17]. let
                d:\(dtype)[3,5] = maximum a a
                e:\(dtype)[3,23] = concatenate[dimension=1] d b c
                f:\(dtype)[3,23] = maximum e e
              in (e, f) }
            """, kernels: 2)
    }

    @Test(arguments: ["bool", "i8", "u16", "i32", "i64", "bf16", "f32", "f64"],
          [(0, 0, 0), (1, 2, 0), (-1, 3, 0), (2, -2, 1), (0, 1, 2), (-9, 4, 0)])
    func paddings(dtype: String, padding: (low: Int, high: Int, interior: Int)) throws {
        let size = 7 + padding.low + padding.high + 6 * padding.interior
        try agree("""
            main = { lambda ; a:\(dtype)[4,7] v:\(dtype)[]. let
                b:\(dtype)[4,7] = minimum a a
                c:\(dtype)[6,\(size)] = pad[edge_padding_low=(1, \(padding.low)) edge_padding_high=(1, \(padding.high)) \
            interior_padding=(0, \(padding.interior))] b v
              in (c,) }
            """)
    }

    /// Starts beyond the ends are brought back; what is read elsewhere is not written over.
    @Test(arguments: [-3, 0, 2, 5, 100]) func updatesOfSlices(start: Int) throws {
        for index in ["i32", "i64", "i8"] {
            try agree("""
                main = { lambda ; a:f32[8,20] u:f32[3,20]. let
                    s:\(index)[] = constant[\(start)]
                    z:\(index)[] = constant[0]
                    v:f32[3,20] = tanh u
                    b:f32[8,20] = dynamic_update_slice a v s z
                    c:f32[8,20] = tanh b
                    d:f32[8,20] = dynamic_update_slice c u s z
                    e:f32[8,20] = add c d
                  in (b, d, e) }
                """)
        }
    }

    @Test(arguments: ["add", "maximum", "multiply"], ["f32", "i64", "bf16", "i8"]) func scattersOfRows(op: String, dtype: String) throws {
        for index in ["i32", "i64", "u32", "i8"] {
            try agree("""
                main = { lambda ; a:\(dtype)[5,19] i:\(index)[6,1] u:\(dtype)[6,19]. let
                    b:\(dtype)[5,19] = scatter[update_window_dims=(1,) inserted_window_dims=(0,) scatter_dims_to_operand_dims=(0,) \
                index_vector_dim=1 unique_indices=False] a i u
                      { lambda ; x:\(dtype)[] y:\(dtype)[]. let
                          z:\(dtype)[] = \(op) x y
                        in (z,) }
                  in (b,) }
                """, kernels: 1)
        }
    }

    /// Single elements, several of which fall on one place; and windows that do not fit as a whole.
    @Test func scattersOfElementsAndWindows() throws {
        try agree("""
            main = { lambda ; a:i32[9] i:u8[40,1] u:i32[40] w:i32[2,4] j:i8[2,1]. let
                t:u8[] = constant[31]
                k:u8[40,1] = broadcast_in_dim[shape=(40, 1) broadcast_dimensions=()] t
                l:u8[40,1] = and i k
                b:i32[9] = scatter[update_window_dims=() inserted_window_dims=(0,) scatter_dims_to_operand_dims=(0,) \
            index_vector_dim=1 unique_indices=False] a l u
                  { lambda ; x:i32[] y:i32[]. let
                      z:i32[] = add x y
                    in (z,) }
                c:i32[9] = scatter[update_window_dims=(1,) inserted_window_dims=() scatter_dims_to_operand_dims=(0,) \
            index_vector_dim=1 unique_indices=False] b j w
                  { lambda ; x:i32[] y:i32[]. let
                    in (y,) }
              in (b, c) }
            """)
    }

    /// Each row has its own place: what moves from row to row is the place in it and the row.
    @Test(arguments: ["f32", "i64", "bf16"]) func placesInEachRow(dtype: String) throws {
        try agree("""
            main = { lambda ; a:\(dtype)[6,40] i:i32[6,1] u:\(dtype)[6]. let
                b:\(dtype)[6,40] = scatter[update_window_dims=() inserted_window_dims=(1,) input_batching_dims=(0,) \
            scatter_indices_batching_dims=(0,) scatter_dims_to_operand_dims=(1,) index_vector_dim=1 unique_indices=False] a i u
                  { lambda ; x:\(dtype)[] y:\(dtype)[]. let
                      z:\(dtype)[] = add x y
                    in (z,) }
                c:\(dtype)[6] = gather[offset_dims=() collapsed_slice_dims=(1,) operand_batching_dims=(0,) \
            start_indices_batching_dims=(0,) start_index_map=(1,) index_vector_dim=1 slice_sizes=(1, 1)] b i
                d:\(dtype)[6] = add c c
              in (b, d) }
            """, kernels: 2)
    }

    @Test(arguments: ["f32", "i64", "bf16", "bool"], ["i32", "i64", "u32", "i8"]) func gathers(dtype: String, index: String) throws {
        try agree("""
            main = { lambda ; a:\(dtype)[11,20] i:\(index)[50,2] j:\(index)[7,1]. let
                b:\(dtype)[50] = gather[offset_dims=() collapsed_slice_dims=(0, 1) start_index_map=(0, 1) index_vector_dim=1 \
            slice_sizes=(1, 1)] a i
                c:\(dtype)[50] = maximum b b
                d:\(dtype)[7,20] = gather[offset_dims=(1,) collapsed_slice_dims=(0,) start_index_map=(0,) index_vector_dim=1 \
            slice_sizes=(1, 20)] a j
                e:\(dtype)[7,20] = minimum d d
              in (c, e) }
            """, kernels: 2)
    }

    /// Arrays that an operation only sees in another order become arrays where something needs them as such.
    @Test func viewsAreStored() throws {
        try agree("""
            main = { lambda ; a:f32[6,4] b:i8[5,3]. let
                c:f32[4,6] = transpose[permutation=(1, 0)] a
                d:f32[24] = reshape c
                e:i8[3,5] = transpose[permutation=(1, 0)] b
                f:i8[3,2] = slice[start_indices=(0, 1) limit_indices=(3, 5) strides=(1, 3)] e
              in (d, e, f) }
            """)
    }
}

/// Windows that slide, with paddings, strides and dilations, and those that are cumulative.
@Suite struct WindowTests {
    @Test(arguments: ["add", "maximum"], ["f32", "bf16", "i64", "i8"]) func windows(op: String, dtype: String) throws {
        for (attributes, rows, columns) in [
            ("window_dimensions=(2, 2) window_strides=(2, 2)", 4, 18), ("window_dimensions=(3, 3) padding=(1, 1, 1, 1)", 9, 37),
            ("window_dimensions=(2, 3) window_dilations=(2, 4) padding=(0, 0, 3, 1)", 7, 33),
            ("window_dimensions=(1, 40) padding=(0, 0, 20, 19)", 9, 37), ("window_dimensions=(9, 1) padding=(8, 0, 0, 0)", 9, 37),
            ("window_dimensions=(1, 37) padding=(0, 0, 0, 36)", 9, 37), ("window_dimensions=(1, 3) padding=(0, 0, -2, -3)", 9, 30),
        ] {
            try agree("""
                main = { lambda ; a:\(dtype)[9,37] v:\(dtype)[]. let
                    b:\(dtype)[9,37] = minimum a a
                    c:\(dtype)[\(rows),\(columns)] = reduce_window[\(attributes)] b v
                      { lambda ; x:\(dtype)[] y:\(dtype)[]. let
                          z:\(dtype)[] = \(op) x y
                        in (z,) }
                  in (c,) }
                """)
        }
    }
}

@Suite struct SelectAndScatterTests {
    /// Windows side by side, overlapping ones, paddings; equal elements, of which the first or the last is picked.
    @Test(arguments: ["GE", "GT"], ["f32", "i8", "f64"]) func windows(direction: String, dtype: String) throws {
        for (attributes, shape) in [
            ("window_dimensions=(1, 2, 2, 1) window_strides=(1, 2, 2, 1)", "2,3,4,19"),
            ("window_dimensions=(1, 3, 3, 1) window_strides=(1, 2, 2, 1) padding=(0, 0, 1, 1, 1, 2, 0, 0)", "2,3,5,19"),
            ("window_dimensions=(1, 1, 2, 3) window_strides=(1, 1, 1, 2) padding=(0, 0, 0, 0, 0, 0, 1, 1)", "2,6,8,10"),
        ] {
            try agree("""
                main = { lambda ; a:\(dtype)[2,6,9,19] s:\(dtype)[\(shape)] v:\(dtype)[]. let
                    t:\(dtype)[\(shape)] = add s s
                    b:\(dtype)[2,6,9,19] = select_and_scatter[\(attributes)] a t v
                      { lambda ; x:\(dtype)[] y:\(dtype)[]. let
                          z:bool[] = compare[comparison_direction=\(direction)] x y
                        in (z,) }
                      { lambda ; x:\(dtype)[] y:\(dtype)[]. let
                          z:\(dtype)[] = add x y
                        in (z,) }
                  in (b,) }
                """)
        }
    }
}
