// Batching of the operations that run regions.
import JaxIR
import JaxOps
import JaxPlatform

extension Batching {
    /// False for an operation with a rule of its own.
    mutating func runStructured(_ operation: Operation) throws(JaxError) -> Bool {
        switch operation.code {
        case .if, .case: try branches(operation)
        case .while: try loop(operation)
        case .countedLoop: try countedLoop(operation)
        case .scan: try scan(operation)
        case .remat: try body(operation)
        case .namedCall:
            for (parameter, operand) in zip(operation.regions[0].parameters, operation.operands) { bind(parameter, try value(operand)) }
            try run(operation.regions[0].operations)
            for (result, value) in zip(operation.results, operation.regions[0].results) { bind(result, try self.value(value)) }
        case .customJVP, .customVJP, .customLin: try whole(operation)
        case .optimizationBarrier:
            let operands = try values(operation.operands)
            let made = try builder.emit(.optimizationBarrier, operands.map { $0.value })
            for (index, result) in operation.results.enumerated() { bind(result, Batched(made[index], operands[index].isBatched)) }
        default: return false
        }
        return true
    }

    /// A region on parameters that are batched as `flags` say, whose results are batched as `resultFlags` say.
    private func region(_ region: Region, _ flags: [Bool], _ results: [ValueID], _ resultFlags: [Bool]) throws(JaxError) -> Region {
        var types: [ValueType] = []
        for (parameter, isBatched) in zip(region.parameters, flags) {
            types.append(isBatched ? try batchedType(source.type(of: parameter)) : source.type(of: parameter))
        }
        var inner = self
        return try builder.region(types) { (_, parameters) throws(JaxError) in
            for (index, parameter) in region.parameters.enumerated() { inner.bind(parameter, Batched(parameters[index], flags[index])) }
            try inner.run(region.operations)
            return try inner.values(results, batched: resultFlags)
        }
    }

    private mutating func bind(_ results: [ValueID], _ values: [ValueID], _ flags: [Bool]) {
        for (index, result) in results.enumerated() { bind(result, Batched(values[index], flags[index])) }
    }

    // MARK: Branches

    /// Where the choice itself is batched all branches are computed, and the results selected.
    private mutating func branches(_ operation: Operation) throws(JaxError) {
        let choice = try value(operation.operands[0])
        let flags = dependence.flags(operation.results)
        guard choice.isBatched else {
            var regions: [Region] = []
            for region in operation.regions { regions.append(try self.region(region, [], region.results, flags)) }
            return bind(operation.results, try builder.emit(operation.code, [choice.value], operation.parameters, regions: regions), flags)
        }
        var results: [[ValueID]] = []
        for region in operation.regions {
            var inner = self
            try inner.run(region.operations)
            results.append(try inner.values(region.results, batched: region.results.map { _ in true }))
        }
        for (index, result) in operation.results.enumerated() {
            // A case whose number is none of the branches is the last one.
            var chosen = results[results.count - 1][index]
            for branch in (0..<(results.count - 1)).reversed() {
                let isChosen = operation.code == .if ? choice.value
                    : try builder.compare(.equal, choice.value, try builder.filled(Double(branch), like: choice.value))
                chosen = try select(isChosen, results[branch][index], chosen)
            }
            bind(result, Batched(chosen, true))
        }
    }

    /// A selection by one truth value a row.
    private func select(_ predicate: ValueID, _ onTrue: ValueID, _ onFalse: ValueID) throws(JaxError) -> ValueID {
        let shape = try builder.tensorType(onTrue).shape
        return try builder.select(try builder.broadcast(predicate, to: shape, dimensions: [0]), onTrue, onFalse)
    }

    // MARK: Loops

    /// Where the condition is batched the loop goes on as long as it holds for some row, and the state of the others stays.
    private mutating func loop(_ operation: Operation) throws(JaxError) {
        let condition = operation.regions[0], body = operation.regions[1]
        if !dependence.contains(condition.results[0]) {
            let flags = dependence.flags(operation.results)
            let regions = [try region(condition, flags, condition.results, [false]), try region(body, flags, body.results, flags)]
            let state = try values(operation.operands, batched: flags)
            return bind(operation.results, try builder.emit(.while, state, operation.parameters, regions: regions), flags)
        }
        let flags = operation.results.map { _ in true }
        let state = try values(operation.operands, batched: flags), types = state.map { builder.type(of: $0) }
        let current = self
        func holds(_ parameters: [ValueID]) throws(JaxError) -> ValueID {
            var inner = current
            for (index, parameter) in condition.parameters.enumerated() { inner.bind(parameter, Batched(parameters[index], true)) }
            try inner.run(condition.operations)
            return try inner.values(condition.results, batched: [true])[0]
        }
        let some = try builder.region(types) { (builder, parameters) throws(JaxError) in
            let scalar = TensorType(.i1, [])
            return [try builder.reduce(.or, try holds(parameters), try builder.constant(0, scalar), axes: [0])]
        }
        let step = try builder.region(types) { (_, parameters) throws(JaxError) in
            let predicate = try holds(parameters)
            var inner = current
            for (index, parameter) in body.parameters.enumerated() { inner.bind(parameter, Batched(parameters[index], true)) }
            try inner.run(body.operations)
            var next: [ValueID] = []
            for (index, value) in try inner.values(body.results, batched: flags).enumerated() {
                next.append(try inner.select(predicate, value, parameters[index]))
            }
            return next
        }
        bind(operation.results, try builder.emit(.while, state, operation.parameters, regions: [some, step]), flags)
    }

