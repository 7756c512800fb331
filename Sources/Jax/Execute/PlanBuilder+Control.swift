// Control flow as jumps. What a loop carries has one place for all trips, and what branches return one for all branches; it is copied
// there unless it can be computed there.
import JaxIR
import JaxOps
import JaxPlatform

extension PlanBuilder {
    /// Jumps where the value is zero; the target is set when it is known.
    mutating func emitExit(_ predicate: PlannedArray) -> Int {
        memory.use(predicate.lifetime)
        var step = PlannedStep(.jumpIfZero)
        step.width = UInt8(predicate.type.dtype.byteWidth)
        return emit(step, [predicate.buffer])
    }

    @discardableResult
    mutating func emitJump(_ kind: PlannedStep.Kind, to target: Int = 0) -> Int {
        var step = PlannedStep(kind)
        step.target = Int32(target)
        return emit(step)
    }

    mutating func loop(_ step: Step) throws(JaxError) {
        let operation = step.operation, condition = step.regions[0], body = step.regions[1]
        // What each trip hands on as it is stays where it is.
        var state: [BoundValue] = [], carried: [(index: Int, buffer: Int)] = []
        for (index, operand) in operation.operands.enumerated() {
            state.append(try value(operand))
            if body.region.results[index] == body.region.parameters[index] { bind(body.region.parameters[index], state[index]) }
        }
        try hoist(body)
        for index in state.indices {
            if let array = state[index].array, body.region.results[index] != body.region.parameters[index] {
                memory.use(array.lifetime)
                carried.append((index, memory.makeBuffer(array.type.byteCount)))
            }
        }
        memory.openLoop()
        for (index, buffer) in carried {
            guard let initial = state[index].array else { continue }
            var current = initial
            current.buffer = buffer
            current.lifetime = memory.begin(buffer)
            emitCopy(initial, current)
            state[index] = .array(current)
        }
        memory.tick()

        let start = steps.count
        for (parameter, value) in zip(condition.region.parameters, state) { bind(parameter, value) }
        try lower(condition)
        let exit = emitExit(try array(condition.region.results[0]))
        if let trips = operation.parameters as? KnownTrips { steps[exit].count = trips.count + 1 }
        for (index, _) in carried { if let array = state[index].array { memory.use(array.lifetime) } }
        memory.tick()
        for (parameter, value) in zip(body.region.parameters, state) { bind(parameter, value) }
        try lower(body)

        var next: [PlannedArray] = []
        let all = Set(carried.map { $0.buffer })
        for (index, buffer) in carried {
            var array = try array(body.region.results[index])
            // What lies in another one's place is brought to safety first.
            if array.buffer != buffer && all.contains(array.buffer) {
                let parked = makeArray(array.type)
                memory.use(array.lifetime)
                emitCopy(array, parked)
                array = parked
            }
            next.append(array)
        }
        memory.tick()
        for array in next { memory.use(array.lifetime) }
        for ((index, buffer), array) in zip(carried, next) {
            let lifetime = memory.begin(buffer, depth: memory.loopDepth - 1)
            let after = PlannedArray(type: array.type, buffer: buffer, lifetime: lifetime)
            if array.buffer == buffer { memory.mayFollow(lifetime, array.lifetime) } else { emitCopy(array, after) }
            state[index] = .array(after)
        }
        memory.tick()
        emitJump(.jumpBack, to: start)
        memory.closeLoop()
        for (index, _) in carried { if let array = state[index].array { memory.use(array.lifetime) } }
        memory.tick()
        steps[exit].target = Int32(steps.count)
        for (result, value) in zip(operation.results, state) { bind(result, value) }
    }

    mutating func branches(_ step: Step) throws(JaxError) {
        let operation = step.operation
        let chosen = try array(operation.operands[0])
        // Jumps to the branches, in their order.
        var entries: [Int] = []
        if operation.code == .if {
            entries = [-1, emitExit(chosen)]
        } else {
            memory.use(chosen.lifetime)
            var select = PlannedStep(.select)
            select.count = step.regions.count
            emit(select, [chosen.buffer])
            for _ in step.regions { entries.append(emitJump(.jump)) }
        }
        memory.tick()
        var buffers: [Int?] = [], results: [BoundValue] = []
        for result in operation.results {
            let type = function.function.type(of: result).tensor
            buffers.append(type.map { memory.makeBuffer($0.byteCount) })
            results.append(.token)
        }
        var ends: [Int] = []
        for (number, region) in step.regions.enumerated() {
            if entries[number] >= 0 { steps[entries[number]].target = Int32(steps.count) }
            try lower(region)
            for (place, id) in region.region.results.enumerated() {
                let value = try value(id)
                guard let array = value.array, let buffer = buffers[place] else {
                    results[place] = value
                    continue
                }
                memory.use(array.lifetime)
                emitCopy(array, PlannedArray(type: array.type, buffer: buffer, lifetime: memory.begin(buffer)))
            }
            memory.tick()
            if number < step.regions.count - 1 { ends.append(emitJump(.jump)) }
        }
        for end in ends { steps[end].target = Int32(steps.count) }
        for (place, result) in operation.results.enumerated() {
            if let buffer = buffers[place], let type = function.function.type(of: result).tensor {
                results[place] = .array(PlannedArray(type: type, buffer: buffer, lifetime: memory.begin(buffer)))
            }
            bind(result, results[place])
        }
        memory.tick()
    }
}
