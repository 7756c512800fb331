// The operations on lanes as instructions. What an instruction leaves open, as division by zero or shifts beyond the width, is decided
// before, so that results are those of `LaneOp.evaluate`.
import JaxPlatform
import Loops
import SPIRV

extension ShaderRendering {
    func compute(_ op: LaneOp, _ operands: [Value]) -> Value {
        let a = operands[0], b = operands.count > 1 ? operands[1] : a
        let isFloat = a.type.scalar.isFloat
        switch op {
        case .add: return rounded(shader.add(a, b))
        case .subtract: return rounded(shader.subtract(a, b))
        case .multiply: return rounded(shader.multiply(a, b))
        case .divide: return isFloat ? shader.divide(a, b) : quotient(a, b)
        case .remainder: return remainder(a, b)
        case .divideUnsigned, .remainderUnsigned: return unsigned(op, a, b)
        case .minimum: return shader.select(shader.less(a, b), a, b)
        case .maximum: return shader.select(shader.less(b, a), a, b)
        case .minimumUnsigned: return shader.select(shader.lessUnsigned(a, b), a, b)
        case .maximumUnsigned: return shader.select(shader.lessUnsigned(b, a), a, b)
        case .and: return shader.and(a, b)
        case .or: return shader.or(a, b)
        case .xor: return shader.xor(a, b)
        case .shiftLeft, .shiftRightLogical, .shiftRightArithmetic: return shift(op, a, b)
        case .multiplyAdd: return multiplyAdd(a, b, operands[2])
        case .accumulate: return shader.fma(a, b, operands[2])
        case .negate: return isFloat ? negated(a) : shader.negate(a)
        case .absolute: return isFloat ? magnitude(a) : shader.select(shader.less(a, shader.zero(a.type)), shader.negate(a), a)
        case .not: return shader.not(a)
        case .squareRoot: return shader.extended(.sqrt, [a])
        case .floor: return shader.extended(.floor, [a])
        case .ceiling: return shader.extended(.ceil, [a])
        case .truncate: return shader.extended(.trunc, [a])
        case .roundEven: return shader.extended(.roundEven, [a])
        case .countOnes: return countOnes(a)
        case .leadingZeros: return leadingZeros(a)
        case .equal: return shader.equal(a, b)
        case .notEqual: return shader.notEqual(a, b)
        case .less: return shader.less(a, b)
        case .lessOrEqual: return shader.lessOrEqual(a, b)
        case .lessUnsigned: return shader.lessUnsigned(a, b)
        case .lessOrEqualUnsigned: return shader.lessOrEqualUnsigned(a, b)
        case .select: return shader.select(a, b, operands[2])
        case .toF32: return shader.convert(a, to: .f32)
        case .toF64: return shader.convert(a, to: .f64)
        case .toI32: return shader.convert(a, to: .i32)
        case .toI64: return shader.convert(a, to: .int(64))
        case .signExtend: return shader.signExtend(a, to: .int(64))
        case .zeroExtend: return shader.convertUnsigned(a, to: .int(64))
        case .low: return shader.convertUnsigned(a, to: .i32)
        case .bits: return shader.bitcast(a, to: a.type.scalar == .f64 ? .int(64) : .i32)
        case .fromBits: return shader.bitcast(a, to: a.type.scalar == .i32 ? .f32 : .f64)
        case .toInteger: return shader.convert(a, to: .i32)
        case .signExtend8: return extended(a, 8, isSigned: true)
        case .signExtend16: return extended(a, 16, isSigned: true)
        case .zeroExtend8: return extended(a, 8, isSigned: false)
        case .zeroExtend16: return extended(a, 16, isSigned: false)
        case .roundBF16: return bfloat16(bfloat16Bits(a))
        case .roundF16: return shader.convert(shader.bitcast(shader.convertUnsigned(float16Bits(a), to: .uint(16)), to: .f16), to: .f32)
        }
    }

    private func constant(_ type: ShaderType, _ bits: Int64) -> Value { shader.module.constant(type, bits: UInt64(bitPattern: bits)) }

    private func number(_ value: Int64, like a: Value) -> Value {
        constant(a.type, a.type.scalar.bitWidth == 32 ? Int64(UInt32(truncatingIfNeeded: value)) : value)
    }

    /// A sum or product of floats that stands for itself; of integers there is nothing to say.
    private func rounded(_ value: Value) -> Value { value.type.scalar.isFloat ? shader.exact(value) : value }

    // MARK: Products with sums, rounded once

    private func multiplyAdd(_ a: Value, _ b: Value, _ c: Value) -> Value {
        if target.fusesMultiplyAdd { return shader.fma(a, b, c) }
        if a.type.scalar == .f32 && target.features.contains(.float64) {
            // The product has no error, and the sum next to none that counts.
            let product = shader.multiply(shader.convert(a, to: .f64), shader.convert(b, to: .f64))
            return shader.convert(rounded(shader.add(product, shader.convert(c, to: .f64))), to: .f32)
        }
        // Product and sum as two numbers each (Dekker, Knuth). Where the halves overflow, they say nothing.
        let product = rounded(shader.multiply(a, b)), lost = productError(a, b, product)
        let sum = rounded(shader.add(product, c)), part = rounded(shader.subtract(sum, product))
        let missing = rounded(shader.add(rounded(shader.subtract(product, rounded(shader.subtract(sum, part)))),
                                         rounded(shader.subtract(c, part))))
        let whole = rounded(shader.add(sum, rounded(shader.add(missing, lost))))
        return shader.select(shader.equal(whole, whole), whole, sum)
    }

