// and, or, xor, not, shifts, popcnt, count_leading_zeros (StableHLO, sections of these names) on integers and booleans.
import JaxIR
import JaxPlatform

func bitwiseFamily() -> [OpDefinition] {
    var definitions: [OpDefinition] = []
    for code in [OpCode.and, .or, .xor] {
        definitions.append(binaryOp(code, elementwiseRule(2, [.boolean, .integer])) { a, b, result throws(JaxError) in
            try dispatchUnsigned(a.dtype, LogicKernel(code: code, a: a, b: b, result: result), code.name)
        })
    }
    for code in [OpCode.shiftLeft, .shiftRightLogical, .shiftRightArithmetic] {
        definitions.append(binaryOp(code, elementwiseRule(2, .integer)) { a, b, result throws(JaxError) in
            try dispatchUnsigned(a.dtype, ShiftKernel(code: code, a: a, b: b, result: result), code.name)
        })
    }
    definitions.append(unaryOp(.not, elementwiseRule(1, [.boolean, .integer])) { a, result throws(JaxError) in
        if a.dtype == .i1 {
            mapElements(a, result) { (x: Boolean) in Boolean(!x.value) }
        } else {
            try dispatchUnsigned(a.dtype, BitKernel(code: .not, a: a, result: result), "not")
        }
    })
    for code in [OpCode.popcnt, .countLeadingZeros] {
        definitions.append(unaryOp(code, elementwiseRule(1, .integer)) { a, result throws(JaxError) in
            try dispatchUnsigned(a.dtype, BitKernel(code: code, a: a, result: result), code.name)
        })
    }
    return definitions
}

/// Calls the kernel with the unsigned type of the same width, which is all that bits need; a boolean is its byte.
func dispatchUnsigned<K: IntegerKernel>(_ dtype: DType, _ kernel: K, _ what: String) throws(JaxError) -> K.Output {
    switch dtype {
    case .i1, .i8, .u8: return try kernel.run(UInt8.self)
    case .i16, .u16: return try kernel.run(UInt16.self)
    case .i32, .u32: return try kernel.run(UInt32.self)
    case .i64, .u64: return try kernel.run(UInt64.self)
    default: throw unavailable(what, dtype)
    }
}

private struct LogicKernel: IntegerKernel {
    let code: OpCode
    let a: Tensor, b: Tensor, result: Tensor

    func run<T: IntegerElement>(_ type: T.Type) {
        switch code {
        case .and: mapElements(a, b, result) { (x: T, y: T) in x & y }
        case .or: mapElements(a, b, result) { (x: T, y: T) in x | y }
        default: mapElements(a, b, result) { (x: T, y: T) in x ^ y }
        }
    }
}

/// Shifts by the width or more (seen as unsigned) give 0, or the sign in every bit.
private struct ShiftKernel: IntegerKernel {
    let code: OpCode
    let a: Tensor, b: Tensor, result: Tensor

    func run<T: IntegerElement>(_ type: T.Type) {
        let width = T(T.bitWidth)
        switch code {
        case .shiftLeft: mapElements(a, b, result) { (x: T, y: T) in y < width ? x &<< y : 0 }
        case .shiftRightLogical: mapElements(a, b, result) { (x: T, y: T) in y < width ? x &>> y : 0 }
        default:
            mapElements(a, b, result) { (x: T, y: T) in
                let sign = T.zero &- (x &>> (width &- 1))
                return y < width ? (x &>> y) | ~(~T.zero &>> y) & sign : sign
            }
        }
    }
}

private struct BitKernel: IntegerKernel {
    let code: OpCode
    let a: Tensor, result: Tensor

    func run<T: IntegerElement>(_ type: T.Type) {
        switch code {
        case .not: mapElements(a, result) { (x: T) in ~x }
        case .popcnt: mapElements(a, result) { (x: T) in T(truncatingIfNeeded: x.nonzeroBitCount) }
        default: mapElements(a, result) { (x: T) in T(truncatingIfNeeded: x.leadingZeroBitCount) }
        }
    }
}
