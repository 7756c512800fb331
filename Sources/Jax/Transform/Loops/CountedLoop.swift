// What a `while` is that counts: how many rounds it has, and which arrays it goes through a row a round.
import JaxIR
import JaxOps
import JaxPlatform

/// How often a `while` of `function` goes round; nil where that depends on data. `uses` are the function's.
public func tripCount(of operation: Operation, in function: Function, _ uses: Uses) -> Int? {
    CountedLoop(operation, function, uses)?.length
}

struct CountedLoop {
    /// An array of which each round takes the next row.
    struct Input {
        /// The number of the state that holds it, or nil for a value from outside of the loop.
        var index: Int?
        var array: ValueID
        /// The row of the first round, or of the last one where it goes backwards.
        var offset: Int
        var isReverse: Bool
        /// Whether nothing else is done with the state.
        var isOnlySliced: Bool
        var slices: [Operation]
    }

    /// A state of which each round writes the next row.
    struct Output {
        var index: Int
        var offset: Int
        var isReverse: Bool
        var update: Operation
    }

    let length: Int
    private(set) var inputs: [Input] = []
    private(set) var outputs: [Output] = []

    /// Nil for a loop that does not count from a known number to another by ones.
    init?(_ operation: Operation, _ function: Function, _ uses: Uses) {
        let condition = operation.regions[0], body = operation.regions[1]
        guard let test = condition.operations.last, test.code == .compare, condition.results == test.results else { return nil }
        var known = KnownIntegers(function, uses)
        // States that do not change are what they were.
        for (index, parameter) in body.parameters.enumerated() where body.results[index] == parameter {
            guard let value = known.constant(operation.operands[index]) else { continue }
            known.set(parameter, Affine(value))
            known.set(condition.parameters[index], Affine(value))
        }
        known.follow(condition.operations)
        let direction = test.parameters(CompareParameters.self).direction
        var found: (index: Int, start: Int, limit: Int)?
        for (index, parameter) in condition.parameters.enumerated() {
            guard let start = known.constant(operation.operands[index]) else { continue }
            if test.operands[0] == parameter, let limit = known.constant(test.operands[1]), direction == .less || direction == .lessOrEqual {
                found = (index, start, direction == .less ? limit : limit + 1)
            } else if test.operands[1] == parameter, let limit = known.constant(test.operands[0]),
                      direction == .greater || direction == .greaterOrEqual {
                found = (index, start, direction == .greater ? limit : limit + 1)
            }
        }
        guard let (counter, start, limit) = found, limit - start < 1 << 31 else { return nil }
        let rounds = max(limit - start, 0)
        length = rounds
        known.set(body.parameters[counter], Affine(factor: 1, start))
        known.rounds = rounds
        // Other counters go along.
        for (index, parameter) in body.parameters.enumerated() where index != counter {
            guard let step = uses.definition(of: body.results[index]), step.code == .add, step.operands[0] == parameter,
                  known.constant(step.operands[1]) == 1, let own = known.constant(operation.operands[index]) else { continue }
            known.set(parameter, Affine(factor: 1, own))
        }
        known.follow(body.operations)
        guard known.affine(body.results[counter]) == Affine(factor: 1, start + 1) else { return nil }
        findOutputs(operation, known, uses, function)
        findInputs(operation, known, uses, function)
    }

    /// Row by row from a known one, in either direction, within the array.
    private func rows(_ index: Affine?, _ rowCount: Int) -> (offset: Int, isReverse: Bool)? {
        guard let index, index.factor == 1 || index.factor == -1 else { return nil }
        let offset = index.factor == 1 ? index.term : index.term - (length - 1)
        return offset >= 0 && offset + length <= rowCount ? (offset, index.factor == -1) : nil
    }

    private mutating func findOutputs(_ operation: Operation, _ known: KnownIntegers, _ uses: Uses, _ function: Function) {
        let body = operation.regions[1]
        for (index, parameter) in body.parameters.enumerated() {
            guard let update = uses.definition(of: body.results[index]), update.code == .dynamicUpdateSlice, update.operands[0] == parameter,
                  uses.count(parameter) == 1, uses.count(update.results[0]) == 1, body.operations.contains(where: { $0 === update }),
                  let type = function.type(of: parameter).tensor, let row = function.type(of: update.operands[1]).tensor,
                  row.shape == [1] + type.shape.dropFirst(), let place = rows(known.affine(update.operands[2]), type.shape[0]) else { continue }
            outputs.append(Output(index: index, offset: place.offset, isReverse: place.isReverse, update: update))
        }
    }

