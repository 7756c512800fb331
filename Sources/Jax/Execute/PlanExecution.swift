// Executing a plan: one block of memory, the table of addresses in front of it, and then step by step.
import JaxIR
import JaxOps
import JaxPlatform

/// A result as it leaves an execution.
public enum ExecutionResult {
    case made(Tensor)
    /// The memory of an input that was given away.
    case donated(TensorType, input: Int)
}

extension ExecutionPlan {
    /// Executes `main` with `inputs`, one for each parameter that is an array, and returns its results but for tokens. Whoever calls
    /// keeps the inputs; where `mayOverwrite` says so, nobody needs their elements any more, and a result may have their memory. Throws
    /// what an evaluation throws, `resourceExhausted` without memory, and where the job has to end.
    @export(interface)
    public func execute(_ inputs: [Tensor], mayOverwrite: [Bool], recording profile: Profile? = nil) throws(JaxError) -> [ExecutionResult] {
        guard inputs.count == argumentCount else {
            throw JaxError(.internalError, "@main takes \(argumentCount) arrays, is given \(inputs.count)")
        }
        var made: [ExecutionResult] = []
        made.reserveCapacity(results.count)
        let tableByteCount = ArenaLayout.rounded(8 * (entries.count + argumentCount + results.count + 2))
        let block = try Storage(byteCount: tableByteCount + arenaByteCount)
        let table = block.bytes.assumingMemoryBound(to: Int.self), bases = table + entries.count
        bases[Int(TableEntry.constants)] = 0
        bases[Int(TableEntry.arena)] = Int(bitPattern: block.bytes + tableByteCount)
        let others = bases + Int(TableEntry.arguments)
        for (number, input) in inputs.enumerated() { others[number] = Int(bitPattern: input.bytes) }
        for (number, result) in results.enumerated() {
            made.append(try begin(result, inputs, mayOverwrite))
            switch made[number] {
            case .made(let tensor): others[argumentCount + number] = Int(bitPattern: tensor.bytes)
            case .donated(_, let input): others[argumentCount + number] = Int(bitPattern: inputs[input].bytes)
            }
        }
        for index in entries.indices { table[index] = bases[Int(entries[index].space)] &+ entries[index].offset }
        try table.withMemoryRebound(to: UnsafeMutableRawPointer.self, capacity: entries.count) { table throws(JaxError) in
            try run(table, profile)
        }
        withExtendedLifetime(block) {}
        return made
    }

    /// A result's memory, and where it is an argument its elements.
    private func begin(_ result: PlannedResult, _ inputs: [Tensor], _ mayOverwrite: [Bool]) throws(JaxError) -> ExecutionResult {
        switch result {
        case .own(let type, let donor):
            if let donor, mayOverwrite[donor] { return .donated(type.detached(), input: donor) }
            return .made(try Tensor(type.detached()))
        case .argument(let type, let input):
            if mayOverwrite[input] { return .donated(type.detached(), input: input) }
            let copy = try Tensor(type.detached())
            copy.bytes.copyMemory(from: inputs[input].bytes, byteCount: type.byteCount)
            return .made(copy)
        }
    }

    /// So many elements are gone through, roughly, until the job is asked whether it has to end; and what a loop's trip counts as.
    private static let checkedWork = 1 << 15, tripWork = 1 << 10

    private func run(_ table: UnsafeMutablePointer<UnsafeMutableRawPointer>, _ profile: Profile?) throws(JaxError) {
        guard let steps = steps.baseAddress else { return }
        var place = 0, pending = 0
        do throws(JaxError) {
            try checkpoint()
            while true {
                let step = steps + place, addresses = table + Int(step.pointee.table)
                place += 1
                switch step.pointee.kind {
                case .kernel, .kernelUnlessSame:
                    if step.pointee.kind == .kernelUnlessSame && addresses[-2] == addresses[-1] { continue }
                    pending &+= step.pointee.work
                    if pending > ExecutionPlan.checkedWork {
                        pending = 0
                        try checkpoint()
                    }
                    if let profile {
                        let begun = platform.nanoseconds
                        step.pointee.shares.run(step.pointee.pointer!, addresses)
                        record(place - 1, profile, begun)
                    } else {
                        step.pointee.shares.run(step.pointee.pointer!, addresses)
                    }
                case .otherKernel:
                    try checkpoint()
                    let begun = profile == nil ? 0 : platform.nanoseconds
                    try kernels[place - 1]?.run(addresses)
                    if let profile { record(place - 1, profile, begun) }
                case .copy:
                    if addresses[0] != addresses[1] { copy(addresses[0], addresses[1], step.pointee.count) }
                case .fill: fill(addresses[0], step)
                case .evaluate:
                    try checkpoint()
                    try evaluate(evaluations[Int(step.pointee.target)], table, profile)
                case .jump: place = Int(step.pointee.target)
                case .jumpIfZero:
                    let isZero = step.pointee.width == 1 ? addresses[0].load(as: UInt8.self) == 0 : addresses[0].load(as: UInt32.self) == 0
                    if isZero { place = Int(step.pointee.target) }
                case .jumpBack:
                    place = Int(step.pointee.target)
                    pending &+= ExecutionPlan.tripWork
                    if pending > ExecutionPlan.checkedWork {
                        pending = 0
                        try checkpoint()
                    }
                case .select:
                    let index = Int(addresses[0].load(as: Int32.self)), last = step.pointee.count - 1
                    place += index >= 0 && index <= last ? index : last
                case .end: return
                }
            }
        } catch {
            throw error.located(evaluation.module.locations.describe(locations[max(0, place - 1)]))
        }
    }

