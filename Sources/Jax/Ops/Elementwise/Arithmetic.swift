// add, subtract, multiply, divide, maximum, minimum (StableHLO, sections of these names): any numeric type; for booleans
// OR, XOR, AND, …, OR, AND.
import JaxIR
import JaxPlatform

func arithmeticFamily() -> [OpDefinition] {
    var definitions: [OpDefinition] = []
    for code in [OpCode.add, .subtract, .multiply, .divide, .maximum, .minimum] {
        definitions.append(binaryOp(code, elementwiseRule(2, .all)) { a, b, result throws(JaxError) in
            try arithmetic(code, a, b, result)
        })
    }
    return definitions
}

/// `result = a code b`, element by element; `code` is one of the operations above.
func arithmetic(_ code: OpCode, _ a: Tensor, _ b: Tensor, _ result: Tensor) throws(JaxError) {
    // Where integers wrap, signedness does not matter.
    if a.dtype.isInteger && (code == .add || code == .subtract || code == .multiply) {
        try dispatchUnsigned(a.dtype, WrappingKernel(code: code, a: a, b: b, result: result), code.name)
    } else if a.dtype.isInteger {
        try dispatchInteger(a.dtype, OrderedKernel(code: code, a: a, b: b, result: result), code.name)
    } else {
        try dispatchInexact(a.dtype, ArithmeticKernel(code: code, a: a, b: b, result: result), code.name)
    }
}

private struct WrappingKernel: IntegerKernel {
    let code: OpCode
    let a: Tensor, b: Tensor, result: Tensor

    func run<T: IntegerElement>(_ type: T.Type) {
        switch code {
        case .add: mapElements(a, b, result) { (x: T, y: T) in x &+ y }
        case .subtract: mapElements(a, b, result) { (x: T, y: T) in x &- y }
        default: mapElements(a, b, result) { (x: T, y: T) in x &* y }
        }
    }
}

private struct OrderedKernel: IntegerKernel {
    let code: OpCode
    let a: Tensor, b: Tensor, result: Tensor

    func run<T: IntegerElement>(_ type: T.Type) {
        switch code {
        case .divide: mapElements(a, b, result) { (x: T, y: T) in T.divide(x, y) }
        case .maximum: mapElements(a, b, result) { (x: T, y: T) in T.larger(x, y) }
        default: mapElements(a, b, result) { (x: T, y: T) in T.smaller(x, y) }
        }
    }
}

/// Booleans, floats and complex numbers.
private struct ArithmeticKernel: NumericKernel {
    let code: OpCode
    let a: Tensor, b: Tensor, result: Tensor

    func run<T: NumericElement>(_ type: T.Type) throws(JaxError) {
        switch code {
        case .add: mapElements(a, b, result) { (x: T, y: T) in T.add(x, y) }
        case .subtract: mapElements(a, b, result) { (x: T, y: T) in T.subtract(x, y) }
        case .multiply: mapElements(a, b, result) { (x: T, y: T) in T.multiply(x, y) }
        case .divide: mapElements(a, b, result) { (x: T, y: T) in T.divide(x, y) }
        case .maximum: mapElements(a, b, result) { (x: T, y: T) in T.larger(x, y) }
        default: mapElements(a, b, result) { (x: T, y: T) in T.smaller(x, y) }
        }
    }
}