    private func productError(_ a: Value, _ b: Value, _ product: Value) -> Value {
        let (a1, a2) = split(a), (b1, b2) = split(b)
        func times(_ x: Value, _ y: Value) -> Value { rounded(shader.multiply(x, y)) }
        let first = rounded(shader.subtract(times(a1, b1), product))
        let second = rounded(shader.add(first, times(a1, b2)))
        return rounded(shader.add(rounded(shader.add(second, times(a2, b1))), times(a2, b2)))
    }

    /// Two numbers of half as many digits, of which it is the sum.
    private func split(_ a: Value) -> (Value, Value) {
        let factor = a.type.scalar == .f64 ? constant(a.type, Int64((134_217_729.0).bitPattern)) : constant(a.type, Int64(Float(4097).bitPattern))
        let scaled = rounded(shader.multiply(a, factor))
        let high = rounded(shader.subtract(scaled, rounded(shader.subtract(scaled, a))))
        return (high, rounded(shader.subtract(a, high)))
    }

    // MARK: Signs of floats, by their bits: NaNs have signs too

    private func integer(_ a: Value) -> Scalar { a.type.scalar == .f64 ? .int(64) : .i32 }

    private func negated(_ a: Value) -> Value {
        let bits = shader.bitcast(a, to: integer(a))
        return shader.bitcast(shader.xor(bits, number(bits.type.scalar.bitWidth == 64 ? .min : Int64(Int32.min), like: bits)), to: a.type.scalar)
    }

    private func magnitude(_ a: Value) -> Value {
        let bits = shader.bitcast(a, to: integer(a))
        return shader.bitcast(shader.and(bits, number(bits.type.scalar.bitWidth == 64 ? .max : Int64(Int32.max), like: bits)), to: a.type.scalar)
    }

    // MARK: Division of integers

    /// By 0 gives -1, the least by -1 the least.
    private func quotient(_ a: Value, _ b: Value) -> Value {
        let isZero = shader.equal(b, number(0, like: b)), isMinusOne = shader.equal(b, number(-1, like: b))
        let divisor = shader.select(shader.or(isZero, isMinusOne), number(1, like: b), b)
        let turned = shader.select(isMinusOne, shader.negate(a), shader.divide(a, divisor))
        return shader.select(isZero, number(-1, like: a), turned)
    }

    /// By 0 gives the dividend, by -1 gives 0.
    private func remainder(_ a: Value, _ b: Value) -> Value {
        let isZero = shader.equal(b, number(0, like: b)), isMinusOne = shader.equal(b, number(-1, like: b))
        let divisor = shader.select(shader.or(isZero, isMinusOne), number(1, like: b), b)
        return shader.select(isZero, a, shader.remainder(a, divisor))
    }

    /// By 0 gives all ones, and as the rest the dividend.
    private func unsigned(_ op: LaneOp, _ a: Value, _ b: Value) -> Value {
        let isZero = shader.equal(b, number(0, like: b)), divisor = shader.select(isZero, number(1, like: b), b)
        if op == .divideUnsigned { return shader.select(isZero, number(-1, like: a), shader.divideUnsigned(a, divisor)) }
        return shader.select(isZero, a, shader.remainderUnsigned(a, divisor))
    }

    // MARK: Bits

    private func shift(_ op: LaneOp, _ a: Value, _ count: Value) -> Value {
        let width = Int64(a.type.scalar.bitWidth), fits = shader.lessUnsigned(count, number(width, like: count))
        let bounded = shader.select(fits, count, number(op == .shiftRightArithmetic ? width - 1 : 0, like: count))
        switch op {
        case .shiftRightArithmetic: return shader.shiftRightArithmetic(a, bounded)
        case .shiftLeft: return shader.select(fits, shader.shiftLeft(a, bounded), shader.zero(a.type))
        default: return shader.select(fits, shader.shiftRightLogical(a, bounded), shader.zero(a.type))
        }
    }

    private func extended(_ a: Value, _ width: Int64, isSigned: Bool) -> Value {
        if !isSigned { return shader.and(a, number(1 << width - 1, like: a)) }
        let distance = number(32 - width, like: a)
        return shader.shiftRightArithmetic(shader.shiftLeft(a, distance), distance)
    }

    /// The halves of a 64-bit integer, low and high, as i32.
    private func halves(_ a: Value) -> (Value, Value) {
        (shader.convertUnsigned(a, to: .i32), shader.convertUnsigned(shader.shiftRightLogical(a, number(32, like: a)), to: .i32))
    }

    private func countOnes(_ a: Value) -> Value {
        guard a.type.scalar.bitWidth == 64 else { return shader.countOnes(a) }
        let (low, high) = halves(a)
        return shader.convertUnsigned(shader.add(shader.countOnes(low), shader.countOnes(high)), to: a.type.scalar)
    }

    /// The highest one is at -1 where there is none, so that the whole width is left.
    private func leadingZeros(_ a: Value) -> Value {
        func zeros(_ half: Value) -> Value { shader.subtract(number(31, like: half), shader.highestOne(half)) }
        guard a.type.scalar.bitWidth == 64 else { return zeros(a) }
        let (low, high) = halves(a)
        let count = shader.select(shader.equal(high, shader.zero(high.type)), shader.add(zeros(low), number(32, like: low)), zeros(high))
        return shader.convertUnsigned(count, to: a.type.scalar)
    }
}
