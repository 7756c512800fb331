// The bits of jax.random: Threefry-2x32 counters under keys of two words (Salmon et al., SC 2011), laid out as JAX lays them out by
// default (jax_threefry_partitionable). What is made of bits is Python (frozen/jax/random.py).
import JaxIR
import JaxOps
import JaxPlatform

/// Twenty rounds of Threefry-2x32 as operations on words of one shape.
private struct ThreefryRounds {
    let builder: Builder
    let shape: [Int]

    private func word(_ value: UInt32) throws(JaxError) -> ValueID { try builder.constant(Double(value), TensorType(.u32, shape)) }

    private func rotated(_ x: ValueID, by count: UInt32) throws(JaxError) -> ValueID {
        try builder.one(.or, [try builder.one(.shiftLeft, [x, try word(count)]), try builder.one(.shiftRightLogical, [x, try word(32 - count)])])
    }

    func encrypt(_ key: (ValueID, ValueID), _ counter: (ValueID, ValueID)) throws(JaxError) -> (ValueID, ValueID) {
        let parity = try builder.one(.xor, [try builder.one(.xor, [key.0, key.1]), try word(0x1bd1_1bda)])
        let keys = [key.0, key.1, parity]
        let rotations: [[UInt32]] = [[13, 15, 26, 6], [17, 29, 16, 24]]
        var x = try builder.add(counter.0, keys[0]), y = try builder.add(counter.1, keys[1])
        for group in 0..<5 {
            for rotation in rotations[group % 2] {
                x = try builder.add(x, y)
                y = try builder.one(.xor, [x, try rotated(y, by: rotation)])
            }
            x = try builder.add(x, keys[(group + 1) % 3])
            y = try builder.add(try builder.add(y, keys[(group + 2) % 3]), try word(UInt32(group + 1)))
        }
        return (x, y)
    }
}

/// The two words of a key, spread over `shape`.
private func keyWords(_ builder: Builder, _ key: ValueID, _ shape: [Int]) throws(JaxError) -> (ValueID, ValueID) {
    var words: [ValueID] = []
    for index in 0..<2 {
        let part = try builder.one(.slice, [key], SliceParameters(starts: [index], limits: [index + 1], strides: [1]))
        words.append(try builder.broadcast(try builder.reshape(part, []), to: shape, dimensions: []))
    }
    return (words[0], words[1])
}

private func key(_ call: Call) throws(JaxError) -> Handle {
    let key = try operand(call[0], call.functionName)
    guard key.shape == [2], key.dtype == .u32 else {
        throw JaxError(.typeError, "a key must be an array of two uint32, got \(typeText(key.handle.type))")
    }
    return key.handle
}

/// Both words for each place of `shape`, counted from 0.
private func bits(_ key: Handle, _ shape: [Int]) throws(JaxError) -> (Handle, Handle) {
    guard let count = TensorType(.u32, shape).checkedElementCount, count <= Int(UInt32.max) else {
        throw JaxError(.valueError, "random bits for an array of shape \(shapeText(shape))")
    }
    let results = try Lax.run([key]) { builder, values throws(JaxError) in
        let places = try builder.reshape(try builder.iota(TensorType(.u32, [count]), dimension: 0), shape)
        let rounds = ThreefryRounds(builder: builder, shape: shape)
        let (x, y) = try rounds.encrypt(try keyWords(builder, values[0], shape), (try builder.constant(0, TensorType(.u32, shape)), places))
        return [x, y]
    }
    return (results[0], results[1])
}

func randomModule() -> NativeModule {
    NativeModule(name: "jax.random", functions: [
        // A uint32 for each element of the shape.
        NativeFunction("_bits", "key shape") { call throws(JaxError) in
            let (x, y) = try bits(try key(call), try call[1].asShape())
            return .array(try Lax.binary(.xor, x, y))
        },
        // Keys in an array of the shape, their words in a last dimension.
        NativeFunction("_split", "key shape") { call throws(JaxError) in
            let shape = try call[1].asShape(), (x, y) = try bits(try key(call), shape)
            return .array(try Lax.concatenate([try Lax.reshape(x, shape + [1]), try Lax.reshape(y, shape + [1])], axis: shape.count))
        },
        NativeFunction("_fold_in", "key data") { call throws(JaxError) in
            let data = try operand(call[1], "fold_in", 1)
            guard data.shape.isEmpty, data.dtype.isInteger else {
                throw JaxError(.typeError, "fold_in accepts a single integer, got \(typeText(data.handle.type))")
            }
            return .array(try Lax.run([try key(call), try Lax.convert(data.handle, to: .u32)]) { builder, values throws(JaxError) in
                let rounds = ThreefryRounds(builder: builder, shape: [])
                let (x, y) = try rounds.encrypt(try keyWords(builder, values[0], []), (try builder.constant(0, TensorType(.u32, [])), values[1]))
                return [try builder.one(.concatenate, [try builder.reshape(x, [1]), try builder.reshape(y, [1])], DimensionParameters(0))]
            }[0])
        },
    ])
}
