// Operations that move elements: broadcasts, reshapes, slices, padding, concatenation.
import JaxIR
import JaxOps

extension Generator {
    func movement() {
        guard let x = any() else { return }
        let shape = x.type.shape, rank = shape.count
        switch random.below(11) {
        case 0: broadcast(x)
        case 1: emit(.transpose, [x], TransposeParameters(shape.indices.shuffled(using: &random)))
        case 2: emit(.reshape, [x], ReshapeParameters(reshaped(shape)))
        case 3: emit(.reverse, [x], DimensionsParameters(shape.indices.filter { _ in chance(50) }))
        case 4, 5: slice(x)
        case 6: dynamicSlice(x)
        case 7: dynamicUpdate(x)
        case 8: pad(x)
        case 9: if rank > 0 { concatenate(x) }
        default: emit(.iota, [], IotaParameters(TensorType(choice(dtypes), shape), dimension: random.below(rank)))
        }
    }

    private func broadcast(_ x: PoolValue) {
        var shape: [Int] = [], dimensions: [Int] = []
        for size in x.type.shape {
            if chance(30) { shape.append(number(1...9)) }
            dimensions.append(shape.count)
            shape.append(size == 1 && chance(60) ? number(1...20) : size)
        }
        if chance(30) { shape.append(number(1...9)) }
        emit(.broadcastInDim, [x], BroadcastParameters(shape: shape, dimensions: dimensions))
    }

    /// Neighbouring dimensions joined, or one split.
    private func reshaped(_ shape: [Int]) -> [Int] {
        let count = shape.reduce(1, *)
        if shape.isEmpty || chance(25) { return chance(50) ? [count] : [1] + shape }
        var sizes = shape
        let axis = random.below(sizes.count)
        if axis + 1 < sizes.count && chance(50) {
            sizes[axis] *= sizes.remove(at: axis + 1)
        } else if let factor = [2, 3, 4, 5, 8].filter({ sizes[axis] > 0 && sizes[axis] % $0 == 0 }).first {
            sizes[axis] /= factor
            sizes.insert(factor, at: chance(50) ? axis : axis + 1)
        }
        return sizes
    }

    private func slice(_ x: PoolValue) {
        let starts = x.type.shape.map { chance(40) ? 0 : random.below($0 + 1) }
        let limits = zip(starts, x.type.shape).map { start, size in chance(40) ? size : number(start...size) }
        emit(.slice, [x], SliceParameters(starts: starts, limits: limits, strides: starts.map { _ in chance(70) ? 1 : number(1...4) }))
    }

    /// Scalars of one type that say where a slice starts, in bounds or out.
    private func starts(_ rank: Int) -> [PoolValue] {
        let dtype: DType = choice([.i32, .i32, .i32, .i64, .u32, .u8, .i8])
        return (0..<rank).map { _ in value(TensorType(dtype, []), exact: true) }
    }

    private func dynamicSlice(_ x: PoolValue) {
        let sizes = x.type.shape.map { chance(30) ? $0 : number(min(1, $0)...$0) }
        emit(.dynamicSlice, [x] + starts(x.type.rank), SliceSizesParameters(sizes))
    }

    private func dynamicUpdate(_ x: PoolValue) {
        let sizes = x.type.shape.map { chance(30) ? $0 : number(min(1, $0)...$0) }
        emit(.dynamicUpdateSlice, [x, value(TensorType(x.type.dtype, sizes))] + starts(x.type.rank))
    }

    private func pad(_ x: PoolValue) {
        let low = x.type.shape.map { _ in chance(40) ? 0 : number(-2...4) }
        let high = x.type.shape.map { _ in chance(40) ? 0 : number(-2...4) }
        let interior = x.type.shape.map { _ in chance(75) ? 0 : number(1...2) }
        emit(.pad, [x, value(TensorType(x.type.dtype, []))], PadParameters(low: low, high: high, interior: interior))
    }

    private func concatenate(_ x: PoolValue) {
        let axis = random.below(x.type.rank)
        var parts = [x]
        for _ in 0...random.below(3) {
            var shape = x.type.shape
            if chance(50) { shape[axis] = number(0...9) }
            parts.append(value(TensorType(x.type.dtype, shape)))
        }
        emit(.concatenate, parts.shuffled(using: &random), DimensionParameters(axis))
    }
}
