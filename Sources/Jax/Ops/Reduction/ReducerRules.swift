// What reduce, reduce_window and scatter ask of their regions.
import JaxIR
import JaxPlatform

extension OpView {
    /// Checks the region `(E…, E…) -> E…` over scalars that folds values of `inputs`; gives the element types E. A reducer
    /// may work in a wider type of the same kind than its inputs (`docs/spec.md`, reduce: is_promotable).
    func reducerTypes(_ index: Int, inputs: [DType]) throws(JaxError) -> [DType] {
        let (parameters, results) = regionTypes(index)
        let count = inputs.count
        try require(parameters.count == 2 * count && results.count == count,
                    "its region must take \(2 * count) scalars and return \(count); it takes \(parameters.count) and returns "
                        + "\(results.count)")
        var types: [DType] = []
        for k in 0..<count {
            guard let type = results[k].tensor, type.rank == 0, parameters[k] == results[k], parameters[count + k] == results[k] else {
                throw error(.typeError, "its region must take and return scalars of one type; result \(k) is \(results[k]), "
                    + "the parameters are \(parameters[k]) and \(parameters[count + k])")
            }
            try require(type.dtype.kind == inputs[k].kind,
                        "its region works on \(type.dtype.name), its operand \(k) is of \(inputs[k].name)")
            types.append(type.dtype)
        }
        return types
    }

    /// Checks operands that are as many arrays of one shape as initial values, and the reducer: the arrays' shape and the
    /// accumulators' types.
    func reduction() throws(JaxError) -> (shape: [Int], accumulators: [DType]) {
        try require(operandCount >= 2 && operandCount % 2 == 0, "takes as many inputs as initial values, given \(operandCount) operands")
        try requireRegions(1)
        let count = operandCount / 2
        let (types, shape) = try alikeOperands(count)
        var inputs: [DType] = []
        for type in types { inputs.append(type.dtype) }
        for k in 0..<count {
            let initial = try tensor(count + k)
            try require(initial.rank == 0 && initial.dtype.kind == inputs[k].kind,
                        "initial value \(k) must be a scalar of \(inputs[k].name), is \(initial)")
        }
        return (shape, try reducerTypes(0, inputs: inputs))
    }
}
