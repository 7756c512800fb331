// vmap as a function of main (jax/_src/api.py): the dimensions that are mapped over are brought in front, batched, and brought back.
import JaxIR
import JaxOps
import JaxPlatform

extension TransformedProgram {
    func vectorised(_ options: BatchOptions) throws(JaxError) -> Function {
        let function = try main()
        let axes = try parameterAxes(options, function)
        guard let size = options.axisSize else { throw JaxError(.valueError, "vmap must have at least one non-None value in in_axes") }
        // The types that the function had without the dimension are those that it was made for: the arguments get one more.
        let (batched, flags) = try batchedFunction(function, axes.map { $0 != nil }, size: size)
        let builder = Builder(function.emptyCopy())
        var arguments: [ValueID] = []
        for (index, type) in function.parameterTypes.enumerated() {
            guard let axis = axes[index], let tensor = type.tensor else {
                arguments.append(builder.parameter(type))
                continue
            }
            var shape = tensor.shape
            shape.insert(size, at: axis)
            let parameter = builder.parameter(.tensor(TensorType(tensor.dtype, shape)))
            arguments.append(try builder.transpose(parameter, [axis] + shape.indices.filter { $0 != axis }))
        }
        var results: [ValueID] = []
        for (index, value) in try emit(batched, arguments, builder).enumerated() {
            guard let axis = options.resultAxes.map({ $0[index] }) ?? options.outAxes else {
                if flags[index] {
                    throw JaxError(.valueError, "at vmap out_axes, got axis spec None but output was batched on axis 0")
                }
                results.append(value)
                continue
            }
            results.append(try placed(value, isBatched: flags[index], size, axis, builder))
        }
        builder.finish(results)
        return builder.function
    }

    /// The dimension of each parameter that is mapped over, of its rank with that dimension.
    private func parameterAxes(_ options: BatchOptions, _ function: Function) throws(JaxError) -> [Int?] {
        let inAxes = options.inAxes ?? [Int?](repeating: 0, count: arguments.count)
        guard inAxes.count == arguments.count else {
            throw wrongAxes(inAxes.count, arguments: arguments.count)
        }
        var axes = [Int?](repeating: nil, count: function.parameterTypes.count)
        for (argument, axis) in zip(arguments, inAxes) {
            guard let axis else { continue }
            for index in argument {
                let rank = (function.parameterTypes[index].tensor?.rank ?? 0) + 1, place = axis < 0 ? axis + rank : axis
                guard place >= 0, place < rank else {
                    throw JaxError(.valueError, "vmap was requested to map its argument along axis \(axis), which implies that its rank should be at "
                        + "least \(axis < 0 ? -axis : axis + 1), but is only \(rank) (its shape has one dimension more than "
                        + "\(function.parameterTypes[index]))")
                }
                axes[index] = place
            }
        }
        return axes
    }

    /// A result with its dimension where it is wanted.
    private func placed(_ value: ValueID, isBatched: Bool, _ size: Int, _ outAxis: Int, _ builder: Builder) throws(JaxError) -> ValueID {
        let type = try builder.tensorType(value), shape = isBatched ? Array(type.shape.dropFirst()) : type.shape
        let rank = shape.count + 1, axis = outAxis < 0 ? outAxis + rank : outAxis
        guard axis >= 0, axis < rank else {
            throw JaxError(.valueError, "axis \(outAxis) is out of bounds for array of dimension \(rank)")
        }
        var others = Array(0..<rank)
        others.remove(at: axis)
        if !isBatched {
            var full = shape
            full.insert(size, at: axis)
            return try builder.broadcast(value, to: full, dimensions: others)
        }
        var permutation = Array(1..<rank)
        permutation.insert(0, at: axis)
        return try builder.transpose(value, permutation)
    }
}

/// What JAX says where `in_axes` does not go with the arguments.
public func wrongAxes(_ count: Int, arguments: Int) -> JaxError {
    JaxError(.valueError, "vmap in_axes must be an int, None, or a tuple of entries corresponding to the positional arguments passed "
        + "to the function, but got len(in_axes)=\(count), len(args)=\(arguments)")
}
