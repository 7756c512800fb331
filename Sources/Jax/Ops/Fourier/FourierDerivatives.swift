// Transposes and batching of fft. A transform of complex numbers is a symmetric matrix. Of a real one, half of the spectrum is left, each
// element but the first and, for even lengths, the last of which counts for two (jax/_src/lax/fft.py has the same conventions).
import JaxIR
import JaxPlatform

func transposedFourier(_ b: Builder, _ operation: Operation, _ cotangent: ValueID) throws(JaxError) -> ValueID {
    let parameters = operation.parameters(FourierParameters.self), lengths = parameters.lengths
    let count = Double(lengths.reduce(1, *))
    func halves(_ a: ValueID, like spectrum: ValueID, _ apply: (ValueID, ValueID) throws(JaxError) -> ValueID) throws(JaxError) -> ValueID {
        let type = try b.tensorType(spectrum), kept = type.shape.last!, places = TensorType(.i32, [kept])
        let place = try b.iota(places, dimension: 0)
        var isSingle = try b.compare(.equal, place, try b.constant(0, places))
        if lengths[lengths.count - 1] % 2 == 0 {
            isSingle = try b.one(.or, [isSingle, try b.compare(.equal, place, try b.constant(Double(kept - 1), places))])
        }
        let row = TensorType(type.dtype, [kept])
        let weights = try b.select(isSingle, try b.constant(1, row), try b.constant(2, row))
        return try apply(a, try b.broadcast(weights, to: type.shape, dimensions: [type.rank - 1]))
    }
    switch parameters.kind {
    case .forward, .inverse: return try b.one(.fft, [cotangent], parameters)
    case .realForward:
        let weighted = try halves(try b.conjugate(cotangent), like: cotangent) { (a, weights) throws(JaxError) in try b.divide(a, weights) }
        return try b.scale(try b.one(.fft, [weighted], FourierParameters(.realInverse, lengths: lengths)), by: count)
    case .realInverse:
        let spectrum = try b.one(.fft, [cotangent], FourierParameters(.realForward, lengths: lengths))
        let weighted = try halves(spectrum, like: spectrum) { (a, weights) throws(JaxError) in try b.multiply(a, weights) }
        return try b.conjugate(try b.scale(weighted, by: 1 / count))
    }
}

/// The transformed dimensions are the last ones.
func batchedFourier(_ b: Builder, _ operation: Operation, _ operands: [ValueID], _ batched: [Bool],
                    _ size: Int) throws(JaxError) -> (results: [ValueID], batched: [Bool]) {
    ([try b.one(.fft, operands, operation.parameters)], [true])
}
