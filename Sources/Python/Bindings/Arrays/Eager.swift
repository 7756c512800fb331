// One operation at a time: each is a program of one operation, checked by its shape rule and executed by the evaluator.
import JaxIR
import JaxOps
import JaxPlatform

enum Eager {
    /// Evaluates an operation. `result` declares the type where operands and attributes leave it open; a `region` of one
    /// binary operation is what reductions fold with.
    static func apply(_ code: OpCode, _ operands: [Tensor], _ attributes: [NamedAttribute] = [], result: TensorType? = nil,
                      folding region: OpCode? = nil) throws(JaxError) -> Tensor {
        let module = Module()
        let function = Function(name: "main")
        var parameters: [ValueID] = []
        for operand in operands { parameters.append(function.makeValue(.tensor(operand.type))) }
        function.body.parameters = parameters
        let output = function.makeValue(result.map { .tensor($0) } ?? .token)
        let operation = Operation(code, operands: parameters, results: [output], attributes: Attributes(attributes))
        if let region {
            let scalar = ValueType.tensor(TensorType(operands[0].dtype, []))
            let left = function.makeValue(scalar), right = function.makeValue(scalar), sum = function.makeValue(scalar)
            operation.regions = [Region(parameters: [left, right],
                                        operations: [Operation(region, operands: [left, right], results: [sum])],
                                        results: [sum])]
        }
        function.body.operations = [operation]
        function.body.results = [output]
        guard let definition = opDefinition(code) else {
            throw JaxError(.notImplemented, "the operation \(code.name) is not available")
        }
        let types = try definition.shapeRule(OpView(operation, in: function, module: module))
        guard types.count == 1, let type = types[0].tensor else {
            throw JaxError(.internalError, "\(code.name) does not give one array")
        }
        function.types[output.index] = .tensor(type)
        function.resultTypes = [.tensor(type)]
        try module.add(function)
        var arguments: [RuntimeValue] = []
        for operand in operands { arguments.append(.tensor(operand.borrowed())) }
        return try Evaluator(module).call(function, arguments)[0].asTensor().owned()
    }

    static func unary(_ code: OpCode, _ a: Tensor) throws(JaxError) -> Tensor { try apply(code, [a]) }

    static func binary(_ code: OpCode, _ a: Tensor, _ b: Tensor) throws(JaxError) -> Tensor { try apply(code, [a, b]) }

    /// A function of one float that StableHLO's sister dialect CHLO names ("chlo.sinh"): a composite without a usable
    /// decomposition, so that the machine's own rule for the name answers, or nothing does.
    static func composite(_ name: String, _ a: Tensor) throws(JaxError) -> Tensor {
        let module = Module(), function = Function(name: "main"), decomposition = Function(name: "decomposition")
        let type = ValueType.tensor(a.type)
        let inner = decomposition.makeValue(type), innerResult = decomposition.makeValue(type)
        decomposition.body = Region(parameters: [inner], operations: [
            Operation(.customCall, operands: [inner], results: [innerResult],
                      attributes: Attributes([NamedAttribute("call_target_name", .string(name))])),
        ], results: [innerResult])
        decomposition.resultTypes = [type]
        let parameter = function.makeValue(type), result = function.makeValue(type)
        function.body = Region(parameters: [parameter], operations: [
            Operation(.composite, operands: [parameter], results: [result], attributes: Attributes([
                NamedAttribute("name", .string(name)), NamedAttribute("decomposition", .symbol("decomposition")),
            ])),
        ], results: [result])
        function.resultTypes = [type]
        try module.add(function)
        try module.add(decomposition)
        return try Evaluator(module).call(function, [.tensor(a.borrowed())])[0].asTensor().owned()
    }

    static func convert(_ a: Tensor, to dtype: DType) throws(JaxError) -> Tensor {
        a.dtype == dtype ? a : try apply(.convert, [a], result: TensorType(dtype, a.shape))
    }

    static func compare(_ direction: String, _ a: Tensor, _ b: Tensor) throws(JaxError) -> Tensor {
        try apply(.compare, [a, b], [NamedAttribute("comparison_direction", .enumeration(direction))])
    }

    static func select(_ condition: Tensor, _ a: Tensor, _ b: Tensor) throws(JaxError) -> Tensor {
        try apply(.select, [condition, a, b])
    }

    /// The same elements in another shape of the same size.
    static func reshape(_ a: Tensor, _ shape: [Int]) -> Tensor { Tensor(TensorType(a.dtype, shape), storage: a.storage) }

    /// `a`'s dimensions become those of the result that `dimensions` lists; sizes of 1 are repeated.
    static func broadcast(_ a: Tensor, to shape: [Int], dimensions: [Int]) throws(JaxError) -> Tensor {
        if a.shape == shape { return a }
        return try apply(.broadcastInDim, [a], [NamedAttribute("broadcast_dimensions", .integers(dimensions))],
                         result: TensorType(a.dtype, shape))
    }

