// The structured operations in terms of those that StableHLO has: a scan and a counted loop become a `while`, functions with rules of their own
// become their bodies. What is compiled, and what leaves the machine, has none of them.
import JaxIR
import JaxOps
import JaxPlatform

/// A copy of a module without structured operations.
@export(interface)
public func withoutStructured(_ module: Module) throws(JaxError) -> Module {
    if !module.functions.contains(where: { isStructured($0.body) }) { return module }
    let target = module.emptyCopy()
    var copies: [ObjectIdentifier: Function] = [:]
    for function in try calleesFirst(module) {
        let builder = Builder(function.emptyCopy())
        var rewriter = Rewriter(from: function, into: builder) { (operation, rewriter) throws(JaxError) -> [ValueID]? in
            if let results = try lowered(operation, &rewriter) { return results }
            let named = operation.parameters.functions
            if named.isEmpty { return nil }
            return try rewriter.copy(operation, parameters: operation.parameters.replacing(named.map { copies[ObjectIdentifier($0)] ?? $0 }))
        }
        for parameter in function.body.parameters { rewriter.bind(parameter, to: builder.parameter(function.type(of: parameter))) }
        try rewriter.copy(function.body.operations)
        builder.finish(try rewriter.copies(of: function.body.results))
        copies[ObjectIdentifier(function)] = builder.function
    }
    for function in module.functions {
        if let copy = copies[ObjectIdentifier(function)] { try target.add(copy) }
    }
    return target
}

private func isStructured(_ region: Region) -> Bool {
    for operation in region.operations {
        switch operation.code {
        case .scan, .countedLoop, .customJVP, .customVJP, .remat, .namedCall: return true
        default: if operation.regions.contains(where: isStructured) { return true }
        }
    }
    return false
}

/// What stands for a structured operation; nil for any other.
private func lowered(_ operation: Operation, _ rewriter: inout Rewriter) throws(JaxError) -> [ValueID]? {
    switch operation.code {
    case .scan: return try scan(operation, &rewriter)
    case .countedLoop: return try countedLoop(operation, &rewriter)
    case .customJVP, .customVJP, .namedCall:
        return try body(operation, try rewriter.copies(of: operation.operands), rewriter)
    case .remat:
        // What is computed again must not be found to be there already.
        let operands = try rewriter.copies(of: operation.operands)
        let hidden = operation.parameters(RematParameters.self).preventsCSE ? try rewriter.builder.emit(.optimizationBarrier, operands) : operands
        return try body(operation, hidden, rewriter)
    default: return nil
    }
}

private func body(_ operation: Operation, _ arguments: [ValueID], _ rewriter: Rewriter) throws(JaxError) -> [ValueID] {
    var inner = rewriter
    return try run(operation.regions[0], arguments, &inner)
}

/// The operations of a region where the builder is.
private func run(_ region: Region, _ arguments: [ValueID], _ rewriter: inout Rewriter) throws(JaxError) -> [ValueID] {
    for (parameter, argument) in zip(region.parameters, arguments) { rewriter.bind(parameter, to: argument) }
    try rewriter.copy(region.operations)
    return try rewriter.copies(of: region.results)
}

/// State: the round's number, the carry, and the arrays that are put together, a row a round. What does not change is seen from the body as it is.
private func scan(_ operation: Operation, _ rewriter: inout Rewriter) throws(JaxError) -> [ValueID] {
    let builder = rewriter.builder, source = rewriter.source, body = operation.regions[0]
    let parameters = operation.parameters(ScanParameters.self), count = parameters.carryCount
    let operands = try rewriter.copies(of: operation.operands)
    if parameters.length == 0 {
        // There is no row that a round could take.
        var results = Array(operands.prefix(count))
        for result in operation.results.dropFirst(count) { results.append(try builder.zeros(source.type(of: result))) }
        return results
    }
    let changing = (0..<count).filter { body.results[$0] != body.parameters[$0] }
    let number = TensorType(.i32, [])
    let zero = try builder.constant(0, number), one = try builder.constant(1, number)
    let length = try builder.constant(Double(parameters.length), number)
    let last = try builder.constant(Double(parameters.length - 1), number)
    var state = [zero] + changing.map { operands[$0] }
    for result in operation.results.dropFirst(count) { state.append(try builder.zeros(source.type(of: result))) }
    let types = state.map { builder.type(of: $0) }
    let condition = try builder.region(types) { (b, p) throws(JaxError) in [try b.compare(.less, p[0], length)] }
    let current = rewriter
    let round = try builder.region(types) { (b, p) throws(JaxError) in
        var inner = current
        let row = parameters.isReverse ? try b.subtract(last, p[0]) : p[0]
        var arguments = Array(operands.prefix(count))
        for (place, index) in changing.enumerated() { arguments[index] = p[1 + place] }
        for operand in operands.dropFirst(count) {
            let shape = try b.tensorType(operand).shape, starts = [row] + shape.dropFirst().map { _ in zero }
            let slice = try b.one(.dynamicSlice, [operand] + starts, SliceSizesParameters([1] + shape.dropFirst()))
            arguments.append(try b.reshape(slice, Array(shape.dropFirst())))
        }
        let results = try run(body, arguments, &inner)
        var next = [try b.add(p[0], one)] + changing.map { results[$0] }
        for (place, value) in results.dropFirst(count).enumerated() {
            let shape = try b.tensorType(value).shape
            let made = p[1 + changing.count + place], starts = [row] + shape.map { _ in zero }
            next.append(try b.one(.dynamicUpdateSlice, [made, try b.reshape(value, [1] + shape)] + starts))
        }
        return next
    }
    let made = try builder.emit(.while, state, regions: [condition, round])
    var results = Array(operands.prefix(count))
    for (place, index) in changing.enumerated() { results[index] = made[1 + place] }
    return results + made.dropFirst(1 + changing.count)
}

private func countedLoop(_ operation: Operation, _ rewriter: inout Rewriter) throws(JaxError) -> [ValueID] {
    let builder = rewriter.builder, operands = try rewriter.copies(of: operation.operands), body = operation.regions[0]
    let upper = operands[1], state = [operands[0]] + operands.dropFirst(2), types = state.map { builder.type(of: $0) }
    let condition = try builder.region(types) { (b, p) throws(JaxError) in [try b.compare(.less, p[0], upper)] }
    let current = rewriter
    let round = try builder.region(types) { (b, p) throws(JaxError) in
        var inner = current
        return [try b.add(p[0], try b.filled(1, like: p[0]))] + (try run(body, p, &inner))
    }
    return Array(try builder.emit(.while, state, regions: [condition, round]).dropFirst())
}
