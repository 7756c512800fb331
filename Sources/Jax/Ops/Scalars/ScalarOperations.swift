// What each instruction of a `ScalarFunction` computes, on values in wide form.
import CMath
import JaxIR

/// Whether `execute` knows `code` on operands of this type; everything else is left to the evaluator.
func isScalarCode(_ code: OpCode, _ operand: DType, _ result: DType, operandCount: Int) -> Bool {
    switch code {
    case .compare:
        return operandCount == 2
    case .select, .clamp:
        return operandCount == 3 && !(code == .clamp && operand.isComplex)
    case .convert, .real, .imag:
        return true
    case .bitcastConvert:
        return operand.byteWidth == result.byteWidth && operand.bitWidth >= 8 && result.bitWidth >= 8
    case .complex, .add, .subtract, .multiply, .divide:
        return operandCount == 2
    case .negate:
        return true
    case .abs:
        return true
    case .maximum, .minimum, .remainder, .power:
        return operandCount == 2 && !operand.isComplex
    case .and, .or, .xor, .shiftLeft, .shiftRightArithmetic, .shiftRightLogical:
        return operandCount == 2 && (operand.isInteger || operand == .i1)
    case .not, .popcnt, .countLeadingZeros:
        return operand.isInteger || operand == .i1
    case .sign:
        return !operand.isComplex
    case .isFinite, .sqrt, .rsqrt, .cbrt, .exponential, .exponentialMinusOne, .log, .logPlusOne, .logistic, .tanh, .sine,
         .cosine, .tan, .ceil, .floor, .roundNearestAfz, .roundNearestEven:
        return operand.isFloat
    case .atan2:
        return operandCount == 2 && operand.isFloat
    default:
        return false
    }
}

/// Executes one instruction over a register file.
func execute(_ step: ScalarInstruction, _ file: Words) {
    let a = file + Int(step.a) * 2, b = file + Int(step.b) * 2, c = file + Int(step.c) * 2
    let result = file + Int(step.destination) * 2
    switch step.code {
    case .select:
        let chosen = a[0] != 0 ? b : c
        result[0] = chosen[0]
        result[1] = chosen[1]
        return
    case .convert:
        convertScalar(step.operand, a, step.result, result)
        return
    case .bitcastConvert:
        storeWide(step.operand, a, count: 1, to: result)
        var bits = result[0]
        withUnsafeMutableBytes(of: &bits) { loadWide(step.result, $0.baseAddress!, count: 1, into: result) }
        return
    case .complex:
        result[0] = a[0]
        result[1] = b[0]
        return
    case .compare:
        result.integers[0] = compareScalars(step.operand, step.comparison, a, b) ? 1 : 0
        return
    default:
        break
    }
    switch step.operand.kind {
    case .float:
        if step.code == .isFinite {
            result.integers[0] = a.doubles[0].isFinite ? 1 : 0
        } else {
            result.doubles[0] = step.result.rounded(floatOperation(step.code, a.doubles[0], b.doubles[0], c.doubles[0], step.operand))
        }
    case .complex:
        complexOperation(step, a.doubles, b.doubles, result.doubles)
    default:
        result.integers[0] = step.result.wrapped(
            integerOperation(step.code, a.integers[0], b.integers[0], c.integers[0], step.operand))
    }
}

// MARK: - By kind

/// IEEE-754 maximum: NaN wins, and +0 is above −0.
@inline(__always) func maximumFloat(_ a: Double, _ b: Double) -> Double {
    if a > b { return a }
    if a == b { return Double(bitPattern: a.bitPattern & b.bitPattern) }
    return a != a ? a : b
}

/// IEEE-754 minimum: NaN wins, and −0 is below +0.
@inline(__always) func minimumFloat(_ a: Double, _ b: Double) -> Double {
    if a < b { return a }
    if a == b { return Double(bitPattern: a.bitPattern | b.bitPattern) }
    return a != a ? a : b
}

