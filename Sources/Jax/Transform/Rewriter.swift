// Copying operations of one function into another that is being built: what every pass that moves code stands on.
import JaxIR
import JaxOps
import JaxPlatform

/// Copies of operations and regions of `source` as part of a builder's function. A value of the source stands for the value that
/// it was bound to, or for the copy of the operation that defines it.
struct Rewriter {
    let source: Function
    let builder: Builder
    private var copies: [ValueID?]
    /// What takes an operation's place: the values of its results, or nil for a copy of the operation.
    private let rule: (Operation, inout Rewriter) throws(JaxError) -> [ValueID]?
    /// Where the copied operations come from, seen from the target.
    private let place: (LocationID) -> LocationID

    init(from source: Function, into builder: Builder, place: @escaping (LocationID) -> LocationID = { $0 },
         _ rule: @escaping (Operation, inout Rewriter) throws(JaxError) -> [ValueID]?) {
        self.source = source
        self.builder = builder
        self.place = place
        self.rule = rule
        copies = [ValueID?](repeating: nil, count: source.types.count)
    }

    /// Lets `value` of the source stand for `copy`.
    mutating func bind(_ value: ValueID, to copy: ValueID) { copies[value.index] = copy }

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

    /// Copies operations into the region that is open.
    mutating func copy(_ operations: [Operation]) throws(JaxError) {
        for operation in operations {
            let results: [ValueID]
            if let replacement = try rule(operation, &self) { results = replacement } else { results = try copy(operation) }
            guard results.count == operation.results.count else {
                throw JaxError(.internalError,
                               "\(operation.code.name) is replaced by \(results.count) values, it has \(operation.results.count)")
            }
            for (result, copy) in zip(operation.results, results) { bind(result, to: copy) }
        }
    }

    /// A copy of the operation with its regions; `parameters` where they are others.
    mutating func copy(_ operation: Operation, parameters: Parameters? = nil) throws(JaxError) -> [ValueID] {
        let operands = try copies(of: operation.operands)
        var regions: [Region] = []
        for region in operation.regions { regions.append(try copied(region)) }
        builder.location = place(operation.location)
        return try builder.append(operation.code, operands, parameters ?? operation.parameters,
                                  operation.results.map { source.type(of: $0) }, regions: regions, annotations: operation.annotations)
    }

    /// A copy of the region, as part of the function that is built.
    func copied(_ region: Region) throws(JaxError) -> Region {
        var inner = self
        return try builder.region(region.parameters.map { source.type(of: $0) }) { (_, parameters) throws(JaxError) in
            for (parameter, copy) in zip(region.parameters, parameters) { inner.bind(parameter, to: copy) }
            try inner.copy(region.operations)
            return try inner.copies(of: region.results)
        }
    }
}

extension Function {
    /// A function of the same name and attributes, to be filled.
    func emptyCopy(name: String? = nil) -> Function {
        let copy = Function(name: name ?? self.name, isPublic: isPublic)
        copy.parameterAttributes = parameterAttributes
        copy.resultAttributes = resultAttributes
        copy.attributes = attributes
        copy.location = location
        return copy
    }
}

extension Module {
    /// A module of the same name and attributes, without functions.
    func emptyCopy() -> Module {
        let copy = Module(name: name)
        copy.meshes = meshes
        copy.attributes = attributes
        copy.locations = locations
        return copy
    }
}
