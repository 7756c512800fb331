// Partial evaluation of the operations that run regions: each becomes a known one, which also hands out what the unknown one needs
// (residuals), and an unknown one.
import JaxIR
import JaxOps
import JaxPlatform

extension PartialEvaluation {
    /// Emits the known part and puts off the rest; false for an operation that is put off as a whole.
    mutating func runInParts(_ operation: Operation) throws(JaxError) -> Bool {
        switch operation.code {
        case .if, .case:
            if isUnknown(operation.operands[0]) { return false }
            try branches(operation)
        case .scan: try scan(operation)
        case .remat: try remat(operation)
        case .while, .countedLoop: try loop(operation)
        default: return false
        }
        return true
    }

    // MARK: if and case

    private mutating func branches(_ operation: Operation) throws(JaxError) {
        let isUnknown = unknown.flags(operation.results), isKnown = isUnknown.map { !$0 }
        // What a branch makes that the unknown branch needs.
        var blocks: [[Operation]] = [], runs: [PartialEvaluation] = [], residuals: [[ValueID]] = []
        for region in operation.regions {
            let current = self
            let (block, run) = try builder.block { () throws(JaxError) in try current.running(region.operations) }
            let defined = definedValues(block), used = freeValues(run.deferred, try run.copies(of: region.results.marked(by: isUnknown)))
            blocks.append(block)
            residuals.append(used.filter { defined.contains($0) })
            runs.append(run)
        }
        let types = residuals.map { $0.map { builder.type(of: $0) } }
        var regions: [Region] = []
        for (index, region) in operation.regions.enumerated() {
            let (block, results) = try builder.block(blocks[index]) { () throws(JaxError) -> [ValueID] in
                var results = try runs[index].copies(of: region.results.marked(by: isKnown))
                for other in operation.regions.indices {
                    if other == index { results += residuals[index]; continue }
                    for type in types[other] { results.append(try builder.zeros(type)) }
                }
                return results
            }
            regions.append(Region(operations: block, results: results))
        }
        let known = operation.results.marked(by: isKnown)
        let made = try builder.emit(operation.code, [try copy(operation.operands[0])], operation.parameters, regions: regions)
        for (result, copy) in zip(known, made) { bind(result, to: copy) }
        var next = known.count
        var later: [Region] = []
        for (index, region) in operation.regions.enumerated() {
            var standIns: [ValueID: ValueID] = [:]
            for residual in residuals[index] {
                standIns[residual] = made[next]
                next += 1
            }
            let results = try runs[index].copies(of: region.results.marked(by: isUnknown))
            later.append(Region(operations: runs[index].deferred, results: results).replacing(standIns))
        }
        let unknownResults = operation.results.marked(by: isUnknown)
        putOff(Operation(operation.code, operands: [try copy(operation.operands[0])],
                         results: unknownResults.map { builder.function.makeValue(source.type(of: $0)) },
                         parameters: operation.parameters, regions: later, location: operation.location), for: unknownResults)
    }

    // MARK: scan

