// Bounds of elementwise operations: what an operation adds to the errors of its operands, and how it hands those on.
import JaxIR
import JaxOps
import JaxPlatform

extension DType {
    /// Twice the relative rounding error, the least number beside 0, and the greatest number; nil for types that kernels do not know.
    var precision: (epsilon: Double, least: Double, greatest: Double)? {
        switch self {
        case .f32: return (0x1p-23, 0x1p-149, Double(Float.greatestFiniteMagnitude))
        case .f64: return (0x1p-52, 0x1p-1074, Double.greatestFiniteMagnitude)
        case .bf16: return (0x1p-7, 0x1p-133, 0x1.fep127)
        case .f16: return (0x1p-10, 0x1p-24, 65504)
        default: return nil
        }
    }

    /// How many units of the last place two ways to compute a function may differ.
    var functionUnits: Double { self == .f64 ? 5 : self == .f32 ? 3 : 1 }
}

extension ErrorBounds {
    private static let functions: Set<OpCode> = [
        .exponential, .exponentialMinusOne, .log, .logPlusOne, .logistic, .rsqrt, .cbrt, .sine, .cosine, .tan, .tanh, .sinh, .cosh,
        .asin, .acos, .atan, .asinh, .acosh, .atanh, .erf, .erfc, .power, .atan2,
    ]
    /// Functions of one operand that rise or fall all along.
    private static let monotone: Set<OpCode> = [
        .exponential, .exponentialMinusOne, .log, .logPlusOne, .logistic, .rsqrt, .cbrt, .tanh, .sinh, .asin, .acos, .atan, .asinh,
        .acosh, .atanh, .erf, .erfc, .sqrt, .floor, .ceil, .roundNearestEven, .roundNearestAfz,
    ]

    mutating func elementwise(_ operation: Operation) throws(JaxError) -> ValueID? {
        let bound = try known(operation)
        // The total order sees a NaN's sign, which is nobody's promise, and so does who compares floats of 8 bits by their bits.
        let result = type(operation.results[0]).dtype
        let seesSigns = operation.code == .compare ? operation.parameters(CompareParameters.self).order == .total
            : operation.code == .convert && result.isFloat && result.precision == nil
        guard seesSigns, type(operation.operands[0]).dtype.precision != nil else { return bound }
        var all = bound
        for operand in operation.operands {
            let doubt = try doubt(operand)
            all = all == nil ? doubt : try emit(.maximum, [all!, doubt])
        }
        return all
    }

    private mutating func known(_ operation: Operation) throws(JaxError) -> ValueID? {
        let result = operation.results[0], dtype = type(result).dtype
        let isFunction = ErrorBounds.functions.contains(operation.code) && dtype.precision != nil
        let inexact = operation.operands.filter { bounds[$0] != nil }
        if inexact.isEmpty {
            guard isFunction else { return nil }
            return try finished(result, try rounding(result, units: dtype.functionUnits), from: nil)
        }
        let shape = type(result).shape
        var errors: [ValueID] = []
        for operand in operation.operands { errors.append(try spread(try bound(operand), shape)) }
        var total = errors[0]
        for error in errors.dropFirst() { total = try emit(.add, [total, error]) }
        guard let error = try handedOn(operation, errors) else {
            // Nothing is known of an element that depends on an error.
            var own = try constant(0, shape)
            if isFunction { own = try rounding(result, units: dtype.functionUnits) }
            return try finished(result, try emit(.select, [try isZero(total), own, try constant(.infinity, shape)]), from: total)
        }
        let units = isFunction ? dtype.functionUnits : 1
        let rounded = dtype.precision == nil ? error : try emit(.add, [error, try rounding(result, units: units)])
        // An element without errors in its operands has none but its own.
        let own = isFunction ? try rounding(result, units: units) : try constant(0, shape)
        return try finished(result, try emit(.select, [try isZero(total), own, rounded]), from: total)
    }

