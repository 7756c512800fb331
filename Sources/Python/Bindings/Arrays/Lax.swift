// The operations that functions of the prompt are made of, and the one place where it is decided what becomes of them: recorded, where
// the call belongs to a trace; otherwise each is a program of one operation, built, checked and executed.
import JaxIR
import JaxOps
import JaxPlatform

enum Lax {
    /// What `body` builds of the operands: recorded or evaluated.
    static func run(_ operands: [Handle], _ body: (Builder, [ValueID]) throws(JaxError) -> [ValueID]) throws(JaxError) -> [Handle] {
        if let staging = Staging.current { return try staging.record(operands, body) }
        return try evaluate(operands, body)
    }

    private static func evaluate(_ operands: [Handle], _ body: (Builder, [ValueID]) throws(JaxError) -> [ValueID]) throws(JaxError) -> [Handle] {
        let builder = Builder(Function(name: "main"))
        let parameters = operands.map { builder.parameter(.tensor($0.type)) }
        builder.finish(try body(builder, parameters))
        let module = Module()
        try module.add(builder.function)
        var values: [RuntimeValue] = []
        for operand in operands { values.append(.tensor(try operand.elements().borrowed())) }
        var results: [Handle] = []
        for value in try EvaluationPlan(module).call(builder.function, values) { results.append(Handle(try value.asTensor().owned())) }
        return results
    }

    /// An operation with one result.
    static func apply(_ code: OpCode, _ operands: [Handle], _ parameters: Parameters = .none) throws(JaxError) -> Handle {
        try run(operands) { builder, values throws(JaxError) in [try builder.one(code, values, parameters)] }[0]
    }

    static func unary(_ code: OpCode, _ a: Handle) throws(JaxError) -> Handle { try apply(code, [a]) }

    static func binary(_ code: OpCode, _ a: Handle, _ b: Handle) throws(JaxError) -> Handle { try apply(code, [a, b]) }

    static func convert(_ a: Handle, to dtype: DType) throws(JaxError) -> Handle {
        if a.dtype == dtype { return a }
        // A scalar that is known is a constant of the program, in the type that is wanted.
        if a.isConcrete && a.shape.isEmpty {
            return try evaluate([a]) { builder, values throws(JaxError) in [try builder.one(.convert, values, DTypeParameters(dtype))] }[0]
        }
        return try apply(.convert, [a], DTypeParameters(dtype))
    }

    /// `direction` is one of EQ, NE, LT, LE, GT, GE.
    static func compare(_ direction: String, _ a: Handle, _ b: Handle) throws(JaxError) -> Handle {
        guard let direction = Comparison.Direction(rawValue: direction) else {
            throw JaxError(.internalError, "no comparison is called \(direction)")
        }
        return try apply(.compare, [a, b], CompareParameters(direction))
    }

    static func select(_ condition: Handle, _ a: Handle, _ b: Handle) throws(JaxError) -> Handle {
        try apply(.select, [condition, a, b])
    }

    /// The same elements in another shape of the same size.
    static func reshape(_ a: Handle, _ shape: [Int]) throws(JaxError) -> Handle {
        if a.shape == shape { return a }
        if Staging.current == nil { return Handle(Tensor(TensorType(a.dtype, shape), storage: try a.elements().storage)) }
        return try apply(.reshape, [a], ReshapeParameters(shape))
    }

    /// `a`'s dimensions become those of the result that `dimensions` lists; sizes of 1 are repeated.
    static func broadcast(_ a: Handle, to shape: [Int], dimensions: [Int]) throws(JaxError) -> Handle {
        if a.shape == shape { return a }
        return try apply(.broadcastInDim, [a], BroadcastParameters(shape: shape, dimensions: dimensions))
    }

    /// NumPy's broadcasting: `a`'s dimensions are the last ones.
    static func broadcast(_ a: Handle, to shape: [Int]) throws(JaxError) -> Handle {
        try broadcast(a, to: shape, dimensions: Array((shape.count - a.shape.count)..<shape.count))
    }

    static func transpose(_ a: Handle, _ permutation: [Int]) throws(JaxError) -> Handle {
        try apply(.transpose, [a], TransposeParameters(permutation))
    }

    static func slice(_ a: Handle, starts: [Int], limits: [Int], strides: [Int]) throws(JaxError) -> Handle {
        try apply(.slice, [a], SliceParameters(starts: starts, limits: limits, strides: strides))
    }

    static func reverse(_ a: Handle, _ axes: [Int]) throws(JaxError) -> Handle { try apply(.reverse, [a], DimensionsParameters(axes)) }

    static func concatenate(_ parts: [Handle], axis: Int) throws(JaxError) -> Handle {
        try apply(.concatenate, parts, DimensionParameters(axis))
    }

    static func iota(_ dtype: DType, _ shape: [Int], axis: Int) throws(JaxError) -> Handle {
        try apply(.iota, [], IotaParameters(TensorType(dtype, shape), dimension: axis))
    }

    /// Folds `axes` with `code`, from `initial`.
    static func reduce(_ code: OpCode, _ a: Handle, initial: Number, axes: [Int]) throws(JaxError) -> Handle {
        try run([a, try scalar(initial, a.dtype)]) { builder, values throws(JaxError) in
            [try builder.reduce(code, values[0], values[1], axes: axes)]
        }[0]
    }

    static func scalar(_ number: Number, _ dtype: DType) throws(JaxError) -> Handle {
        if dtype.isFloat && dtype.bitWidth < 16 { return try convert(try scalar(number, .f32), to: dtype) }
        let tensor = try Tensor(TensorType(dtype, []))
        setElement(tensor, 0, number)
        return Handle(tensor)
    }

    static func full(_ shape: [Int], _ number: Number, _ dtype: DType) throws(JaxError) -> Handle {
        try broadcast(try scalar(number, dtype), to: shape, dimensions: [])
    }

    /// Contraction of `a`'s and `b`'s dimensions, `batch` ones first in the result.
    static func dotGeneral(_ a: Handle, _ b: Handle, contracting: ([Int], [Int]),
                           batch: ([Int], [Int]) = ([], [])) throws(JaxError) -> Handle {
        try apply(.dotGeneral, [a, b], DotParameters(
            DotDimensions(lhsBatching: batch.0, rhsBatching: batch.1, lhsContracting: contracting.0, rhsContracting: contracting.1),
            a.dtype))
    }

    /// Elements of `a` along its first axis, at integer `indices` (clamped): shape `indices.shape + a.shape[1…]`.
    static func take(_ a: Handle, _ indices: Handle) throws(JaxError) -> Handle {
        let rank = indices.shape.count
        var sizes = a.shape
        sizes[0] = 1
        let dimensions = WindowDimensions(windowDims: Array(rank..<(rank + a.shape.count - 1)),
                                          collapsed: [0], indexMap: [0], indexVectorDim: rank)
        return try apply(.gather, [a, try reshape(indices, indices.shape + [1])], GatherParameters(dimensions, sliceSizes: sizes))
    }
}

extension Lax {
    /// The same bits as another type; its last dimension holds the parts of an element, where sizes differ.
    static func bitcast(_ a: Handle, to type: TensorType) throws(JaxError) -> Handle {
        try apply(.bitcastConvert, [a], DTypeParameters(type.dtype))
    }

    static func reducePrecision(_ a: Handle, exponent: Int, mantissa: Int) throws(JaxError) -> Handle {
        try apply(.reducePrecision, [a], ReducePrecisionParameters(exponentBits: exponent, mantissaBits: mantissa))
    }
}
