// Bounds of what adds up or multiplies many elements, in an order that is the executor's choice: reductions, windows, contractions.
import JaxIR
import JaxOps
import JaxPlatform

extension ErrorBounds {
    /// The bounds of a reduction, a window or a contraction; nil for other operations, and for those whose results are exact or
    /// undetermined as a whole.
    mutating func sums(_ operation: Operation) throws(JaxError) -> [ValueID?]? {
        switch operation.code {
        case .reduce, .reduceWindow: return try fold(operation)
        case .dotGeneral, .convolution: return [try contraction(operation)]
        default: return nil
        }
    }

    /// The operation by which a region folds component `index`, where that is one.
    private func foldCode(_ region: Region, _ index: Int) -> OpCode? {
        let count = region.results.count
        guard let operation = region.operations.first(where: { $0.results == [region.results[index]] }),
              Set(operation.operands) == [region.parameters[index], region.parameters[count + index]],
              operation.operands.count == 2 else { return nil }
        return operation.code
    }

    /// A value's finite elements as f64; what is not finite counts as `other`.
    private mutating func finite(_ value: ValueID, else other: Double = 0) throws(JaxError) -> ValueID {
        let size = try magnitude(try wide(value)), shape = type(value).shape
        return try emit(.select, [try emit(.isFinite, [size]), size, try constant(other, shape)])
    }

    /// The same operation over other operands, folded by another code.
    private mutating func again(_ operation: Operation, _ code: OpCode, _ x: ValueID, _ initial: ValueID) throws(JaxError) -> ValueID {
        try emit(operation.code, [x, initial], operation.parameters, regions: [try combiner(code)])
    }

    private mutating func fold(_ operation: Operation) throws(JaxError) -> [ValueID?] {
        let count = operation.results.count, region = operation.regions[0]
        let isSingle = (0..<count).allSatisfy { foldCode(region, $0) != nil }
        if !isSingle { return try chosen(operation) }
        var all: [ValueID?] = []
        for index in 0..<count {
            let x = operation.operands[index], initial = operation.operands[count + index], result = operation.results[index]
            let code = foldCode(region, index)!
            let isFloat = type(x).dtype.precision != nil
            let hasError = bounds[x] != nil || bounds[initial] != nil
            if [.maximum, .minimum].contains(code) && isFloat && hasError {
                let most = try again(operation, .maximum, try bound(x), try bound(initial))
                all.append(try finished(result, most, from: most))
            } else if code == .add && isFloat {
                all.append(try sum(operation, x, initial, result))
            } else {
                let isProduct = code == .multiply && isFloat
                let own = isProduct ? try product(operation, x, initial, result) : nil
                all.append(hasError ? try ifExact(operation, x, initial, own, type(result).shape) : own)
            }
        }
        return all
    }

    /// A bound where what is folded has no errors; nothing is known elsewhere.
    private mutating func ifExact(_ operation: Operation, _ x: ValueID, _ initial: ValueID, _ own: ValueID?,
                                  _ shape: [Int]) throws(JaxError) -> ValueID {
        let most = try again(operation, .maximum, try bound(x), try bound(initial)), none = try constant(0, shape)
        return try emit(.select, [try isZero(most), own ?? none, try constant(.infinity, shape)])
    }

    /// How many elements may come together in one of a fold's results.
    private func depth(_ operation: Operation) -> Double {
        if operation.code == .reduceWindow {
            return 2 * Double(operation.parameters(ReduceWindowParameters.self).dimensions.reduce(1, *)) + 4
        }
        let shape = type(operation.operands[0]).shape
        return Double(operation.parameters(DimensionsParameters.self).dimensions.map { shape[$0] }.reduce(1, *)) + 2
    }

    private mutating func sum(_ operation: Operation, _ x: ValueID, _ initial: ValueID, _ result: ValueID) throws(JaxError) -> ValueID {
        let total = try again(operation, .add, try finite(x), try finite(initial))
        let errors = try again(operation, .add, try bound(x), try bound(initial))
        return try summed(result, total, errors, terms: depth(operation), type(result).dtype, least: 0)
    }

    /// The bound of a sum whose terms' magnitudes come to `total` and their errors to `errors`, added up in `dtype`. `least`: of how
    /// many terms the last bits may be lost below the least number.
    private mutating func summed(_ result: ValueID, _ total: ValueID, _ errors: ValueID, terms: Double, _ dtype: DType,
                                 least: Double) throws(JaxError) -> ValueID {
        guard let precision = dtype.precision else { return errors }
        let shape = type(result).shape
        let relative = try emit(.multiply, [total, try constant(terms * precision.epsilon, shape)])
        let reordered = try emit(.add, [relative, try constant(least * precision.least, shape)])
        let isInside = try emit(.compare, [total, try constant(precision.greatest / 2, shape)], CompareParameters(.less))
        let own = try emit(.select, [isInside, reordered, try constant(.infinity, shape)])
        let bound = try finished(result, try emit(.add, [own, errors]), from: errors)
        // Partial sums that leave the type may make an infinity of a number, or NaN of two.
        return try emit(.maximum, [bound, try emit(.select, [isInside, try constant(0, shape), try constant(.infinity, shape)])])
    }

