// jax.numpy's functions of two arrays, element by element, and Python's operators: one row each.
import JaxIR
import JaxPlatform

struct BinaryRow {
    let names: [StaticString]
    /// The operator's method, "add" of `__add__` and `__radd__`; empty where there is none.
    let method: StaticString
    let toInexact: Bool
    /// JAX's name for the operation in messages.
    let primitive: String
    let body: (Handle, Handle) throws(JaxError) -> Handle

    init(_ names: StaticString..., method: StaticString = "", primitive: String, toInexact: Bool = false,
         body: @escaping (Handle, Handle) throws(JaxError) -> Handle) {
        self.names = names
        self.method = method
        self.primitive = primitive
        self.toInexact = toInexact
        self.body = body
    }
}

private func op(_ code: OpCode) -> (Handle, Handle) throws(JaxError) -> Handle {
    { a, b throws(JaxError) in try Lax.binary(code, a, b) }
}

private func comparison(_ direction: String) -> (Handle, Handle) throws(JaxError) -> Handle {
    { a, b throws(JaxError) in
        guard a.dtype.isComplex && direction != "EQ" && direction != "NE" else { return try Lax.compare(direction, a, b) }
        // Complex numbers are ordered by their real parts, then the imaginary ones.
        let realA = try Lax.unary(.real, a), realB = try Lax.unary(.real, b)
        return try Lax.select(try Lax.compare("EQ", realA, realB),
                                try Lax.compare(direction, try Lax.unary(.imag, a), try Lax.unary(.imag, b)),
                                try Lax.compare(direction, realA, realB))
    }
}

private func logical(_ code: OpCode) -> (Handle, Handle) throws(JaxError) -> Handle {
    { a, b throws(JaxError) in try Lax.binary(code, try truth(a), try truth(b)) }
}

private func integral(_ code: OpCode, _ primitive: String, booleans: Bool) -> (Handle, Handle) throws(JaxError) -> Handle {
    { a, b throws(JaxError) in
        guard a.dtype.isInteger || (booleans && a.dtype == .i1) else {
            throw JaxError(.typeError, "\(primitive) does not accept dtype \(a.dtype.name) at position 0. "
                + "Accepted dtypes at position 0 are subtypes of \(booleans ? "bool, integer" : "integer").")
        }
        return try Lax.binary(code, a, b)
    }
}

private func withoutBooleans(_ a: Handle) throws(JaxError) -> Handle { a.dtype == .i1 ? try Lax.convert(a, to: .i32) : a }

/// `both`, or where one of the two is no number the other.
private func ofNumbers(_ a: Handle, _ b: Handle, _ both: Handle) throws(JaxError) -> Handle {
    try Lax.select(try Lax.compare("NE", b, b), a, try Lax.select(try Lax.compare("NE", a, a), b, both))
}

