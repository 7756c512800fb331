// Control flow: branches, loops that count and loops that do not, scans.
private func counting(_ form: String, _ parameters: String, state: String, limit: String = "5", constants: String = "", _ body: String,
                      _ next: String,
                      _ results: String, _ values: String) -> Sample {
    Sample("while", form, parameters, """
        zero:i32[] = constant[0]
        one:i32[] = constant[1]
        limit:i32[] = constant[\(limit)]
        \(constants)
        n \(results) = while zero \(values)
          { lambda ; i:i32[] \(state). let
             p = compare[comparison_direction=LT] i limit
            in (p,) }
          { lambda ; i:i32[] \(state). let
             \(body)
             j = add i one
            in (j, \(next)) }
        """, results).rounded
}

private let power = "b = multiply a x\nc = sine b"

let controlSamples: [Sample] = [
    counting("of five rounds", "a0:f64[2] x:f64[2]", state: "a:f64[2]", power, "c", "y", "a0"),
    counting("that fills an array", "a0:f64[2] x:f64[2] s0:f64[5,2]", state: "a:f64[2] s:f64[5,2]",
             power + "\nr = reshape[new_sizes=(1, 2)] c\nt = dynamic_update_slice s r i zero", "c, t", "y ys", "a0 s0"),
    counting("that takes an array apart", "a0:f64[2] x:f64[2] s0:f64[5,2]", state: "a:f64[2]",
             "r = dynamic_slice[slice_sizes=(1, 2)] s0 i zero\nz = reshape[new_sizes=(2,)] r\nb = multiply a z\nc = sine b", "c", "y", "a0").unused,
    counting("of no round", "a0:f64[2] x:f64[2]", state: "a:f64[2]", limit: "0", power, "c", "y", "a0"),
    Sample("while", "as long as something is small", "x:f64[]", """
        limit:f64[] = constant[30.0]
        y = while x
          { lambda ; a:f64[]. let
             p = compare[comparison_direction=LT] a limit
            in (p,) }
          { lambda ; a:f64[]. let
             s = sine a
             b = multiply a a
             c = add b s
            in (c,) }
        """).with([0: .apart(1.2, 3)], .forward).rounded,
    Sample("while", "with a bound that is given", "n:i32[] x:f64[]", """
        one:i32[] = constant[1]
        zero:i32[] = constant[0]
        k y = while zero x
          { lambda ; i:i32[] a:f64[]. let
             p = compare[comparison_direction=LT] i n
            in (p,) }
          { lambda ; i:i32[] a:f64[]. let
             b = sine a
             j = add i one
            in (j, b) }
        """).with([0: .rows([2, 5, 0])], .forward).rounded,
    Sample("if", "", "p:bool[] x:f64[3] z:f64[3]", """
        s = sine x
        y u = if p
          { lambda ;. let
             a = multiply s z
             b = exponential x
            in (a, b) }
          { lambda ;. let
             a = multiply s s
            in (a, z) }
        """, "y u").with([0: .rows([1, 0, 1])]).rounded,
    Sample("if", "with a predicate of the arguments", "x:f64[] z:f64[]", """
        p = compare[comparison_direction=LT] x z
        y = if p
          { lambda ;. let
             a = multiply x z
            in (a,) }
          { lambda ;. let
             a = sine x
            in (a,) }
        """).rounded,
    Sample("case", "", "n:i32[] x:f64[3] z:f64[3]", """
        y = case n
          { lambda ;. let
             a = multiply x z
            in (a,) }
          { lambda ;. let
             a = sine x
             b = multiply a z
            in (b,) }
          { lambda ;. let
            in (z,) }
        """).with([0: .rows([1, 0, 7])]).rounded,
    Sample("scan", "with slices and outputs", "c0:f64[2] w:f64[2] xs:f64[4,2]", """
        v c ys = scan[length=4 num_carry=2] w c0 xs
          { lambda ; w:f64[2] c:f64[2] x:f64[2]. let
             a = multiply c w
             b = add a x
             d = tanh b
             e = multiply d x
            in (w, d, e) }
        """, "c ys").rounded,
    Sample("scan", "in reverse, with an integer carry", "c0:f64[] n0:i32[] xs:f64[4]", """
        c n ys = scan[length=4 num_carry=2 reverse=True] c0 n0 xs
          { lambda ; c:f64[] n:i32[] x:f64[]. let
             f = convert[new_dtype=f64[]] n
             a = multiply c x
             b = multiply a f
             d = sine b
             one:i32[] = constant[1]
             m = add n one
            in (d, m, b) }
        """, "c n ys").rounded,
    Sample("scan", "of a scan", "c0:f64[] xs:f64[3,2]", """
        c ys = scan[length=3 num_carry=1] c0 xs
          { lambda ; c:f64[] x:f64[2]. let
             d zs = scan[length=2 num_carry=1] c x
               { lambda ; k:f64[] z:f64[]. let
                  a = multiply k z
                  b = sine a
                 in (b, a) }
            in (d, zs) }
        """, "c ys").rounded,
    Sample("scan", "without a carry", "xs:f64[3,2]", """
        ys = scan[length=3 num_carry=0] xs
          { lambda ; x:f64[2]. let
             a = sine x
             b = multiply a x
            in (b,) }
        """, "ys").rounded,
    Sample("scan", "of which the carry turns", "a0:f64[] b0:f64[] xs:f64[3]", """
        a b = scan[length=3 num_carry=2] a0 b0 xs
          { lambda ; a:f64[] b:f64[] x:f64[]. let
             c = multiply a x
            in (b, c) }
        """, "a b").rounded,
    Sample("scan", "with a branch", "c0:f64[] xs:f64[4]", """
        zero:f64[] = constant[0.0]
        z c ys = scan[length=4 num_carry=2] zero c0 xs
          { lambda ; z:f64[] c:f64[] x:f64[]. let
             p = compare[comparison_direction=LT] x z
             d = if p
               { lambda ;. let
                  a = multiply c x
                 in (a,) }
               { lambda ;. let
                  a = sine c
                 in (a,) }
            in (z, d, c) }
        """, "c ys").rounded,
    Sample("fori_loop", "with known bounds", "x:f64[2]", """
        lower:i32[] = constant[1]
        upper:i32[] = constant[4]
        y = fori_loop lower upper x
          { lambda ; i:i32[] a:f64[2]. let
             b = sine a
             c = multiply b a
            in (c,) }
        """).with([:], .forward).rounded,
    Sample("fori_loop", "with given bounds", "lower:i32[] upper:i32[] x:f64[2]", """
        y = fori_loop lower upper x
          { lambda ; i:i32[] a:f64[2]. let
             f = convert[new_dtype=f64[]] i
             g = broadcast_in_dim[shape=(2,) broadcast_dimensions=()] f
             b = sine a
             c = multiply b g
            in (c,) }
        """).with([0: .rows([1, 2, 4]), 1: .rows([3, 6, 4])], .forward).rounded,
]

private extension Sample {
    /// The operand that the form does not use has a use.
    var unused: Sample {
        Sample(operation, form, "a0:f64[2] x:f64[2] s0:f64[5,2]", text.split(separator: "\n").dropFirst().dropLast().joined(separator: "\n")
            + "\nw = multiply y x", "w").rounded
    }
}
