// compare, select, clamp, is_finite (StableHLO, sections of these names).
import JaxIR
import JaxPlatform

func comparisonFamily() -> [OpDefinition] {
    [
        OpDefinition(.compare, shape: compareRule, tensor: evaluateCompare),
        OpDefinition(.select, shape: selectRule, tensor: evaluateSelect),
        OpDefinition(.clamp, shape: clampRule, tensor: evaluateClamp),
        unaryOp(.isFinite, isFiniteRule) { a, result throws(JaxError) in
            try dispatchFloat(a.dtype, IsFiniteKernel(a: a, result: result), "is_finite")
        },
    ]
}

// MARK: compare

/// The order that `compare` asks for.
enum ComparisonDirection: String {
    case equal = "EQ", notEqual = "NE", less = "LT", lessOrEqual = "LE", greater = "GT", greaterOrEqual = "GE"
}

private func compareRule(_ view: OpView) throws(JaxError) -> [ValueType] {
    let type = try view.elementwiseType(2, .all)
    let direction = try view.requiredEnumeration("comparison_direction")
    try view.require(ComparisonDirection(rawValue: direction) != nil, "comparison_direction \(direction) is unknown")
    let kind = view.attributes.enumeration("compare_type") ?? "NOTYPE"
    switch kind {
    case "NOTYPE", "FLOAT", "SIGNED", "UNSIGNED": break
    case "TOTALORDER": try view.require(type.dtype.isFloat, "compare_type TOTALORDER is for floats, the operands are \(type)")
    default: throw view.error(.typeError, "compare_type \(kind) is unknown")
    }
    return [.tensor(TensorType(.i1, type.shape))]
}

private func evaluateCompare(_ frame: Frame, _ operation: Operation, _ operands: inout [RuntimeValue]) throws(JaxError) -> Tensor {
    let a = try operands[0].asTensor(), b = try operands[1].asTensor()
    let direction = ComparisonDirection(rawValue: operation.attributes.enumeration("comparison_direction") ?? "") ?? .equal
    let result = try Tensor(TensorType(.i1, a.shape))
    if operation.attributes.enumeration("compare_type") == "TOTALORDER" {
        try dispatchFloat(a.dtype, TotalOrderKernel(direction: direction, a: a, b: b, result: result), "compare")
        return result
    }
    switch direction {
    case .equal, .notEqual:
        if a.dtype.isInteger {
            try dispatchUnsigned(a.dtype, EqualBitsKernel(a: a, b: b, result: result), "compare")
        } else {
            try dispatchNumeric(a.dtype, OrderKernel(order: .equal, a: a, b: b, result: result), "compare")
        }
        if direction == .notEqual { mapElements(result, result) { (x: Boolean) in Boolean(!x.value) } }
    case .less: try dispatchNumeric(a.dtype, OrderKernel(order: .less, a: a, b: b, result: result), "compare")
    case .lessOrEqual: try dispatchNumeric(a.dtype, OrderKernel(order: .lessOrEqual, a: a, b: b, result: result), "compare")
    case .greater: try dispatchNumeric(a.dtype, OrderKernel(order: .less, a: b, b: a, result: result), "compare")
    case .greaterOrEqual: try dispatchNumeric(a.dtype, OrderKernel(order: .lessOrEqual, a: b, b: a, result: result), "compare")
    }
    return result
}

/// Three loops a type; the other directions come of swapping and inverting.
private struct OrderKernel: NumericKernel {
    enum Order { case equal, less, lessOrEqual }

    let order: Order
    let a: Tensor, b: Tensor, result: Tensor

    func run<T: NumericElement>(_ type: T.Type) {
        switch order {
        case .equal: mapElements(a, b, result) { (x: T, y: T) in Boolean(T.equal(x, y)) }
        case .less: mapElements(a, b, result) { (x: T, y: T) in Boolean(T.less(x, y)) }
        case .lessOrEqual: mapElements(a, b, result) { (x: T, y: T) in Boolean(T.less(x, y) || T.equal(x, y)) }
        }
    }
}

private struct EqualBitsKernel: IntegerKernel {
    let a: Tensor, b: Tensor, result: Tensor

    func run<T: IntegerElement>(_ type: T.Type) {
        mapElements(a, b, result) { (x: T, y: T) in Boolean(x == y) }
    }
}

/// -NaN < -inf < … < -0 < +0 < … < +inf < +NaN, by the bits.
private struct TotalOrderKernel: FloatKernel {
    let direction: ComparisonDirection
    let a: Tensor, b: Tensor, result: Tensor

    func run<T: FloatElement>(_ type: T.Type) {
        let direction = self.direction
        mapElements(a, b, result) { (x: T, y: T) in
            let p = totalOrderKey(x), q = totalOrderKey(y)
            switch direction {
            case .equal: return Boolean(p == q)
            case .notEqual: return Boolean(p != q)
            case .less: return Boolean(p < q)
            case .lessOrEqual: return Boolean(p <= q)
            case .greater: return Boolean(p > q)
            case .greaterOrEqual: return Boolean(p >= q)
            }
        }
    }
}