    /// A product whose partial ones, in whatever order, stay within the type's normal numbers.
    private mutating func product(_ operation: Operation, _ x: ValueID, _ initial: ValueID, _ result: ValueID) throws(JaxError) -> ValueID {
        guard let precision = type(result).dtype.precision else { return try bound(result) }
        func part(_ value: ValueID, _ code: OpCode) throws(JaxError) -> ValueID {
            let shape = type(value).shape, size = try finite(value, else: 1), one = try constant(1, shape)
            return try emit(code, [try emit(.select, [try isZero(size), one, size]), one])
        }
        let shape = type(result).shape
        let large = try again(operation, .multiply, try part(x, .maximum), try part(initial, .maximum))
        let small = try again(operation, .multiply, try part(x, .minimum), try part(initial, .minimum))
        let fits = try emit(.compare, [large, try constant(precision.greatest / 2, shape)], CompareParameters(.less))
        let stays = try emit(.compare, [small, try constant(precision.least / precision.epsilon * 4, shape)], CompareParameters(.greater))
        let isCertain = try emit(.and, [fits, stays])
        let error = try rounding(result, units: depth(operation))
        let bound = try finished(result, error, from: nil)
        return try emit(.select, [isCertain, bound, try constant(.infinity, shape)])
    }

    /// Regions that choose among their operands: exact where the operands are. Of several NaNs any may be chosen first.
    private mutating func chosen(_ operation: Operation) throws(JaxError) -> [ValueID?] {
        let operand = operation.operands[0]
        return try undetermined(operation, unless: type(operand).dtype.precision != nil ? [operand] : [])
    }

    // MARK: Contractions

    private mutating func contraction(_ operation: Operation) throws(JaxError) -> ValueID? {
        let a = operation.operands[0], b = operation.operands[1], result = operation.results[0], dtype = type(result).dtype
        guard dtype.precision != nil, type(a).dtype.precision != nil || type(a).dtype.isInteger,
              type(b).dtype.precision != nil || type(b).dtype.isInteger else {
            return bounds[a] == nil && bounds[b] == nil ? nil : try constant(.infinity, type(result).shape)
        }
        let parameters: Parameters, terms: Int
        if operation.code == .dotGeneral {
            let dimensions = operation.parameters(DotParameters.self).dimensions
            parameters = DotParameters(dimensions, .f64)
            terms = dimensions.lhsContracting.map { type(a).shape[$0] }.reduce(1, *)
        } else {
            let original = operation.parameters(ConvolutionParameters.self), wide = original.copy()
            wide.dtype = .f64
            parameters = wide
            let kernel = type(b).shape
            terms = original.kernelSpatial.map { kernel[$0] }.reduce(kernel[original.kernelInput], *)
        }
        let total = try emit(operation.code, [try finite(a), try finite(b)], parameters)
        var errors = try constant(0, type(result).shape)
        if bounds[a] != nil || bounds[b] != nil {
            // Something that is no number counts as a huge one, whose product with an error is out of bounds.
            let x = try finite(a, else: 0x1p1000), y = try finite(b, else: 0x1p1000), ea = try bound(a), eb = try bound(b)
            let left = try emit(operation.code, [ea, try emit(.add, [y, eb])], parameters)
            errors = try emit(.add, [left, try emit(operation.code, [x, eb], parameters)])
        }
        // Sums are kept in f32 at least and rounded once.
        let kept: DType = dtype == .f64 ? .f64 : .f32
        var bound = try summed(result, total, errors, terms: Double(terms) + 2, kept, least: Double(terms))
        if operation.code == .convolution {
            // Whether what is not finite meets the zeros of padding and dilation, which makes NaN of it, is the executor's choice.
            for operand in [a, b] {
                let shape = type(operand).shape, isFinite = try emit(.isFinite, [try wide(operand)])
                let doubt = try emit(.select, [isFinite, try constant(0, shape), try constant(.infinity, shape)])
                let most = try reduce(.maximum, doubt, axes: Array(shape.indices))
                let all = try emit(.broadcastInDim, [most], BroadcastParameters(shape: type(result).shape, dimensions: []))
                bound = try emit(.maximum, [bound, all])
            }
        }
        if dtype == kept { return bound }
        let rounded = try finished(result, try emit(.add, [bound, try rounding(result, units: 1)]), from: errors)
        return try emit(.maximum, [bound, rounded])
    }
}
