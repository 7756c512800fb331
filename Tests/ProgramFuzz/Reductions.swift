// Reductions, windows and what is made of them: sums, extremes, argmax, cumulative sums, gradients of pooling.
import JaxIR
import JaxOps

extension Generator {
    /// A region of one operation over two scalars; nil where the type does not have it.
    func combiner(_ code: OpCode, _ dtype: DType) -> Region? {
        let scalar = TensorType(dtype, [])
        return region([scalar, scalar], exact: [true, true]) { x in self.one(code, chance(50) ? x : x.reversed()).map { [$0] } ?? [x[0]] }
    }

    func foldCode(_ dtype: DType) -> OpCode {
        switch dtype.kind {
        case .boolean: return choice([.and, .or, .xor])
        case .float: return choice([.add, .add, .add, .maximum, .minimum, .multiply])
        case .complex: return choice([.add, .multiply])
        default: return choice([.add, .add, .maximum, .minimum, .multiply, .and, .or, .xor])
        }
    }

    func reduction() {
        guard let x = any() else { return }
        let axes = x.type.shape.indices.filter { _ in chance(50) }.shuffled(using: &random)
        switch random.below(10) {
        case 0, 1: argumentOfExtreme(x, axes)
        case 2: pair(x, axes)
        default:
            let code = foldCode(x.type.dtype)
            guard let body = combiner(code, x.type.dtype) else { return }
            let isSum = x.type.dtype.isFloat && [.add, .multiply].contains(code)
            emit(.reduce, [x, value(TensorType(x.type.dtype, []))], DimensionsParameters(axes), regions: [body], isExact: !isSum)
        }
    }

    /// Two reductions of one operation: the least and the greatest, or a sum beside another value.
    private func pair(_ x: PoolValue, _ axes: [Int]) {
        let y = value(TensorType(choice(dtypes), x.type.shape))
        let first = foldCode(x.type.dtype), second = foldCode(y.type.dtype)
        let scalars = [x, y, x, y].map { TensorType($0.type.dtype, []) }
        guard let a = neutral(first, x.type.dtype), let b = neutral(second, y.type.dtype),
              let body = region(scalars, exact: [true, true, true, true], { p in
                  guard let s = self.one(first, [p[0], p[2]]), let t = self.one(second, [p[1], p[3]]) else { return [] }
                  return [s, t]
              }) else { return }
        emit(.reduce, [x, y, a, b], DimensionsParameters(axes), regions: [body], isExact: !x.type.dtype.isFloat && !y.type.dtype.isFloat)
    }

    /// What changes nothing: regions of several operations may be given it any number of times.
    private func neutral(_ code: OpCode, _ dtype: DType) -> PoolValue? {
        let bits = dtype.bitWidth
        switch code {
        case .add, .or, .xor: return constant(0, dtype)
        case .multiply: return constant(1, dtype)
        case .and:
            guard dtype != .i1, let zero = constant(0, dtype) else { return constant(1, dtype) }
            return one(.not, [zero])
        case .maximum, .minimum:
            let isLeast = code == .maximum
            if dtype.isFloat { return constant(isLeast ? -.infinity : .infinity, dtype) }
            if dtype.kind == .unsigned { return isLeast ? constant(0, dtype) : constant(0, dtype).flatMap { one(.not, [$0]) } }
            guard let least = constant(-Double(sign: .plus, exponent: bits - 1, significand: 1), dtype) else { return nil }
            return isLeast ? least : one(.not, [least])
        default: return nil
        }
    }

