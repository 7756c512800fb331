// How far results may lie from the evaluator's: a copy of a program that computes, beside each value, a bound on the distance of what any
// way to execute it gives. The evaluator executes the copy on the arguments at hand, so a bound is as small as the numbers allow.
//
// A bound is an f64 array of its value's shape. 0: every bit is known. Infinity: nothing is, because two results that differ by rounding
// have been compared, or a number is near the end of its type. A value without a bound is exact by the way it was made, whatever
// the arguments; that is all integer arithmetic, all movement, and each operation that IEEE 754 rounds once, on exact operands: compiled
// code contracts no product and sum of a program. What may differ, and by how much, in units of the last place (u = half of one, relative):
//
// - Functions such as exp: 3 units in f32, 5 in f64, 1 in 16-bit types. The evaluator's are the C library's in f64, rounded (½ a unit, in
//   f64 1 to 2), the compiler's have errors below 2 in f32 and 3.5 in f64 (Loops/Math/Building.swift); 16-bit ones are rounded f32 ones.
// - Sums of n terms, in whatever order and with products fused: (n + 2) · 2u · Σ|x| (Higham, Accuracy and Stability, 4.2: n u Σ|x| for
//   each order, of which there are two). Products of n factors likewise, as long as no partial one can leave the type.
// - An error of an operand goes on by the operation's own rule: monotone functions are evaluated at both ends, for instance.
import JaxIR
import JaxOps
import JaxPlatform

struct ErrorBounds {
    private let source: Function
    let function: Function
    /// The bound of each value that has one.
    var bounds: [ValueID: ValueID] = [:]
    private var operations: [Operation] = []

    /// A module whose `main` returns `main`'s results and then the bounds of those that have one, whose places are returned too. The
    /// program has no calls.
    static func module(_ module: Module) throws(JaxError) -> (module: Module, bounded: [Int]) {
        guard let main = module.function(named: "main") else { throw JaxError(.valueError, "there is no function main") }
        var copy = ErrorBounds(main)
        let body = try copy.block(main.body)
        let bounded = body.results.indices.filter { copy.bounds[body.results[$0]] != nil }
        let results = body.results + bounded.map { copy.bounds[body.results[$0]]! }
        copy.function.body = Region(parameters: body.parameters, operations: body.operations, results: results)
        copy.function.resultTypes = results.map { copy.function.type(of: $0) }
        let target = Module(name: module.name)
        try target.add(copy.function)
        try verify(target)
        return (target, bounded)
    }

    /// The values of the program keep their numbers.
    private init(_ source: Function) {
        self.source = source
        function = Function(name: source.name)
        for type in source.types { _ = function.makeValue(type) }
    }

    // MARK: Emission

    func type(_ value: ValueID) -> TensorType { function.type(of: value).tensor! }

    mutating func emit(_ code: OpCode, _ operands: [ValueID], _ parameters: Parameters = .none,
                       regions: [Region] = []) throws(JaxError) -> ValueID {
        let types = try inferTypes(code, operands: operands, parameters, regions: regions, in: function)
        let result = function.makeValue(types[0])
        operations.append(Operation(code, operands: operands, results: [result], parameters: parameters, regions: regions))
        return result
    }

    /// An f64 splat.
    mutating func constant(_ number: Double, _ shape: [Int]) throws(JaxError) -> ValueID {
        let storage = try Storage(byteCount: 8)
        storage.bytes.storeBytes(of: number, as: Double.self)
        let literal = Literal(type: TensorType(.f64, shape), isSplat: !shape.isEmpty, storage: storage)
        return try emit(.constant, [], ConstantParameters(literal))
    }

    /// A region of one operation over two f64 scalars.
    mutating func combiner(_ code: OpCode) throws(JaxError) -> Region {
        let outer = operations
        operations = []
        defer { operations = outer }
        let x = function.makeValue(.tensor(TensorType(.f64, []))), y = function.makeValue(.tensor(TensorType(.f64, [])))
        let result = try emit(code, [x, y])
        return Region(parameters: [x, y], operations: operations, results: [result])
    }

    // MARK: Blocks

    /// A block with the bounds of its values, under the names that `bounds` gives them.
    private mutating func block(_ region: Region) throws(JaxError) -> Region {
        let outer = operations
        operations = []
        defer { operations = outer }
        for operation in region.operations { try add(operation) }
        return Region(parameters: region.parameters, operations: operations, results: region.results)
    }

    private mutating func add(_ operation: Operation) throws(JaxError) {
        switch operation.code {
        case .while: return try loop(operation)
        case .if, .case: return try branches(operation)
        default: break
        }
        operations.append(operation)
        for (result, bound) in zip(operation.results, try rule(operation)) {
            if let bound { bounds[result] = bound }
        }
    }

    /// The bounds of an operation's results.
    private mutating func rule(_ operation: Operation) throws(JaxError) -> [ValueID?] {
        if let sums = try sums(operation) { return sums }
        let isElementwise = opDefinition(operation)?.traits.contains(.elementwise) ?? false
        if isElementwise { return [try elementwise(operation)] }
        if let moved = try moved(operation) { return [moved] }
        // These look at the bits, and a NaN's sign is nobody's promise.
        let seesBits = [.sort, .topK, .bitcastConvert].contains(operation.code)
        return try undetermined(operation, unless: seesBits ? operation.operands.filter { type($0).dtype.precision != nil } : [])
    }

