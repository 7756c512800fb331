// grad, value_and_grad, jvp and vjp as functions of main (jax/_src/api.py).
import JaxIR
import JaxOps
import JaxPlatform

extension TransformedProgram {
    /// The gradients of the first result with respect to the arguments asked for, in their order; before them the value where it is wanted,
    /// after them what else the function returns.
    func gradient(_ options: GradientOptions) throws(JaxError) -> Function {
        let function = try main(), name = options.withValue ? "value_and_grad" : "grad"
        let wanted = try parameters(options.argnums)
        for index in wanted { try checkInput(function.parameterTypes[index], name, options) }
        guard let first = function.resultTypes.first?.tensor else {
            throw JaxError(.typeError, "Gradient only defined for scalar-output functions. Output had no arrays.")
        }
        guard options.hasAux || function.resultTypes.count == 1 else {
            throw JaxError(.typeError, "Gradient only defined for scalar-output functions. Output was \(function.resultTypes.count) arrays.")
        }
        guard first.shape.isEmpty else {
            throw JaxError(.typeError, "Gradient only defined for scalar-output functions. Output had shape: \(pythonTuple(first.shape)).")
        }
        try checkOutput(first, name, holomorphic: options.holomorphic)
        if let backward { return try storedGradient(backward, wanted, options) }
        let active = function.parameterTypes.indices.map { wanted.contains($0) }
        let reverse = try ReverseMode(function, active: active), builder = reverse.builder
        var cotangents = [ValueID?](repeating: nil, count: reverse.results.count)
        cotangents[0] = try builder.constant(1, first)
        let made = try reverse.pullBack(cotangents)
        var results: [ValueID] = options.withValue ? [reverse.results[0]] : []
        if options.withValue { results += reverse.results.dropFirst() }
        for index in wanted { results.append(try gradientOrZeros(made[index], function.parameterTypes[index], builder)) }
        if !options.withValue { results += reverse.results.dropFirst() }
        builder.finish(results)
        return builder.function
    }

    /// The same by the backward pass that came with the program.
    private func storedGradient(_ backward: Function, _ wanted: [Int], _ options: GradientOptions) throws(JaxError) -> Function {
        let function = try main(), (builder, parameters) = fresh(function)
        let values = try emit(function, parameters, builder)
        var arguments = parameters
        for (index, value) in values.enumerated() {
            let type = try builder.tensorType(value)
            arguments.append(try builder.constant(index == 0 ? 1 : 0, TensorType(builder.type(of: value).hasTangent ? type.dtype : .i1, type.shape)))
        }
        guard backward.parameterTypes == arguments.map({ builder.type(of: $0) }), backward.resultTypes.count == parameters.count else {
            throw JaxError(.valueError, "the backward pass of '\(module.name)' does not go with the program")
        }
        let cotangents = try emit(backward, arguments, builder)
        let gradients = wanted.map { cotangents[$0] }
        builder.finish(options.withValue ? values + gradients : gradients + values.dropFirst())
        return builder.function
    }

    /// JAX's float0, the tangents of integers, are arrays of booleans where they are stored.
    private func gradientOrZeros(_ gradient: ValueID?, _ type: ValueType, _ builder: Builder) throws(JaxError) -> ValueID {
        if let gradient { return gradient }
        guard let tensor = type.tensor else { throw JaxError(.internalError, "a \(type) has no gradient") }
        return try builder.constant(0, TensorType(.i1, tensor.shape))
    }

    private func checkInput(_ type: ValueType, _ name: String, _ options: GradientOptions) throws(JaxError) {
        guard let dtype = type.tensor?.dtype else { return }
        if options.holomorphic && !dtype.isComplex {
            throw JaxError(.typeError, "\(name) with holomorphic=True requires inputs with complex dtype, but got \(dtype.name).")
        }
        if !type.hasTangent && !options.allowInt {
            throw JaxError(.typeError, "\(name) requires real- or complex-valued inputs (input dtype that is a sub-dtype of np.inexact), but got "
                + "\(dtype.name). If you want to use Boolean- or integer-valued inputs, use vjp or set allow_int to True.")
        }
    }

