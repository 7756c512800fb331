// add, subtract, multiply, divide, remainder, power, maximum, minimum, atan2, negate, abs, sign and the fused product and sum
// (StableHLO, sections of these names): any numeric type; for booleans a sum is OR, a difference XOR, a product AND.
import CMath
import JaxIR
import JaxPlatform
import Loops

func arithmeticFamily() -> [OpDefinition] {
    [
        elementwise(.add, 2, .all, .bits(Add.self) + .floats(Add.self) + .complexes(Add.self) + .booleans(Or.self), traits: .commutative)
            .linear(.jointly([0, 1])).lanes(.add, boolean: .or).complexLanes { $0.partwise(.add) }
            .transposedEach { _, _, cotangent, _ in cotangent },
        elementwise(.subtract, 2, .all, .bits(Subtract.self) + .floats(Subtract.self) + .complexes(Subtract.self) + .booleans(Xor.self))
            .linear(.jointly([0, 1])).lanes(.subtract, boolean: .xor).complexLanes { $0.partwise(.subtract) }
            .transposedEach { b, _, cotangent, index throws(JaxError) in index == 0 ? cotangent : try b.negate(cotangent) },
        elementwise(.multiply, 2, .all, .bits(Multiply.self) + .floats(Multiply.self) + .complexes(Multiply.self) + .booleans(And.self),
                    traits: .commutative)
            .linear(.separately([0, 1])).lanes(.multiply, boolean: .and).complexLanes(complexProduct)
            .transposedEach { b, op, cotangent, index throws(JaxError) in try b.multiply(cotangent, op.operands[1 - index]) },
        elementwise(.divide, 2, .all,
                    .integers(Divide.self) + .floats(Divide.self) + .complexes(Divide.self) + .booleans(DivideBooleans.self))
            .linear(.jointly([0])).lanes { c in
                if let result = longDivision(c) { return result.quotient }
                return c.builder.emit(c.operand.kind == .unsigned ? .divideUnsigned : .divide, c.x[0], c.x[1])
            }
            .jvp(quotientTangent)
            .transposed { b, op, cotangent throws(JaxError) in try b.divide(cotangent, op.operands[1]) },
        elementwise(.maximum, 2, .all, .integers(Larger.self) + .floats(Larger.self) + .complexes(Larger.self) + .booleans(Or.self),
                    traits: .commutative).exactLanes(extreme(.maximum, unsigned: .maximumUnsigned, boolean: .or)).jvp(extremeTangent),
        elementwise(.minimum, 2, .all, .integers(Smaller.self) + .floats(Smaller.self) + .complexes(Smaller.self) + .booleans(And.self),
                    traits: .commutative).exactLanes(extreme(.minimum, unsigned: .minimumUnsigned, boolean: .and)).jvp(extremeTangent),
        elementwise(.remainder, 2, [.integer, .float], .integers(Remainder.self) + .reals { fmod($0, $1) })
            .lanes { c in
                if c.operand.isFloat { return c.builder.remainder(c.x[0], c.x[1]) }
                if let result = longDivision(c) { return result.remainder }
                return c.builder.emit(c.operand.kind == .signed ? .remainder : .remainderUnsigned, c.x[0], c.x[1])
            }
            .partials({ b, x, _ throws(JaxError) in try b.one(like: x[0]) },
                      { b, x, _ throws(JaxError) in try b.negate(try b.truncated(try b.divide(x[0], x[1]))) }),
        elementwise(.power, 2, [.integer, .inexact], .integers(Power.self) + .reals { pow($0, $1) } + .wideComplexes(power))
            .lanes { c in c.operand.isFloat ? c.builder.power(c.x[0], c.x[1]) : c.builder.integerPower(c.x[0], c.x[1], c.operand) }
            .partials(powerByBase, powerByExponent),
        elementwise(.atan2, 2, .inexact, .reals { atan2($0, $1) } + .wideComplexes(arctangent2))
            // In f64 the evaluator's, which is exact where an operand is infinite.
            .lanes { c in c.operand.isFloat && c.operand != .f64 ? c.builder.atan2(c.x[0], c.x[1]) : nil }
            .partials({ b, x, _ throws(JaxError) in try b.divide(x[1], try b.add(try b.square(x[0]), try b.square(x[1]))) },
                      { b, x, _ throws(JaxError) in
                try b.negate(try b.divide(x[0], try b.add(try b.square(x[0]), try b.square(x[1]))))
            }),
        elementwise(.negate, 1, [.integer, .inexact], .integers(Negate.self) + .floats(Negate.self) + .complexes(Negate.self))
            .linear(.jointly([0])).lanes(.negate).complexLanes { $0.partwise(.negate) }
            .transposed { b, _, cotangent throws(JaxError) in try b.negate(cotangent) },
        elementwise(.abs, 1, [.integer, .inexact], result: { $0.real }, .integers(Magnitude.self) + .floats(Magnitude.self) + modulus())
            .lanes { c in c.operand.kind == .unsigned ? c.x[0] : c.builder.emit(.absolute, c.x[0]) }.jvp(magnitudeTangent),
        elementwise(.sign, 1, [.integer, .inexact],
                    .integers(Sign.self) + .floats(Sign.self) + .wideComplexes { $0.direction }).exactLanes(sign).jvp(signTangent),
    ]
}