func binaryRows() -> [BinaryRow] {
    [
        BinaryRow("add", method: "add", primitive: "add", body: op(.add)),
        BinaryRow("subtract", method: "sub", primitive: "sub") { a, b throws(JaxError) in
            if a.dtype == .i1 {
                throw JaxError(.typeError, "sub does not accept dtype bool at position 0. "
                    + "Accepted dtypes at position 0 are subtypes of number.")
            }
            return try Lax.binary(.subtract, a, b)
        },
        BinaryRow("multiply", method: "mul", primitive: "mul", body: op(.multiply)),
        BinaryRow("divide", "true_divide", method: "truediv", primitive: "div", toInexact: true, body: op(.divide)),
        BinaryRow("floor_divide", method: "floordiv", primitive: "div", body: floorDivide),
        BinaryRow("remainder", "mod", method: "mod", primitive: "rem", body: pythonRemainder),
        BinaryRow("fmod", primitive: "rem") { a, b throws(JaxError) in try Lax.binary(.remainder, a, try integerDivisor(b)) },
        BinaryRow("power", "pow", method: "pow", primitive: "pow") { a, b throws(JaxError) in
            try Lax.binary(.power, try withoutBooleans(a), try withoutBooleans(b))
        },
        BinaryRow("float_power", primitive: "pow", toInexact: true, body: op(.power)),
        BinaryRow("maximum", primitive: "max", body: op(.maximum)), BinaryRow("minimum", primitive: "min", body: op(.minimum)),
        BinaryRow("fmax", primitive: "max") { a, b throws(JaxError) in
            try ofNumbers(a, b, try Lax.binary(.maximum, a, b))
        },
        BinaryRow("fmin", primitive: "min") { a, b throws(JaxError) in
            try ofNumbers(a, b, try Lax.binary(.minimum, a, b))
        },
        BinaryRow("arctan2", "atan2", primitive: "atan2", toInexact: true, body: op(.atan2)),
        BinaryRow("hypot", primitive: "hypot", toInexact: true) { a, b throws(JaxError) in
            try Lax.unary(.sqrt, try Lax.binary(.add, try Lax.binary(.multiply, a, a), try Lax.binary(.multiply, b, b)))
        },
        BinaryRow("logaddexp", primitive: "logaddexp", toInexact: true) { a, b throws(JaxError) in
            let largest = try Lax.binary(.maximum, a, b), distance = try Lax.unary(.abs, try Lax.binary(.subtract, a, b))
            let ratio = try Lax.unary(.exponential, try Lax.unary(.negate, distance))
            let sum = try Lax.binary(.add, largest, try Lax.unary(.logPlusOne, ratio))
            // Two equal infinities: their difference is no number.
            return try Lax.select(try Lax.compare("NE", distance, distance), try Lax.binary(.add, a, b), sum)
        },
        BinaryRow("equal", method: "eq", primitive: "eq", body: comparison("EQ")),
        BinaryRow("not_equal", method: "ne", primitive: "ne", body: comparison("NE")),
        BinaryRow("less", method: "lt", primitive: "lt", body: comparison("LT")),
        BinaryRow("less_equal", method: "le", primitive: "le", body: comparison("LE")),
        BinaryRow("greater", method: "gt", primitive: "gt", body: comparison("GT")),
        BinaryRow("greater_equal", method: "ge", primitive: "ge", body: comparison("GE")),
        BinaryRow("logical_and", primitive: "logical_and", body: logical(.and)),
        BinaryRow("logical_or", primitive: "logical_or", body: logical(.or)),
        BinaryRow("logical_xor", primitive: "logical_xor", body: logical(.xor)),
        BinaryRow("bitwise_and", method: "and", primitive: "and", body: integral(.and, "and", booleans: true)),
        BinaryRow("bitwise_or", method: "or", primitive: "or", body: integral(.or, "or", booleans: true)),
        BinaryRow("bitwise_xor", method: "xor", primitive: "xor", body: integral(.xor, "xor", booleans: true)),
        BinaryRow("left_shift", "bitwise_left_shift", method: "lshift", primitive: "shift_left",
                  body: integral(.shiftLeft, "shift_left", booleans: false)),
        BinaryRow("right_shift", "bitwise_right_shift", method: "rshift", primitive: "shift_right") { a, b throws(JaxError) in
            let code: OpCode = a.dtype.kind == .unsigned ? .shiftRightLogical : .shiftRightArithmetic
            return try integral(code, "shift_right_arithmetic", booleans: false)(a, b)
        },
    ]
}

/// Towards minus infinity. Floats by way of the remainder, as JAX does.
func floorDivide(_ a: Handle, _ b: Handle) throws(JaxError) -> Handle {
    if a.dtype == .i1 { return try floorDivide(try withoutBooleans(a), try withoutBooleans(b)) }
    if a.dtype.isComplex { throw JaxError(.typeError, "floor_divide does not support complex-valued inputs") }
    if a.dtype.kind == .unsigned { return try Lax.binary(.divide, a, b) }
    let one = try Lax.full(a.shape, .int(1), a.dtype), zero = try Lax.full(a.shape, .int(0), a.dtype)
    let rest = try Lax.binary(.remainder, a, b)
    let isInexact = try Lax.compare("NE", rest, zero)
    if a.dtype.isInteger {
        let quotient = try Lax.binary(.divide, a, b)
        let differ = try Lax.compare("NE", try Lax.unary(.sign, a), try Lax.unary(.sign, b))
        return try Lax.select(try Lax.binary(.and, differ, isInexact), try Lax.binary(.subtract, quotient, one), quotient)
    }
    let quotient = try Lax.binary(.divide, try Lax.binary(.subtract, a, rest), b)
    let differ = try Lax.compare("NE", try Lax.unary(.sign, b), try Lax.unary(.sign, rest))
    let lowered = try Lax.select(try Lax.binary(.and, differ, isInexact), try Lax.binary(.subtract, quotient, one), quotient)
    return try Lax.unary(.roundNearestEven, lowered)
}

/// Of integers, 1 in the place of 0: what is left of a division by zero is 0 in JAX.
private func integerDivisor(_ b: Handle) throws(JaxError) -> Handle {
    guard b.dtype.isInteger else { return b }
    let zero = try Lax.full(b.shape, .int(0), b.dtype), one = try Lax.full(b.shape, .int(1), b.dtype)
    return try Lax.select(try Lax.compare("EQ", b, zero), one, b)
}

/// With the sign of the divisor.
func pythonRemainder(_ a: Handle, _ b: Handle) throws(JaxError) -> Handle {
    if a.dtype == .i1 { return try pythonRemainder(try withoutBooleans(a), try withoutBooleans(b)) }
    let zero = try Lax.full(a.shape, .int(0), a.dtype)
    let b = try integerDivisor(b)
    let rest = try Lax.binary(.remainder, a, b)
    let differ = try Lax.compare("NE", try Lax.compare("LT", rest, zero), try Lax.compare("LT", b, zero))
    let corrects = try Lax.binary(.and, differ, try Lax.compare("NE", rest, zero))
    return try Lax.select(corrects, try Lax.binary(.add, rest, b), rest)
}