private func floatOperation(_ code: OpCode, _ a: Double, _ b: Double, _ c: Double, _ dtype: DType) -> Double {
    switch code {
    case .add: return a + b
    case .subtract: return a - b
    case .multiply: return a * b
    case .divide: return a / b
    case .remainder: return fmod(a, b)
    case .power: return pow(a, b)
    case .maximum: return maximumFloat(a, b)
    case .minimum: return minimumFloat(a, b)
    case .clamp: return minimumFloat(maximumFloat(a, b), c)
    case .atan2: return atan2(a, b)
    case .negate: return -a
    case .abs: return a.magnitude
    case .sign: return a != a || a == 0 ? a : (a < 0 ? -1 : 1)
    case .sqrt: return a.squareRoot()
    case .rsqrt: return 1 / a.squareRoot()
    case .cbrt: return cbrt(a)
    case .exponential: return exp(a)
    case .exponentialMinusOne: return expm1(a)
    case .log: return log(a)
    case .logPlusOne: return log1p(a)
    case .logistic: return 1 / (1 + exp(-a))
    case .tanh: return tanh(a)
    case .sine: return sin(a)
    case .cosine: return cos(a)
    case .tan: return tan(a)
    case .ceil: return a.rounded(.up)
    case .floor: return a.rounded(.down)
    case .roundNearestAfz: return a.rounded(.toNearestOrAwayFromZero)
    case .roundNearestEven: return a.rounded(.toNearestOrEven)
    default: return a  // real of a real
    }
}

private func integerOperation(_ code: OpCode, _ a: Int64, _ b: Int64, _ c: Int64, _ dtype: DType) -> Int64 {
    let unsigned = dtype.kind != .signed
    let width = Int64(dtype.bitWidth)
    switch code {
    case .add: return dtype == .i1 ? a | b : a &+ b
    case .subtract: return a &- b
    case .multiply: return a &* b
    case .divide:
        // What XLA defines: −1 (all ones) for a division by zero, the dividend where the quotient overflows.
        if b == 0 { return -1 }
        if unsigned { return Int64(bitPattern: UInt64(bitPattern: a) / UInt64(bitPattern: b)) }
        return b == -1 ? 0 &- a : a / b
    case .remainder:
        if b == 0 { return a }
        if unsigned { return Int64(bitPattern: UInt64(bitPattern: a) % UInt64(bitPattern: b)) }
        return b == -1 ? 0 : a % b
    case .power: return integerPower(a, b, signed: !unsigned)
    case .maximum: return lessInteger(a, b, unsigned) ? b : a
    case .minimum: return lessInteger(b, a, unsigned) ? b : a
    case .clamp:
        let low = lessInteger(b, a, unsigned) ? a : b
        return lessInteger(c, low, unsigned) ? c : low
    case .and: return a & b
    case .or: return a | b
    case .xor: return a ^ b
    case .not: return ~a
    case .negate: return 0 &- a
    case .abs: return unsigned || a >= 0 ? a : 0 &- a
    case .sign: return a == 0 ? 0 : (a > 0 || unsigned ? 1 : -1)
    case .popcnt: return Int64((UInt64(bitPattern: a) & mask(width)).nonzeroBitCount)
    case .countLeadingZeros: return Int64((UInt64(bitPattern: a) & mask(width)).leadingZeroBitCount) - (64 - width)
    case .shiftLeft: return b < 0 || b >= width ? 0 : a << b
    case .shiftRightLogical: return b < 0 || b >= width ? 0 : Int64(bitPattern: (UInt64(bitPattern: a) & mask(width)) >> UInt64(b))
    case .shiftRightArithmetic: return b < 0 || b >= width ? (a < 0 ? -1 : 0) : a >> b
    default: return a
    }
}

@inline(__always) private func mask(_ width: Int64) -> UInt64 { width >= 64 ? ~0 : (1 << UInt64(width)) - 1 }

@inline(__always) func lessInteger(_ a: Int64, _ b: Int64, _ unsigned: Bool) -> Bool {
    unsigned ? UInt64(bitPattern: a) < UInt64(bitPattern: b) : a < b
}

private func integerPower(_ base: Int64, _ exponent: Int64, signed: Bool) -> Int64 {
    if signed && exponent < 0 {
        if base == 1 { return 1 }
        return base == -1 ? (exponent & 1 == 0 ? 1 : -1) : 0
    }
    var result: Int64 = 1, factor = base, left = UInt64(bitPattern: exponent)
    while left != 0 {
        if left & 1 != 0 { result = result &* factor }
        factor = factor &* factor
        left >>= 1
    }
    return result
}

