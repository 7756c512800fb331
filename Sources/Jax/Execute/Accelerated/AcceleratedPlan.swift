// A plan as an accelerator executes it: runs of steps that the device does without being asked in between become lists, which are recorded
// once; what is left to the processor stands between them. Everything on the device finds its memory through the same table of addresses as
// the processor's code does, in the device's memory.
import JaxIR
import JaxOps
import JaxPlatform
import SPIRVRenderer

public final class AcceleratedPlan {
    enum Instruction {
        /// The list of that number.
        case submit(Int)
        /// The evaluation of that number, by the processor.
        case evaluate(Int)
        case jump(Int)
        /// Looks at `width` bytes of an entry.
        case jumpIfZero(entry: Int, width: Int, to: Int)
        /// A loop that goes round so often, with a counter of that number; where that is 0, goes on elsewhere.
        case begin(counter: Int, trips: Int, to: Int)
        /// The end of a trip; goes back unless it was the last one.
        case again(counter: Int, to: Int)
        /// The i32 of an entry chooses one of `count` instructions behind this one, the last where it is none of them.
        case select(entry: Int, count: Int)
        case end
    }

    /// A dispatch of one of the plan's modules.
    struct Command {
        var module: Int
        var groups: Extent3
        /// The first of its entries in the table.
        var table: Int
        /// The kernel that it is a part of, and whether it is the last one.
        var code: ShaderCode
        var isLast: Bool
        var location: LocationID
    }

    let plan: ExecutionPlan
    private(set) var modules: [[UInt32]] = []
    private(set) var lists: [[Command]] = []
    private(set) var instructions: [Instruction] = []
    /// The place in the source of each instruction.
    private(set) var locations: [LocationID] = []
    private(set) var scratchByteCount = 0
    private let target: ShaderTarget
    /// How many loops count their trips.
    private(set) var counterCount = 0
    // While the plan is made: modules' numbers by their words, the instruction that each step begins, where jumps go, and known loops by
    // their first steps.
    private var numbers: [[UInt32]: Int] = [:]
    private var starts: [Int]
    private var isTarget: [Bool]
    private var loops: [Int: CountedLoop] = [:]

    public var coverage: Coverage { plan.coverage }
    public var results: [PlannedResult] { plan.results }

    /// Throws `internalError` where a step cannot be put on the device.
    public init(_ plan: ExecutionPlan, _ target: ShaderTarget) throws(JaxError) {
        self.plan = plan
        self.target = target
        starts = [Int](repeating: 0, count: plan.steps.count + 1)
        isTarget = [Bool](repeating: false, count: plan.steps.count + 1)
        findLoops()
        try lower(0..<plan.steps.count)
        for index in instructions.indices {
            switch instructions[index] {
            case .jump(let step): instructions[index] = .jump(starts[step])
            case .jumpIfZero(let entry, let width, let step): instructions[index] = .jumpIfZero(entry: entry, width: width, to: starts[step])
            case .begin(let counter, let trips, let step): instructions[index] = .begin(counter: counter, trips: trips, to: starts[step])
            default: break
            }
        }
        numbers = [:]
        starts = []
        isTarget = []
        loops = [:]
    }

    // MARK: Loops

    /// A loop with a known number of trips: steps of its condition from `start` on, which nobody needs, the exit, the body, the jump back.
    private struct CountedLoop {
        var start, exit, back, trips: Int
    }

    private func findLoops() {
        var exits: [Int: Int] = [:]
        for (index, step) in plan.steps.enumerated() where step.kind == .jumpIfZero && step.count > 0 { exits[Int(step.target)] = index }
        var skipped: Set<Int> = []
        for (index, step) in plan.steps.enumerated() where step.kind == .jumpBack {
            guard let exit = exits[index + 1], exit > Int(step.target) else { continue }
            loops[Int(step.target)] = CountedLoop(start: Int(step.target), exit: exit, back: index, trips: plan.steps[exit].count - 1)
            skipped.formUnion([exit, index])
        }
        for (index, step) in plan.steps.enumerated() where !skipped.contains(index) {
            switch step.kind {
            case .jump, .jumpIfZero, .jumpBack: isTarget[Int(step.target)] = true
            default: break
            }
        }
    }

    /// So many dispatches are recorded of a loop, at most; of a longer one a trip is, and submitted again and again.
    private static let longestUnrolled = 2048

    // MARK: Steps