func apply(_ row: BinaryRow, _ left: Value, _ right: Value) throws(JaxError) -> ArrayObject {
    let name = row.names[0].description
    if row.method.description == "pow", case .int(let exponent) = right { return try integerPower(try operand(left, name), exponent) }
    let common = try CommonOperands([try operand(left, name, 0), try operand(right, name, 1)], row.primitive, toInexact: row.toInexact)
    let result = try row.body(common.tensors[0], common.tensors[1])
    return ArrayObject(result, isWeak: common.type.isWeak)
}

/// x ** n for a Python integer: by repeated squaring, as `lax.integer_pow`.
func integerPower(_ x: ArrayObject, _ exponent: Int) throws(JaxError) -> ArrayObject {
    var base = x.dtype == .i1 ? try Lax.convert(x.handle, to: .i32) : x.handle
    if exponent < 0 && base.dtype.isInteger {
        throw JaxError(.typeError, "Integers cannot be raised to negative powers, got integer_pow(\(x.dtype.name)"
            + "[" + String(shapeText(x.shape).dropFirst().prefix { $0 != ")" }) + "], \(exponent))")
    }
    var rest = exponent.magnitude
    var result: Handle?
    while rest > 0 {
        if rest & 1 != 0 { result = try result.map { (sum: Handle) throws(JaxError) in try Lax.binary(.multiply, sum, base) } ?? base }
        rest >>= 1
        if rest > 0 { base = try Lax.binary(.multiply, base, base) }
    }
    let one = try Lax.full(base.shape, .int(1), base.dtype)
    let power = result ?? one
    return ArrayObject(exponent < 0 ? try Lax.binary(.divide, one, power) : power, isWeak: x.isWeak)
}

func binaryFunctions() -> [NativeFunction] {
    var functions: [NativeFunction] = []
    for row in binaryRows() {
        for name in row.names {
            functions.append(NativeFunction(name, "x1 x2") { call throws(JaxError) in .object(try apply(row, call[0], call[1])) })
        }
    }
    return functions
}

/// The operators of arrays: `__add__`, `__radd__` and so on. Operands that are no arrays are refused in Python's words.
func operatorMethods() -> [NativeFunction] {
    let symbols: [(method: String, names: (StaticString, StaticString), symbol: String)] = [
        ("add", ("__add__", "__radd__"), "+"), ("sub", ("__sub__", "__rsub__"), "-"), ("mul", ("__mul__", "__rmul__"), "*"),
        ("truediv", ("__truediv__", "__rtruediv__"), "/"), ("floordiv", ("__floordiv__", "__rfloordiv__"), "//"),
        ("mod", ("__mod__", "__rmod__"), "%"), ("pow", ("__pow__", "__rpow__"), "**"), ("and", ("__and__", "__rand__"), "&"),
        ("or", ("__or__", "__ror__"), "|"), ("xor", ("__xor__", "__rxor__"), "^"), ("lshift", ("__lshift__", "__rlshift__"), "<<"),
        ("rshift", ("__rshift__", "__rrshift__"), ">>"), ("eq", ("__eq__", ""), "=="), ("ne", ("__ne__", ""), "!="),
        ("lt", ("__lt__", ""), "<"), ("le", ("__le__", ""), "<="), ("gt", ("__gt__", ""), ">"), ("ge", ("__ge__", ""), ">="),
    ]
    var functions: [NativeFunction] = []
    for row in binaryRows() where row.method.utf8CodeUnitCount > 0 {
        for entry in symbols where entry.method == row.method.description {
            let symbol = entry.symbol
            functions.append(NativeFunction(entry.names.0, "self other") { call throws(JaxError) in
                // Nothing that is no number equals an array.
                if scalarType(call[1]) == nil && call[1].arrayObject == nil {
                    if symbol == "==" { return .bool(false) }
                    if symbol == "!=" { return .bool(true) }
                    throw unsupported(symbol, call[0], call[1])
                }
                return .object(try apply(row, call[0], call[1]))
            })
            if entry.names.1.utf8CodeUnitCount == 0 { continue }
            functions.append(NativeFunction(entry.names.1, "self other") { call throws(JaxError) in
                if scalarType(call[1]) == nil && call[1].arrayObject == nil { throw unsupported(symbol, call[1], call[0]) }
                return .object(try apply(row, call[1], call[0]))
            })
        }
    }
    return functions
}

func unsupported(_ symbol: String, _ left: Value, _ right: Value) -> JaxError {
    func name(_ value: Value) -> String { value.arrayObject != nil ? "ArrayImpl" : value.typeName }
    return JaxError(.typeError, "unsupported operand type(s) for \(symbol): '\(name(left))' and '\(name(right))'")
}
