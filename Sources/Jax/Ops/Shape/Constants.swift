// constant, iota, dynamic_iota (StableHLO, sections of these names).
import JaxIR
import JaxPlatform

func constantFamily() -> [OpDefinition] {
    [
        OpDefinition(.constant, shape: constantRule, tensor: { frame, operation, _ throws(JaxError) in
            guard let literal = operation.attributes.literal("value") else {
                throw JaxError(.internalError, "constant: the attribute value is missing")
            }
            return try tensor(literal)
        }),
        OpDefinition(.iota, shape: iotaRule, tensor: evaluateIota),
        OpDefinition(.dynamicIota, shape: iotaRule, tensor: evaluateIota),
    ]
}

private func constantRule(_ view: OpView) throws(JaxError) -> [ValueType] {
    try view.requireOperands(0)
    guard let literal = view.attributes.literal("value") else { throw view.error(.malformed, "the attribute value is missing") }
    guard let count = literal.type.checkedElementCount else {
        throw view.error(.typeError, "a constant of type \(literal.type) has no size")
    }
    let stored = (literal.isSplat ? min(count, 1) : count) * literal.type.dtype.byteWidth
    try view.require(literal.storage.byteCount >= stored, "\(literal.type) needs \(stored) bytes, has \(literal.storage.byteCount)")
    return [.tensor(literal.type)]
}

/// A constant's elements; those of a literal that is no splat stay where they are, in the program's memory.
func tensor(_ literal: Literal) throws(JaxError) -> Tensor {
    if !literal.isSplat {
        return Tensor(literal.type, storage: Storage(borrowing: literal.storage.bytes, byteCount: literal.storage.byteCount))
    }
    let result = try Tensor(literal.type)
    if result.elementCount > 0 { try dispatchWidth(literal.type.dtype, FillKernel(value: literal.storage.bytes, result: result)) }
    return result
}

/// Every element of `result` set to the one at `value`.
struct FillKernel: WidthKernel {
    let value: UnsafeMutableRawPointer
    let result: Tensor

    func run<T: BitwiseCopyable>(_ type: T.Type) {
        result.pointer(T.self).update(repeating: value.assumingMemoryBound(to: T.self).pointee, count: result.elementCount)
    }
}

private func iotaRule(_ view: OpView) throws(JaxError) -> [ValueType] {
    let type = try view.declaredTensor()
    let axis = try view.requiredInteger("iota_dimension")
    try view.requireAxes([axis], rank: type.rank, "iota_dimension")
    if view.operation.code == .dynamicIota {
        try view.requireOperands(1)
        try view.requireShapeOperand(0, rank: type.rank)
    } else {
        try view.requireOperands(0)
    }
    return [.tensor(type)]
}

private func evaluateIota(_ frame: Frame, _ operation: Operation, _ operands: inout [RuntimeValue]) throws(JaxError) -> Tensor {
    let type = try frame.resultTensorType(operation)
    let axis = operation.attributes.integer("iota_dimension") ?? 0
    if type.elementCount == 0 { return try Tensor(type) }
    let line = try Tensor(TensorType(.i64, [type.shape[axis]]))
    let numbers = line.pointer(Int64.self)
    for i in 0..<type.shape[axis] { numbers[i] = Int64(i) }
    return try broadcast(try convert(line, to: type.dtype), to: type, dimensions: [axis])
}
