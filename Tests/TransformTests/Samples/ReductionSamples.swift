// reduce and reduce_window with every reducer that has a derivative, and select_and_scatter.
private func reduce(_ form: String, _ operation: String, _ type: String = "f64", shape: String = "2,3,4", axes: String = "(0, 2)",
                    initial: Domain = .values([0])) -> Sample {
    Sample("reduce", form, "x:\(type)[\(shape)] z:\(type)[]", "y = reduce[dimensions=\(axes)] x z\n"
           + scalarRegion(operation, type)).with([1: initial]).rounded
}

/// With a constant initial value, as JAX writes it.
private func folded(_ form: String, _ operation: String, _ initial: String, _ axes: String = "(1,)") -> Sample {
    Sample("reduce", form, "x:f64[3,4]", "z:f64[] = constant[\(initial)]\ny = reduce[dimensions=\(axes)] x z\n" + scalarRegion(operation)).rounded
}

let reductionSamples: [Sample] = [
    reduce("sum", "add"), reduce("complex sum", "add", "c128", shape: "3,2", axes: "(1,)", initial: .values([0, 0])),
    folded("sum of all", "add", "0.0", "(0, 1)"), folded("maximum", "maximum", "-inf"), folded("minimum", "minimum", "inf", "(0,)"),
    folded("maximum of all", "maximum", "-inf", "(0, 1)"), folded("product", "multiply", "1.0"),
    folded("product of all", "multiply", "1.0", "(0, 1)"),
    folded("over no dimension", "add", "0.0", "()"),
    reduce("maximum from a value", "maximum", initial: .values([0.5])),
    reduce("product from a value", "multiply", shape: "5", axes: "(0,)", initial: .apart(0.5, 1.5)),
    reduce("product of nothing", "multiply", shape: "0,2", axes: "(0,)", initial: .apart(0.5, 1.5)),
    reduce("integer maximum", "maximum", "i32", initial: .values([-5])).with([:], .none),
    reduce("or", "or", "bool", initial: .values([0])).with([:], .none),
    Sample("reduce", "general", "x:f64[5,2] z:f64[]", """
        y = reduce[dimensions=(0,)] x z
          { lambda ; p:f64[] q:f64[]. let
             a = multiply p q
             b = add p q
             c = add a b
            in (c,) }
        """).with([0: .apart(0.2, 0.9), 1: .values([0])]).rounded,
    Sample("reduce", "variadic: largest with its place", "x:f64[3,4] n:i32[3,4]", """
        z:f64[] = constant[-inf]
        m:i32[] = constant[0]
        y k = reduce[dimensions=(1,)] x n z m
          { lambda ; a:f64[] i:i32[] b:f64[] j:i32[]. let
             p = compare[comparison_direction=GE] a b
             c = select p a b
             l = select p i j
            in (c, l) }
        """, "y k").with([1: .permutation]),
    Sample("reduce", "variadic: two sums and a product", "x:f64[4] v:f64[4]", """
        z:f64[] = constant[0.0]
        e:f64[] = constant[1.0]
        y k = reduce[dimensions=(0,)] x v z e
          { lambda ; a:f64[] i:f64[] b:f64[] j:f64[]. let
             c = add a b
             l = multiply i j
            in (c, l) }
        """, "y k").rounded,
    Sample("reduce", "with a constant of its own", "x:f64[3,3] z:f64[]", """
        y = reduce[dimensions=(0,)] x z
          { lambda ; p:f64[] q:f64[]. let
             h:f64[] = constant[0.5]
             a = add q h
             c = add p a
            in (c,) }
        """).rounded,
]

private func window(_ form: String, _ operation: String, _ initial: String, shape: String = "4,5", _ parameters: String,
                    domain: Domain = .apart(-2, 2),
                    _ modes: Sample.Modes = .both) -> Sample {
    Sample("reduce_window", form, "x:f64[\(shape)]", "z:f64[] = constant[\(initial)]\ny = reduce_window[\(parameters)] x z\n"
           + scalarRegion(operation))
        .with([0: domain], modes).rounded
}

