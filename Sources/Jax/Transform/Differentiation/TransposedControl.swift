// Transposition of the operations that run regions.
import JaxIR
import JaxOps
import JaxPlatform

extension Transposition {
    /// False for an operation with a rule of its own.
    mutating func runStructured(_ operation: Operation) throws(JaxError) -> Bool {
        switch operation.code {
        case .if, .case: try branches(operation)
        case .scan: try scan(operation)
        case .remat: try remat(operation)
        case .customLin: try customLin(operation)
        case .optimizationBarrier:
            for (operand, result) in zip(operation.operands, operation.results) { try add(cotangent(result), to: operand) }
        case .while, .countedLoop:
            throw JaxError(.valueError, "Reverse-mode differentiation does not work for lax.while_loop or lax.fori_loop with dynamic "
                + "start/stop values. Try using lax.scan, or using fori_loop with static start/stop.")
        default: return false
        }
        return true
    }

    /// Each branch gives the cotangents of all linear values that some branch uses.
    private mutating func branches(_ operation: Operation) throws(JaxError) {
        var inputs: [ValueID] = []
        for region in operation.regions {
            for value in freeValues(region.operations, region.results) where isLinear(value) && !inputs.contains(value) { inputs.append(value) }
        }
        var incoming: [ValueID] = []
        for result in operation.results { incoming.append(try cotangentOrZeros(result)) }
        var regions: [Region] = []
        let current = self
        for region in operation.regions {
            regions.append(try builder.region([]) { (_, _) throws(JaxError) in
                try current.transposed(region.operations, region.results, incoming, inputs: inputs)
            })
        }
        let made = try builder.emit(operation.code, operation.operands, operation.parameters, regions: regions)
        for (input, cotangent) in zip(inputs, made) { try add(cotangent, to: input) }
    }

    /// From the last round to the first: the state is the cotangent of the state, and each round gives the cotangents of its slices.
    /// The state that is not linear does not change (`PartialEvaluation`).
    private mutating func scan(_ operation: Operation) throws(JaxError) {
        let parameters = operation.parameters(ScanParameters.self), count = parameters.carryCount, body = operation.regions[0]
        let constants = (0..<count).filter { !isLinearState(operation, $0) }, state = (0..<count).filter { isLinearState(operation, $0) }
        let residuals = operation.operands.indices.filter { $0 >= count && !isLinear(operation.operands[$0]) }
        let slices = operation.operands.indices.filter { $0 >= count && isLinear(operation.operands[$0]) }
        var operands = constants.map { operation.operands[$0] }
        for index in state { operands.append(try cotangentOrZeros(operation.results[index])) }
        operands += residuals.map { operation.operands[$0] }
        for result in operation.results.dropFirst(count) { operands.append(try cotangentOrZeros(result)) }
        var names: [ValueID: ValueID] = [:]
        func parameter(_ index: Int) -> ValueID {
            let copy = builder.function.makeValue(builder.type(of: body.parameters[index]))
            names[body.parameters[index]] = copy
            return copy
        }
        func cotangent(of value: ValueID) -> ValueID { builder.function.makeValue(builder.type(of: value)) }
        let constantParameters = constants.map(parameter)
        let stateCotangents = state.map { cotangent(of: body.parameters[$0]) }
        let residualParameters = residuals.map(parameter)
        let outputCotangents = body.results.dropFirst(count).map { cotangent(of: $0) }
        let operations = body.operations.map { $0.replacing(names) }
        let linearResults = state.map { body.results[$0] } + body.results.dropFirst(count)
        let current = self
        let (block, cotangents) = try builder.block { () throws(JaxError) in
            try current.transposed(operations, linearResults, stateCotangents + outputCotangents,
                                   inputs: (state + slices).map { body.parameters[$0] })
        }
        let round = Region(parameters: constantParameters + stateCotangents + residualParameters + outputCotangents, operations: block,
                           results: constantParameters + cotangents)
        let (region, captured) = closed(round, in: builder)
        let made = try builder.emit(
            .scan, captured + operands,
            ScanParameters(length: parameters.length, carryCount: captured.count + count, isReverse: !parameters.isReverse), regions: [region])
        let first = captured.count + constants.count
        for (place, index) in state.enumerated() { try add(made[first + place], to: operation.operands[index]) }
        for (place, index) in slices.enumerated() { try add(made[first + state.count + place], to: operation.operands[index]) }
    }

    /// Whether state `index` of a scan is linear: it changes, or it starts from something linear.
    private func isLinearState(_ operation: Operation, _ index: Int) -> Bool {
        let body = operation.regions[0]
        return isLinear(operation.operands[index]) || body.results[index] != body.parameters[index]
    }

    /// The body's primals are computed again, and its linear part transposed, where the operation stands backwards.
    private mutating func remat(_ operation: Operation) throws(JaxError) {
        let body = operation.regions[0]
        let known = operation.operands.indices.filter { !isLinear(operation.operands[$0]) }
        let inputs = operation.operands.indices.filter { isLinear(operation.operands[$0]) }
        var incoming: [ValueID] = []
        for result in operation.results { incoming.append(try cotangentOrZeros(result)) }
        let types = known.map { builder.type(of: body.parameters[$0]) } + incoming.map { builder.type(of: $0) }
        let unknown = Dependence(body, of: builder.function, on: inputs.map { body.parameters[$0] }, .value)
        let current = self
        let region = try builder.region(types) { (builder, parameters) throws(JaxError) in
            var evaluation = PartialEvaluation(builder.function, unknown: unknown, into: builder)
            for (index, parameter) in zip(known, parameters) { evaluation.bind(body.parameters[index], to: parameter) }
            let linear = inputs.map { builder.function.makeValue(builder.type(of: body.parameters[$0])) }
            for (index, value) in zip(inputs, linear) { evaluation.bind(body.parameters[index], to: value) }
            try evaluation.run(body.operations)
            return try current.transposed(evaluation.deferred, try evaluation.copies(of: body.results),
                                          Array(parameters.dropFirst(known.count)), inputs: linear)
        }
        let made = try builder.emit(.remat, known.map { operation.operands[$0] } + incoming, operation.parameters, regions: [region])
        for (index, cotangent) in zip(inputs, made) { try add(cotangent, to: operation.operands[index]) }
    }

    /// The backward rule in the operation's place.
    private mutating func customLin(_ operation: Operation) throws(JaxError) {
        let count = operation.parameters(CustomLinParameters.self).residualCount
        var arguments = Array(operation.operands.prefix(count))
        for result in operation.results { arguments.append(try cotangentOrZeros(result)) }
        var copies = Rewriter(from: builder.function, into: builder) { (_, _) in nil }
        let rule = operation.regions[0]
        for (parameter, argument) in zip(rule.parameters, arguments) { copies.bind(parameter, to: argument) }
        try copies.copy(rule.operations)
        for (operand, result) in zip(operation.operands.dropFirst(count), rule.results) { try add(try copies.copy(result), to: operand) }
    }
}
