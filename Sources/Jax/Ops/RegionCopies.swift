// Copies of regions inside one function: a region belongs to one operation, so that a rule which makes another operation of the same
// kind copies it; and scalar regions computed over arrays.
import JaxIR
import JaxPlatform

extension Builder {
    /// The region with values of its own; what it uses of outside stays.
    public func copy(_ region: Region) -> Region {
        var names: [ValueID: ValueID] = [:]
        return copy(region, &names)
    }

    private func copy(_ region: Region, _ names: inout [ValueID: ValueID]) -> Region {
        func fresh(_ value: ValueID) -> ValueID {
            let copy = function.makeValue(type(of: value))
            names[value] = copy
            return copy
        }
        let parameters = region.parameters.map(fresh)
        var operations: [Operation] = []
        for operation in region.operations {
            var regions: [Region] = []
            for inner in operation.regions { regions.append(copy(inner, &names)) }
            let operands = operation.operands.map { names[$0] ?? $0 }
            operations.append(Operation(operation.code, operands: operands, results: operation.results.map(fresh), parameters: operation.parameters,
                                        annotations: operation.annotations, regions: regions, location: operation.location))
        }
        return Region(parameters: parameters, operations: operations, results: region.results.map { names[$0] ?? $0 })
    }

    /// What a region over scalars computes, for all elements of arrays of `shape` at once. Throws `notImplemented` where an operation of
    /// it does not work element by element.
    public func mapped(_ region: Region, over arguments: [ValueID], _ shape: [Int]) throws(JaxError) -> [ValueID] {
        var values: [ValueID: ValueID] = [:]
        for (parameter, argument) in zip(region.parameters, arguments) { values[parameter] = argument }
        func array(_ value: ValueID) throws(JaxError) -> ValueID {
            if let array = values[value] { return array }
            let copy = try broadcast(value, to: shape, dimensions: [])
            values[value] = copy
            return copy
        }
        for operation in region.operations {
            if operation.code == .constant {
                let scalar = try one(.constant, [], operation.parameters)
                values[operation.results[0]] = try broadcast(scalar, to: shape, dimensions: [])
                continue
            }
            guard let definition = opDefinition(operation), definition.traits.contains(.elementwise) else {
                throw JaxError(.notImplemented, "a reducer with \(operation.code.name) is not differentiated")
            }
            var operands: [ValueID] = []
            for operand in operation.operands { operands.append(try array(operand)) }
            for (result, copy) in zip(operation.results, try emit(operation.code, operands, operation.parameters)) { values[result] = copy }
        }
        var results: [ValueID] = []
        for result in region.results { results.append(try array(result)) }
        return results
    }

    /// A slice along one dimension.
    public func slice(_ a: ValueID, axis: Int, from start: Int, to limit: Int, stride: Int = 1) throws(JaxError) -> ValueID {
        let shape = try tensorType(a).shape
        var starts = [Int](repeating: 0, count: shape.count), limits = shape, strides = [Int](repeating: 1, count: shape.count)
        (starts[axis], limits[axis], strides[axis]) = (start, limit, stride)
        return start == 0 && limit == shape[axis] && stride == 1 ? a
            : try one(.slice, [a], SliceParameters(starts: starts, limits: limits, strides: strides))
    }

    public func concatenate(_ parts: [ValueID], axis: Int) throws(JaxError) -> ValueID {
        parts.count == 1 ? parts[0] : try one(.concatenate, parts, DimensionParameters(axis))
    }
}