/// An integer whose order is the total order of the floats.
@inline(__always)
func totalOrderKey<T: FloatElement>(_ value: T) -> Int64 {
    let bits: Int64
    switch MemoryLayout<T>.size {
    case 2: bits = Int64(unsafeBitCast(value, to: Int16.self)) << 48
    case 4: bits = Int64(unsafeBitCast(value, to: Int32.self)) << 32
    default: bits = unsafeBitCast(value, to: Int64.self)
    }
    return bits < 0 ? bits ^ Int64.max : bits
}

// MARK: select

private func selectRule(_ view: OpView) throws(JaxError) -> [ValueType] {
    try view.requireOperands(3)
    let predicate = try view.tensor(0), onTrue = try view.tensor(1), onFalse = try view.tensor(2)
    try view.require(predicate.dtype == .i1, "the predicate must be bool, is \(predicate)")
    try view.require(onTrue.dtype == onFalse.dtype && agree(onTrue.shape, onFalse.shape),
                     "the branches must have one type, are \(onTrue) and \(onFalse)")
    try view.require(predicate.rank == 0 || agree(predicate.shape, onTrue.shape),
                     "the predicate must be a scalar or have the branches' shape, is \(predicate) for \(onTrue)")
    return [.tensor(TensorType(onTrue.dtype, merge(onTrue.shape, onFalse.shape)))]
}

private func evaluateSelect(_ frame: Frame, _ operation: Operation, _ operands: inout [RuntimeValue]) throws(JaxError) -> Tensor {
    let predicate = try operands[0].asTensor(), onTrue = try operands[1].asTensor(), onFalse = try operands[2].asTensor()
    if predicate.type.rank == 0 {
        return predicate.pointer(Boolean.self).pointee.value ? onTrue : onFalse
    }
    let result = try Tensor(onTrue.type)
    try dispatchWidth(onTrue.dtype, SelectKernel(predicate: predicate, onTrue: onTrue, onFalse: onFalse, result: result))
    return result
}

private struct SelectKernel: WidthKernel {
    let predicate: Tensor, onTrue: Tensor, onFalse: Tensor, result: Tensor

    func run<T: BitwiseCopyable>(_ type: T.Type) {
        let p = predicate.pointer(Boolean.self), t = onTrue.pointer(T.self), f = onFalse.pointer(T.self)
        let r = result.pointer(T.self)
        for i in 0..<result.elementCount {
            let x = t[i], y = f[i]
            r[i] = p[i].value ? x : y
        }
    }
}

// MARK: clamp

private func clampRule(_ view: OpView) throws(JaxError) -> [ValueType] {
    try view.requireOperands(3)
    let low = try view.tensor(0), operand = try view.tensor(1), high = try view.tensor(2)
    for bound in [low, high] {
        try view.require(bound.dtype == operand.dtype && (bound.rank == 0 || agree(bound.shape, operand.shape)),
                         "a bound must be a scalar or have the operand's type \(operand), is \(bound)")
    }
    return [.tensor(operand)]
}

private func evaluateClamp(_ frame: Frame, _ operation: Operation, _ operands: inout [RuntimeValue]) throws(JaxError) -> Tensor {
    let low = try operands[0].asTensor(), operand = try operands[1].asTensor(), high = try operands[2].asTensor()
    let result = try Tensor(operand.type)
    try dispatchNumeric(operand.dtype, ClampKernel(low: low, operand: operand, high: high, result: result), "clamp")
    return result
}

/// min(max(operand, low), high); NaN anywhere gives NaN.
private struct ClampKernel: NumericKernel {
    let low: Tensor, operand: Tensor, high: Tensor, result: Tensor

    func run<T: NumericElement>(_ type: T.Type) {
        let l = low.pointer(T.self), x = operand.pointer(T.self), h = high.pointer(T.self), r = result.pointer(T.self)
        let lowStep = low.type.rank == 0 ? 0 : 1, highStep = high.type.rank == 0 ? 0 : 1
        for i in 0..<result.elementCount { r[i] = T.smaller(T.larger(l[i &* lowStep], x[i]), h[i &* highStep]) }
    }
}

// MARK: is_finite

private func isFiniteRule(_ view: OpView) throws(JaxError) -> [ValueType] {
    [.tensor(TensorType(.i1, try view.elementwiseType(1, .float).shape))]
}

private struct IsFiniteKernel: FloatKernel {
    let a: Tensor, result: Tensor

    func run<T: FloatElement>(_ type: T.Type) {
        mapElements(a, result) { (x: T) in Boolean(x.accumulator.isFinite) }
    }
}
