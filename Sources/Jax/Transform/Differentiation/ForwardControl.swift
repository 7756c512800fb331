// Forward mode of the operations that run regions: the tangents travel beside the primals.
import JaxIR
import JaxOps
import JaxPlatform

extension ForwardMode {
    /// Runs an operation with regions of its own; false where it is none.
    mutating func runStructured(_ operation: Operation) throws(JaxError) -> Bool {
        let arguments = try primals(operation.operands)
        switch operation.code {
        case .if, .case:
            var regions: [Region] = []
            for region in operation.regions {
                regions.append(try self.region(region, parameters: [], resultsOf: operation, region.results))
            }
            try finish(operation, arguments, operation.parameters, regions)
        case .while:
            let state = try tangents(operation.operands, where: dependence.flags(operation.regions[1].parameters))
            let condition = try self.region(operation.regions[0], parameters: operation.regions[0].parameters,
                                            active: dependence.flags(operation.regions[1].parameters), results: operation.regions[0].results,
                                            activeResults: [])
            let body = try region(operation.regions[1], parameters: operation.regions[1].parameters, resultsOf: operation,
                                  operation.regions[1].results)
            try finish(operation, arguments + state, operation.parameters, [condition, body])
        case .countedLoop:
            let body = operation.regions[0]
            let state = try tangents(Array(operation.operands.dropFirst(2)), where: dependence.flags(Array(body.parameters.dropFirst())))
            try finish(operation, arguments + state, operation.parameters,
                       [try region(body, parameters: body.parameters, resultsOf: operation, body.results)])
        case .scan:
            try scan(operation, arguments)
        case .remat:
            let body = operation.regions[0]
            let incoming = try tangents(operation.operands, where: dependence.flags(body.parameters))
            try finish(operation, arguments + incoming, operation.parameters,
                       [try region(body, parameters: body.parameters, resultsOf: operation, body.results)])
        case .namedCall:
            let body = operation.regions[0]
            for (parameter, operand) in zip(body.parameters, operation.operands) {
                bind(parameter, try primals([operand])[0])
                bind(tangentOf: parameter, tangent(operand))
            }
            try run(body.operations)
            for (result, value) in zip(operation.results, body.results) {
                bind(result, try primals([value])[0])
                bind(tangentOf: result, tangent(value))
            }
        case .customJVP: try customJVP(operation, arguments)
        case .customVJP: try customVJP(operation, arguments)
        default: return false
        }
        return true
    }

    /// A region that takes its primals and then the tangents of those that have one, and returns likewise.
    private func region(_ region: Region, parameters: [ValueID], resultsOf operation: Operation,
                        _ results: [ValueID]) throws(JaxError) -> Region {
        try self.region(region, parameters: parameters, active: dependence.flags(parameters), results: results,
                        activeResults: dependence.flags(operation.results))
    }

    private func region(_ region: Region, parameters: [ValueID], active: [Bool], results: [ValueID],
                        activeResults: [Bool]) throws(JaxError) -> Region {
        let types = parameters.map { source.type(of: $0) }
        var inner = self
        return try builder.region(types + types.marked(by: active)) { (_, values) throws(JaxError) in
            inner.bind(parameters, values, where: active)
            try inner.run(region.operations)
            return try inner.primals(results) + inner.tangents(results, where: activeResults)
        }
    }

    /// Emits the operation with tangents beside its operands and results.
    private mutating func finish(_ operation: Operation, _ operands: [ValueID], _ parameters: Parameters,
                                 _ regions: [Region]) throws(JaxError) {
        bind(operation.results, try builder.emit(operation.code, operands, parameters, regions: regions, annotations: operation.annotations))
    }

    /// Primals, then the tangents of those that have one.
    private mutating func bind(_ results: [ValueID], _ values: [ValueID]) { bind(results, values, where: dependence.flags(results)) }

    /// The state with its tangents, then slices with theirs.
    private mutating func scan(_ operation: Operation, _ arguments: [ValueID]) throws(JaxError) {
        let parameters = operation.parameters(ScanParameters.self), count = parameters.carryCount
        let body = operation.regions[0]
        let carried = Array(body.parameters.prefix(count)), slices = Array(body.parameters.dropFirst(count))
        let carriedTangents = try tangents(Array(operation.operands.prefix(count)), where: dependence.flags(carried))
        let sliceTangents = try tangents(Array(operation.operands.dropFirst(count)), where: dependence.flags(slices))
        let outputs = Array(operation.results.dropFirst(count))
        var types: [ValueType] = []
        for group in [carried, slices] {
            let own = group.map { source.type(of: $0) }
            types += own + own.marked(by: dependence.flags(group))
        }
        var inner = self
        let region = try builder.region(types) { (_, values) throws(JaxError) in
            inner.bind(carried, Array(values.prefix(count + carriedTangents.count)))
            inner.bind(slices, Array(values.dropFirst(count + carriedTangents.count)))
            try inner.run(body.operations)
            let state = Array(body.results.prefix(count)), made = Array(body.results.dropFirst(count))
            return try inner.primals(state) + inner.tangents(state, where: dependence.flags(carried))
                + inner.primals(made) + inner.tangents(made, where: dependence.flags(outputs))
        }
        let total = count + carriedTangents.count
        let results = try builder.emit(
            .scan, Array(arguments.prefix(count)) + carriedTangents + Array(arguments.dropFirst(count)) + sliceTangents,
            ScanParameters(length: parameters.length, carryCount: total, isReverse: parameters.isReverse), regions: [region])
        bind(Array(operation.results.prefix(count)), Array(results.prefix(total)))
        bind(outputs, Array(results.dropFirst(total)))
    }

    /// The rule in the function's place: it has operands and the tangents of all that can have some.
    private mutating func customJVP(_ operation: Operation, _ arguments: [ValueID]) throws(JaxError) {
        let rule = operation.regions[1]
        let incoming = try tangents(operation.operands, where: haveTangents(operation.operands))
        bind(operation.results, try inlined(rule, arguments + incoming), where: haveTangents(operation.results))
    }

    /// The forward rule in the function's place, and tangents that nothing but transposition can make sense of.
    private mutating func customVJP(_ operation: Operation, _ arguments: [ValueID]) throws(JaxError) {
        let values = try inlined(operation.regions[1], arguments), count = operation.results.count
        let residuals = Array(values.dropFirst(count))
        let incoming = try tangents(operation.operands, where: haveTangents(operation.operands))
        let copies = Rewriter(from: source, into: builder) { (_, _) in nil }
        let rule = try copies.copied(operation.regions[2])
        let linear = try builder.emit(.customLin, residuals + incoming, CustomLinParameters(residualCount: residuals.count), regions: [rule])
        bind(operation.results, Array(values.prefix(count)) + linear, where: haveTangents(operation.results))
    }

    private func haveTangents(_ values: [ValueID]) -> [Bool] { values.map { source.type(of: $0).hasTangent } }

    /// A copy of a region's operations here, of parameters that are given.
    private func inlined(_ region: Region, _ arguments: [ValueID]) throws(JaxError) -> [ValueID] {
        var copies = Rewriter(from: source, into: builder) { (_, _) in nil }
        for (parameter, argument) in zip(region.parameters, arguments) { copies.bind(parameter, to: argument) }
        try copies.copy(region.operations)
        return try copies.copies(of: region.results)
    }
}
