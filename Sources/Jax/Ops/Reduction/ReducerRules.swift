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
                    "its region must take \(2 * count) scalars and return \(count); it takes \(parameters.count) and returns \(results.count)")
        var types: [DType] = []
        for k in 0..<count {
            guard let type = results[k].tensor, type.rank == 0, parameters[k] == results[k], parameters[count + k] == results[k] else {
                throw error(.typeError, "its region must take and return scalars of one type; result \(k) is \(results[k]), "
                    + "the parameters are \(parameters[k]) and \(parameters[count + k])")
            }
            try require(type.dtype.kind == inputs[k].kind, "its region works on \(type.dtype.name), its operand \(k) is of \(inputs[k].name)")
            types.append(type.dtype)
        }
        return types
    }

    /// The types of the first `count` operands, which must have shapes that agree; with the merged shape.
    func alikeOperands(_ count: Int) throws(JaxError) -> (types: [TensorType], shape: [Int]) {
        var types: [TensorType] = []
        for k in 0..<count { types.append(try tensor(k)) }
        var shape = types[0].shape
        for type in types {
            try require(agree(type.shape, shape), "its operands must have the same shape: \(text(types))")
            shape = merge(shape, type.shape)
        }
        return (types, shape)
    }

    /// `list`, or `count` times `missing` where the attribute is absent. Throws unless it has `count` elements, each at least `least`.
    func windowAttribute(_ name: String, _ count: Int, missing: Int, least: Int) throws(JaxError) -> [Int] {
        let list = attributes.integers(name) ?? [Int](repeating: missing, count: count)
        try require(list.count == count, "\(name) \(text(list)) must have \(count) elements")
        for element in list {
            try require(element >= least && element <= Window.limit, "\(name) \(text(list)) has \(element), expected \(least) to \(Window.limit)")
        }
        return list
    }
}

extension Operation {
    /// An integer list attribute that the shape rule has checked.
    func list(_ name: String, _ count: Int, missing: Int) -> [Int] {
        attributes.integers(name) ?? [Int](repeating: missing, count: count)
    }
}

func scalarType(_ type: TensorType) -> TensorType { TensorType(type.dtype, []) }

func dtypes(_ operation: Operation, region index: Int, in frame: Frame) -> [DType] {
    var types: [DType] = []
    for id in operation.regions[index].results { types.append(frame.function.type(of: id).tensor?.dtype ?? .i1) }
    return types
}
