// What one execution of a program needs on a device beside its arguments and results: memory for what lies between them, the table of
// addresses, and the program's lists, which are recorded once, since they name nothing but the table. It serves one execution at a time.
//
// It is made outside of jobs; `run` is called within one and keeps nothing that the job has made.
import JaxIR
import JaxOps
import JaxPlatform
import SPIRVRenderer

public final class AcceleratedExecution {
    let program: AcceleratedProgram
    /// Whose everything here is: whoever finds that an execution broke off ends it with all that it has under way.
    public let owner: AcceleratorOwner
    private let table: any AcceleratorBuffer
    /// What the plan placed, and behind it scratch memory.
    private let arena: any AcceleratorBuffer
    private let stream: any AcceleratorStream
    private var lists: [any AcceleratorList] = []
    /// Each kernel by itself, to be timed.
    private var separate: [[(list: any AcceleratorList, code: ShaderCode)]] = []

    private var plan: ExecutionPlan { program.plan.plan }

    /// Throws what the device throws, `outOfMemory` for instance; then nothing is left of it.
    public init(_ program: AcceleratedProgram, owner: AcceleratorOwner) throws(AcceleratorError) {
        let plan = program.plan, accelerator = program.accelerator
        self.program = program
        self.owner = owner
        do throws(AcceleratorError) {
            table = try accelerator.makeBuffer(byteCount: max(8, 8 * plan.plan.entries.count), name: "table", owner: owner)
            let byteCount = ArenaLayout.rounded(plan.plan.arenaByteCount) + plan.scratchByteCount
            arena = try accelerator.makeBuffer(byteCount: max(8, byteCount), name: "arena", owner: owner)
            stream = try accelerator.makeStream(owner: owner)
            for list in plan.lists { lists.append(try record(list[...])) }
        } catch {
            accelerator.end(owner: owner, budget: AcceleratedProgram.endBudget)
            throw error
        }
    }

    deinit {
        for list in lists { list.free() }
        for steps in separate { for step in steps { step.list.free() } }
        stream.free()
        table.free()
        arena.free()
    }

    /// Gives back all at once, also what the device is still at; that is cut off if it takes long.
    public func discard() { program.accelerator.end(owner: owner, budget: AcceleratedProgram.endBudget) }

    // MARK: Recording

    private func record(_ commands: ArraySlice<AcceleratedPlan.Command>) throws(AcceleratorError) -> any AcceleratorList {
        let tableAddress = try table.deviceAddress
        let scratch = try arena.deviceAddress + UInt64(ArenaLayout.rounded(plan.arenaByteCount))
        var recorded: [AcceleratorCommand] = []
        for command in commands {
            var parameters: [UInt8] = []
            for word in [tableAddress + UInt64(8 * command.table), scratch] {
                for byte in 0..<8 { parameters.append(UInt8(truncatingIfNeeded: word >> (8 * UInt64(byte)))) }
            }
            recorded.append(.dispatch(kernel: program.kernels[command.module], bindings: [], parameters: parameters, groups: command.groups))
            recorded.append(.barrier)
        }
        return try program.accelerator.makeList(recorded, timed: false, owner: owner)
    }

    /// Prepares for executions that are recorded kernel by kernel.
    public func prepareProfile() throws(AcceleratorError) {
        guard separate.isEmpty else { return }
        for list in program.plan.lists {
            var steps: [(list: any AcceleratorList, code: ShaderCode)] = []
            var start = 0
            for (place, command) in list.enumerated() where command.isLast {
                steps.append((try record(list[start...place]), command.code))
                start = place + 1
            }
            separate.append(steps)
        }
    }

    // MARK: Running

    /// Executes commands of the caller's, in front of the program's.
    public func perform(_ commands: [AcceleratorCommand]) throws(AcceleratorError) {
        let list = try program.accelerator.makeList(commands, timed: false, owner: owner)
        try stream.wait(for: try stream.submit(list), budget: AcceleratedExecution.copyBudget)
        list.free()
    }

