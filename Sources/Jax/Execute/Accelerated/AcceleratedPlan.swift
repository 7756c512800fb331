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
    private var numbers: [[UInt32]: Int] = [:]

    public var coverage: Coverage { plan.coverage }
    public var results: [PlannedResult] { plan.results }

    /// Throws `internalError` where a step cannot be put on the device.
    public init(_ plan: ExecutionPlan, _ target: ShaderTarget) throws(JaxError) {
        self.plan = plan
        self.target = target
        var isTarget = [Bool](repeating: false, count: plan.steps.count + 1)
        for step in plan.steps {
            switch step.kind {
            case .jump, .jumpIfZero, .jumpBack: isTarget[Int(step.target)] = true
            default: break
            }
        }
        // The instruction that each step begins; steps of one list share one.
        var starts: [Int] = [], open: [Command] = []
        for (index, step) in plan.steps.enumerated() {
            if isTarget[index] { close(&open) }
            starts.append(instructions.count)
            if let code = try code(of: step, at: index) {
                add(code, table: Int(step.table), plan.locations[index], to: &open)
                continue
            }
            close(&open)
            starts[index] = instructions.count
            locations.append(plan.locations[index])
            switch step.kind {
            case .evaluate: instructions.append(.evaluate(Int(step.target)))
            case .jump, .jumpBack: instructions.append(.jump(Int(step.target)))
            case .jumpIfZero: instructions.append(.jumpIfZero(entry: Int(step.table), width: Int(step.width), to: Int(step.target)))
            case .select: instructions.append(.select(entry: Int(step.table), count: step.count))
            default: instructions.append(.end)
            }
        }
        for index in instructions.indices {
            switch instructions[index] {
            case .jump(let step): instructions[index] = .jump(starts[step])
            case .jumpIfZero(let entry, let width, let step): instructions[index] = .jumpIfZero(entry: entry, width: width, to: starts[step])
            default: break
            }
        }
        numbers = [:]
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

    private func add(_ code: ShaderCode, table: Int, _ location: LocationID, to open: inout [Command]) {
        scratchByteCount = max(scratchByteCount, code.scratchByteCount)
        for (place, dispatch) in code.dispatches.enumerated() {
            let module = numbers[dispatch.words] ?? modules.count
            if module == modules.count {
                numbers[dispatch.words] = module
                modules.append(dispatch.words)
            }
            open.append(Command(module: module, groups: dispatch.groups, table: table, code: code,
                                isLast: place == code.dispatches.count - 1, location: location))
        }
    }

    private func close(_ open: inout [Command]) {
        guard let first = open.first else { return }
        instructions.append(.submit(lists.count))
        locations.append(first.location)
        lists.append(open)
        open = []
    }
}
