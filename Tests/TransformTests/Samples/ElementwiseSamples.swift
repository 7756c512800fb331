// Operations that work element by element.
/// `types` of operands and the results' follow from one: "f64" stands for f64[2,3].
private func unary(_ operation: String, _ types: [String] = ["f64"], _ domain: Domain = .apart(-2, 2), _ modes: Sample.Modes = .both) -> [Sample] {
    types.map { Sample(operation, $0, "x:\($0)[2,3]", "y = \(operation) x", "y").with([0: domain], modes) }
}

private func binary(_ operation: String, _ types: [String] = ["f64"], _ first: Domain = .apart(-2, 2), _ second: Domain = .apart(-2, 2),
                    _ modes: Sample.Modes = .both) -> [Sample] {
    types.map { Sample(operation, $0, "a:\($0)[2,3] b:\($0)[2,3]", "y = \(operation) a b", "y").with([0: first, 1: second], modes) }
}

private let both = ["f64", "c128"]
private let positive = Domain.apart(0.4, 2)

let elementwiseSamples: [Sample] = unarySamples + binarySamples + otherElementwise

private let unarySamples: [Sample] = [
    unary("abs", both), unary("negate", both), unary("sign", both),
    unary("acos", ["f64"], .apart(-0.9, 0.9)), unary("acosh", ["f64"], .apart(1.2, 3)), unary("asin", ["f64"], .apart(-0.9, 0.9)),
    unary("asinh"), unary("atan"), unary("atanh", ["f64"], .apart(-0.9, 0.9)),
    unary("cbrt"), unary("cosh", both, .apart(-1, 1)), unary("cosine", both), unary("erf"), unary("erfc"), unary("exponential", both),
    unary("exponential_minus_one", both), unary("log", both, positive), unary("log_plus_one", both, positive), unary("logistic", both),
    unary("rsqrt", both, positive), unary("sine", both), unary("sinh", both, .apart(-1, 1)), unary("sqrt", both, positive),
    unary("tan", both, .apart(-1, 1)), unary("tanh", both, .apart(-1, 1)),
    unary("real", both), unary("imag", both),
    unary("ceil"), unary("floor"), unary("round_nearest_afz"), unary("round_nearest_even"), unary("is_finite", ["f64"], .apart(-2, 2), .none),
].flatMap { $0 }

private let binarySamples: [Sample] = [
    binary("add", both), binary("subtract", both), binary("multiply", both), binary("divide", both, .apart(-2, 2), positive),
    binary("maximum"), binary("minimum"), binary("remainder", ["f64"], .apart(-9, 9), .apart(2.2, 3)), binary("power", both, positive, .apart(-2, 2)),
    binary("atan2", ["f64"]), binary("complex"),
].flatMap { $0 }

private let otherElementwise: [Sample] = [
    Sample("multiply", "an operand by itself", "x:f64[4]", "y = multiply x x"),
    Sample("power", "integer exponents", "x:f64[4] n:f64[4]", "y = power x n").with([1: .values([2, 3, -1, 1])], .none),
    Sample("maximum", "several orders", "x:f64[2,3] z:f64[2,3]", "a = multiply x z\nb = subtract x z\ny = maximum a b"),
    Sample("abs", "of a complex number that is computed", "x:c128[3]", "z = multiply x x\ny = abs z"),
    Sample("compare", "", "a:f64[2,3] b:f64[2,3]", "y = compare[comparison_direction=LT] a b").with([:], .none),
    Sample("compare", "steps in front of arithmetic", "a:f64[2,3] b:f64[2,3]", """
        p = compare[comparison_direction=GE] a b
        q = convert[new_dtype=f64[]] p
        y = multiply q a
        """),
    Sample("select", "", "p:bool[2,3] a:f64[2,3] b:f64[2,3]", "y = select p a b"),
    Sample("select", "scalar predicate", "p:bool[] a:f64[2,3] b:f64[2,3]", "y = select p a b").with([0: .rows([0, 1, 0])]),
    Sample("select", "complex", "p:bool[3] a:c128[3] b:c128[3]", "y = select p a b"),
    Sample("clamp", "", "low:f64[2,3] x:f64[2,3] high:f64[2,3]", "y = clamp low x high").with([0: .apart(-1.2, -0.4), 2: .apart(0.4, 1.2)]),
    Sample("clamp", "scalar bounds", "low:f64[] x:f64[2,3] high:f64[]", "y = clamp low x high").with([0: .apart(-1.2, -0.4), 2: .apart(0.4, 1.2)]),
    Sample("convert", "f64 to f32", "x:f64[2,3]", "y = convert[new_dtype=f32[]] x").within(step: 1e-2, tolerance: 1e-4),
    Sample("convert", "f32 to f64", "x:f32[2,3]", "y = convert[new_dtype=f64[]] x").within(step: 1e-2, tolerance: 1e-4),
    Sample("convert", "f64 to bf16", "x:f64[2,3]", "y = convert[new_dtype=bf16[]] x").within(step: 0.25, tolerance: 0.1),
    Sample("convert", "f64 to c128", "x:f64[2,3]", "z = convert[new_dtype=c128[]] x\ny = multiply z z"),
    Sample("convert", "f64 to i32 and back", "x:f64[2,3]", "n = convert[new_dtype=i32[]] x\nz = convert[new_dtype=f64[]] n\ny = multiply z x"),
    Sample("reduce_precision", "", "x:f64[2,3]", "y = reduce_precision[exponent_bits=8 mantissa_bits=23] x").within(step: 1e-2, tolerance: 1e-4),
    Sample("bitcast_convert", "same width", "x:f64[2,3]", "y = bitcast_convert[new_dtype=i64[]] x").with([:], .none),
    Sample("bitcast_convert", "to parts", "x:f64[2,3]", "y = bitcast_convert[new_dtype=u16[]] x").with([:], .none),
    Sample("bitcast_convert", "from parts", "x:u16[3,4]", "y = bitcast_convert[new_dtype=u64[]] x").with([:], .none),
    Sample("complex", "parts of a product", "a:f64[3] b:f64[3]", """
        z = complex a b
        w = multiply z z
        u = real w
        v = imag w
        """, "u v"),
]

// MARK: Integers and booleans: batches alone

private func integers(_ operation: String, _ count: Int, _ types: [String] = ["i32", "u8"], _ second: Domain = .integers(1, 9)) -> [Sample] {
    types.map { type in
        let names = Array(["a", "b"].prefix(count))
        return Sample(operation, type, names.map { "\($0):\(type)[2,3]" }.joined(separator: " "), "y = \(operation) \(names.joined(separator: " "))")
            .with(type == "bool" ? [:] : [0: .integers(0, 100), 1: second], .none)
    }
}

let integerSamples: [Sample] = [
    integers("and", 2, ["i32", "bool"]), integers("or", 2, ["i32", "bool"]), integers("xor", 2, ["i32", "bool"]), integers("not", 1, ["i32", "bool"]),
    integers("popcnt", 1), integers("count_leading_zeros", 1), integers("shift_left", 2), integers("shift_right_logical", 2),
    integers("shift_right_arithmetic", 2, ["i32"]), integers("add", 2, ["i32", "bool"]), integers("divide", 2), integers("remainder", 2),
    integers("power", 2, ["i32"], .integers(0, 4)), integers("maximum", 2), integers("abs", 1, ["i32"]), integers("sign", 1, ["i32"]),
].flatMap { $0 }
