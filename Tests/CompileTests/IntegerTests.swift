// Operations on integers of every width, of which many are sequences of instructions.
import Testing

@Suite struct IntegerTests {
    @Test(arguments: ["i8", "u8", "i16", "u16", "i32", "u32", "i64", "u64"],
          ["divide", "remainder", "power", "maximum", "minimum", "multiply", "shift_right_arithmetic", "shift_right_logical", "shift_left"])
    func twoOperands(dtype: String, op: String) throws {
        try agree("""
            main = { lambda ; a:\(dtype)[130] b:\(dtype)[130] c:\(dtype)[] d:\(dtype)[]. let
                e:\(dtype)[130] = subtract a b
                f:\(dtype)[130] = \(op) e b
                g:\(dtype)[130] = \(op) b a
                z:\(dtype)[130] = subtract a a
                h:\(dtype)[130] = \(op) a z
                i:\(dtype)[] = \(op) c d
                j:\(dtype)[130] = broadcast_in_dim[shape=(130,) broadcast_dimensions=()] i
                k:\(dtype)[130] = xor j f
              in (f, g, h, k) }
            """)
    }

    @Test(arguments: ["i8", "u8", "i32", "u32", "i64", "u64"], ["popcnt", "count_leading_zeros", "abs", "negate", "sign"])
    func oneOperand(dtype: String, op: String) throws {
        if dtype.hasPrefix("u") && op == "sign" { return }
        try agree("""
            main = { lambda ; a:\(dtype)[130] b:\(dtype)[130]. let
                c:\(dtype)[130] = subtract a b
                d:\(dtype)[130] = \(op) c
                e:\(dtype)[130] = \(op) a
              in (d, e) }
            """)
    }

    @Test(arguments: ["i32", "u32", "i64", "u64"], ["f32", "f64", "bf16"]) func conversions(dtype: String, float: String) throws {
        try agree("""
            main = { lambda ; a:\(dtype)[130] b:\(dtype)[130] x:\(float)[130]. let
                c:\(dtype)[130] = subtract a b
                d:\(float)[130] = convert c
                e:\(float)[130] = convert a
                f:\(dtype)[130] = convert d
                g:\(float)[130] = multiply d x
                h:\(dtype)[130] = convert g
              in (d, e, f, h) }
            """, units: 0)
    }

    @Test(arguments: [("f32", "u32"), ("i32", "u32"), ("bf16", "u16"), ("f64", "i64"), ("i8", "u8")])
    func bitsOfOtherTypes(a: String, b: String) throws {
        try agree("""
            main = { lambda ; x:\(a)[130] y:\(b)[130]. let
                c:\(b)[130] = bitcast_convert x
                d:\(b)[130] = maximum c y
                e:\(a)[130] = bitcast_convert c
                f:\(a)[130] = maximum e x
              in (d, f) }
            """, units: 0)
    }
}
