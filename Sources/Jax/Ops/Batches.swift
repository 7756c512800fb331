// How rules of batching are written beside the operations: forms that most of them have. The further dimension is always in front.
import JaxIR
import JaxPlatform

/// Operands of which some have the further dimension.
struct BatchedOperands {
    let builder: Builder
    let values: [ValueID]
    let isBatched: [Bool]
    let size: Int

    var areAllBatched: Bool { !isBatched.contains(false) }

    /// The operand with the dimension, repeated where it has none.
    func batched(_ index: Int) throws(JaxError) -> ValueID {
        isBatched[index] ? values[index] : try builder.repeated(values[index], size)
    }

    func allBatched(_ indices: Range<Int>? = nil) throws(JaxError) -> [ValueID] {
        var list: [ValueID] = []
        for index in indices ?? values.indices { list.append(try batched(index)) }
        return list
    }

    /// The shape of an operand without the dimension.
    func shape(_ index: Int) throws(JaxError) -> [Int] {
        let shape = try builder.tensorType(values[index]).shape
        return isBatched[index] ? Array(shape.dropFirst()) : shape
    }
}

/// All results of a rule that have the further dimension; nil where the rule does not know this form of the operation, which is then
/// batched through its decomposition.
typealias BatchedResults = (_ builder: Builder, _ operation: Operation, _ operands: BatchedOperands) throws(JaxError) -> [ValueID]?

extension OpDefinition {
    /// A rule whose results all have the dimension.
    func batched(_ rule: @escaping BatchedResults) -> OpDefinition {
        batch { builder, operation, operands, isBatched, size throws(JaxError) in
            let operands = BatchedOperands(builder: builder, values: operands, isBatched: isBatched, size: size)
            guard let results = try rule(builder, operation, operands) else { return nil }
            return (results, results.map { _ in true })
        }
    }

    /// For an operation of one operand: the same with other parameters.
    func batched(_ parameters: @escaping (_ builder: Builder, _ operation: Operation, _ size: Int) throws(JaxError) -> Parameters) -> OpDefinition {
        batched { builder, operation, operands throws(JaxError) in
            try builder.emit(operation.code, operands.values, try parameters(builder, operation, operands.size))
        }
    }
}

extension Builder {
    /// `size` times the same, one after the other in a new leading dimension.
    func repeated(_ a: ValueID, _ size: Int) throws(JaxError) -> ValueID {
        let shape = try tensorType(a).shape
        return try broadcast(a, to: [size] + shape, dimensions: shape.indices.map { $0 + 1 })
    }

    /// Dimension `source` in the place of dimension `target`, the others in their order.
    func moved(_ a: ValueID, from source: Int, to target: Int) throws(JaxError) -> ValueID {
        var permutation = Array(0..<(try tensorType(a).rank))
        permutation.remove(at: source)
        permutation.insert(source, at: target)
        return try transpose(a, permutation)
    }

    /// The leading dimension joined into dimension `axis` of what is behind it, inside of `groups`: (groups, size, rest).
    func folded(_ a: ValueID, into axis: Int, groups: Int = 1) throws(JaxError) -> ValueID {
        var shape = try tensorType(a).shape
        let size = shape[0], extent = shape[axis + 1]
        let split = try reshape(a, Array(shape[...axis]) + [groups, extent / max(groups, 1)] + shape[(axis + 2)...])
        let together = try moved(split, from: 0, to: axis + 1)
        shape.remove(at: 0)
        shape[axis] = size * extent
        return try reshape(together, shape)
    }

    /// The other way: the dimension of `size` that dimension `axis` was joined from, in front.
    func unfolded(_ a: ValueID, from axis: Int, size: Int, groups: Int = 1) throws(JaxError) -> ValueID {
        var shape = try tensorType(a).shape
        let extent = shape[axis] / max(size, 1)
        let split = try reshape(a, Array(shape[..<axis]) + [groups, size, extent / max(groups, 1)] + shape[(axis + 1)...])
        let apart = try moved(split, from: axis + 1, to: 0)
        shape[axis] = extent
        return try reshape(apart, [size] + shape)
    }
}

/// Dimensions behind a new leading one.
func behind(_ axes: [Int]) -> [Int] { axes.map { $0 + 1 } }
