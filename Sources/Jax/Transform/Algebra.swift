// Algebra that keeps every bit of a result, IEEE's signs of zero and NaNs included: neutral elements, moves that undo each other, and
// transpositions that a contraction can read through.
import JaxIR
import JaxOps
import JaxPlatform

/// A copy of a verified module in simpler terms.
public func simplified(_ module: Module) throws(JaxError) -> Module { try rewritten(module, by: Algebra.self) }

private struct Algebra: RewritingRule {
    init() {}

    mutating func blockEnds(_ operations: [Operation]) {}

    mutating func replacement(_ operation: Operation, _ scope: inout RewritingScope) throws(JaxError) -> Replacement {
        switch operation.code {
        case .add, .subtract, .multiply, .divide, .or, .xor, .and:
            if let value = withoutNeutral(operation, scope) { return .values([value]) }
        case .select where operation.operands[1] == operation.operands[2]: return .values([operation.operands[1]])
        case .convert, .reshape, .transpose, .broadcastInDim, .slice:
            if let exchanged = exchanged(operation, scope) { return .operation(exchanged) }
            let made = joined(operation, scope)
            return isIdentity(made, scope) ? .values([made.operands[0]]) : .operation(made)
        case .dotGeneral: return .operation(readingThrough(operation, scope))
        default: break
        }
        return .operation(operation)
    }

    // MARK: Neutral elements

    /// The operand that the result is equal to, where the other is neutral.
    private func withoutNeutral(_ operation: Operation, _ scope: RewritingScope) -> ValueID? {
        guard let type = scope.type(operation.results[0]), scope.type(operation.operands[0]) == type,
              scope.type(operation.operands[1]) == type else { return nil }
        let isCommutative = operation.code != .subtract && operation.code != .divide
        for (place, other) in isCommutative ? [(1, 0), (0, 1)] : [(1, 0)] {
            if let splat = splat(operation.operands[place], scope), isNeutral(splat, operation.code) { return operation.operands[other] }
        }
        return nil
    }

    /// The literal of a constant whose elements are all the same.
    private func splat(_ value: ValueID, _ scope: RewritingScope) -> Literal? {
        guard let operation = scope.definition(value) else { return nil }
        if operation.code == .broadcastInDim { return splat(operation.operands[0], scope) }
        guard operation.code == .constant else { return nil }
        let literal = operation.parameters(ConstantParameters.self).value
        return literal.isSplat || literal.type.elementCount == 1 ? literal : nil
    }

    /// x + (−0), x − 0, x × 1 and x ÷ 1 of floats are x, whatever x is; x + 0 is not, where x is −0.
    private func isNeutral(_ literal: Literal, _ code: OpCode) -> Bool {
        let dtype = literal.type.dtype, bytes = literal.storage.bytes
        guard !dtype.isComplex, dtype.bitWidth >= 8 else { return false }
        if dtype.isFloat {
            let value: Double
            switch dtype {
            case .f32: value = Double(bytes.load(as: Float.self))
            case .f64: value = bytes.load(as: Double.self)
            default: return false
            }
            switch code {
            case .add: return value == 0 && value.sign == .minus
            case .subtract: return value == 0 && value.sign == .plus
            case .multiply, .divide: return value == 1
            default: return false
            }
        }
        var word: UInt64 = 0
        for index in 0..<dtype.byteWidth { word |= UInt64(bytes.load(fromByteOffset: index, as: UInt8.self)) << UInt64(8 * index) }
        switch code {
        case .add, .subtract, .or, .xor: return word == 0
        case .multiply, .divide: return word == 1
        default: return false
        }
    }

    // MARK: Moves

    private func isIdentity(_ operation: Operation, _ scope: RewritingScope) -> Bool {
        guard let type = scope.type(operation.results[0]), scope.type(operation.operands[0]) == type else { return false }
        switch operation.code {
        case .transpose:
            return operation.parameters(TransposeParameters.self).permutation.enumerated().allSatisfy { $0 == $1 }
        case .broadcastInDim: return operation.parameters(BroadcastParameters.self).dimensions.enumerated().allSatisfy { $0 == $1 }
        default: return true
        }
    }

    /// A reshape of a reshape, a transposition of a transposition: one of the first operand.
    private func joined(_ operation: Operation, _ scope: RewritingScope) -> Operation {
        guard let inner = scope.definition(operation.operands[0]), inner.code == operation.code else { return operation }
        switch operation.code {
        case .reshape: return operation.with(operands: inner.operands)
        case .transpose:
            let first = inner.parameters(TransposeParameters.self).permutation
            let both = operation.parameters(TransposeParameters.self).permutation.map { first[$0] }
            return operation.with(operands: inner.operands, parameters: TransposeParameters(both))
        default: return operation
        }
    }

    // MARK: Contractions

    /// A contraction of what its transposed operands were transposed from: its dimensions are told by number anyway. The free ones
    /// come in their order, so that has to stay.
    private func readingThrough(_ operation: Operation, _ scope: RewritingScope) -> Operation {
        let parameters = operation.parameters(DotParameters.self)
        var dimensions = parameters.dimensions, operands = operation.operands, isChanged = false
        func source(_ place: Int, _ batching: inout [Int], _ contracting: inout [Int]) {
            guard let inner = scope.definition(operands[place]), inner.code == .transpose else { return }
            let permutation = inner.parameters(TransposeParameters.self).permutation
            let free = DotDimensions.free(permutation.count, batching, contracting).map { permutation[$0] }
            guard zip(free, free.dropFirst()).allSatisfy({ $0 < $1 }) else { return }
            batching = batching.map { permutation[$0] }
            contracting = contracting.map { permutation[$0] }
            operands[place] = inner.operands[0]
            isChanged = true
        }
        source(0, &dimensions.lhsBatching, &dimensions.lhsContracting)
        source(1, &dimensions.rhsBatching, &dimensions.rhsContracting)
        return isChanged ? operation.with(operands: operands, parameters: DotParameters(dimensions, parameters.dtype)) : operation
    }

    /// A transposition of a contraction's rows and columns, which nothing else needs: the contraction with its operands exchanged.
    private func exchanged(_ operation: Operation, _ scope: RewritingScope) -> Operation? {
        guard operation.code == .transpose, scope.useCount(operation.operands[0]) == 1,
              let inner = scope.definition(operation.operands[0]), inner.code == .dotGeneral,
              let left = scope.type(inner.operands[0]) else { return nil }
        let parameters = inner.parameters(DotParameters.self), dimensions = parameters.dimensions
        let permutation = operation.parameters(TransposeParameters.self).permutation, batches = dimensions.lhsBatching.count
        let rows = left.rank - batches - dimensions.lhsContracting.count
        let columns = Array((batches + rows)..<max(batches + rows, permutation.count))
        guard permutation == Array(0..<batches) + columns + Array(batches..<(batches + rows)) else { return nil }
        let swapped = DotDimensions(lhsBatching: dimensions.rhsBatching, rhsBatching: dimensions.lhsBatching,
                                    lhsContracting: dimensions.rhsContracting, rhsContracting: dimensions.lhsContracting)
        return Operation(.dotGeneral, operands: [inner.operands[1], inner.operands[0]], results: operation.results,
                         parameters: DotParameters(swapped, parameters.dtype), annotations: inner.annotations, location: inner.location)
    }
}