    private static let copyBudget: UInt64 = 10_000_000_000

    /// How long the device may work until the job is asked whether it has to end, nanoseconds.
    private static let patience: UInt64 = 20_000_000

    /// Executes the program. `buffers` are the arguments', then the results'. Throws where the job has to end, and what device and
    /// evaluator throw, with the place in the source.
    public func run(_ buffers: [any AcceleratorBuffer], recording profile: Profile? = nil) throws(JaxError) {
        var place = 0, last: UInt64 = 0, trips = [Int](repeating: 0, count: program.plan.counterCount)
        do throws(JaxError) {
            try writeTable(buffers)
            try checkpoint()
            while true {
                let instruction = program.plan.instructions[place]
                place += 1
                switch instruction {
                case .submit(let number):
                    if let profile { try submitSeparately(number, profile, &last) } else { last = try submit(lists[number]) }
                case .evaluate(let number):
                    try complete(last)
                    try evaluate(plan.evaluations[number], buffers, profile)
                case .jump(let target): place = target
                case .jumpIfZero(let entry, let width, let target):
                    try complete(last)
                    if try word(entry, width, buffers) == 0 { place = target }
                case .begin(let counter, let count, let target):
                    trips[counter] = count
                    if count == 0 { place = target }
                case .again(let counter, let target):
                    trips[counter] -= 1
                    if trips[counter] > 0 { place = target }
                    try checkpoint()
                case .select(let entry, let count):
                    try complete(last)
                    let index = Int(Int32(bitPattern: try word(entry, 4, buffers)))
                    place += index >= 0 && index < count ? index : count - 1
                case .end:
                    try complete(last)
                    return
                }
            }
        } catch {
            throw error.located(plan.evaluation.module.locations.describe(program.plan.locations[max(0, place - 1)]))
        }
    }

    private func submit(_ list: any AcceleratorList) throws(JaxError) -> UInt64 {
        do throws(AcceleratorError) { return try stream.submit(list) } catch { throw JaxError(error) }
    }

    /// Waits until the submission is done, and looks now and then whether the job has to end.
    private func complete(_ submission: UInt64) throws(JaxError) {
        guard submission > 0 else { return }
        do throws(AcceleratorError) {
            while !(try stream.completes(submission, within: AcceleratedExecution.patience)) {
                if platform.interruption != nil { break }
            }
        } catch {
            throw JaxError(error)
        }
        try checkpoint()
    }

    private func submitSeparately(_ number: Int, _ profile: Profile, _ last: inout UInt64) throws(JaxError) {
        try complete(last)
        for step in separate[number] {
            let begun = platform.nanoseconds
            last = try submit(step.list)
            try complete(last)
            profile.add(step.code, from: begun)
        }
    }

    // MARK: Memory

    private func writeTable(_ buffers: [any AcceleratorBuffer]) throws(JaxError) {
        var addresses: [UInt64] = []
        addresses.reserveCapacity(plan.entries.count)
        for entry in plan.entries {
            let (buffer, offset) = try place(entry, buffers)
            do throws(AcceleratorError) { addresses.append(try buffer.deviceAddress + UInt64(offset)) } catch { throw JaxError(error) }
        }
        var failure: JaxError?
        addresses.withUnsafeBytes { do throws(JaxError) { try write($0, to: table, at: 0) } catch { failure = error } }
        if let failure { throw failure }
    }

    /// Where an entry's memory lies on the device.
    private func place(_ entry: TableEntry, _ buffers: [any AcceleratorBuffer]) throws(JaxError) -> (any AcceleratorBuffer, Int) {
        switch entry.space {
        case TableEntry.constants:
            guard let constants = program.constants, let offset = program.constantPlaces[entry.offset] else {
                throw JaxError(.internalError, "a constant is not on the device")
            }
            return (constants, offset)
        case TableEntry.arena: return (arena, entry.offset)
        default:
            let number = Int(entry.space - TableEntry.arguments)
            guard buffers.indices.contains(number) else { throw JaxError(.internalError, "the program takes more arrays than it is given") }
            return (buffers[number], entry.offset)
        }
    }

