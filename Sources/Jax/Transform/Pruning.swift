// Dead code, also inside loops and branches: states, slices and results that nothing needs go. Transformations make many of them.
import JaxIR
import JaxOps
import JaxPlatform

/// A copy of a verified module whose `main` is without what nothing needs.
@export(interface)
public func pruned(_ module: Module) throws(JaxError) -> Module {
    let target = module.emptyCopy()
    for function in module.functions {
        // Those that operations name stay: comparators and the like.
        guard function.name == "main" else {
            try target.add(function)
            continue
        }
        var pruning = Pruning()
        let copy = function.copyOfValues()
        let operations = pruning.prune(function.body.operations, function.body.results)
        copy.body = Region(parameters: function.body.parameters, operations: operations, results: function.body.results)
        try target.add(copy)
    }
    try verify(target)
    return target
}

/// Goes backwards through blocks. All regions of a function number their values alike, so that one set says what is needed.
private struct Pruning {
    private var needed: Set<ValueID> = []

    mutating func prune(_ operations: [Operation], _ results: [ValueID]) -> [Operation] {
        needed.formUnion(results)
        var kept: [Operation] = []
        for operation in operations.reversed() {
            guard operation.results.contains(where: { needed.contains($0) }) || hasEffects(operation) else { continue }
            kept.append(prune(operation))
        }
        return kept.reversed()
    }

    private mutating func prune(_ operation: Operation) -> Operation {
        switch operation.code {
        case .if, .case: return branches(operation)
        case .scan: return scan(operation)
        case .while: return loop(operation)
        case .remat: return body(operation)
        default: break
        }
        needed.formUnion(operation.operands)
        var regions: [Region] = []
        for region in operation.regions { regions.append(prune(region, region.results)) }
        return with(operation, operation.operands, operation.results, regions)
    }

    private mutating func prune(_ region: Region, _ results: [ValueID], parameters: [ValueID]? = nil) -> Region {
        Region(parameters: parameters ?? region.parameters, operations: prune(region.operations, results), results: results)
    }

    private func with(_ operation: Operation, _ operands: [ValueID], _ results: [ValueID], _ regions: [Region],
                      _ parameters: Parameters? = nil) -> Operation {
        Operation(operation.code, operands: operands, results: results, parameters: parameters ?? operation.parameters,
                  annotations: operation.annotations, regions: regions, location: operation.location)
    }

    private mutating func branches(_ operation: Operation) -> Operation {
        let kept = operation.results.indices.filter { needed.contains(operation.results[$0]) }
        needed.formUnion(operation.operands)
        var regions: [Region] = []
        for region in operation.regions { regions.append(prune(region, kept.map { region.results[$0] })) }
        return with(operation, operation.operands, kept.map { operation.results[$0] }, regions)
    }

    private mutating func body(_ operation: Operation) -> Operation {
        let region = operation.regions[0], kept = operation.results.indices.filter { needed.contains(operation.results[$0]) }
        var pruned = prune(region, kept.map { region.results[$0] })
        let used = region.parameters.indices.filter { needed.contains(region.parameters[$0]) }
        pruned.parameters = used.map { region.parameters[$0] }
        let operands = used.map { operation.operands[$0] }
        needed.formUnion(operands)
        return with(operation, operands, kept.map { operation.results[$0] }, [pruned])
    }

    /// The state that is needed: what is needed after the loop, and what such a state is computed of in a round.
    private mutating func scan(_ operation: Operation) -> Operation {
        let parameters = operation.parameters(ScanParameters.self), count = parameters.carryCount, body = operation.regions[0]
        let outputs = (count..<operation.results.count).filter { needed.contains(operation.results[$0]) }
        var state = Set((0..<count).filter { needed.contains(operation.results[$0]) })
        while true {
            var trial = self
            let kept = (0..<count).filter { state.contains($0) } + outputs
            let operations = trial.prune(body.operations, kept.map { body.results[$0] })
            let more = (0..<count).filter { trial.needed.contains(body.parameters[$0]) }
            if !state.isSuperset(of: more) {
                state.formUnion(more)
                continue
            }
            self = trial
            let operands = (0..<count).filter { state.contains($0) }
                + (count..<operation.operands.count).filter { needed.contains(body.parameters[$0]) }
            let region = Region(parameters: operands.map { body.parameters[$0] }, operations: operations, results: kept.map { body.results[$0] })
            needed.formUnion(operands.map { operation.operands[$0] })
            return with(operation, operands.map { operation.operands[$0] }, kept.map { operation.results[$0] }, [region],
                        ScanParameters(length: parameters.length, carryCount: state.count, isReverse: parameters.isReverse))
        }
    }

    private mutating func loop(_ operation: Operation) -> Operation {
        let condition = operation.regions[0], body = operation.regions[1]
        var state = Set(operation.results.indices.filter { needed.contains(operation.results[$0]) })
        while true {
            var trial = self
            let kept = operation.results.indices.filter { state.contains($0) }
            let test = trial.prune(condition, condition.results, parameters: kept.map { condition.parameters[$0] })
            let round = trial.prune(body, kept.map { body.results[$0] }, parameters: kept.map { body.parameters[$0] })
            let more = operation.results.indices.filter {
                trial.needed.contains(condition.parameters[$0]) || trial.needed.contains(body.parameters[$0])
            }
            if !state.isSuperset(of: more) {
                state.formUnion(more)
                continue
            }
            self = trial
            let operands = kept.map { operation.operands[$0] }
            needed.formUnion(operands)
            return with(operation, operands, kept.map { operation.results[$0] }, [test, round])
        }
    }
}
