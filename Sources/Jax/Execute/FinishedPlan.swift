// From steps over numbered buffers to steps over places: buffers are joined, those that are left get their places, and copies from a
// place to itself go.
import JaxIR
import JaxOps
import JaxPlatform

struct FinishedPlan {
    private(set) var steps: [PlannedStep] = []
    private(set) var kernels: [CompiledKernel?] = []
    private(set) var locations: [LocationID] = []
    private(set) var entries: [TableEntry] = []
    private(set) var results: [PlannedResult] = []
    private(set) var evaluations: [PlannedEvaluation]
    private(set) var arenaByteCount = 0
    /// By buffer, of those that are planned and no results.
    private(set) var offsets: [Int: Int] = [:]
    private(set) var memory: MemoryPlanner

    init(_ builder: PlanBuilder) {
        memory = builder.memory
        evaluations = builder.evaluations
        let successions = builder.moves + builder.reuses
        for succession in successions { memory.mayFollow(succession.to.lifetime, succession.from.lifetime, until: succession.end) }
        for succession in successions { memory.join(succession.from.buffer, succession.to.buffer) }

        var resultOf: [Int: Int] = [:]
        for (number, result) in builder.results.enumerated() where result.argument == nil {
            resultOf[memory.root(result.array.buffer)] = number
        }
        placeInArena { resultOf[$0] == nil }
        for buffer in builder.entries { entries.append(entry(buffer, resultOf, builder.argumentCount)) }
        chooseDonors(builder, successions)
        allowOverwriting(builder)
        takeSteps(builder)
    }

    private mutating func placeInArena(_ isPlaced: (Int) -> Bool) {
        var requests: [ArenaRequest] = [], roots: [Int] = []
        for buffer in memory.buffers.indices where memory.root(buffer) == buffer && isPlaced(buffer) {
            guard case .planned = memory.buffers[buffer].home, let span = memory.span(buffer) else { continue }
            requests.append(ArenaRequest(byteCount: memory.buffers[buffer].byteCount, start: span.start, end: span.end))
            roots.append(buffer)
        }
        let layout = ArenaLayout(requests)
        arenaByteCount = layout.byteCount
        for (place, root) in roots.enumerated() { offsets[root] = layout.offsets[place] }
    }

    private func entry(_ buffer: Int, _ resultOf: [Int: Int], _ argumentCount: Int) -> TableEntry {
        switch memory.buffers[buffer].home {
        case .argument(let number): return TableEntry(space: TableEntry.arguments + Int32(number), offset: 0)
        case .constant(let address): return TableEntry(space: TableEntry.constants, offset: Int(bitPattern: address))
        case .planned:
            let root = memory.root(buffer)
            if let result = resultOf[root] { return TableEntry(space: TableEntry.arguments + Int32(argumentCount + result), offset: 0) }
            return TableEntry(space: TableEntry.arena, offset: offsets[root] ?? 0)
        }
    }

    /// For each result an argument that is not needed any more when the result is begun, or may be written over then.
    private mutating func chooseDonors(_ builder: PlanBuilder, _ successions: [Succession]) {
        var isTaken = [Bool](repeating: false, count: builder.arguments.count)
        for result in builder.results { if let argument = result.argument { isTaken[argument] = true } }
        var donors = [Int?](repeating: nil, count: builder.results.count)
        func suits(_ argument: Int, _ root: Int) -> Bool {
            guard !isTaken[argument], let first = memory.buffers[root].lifetimes.first,
                  memory.buffers[builder.arguments[argument].buffer].byteCount == memory.buffers[root].byteCount else { return false }
            return !memory.meet(builder.arguments[argument].lifetime, first)
        }
        var numbers: [Int: Int] = [:]
        for (number, result) in builder.results.enumerated() where result.argument == nil {
            numbers[memory.root(result.array.buffer)] = number
        }
        for succession in successions {
            guard case .argument(let argument) = memory.buffers[succession.from.buffer].home,
                  case let root = memory.root(succession.to.buffer), let number = numbers[root], donors[number] == nil,
                  suits(argument, root) else { continue }
            donors[number] = argument
            isTaken[argument] = true
        }
        for (number, result) in builder.results.enumerated() where result.argument == nil && donors[number] == nil {
            let root = memory.root(result.array.buffer)
            guard let argument = builder.arguments.indices.first(where: { suits($0, root) }) else { continue }
            donors[number] = argument
            isTaken[argument] = true
        }
        for (number, result) in builder.results.enumerated() {
            let type = result.array.type
            results.append(result.argument.map { .argument(type, $0) } ?? .own(type, donor: donors[number]))
        }
    }

    /// Of evaluations' operands in the block that nothing needs any more.
    private mutating func allowOverwriting(_ builder: PlanBuilder) {
        for number in evaluations.indices {
            for (place, operand) in evaluations[number].operands.enumerated() {
                guard case .array(let type, let entry, _) = operand, entries[entry].space == TableEntry.arena,
                      let use = builder.overwritable[entry], memory.lifetimes[use.lifetime].end == use.time else { continue }
                evaluations[number].operands[place] = .array(type, entry: entry, mayOverwrite: true)
            }
        }
    }

    /// Without copies to the same place; jumps go where their targets have come.
    private mutating func takeSteps(_ builder: PlanBuilder) {
        func isSame(_ a: Int, _ b: Int) -> Bool { entries[a].space == entries[b].space && entries[a].offset == entries[b].offset }
        var places: [Int32] = []
        for (index, step) in builder.steps.enumerated() {
            places.append(Int32(steps.count))
            var step = step
            let table = Int(step.table)
            switch step.kind {
            case .copy where step.count == 0 || isSame(table, table + 1): continue
            case .kernelUnlessSame where isSame(table - 2, table - 1): continue
            case .kernelUnlessSame where entries[table - 2].space == TableEntry.constants: step.kind = .kernel
            default: break
            }
            steps.append(step)
            kernels.append(builder.kernels[index])
            locations.append(builder.locations[index])
        }
        for index in steps.indices {
            switch steps[index].kind {
            case .jump, .jumpIfZero, .jumpBack: steps[index].target = places[Int(steps[index].target)]
            default: break
            }
        }
    }
}