private let pooling = "window_dimensions=(2, 3) window_strides=(2, 1) padding=(0, 0, 1, 1)"
private let dilated = "window_dimensions=(2, 2) window_strides=(1, 2) base_dilations=(2, 1) window_dilations=(1, 2) padding=(1, 0, 0, 2)"

private func picking(_ direction: String) -> String {
    "{ lambda ; p:f64[] q:f64[]. let\n r:bool[] = compare[comparison_direction=\(direction)] p q\n in (r,) }"
}

let windowSamples: [Sample] = [
    window("sum", "add", "0.0", pooling), window("dilated sum", "add", "0.0", dilated),
    window("maximum", "maximum", "-inf", pooling), window("minimum", "minimum", "inf", pooling),
    window("overlapping maximum", "maximum", "-inf", "window_dimensions=(3, 3) window_strides=(1, 1) padding=(1, 1, 1, 1)"),
    window("dilated maximum", "maximum", "-inf", "window_dimensions=(2, 2) window_dilations=(1, 2)", .forward),
    window("cumulative sum", "add", "0.0", shape: "5,2", "window_dimensions=(5, 1) padding=(4, 0, 0, 0)"),
    window("cumulative sum from the end", "add", "0.0", shape: "5,2", "window_dimensions=(5, 1) padding=(0, 4, 0, 0)"),
    window("cumulative product", "multiply", "1.0", shape: "5,2", "window_dimensions=(5, 1) padding=(4, 0, 0, 0)"),
    window("cumulative product from the end", "multiply", "1.0", shape: "2,5", "window_dimensions=(1, 5) padding=(0, 0, 0, 4)"),
    window("cumulative maximum", "maximum", "-inf", shape: "6", "window_dimensions=(6,) padding=(5, 0)"),
    window("product", "multiply", "1.0", pooling), window("dilated product", "multiply", "1.0", dilated),
    Sample("reduce_window", "cumulative logarithm of sums", "x:f64[5]", """
        z:f64[] = constant[-inf]
        y = reduce_window[window_dimensions=(5,) padding=(4, 0)] x z
          { lambda ; p:f64[] q:f64[]. let
             m = maximum p q
             n = minimum p q
             d = subtract n m
             e = exponential d
             l = log_plus_one e
             c = add m l
            in (c,) }
        """).with([:], .none).rounded,
    Sample("reduce_window", "sum from a value", "x:f64[4] z:f64[]", "y = reduce_window[window_dimensions=(2,)] x z\n" + scalarRegion("add")).rounded,
    Sample("reduce_window", "of pairs", "x:f64[6] v:f64[6]", """
        z:f64[] = constant[-inf]
        e:f64[] = constant[0.0]
        y w = reduce_window[window_dimensions=(2,) window_strides=(2,)] x v z e
          { lambda ; a:f64[] i:f64[] b:f64[] j:f64[]. let
             p = compare[comparison_direction=GE] a b
             c = select p a b
             l = select p i j
            in (c, l) }
        """, "y w"),
    Sample("select_and_scatter", "largest", "x:f64[4,6] s:f64[2,3] z:f64[]",
           "y = select_and_scatter[window_dimensions=(2, 2) window_strides=(2, 2)] x s z\n\(picking("GE"))\n\(scalarRegion("add"))")
        .with([2: .values([0])], .none).rounded,
    Sample("select_and_scatter", "largest, overlapping", "x:f64[5] s:f64[3]", """
        z:f64[] = constant[0.0]
        y = select_and_scatter[window_dimensions=(3,) window_strides=(1,) padding=(0, 0)] x s z
        \(picking("GE"))
        \(scalarRegion("add"))
        """).rounded,
    Sample("select_and_scatter", "smallest, padded", "x:f64[5] s:f64[3]", """
        z:f64[] = constant[0.0]
        y = select_and_scatter[window_dimensions=(3,) window_strides=(2,) padding=(1, 1)] x s z
        \(picking("LE"))
        \(scalarRegion("add"))
        """).rounded,
]