    /// All results are anything where any operand has an error or one of `numbers` a NaN, known as they are where none has.
    mutating func undetermined(_ operation: Operation, unless numbers: [ValueID]) throws(JaxError) -> [ValueID?] {
        var total: ValueID?
        var errors = operation.operands.compactMap { bounds[$0] }
        for number in numbers { errors.append(try doubt(number)) }
        for bound in errors {
            let most = try reduce(.maximum, bound, axes: Array(0..<type(bound).rank))
            total = total == nil ? most : try emit(.maximum, [total!, most])
        }
        guard let total else { return operation.results.map { _ in nil } }
        let zero = try constant(0, []), isExact = try emit(.compare, [total, zero], CompareParameters(.equal))
        let bound = try emit(.select, [isExact, zero, try constant(.infinity, [])])
        var all: [ValueID?] = []
        for result in operation.results {
            let shape = function.type(of: result).tensor?.shape ?? []
            all.append(try emit(.broadcastInDim, [bound], BroadcastParameters(shape: shape, dimensions: [])))
        }
        return all
    }

    /// What moves elements moves their bounds alike.
    private mutating func moved(_ operation: Operation) throws(JaxError) -> ValueID? {
        let arrays: Int
        switch operation.code {
        case .broadcastInDim, .reshape, .transpose, .reverse, .slice, .dynamicSlice, .gather: arrays = 1
        case .dynamicUpdateSlice, .pad: arrays = 2
        case .concatenate: arrays = operation.operands.count
        default: return nil
        }
        guard operation.operands[..<arrays].contains(where: { bounds[$0] != nil }),
              operation.operands[arrays...].allSatisfy({ bounds[$0] == nil }) else { return nil }
        var operands = operation.operands
        for index in 0..<arrays { operands[index] = try bound(operands[index]) }
        return try emit(operation.code, operands, operation.parameters)
    }

    private func makeBound(of value: ValueID) -> ValueID { function.makeValue(.tensor(TensorType(.f64, type(value).shape))) }

    /// A value's bound, 0 where it has none.
    mutating func bound(_ value: ValueID) throws(JaxError) -> ValueID {
        if let bound = bounds[value] { return bound }
        return try constant(0, type(value).shape)
    }

    /// Infinity where a float is NaN, else 0.
    mutating func doubt(_ value: ValueID) throws(JaxError) -> ValueID {
        let shape = type(value).shape, isNumber = try emit(.compare, [value, value], CompareParameters(.equal))
        return try emit(.select, [isNumber, try constant(0, shape), try constant(.infinity, shape)])
    }

    mutating func reduce(_ code: OpCode, _ a: ValueID, axes: [Int]) throws(JaxError) -> ValueID {
        let initial: Double = code == .multiply ? 1 : 0
        return try emit(.reduce, [a, try constant(initial, [])], DimensionsParameters(axes), regions: [try combiner(code)])
    }

    // MARK: Control flow

    /// Carried values have bounds where the initial ones have, or those that the body makes of them: tried until nothing changes.
    private mutating func loop(_ operation: Operation) throws(JaxError) {
        var carried = operation.operands.indices.filter { bounds[operation.operands[$0]] != nil }
        while true {
            var parts: [Region] = []
            var isDetermined = true
            for region in operation.regions {
                let parameters = carried.map { makeBound(of: operation.operands[$0]) }
                for parameter in region.parameters { bounds[parameter] = nil }
                for (index, parameter) in zip(carried, parameters) { bounds[region.parameters[index]] = parameter }
                var part = try block(region)
                part.parameters += parameters
                parts.append(part)
            }
            if bounds[parts[0].results[0]] != nil { isDetermined = false }
            let needed = parts[1].results.indices.filter { carried.contains($0) || bounds[parts[1].results[$0]] != nil }
            if needed != carried {
                carried = needed
                continue
            }
            var initials: [ValueID] = [], results: [ValueID] = []
            for index in carried {
                initials.append(try bound(operation.operands[index]))
                results.append(makeBound(of: operation.operands[index]))
            }
            let ends = carried.map { parts[1].results[$0] }
            parts[1] = try extended(parts[1], ends)
            operations.append(Operation(.while, operands: operation.operands + initials, results: operation.results + results,
                                        regions: parts))
            for (index, bound) in zip(carried, results) { bounds[operation.results[index]] = bound }
            if !isDetermined { try unknown(operation.results) }
            return
        }
    }

    private mutating func branches(_ operation: Operation) throws(JaxError) {
        var parts: [Region] = []
        for region in operation.regions { parts.append(try block(region)) }
        let bounded = operation.results.indices.filter { index in parts.contains { bounds[$0.results[index]] != nil } }
        for part in parts.indices { parts[part] = try extended(parts[part], bounded.map { parts[part].results[$0] }) }
        let results = bounded.map { makeBound(of: operation.results[$0]) }
        operations.append(Operation(operation.code, operands: operation.operands, results: operation.results + results, regions: parts))
        for (index, bound) in zip(bounded, results) { bounds[operation.results[index]] = bound }
        if bounds[operation.operands[0]] != nil { try unknown(operation.results) }
    }

    /// A block that returns the bounds of some values beside its results.
    private mutating func extended(_ region: Region, _ values: [ValueID]) throws(JaxError) -> Region {
        let outer = operations
        operations = region.operations
        defer { operations = outer }
        var results = region.results
        for value in values { results.append(try bound(value)) }
        return Region(parameters: region.parameters, operations: operations, results: results)
    }

    private mutating func unknown(_ values: [ValueID]) throws(JaxError) {
        for value in values { bounds[value] = try constant(.infinity, type(value).shape) }
    }
}
