// Kernels of a loop's body that depend on nothing that changes from trip to trip run once, in front of it: a weight that each trip
// multiplies by is packed there. Only memory between an operation's kernels is made early; results stay in their trips.
import JaxIR
import JaxOps
import JaxPlatform

/// The kernels of an operation that have run in front of a loop, by their places, and what they have made, by the buffers' numbers.
struct HoistedCalls {
    var calls: Set<Int> = []
    var temporaries: [Int: (buffer: Int, lifetime: Int)] = [:]
}

extension PlanBuilder {
    /// What is known now does not change in the loop.
    mutating func hoist(_ body: RegionPlan) throws(JaxError) {
        for step in body.steps where step.operation.code == .fusion {
            guard let sequence = step.operation.parameters(FusionParameters.self).kernels, sequence.carried.isEmpty,
                  sequence.copies == nil, !sequence.temporaries.isEmpty else { continue }
            try hoist(sequence, step.operation)
        }
    }

    private mutating func hoist(_ sequence: KernelSequence, _ operation: Operation) throws(JaxError) {
        let operandCount = operation.operands.count, firstTemporary = operandCount + operation.results.count
        var early = HoistedCalls()
        for (place, call) in sequence.calls.enumerated() {
            let canRun = call.buffers.allSatisfy { number in
                if number < operandCount { return isKnown(operation.operands[number]) }
                return number >= firstTemporary && (early.temporaries[number] != nil || call.written.contains(number))
            }
            // What others write, too, starts anew in each trip.
            let isAlone = call.written.allSatisfy { number in
                sequence.calls.indices.allSatisfy { $0 == place || !sequence.calls[$0].written.contains(number) }
            }
            guard canRun && isAlone else { continue }
            var table: [Int] = []
            for number in call.buffers {
                if number < operandCount {
                    let array = try array(operation.operands[number])
                    memory.use(array.lifetime)
                    table.append(array.buffer)
                } else if let known = early.temporaries[number] {
                    memory.use(known.lifetime)
                    table.append(known.buffer)
                } else {
                    let buffer = memory.makeBuffer(sequence.temporaries[number - firstTemporary])
                    early.temporaries[number] = (buffer, memory.begin(buffer))
                    table.append(buffer)
                }
            }
            emit(call.kernel, table)
            memory.tick()
            early.calls.insert(place)
        }
        if !early.calls.isEmpty { hoisted[ObjectIdentifier(operation)] = early }
    }
}
