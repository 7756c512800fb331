// exponential, log, sine, …: functions of floats and complex numbers (StableHLO, sections of these names). Each is one row
// of a table: the function of a Double, and that of a Complex<Double>. Narrower types compute in Double and round once,
// so their results are correctly rounded in nearly all cases; float64 has the math library's accuracy.
import CMath
import JaxIR
import JaxPlatform

/// A function of one variable.
struct UnaryFunction {
    let real: (Double) -> Double
    let complex: ((Complex<Double>) -> Complex<Double>)?

    init(_ real: @escaping (Double) -> Double, _ complex: ((Complex<Double>) -> Complex<Double>)? = nil) {
        self.real = real
        self.complex = complex
    }
}

/// The table. Nil for operations that are not such functions.
func unaryFunction(_ code: OpCode) -> UnaryFunction? {
    switch code {
    case .cbrt: return UnaryFunction { cbrt($0) }
    case .cosine: return UnaryFunction({ cos($0) }, cosine)
    case .exponential: return UnaryFunction({ exp($0) }, exponential)
    case .exponentialMinusOne: return UnaryFunction({ expm1($0) }, exponentialMinusOne)
    case .log: return UnaryFunction({ log($0) }, logarithm)
    case .logPlusOne: return UnaryFunction({ log1p($0) }, logarithmPlusOne)
    case .logistic: return UnaryFunction({ 1 / (1 + exp(-$0)) }, logistic)
    case .rsqrt: return UnaryFunction({ 1 / $0.squareRoot() }, reciprocalSquareRoot)
    case .sine: return UnaryFunction({ sin($0) }, sine)
    case .tan: return UnaryFunction({ tan($0) }, tangent)
    case .tanh: return UnaryFunction({ tanh($0) }, hyperbolicTangent)
    default: return nil
    }
}

func transcendentalFamily() -> [OpDefinition] {
    var definitions: [OpDefinition] = []
    for code in [OpCode.cbrt, .cosine, .exponential, .exponentialMinusOne, .log, .logPlusOne, .logistic, .rsqrt, .sine,
                 .tan, .tanh] {
        guard let function = unaryFunction(code) else { continue }
        let dtypes: DTypeSet = function.complex == nil ? .float : .inexact
        definitions.append(unaryOp(code, elementwiseRule(1, dtypes)) { a, result throws(JaxError) in
            try apply(function, a, result, code.name)
        })
    }
    for code in [OpCode.power, .atan2, .remainder] {
        let dtypes: DTypeSet = code == .atan2 ? .inexact : code == .power ? [.integer, .inexact] : [.integer, .float]
        definitions.append(binaryOp(code, elementwiseRule(2, dtypes)) { a, b, result throws(JaxError) in
            try evaluateBinary(code, a, b, result)
        })
    }
    return definitions
}

/// `result = function(a)`, element by element.
func apply(_ function: UnaryFunction, _ a: Tensor, _ result: Tensor, _ what: String) throws(JaxError) {
    if a.dtype.isComplex {
        guard let complex = function.complex else { throw unavailable(what, a.dtype) }
        try dispatchComplex(a.dtype, ComplexFunctionKernel(function: complex, a: a, result: result), what)
    } else {
        try dispatchFloat(a.dtype, FloatFunctionKernel(function: function.real, a: a, result: result), what)
    }
}

private struct FloatFunctionKernel: FloatKernel {
    let function: (Double) -> Double
    let a: Tensor, result: Tensor

    func run<T: FloatElement>(_ type: T.Type) {
        let function = self.function
        mapElements(a, result) { (x: T) in T(function(x.double)) }
    }
}

private struct ComplexFunctionKernel: ComplexKernel {
    let function: (Complex<Double>) -> Complex<Double>
    let a: Tensor, result: Tensor

    func run<T: ComplexPart>(_ part: T.Type) {
        let function = self.function
        mapElements(a, result) { (z: Complex<T>) in Complex<T>(function(z.wide)) }
    }
}

// MARK: power, atan2, remainder

/// `result = a code b` for power, atan2 and remainder.
func evaluateBinary(_ code: OpCode, _ a: Tensor, _ b: Tensor, _ result: Tensor) throws(JaxError) {
    switch a.dtype.kind {
    case .complex:
        let function = code == .power ? power : arctangent2
        try dispatchComplex(a.dtype, ComplexBinaryKernel(function: function, a: a, b: b, result: result), code.name)
    case .float:
        let function: (Double, Double) -> Double
        switch code {
        case .power: function = { pow($0, $1) }
        case .atan2: function = { atan2($0, $1) }
        default: function = { fmod($0, $1) }
        }
        try apply(function, a, b, result, code.name)
    default:
        try dispatchInteger(a.dtype, IntegerBinaryKernel(code: code, a: a, b: b, result: result), code.name)
    }
}

/// `result = function(a, b)` on floats.
func apply(_ function: @escaping (Double, Double) -> Double, _ a: Tensor, _ b: Tensor, _ result: Tensor, _ what: String) throws(JaxError) {
    try dispatchFloat(a.dtype, FloatBinaryKernel(function: function, a: a, b: b, result: result), what)
}

private struct FloatBinaryKernel: FloatKernel {
    let function: (Double, Double) -> Double
    let a: Tensor, b: Tensor, result: Tensor

    func run<T: FloatElement>(_ type: T.Type) {
        let function = self.function
        mapElements(a, b, result) { (x: T, y: T) in T(function(x.double, y.double)) }
    }
}

private struct ComplexBinaryKernel: ComplexKernel {
    let function: (Complex<Double>, Complex<Double>) -> Complex<Double>
    let a: Tensor, b: Tensor, result: Tensor

    func run<T: ComplexPart>(_ part: T.Type) {
        let function = self.function
        mapElements(a, b, result) { (x: Complex<T>, y: Complex<T>) in Complex<T>(function(x.wide, y.wide)) }
    }
}

private struct IntegerBinaryKernel: IntegerKernel {
    let code: OpCode
    let a: Tensor, b: Tensor, result: Tensor

    func run<T: IntegerElement>(_ type: T.Type) {
        if code == .power {
            mapElements(a, b, result) { (x: T, y: T) in integerPower(x, y) }
        } else {
            mapElements(a, b, result) { (x: T, y: T) in T.remainder(x, y) }
        }
    }
}

/// By squaring, modulo 2^width. Negative exponents give 0, except for the bases 1 and -1.
func integerPower<T: IntegerElement>(_ base: T, _ exponent: T) -> T {
    var base = base, exponent = exponent, result = T.one
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