private func extreme(_ op: LaneOp, unsigned: LaneOp, boolean: LaneOp) -> LaneRule {
    { c in
        if c.operand.isFloat { return c.builder.extreme(op, c.x[0], c.x[1]) }
        return c.builder.emit(c.operand == .i1 ? boolean : c.operand.kind == .unsigned ? unsigned : op, c.x[0], c.x[1])
    }
}

private func sign(_ c: LaneContext) -> LaneValue? {
    let b = c.builder, x = c.x[0], type = b.type(of: x)
    let zero = b.constant(type, 0), one = b.constant(type, 1)
    if c.operand.kind == .unsigned { return b.select(b.emit(.equal, x, zero), zero, one) }
    return b.select(b.less(zero, x), one, b.select(b.less(x, zero), b.constant(type, -1), x))
}

private enum Add: IntegerBinary, FloatBinary, ComplexBinary {
    @inline(__always) static func of<T: IntegerElement>(_ a: T, _ b: T) -> T { a &+ b }
    @inline(__always) static func of<T: ComplexPart>(_ a: T, _ b: T) -> T { a + b }
    @inline(__always) static func of<T: ComplexPart>(_ a: Complex<T>, _ b: Complex<T>) -> Complex<T> { a + b }
}

private enum Subtract: IntegerBinary, FloatBinary, ComplexBinary {
    @inline(__always) static func of<T: IntegerElement>(_ a: T, _ b: T) -> T { a &- b }
    @inline(__always) static func of<T: ComplexPart>(_ a: T, _ b: T) -> T { a - b }
    @inline(__always) static func of<T: ComplexPart>(_ a: Complex<T>, _ b: Complex<T>) -> Complex<T> { a - b }
}

private enum Multiply: IntegerBinary, FloatBinary, ComplexBinary {
    @inline(__always) static func of<T: IntegerElement>(_ a: T, _ b: T) -> T { a &* b }
    @inline(__always) static func of<T: ComplexPart>(_ a: T, _ b: T) -> T { a * b }
    @inline(__always) static func of<T: ComplexPart>(_ a: Complex<T>, _ b: Complex<T>) -> Complex<T> { a * b }
}

/// Quotient and remainder of 64-bit integers; nil for other types.
private func longDivision(_ c: LaneContext) -> (quotient: LaneValue, remainder: LaneValue)? {
    guard c.operand.isInteger, c.builder.type(of: c.x[0]) == .i64 else { return nil }
    return c.builder.longDivision(c.x[0], c.x[1], isSigned: c.operand.kind == .signed)
}

extension KernelBuilder {
    /// By squaring, a step for each bit of the exponent.
    fileprivate func integerPower(_ base: LaneValue, _ exponent: LaneValue, _ dtype: DType) -> LaneValue {
        let type = self.type(of: base), zero = constant(type, 0), one = constant(type, 1)
        let isNegative = dtype.kind == .signed ? less(exponent, zero) : constant(.bool, 0)
        let magnitude = select(isNegative, emit(.negate, exponent), exponent)
        let powers = loop(.serial, count: dtype.bitWidth, carrying: [one, base, magnitude]) { _, carried in
            let isSet = emit(.equal, emit(.and, carried[2], one), one)
            return [select(isSet, multiply(carried[0], carried[1]), carried[0]), multiply(carried[1], carried[1]),
                    emit(.shiftRightLogical, carried[2], one)]
        }
        let isUnit = or(emit(.equal, base, one), emit(.equal, base, constant(type, -1)))
        return select(isNegative, select(isUnit, powers[0], zero), powers[0])
    }
}

