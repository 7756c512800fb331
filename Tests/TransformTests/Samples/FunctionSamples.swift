// Functions with rules of their own, and functions as such.
private let cube = "b = multiply a a\nc = multiply b a"

let functionSamples: [Sample] = [
    Sample("call", "", "x:f64[3]", "z = call[callee=@f] x\ny = call[callee=@f] z",
           private: "private f = { lambda ; a:f64[3]. let\nb = sine a\nc = multiply b a\n in (c,) }"),
    Sample("named_call", "", "x:f64[3] n:i32[3]", """
        y m = named_call[name='f'] x n
          { lambda ; a:f64[3] k:i32[3]. let
             \(cube)
            in (c, k) }
        """, "y m"),
    Sample("checkpoint", "", "x:f64[3] z:f64[3]", """
        y = checkpoint x z
          { lambda ; a:f64[3] d:f64[3]. let
             b = sine a
             c = multiply b d
             e = sine c
            in (e,) }
        """),
    Sample("checkpoint", "of some operands, with an integer", "x:f64[3] n:i32[3]", """
        f = convert[new_dtype=f64[]] n
        y m = checkpoint[policy='dots_saveable' prevent_cse=False] x n f
          { lambda ; a:f64[3] k:i32[3] g:f64[3]. let
             b = sine a
             c = multiply b g
             l = add k k
            in (c, l) }
        """, "y m"),
    Sample("checkpoint", "in a scan", "c0:f64[2] xs:f64[3,2]", """
        c = scan[length=3 num_carry=1] c0 xs
          { lambda ; c:f64[2] x:f64[2]. let
             d = checkpoint c x
               { lambda ; a:f64[2] z:f64[2]. let
                  e = multiply a z
                  f = sine e
                  g = multiply f f
                 in (g,) }
            in (d,) }
        """, "c").rounded,
    Sample("checkpoint", "of a scan in a checkpoint", "c0:f64[] xs:f64[2,3]", """
        c = scan[length=2 num_carry=1] c0 xs
          { lambda ; c:f64[] x:f64[3]. let
             d = checkpoint c x
               { lambda ; a:f64[] z:f64[3]. let
                  e = scan[length=3 num_carry=1] a z
                    { lambda ; k:f64[] w:f64[]. let
                       l = checkpoint k w
                         { lambda ; m:f64[] o:f64[]. let
                            q = multiply m o
                            r = sine q
                           in (r,) }
                      in (l,) }
                 in (e,) }
            in (d,) }
        """, "c").rounded,
    Sample("custom_jvp_call", "", "x:f64[3] n:i32[]", """
        z = multiply x x
        y = custom_jvp_call z n
          { lambda ; a:f64[3] n:i32[]. let
             \(cube)
            in (c,) }
          { lambda ; a:f64[3] n:i32[] da:f64[3]. let
             \(cube)
             three:f64[3] = constant[3.0 everywhere]
             d = multiply three b
             dc = multiply d da
            in (c, dc) }
        """),
    Sample("custom_jvp_call", "in a scan", "c0:f64[] xs:f64[3]", """
        c = scan[length=3 num_carry=1] c0 xs
          { lambda ; c:f64[] x:f64[]. let
             d = custom_jvp_call c x
               { lambda ; a:f64[] b:f64[]. let
                  e = multiply a b
                 in (e,) }
               { lambda ; a:f64[] b:f64[] da:f64[] db:f64[]. let
                  e = multiply a b
                  f = multiply da b
                  g = multiply a db
                  h = add f g
                 in (e, h) }
            in (d,) }
        """, "c").rounded,
    Sample("custom_vjp_call", "", "x:f64[3] w:f64[3]", """
        z = sine x
        y = custom_vjp_call z w
          { lambda ; a:f64[3] d:f64[3]. let
             \(cube)
             e = multiply c d
            in (e,) }
          { lambda ; a:f64[3] d:f64[3]. let
             \(cube)
             e = multiply c d
            in (e, b, c, d) }
          { lambda ; b:f64[3] c:f64[3] d:f64[3] ct:f64[3]. let
             three:f64[3] = constant[3.0 everywhere]
             f = multiply b d
             g = multiply three f
             da = multiply g ct
             dd = multiply c ct
            in (da, dd) }
        """).with([:], .reverse),
    Sample("custom_vjp_call", "in a scan", "c0:f64[] xs:f64[3]", """
        c ys = scan[length=3 num_carry=1] c0 xs
          { lambda ; c:f64[] x:f64[]. let
             d = custom_vjp_call c x
               { lambda ; a:f64[] b:f64[]. let
                  e = multiply a b
                 in (e,) }
               { lambda ; a:f64[] b:f64[]. let
                  e = multiply a b
                 in (e, a, b) }
               { lambda ; a:f64[] b:f64[] ct:f64[]. let
                  da = multiply ct b
                  db = multiply ct a
                 in (da, db) }
            in (d, d) }
        """, "c ys").with([:], .reverse).rounded,
]
