// Batching of the generators: row after row, so that each gives the bits of its own state.
import JaxIR
import JaxPlatform

func batchedRngBitGenerator(_ b: Builder, _ operation: Operation, _ operands: BatchedOperands) throws(JaxError) -> [ValueID]? {
    let state = operands.values[0], type = try b.tensorType(state)
    let row = ValueType.tensor(TensorType(type.dtype, Array(type.shape.dropFirst())))
    let body = try b.region([row]) { (b, p) throws(JaxError) in try b.emit(.rngBitGenerator, p, operation.parameters) }
    return try b.emit(.scan, [state], ScanParameters(length: operands.size, carryCount: 0), regions: [body])
}

/// Numbers between 0 and 1, or of the standard normal distribution, brought to the bounds, or to mean and deviation, of each row.
func batchedRng(_ b: Builder, _ operation: Operation, _ operands: BatchedOperands) throws(JaxError) -> [ValueID]? {
    let p = operation.parameters(RngParameters.self), dtype = try b.tensorType(operands.values[0]).dtype
    guard dtype.isFloat, !operands.isBatched[2] else {
        throw JaxError(.notImplemented, "Batching rule for 'rng_uniform' of \(dtype.name) not implemented")
    }
    let shape = [operands.size] + p.shape, scalar = TensorType(dtype, [])
    var sizes: [ValueID] = []
    for size in shape { sizes.append(try b.constant(Double(size), TensorType(.i64, [1]))) }
    let numbers = try b.one(.rng, [try b.constant(0, scalar), try b.constant(1, scalar), try b.concatenate(sizes, axis: 0)],
                            RngParameters(p.distribution, shape: shape))
    let first = try b.broadcast(try operands.batched(0), to: shape, dimensions: [0])
    let second = try b.broadcast(try operands.batched(1), to: shape, dimensions: [0])
    let scale = p.distribution == .uniform ? try b.subtract(second, first) : second
    return [try b.add(first, try b.multiply(numbers, scale))]
}