    /// With bounds that are batched it is a `while`.
    private mutating func countedLoop(_ operation: Operation) throws(JaxError) {
        let body = operation.regions[0]
        let bounds = try values(Array(operation.operands.prefix(2))), initial = Array(operation.operands.dropFirst(2))
        guard bounds.contains(where: { $0.isBatched }) else {
            let flags = dependence.flags(operation.results)
            let region = try self.region(body, [false] + flags, body.results, flags)
            let state = bounds.map { $0.value } + (try values(initial, batched: flags))
            return bind(operation.results, try builder.emit(.countedLoop, state, operation.parameters, regions: [region]), flags)
        }
        let flags = operation.results.map { _ in true }
        let lower = try batched(bounds[0]), upper = try batched(bounds[1])
        let state = [lower] + (try values(initial, batched: flags)), types = state.map { builder.type(of: $0) }
        let some = try builder.region(types) { (builder, parameters) throws(JaxError) in
            let isBelow = try builder.compare(.less, parameters[0], upper)
            return [try builder.reduce(.or, isBelow, try builder.constant(0, TensorType(.i1, [])), axes: [0])]
        }
        let current = self
        let step = try builder.region(types) { (builder, parameters) throws(JaxError) in
            let isBelow = try builder.compare(.less, parameters[0], upper)
            var inner = current
            for (index, parameter) in body.parameters.enumerated() { inner.bind(parameter, Batched(parameters[index], true)) }
            try inner.run(body.operations)
            var next = [try builder.add(parameters[0], try builder.filled(1, like: parameters[0]))]
            for (index, value) in try inner.values(body.results, batched: flags).enumerated() {
                next.append(try inner.select(isBelow, value, parameters[index + 1]))
            }
            return next
        }
        let made = try builder.emit(.while, state, regions: [some, step])
        bind(operation.results, Array(made.dropFirst()), flags)
    }

    /// The rounds stay in front: a batched array of slices has its rounds first, then the rows.
    private mutating func scan(_ operation: Operation) throws(JaxError) {
        let parameters = operation.parameters(ScanParameters.self), count = parameters.carryCount, body = operation.regions[0]
        let flags = dependence.flags(body.parameters), outputs = Array(operation.results.dropFirst(count))
        let resultFlags = Array(flags.prefix(count)) + dependence.flags(outputs)
        var operands = try values(operation.operands, batched: flags)
        for index in count..<operands.count where flags[index] { operands[index] = try exchanged(operands[index]) }
        let region = try self.region(body, flags, body.results, resultFlags)
        var made = try builder.emit(.scan, operands, parameters, regions: [region])
        for index in count..<made.count where resultFlags[index] { made[index] = try exchanged(made[index]) }
        bind(operation.results, made, resultFlags)
    }

    /// The first two dimensions in each other's place.
    private func exchanged(_ value: ValueID) throws(JaxError) -> ValueID {
        try builder.transpose(value, [1, 0] + Array(2..<max(try builder.tensorType(value).rank, 2)))
    }

    // MARK: Functions with rules

    private mutating func body(_ operation: Operation) throws(JaxError) {
        let body = operation.regions[0], flags = dependence.flags(body.parameters), resultFlags = dependence.flags(operation.results)
        let region = try self.region(body, flags, body.results, resultFlags)
        let made = try builder.emit(operation.code, try values(operation.operands, batched: flags), operation.parameters, regions: [region])
        bind(operation.results, made, resultFlags)
    }

    /// All operands, parameters and results get the dimension, in the function as in its rules.
    private mutating func whole(_ operation: Operation) throws(JaxError) {
        var regions: [Region] = []
        for region in operation.regions {
            regions.append(try self.region(region, region.parameters.map { _ in true }, region.results, region.results.map { _ in true }))
        }
        let operands = try values(operation.operands, batched: operation.operands.map { _ in true })
        let made = try builder.emit(operation.code, operands, operation.parameters, regions: regions)
        bind(operation.results, made, operation.results.map { _ in true })
    }
}