    private func record(_ step: Int, _ profile: Profile, _ begun: UInt64) {
        if let kernel = kernels[step] { profile.add(kernel, from: begun) }
    }

    /// Scalars are what loops carry most.
    @inline(__always)
    private func copy(_ source: UnsafeMutableRawPointer, _ target: UnsafeMutableRawPointer, _ byteCount: Int) {
        switch byteCount {
        case 4: target.storeBytes(of: source.load(as: UInt32.self), as: UInt32.self)
        case 8: target.storeBytes(of: source.load(as: UInt64.self), as: UInt64.self)
        default: target.copyMemory(from: source, byteCount: byteCount)
        }
    }

    private func fill(_ target: UnsafeMutableRawPointer, _ step: UnsafePointer<PlannedStep>) {
        guard let value = step.pointee.pointer else { return }
        let count = step.pointee.count
        func fill<Word: BitwiseCopyable>(_ type: Word.Type) {
            let word = value.loadUnaligned(as: Word.self)
            target.assumingMemoryBound(to: Word.self).update(repeating: word, count: count)
        }
        switch step.pointee.width {
        case 1: fill(UInt8.self)
        case 2: fill(UInt16.self)
        case 4: fill(UInt32.self)
        case 8: fill(UInt64.self)
        default: fill(SIMD2<UInt64>.self)
        }
    }

    // MARK: Evaluations

    private func evaluate(_ planned: PlannedEvaluation, _ table: UnsafeMutablePointer<UnsafeMutableRawPointer>,
                          _ profile: Profile?) throws(JaxError) {
        var operands: [RuntimeValue] = [], captured: [(id: ValueID, value: RuntimeValue)] = []
        for operand in planned.operands { operands.append(borrowed(operand, table)) }
        for (id, value) in planned.captured { captured.append((id, borrowed(value, table))) }
        let current = operands
        operands = []
        var places: [UnsafeMutableRawPointer?] = []
        for result in planned.results {
            if case .array(_, let entry, _) = result { places.append(table[entry]) } else { places.append(nil) }
        }
        let results = try planned.step.evaluate(in: evaluation, of: function, consume current, captured: captured, into: places,
                                                recording: profile)
        for (result, place) in zip(results, planned.results) { try store(result, place, table) }
    }

    private func borrowed(_ value: PlannedValue, _ table: UnsafeMutablePointer<UnsafeMutableRawPointer>) -> RuntimeValue {
        switch value {
        case .array(let type, let entry, let mayOverwrite):
            return .tensor(Tensor(type, storage: Storage(borrowing: table[entry], byteCount: type.byteCount, mayOverwrite: mayOverwrite)))
        case .token: return .token
        case .tuple(let parts):
            var values: [RuntimeValue] = []
            for part in parts { values.append(borrowed(part, table)) }
            return .tuple(values)
        }
    }

    private func store(_ value: RuntimeValue, _ place: PlannedValue,
                       _ table: UnsafeMutablePointer<UnsafeMutableRawPointer>) throws(JaxError) {
        switch (value, place) {
        case (.tensor(let tensor), .array(let type, let entry, _)):
            guard tensor.type.byteCount == type.byteCount else {
                throw JaxError(.internalError, "an operation gave a \(tensor.type), expected a \(type)")
            }
            if tensor.bytes == table[entry] { return }
            withExtendedLifetime(tensor) { table[entry].copyMemory(from: tensor.bytes, byteCount: type.byteCount) }
        case (.tuple(let values), .tuple(let places)):
            for (value, place) in zip(values, places) { try store(value, place, table) }
        default: break
        }
    }
}