    /// Residuals that are the same in all rounds are handed over once, as a state that does not change; those of each round are stacked.
    private mutating func scan(_ operation: Operation) throws(JaxError) {
        let parameters = operation.parameters(ScanParameters.self), count = parameters.carryCount, body = operation.regions[0]
        let knownOperands = operation.operands.indices.filter { !isUnknown(body.parameters[$0]) }
        let knownState = knownOperands.filter { $0 < count }, knownSlices = knownOperands.filter { $0 >= count }
        let unknownState = (0..<count).filter { isUnknown(body.parameters[$0]) }
        let unknownSlices = operation.operands.indices.filter { $0 >= count && isUnknown(body.parameters[$0]) }
        let knownOutputs = (count..<body.results.count).filter { !isUnknown(operation.results[$0]) }
        let unknownOutputs = (count..<body.results.count).filter { isUnknown(operation.results[$0]) }
        let operands = try copies(of: operation.operands)
        let invariant = Set(knownState.filter { body.results[$0] == body.parameters[$0] })

        // The known round. Its parameters: the state, then slices; what does not change stands for itself outside.
        let changing = knownState.filter { !invariant.contains($0) }
        let roundParameters = (changing + knownSlices).map { builder.function.makeValue(source.type(of: body.parameters[$0])) }
        let current = self
        let (block, run) = try builder.block { () throws(JaxError) in
            try current.running(body.operations) { inner in
                for index in invariant { inner.bind(body.parameters[index], to: operands[index]) }
                for (index, parameter) in zip(changing + knownSlices, roundParameters) { inner.bind(body.parameters[index], to: parameter) }
                for index in unknownState + unknownSlices {
                    inner.bind(body.parameters[index], to: inner.builder.function.makeValue(inner.source.type(of: body.parameters[index])))
                }
            }
        }
        // What does not depend on the round is computed once.
        let (outside, inside) = separated(block, from: Set(roundParameters))
        for operation in outside { builder.append(operation) }
        let unknownResults = unknownState + unknownOutputs
        let used = freeValues(run.deferred, try run.copies(of: unknownResults.map { body.results[$0] }))
        let unknownParameters = try run.copies(of: (unknownState + unknownSlices).map { body.parameters[$0] })
        let definedInside = definedValues(inside).union(roundParameters)
        let stacked = used.filter { definedInside.contains($0) }
        let constants = used.filter { !definedInside.contains($0) && !unknownParameters.contains($0) }
        // A slice of the operands needs no second stack.
        let knownSliceParameters = Array(roundParameters.dropFirst(changing.count))
        let residuals = stacked.filter { !knownSliceParameters.contains($0) }

        let knownResults = try run.copies(of: (changing + knownOutputs).map { body.results[$0] }) + residuals
        let (known, captured) = closed(Region(parameters: roundParameters, operations: inside, results: knownResults), in: builder)
        let made = try builder.emit(
            .scan, captured + (changing + knownSlices).map { operands[$0] },
            ScanParameters(length: parameters.length, carryCount: captured.count + changing.count, isReverse: parameters.isReverse),
            regions: [known])
        var next = captured.count
        for index in changing {
            bind(operation.results[index], to: made[next])
            next += 1
        }
        for index in invariant { bind(operation.results[index], to: operands[index]) }
        for index in knownOutputs {
            bind(operation.results[index], to: made[next])
            next += 1
        }
        let stacks = Array(made.dropFirst(next))

        // The unknown round: constants and the state, then residuals and slices.
        let usedSlices = knownSliceParameters.indices.filter { stacked.contains(knownSliceParameters[$0]) }
        var rename: [ValueID: ValueID] = [:]
        func parameter(_ value: ValueID) -> ValueID {
            let copy = builder.function.makeValue(builder.type(of: value))
            rename[value] = copy
            return copy
        }
        var bodyParameters = constants.map(parameter)
        bodyParameters += try run.copies(of: unknownState.map { body.parameters[$0] })
        bodyParameters += residuals.map(parameter)
        bodyParameters += usedSlices.map { parameter(knownSliceParameters[$0]) }
        bodyParameters += try run.copies(of: unknownSlices.map { body.parameters[$0] })
        let results = constants.map { rename[$0]! } + (try run.copies(of: unknownResults.map { body.results[$0] })).map { rename[$0] ?? $0 }
        let region = Region(parameters: bodyParameters, operations: run.deferred.map { $0.replacing(rename) }, results: results)
        var laterOperands = constants
        laterOperands += unknownState.map { operands[$0] }
        laterOperands += stacks
        laterOperands += usedSlices.map { operands[knownSlices[$0]] }
        laterOperands += unknownSlices.map { operands[$0] }
        let types = constants.map { builder.type(of: $0) } + unknownResults.map { source.type(of: operation.results[$0]) }
        let later = Operation(.scan, operands: laterOperands, results: types.map { builder.function.makeValue($0) },
                              parameters: ScanParameters(length: parameters.length, carryCount: constants.count + unknownState.count,
                                                         isReverse: parameters.isReverse),
                              regions: [region], location: operation.location)
        for (index, copy) in zip(unknownResults, later.results.dropFirst(constants.count)) { bind(operation.results[index], to: copy) }
        putOff(later, for: [])
    }