    /// Appends instructions for steps, a list for each run of them that the device does alone.
    private func lower(_ steps: Range<Int>) throws(JaxError) {
        var index = steps.lowerBound, open: [Command] = []
        while index < steps.upperBound {
            let step = plan.steps[index]
            if isTarget[index] { close(&open) }
            starts[index] = instructions.count
            if let loop = loops[index] {
                if let body = try commands(loop.exit + 1..<loop.back), body.count * loop.trips <= AcceleratedPlan.longestUnrolled {
                    for _ in 0..<loop.trips { open += body }
                } else {
                    close(&open)
                    starts[index] = instructions.count
                    try lower(loop)
                }
                index = loop.back + 1
                continue
            }
            if let commands = try commands(of: index) {
                open += commands
            } else {
                close(&open)
                starts[index] = instructions.count
                locations.append(plan.locations[index])
                instructions.append(instruction(step))
            }
            index += 1
        }
        close(&open)
    }

    private func lower(_ loop: CountedLoop) throws(JaxError) {
        let counter = counterCount
        counterCount += 1
        isTarget[loop.back + 1] = true
        instructions.append(.begin(counter: counter, trips: loop.trips, to: loop.back + 1))
        locations.append(plan.locations[loop.exit])
        let body = instructions.count
        try lower(loop.exit + 1..<loop.back)
        instructions.append(.again(counter: counter, to: body))
        locations.append(plan.locations[loop.back])
    }

    private func instruction(_ step: PlannedStep) -> Instruction {
        switch step.kind {
        case .evaluate: return .evaluate(Int(step.target))
        case .jump, .jumpBack: return .jump(Int(step.target))
        case .jumpIfZero: return .jumpIfZero(entry: Int(step.table), width: Int(step.width), to: Int(step.target))
        case .select: return .select(entry: Int(step.table), count: step.count)
        default: return .end
        }
    }

    /// The dispatches of steps that the device does alone, loops written out; nil where there are others.
    private func commands(_ steps: Range<Int>) throws(JaxError) -> [Command]? {
        var all: [Command] = [], index = steps.lowerBound
        while index < steps.upperBound {
            if isTarget[index] { return nil }
            if let loop = loops[index] {
                guard let body = try commands(loop.exit + 1..<loop.back), body.count * loop.trips <= AcceleratedPlan.longestUnrolled else {
                    return nil
                }
                for _ in 0..<loop.trips { all += body }
                index = loop.back + 1
                continue
            }
            guard let commands = try commands(of: index) else { return nil }
            all += commands
            index += 1
        }
        return all
    }

    /// The dispatches of one step; nil where it is not the device's.
    private func commands(of index: Int) throws(JaxError) -> [Command]? {
        switch plan.steps[index].kind {
        case .copy, .fill: if plan.steps[index].count == 0 { return [] }
        default: break
        }
        guard let code = try code(of: plan.steps[index], at: index) else { return nil }
        scratchByteCount = max(scratchByteCount, code.scratchByteCount)
        var commands: [Command] = []
        for (place, dispatch) in code.dispatches.enumerated() {
            let module = numbers[dispatch.words] ?? modules.count
            if module == modules.count {
                numbers[dispatch.words] = module
                modules.append(dispatch.words)
            }
            commands.append(Command(module: module, groups: dispatch.groups, table: Int(plan.steps[index].table), code: code,
                                    isLast: place == code.dispatches.count - 1, location: plan.locations[index]))
        }
        return commands
    }

    /// What of the device does a step; nil for those that the device does not do.
    private func code(of step: PlannedStep, at index: Int) throws(JaxError) -> ShaderCode? {
        let code: ShaderCode?
        switch step.kind {
        case .otherKernel: code = plan.kernels[index] as? ShaderCode
        case .copy: code = DeviceMoves.copy(byteCount: step.count, target)
        case .fill: code = DeviceMoves.fill(step.pointer, width: Int(step.width), count: step.count, target)
        case .kernel, .kernelUnlessSame: code = nil
        case .evaluate, .jump, .jumpIfZero, .jumpBack, .select, .end: return nil
        }
        guard let code else { throw JaxError(.internalError, "a step of the program has no form for the device") }
        return code
    }

    private func close(_ open: inout [Command]) {
        guard let first = open.first else { return }
        instructions.append(.submit(lists.count))
        locations.append(first.location)
        lists.append(open)
        open = []
    }
}