    func checkOutput(_ type: TensorType, _ name: String, holomorphic: Bool) throws(JaxError) {
        let what = "requires real-valued outputs (output dtype that is a sub-dtype of np.floating), but got \(type.dtype.name). "
        if holomorphic {
            guard type.dtype.isComplex else {
                throw JaxError(.typeError, "\(name) with holomorphic=True requires outputs with complex dtype, but got \(type.dtype.name).")
            }
        } else if type.dtype.isComplex {
            throw JaxError(.typeError, "\(name) \(what)For holomorphic differentiation, pass holomorphic=True. For differentiation of "
                + "non-holomorphic functions involving complex outputs, use jax.vjp directly.")
        } else if !type.dtype.isFloat {
            throw JaxError(.typeError, "\(name) \(what)For differentiation of functions with integer outputs, use jax.vjp directly.")
        }
    }

    /// `(x…, dx…) -> (y…, dy…)`, tangents for those of the arrays that can have some.
    func tangents(_ argnums: [Int]?) throws(JaxError) -> (Function, [Range<Int>]) {
        let function = try main(), types = function.parameterTypes, wanted = try argnums.map(parameters) ?? Array(types.indices)
        let (forward, active) = try forwardMode(function, active: types.indices.map { types[$0].hasTangent && wanted.contains($0) })
        try requireNoCustomLin(forward.body)
        let completed = try withZeros(forward, active, function.resultTypes)
        return (completed, arguments + appended(types, wanted))
    }

    /// Ranges for further parameters of the types with tangents, an argument for each of the function's arguments that has some.
    private func appended(_ types: [ValueType], _ wanted: [Int]) -> [Range<Int>] {
        var ranges: [Range<Int>] = [], next = types.count
        for argument in arguments {
            let count = argument.filter { types[$0].hasTangent && wanted.contains($0) }.count
            ranges.append(next..<(next + count))
            next += count
        }
        return ranges
    }

    /// Tangents of zero for results that depend on nothing.
    private func withZeros(_ function: Function, _ active: [Bool], _ types: [ValueType]) throws(JaxError) -> Function {
        if !zip(types, active).contains(where: { $0.hasTangent && !$1 }) { return function }
        let builder = Builder(function.emptyCopy())
        var rewriter = Rewriter(from: function, into: builder) { (_, _) in nil }
        for parameter in function.body.parameters { rewriter.bind(parameter, to: builder.parameter(function.type(of: parameter))) }
        try rewriter.copy(function.body.operations)
        var results = try rewriter.copies(of: Array(function.body.results.prefix(types.count))), next = types.count
        for (type, isActive) in zip(types, active) where type.hasTangent {
            results.append(isActive ? try rewriter.copy(function.body.results[next]) : try builder.zeros(type))
            next += isActive ? 1 : 0
        }
        builder.finish(results)
        return builder.function
    }

    /// `(x…, ct…) -> (y…, ct of x…)`, cotangents for those of the arrays that can have some.
    func cotangents(_ argnums: [Int]?) throws(JaxError) -> (Function, [Range<Int>]) {
        let function = try main(), types = function.parameterTypes, wanted = try argnums.map(parameters) ?? Array(types.indices)
        let reverse = try ReverseMode(function, active: types.indices.map { wanted.contains($0) }), builder = reverse.builder
        var cotangents: [ValueID?] = []
        var count = types.count
        for type in function.resultTypes {
            cotangents.append(type.hasTangent ? builder.parameter(type) : nil)
            count += type.hasTangent ? 1 : 0
        }
        let made = try reverse.pullBack(cotangents)
        var results = reverse.results
        for cotangent in made { if let cotangent { results.append(cotangent) } }
        builder.finish(results)
        return (builder.function, arguments + [types.count..<count])
    }

    private func requireNoCustomLin(_ region: Region) throws(JaxError) {
        for operation in region.operations {
            if operation.code == .customLin { throw JaxError(.typeError, customLinMessage) }
            for inner in operation.regions { try requireNoCustomLin(inner) }
        }
    }
}

/// A shape as Python writes it: (), (3,), (2, 3).
public func pythonTuple(_ shape: [Int]) -> String {
    var text = "("
    for (index, size) in shape.enumerated() { text += (index > 0 ? ", " : "") + "\(size)" }
    return text + (shape.count == 1 ? ",)" : ")")
}
