// jax.numpy's functions of one array, element by element: one row each.
import JaxIR
import JaxPlatform

/// Which dtypes a function computes in.
enum Domain {
    /// Integers and booleans become float32.
    case inexact
    /// As they are.
    case numeric
    /// Integers stay as they are and come back unchanged; floats are rounded.
    case rounding
}

struct UnaryRow {
    let names: [StaticString]
    let domain: Domain
    let body: (Handle) throws(JaxError) -> Handle

    init(_ names: StaticString..., domain: Domain = .inexact, body: @escaping (Handle) throws(JaxError) -> Handle) {
        self.names = names
        self.domain = domain
        self.body = body
    }
}

private func op(_ code: OpCode) -> (Handle) throws(JaxError) -> Handle {
    { a throws(JaxError) in try Lax.unary(code, a) }
}

/// `code(a, constant)`.
func withConstant(_ code: OpCode, _ a: Handle, _ constant: Number) throws(JaxError) -> Handle {
    try Lax.binary(code, a, try Lax.full(a.shape, constant, a.dtype))
}

private let ln2 = 0.6931471805599453, ln10 = 2.302585092994046, pi = 3.141592653589793

func unaryRows() -> [UnaryRow] {
    [
        UnaryRow("exp", body: op(.exponential)), UnaryRow("expm1", body: op(.exponentialMinusOne)),
        UnaryRow("log", body: op(.log)), UnaryRow("log1p", body: op(.logPlusOne)),
        UnaryRow("sin", body: op(.sine)), UnaryRow("cos", body: op(.cosine)), UnaryRow("tan", body: op(.tan)),
        UnaryRow("tanh", body: op(.tanh)), UnaryRow("sqrt", body: op(.sqrt)), UnaryRow("cbrt", body: op(.cbrt)),
        UnaryRow("rsqrt", body: op(.rsqrt)), UnaryRow("sigmoid", "logistic", body: op(.logistic)),
        UnaryRow("sinh", body: op(.sinh)), UnaryRow("cosh", body: op(.cosh)),
        UnaryRow("arcsin", "asin", body: op(.asin)), UnaryRow("arccos", "acos", body: op(.acos)),
        UnaryRow("arctan", "atan", body: op(.atan)), UnaryRow("arcsinh", "asinh", body: op(.asinh)),
        UnaryRow("arccosh", "acosh", body: op(.acosh)), UnaryRow("arctanh", "atanh", body: op(.atanh)),
        UnaryRow("erf", body: op(.erf)), UnaryRow("erfc", body: op(.erfc)),
        UnaryRow("exp2") { a throws(JaxError) in try Lax.unary(.exponential, try withConstant(.multiply, a, .float(ln2))) },
        UnaryRow("log2") { a throws(JaxError) in try withConstant(.divide, try Lax.unary(.log, a), .float(ln2)) },
        UnaryRow("log10") { a throws(JaxError) in try withConstant(.divide, try Lax.unary(.log, a), .float(ln10)) },
        UnaryRow("reciprocal") { a throws(JaxError) in try Lax.binary(.divide, try Lax.full(a.shape, .int(1), a.dtype), a) },
        UnaryRow("deg2rad", "radians") { a throws(JaxError) in try withConstant(.multiply, a, .float(pi / 180)) },
        UnaryRow("rad2deg", "degrees") { a throws(JaxError) in try withConstant(.multiply, a, .float(180 / pi)) },
        UnaryRow("floor", domain: .rounding, body: op(.floor)), UnaryRow("ceil", domain: .rounding, body: op(.ceil)),
        UnaryRow("rint", domain: .rounding, body: op(.roundNearestEven)),
        UnaryRow("trunc", "fix", domain: .rounding) { a throws(JaxError) in
            let zero = try Lax.full(a.shape, .int(0), a.dtype)
            return try Lax.select(try Lax.compare("LT", a, zero), try Lax.unary(.ceil, a), try Lax.unary(.floor, a))
        },
        UnaryRow("abs", "absolute", domain: .numeric) { a throws(JaxError) in
            a.dtype == .i1 || a.dtype.kind == .unsigned ? a : try Lax.unary(.abs, a)
        },
        UnaryRow("fabs", body: op(.abs)),
        UnaryRow("negative", domain: .numeric) { a throws(JaxError) in
            if a.dtype == .i1 { throw JaxError(.typeError, "neg does not accept dtype bool. Accepted dtypes are subtypes of number.") }
            return try Lax.unary(.negate, a)
        },
        UnaryRow("positive", domain: .numeric) { a throws(JaxError) in a },
        UnaryRow("sign", domain: .numeric) { a throws(JaxError) in
            if a.dtype.kind != .unsigned { return try Lax.unary(.sign, a) }
            return try Lax.convert(try withConstant2("NE", a, .int(0)), to: a.dtype)
        },
        UnaryRow("square", domain: .numeric) { a throws(JaxError) in
            let a = a.dtype == .i1 ? try Lax.convert(a, to: .i32) : a
            return try Lax.binary(.multiply, a, a)
        },
        UnaryRow("real", domain: .numeric) { a throws(JaxError) in a.dtype.isComplex ? try Lax.unary(.real, a) : a },
        UnaryRow("imag", domain: .numeric) { a throws(JaxError) in
            a.dtype.isComplex ? try Lax.unary(.imag, a) : try Lax.full(a.shape, .int(0), a.dtype)
        },
        UnaryRow("conj", "conjugate", domain: .numeric) { a throws(JaxError) in
            guard a.dtype.isComplex else { return a }
            return try Lax.binary(.complex, try Lax.unary(.real, a), try Lax.unary(.negate, try Lax.unary(.imag, a)))
        },
        UnaryRow("angle", body: { a throws(JaxError) in
            if a.dtype.isComplex { return try Lax.binary(.atan2, try Lax.unary(.imag, a), try Lax.unary(.real, a)) }
            return try Lax.binary(.atan2, try Lax.full(a.shape, .int(0), a.dtype), a)
        }),
        UnaryRow("isnan", domain: .numeric) { a throws(JaxError) in try Lax.compare("NE", a, a) },
        UnaryRow("isfinite", domain: .numeric) { a throws(JaxError) in try isFinite(a) },
        UnaryRow("isinf", domain: .numeric) { a throws(JaxError) in
            try Lax.binary(.and, try Lax.unary(.not, try isFinite(a)), try Lax.compare("EQ", a, a))
        },
        UnaryRow("logical_not", domain: .numeric) { a throws(JaxError) in try Lax.unary(.not, try truth(a)) },
        UnaryRow("invert", "bitwise_not", "bitwise_invert", domain: .numeric) { a throws(JaxError) in
            guard a.dtype == .i1 || a.dtype.isInteger else {
                throw JaxError(.typeError, "not does not accept dtype \(a.dtype.name). Accepted dtypes are subtypes of integer, bool.")
            }
            return try Lax.unary(.not, a)
        },
    ]
}

