// The one way to make operations: a function under construction. Whoever emits an operation gets the types of its results
// from the operation's own shape rule, and what does not fit is refused where it is made.
import JaxIR
import JaxPlatform

/// Builds the body of a function, operation by operation; regions by closures.
///
///     let builder = Builder(Function(name: "f"))
///     let x = builder.parameter(.tensor(TensorType(.f32, [3])))
///     let y = try builder.emit(.multiply, [x, x])
///     builder.finish(y)
public final class Builder {
    public let function: Function
    /// Where the operations that are emitted come from.
    public var location = LocationID.unknown
    /// Constants in front of everything else, where all regions can see them.
    private var leading: [Operation] = []
    /// The regions that are open, the innermost last.
    private var open: [[Operation]] = [[]]
    private var parameters: [ValueID] = []
    /// How many operations may still be emitted.
    private var budget: Int

    /// `maximumOperations` bounds what a hostile program can make the builder do.
    public init(_ function: Function, maximumOperations: Int = 1 << 22) {
        self.function = function
        budget = maximumOperations
    }

    /// A further parameter of the function.
    public func parameter(_ type: ValueType) -> ValueID {
        let id = function.makeValue(type)
        parameters.append(id)
        return id
    }

    /// Ends the function, which returns `results`.
    public func finish(_ results: [ValueID]) {
        function.body = Region(parameters: parameters, operations: leading + open[0], results: results)
        function.resultTypes = results.map { function.type(of: $0) }
        function.parameterAttributes = Builder.fitted(function.parameterAttributes, parameters.count)
        function.resultAttributes = Builder.fitted(function.resultAttributes, results.count)
        open = [[]]
    }

    private static func fitted(_ attributes: [Attributes], _ count: Int) -> [Attributes] {
        var list = Array(attributes.prefix(count))
        while list.count < count { list.append(Attributes()) }
        return list
    }

    public func type(of value: ValueID) -> ValueType { function.type(of: value) }

    /// The tensor type of a value. Throws `internalError` for others.
    public func tensorType(_ value: ValueID) throws(JaxError) -> TensorType {
        guard let type = function.type(of: value).tensor else { throw JaxError(.internalError, "expected an array") }
        return type
    }

    /// Appends an operation; its results have the types that its shape rule gives. Throws what the rule throws, and
    /// `resourceExhausted` where the function grows too large.
    @discardableResult
    @export(interface)
    public func emit(_ code: OpCode, _ operands: [ValueID], _ parameters: Parameters = .none, regions: [Region] = [],
                     annotations: Attributes = Attributes()) throws(JaxError) -> [ValueID] {
        let types = try inferTypes(code, operands: operands, parameters, regions: regions, in: function)
        return try append(code, operands, parameters, types, regions: regions, annotations: annotations)
    }

    /// Appends an operation whose results have `types`, without asking its shape rule: for what has none yet, such as calls of
    /// unknown targets before specialisation.
    public func append(_ code: OpCode, _ operands: [ValueID], _ parameters: Parameters, _ types: [ValueType], regions: [Region] = [],
                       annotations: Attributes = Attributes()) throws(JaxError) -> [ValueID] {
        guard budget > 0 else { throw JaxError(.resourceExhausted, "@\(function.name) would have too many operations") }
        budget -= 1
        var results: [ValueID] = []
        results.reserveCapacity(types.count)
        for type in types { results.append(function.makeValue(type)) }
        open[open.count - 1].append(Operation(code, operands: operands, results: results, parameters: parameters, annotations: annotations,
                                              regions: regions, location: location))
        return results
    }

    /// An operation with one result.
    public func one(_ code: OpCode, _ operands: [ValueID], _ parameters: Parameters = .none,
                    regions: [Region] = []) throws(JaxError) -> ValueID {
        let results = try emit(code, operands, parameters, regions: regions)
        guard results.count == 1 else { throw JaxError(.internalError, "\(code.name) has \(results.count) results, one expected") }
        return results[0]
    }

    /// A region over values of `types`, whose operations `body` emits and whose results it returns.
    public func region(_ types: [ValueType], _ body: (Builder, [ValueID]) throws(JaxError) -> [ValueID]) throws(JaxError) -> Region {
        var parameters: [ValueID] = []
        for type in types { parameters.append(function.makeValue(type)) }
        let (operations, results) = try block { () throws(JaxError) in try body(self, parameters) }
        return Region(parameters: parameters, operations: operations, results: results)
    }

    /// What `body` emits, behind `operations` that are there already, as a block that stands nowhere yet; with what `body` returns.
    public func block<Result>(_ operations: [Operation] = [],
                              _ body: () throws(JaxError) -> Result) throws(JaxError) -> (operations: [Operation], result: Result) {
        open.append(operations)
        do throws(JaxError) {
            let result = try body()
            return (open.removeLast(), result)
        } catch {
            _ = open.removeLast()
            throw error
        }
    }

