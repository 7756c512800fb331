// Copying operations from one function into another, with new values: what every pass that moves code stands on.
import JaxIR
import JaxPlatform

/// Copies of operations and regions of `source` as part of `target`. A value of the source stands for the value that it
/// was bound to, or for the copy of the operation that defines it.
struct Cloner {
    let source: Function
    let target: Function
    private var copies: [ValueID?]

    init(from source: Function, into target: Function) {
        self.source = source
        self.target = target
        copies = [ValueID?](repeating: nil, count: source.types.count)
    }

    /// Lets `value` of the source stand for `copy`.
    mutating func bind(_ value: ValueID, to copy: ValueID) { copies[value.index] = copy }

    /// A new value of the target for `value`, of the same type.
    mutating func define(_ value: ValueID) -> ValueID {
        let copy = target.makeValue(source.type(of: value))
        copies[value.index] = copy
        return copy
    }

    /// What stands for `value`. Throws `internalError` before its definition was copied.
    func copy(_ value: ValueID) throws(JaxError) -> ValueID {
        guard let copy = copies[value.index] else {
            throw JaxError(.internalError, "value \(value.index) of @\(source.name) is used before it is defined")
        }
        return copy
    }

    func copies(of values: [ValueID]) throws(JaxError) -> [ValueID] {
        var list: [ValueID] = []
        list.reserveCapacity(values.count)
        for value in values { list.append(try copy(value)) }
        return list
    }

    /// A copy of `operation`, whose regions `body` makes.
    mutating func clone(_ operation: Operation, location: LocationID,
                        _ body: (Region, inout Cloner) throws(JaxError) -> Region) throws(JaxError) -> Operation {
        let operands = try copies(of: operation.operands)
        var regions: [Region] = []
        for region in operation.regions { regions.append(try body(region, &self)) }
        var results: [ValueID] = []
        for result in operation.results { results.append(define(result)) }
        return Operation(operation.code, operands: operands, results: results, attributes: operation.attributes,
                         regions: regions, location: location)
    }
}
