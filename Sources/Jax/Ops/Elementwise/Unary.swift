// Unary operations with exact results: abs, negate, sign, ceil, floor, round_nearest_even, round_nearest_afz, sqrt, real,
// imag; and complex, which joins two parts (StableHLO, sections of these names).
import JaxIR
import JaxPlatform

func unaryFamily() -> [OpDefinition] {
    var definitions = [
        unaryOp(.abs, absRule) { a, result throws(JaxError) in try evaluateUnary(.abs, a, result) },
        unaryOp(.negate, elementwiseRule(1, [.integer, .inexact])) { a, result throws(JaxError) in
            try evaluateUnary(.negate, a, result)
        },
        unaryOp(.sign, elementwiseRule(1, [.signed, .unsigned, .inexact])) { a, result throws(JaxError) in
            try evaluateUnary(.sign, a, result)
        },
        unaryOp(.real, partRule) { a, result throws(JaxError) in try evaluatePart(.real, a, result) },
        unaryOp(.imag, partRule) { a, result throws(JaxError) in try evaluatePart(.imag, a, result) },
        binaryOp(.complex, complexRule) { a, b, result throws(JaxError) in
            try dispatchComplex(a.dtype, JoinKernel(a: a, b: b, result: result), "complex")
        },
    ]
    for code in [OpCode.ceil, .floor, .roundNearestEven, .roundNearestAfz] {
        definitions.append(unaryOp(code, elementwiseRule(1, .float)) { a, result throws(JaxError) in
            try dispatchFloat(a.dtype, FloatUnaryKernel(code: code, a: a, result: result), code.name)
        })
    }
    definitions.append(unaryOp(.sqrt, elementwiseRule(1, .inexact)) { a, result throws(JaxError) in
        try evaluateUnary(.sqrt, a, result)
    })
    return definitions
}

private func absRule(_ view: OpView) throws(JaxError) -> [ValueType] {
    let type = try view.elementwiseType(1, [.integer, .inexact])
    return [.tensor(TensorType(type.dtype.real, type.shape))]
}

private func evaluateUnary(_ code: OpCode, _ a: Tensor, _ result: Tensor) throws(JaxError) {
    switch a.dtype.kind {
    case .float: try dispatchFloat(a.dtype, FloatUnaryKernel(code: code, a: a, result: result), code.name)
    case .complex: try dispatchComplex(a.dtype, ComplexUnaryKernel(code: code, a: a, result: result), code.name)
    default: try dispatchInteger(a.dtype, IntegerUnaryKernel(code: code, a: a, result: result), code.name)
    }
}

private struct IntegerUnaryKernel: IntegerKernel {
    let code: OpCode
    let a: Tensor, result: Tensor

    func run<T: IntegerElement>(_ type: T.Type) {
        switch code {
        case .abs: mapElements(a, result) { (x: T) -> T in x < 0 ? 0 &- x : x }
        case .negate: mapElements(a, result) { (x: T) -> T in 0 &- x }
        default: mapElements(a, result) { (x: T) -> T in x < 0 ? ~0 : x == 0 ? 0 : 1 }
        }
    }
}

private struct FloatUnaryKernel: FloatKernel {
    let code: OpCode
    let a: Tensor, result: Tensor

    func run<T: FloatElement>(_ type: T.Type) {
        switch code {
        case .abs: mapElements(a, result) { (x: T) in T(accumulator: x.accumulator.magnitude) }
        case .negate: mapElements(a, result) { (x: T) in T.negate(x) }
        case .sign:
            mapElements(a, result) { (x: T) in
                let v = x.accumulator
                return v > 0 ? T.one : v < 0 ? T.negate(T.one) : x
            }
        case .ceil: mapElements(a, result) { (x: T) in T(accumulator: x.accumulator.rounded(.up)) }
        case .floor: mapElements(a, result) { (x: T) in T(accumulator: x.accumulator.rounded(.down)) }
        case .roundNearestEven: mapElements(a, result) { (x: T) in T(accumulator: x.accumulator.rounded(.toNearestOrEven)) }
        case .roundNearestAfz:
            mapElements(a, result) { (x: T) in T(accumulator: x.accumulator.rounded(.toNearestOrAwayFromZero)) }
        default: mapElements(a, result) { (x: T) in T(accumulator: x.accumulator.squareRoot()) }
        }
    }
}

private struct ComplexUnaryKernel: ComplexKernel {
    let code: OpCode
    let a: Tensor, result: Tensor

    func run<T: ComplexPart>(_ part: T.Type) {
        switch code {
        case .abs: mapElements(a, result) { (z: Complex<T>) in T(z.wide.modulus) }
        case .negate: mapElements(a, result) { (z: Complex<T>) in Complex.negate(z) }
        case .sign: mapElements(a, result) { (z: Complex<T>) in Complex<T>(z.wide.direction) }
        default: mapElements(a, result) { (z: Complex<T>) in Complex<T>(squareRoot(z.wide)) }
        }
    }
}

// MARK: real, imag, complex

private func partRule(_ view: OpView) throws(JaxError) -> [ValueType] {
    let type = try view.elementwiseType(1, .inexact)
    return [.tensor(TensorType(type.dtype.real, type.shape))]
}

private func evaluatePart(_ code: OpCode, _ a: Tensor, _ result: Tensor) throws(JaxError) {
    if a.dtype.isComplex {
        try dispatchComplex(a.dtype, PartKernel(code: code, a: a, result: result), code.name)
    } else if code == .real {
        result.bytes.copyMemory(from: a.bytes, byteCount: a.type.byteCount)
    } else {
        result.bytes.initializeMemory(as: UInt8.self, repeating: 0, count: a.type.byteCount)
    }
}

private struct PartKernel: ComplexKernel {
    let code: OpCode
    let a: Tensor, result: Tensor

    func run<T: ComplexPart>(_ part: T.Type) {
        if code == .real {
            mapElements(a, result) { (z: Complex<T>) in z.real }
        } else {
            mapElements(a, result) { (z: Complex<T>) in z.imaginary }
        }
    }
}

private func complexRule(_ view: OpView) throws(JaxError) -> [ValueType] {
    let type = try view.elementwiseType(2, .float)
    try view.require(type.dtype == .f32 || type.dtype == .f64, "the parts must be float32 or float64, are \(type)")
    return [.tensor(TensorType(type.dtype == .f32 ? .c64 : .c128, type.shape))]
}

private struct JoinKernel: ComplexKernel {
    let a: Tensor, b: Tensor, result: Tensor

    func run<T: ComplexPart>(_ part: T.Type) {
        mapElements(a, b, result) { (x: T, y: T) in Complex<T>(x, y) }
    }
}