    /// The extreme value and its index, of equal ones the first, as JAX has it.
    private func argumentOfExtreme(_ operand: PoolValue, _ axes: [Int]) {
        guard let x = any(exact: true, { $0.type.rank > 0 && !$0.type.dtype.isComplex && $0.type.dtype != .i1 }) else { return }
        let isMaximum = chance(50), axis = random.below(x.type.rank), index = TensorType(.i32, [])
        let scalar = TensorType(x.type.dtype, [])
        guard let places = one(.iota, [], IotaParameters(TensorType(.i32, x.type.shape), dimension: axis)),
              let start = neutral(isMaximum ? .maximum : .minimum, x.type.dtype), let zero = constant(0, .i32),
              let body = region([scalar, index, scalar, index], exact: [true, true, true, true], { p in
                  guard let isBeyond = self.one(.compare, [p[0], p[2]], CompareParameters(isMaximum ? .greater : .less)),
                        let isNaN = self.one(.compare, [p[0], p[0]], CompareParameters(.notEqual)),
                        let isEqual = self.one(.compare, [p[0], p[2]], CompareParameters(.equal)),
                        let isBefore = self.one(.compare, [p[1], p[3]], CompareParameters(.less)),
                        let isTaken = self.one(.or, [isBeyond, isNaN]), let isFirst = self.one(.and, [isEqual, isBefore]),
                        let takesIndex = self.one(.or, [isTaken, isFirst]),
                        let value = self.one(.select, [isTaken, p[0], p[2]]),
                        let place = self.one(.select, [takesIndex, p[1], p[3]]) else { return [] }
                  return [value, place]
              }) else { return }
        emit(.reduce, [x, places, start, zero], DimensionsParameters([axis]), regions: [body])
    }

    func window() {
        guard let x = any({ $0.type.rank > 0 && $0.type.elementCount <= 1500 }) else { return }
        let code = foldCode(x.type.dtype), shape = x.type.shape
        guard let body = combiner(code, x.type.dtype) else { return }
        let isSum = x.type.dtype.isFloat && [.add, .multiply].contains(code)
        let parameters: ReduceWindowParameters
        if chance(35) {
            // Each element with all before it, or behind it.
            let axis = random.below(shape.count), size = max(1, shape[axis]), isReverse = chance(40)
            var dimensions = shape.map { _ in 1 }, padding = [Int](repeating: 0, count: 2 * shape.count)
            dimensions[axis] = size
            padding[2 * axis + (isReverse ? 1 : 0)] = size - 1
            parameters = ReduceWindowParameters(dimensions: dimensions, padding: padding)
        } else {
            parameters = ReduceWindowParameters(
                dimensions: shape.map { _ in number(1...3) }, strides: shape.map { _ in chance(60) ? 1 : number(1...3) },
                baseDilations: shape.map { _ in chance(85) ? 1 : 2 }, windowDilations: shape.map { _ in chance(85) ? 1 : 2 },
                padding: shape.flatMap { _ in [chance(60) ? 0 : number(-1...2), chance(60) ? 0 : number(-1...2)] })
        }
        if chance(15), poolingGradient(x, parameters) { return }
        emit(.reduceWindow, [x, value(TensorType(x.type.dtype, []))], parameters, regions: [body], isExact: !isSum)
    }

    private func poolingGradient(_ x: PoolValue, _ window: ReduceWindowParameters) -> Bool {
        guard x.type.dtype.isFloat || x.type.dtype.isInteger, let add = combiner(.add, x.type.dtype) else { return false }
        let scalar = TensorType(x.type.dtype, [])
        let plain = ReduceWindowParameters(dimensions: window.dimensions, strides: window.strides, padding: window.padding)
        guard let sum = one(.reduceWindow, [x, value(scalar)], plain, regions: [add], isExact: false),
              let select = region([scalar, scalar], exact: [true, true], { p in
                  self.one(.compare, p, CompareParameters(.greaterOrEqual)).map { [$0] } ?? []
              }), let scatter = combiner(.add, x.type.dtype) else { return false }
        let source = value(TensorType(x.type.dtype, sum.type.shape), exact: true)
        return emit(.selectAndScatter, [x, source, value(scalar)],
                    SelectAndScatterParameters(dimensions: plain.dimensions, strides: plain.strides, padding: plain.padding),
                    regions: [select, scatter], isExact: !x.type.dtype.isFloat) != nil
    }
}
