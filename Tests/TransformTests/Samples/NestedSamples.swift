// Structured operations in one another.
private let squares = "zero:i32[] = constant[0]\none:i32[] = constant[1]\nlimit:i32[] = constant[3]"

let nestedSamples: [Sample] = [
    Sample("checkpoint", "of a loop that counts", "x:f64[2] w:f64[2]", """
        y = checkpoint x w
          { lambda ; a:f64[2] v:f64[2]. let
             \(squares)
             n b = while zero a
               { lambda ; i:i32[] c:f64[2]. let
                  p = compare[comparison_direction=LT] i limit
                 in (p,) }
               { lambda ; i:i32[] c:f64[2]. let
                  d = multiply c v
                  e = sine d
                  j = add i one
                 in (j, e) }
            in (b,) }
        """).rounded,
    Sample("checkpoint", "of a backward rule", "x:f64[2]", """
        y = checkpoint x
          { lambda ; a:f64[2]. let
             s = sine a
             b = custom_vjp_call s
               { lambda ; c:f64[2]. let
                  d = multiply c c
                 in (d,) }
               { lambda ; c:f64[2]. let
                  d = multiply c c
                 in (d, c) }
               { lambda ; c:f64[2] ct:f64[2]. let
                  two:f64[2] = constant[2.0 everywhere]
                  d = multiply c two
                  e = multiply d ct
                 in (e,) }
            in (b,) }
        """).with([:], .reverse).rounded,
    Sample("checkpoint", "of a rule and a named call", "x:f64[2]", """
        y = checkpoint x
          { lambda ; a:f64[2]. let
             b = custom_jvp_call a
               { lambda ; c:f64[2]. let
                  d = sine c
                 in (d,) }
               { lambda ; c:f64[2] dc:f64[2]. let
                  d = sine c
                  e = cosine c
                  f = multiply e dc
                 in (d, f) }
             g = named_call[name='f'] b
               { lambda ; h:f64[2]. let
                  k = multiply h h
                 in (k,) }
            in (g,) }
        """).rounded,
    Sample("checkpoint", "in a branch in a scan", "c0:f64[] xs:f64[3]", """
        c = scan[length=3 num_carry=1] c0 xs
          { lambda ; c:f64[] x:f64[]. let
             zero:f64[] = constant[0.0]
             p = compare[comparison_direction=LT] x zero
             d = if p
               { lambda ;. let
                  e = checkpoint c x
                    { lambda ; a:f64[] b:f64[]. let
                       f = multiply a b
                       g = sine f
                      in (g,) }
                 in (e,) }
               { lambda ;. let
                  h = multiply c c
                 in (h,) }
            in (d,) }
        """, "c").rounded,
    Sample("checkpoint", "of a branch", "p:bool[] x:f64[] z:f64[]", """
        y = checkpoint p x z
          { lambda ; q:bool[] a:f64[] b:f64[]. let
             s = sine a
             d = if q
               { lambda ;. let
                  e = multiply s b
                 in (e,) }
               { lambda ;. let
                  e = exponential s
                 in (e,) }
            in (d,) }
        """).with([0: .rows([1, 0, 1])]).rounded,
    Sample("checkpoint", "of a loop without end", "x:f64[]", """
        y = checkpoint x
          { lambda ; a:f64[]. let
             b = while a
               { lambda ; c:f64[]. let
                  limit:f64[] = constant[30.0]
                  p = compare[comparison_direction=LT] c limit
                 in (p,) }
               { lambda ; c:f64[]. let
                  d = multiply c c
                 in (d,) }
            in (b,) }
        """).with([0: .apart(1.2, 3)], .forward).rounded,
    Sample("fori_loop", "of a scan", "x:f64[2] xs:f64[3,2]", """
        lower:i32[] = constant[0]
        upper:i32[] = constant[2]
        y vs = fori_loop lower upper x xs
          { lambda ; i:i32[] a:f64[2] ws:f64[3,2]. let
             b us = scan[length=3 num_carry=1] a ws
               { lambda ; c:f64[2] w:f64[2]. let
                  d = multiply c w
                  e = sine d
                 in (e, d) }
            in (b, us) }
        """, "y vs").with([:], .forward).rounded,
    Sample("scan", "of a gather and an update", "c0:f64[5] ns:i32[3] xs:f64[3]", """
        c ys = scan[length=3 num_carry=1] c0 ns xs
          { lambda ; c:f64[5] n:i32[] x:f64[]. let
             r = dynamic_slice[slice_sizes=(1,)] c n
             s = reshape[new_sizes=()] r
             t = multiply s x
             u = sine t
             v = reshape[new_sizes=(1,)] u
             w = dynamic_update_slice c v n
            in (w, t) }
        """, "c ys").rounded,
]
