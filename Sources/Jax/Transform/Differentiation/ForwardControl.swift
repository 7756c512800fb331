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
            let state = try activeTangents(operation.operands, with: operation.regions[1].parameters)
            let condition = try self.region(operation.regions[0], parameters: operation.regions[0].parameters,
                                            active: dependence.flags(operation.regions[1].parameters), results: operation.regions[0].results,
                                            activeResults: [])
            let body = try region(operation.regions[1], parameters: operation.regions[1].parameters, resultsOf: operation,
                                  operation.regions[1].results)
            try finish(operation, arguments + state, operation.parameters, [condition, body])
        case .countedLoop:
            let body = operation.regions[0]
            let state = try activeTangents(Array(operation.operands.dropFirst(2)), with: Array(body.parameters.dropFirst()))
            try finish(operation, arguments + state, operation.parameters,
                       [try region(body, parameters: body.parameters, resultsOf: operation, body.results)])
        case .scan:
            try scan(operation, arguments)
        case .remat:
            let body = operation.regions[0]
            let tangents = try activeTangents(operation.operands, with: body.parameters)
            try finish(operation, arguments + tangents, operation.parameters,
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

    /// The tangents of operands whose parameters in a region have one: zeros where the operand's is zero.
    private func activeTangents(_ operands: [ValueID], with parameters: [ValueID]) throws(JaxError) -> [ValueID] {
        var list: [ValueID] = []
        for (operand, parameter) in zip(operands, parameters) where dependence.contains(parameter) {
            if let tangent = tangent(operand) { list.append(tangent) } else { list.append(try builder.zeros(source.type(of: operand))) }
        }
        return list
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
        let tangentTypes = zip(types, active).filter { $0.1 }.map { $0.0 }
        var inner = self
        return try builder.region(types + tangentTypes) { (_, values) throws(JaxError) in
            var next = parameters.count
            for (index, parameter) in parameters.enumerated() {
                inner.bind(parameter, values[index])
                guard active[index] else { continue }
                inner.bind(tangentOf: parameter, values[next])
                next += 1
            }
            try inner.run(region.operations)
            return try inner.primals(results) + inner.tangents(results, where: activeResults)
        }
    }

    private func tangents(_ values: [ValueID], where active: [Bool]) throws(JaxError) -> [ValueID] {
        var list: [ValueID] = []
        for (value, isActive) in zip(values, active) where isActive {
            if let tangent = tangent(value) { list.append(tangent) } else { list.append(try builder.zeros(source.type(of: value))) }
        }
        return list
    }

    /// Emits the operation with tangents beside its operands and results.
    private mutating func finish(_ operation: Operation, _ operands: [ValueID], _ parameters: Parameters,
                                 _ regions: [Region]) throws(JaxError) {
        bind(operation.results, try builder.emit(operation.code, operands, parameters, regions: regions, annotations: operation.annotations))
    }

    /// Primals, then the tangents of those that have one.
    private mutating func bind(_ results: [ValueID], _ values: [ValueID]) {
        var next = results.count
        for (index, result) in results.enumerated() {
            bind(result, values[index])
            guard dependence.contains(result) else { continue }
            bind(tangentOf: result, values[next])
            next += 1
        }
    }

    /// The state with its tangents, then slices with theirs.
    private mutating func scan(_ operation: Operation, _ arguments: [ValueID]) throws(JaxError) {
        let parameters = operation.parameters(ScanParameters.self), count = parameters.carryCount
        let body = operation.regions[0]
        let carried = Array(body.parameters.prefix(count)), slices = Array(body.parameters.dropFirst(count))
        let carriedTangents = try activeTangents(Array(operation.operands.prefix(count)), with: carried)
        let sliceTangents = try activeTangents(Array(operation.operands.dropFirst(count)), with: slices)
        let outputs = Array(operation.results.dropFirst(count))
        var types: [ValueType] = []
        for group in [carried, slices] {
            types += group.map { source.type(of: $0) }
            types += group.filter { dependence.contains($0) }.map { source.type(of: $0) }
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
        var tangents: [ValueID] = []
        for operand in operation.operands where source.type(of: operand).hasTangent {
            if let tangent = tangent(operand) { tangents.append(tangent) } else { tangents.append(try builder.zeros(source.type(of: operand))) }
        }
        let results = try inlined(rule, arguments + tangents)
        var next = operation.results.count
        for (index, result) in operation.results.enumerated() {
            bind(result, results[index])
            guard source.type(of: result).hasTangent else { continue }
            bind(tangentOf: result, results[next])
            next += 1
        }
    }

    /// The forward rule in the function's place, and tangents that nothing but transposition can make sense of.
    private mutating func customVJP(_ operation: Operation, _ arguments: [ValueID]) throws(JaxError) {
        let values = try inlined(operation.regions[1], arguments), count = operation.results.count
        let residuals = Array(values.dropFirst(count))
        var tangents: [ValueID] = []
        for operand in operation.operands where source.type(of: operand).hasTangent {
            if let tangent = tangent(operand) { tangents.append(tangent) } else { tangents.append(try builder.zeros(source.type(of: operand))) }
        }
        let copies = Rewriter(from: source, into: builder) { (_, _) in nil }
        let rule = try copies.copied(operation.regions[2])
        let linear = try builder.emit(.customLin, residuals + tangents, CustomLinParameters(residualCount: residuals.count), regions: [rule])
        var next = 0
        for (index, result) in operation.results.enumerated() {
            bind(result, values[index])
            guard source.type(of: result).hasTangent else { continue }
            bind(tangentOf: result, linear[next])
            next += 1
        }
    }

    /// A copy of a region's operations here, of parameters that are given.
    private func inlined(_ region: Region, _ arguments: [ValueID]) throws(JaxError) -> [ValueID] {
        var copies = Rewriter(from: source, into: builder) { (_, _) in nil }
        for (parameter, argument) in zip(region.parameters, arguments) { copies.bind(parameter, to: argument) }
        try copies.copy(region.operations)
        return try copies.copies(of: region.results)
    }
}
