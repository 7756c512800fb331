// jacfwd and jacrev: forward and reverse mode for every unit vector at once, by batching (jax/_src/api.py). The hessian is the one of the
// other.
import JaxIR
import JaxOps
import JaxPlatform

extension TransformedProgram {
    /// For each result, and within it for each argument asked for, an array of the result's shape followed by the argument's.
    func forwardJacobian(_ argnums: [Int]) throws(JaxError) -> Function {
        let function = try main(), wanted = try parameters(argnums), types = function.parameterTypes
        for index in wanted {
            guard let dtype = types[index].tensor?.dtype, dtype.isFloat else {
                throw JaxError(.typeError, "jacfwd requires real-valued inputs (input dtype that is a sub-dtype of np.floating), but got "
                    + "\(types[index].tensor?.dtype.name ?? "token"). For holomorphic differentiation, pass holomorphic=True. For differentiation "
                    + "of non-holomorphic functions involving complex inputs or integer inputs, use jax.jvp directly.")
            }
        }
        let (builder, parameters) = fresh(function)
        var columns: [[ValueID?]] = []
        for index in wanted {
            let (forward, active) = try forwardMode(function, active: types.indices.map { $0 == index })
            let size = types[index].tensor!.elementCount
            let flags = forward.body.parameters.indices.map { $0 == types.count }
            let (batched, batchedResults) = try batchedFunction(forward, flags, size: size)
            let basis = try unitVectors(types[index].tensor!, builder)
            let results = try emit(batched, parameters + [basis], builder)
            var column: [ValueID?] = [], next = active.count
            for result in active.indices {
                guard active[result] else {
                    column.append(nil)
                    continue
                }
                column.append(try transposed(results[next], batchedResults[next], size, builder))
                next += 1
            }
            columns.append(column)
        }
        var results: [ValueID] = []
        for (result, type) in function.resultTypes.enumerated() {
            for (place, index) in wanted.enumerated() {
                let shape = type.tensor!.shape + types[index].tensor!.shape, dtype = type.tensor!.dtype
                if let column = columns[place][result] {
                    results.append(try builder.reshape(column, shape))
                } else {
                    results.append(try builder.constant(0, TensorType(type.hasTangent ? dtype : .i1, shape)))
                }
            }
        }
        builder.finish(results)
        return builder.function
    }

    /// The same, a row at a time.
    func reverseJacobian(_ argnums: [Int]) throws(JaxError) -> Function {
        let function = try main(), wanted = try parameters(argnums), types = function.parameterTypes
        for index in wanted where !types[index].hasTangent {
            throw JaxError(.typeError, "jacrev requires real- or complex-valued inputs (input dtype that is a sub-dtype of np.inexact), but got "
                + "\(types[index].tensor?.dtype.name ?? "token"). If you want to use Boolean- or integer-valued inputs, use vjp or set allow_int "
                + "to True.")
        }
        for type in function.resultTypes { if let tensor = type.tensor { try checkOutput(tensor, "jacrev", holomorphic: false) } }
        let (builder, parameters) = fresh(function)
        var results: [ValueID] = []
        for (result, type) in function.resultTypes.enumerated() {
            let reverse = try ReverseMode(function, active: types.indices.map { wanted.contains($0) })
            var cotangents = [ValueID?](repeating: nil, count: reverse.results.count)
            cotangents[result] = reverse.builder.parameter(type)
            let made = try reverse.pullBack(cotangents)
            reverse.builder.finish(wanted.map { made[$0]! })
            let size = type.tensor!.elementCount
            let flags = reverse.builder.function.body.parameters.indices.map { $0 == types.count }
            let (batched, batchedResults) = try batchedFunction(reverse.builder.function, flags, size: size)
            let rows = try emit(batched, parameters + [try unitVectors(type.tensor!, builder)], builder)
            for (place, index) in wanted.enumerated() {
                let argument = types[index].tensor!.shape
                let row = batchedResults[place] ? rows[place]
                    : try builder.broadcast(rows[place], to: [size] + argument, dimensions: Array(1..<(argument.count + 1)))
                results.append(try builder.reshape(row, type.tensor!.shape + argument))
            }
        }
        builder.finish(results)
        return builder.function
    }

    /// A new function with the parameters of `function`.
    func fresh(_ function: Function) -> (Builder, [ValueID]) {
        let builder = Builder(function.emptyCopy())
        return (builder, function.parameterTypes.map { builder.parameter($0) })
    }

    /// The operations of a function here, on these arguments.
    func emit(_ function: Function, _ arguments: [ValueID], _ builder: Builder) throws(JaxError) -> [ValueID] {
        var rewriter = Rewriter(from: function, into: builder) { (_, _) in nil }
        for (parameter, argument) in zip(function.body.parameters, arguments) { rewriter.bind(parameter, to: argument) }
        try rewriter.copy(function.body.operations)
        return try rewriter.copies(of: function.body.results)
    }

    /// As many arrays of `type` as it has elements, in each of which another element is 1 and all others are 0.
    private func unitVectors(_ type: TensorType, _ builder: Builder) throws(JaxError) -> ValueID {
        let size = type.elementCount, square = TensorType(.i32, [size, size])
        let isDiagonal = try builder.compare(.equal, try builder.iota(square, dimension: 0), try builder.iota(square, dimension: 1))
        return try builder.reshape(try builder.convert(isDiagonal, to: type.dtype), [size] + type.shape)
    }

    /// The further dimension of a tangent behind all others.
    private func transposed(_ value: ValueID, _ isBatched: Bool, _ size: Int, _ builder: Builder) throws(JaxError) -> ValueID {
        let shape = try builder.tensorType(value).shape
        if !isBatched { return try builder.broadcast(value, to: shape + [size], dimensions: Array(shape.indices)) }
        return try builder.transpose(value, Array(1..<shape.count) + [0])
    }
}
