// Who defines and who uses each value of a function: a table that a pass makes when it needs it, so that nothing in the form
// itself can go stale.

/// The definitions and uses of one function's values at the time when the table was made.
public struct Uses {
    /// The operation that defines each value; nil for parameters.
    private var definitions: [Operation?]
    /// How often each value is an operand or a region's result, in nested regions too.
    private var counts: [Int32]

    public init(_ function: Function) {
        definitions = [Operation?](repeating: nil, count: function.types.count)
        counts = [Int32](repeating: 0, count: function.types.count)
        add(function.body)
    }

    private mutating func add(_ region: Region) {
        for operation in region.operations {
            for id in operation.results { definitions[id.index] = operation }
            for id in operation.operands { counts[id.index] += 1 }
            for region in operation.regions { add(region) }
        }
        for id in region.results { counts[id.index] += 1 }
    }

    /// The operation that defines `value`, or nil for a parameter.
    public func definition(of value: ValueID) -> Operation? { definitions[value.index] }

    public func count(_ value: ValueID) -> Int { Int(counts[value.index]) }
}