    /// Appends an operation that was made of values of this function.
    public func append(_ operation: Operation) { open[open.count - 1].append(operation) }

    /// The operation that was emitted last into the open block.
    public var latest: Operation? { open[open.count - 1].last }

    /// What stands outside of all regions so far.
    public var emitted: [Operation] { leading + open[0] }

    /// A constant in front of all other operations of the function, which every region can use.
    public func leadingConstant(_ literal: Literal) -> ValueID {
        let id = function.makeValue(.tensor(literal.type))
        leading.append(Operation(.constant, results: [id], parameters: ConstantParameters(literal)))
        return id
    }
}

// MARK: - The operations that rules are written in

extension Builder {
    public func add(_ a: ValueID, _ b: ValueID) throws(JaxError) -> ValueID { try one(.add, [a, b]) }
    public func subtract(_ a: ValueID, _ b: ValueID) throws(JaxError) -> ValueID { try one(.subtract, [a, b]) }
    public func multiply(_ a: ValueID, _ b: ValueID) throws(JaxError) -> ValueID { try one(.multiply, [a, b]) }
    public func divide(_ a: ValueID, _ b: ValueID) throws(JaxError) -> ValueID { try one(.divide, [a, b]) }
    public func negate(_ a: ValueID) throws(JaxError) -> ValueID { try one(.negate, [a]) }

    public func compare(_ direction: Comparison.Direction, _ a: ValueID, _ b: ValueID) throws(JaxError) -> ValueID {
        try one(.compare, [a, b], CompareParameters(direction))
    }

    public func select(_ predicate: ValueID, _ onTrue: ValueID, _ onFalse: ValueID) throws(JaxError) -> ValueID {
        try one(.select, [predicate, onTrue, onFalse])
    }

    /// The value itself where it has the type already.
    public func convert(_ a: ValueID, to dtype: DType) throws(JaxError) -> ValueID {
        try tensorType(a).dtype == dtype ? a : try one(.convert, [a], DTypeParameters(dtype))
    }

    public func reshape(_ a: ValueID, _ shape: [Int]) throws(JaxError) -> ValueID {
        try tensorType(a).shape == shape ? a : try one(.reshape, [a], ReshapeParameters(shape))
    }

    /// `a`'s dimensions become those of the result that `dimensions` lists.
    public func broadcast(_ a: ValueID, to shape: [Int], dimensions: [Int]) throws(JaxError) -> ValueID {
        try tensorType(a).shape == shape ? a : try one(.broadcastInDim, [a], BroadcastParameters(shape: shape, dimensions: dimensions))
    }

    public func transpose(_ a: ValueID, _ permutation: [Int]) throws(JaxError) -> ValueID {
        permutation == Array(permutation.indices) ? a : try one(.transpose, [a], TransposeParameters(permutation))
    }

    public func iota(_ type: TensorType, dimension: Int) throws(JaxError) -> ValueID {
        try one(.iota, [], IotaParameters(type, dimension: dimension))
    }

    /// A constant of `type` whose elements are all `value`, rounded to the type.
    public func constant(_ value: Double, _ type: TensorType) throws(JaxError) -> ValueID {
        let number = try Tensor(TensorType(.f64, []))
        number.elements(as: Double.self)[0] = value
        let element = try JaxOps.convert(number, to: type.dtype)
        return try constant(Literal(type: type, isSplat: type.rank > 0, storage: element.storage))
    }

    public func constant(_ literal: Literal) throws(JaxError) -> ValueID { try one(.constant, [], ConstantParameters(literal)) }

    /// An array of `value`'s type whose elements are all `number`.
    public func filled(_ number: Double, like value: ValueID) throws(JaxError) -> ValueID { try constant(number, try tensorType(value)) }

    /// Zeros of a type that has tangents.
    public func zeros(_ type: ValueType) throws(JaxError) -> ValueID {
        guard let tensor = type.tensor else { throw JaxError(.internalError, "a \(type) has no zero") }
        return try constant(0, tensor)
    }

    /// `a` with a factor of each element.
    public func scale(_ a: ValueID, by factor: Double) throws(JaxError) -> ValueID { try multiply(a, try filled(factor, like: a)) }

    /// Folds `axes` with one operation, from `initial`.
    public func reduce(_ code: OpCode, _ a: ValueID, _ initial: ValueID, axes: [Int]) throws(JaxError) -> ValueID {
        let scalar = ValueType.tensor(TensorType(try tensorType(a).dtype, []))
        let body = try region([scalar, scalar]) { builder, values throws(JaxError) in [try builder.one(code, values)] }
        return try one(.reduce, [a, initial], DimensionsParameters(axes), regions: [body])
    }

    public func dotGeneral(_ a: ValueID, _ b: ValueID, _ dimensions: DotDimensions, _ dtype: DType? = nil) throws(JaxError) -> ValueID {
        try one(.dotGeneral, [a, b], DotParameters(dimensions, dtype == nil ? try tensorType(a).dtype : dtype!))
    }
}