    private mutating func findInputs(_ operation: Operation, _ known: KnownIntegers, _ uses: Uses, _ function: Function) {
        let body = operation.regions[1]
        var inside = Set(body.parameters)
        for inner in body.operations { inside.formUnion(inner.results) }
        for slice in body.operations where slice.code == .dynamicSlice {
            let array = slice.operands[0], index = body.parameters.firstIndex(of: array)
            if let index { guard body.results[index] == array else { continue } } else if inside.contains(array) { continue }
            guard let type = function.type(of: array).tensor, type.rank > 0, slice.parameters(SliceSizesParameters.self).sizes[0] == 1,
                  let place = rows(known.affine(slice.operands[1]), type.shape[0]) else { continue }
            if let same = inputs.firstIndex(where: { $0.array == array && $0.offset == place.offset && $0.isReverse == place.isReverse }) {
                inputs[same].slices.append(slice)
            } else {
                inputs.append(Input(index: index, array: array, offset: place.offset, isReverse: place.isReverse, isOnlySliced: false,
                                    slices: [slice]))
            }
        }
        for place in inputs.indices {
            guard inputs[place].index != nil else { continue }
            let array = inputs[place].array
            let sliced = inputs.filter { $0.array == array }.reduce(0) { $0 + $1.slices.count }
            // One more use is the state's own result.
            inputs[place].isOnlySliced = uses.count(array) == sliced + 1
        }
    }
}

/// factor × round + term.
struct Affine: Equatable {
    var factor: Int
    var term: Int

    init(factor: Int = 0, _ term: Int) {
        self.factor = factor
        self.term = term
    }
}

/// Scalar integers of a loop that are known in each round, as functions of its number.
private struct KnownIntegers {
    private let function: Function
    private let uses: Uses
    private var values: [ValueID: Affine] = [:]
    var rounds = 0

    init(_ function: Function, _ uses: Uses) {
        self.function = function
        self.uses = uses
    }

    mutating func set(_ value: ValueID, _ affine: Affine) { values[value] = affine }

    func affine(_ value: ValueID) -> Affine? {
        if let affine = values[value] { return affine }
        return constant(value).map { Affine($0) }
    }

    /// A number that does not depend on the round.
    func constant(_ value: ValueID) -> Int? {
        if let affine = values[value] { return affine.factor == 0 ? affine.term : nil }
        guard let definition = uses.definition(of: value), let type = function.type(of: value).tensor, type.rank == 0,
              type.dtype.isInteger else { return nil }
        switch definition.code {
        case .constant:
            return scalarInteger(definition.parameters(ConstantParameters.self).value).flatMap {
                $0.magnitude <= KnownIntegers.largestConstant ? $0 : nil
            }
        case .convert, .reshape: return constant(definition.operands[0])
        default: return nil
        }
    }

    /// Numbers stay far from the ends of 32 bits, where sums would wrap round.
    private static let bound = 1 << 30
    /// No constant beyond 32 bits is followed, so that sums, differences and products of two numbers stay within 64.
    private static let largestConstant: UInt = 1 << 31

    mutating func follow(_ operations: [Operation]) {
        for operation in operations where operation.results.count == 1 {
            guard let type = function.type(of: operation.results[0]).tensor, type.rank == 0 else { continue }
            if let value = result(operation), abs(value.term) < KnownIntegers.bound, abs(value.factor) < KnownIntegers.bound {
                values[operation.results[0]] = value
            }
        }
    }

    private func result(_ operation: Operation) -> Affine? {
        func operand(_ index: Int) -> Affine? { affine(operation.operands[index]) }
        switch operation.code {
        case .add: return operand(0).flatMap { a in operand(1).map { Affine(factor: a.factor + $0.factor, a.term + $0.term) } }
        case .subtract: return operand(0).flatMap { a in operand(1).map { Affine(factor: a.factor - $0.factor, a.term - $0.term) } }
        case .negate: return operand(0).map { Affine(factor: -$0.factor, -$0.term) }
        case .convert where function.type(of: operation.operands[0]).tensor?.dtype.isInteger == true
            && function.type(of: operation.results[0]).tensor?.dtype.isInteger == true: return operand(0)
        case .reshape: return operand(0)
        case .multiply:
            guard let a = operand(0), let b = operand(1) else { return nil }
            if b.factor == 0 { return Affine(factor: a.factor * b.term, a.term * b.term) }
            return a.factor == 0 ? Affine(factor: b.factor * a.term, b.term * a.term) : nil
        case .compare:
            // True is 1, where it is the same in all rounds.
            guard let a = operand(0), let b = operand(1) else { return nil }
            let first = a.term - b.term, last = first + (a.factor - b.factor) * max(rounds - 1, 0)
            let low = min(first, last), high = max(first, last)
            switch operation.parameters(CompareParameters.self).direction {
            case .less: return high < 0 ? Affine(1) : low >= 0 ? Affine(0) : nil
            case .greaterOrEqual: return low >= 0 ? Affine(1) : high < 0 ? Affine(0) : nil
            default: return nil
            }
        case .select:
            guard let predicate = values[operation.operands[0]], predicate.factor == 0 else { return nil }
            return operand(predicate.term != 0 ? 1 : 2)
        case .clamp:
            guard let low = operand(0), let x = operand(1), let high = operand(2), low.factor == 0, high.factor == 0 else { return nil }
            let first = x.term, last = x.term + x.factor * max(rounds - 1, 0)
            return min(first, last) >= low.term && max(first, last) <= high.term ? x : nil
        default: return nil
        }
    }
}

/// The value of a literal of one integer.
private func scalarInteger(_ literal: Literal) -> Int? {
    guard literal.type.rank == 0, literal.type.dtype.isInteger || literal.type.dtype == .i1 else { return nil }
    return integers(Tensor(literal.type, storage: literal.storage))?.first
}
