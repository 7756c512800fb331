// Gather, scatter, sort, top_k and random bits.
import JaxIR
import JaxOps

extension Generator {
    func indexing() {
        guard let x = any({ $0.type.rank > 0 && $0.type.elementCount > 0 }) else { return }
        chance(55) ? gather(x) : scatter(x)
    }

    /// The geometry of a gather or a scatter over a shape: the index map's dimensions have windows of size 1 or more.
    private func windows(_ shape: [Int]) -> (dimensions: WindowDimensions, indices: PoolValue, sizes: [Int], batch: [Int]) {
        let indexed = shape.indices.filter { _ in chance(60) }
        let collapsed = indexed.filter { _ in chance(70) }
        let sizes = shape.indices.map { axis in
            collapsed.contains(axis) ? 1 : indexed.contains(axis) ? number(1...shape[axis]) : shape[axis]
        }
        let batch = (0..<number(0...2)).map { _ in number(1...6) }
        let windowCount = shape.count - collapsed.count, rank = batch.count + windowCount
        // The window's dimensions stand anywhere between those of the batch, in their order.
        let places = Array(Array(0..<rank).shuffled(using: &random).prefix(windowCount)).sorted()
        let hasVectors = indexed.count != 1 || chance(60)
        let vectorPlace = hasVectors ? random.below(batch.count + 1) : batch.count
        var indexShape = batch
        if hasVectors { indexShape.insert(indexed.count, at: vectorPlace) }
        let indices = value(TensorType(choice([.i32, .i32, .i64, .u32, .i8]), indexShape), exact: true)
        let dimensions = WindowDimensions(windowDims: places, collapsed: collapsed, indexMap: indexed.shuffled(using: &random),
                                          indexVectorDim: vectorPlace)
        return (dimensions, indices, sizes, batch)
    }

    private func gather(_ x: PoolValue) {
        let (dimensions, indices, sizes, _) = windows(x.type.shape)
        emit(.gather, [x, indices], GatherParameters(dimensions, sliceSizes: sizes))
    }

    private func scatter(_ x: PoolValue) {
        let (dimensions, indices, sizes, batch) = windows(x.type.shape)
        var shape: [Int] = [], window = x.type.shape.indices.filter { !dimensions.collapsed.contains($0) }.map { sizes[$0] }, rest = batch
        for axis in 0..<window.count + rest.count {
            shape.append(dimensions.windowDims.contains(axis) ? window.removeFirst() : rest.removeFirst())
        }
        let dtype = x.type.dtype, scalar = TensorType(dtype, [])
        let code = foldCode(dtype), replaces = chance(35)
        guard let body = replaces ? region([scalar, scalar], exact: [true, true], { [$0[1]] }) : combiner(code, dtype) else { return }
        emit(.scatter, [x, indices, value(TensorType(dtype, shape))], ScatterParameters(dimensions), regions: [body],
             isExact: replaces || !dtype.isFloat)
    }

    func sorting() {
        guard let x = any(exact: true, { $0.type.rank > 0 && !$0.type.dtype.isComplex }) else { return }
        if chance(30) {
            emit(.topK, [x], TopKParameters(number(0...x.type.shape[x.type.rank - 1]), isLargest: chance(70)))
            return
        }
        var operands = [x]
        while chance(40) && operands.count < 3 { operands.append(value(TensorType(choice(dtypes), x.type.shape), exact: true)) }
        let scalars = operands.flatMap { [TensorType($0.type.dtype, []), TensorType($0.type.dtype, [])] }
        guard let body = region(scalars, exact: scalars.map { _ in true }, { p in
            let order = CompareParameters(self.chance(50) ? .less : .greater, x.type.dtype.isFloat ? .total : .unspecified)
            return self.one(.compare, [p[0], p[1]], order).map { [$0] } ?? []
        }) else { return }
        emit(.sort, operands, SortParameters(dimension: random.below(x.type.rank)), regions: [body])
    }

    /// Bits of a generator, or a few rounds of what generators are made of.
    func randomBits() {
        if chance(60) {
            let dtype: DType = choice([.u32, .u32, .u64, .u8, .u16])
            let algorithm: RngBitGeneratorParameters.Algorithm = choice([.threefry, .philox, .normal])
            emit(.rngBitGenerator, [value(TensorType(.u64, [2]))], RngBitGeneratorParameters(algorithm, TensorType(dtype, choice(shapes))))
            return
        }
        let type = TensorType(.u32, choice(shapes))
        var x = value(type), y = value(type)
        for _ in 0..<number(1...4) {
            let distance = number(1...31)
            guard let left = splat(Double(distance), type), let right = splat(Double(32 - distance), type),
                  let sum = one(.add, [x, y]), let high = one(.shiftLeft, [y, left]), let low = one(.shiftRightLogical, [y, right]),
                  let turned = one(.or, [high, low]), let mixed = one(.xor, [turned, sum]) else { return }
            (x, y) = (sum, mixed)
        }
    }

    func splat(_ number: Double, _ type: TensorType) -> PoolValue? {
        constant(number, type.dtype).flatMap { one(.broadcastInDim, [$0], BroadcastParameters(shape: type.shape, dimensions: [])) }
    }
}