private func complexOperation(_ step: ScalarInstruction, _ a: UnsafeMutablePointer<Double>, _ b: UnsafeMutablePointer<Double>,
                              _ result: UnsafeMutablePointer<Double>) {
    var re: Double, im = 0.0
    switch step.code {
    case .add: (re, im) = (a[0] + b[0], a[1] + b[1])
    case .subtract: (re, im) = (a[0] - b[0], a[1] - b[1])
    case .multiply: (re, im) = (a[0] * b[0] - a[1] * b[1], a[0] * b[1] + a[1] * b[0])
    case .divide:
        let quotient = ComplexDouble(a[0], a[1]) / ComplexDouble(b[0], b[1])
        (re, im) = (quotient.re, quotient.im)
    case .negate: (re, im) = (-a[0], -a[1])
    case .abs: re = hypot(a[0], a[1])
    case .imag: re = a[1]
    default: re = a[0]
    }
    result[0] = step.result.rounded(re)
    if step.result.isComplex { result[1] = step.result.rounded(im) }
}

/// `a` compared with `b`, both in wide form of `dtype`.
func compareScalars(_ dtype: DType, _ comparison: Comparison, _ a: Words, _ b: Words) -> Bool {
    let less: Bool, equal: Bool
    switch dtype.kind {
    case .float:
        if comparison.total {
            (less, equal) = (totalOrderKey(a[0]) < totalOrderKey(b[0]), a[0] == b[0])
        } else {
            (less, equal) = (a.doubles[0] < b.doubles[0], a.doubles[0] == b.doubles[0])
            if !less && !equal && !(a.doubles[0] > b.doubles[0]) { return comparison.direction == .notEqual }
        }
    case .complex:
        (less, equal) = (false, a.doubles[0] == b.doubles[0] && a.doubles[1] == b.doubles[1])
        return (comparison.direction == .equal) == equal
    default:
        (less, equal) = (lessInteger(a.integers[0], b.integers[0], dtype.kind != .signed), a[0] == b[0])
    }
    switch comparison.direction {
    case .equal: return equal
    case .notEqual: return !equal
    case .less: return less
    case .lessOrEqual: return less || equal
    case .greater: return !less && !equal
    case .greaterOrEqual: return !less
    }
}

/// An integer that orders as IEEE-754 totalOrder does: −NaN, −∞ … −0, +0 … +∞, +NaN.
@inline(__always) func totalOrderKey(_ bits: UInt64) -> Int64 {
    let signed = Int64(bitPattern: bits)
    return signed < 0 ? signed ^ Int64.max : signed
}

/// `convert`: towards zero and saturating from floats to integers (NaN gives 0), wrapping between integers, the real part
/// of complex numbers, and "not zero" for booleans.
func convertScalar(_ from: DType, _ source: Words, _ to: DType, _ result: Words) {
    switch (from.kind, to.kind) {
    case (.float, .boolean): result.integers[0] = source.doubles[0] != 0 ? 1 : 0
    case (.complex, .boolean): result.integers[0] = source.doubles[0] != 0 || source.doubles[1] != 0 ? 1 : 0
    case (_, .boolean): result.integers[0] = source[0] != 0 ? 1 : 0
    case (.float, .signed), (.complex, .signed):
        let bound = Int64.max >> Int64(64 - to.bitWidth)
        let value = source.doubles[0]
        if value != value { result.integers[0] = 0 }
        else if value >= Double(bound) { result.integers[0] = bound }
        else if value <= -Double(bound) - 1 { result.integers[0] = -bound - 1 }
        else { result.integers[0] = Int64(value) }
    case (.float, .unsigned), (.complex, .unsigned):
        let bound = UInt64.max >> UInt64(64 - to.bitWidth)
        let value = source.doubles[0]
        if !(value > 0) { result[0] = 0 }
        else if value >= Double(bound) { result[0] = bound }
        else { result[0] = UInt64(value) }
    case (.float, _), (.complex, _):
        let re = source.doubles[0], im = from.isComplex ? source.doubles[1] : 0
        result.doubles[0] = to.rounded(re)
        if to.isComplex { result.doubles[1] = to.rounded(im) }
    case (_, .float), (_, .complex):
        let single = to == .f32 || to == .c64
        if from == .u64 {
            result.doubles[0] = single ? Double(Float(source[0])) : to.rounded(Double(source[0]))
        } else {
            let value = source.integers[0]
            result.doubles[0] = single ? Double(Float(value)) : to.rounded(Double(value))
        }
        if to.isComplex { result.doubles[1] = 0 }
    default: result.integers[0] = to.wrapped(source.integers[0])
    }
}
