// Operations that the evaluator's library executes: their operands are read where they lie, their results copied to their places.
import JaxIR
import JaxOps
import JaxPlatform

extension PlanBuilder {
    mutating func evaluate(_ step: Step) throws(JaxError) {
        let operation = step.operation
        var captured: Set<ValueID> = [], order: [ValueID] = []
        var known: Set<ValueID> = []
        func visit(_ region: Region) {
            known.formUnion(region.parameters)
            for inner in region.operations {
                for operand in inner.operands where !known.contains(operand) && captured.insert(operand).inserted { order.append(operand) }
                inner.regions.forEach(visit)
                known.formUnion(inner.results)
            }
            for result in region.results where !known.contains(result) && captured.insert(result).inserted { order.append(result) }
        }
        operation.regions.forEach(visit)

        var planned = PlannedEvaluation(step: step, operands: [], results: [], captured: [])
        var table: [Int] = []
        let first = entries.count
        for operand in operation.operands {
            planned.operands.append(reference(try value(operand), &table, first))
        }
        for id in order { planned.captured.append((id, reference(try value(id), &table, first))) }
        for result in operation.results {
            let made = make(function.function.type(of: result))
            bind(result, made)
            planned.results.append(reference(made, &table, first))
        }
        evaluations.append(planned)
        var made = PlannedStep(.evaluate)
        made.target = Int32(evaluations.count - 1)
        emit(made, table)
        memory.tick()
    }

    private mutating func reference(_ value: BoundValue, _ table: inout [Int], _ first: Int) -> PlannedValue {
        switch value {
        case .array(let array):
            memory.use(array.lifetime)
            let entry = first + table.count
            // Twice the same operand: neither is to be overwritten.
            let isFirst = !table.contains(array.buffer)
            if isFirst {
                overwritable[entry] = (array.lifetime, memory.time)
            } else {
                for (place, buffer) in table.enumerated() where buffer == array.buffer { overwritable[first + place] = nil }
            }
            table.append(array.buffer)
            return .array(array.type, entry: entry, mayOverwrite: false)
        case .token: return .token
        case .tuple(let parts):
            var references: [PlannedValue] = []
            for part in parts { references.append(reference(part, &table, first)) }
            return .tuple(references)
        }
    }

    private mutating func make(_ type: ValueType) -> BoundValue {
        switch type {
        case .tensor(let type): return .array(makeArray(type))
        case .token: return .token
        case .tuple(let types):
            var parts: [BoundValue] = []
            for type in types { parts.append(make(type)) }
            return .tuple(parts)
        }
    }
}
