// Sort orders recognised in a comparator region: lexicographic comparisons of some operands, as JAX emits them. Elements
// then become integer keys, and no region runs while sorting.
import JaxIR

/// One operand of a lexicographic order.
struct SortKey {
    /// The number of the operand.
    var operand: Int
    var isDescending: Bool
    /// Floats: whether −0 counts as +0 and all NaNs as one (JAX's comparator makes them so before it compares).
    var mergesZeros: Bool
    var mergesNaNs: Bool
    /// Floats compared without a total order: NaN is neither less nor greater, which integer keys cannot say.
    var isPartial: Bool
}

/// The keys of the lexicographic order that a comparator region `(a0, b0, a1, b1, …) -> a < b` computes, or nil.
func recogniseKeys(_ region: Region, in function: Function) -> [SortKey]? {
    guard region.results.count == 1 else { return nil }
    var reader = ComparatorReader(region: region, function: function)
    return reader.order(region.results[0], depth: 0)
}

private struct ComparatorReader {
    let region: Region
    let function: Function

    /// A parameter after JAX's normalisation of floats.
    struct Source {
        var parameter: Int
        var mergesZeros = false
        var mergesNaNs = false
    }

    func definition(_ id: ValueID) -> Operation? {
        for operation in region.operations where operation.results.count == 1 && operation.results[0] == id { return operation }
        return nil
    }

    /// `lt(x, y)`, or `lt(x, y) | (eq(x, y) & rest)`.
    mutating func order(_ id: ValueID, depth: Int) -> [SortKey]? {
        guard depth < 64, let operation = definition(id) else { return nil }
        if operation.code == .compare { return comparison(operation).map { [$0] } }
        guard operation.code == .or, operation.operands.count == 2, let less = definition(operation.operands[0]), less.code == .compare,
              let key = comparison(less), let both = definition(operation.operands[1]), both.code == .and, both.operands.count == 2,
              let equal = definition(both.operands[0]), equal.code == .compare, equal.operands == less.operands,
              equal.parameters(CompareParameters.self).direction == .equal,
              let rest = order(both.operands[1], depth: depth + 1) else { return nil }
        return [key] + rest
    }

    /// A strict comparison of the two parameters of one operand.
    func comparison(_ operation: Operation) -> SortKey? {
        let comparison = operation.parameters(CompareParameters.self).comparison
        guard operation.operands.count == 2, comparison.direction == .less || comparison.direction == .greater,
              let a = source(operation.operands[0], depth: 0), let b = source(operation.operands[1], depth: 0),
              a.parameter / 2 == b.parameter / 2, a.parameter != b.parameter, a.mergesZeros == b.mergesZeros, a.mergesNaNs == b.mergesNaNs,
              let dtype = function.type(of: operation.operands[0]).tensor?.dtype, !dtype.isComplex else { return nil }
        let isSwapped = a.parameter > b.parameter
        return SortKey(operand: a.parameter / 2, isDescending: (comparison.direction == .greater) != isSwapped,
                       mergesZeros: a.mergesZeros, mergesNaNs: a.mergesNaNs, isPartial: dtype.isFloat && !comparison.isTotal)
    }

    /// A parameter, under `select(x == 0, 0, x)` and `select(x != x, nan, x)`; the tests may be of x before the other one's change, which
    /// makes no difference to them.
    func source(_ id: ValueID, depth: Int) -> Source? {
        for (index, parameter) in region.parameters.enumerated() where parameter == id { return Source(parameter: index) }
        guard depth < 4, let select = definition(id), select.code == .select, select.operands.count == 3,
              let test = definition(select.operands[0]), test.code == .compare,
              test.operands.count == 2, let constant = constant(select.operands[1]),
              var inner = source(select.operands[2], depth: depth + 1),
              source(test.operands[0], depth: depth + 1)?.parameter == inner.parameter else { return nil }
        switch test.parameters(CompareParameters.self).direction {
        case .equal where constant == 0 && self.constant(test.operands[1]) == 0:
            inner.mergesZeros = true
        case .notEqual where constant != constant && source(test.operands[1], depth: depth + 1)?.parameter == inner.parameter:
            inner.mergesNaNs = true
        default:
            return nil
        }
        return inner
    }

    /// The constant outside of the region that defines a value: exporters keep one of each.
    private func outerConstant(_ id: ValueID, in region: Region) -> Operation? {
        for operation in region.operations {
            if operation.code == .constant, operation.results[0] == id { return operation }
            for inner in operation.regions {
                if let found = outerConstant(id, in: inner) { return found }
            }
        }
        return nil
    }

    /// A scalar float constant.
    func constant(_ id: ValueID) -> Double? {
        guard let operation = definition(id) ?? outerConstant(id, in: function.body), operation.code == .constant,
              case let literal = operation.parameters(ConstantParameters.self).value,
              literal.type.dtype.isFloat, literal.type.elementCount == 1 else { return nil }
        var word: UInt64 = 0
        loadWide(literal.type.dtype, literal.storage.bytes, count: 1, into: &word)
        return Double(bitPattern: word)
    }
}

extension SortKey {
    /// Turns `count` elements in wide form into integers that order like the elements, in place.
    func makeKeys(_ dtype: DType, _ words: Words, _ count: Int) {
        for i in 0..<count {
            var key: Int64
            switch dtype.kind {
            case .float:
                var value = words.doubles[i]
                if mergesZeros && value == 0 { value = 0 }
                if mergesNaNs && value != value { value = .nan }
                key = totalOrderKey(Int64(bitPattern: value.bitPattern))
            case .unsigned: key = Int64(bitPattern: words[i] ^ (1 << 63))
            default: key = words.integers[i]
            }
            words.integers[i] = isDescending ? ~key : key
        }
    }
}
