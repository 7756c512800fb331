// Elementwise operations of every kind of element, conversions among them.
import JaxIR
import JaxOps

extension Generator {
    func elementwise() {
        if chance(15) { return conversion() }
        if chance(12) { return selection() }
        let type = any().map { $0.type } ?? someType
        switch type.dtype.kind {
        case .float: chance(45) ? floatUnary(type) : binary(type, [.add, .subtract, .multiply, .multiply, .divide, .maximum, .minimum,
                                                                   .power, .atan2, .remainder, .compare, .complex])
        case .signed, .unsigned:
            chance(25) ? unary([.negate, .not, .abs, .sign, .popcnt, .countLeadingZeros], value(type))
                : binary(type, [.add, .subtract, .multiply, .divide, .remainder, .maximum, .minimum, .and, .or, .xor, .shiftLeft,
                                .shiftRightLogical, .shiftRightArithmetic, .power, .compare, .compare])
        case .boolean:
            chance(20) ? unary([.not], value(type)) : binary(type, [.and, .or, .xor, .add, .multiply, .maximum, .minimum, .compare])
        case .complex:
            chance(50) ? unary([.abs, .negate, .real, .imag, .exponential, .log, .sqrt, .tanh, .sine, .sign], value(type))
                : binary(type, [.add, .subtract, .multiply, .divide, .compare])
        }
    }

    private func unary(_ codes: [OpCode], _ operand: PoolValue) { emit(choice(codes), [operand]) }

    private func binary(_ type: TensorType, _ codes: [OpCode]) {
        let code = choice(codes)
        let isJump = [.compare, .remainder].contains(code) || !type.dtype.isFloat
        let a = value(type, exact: isJump), b = chance(6) ? a : value(type, exact: isJump)
        switch code {
        case .compare: emit(.compare, [a, b], comparison(type.dtype))
        case .power where type.dtype.isFloat:
            // Mostly of positive numbers, and no further than their types go.
            guard let base = one(.abs, [a]) else { return }
            emit(.power, [chance(90) ? base : a, b], isExact: false)
        case .atan2: emit(.atan2, [a, b], isExact: false)
        default: emit(code, [a, b])
        }
    }

    func comparison(_ dtype: DType) -> CompareParameters {
        let direction: Comparison.Direction = choice([.equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual])
        return CompareParameters(direction, dtype.isFloat && chance(20) ? .total : .unspecified)
    }

    private func floatUnary(_ type: TensorType) {
        var x = value(type)
        if chance(30) {
            let jumps: [OpCode] = [.sign, .floor, .ceil, .roundNearestEven, .roundNearestAfz, .isFinite, .reducePrecision]
            let code = choice(jumps + [.negate, .abs, .sqrt, .abs, .negate])
            if jumps.contains(code) { x = value(type, exact: true) }
            let precision = ReducePrecisionParameters(exponentBits: number(2...8), mantissaBits: number(0...12))
            emit(code, [x], code == .reducePrecision ? precision : .none)
            return
        }
        let code = choice([.exponential, .exponentialMinusOne, .log, .logPlusOne, .logistic, .rsqrt, .cbrt, .sine, .cosine, .tan, .tanh,
                           .sinh, .cosh, .asin, .acos, .atan, .asinh, .acosh, .atanh, .erf, .erfc] as [OpCode])
        if chance(85) { x = inDomain(x, code) }
        emit(code, [x], isExact: false)
    }

    /// An operand for which the function is a number within its type.
    private func inDomain(_ x: PoolValue, _ code: OpCode) -> PoolValue {
        func clamped(_ low: Double, _ high: Double) -> PoolValue {
            guard let low = constant(low, x.type.dtype), let high = constant(high, x.type.dtype) else { return x }
            return one(.clamp, [low, x, high]) ?? x
        }
        switch code {
        case .log, .rsqrt, .logPlusOne: return one(.abs, [x]) ?? x
        case .exponential, .exponentialMinusOne, .sinh, .cosh: return clamped(-8, 8)
        case .asin, .acos, .atanh: return clamped(-0.875, 0.875)
        case .acosh: return clamped(1, 1000)
        case .tan: return clamped(-1.5, 1.5)
        default: return x
        }
    }

    private func conversion() {
        let isBits = chance(15)
        let target = chance(70) ? choice(dtypes) : choice(DType.allCases.filter { $0.bitWidth >= 8 || chance(20) })
        guard let x = any(exact: isBits || !target.isFloat, { isBits == false || $0.type.dtype.bitWidth >= 8 }) else { return }
        emit(isBits ? .bitcastConvert : .convert, [x], DTypeParameters(target))
    }

    private func selection() {
        guard let x = any() else { return }
        if chance(25) {
            let bound = TensorType(x.type.dtype, chance(60) ? [] : x.type.shape)
            emit(.clamp, [value(bound), x, value(bound)])
        } else {
            let predicate = TensorType(.i1, chance(25) ? [] : x.type.shape)
            emit(.select, [value(predicate, exact: true), x, value(x.type)])
        }
    }

    /// A condition over scalars that is neither always true nor always false.
    func condition() -> PoolValue { value(TensorType(.i1, []), exact: true) }
}
