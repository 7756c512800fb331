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
    let body: (Tensor, Tensor) throws(JaxError) -> Tensor

    init(_ names: StaticString..., method: StaticString = "", primitive: String, toInexact: Bool = false,
         body: @escaping (Tensor, Tensor) throws(JaxError) -> Tensor) {
        self.names = names
        self.method = method
        self.primitive = primitive
        self.toInexact = toInexact
        self.body = body
    }
}

private func op(_ code: OpCode) -> (Tensor, Tensor) throws(JaxError) -> Tensor {
    { a, b throws(JaxError) in try Eager.binary(code, a, b) }
}

private func comparison(_ direction: String) -> (Tensor, Tensor) throws(JaxError) -> Tensor {
    { a, b throws(JaxError) in
        guard a.dtype.isComplex && direction != "EQ" && direction != "NE" else { return try Eager.compare(direction, a, b) }
        // Complex numbers are ordered by their real parts, then the imaginary ones.
        let realA = try Eager.unary(.real, a), realB = try Eager.unary(.real, b)
        return try Eager.select(try Eager.compare("EQ", realA, realB),
                                try Eager.compare(direction, try Eager.unary(.imag, a), try Eager.unary(.imag, b)),
                                try Eager.compare(direction, realA, realB))
    }
}

private func logical(_ code: OpCode) -> (Tensor, Tensor) throws(JaxError) -> Tensor {
    { a, b throws(JaxError) in try Eager.binary(code, try truth(a), try truth(b)) }
}

private func integral(_ code: OpCode, _ primitive: String, booleans: Bool) -> (Tensor, Tensor) throws(JaxError) -> Tensor {
    { a, b throws(JaxError) in
        guard a.dtype.isInteger || (booleans && a.dtype == .i1) else {
            throw JaxError(.typeError, "\(primitive) does not accept dtype \(a.dtype.name) at position 0. "
                + "Accepted dtypes at position 0 are subtypes of \(booleans ? "bool, integer" : "integer").")
        }
        return try Eager.binary(code, a, b)
    }
}

private func withoutBooleans(_ a: Tensor) throws(JaxError) -> Tensor { a.dtype == .i1 ? try Eager.convert(a, to: .i32) : a }

/// `both`, or where one of the two is no number the other.
private func ofNumbers(_ a: Tensor, _ b: Tensor, _ both: Tensor) throws(JaxError) -> Tensor {
    try Eager.select(try Eager.compare("NE", b, b), a, try Eager.select(try Eager.compare("NE", a, a), b, both))
}