    private func read(_ entry: Int, into bytes: UnsafeMutableRawBufferPointer, _ buffers: [any AcceleratorBuffer]) throws(JaxError) {
        guard bytes.count > 0 else { return }
        let (buffer, offset) = try place(plan.entries[entry], buffers)
        do throws(AcceleratorError) { try buffer.read(into: bytes, at: offset) } catch { throw JaxError(error) }
    }

    private func write(_ bytes: UnsafeRawBufferPointer, to buffer: any AcceleratorBuffer, at offset: Int) throws(JaxError) {
        guard bytes.count > 0 else { return }
        do throws(AcceleratorError) { try buffer.write(bytes, at: offset) } catch { throw JaxError(error) }
    }

    /// One or four bytes of an entry.
    private func word(_ entry: Int, _ width: Int, _ buffers: [any AcceleratorBuffer]) throws(JaxError) -> UInt32 {
        var word: UInt32 = 0, failure: JaxError?
        withUnsafeMutableBytes(of: &word) { bytes in
            let bytes = UnsafeMutableRawBufferPointer(rebasing: bytes[..<min(width, 4)])
            do throws(JaxError) { try read(entry, into: bytes, buffers) } catch { failure = error }
        }
        if let failure { throw failure }
        return word
    }

    // MARK: Evaluations

    /// Fetches the operands, evaluates, and puts the results in their places.
    private func evaluate(_ planned: PlannedEvaluation, _ buffers: [any AcceleratorBuffer], _ profile: Profile?) throws(JaxError) {
        var operands: [RuntimeValue] = [], captured: [(id: ValueID, value: RuntimeValue)] = []
        for operand in planned.operands { operands.append(try fetch(operand, buffers)) }
        for (id, value) in planned.captured { captured.append((id, try fetch(value, buffers))) }
        let current = operands
        operands = []
        let places = [UnsafeMutableRawPointer?](repeating: nil, count: planned.results.count)
        let results = try planned.step.evaluate(in: plan.evaluation, of: plan.function, consume current, captured: captured, into: places,
                                                recording: profile)
        for (result, place) in zip(results, planned.results) { try put(result, place, buffers) }
    }

    private func fetch(_ value: PlannedValue, _ buffers: [any AcceleratorBuffer]) throws(JaxError) -> RuntimeValue {
        switch value {
        case .array(let type, let entry, _):
            let tensor = try Tensor(type)
            try read(entry, into: UnsafeMutableRawBufferPointer(start: tensor.bytes, count: type.byteCount), buffers)
            return .tensor(tensor)
        case .token: return .token
        case .tuple(let parts):
            var values: [RuntimeValue] = []
            for part in parts { values.append(try fetch(part, buffers)) }
            return .tuple(values)
        }
    }

    private func put(_ value: RuntimeValue, _ place: PlannedValue, _ buffers: [any AcceleratorBuffer]) throws(JaxError) {
        switch (value, place) {
        case (.tensor(let tensor), .array(let type, let entry, _)):
            guard tensor.type.byteCount == type.byteCount else {
                throw JaxError(.internalError, "an operation gave a \(tensor.type), expected a \(type)")
            }
            let (buffer, offset) = try self.place(plan.entries[entry], buffers)
            try write(UnsafeRawBufferPointer(start: tensor.bytes, count: type.byteCount), to: buffer, at: offset)
            withExtendedLifetime(tensor) {}
        case (.tuple(let values), .tuple(let places)):
            for (value, place) in zip(values, places) { try put(value, place, buffers) }
        default: break
        }
    }
}