    /// The operations of a block that depend on no value of `varying`, and the others. What has regions or effects stays.
    private func separated(_ block: [Operation], from varying: Set<ValueID>) -> (outside: [Operation], inside: [Operation]) {
        var dependent = varying, outside: [Operation] = [], inside: [Operation] = []
        for operation in block {
            let isPlain = operation.regions.isEmpty && opDefinition(operation)?.traits.contains(.effects) == false
            if isPlain && !operation.operands.contains(where: { dependent.contains($0) }) {
                outside.append(operation)
            } else {
                inside.append(operation)
                dependent.formUnion(operation.results)
            }
        }
        return (outside, inside)
    }

    // MARK: checkpoint

    /// The known results are computed now, and nothing of the way to them is kept: the unknown part computes it again.
    private mutating func remat(_ operation: Operation) throws(JaxError) {
        let body = operation.regions[0], operands = try copies(of: operation.operands)
        let known = operation.operands.indices.filter { !isUnknown(body.parameters[$0]) }
        let knownResults = operation.results.indices.filter { !isUnknown(operation.results[$0]) }
        let unknownResults = operation.results.indices.filter { isUnknown(operation.results[$0]) }
        let types = known.map { source.type(of: body.parameters[$0]) }
        let current = self
        let region = try builder.region(types) { (_, parameters) throws(JaxError) in
            let run = try current.running(body.operations) { inner in
                for (index, parameter) in zip(known, parameters) { inner.bind(body.parameters[index], to: parameter) }
                for (index, parameter) in body.parameters.enumerated() where !known.contains(index) {
                    inner.bind(parameter, to: inner.builder.function.makeValue(source.type(of: parameter)))
                }
            }
            return try run.copies(of: knownResults.map { body.results[$0] })
        }
        let made = try builder.emit(.remat, known.map { operands[$0] }, operation.parameters, regions: [region])
        for (index, copy) in zip(knownResults, made) { bind(operation.results[index], to: copy) }
        // The whole body again, for what is unknown of its results.
        let whole = Rewriter(from: source, into: builder) { (_, _) in nil }
        let copy = try whole.copied(Region(parameters: body.parameters, operations: body.operations,
                                           results: unknownResults.map { body.results[$0] }))
        let later = unknownResults.map { operation.results[$0] }
        putOff(Operation(.remat, operands: operands, results: later.map { builder.function.makeValue(source.type(of: $0)) },
                         parameters: operation.parameters, regions: [copy], location: operation.location), for: later)
    }

    // MARK: while and fori_loop

    /// The known results by a loop of its own; the whole loop again for the unknown ones, which nothing can transpose.
    private mutating func loop(_ operation: Operation) throws(JaxError) {
        let leading = operation.code == .countedLoop ? 2 : 0
        let body = operation.regions[operation.regions.count - 1]
        let state = body.parameters.dropFirst(leading == 0 ? 0 : 1)
        let known = operation.results.indices.filter { !isUnknown(operation.results[$0]) }
        if known.isEmpty || operation.operands.prefix(leading).contains(where: { isUnknown($0) }) { return try putOff(operation) }
        let operands = try copies(of: operation.operands), current = self
        var regions: [Region] = []
        for region in operation.regions {
            let index = region.parameters.count - state.count
            let kept = region.parameters.indices.filter { $0 < index || known.contains($0 - index) }
            let isCondition = leading == 0 && regions.isEmpty
            regions.append(try builder.region(kept.map { source.type(of: region.parameters[$0]) }) { (_, parameters) throws(JaxError) in
                let run = try current.running(region.operations) { inner in
                    for (k, parameter) in zip(kept, parameters) { inner.bind(region.parameters[k], to: parameter) }
                    for (k, parameter) in region.parameters.enumerated() where !kept.contains(k) {
                        inner.bind(parameter, to: inner.builder.function.makeValue(source.type(of: parameter)))
                    }
                }
                return try run.copies(of: isCondition ? region.results : known.map { region.results[$0] })
            })
        }
        let made = try builder.emit(operation.code, Array(operands.prefix(leading)) + known.map { operands[leading + $0] },
                                    operation.parameters, regions: regions)
        try putOff(operation)
        for (index, copy) in zip(known, made) { bind(operation.results[index], to: copy) }
    }
}