func binaryRows() -> [BinaryRow] {
    [
        BinaryRow("add", method: "add", primitive: "add", body: op(.add)),
        BinaryRow("subtract", method: "sub", primitive: "sub") { a, b throws(JaxError) in
            if a.dtype == .i1 {
                throw JaxError(.typeError, "sub does not accept dtype bool at position 0. "
                    + "Accepted dtypes at position 0 are subtypes of number.")
            }
            return try Eager.binary(.subtract, a, b)
        },
        BinaryRow("multiply", method: "mul", primitive: "mul", body: op(.multiply)),
        BinaryRow("divide", "true_divide", method: "truediv", primitive: "div", toInexact: true, body: op(.divide)),
        BinaryRow("floor_divide", method: "floordiv", primitive: "div", body: floorDivide),
        BinaryRow("remainder", "mod", method: "mod", primitive: "rem", body: pythonRemainder),
        BinaryRow("fmod", primitive: "rem") { a, b throws(JaxError) in try Eager.binary(.remainder, a, try integerDivisor(b)) },
        BinaryRow("power", "pow", method: "pow", primitive: "pow") { a, b throws(JaxError) in
            try Eager.binary(.power, try withoutBooleans(a), try withoutBooleans(b))
        },
        BinaryRow("float_power", primitive: "pow", toInexact: true, body: op(.power)),
        BinaryRow("maximum", primitive: "max", body: op(.maximum)), BinaryRow("minimum", primitive: "min", body: op(.minimum)),
        BinaryRow("fmax", primitive: "max") { a, b throws(JaxError) in
            try ofNumbers(a, b, try Eager.binary(.maximum, a, b))
        },
        BinaryRow("fmin", primitive: "min") { a, b throws(JaxError) in
            try ofNumbers(a, b, try Eager.binary(.minimum, a, b))
        },
        BinaryRow("arctan2", "atan2", primitive: "atan2", toInexact: true, body: op(.atan2)),
        BinaryRow("hypot", primitive: "hypot", toInexact: true) { a, b throws(JaxError) in
            try Eager.unary(.sqrt, try Eager.binary(.add, try Eager.binary(.multiply, a, a), try Eager.binary(.multiply, b, b)))
        },
        BinaryRow("logaddexp", primitive: "logaddexp", toInexact: true) { a, b throws(JaxError) in
            let largest = try Eager.binary(.maximum, a, b), distance = try Eager.unary(.abs, try Eager.binary(.subtract, a, b))
            let ratio = try Eager.unary(.exponential, try Eager.unary(.negate, distance))
            let sum = try Eager.binary(.add, largest, try Eager.unary(.logPlusOne, ratio))
            // Two equal infinities: their difference is no number.
            return try Eager.select(try Eager.compare("NE", distance, distance), try Eager.binary(.add, a, b), sum)
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
func floorDivide(_ a: Tensor, _ b: Tensor) throws(JaxError) -> Tensor {
    if a.dtype == .i1 { return try floorDivide(try withoutBooleans(a), try withoutBooleans(b)) }
    if a.dtype.isComplex { throw JaxError(.typeError, "floor_divide does not support complex-valued inputs") }
    if a.dtype.kind == .unsigned { return try Eager.binary(.divide, a, b) }
    let one = try Eager.full(a.shape, .int(1), a.dtype), zero = try Eager.full(a.shape, .int(0), a.dtype)
    let rest = try Eager.binary(.remainder, a, b)
    let isInexact = try Eager.compare("NE", rest, zero)
    if a.dtype.isInteger {
        let quotient = try Eager.binary(.divide, a, b)
        let differ = try Eager.compare("NE", try Eager.unary(.sign, a), try Eager.unary(.sign, b))
        return try Eager.select(try Eager.binary(.and, differ, isInexact), try Eager.binary(.subtract, quotient, one), quotient)
    }
    let quotient = try Eager.binary(.divide, try Eager.binary(.subtract, a, rest), b)
    let differ = try Eager.compare("NE", try Eager.unary(.sign, b), try Eager.unary(.sign, rest))
    let lowered = try Eager.select(try Eager.binary(.and, differ, isInexact), try Eager.binary(.subtract, quotient, one), quotient)
    return try Eager.unary(.roundNearestEven, lowered)
}

/// Of integers, 1 in the place of 0: what is left of a division by zero is 0 in JAX.
private func integerDivisor(_ b: Tensor) throws(JaxError) -> Tensor {
    guard b.dtype.isInteger else { return b }
    let zero = try Eager.full(b.shape, .int(0), b.dtype), one = try Eager.full(b.shape, .int(1), b.dtype)
    return try Eager.select(try Eager.compare("EQ", b, zero), one, b)
}

/// With the sign of the divisor.
func pythonRemainder(_ a: Tensor, _ b: Tensor) throws(JaxError) -> Tensor {
    if a.dtype == .i1 { return try pythonRemainder(try withoutBooleans(a), try withoutBooleans(b)) }
    let zero = try Eager.full(a.shape, .int(0), a.dtype)
    let b = try integerDivisor(b)
    let rest = try Eager.binary(.remainder, a, b)
    let differ = try Eager.compare("NE", try Eager.compare("LT", rest, zero), try Eager.compare("LT", b, zero))
    let corrects = try Eager.binary(.and, differ, try Eager.compare("NE", rest, zero))
    return try Eager.select(corrects, try Eager.binary(.add, rest, b), rest)
}

func apply(_ row: BinaryRow, _ left: Value, _ right: Value) throws(JaxError) -> ArrayObject {
    let name = row.names[0].description
    if row.method.description == "pow", case .int(let exponent) = right { return try integerPower(try operand(left, name), exponent) }
    let common = try CommonOperands([try operand(left, name, 0), try operand(right, name, 1)], row.primitive, toInexact: row.toInexact)
    let result = try row.body(common.tensors[0], common.tensors[1])
    return ArrayObject(result, isWeak: common.type.isWeak && result.dtype != .i1)
}

/// x ** n for a Python integer: by repeated squaring, as `lax.integer_pow`.
func integerPower(_ x: ArrayObject, _ exponent: Int) throws(JaxError) -> ArrayObject {
    var base = x.dtype == .i1 ? try Eager.convert(x.tensor, to: .i32) : x.tensor
    if exponent < 0 && base.dtype.isInteger {
        throw JaxError(.typeError, "Integers cannot be raised to negative powers, got integer_pow(\(x.dtype.name)"
            + "[" + String(shapeText(x.shape).dropFirst().prefix { $0 != ")" }) + "], \(exponent))")
    }
    var rest = exponent.magnitude
    var result: Tensor?
    while rest > 0 {
        if rest & 1 != 0 { result = try result.map { (sum: Tensor) throws(JaxError) in try Eager.binary(.multiply, sum, base) } ?? base }
        rest >>= 1
        if rest > 0 { base = try Eager.binary(.multiply, base, base) }
    }
    let one = try Eager.full(base.shape, .int(1), base.dtype)
    let power = result ?? one
    return ArrayObject(exponent < 0 ? try Eager.binary(.divide, one, power) : power, isWeak: x.isWeak)
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