private func withConstant2(_ direction: String, _ a: Handle, _ constant: Number) throws(JaxError) -> Handle {
    try Lax.compare(direction, a, try Lax.full(a.shape, constant, a.dtype))
}

private func isFinite(_ a: Handle) throws(JaxError) -> Handle {
    if a.dtype.isComplex {
        return try Lax.binary(.and, try Lax.unary(.isFinite, try Lax.unary(.real, a)),
                                try Lax.unary(.isFinite, try Lax.unary(.imag, a)))
    }
    return a.dtype.isFloat ? try Lax.unary(.isFinite, a) : try Lax.full(a.shape, .int(1), .i1)
}

/// Whether each element differs from zero.
func truth(_ a: Handle) throws(JaxError) -> Handle {
    a.dtype == .i1 ? a : try withConstant2("NE", a, .int(0))
}

func apply(_ row: UnaryRow, _ a: ArrayObject) throws(JaxError) -> ArrayObject {
    switch row.domain {
    case .inexact: return ArrayObject(try row.body(try Lax.convert(a.handle, to: a.dtype.inexact)), isWeak: a.isWeak)
    case .numeric:
        let result = try row.body(a.handle)
        return ArrayObject(result, isWeak: a.isWeak)
    case .rounding: return a.dtype.isFloat ? ArrayObject(try row.body(a.handle), isWeak: a.isWeak) : a
    }
}

/// The functions of the table, for `jax.numpy`.
func unaryFunctions() -> [NativeFunction] {
    var functions: [NativeFunction] = []
    for row in unaryRows() {
        for name in row.names {
            functions.append(NativeFunction(name, "x") { call throws(JaxError) in
                .object(try apply(row, try operand(call[0], name.description)))
            })
        }
    }
    return functions
}