    /// NumPy's broadcasting: `a`'s dimensions are the last ones.
    static func broadcast(_ a: Tensor, to shape: [Int]) throws(JaxError) -> Tensor {
        try broadcast(a, to: shape, dimensions: Array((shape.count - a.shape.count)..<shape.count))
    }

    static func transpose(_ a: Tensor, _ permutation: [Int]) throws(JaxError) -> Tensor {
        try apply(.transpose, [a], [NamedAttribute("permutation", .integers(permutation))])
    }

    static func slice(_ a: Tensor, starts: [Int], limits: [Int], strides: [Int]) throws(JaxError) -> Tensor {
        try apply(.slice, [a], [NamedAttribute("start_indices", .integers(starts)), NamedAttribute("limit_indices", .integers(limits)),
                                NamedAttribute("strides", .integers(strides))])
    }

    static func reverse(_ a: Tensor, _ axes: [Int]) throws(JaxError) -> Tensor {
        try apply(.reverse, [a], [NamedAttribute("dimensions", .integers(axes))])
    }

    static func concatenate(_ parts: [Tensor], axis: Int) throws(JaxError) -> Tensor {
        try apply(.concatenate, parts, [NamedAttribute("dimension", .integer(axis, .i64))])
    }

    static func iota(_ dtype: DType, _ shape: [Int], axis: Int) throws(JaxError) -> Tensor {
        try apply(.iota, [], [NamedAttribute("iota_dimension", .integer(axis, .i64))], result: TensorType(dtype, shape))
    }

    /// Folds `axes` with `code`, from `initial`.
    static func reduce(_ code: OpCode, _ a: Tensor, initial: Number, axes: [Int]) throws(JaxError) -> Tensor {
        let start = try Eager.scalar(initial, a.dtype)
        return try apply(.reduce, [a, start], [NamedAttribute("dimensions", .integers(axes))], folding: code)
    }

    static func scalar(_ number: Number, _ dtype: DType) throws(JaxError) -> Tensor {
        if dtype.isFloat && dtype.bitWidth < 16 { return try convert(try scalar(number, .f32), to: dtype) }
        let tensor = try Tensor(TensorType(dtype, []))
        setElement(tensor, 0, number)
        return tensor
    }

    static func full(_ shape: [Int], _ number: Number, _ dtype: DType) throws(JaxError) -> Tensor {
        try broadcast(try scalar(number, dtype), to: shape, dimensions: [])
    }

    /// Contraction of `a`'s and `b`'s dimensions, `batch` ones first in the result.
    static func dotGeneral(_ a: Tensor, _ b: Tensor, contracting: ([Int], [Int]), batch: ([Int], [Int]) = ([], [])) throws(JaxError) -> Tensor {
        var shape: [Int] = []
        for axis in batch.0 { shape.append(a.shape[axis]) }
        for axis in 0..<a.shape.count where !batch.0.contains(axis) && !contracting.0.contains(axis) { shape.append(a.shape[axis]) }
        for axis in 0..<b.shape.count where !batch.1.contains(axis) && !contracting.1.contains(axis) { shape.append(b.shape[axis]) }
        return try apply(.dotGeneral, [a, b], [
            NamedAttribute("lhs_batching_dimensions", .integers(batch.0)), NamedAttribute("rhs_batching_dimensions", .integers(batch.1)),
            NamedAttribute("lhs_contracting_dimensions", .integers(contracting.0)),
            NamedAttribute("rhs_contracting_dimensions", .integers(contracting.1)),
        ], result: TensorType(a.dtype, shape))
    }

    /// Elements of `a` along its first axis, at integer `indices` (clamped): shape `indices.shape + a.shape[1…]`.
    static func take(_ a: Tensor, _ indices: Tensor) throws(JaxError) -> Tensor {
        let rank = indices.shape.count
        let rows = reshape(indices, indices.shape + [1])
        var sizes = a.shape
        sizes[0] = 1
        return try apply(.gather, [a, rows], [
            NamedAttribute("offset_dims", .integers(Array(rank..<(rank + a.shape.count - 1)))),
            NamedAttribute("collapsed_slice_dims", .integers([0])),
            NamedAttribute("operand_batching_dims", .integers([])), NamedAttribute("start_indices_batching_dims", .integers([])),
            NamedAttribute("start_index_map", .integers([0])), NamedAttribute("index_vector_dim", .integer(rank, .i64)),
            NamedAttribute("slice_sizes", .integers(sizes)), NamedAttribute("indices_are_sorted", .bool(false)),
        ], result: TensorType(a.dtype, indices.shape + a.shape.dropFirst()))
    }
}
