// gather and scatter in the forms that JAX makes of indexing.
private func gather(_ form: String, _ parameters: String, offset: String, collapsed: String, map: String, vector: Int, sizes: String,
                    batching: (String, String) = ("()", "()"), _ domain: Domain = .integers(0, 4)) -> Sample {
    Sample("gather", form, parameters, "y = gather[offset_dims=\(offset) collapsed_slice_dims=\(collapsed) operand_batching_dims=\(batching.0) "
        + "start_indices_batching_dims=\(batching.1) start_index_map=\(map) index_vector_dim=\(vector) slice_sizes=\(sizes)] x i").with([1: domain])
}

let indexingSamples: [Sample] = [
    gather("rows", "x:f64[4,3] i:i32[5,1]", offset: "(1,)", collapsed: "(0,)", map: "(0,)", vector: 1, sizes: "(1, 3)"),
    gather("rows outside", "x:f64[4,3] i:i32[5,1]", offset: "(1,)", collapsed: "(0,)", map: "(0,)", vector: 1, sizes: "(1, 3)", .integers(-4, 9)),
    gather("columns, indices without vectors", "x:f64[4,3] i:i32[2]", offset: "(0,)", collapsed: "(1,)", map: "(1,)", vector: 1, sizes: "(4, 1)"),
    gather("points", "x:f64[4,3] i:i32[6,2]", offset: "()", collapsed: "(0, 1)", map: "(1, 0)", vector: 1, sizes: "(1, 1)"),
    gather("windows", "x:f64[5,6] i:i32[3,2]", offset: "(1, 2)", collapsed: "()", map: "(0, 1)", vector: 1, sizes: "(2, 3)", .integers(-1, 6)),
    gather("vectors in front", "x:f64[4,3] i:i32[2,5]", offset: "()", collapsed: "(0, 1)", map: "(0, 1)", vector: 0, sizes: "(1, 1)"),
    gather("batching dimensions", "x:f64[2,4,3] i:i32[2,3,1]", offset: "(2,)", collapsed: "(1,)", map: "(1,)", vector: 2, sizes: "(1, 1, 3)",
           batching: ("(0,)", "(0,)")),
    gather("batching dimensions in another order", "x:f64[4,2,3] i:i32[3,2,5,1]", offset: "()", collapsed: "(0,)", map: "(0,)", vector: 3,
           sizes: "(1, 1, 1)", batching: ("(1, 2)", "(1, 0)")),
    gather("complex", "x:c128[4] i:i32[3,1]", offset: "()", collapsed: "(0,)", map: "(0,)", vector: 1, sizes: "(1,)"),
    gather("unsigned indices", "x:f64[4] i:u8[3,1]", offset: "()", collapsed: "(0,)", map: "(0,)", vector: 1, sizes: "(1,)", .integers(0, 250)),
    gather("one window", "x:f64[5,6] i:i32[2]", offset: "(0, 1)", collapsed: "()", map: "(0, 1)", vector: 0, sizes: "(2, 3)", .integers(0, 6)),
]

private func scatter(_ form: String, _ region: String, _ parameters: String, window: String, inserted: String, map: String, vector: Int,
                     batching: (String, String) = ("()", "()"), unique: Bool = false, _ domain: Domain) -> Sample {
    Sample("scatter", form, parameters, "y = scatter[update_window_dims=\(window) inserted_window_dims=\(inserted) input_batching_dims=\(batching.0) "
        + "scatter_indices_batching_dims=\(batching.1) scatter_dims_to_operand_dims=\(map) index_vector_dim=\(vector)"
        + "\(unique ? " unique_indices=True" : "")] x i u\n" + region).with([1: domain]).rounded
}

/// Rows of a matrix, of which row 4 is left out and others may be hit twice.
private func rows(_ form: String, _ region: String, unique: Bool = false, type: String = "f64") -> Sample {
    scatter("\(form) rows, \(unique ? "each once" : "some twice")", region, "x:\(type)[4,3] i:i32[4,1] u:\(type)[4,3]", window: "(1,)",
            inserted: "(0,)",
            map: "(0,)", vector: 1, unique: unique, unique ? .permutation : .values([2, 0, 2, 4]))
}

private func replacement(_ type: String = "f64") -> String { "{ lambda ; p:\(type)[] q:\(type)[]. let\n in (q,) }" }

let scatterSamples: [Sample] = [
    rows("add", scalarRegion("add")), rows("add", scalarRegion("add"), unique: true),
    rows("multiply", scalarRegion("multiply"), unique: true),
    rows("multiply", scalarRegion("multiply")).with([:], .none),
    rows("maximum", scalarRegion("maximum")), rows("minimum", scalarRegion("minimum"), unique: true),
    rows("replacing", replacement()), rows("replacing", replacement(), unique: true),
    rows("complex add", scalarRegion("add", "c128"), type: "c128"),
    rows("integer maximum", scalarRegion("maximum", "i32"), type: "i32").with([:], .none),
    rows("subtracting", scalarRegion("subtract")).with([:], .none),
    scatter("add windows", scalarRegion("add"), "x:f64[5,6] i:i32[3,2] u:f64[3,2,3]", window: "(1, 2)", inserted: "()", map: "(0, 1)", vector: 1,
            .integers(-1, 5)),
    scatter("replacing windows", replacement(), "x:f64[5,6] i:i32[2,2] u:f64[2,2,3]", window: "(1, 2)", inserted: "()", map: "(0, 1)", vector: 1,
            .values([0, 0, 1, 2])),
    scatter("add points, vectors in front", scalarRegion("add"), "x:f64[4,3] i:i32[2,5] u:f64[5]", window: "()", inserted: "(0, 1)", map: "(1, 0)",
            vector: 0, .integers(0, 5)),
    scatter("add with batching dimensions", scalarRegion("add"), "x:f64[2,4,3] i:i32[2,3,1] u:f64[2,3,3]", window: "(2,)", inserted: "(1,)",
            map: "(1,)", vector: 2, batching: ("(0,)", "(0,)"), .integers(0, 4)),
    scatter("replacing with batching dimensions", replacement(), "x:f64[2,4] i:i32[2,4,1] u:f64[2,4]", window: "()", inserted: "(1,)",
            map: "(1,)", vector: 2, batching: ("(0,)", "(0,)"), .integers(0, 4)),
    scatter("maximum with batching dimensions", scalarRegion("maximum"), "x:f64[2,4] i:i32[2,4,1] u:f64[2,4]", window: "()", inserted: "(1,)",
            map: "(1,)", vector: 2, batching: ("(0,)", "(0,)"), .integers(0, 4)),
    Sample("scatter", "two operands", "x:f64[4] n:i32[4] i:i32[3,1] u:f64[3] m:i32[3]", """
        y z = scatter[update_window_dims=() inserted_window_dims=(0,) scatter_dims_to_operand_dims=(0,) index_vector_dim=1] x n i u m
          { lambda ; a:f64[] k:i32[] b:f64[] l:i32[]. let
             c = add a b
             o = maximum k l
            in (c, o) }
        """, "y z").with([2: .values([1, 3, 1])], .none).rounded,
]