    /// The error of a result that comes from those of the operands; nil where it is not known.
    private mutating func handedOn(_ operation: Operation, _ e: [ValueID]) throws(JaxError) -> ValueID? {
        let x = operation.operands, shape = type(operation.results[0]).shape
        func wide(_ index: Int) throws(JaxError) -> ValueID { try spread(try self.wide(x[index]), shape) }
        func size(_ index: Int) throws(JaxError) -> ValueID { try magnitude(try wide(index)) }
        guard type(x[x.count - 1]).dtype.precision != nil else { return nil }
        switch operation.code {
        case .add, .subtract: return try emit(.add, [e[0], e[1]])
        case .negate, .abs: return e[0]
        case .maximum, .minimum: return try emit(.maximum, [e[0], e[1]])
        case .clamp: return try emit(.maximum, [try emit(.maximum, [e[0], e[1]]), e[2]])
        case .sine, .cosine: return e[0]
        case .multiply:
            let cross = try emit(.add, [try emit(.multiply, [try size(0), e[1]]), try emit(.multiply, [try size(1), e[0]])])
            return try emit(.add, [cross, try emit(.multiply, [e[0], e[1]])])
        case .divide:
            // |a'/b' - a/b| <= (|a/b| eb + ea) / (|b| - eb); where that is no positive number, nothing is known.
            let quotient = try magnitude(try self.wide(operation.results[0]))
            let above = try emit(.add, [try emit(.multiply, [quotient, e[1]]), e[0]])
            let below = try emit(.subtract, [try size(1), e[1]])
            let isPositive = try emit(.compare, [below, try constant(0, shape)], CompareParameters(.greater))
            return try emit(.select, [isPositive, try emit(.divide, [above, below]), try constant(.infinity, shape)])
        case .select:
            let chosen = try emit(.select, [x[0], e[1], e[2]])
            guard bounds[x[0]] != nil else { return chosen }
            let distance = try magnitude(try emit(.subtract, [try wide(1), try wide(2)]))
            let either = try emit(.add, [distance, try emit(.maximum, [e[1], e[2]])])
            return try emit(.select, [try isZero(e[0]), chosen, either])
        case .compare:
            let distance = try magnitude(try emit(.subtract, [try wide(0), try wide(1)]))
            let isClear = try emit(.compare, [distance, try emit(.add, [e[0], e[1]])], CompareParameters(.greater))
            return try emit(.select, [isClear, try constant(0, shape), try constant(.infinity, shape)])
        case .convert where !type(operation.results[0]).dtype.isComplex: return try ends(operation, e[0])
        case let code where ErrorBounds.monotone.contains(code): return try ends(operation, e[0])
        default: return nil
        }
    }

    /// The greater distance of a monotone function's values at both ends of the operand's range.
    private mutating func ends(_ operation: Operation, _ error: ValueID) throws(JaxError) -> ValueID {
        let x = try wide(operation.operands[0]), value = try wide(operation.results[0])
        var distances: [ValueID] = []
        for code in [OpCode.add, .subtract] {
            let moved = try emit(code, [x, error])
            let result = try emit(operation.code, [moved], operation.parameters)
            distances.append(try magnitude(try emit(.subtract, [try wide(result), value])))
        }
        return try emit(.maximum, distances)
    }

    // MARK: Parts

    /// A value as f64; the real part of a complex one.
    mutating func wide(_ value: ValueID) throws(JaxError) -> ValueID {
        type(value).dtype == .f64 ? value : try emit(.convert, [value], DTypeParameters(.f64))
    }

    mutating func magnitude(_ value: ValueID) throws(JaxError) -> ValueID { try emit(.abs, [value]) }

    /// A scalar as often as the shape has elements.
    private mutating func spread(_ value: ValueID, _ shape: [Int]) throws(JaxError) -> ValueID {
        type(value).shape == shape ? value : try emit(.broadcastInDim, [value], BroadcastParameters(shape: shape, dimensions: []))
    }

    mutating func isZero(_ value: ValueID) throws(JaxError) -> ValueID {
        try emit(.compare, [value, try constant(0, type(value).shape)], CompareParameters(.equal))
    }

    /// So many units of the last place of a value.
    mutating func rounding(_ value: ValueID, units: Double) throws(JaxError) -> ValueID {
        guard let precision = type(value).dtype.precision else { return try constant(0, type(value).shape) }
        let shape = type(value).shape
        let relative = try emit(.multiply, [try magnitude(try wide(value)), try constant(units * precision.epsilon, shape)])
        return try emit(.add, [relative, try constant(units * precision.least, shape)])
    }

    /// The bound of a value, by its error: infinity where that takes it out of its type, and where the value is no number but
    /// its operands were not all exact. NaN and infinities of exact operands are certain.
    mutating func finished(_ value: ValueID, _ error: ValueID, from operands: ValueID?) throws(JaxError) -> ValueID {
        let shape = type(value).shape, zero = try constant(0, shape), infinity = try constant(.infinity, shape)
        var bound = error
        if let precision = type(value).dtype.precision {
            let size = try magnitude(try wide(value))
            let reach = try emit(.add, [size, error])
            let isInside = try emit(.compare, [reach, try constant(0.99 * precision.greatest, shape)], CompareParameters(.less))
            let isFinite = try emit(.isFinite, [size])
            var special = zero
            if let operands { special = try emit(.select, [try isZero(operands), zero, infinity]) }
            bound = try emit(.select, [isFinite, try emit(.select, [isInside, error, infinity]), special])
        }
        return try emit(.select, [try emit(.compare, [bound, zero], CompareParameters(.greaterOrEqual)), bound, infinity])
    }
}