/// Integers: towards zero, x / 0 = -1 (all bits set), min / -1 = min, as XLA has it.
private enum Divide: IntegerBinary, FloatBinary, ComplexBinary {
    @inline(__always) static func of<T: IntegerElement>(_ a: T, _ b: T) -> T {
        b == 0 ? ~0 : a.dividedReportingOverflow(by: b).partialValue
    }
    @inline(__always) static func of<T: ComplexPart>(_ a: T, _ b: T) -> T { a / b }
    @inline(__always) static func of<T: ComplexPart>(_ a: Complex<T>, _ b: Complex<T>) -> Complex<T> { a / b }
}

private enum DivideBooleans: BooleanBinary {
    static func of(_ a: Bool, _ b: Bool) -> Bool { b ? a : true }
}

/// Integers: towards zero with the dividend's sign; x rem 0 = x, min rem -1 = 0.
private enum Remainder: IntegerBinary {
    @inline(__always) static func of<T: IntegerElement>(_ a: T, _ b: T) -> T {
        b == 0 ? a : a.remainderReportingOverflow(dividingBy: b).partialValue
    }
}

/// By squaring, modulo 2^width. Negative exponents give 0, except for the bases 1 and -1.
private enum Power: IntegerBinary {
    static func of<T: IntegerElement>(_ base: T, _ exponent: T) -> T {
        var base = base, exponent = exponent, result: T = 1
        if exponent < 0 {
            if base != 1 && base != ~0 { return 0 }
            exponent = 0 &- exponent
        }
        while exponent != 0 {
            if exponent & 1 != 0 { result = result &* base }
            base = base &* base
            exponent = (exponent &>> 1) & (~0 ^ (1 << (T.bitWidth - 1)))
        }
        return result
    }
}

/// NaN if either is NaN; complex numbers are ordered by real, then imaginary part.
enum Larger: IntegerBinary, FloatBinary, ComplexBinary {
    @inline(__always) static func of<T: IntegerElement>(_ a: T, _ b: T) -> T { a < b ? b : a }
    @inline(__always) static func of<T: ComplexPart>(_ a: T, _ b: T) -> T { T.larger(a, b) }
    static func of<T: ComplexPart>(_ a: Complex<T>, _ b: Complex<T>) -> Complex<T> { a.isNaN ? a : b.isNaN ? b : a < b ? b : a }
}

enum Smaller: IntegerBinary, FloatBinary, ComplexBinary {
    @inline(__always) static func of<T: IntegerElement>(_ a: T, _ b: T) -> T { b < a ? b : a }
    @inline(__always) static func of<T: ComplexPart>(_ a: T, _ b: T) -> T { T.smaller(a, b) }
    static func of<T: ComplexPart>(_ a: Complex<T>, _ b: Complex<T>) -> Complex<T> { a.isNaN ? a : b.isNaN ? b : b < a ? b : a }
}

private enum Negate: IntegerUnary, FloatUnary, ComplexUnary {
    @inline(__always) static func of<T: IntegerElement>(_ a: T) -> T { 0 &- a }
    @inline(__always) static func of<T: ComplexPart>(_ a: T) -> T { -a }
    @inline(__always) static func of<T: ComplexPart>(_ a: Complex<T>) -> Complex<T> { -a }
}

private enum Magnitude: IntegerUnary, FloatUnary {
    @inline(__always) static func of<T: IntegerElement>(_ a: T) -> T { a < 0 ? 0 &- a : a }
    @inline(__always) static func of<T: ComplexPart>(_ a: T) -> T { a.magnitude }
}

/// |z| of complex numbers.
private func modulus() -> ScalarKernels {
    ScalarKernels { dtype in
        switch dtype {
        case .c64: return BlockKernel { a, _, _, r, n in loop(a, r, n) { (z: Complex<Float>) in Float(z.wide.modulus) } }
        case .c128: return BlockKernel { a, _, _, r, n in loop(a, r, n) { (z: Complex128) in z.modulus } }
        default: return nil
        }
    }
}

/// NaN and zeros stay what they are.
private enum Sign: IntegerUnary, FloatUnary {
    @inline(__always) static func of<T: IntegerElement>(_ a: T) -> T { a < 0 ? ~0 : a == 0 ? 0 : 1 }
    @inline(__always) static func of<T: ComplexPart>(_ a: T) -> T { a > 0 ? 1 : a < 0 ? -1 : a }
}
