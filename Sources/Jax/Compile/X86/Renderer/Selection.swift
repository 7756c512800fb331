// From a kernel to instructions. Lanes lie in vector registers: a value that a vector loop computes has a register for each vector that is
// computed at once; any other value is spread over all lanes of one register, so that both mix freely. Truth values are masks of 32 bits
// a lane. Addresses are built where the loops that they depend on are: what an inner loop repeats is only what it changes.
import Loops
import X86Assembler

struct Selection {
    let kernel: Kernel
    let hasAVX512: Bool
    var assembler = Assembler()
    var registerCount = 0
    /// The instructions of the blocks that are open, the innermost last.
    var blocks: [[MachineInstruction]] = [[]]
    var values: [Int32: Lanes] = [:]
    /// The block in which each value became known.
    var depths: [Int32: Int] = [:]
    /// How elements are computed here: 1 lane outside of vector loops.
    var mode = Mode(lanes: 1, unroll: 1, variable: nil)
    /// The loops that are open; loop i's body is block i + 1.
    var loops: [OpenLoop] = []
    var pointers: [[PointerKey: VirtualRegister]] = [[:]]
    /// Whether an operation has no instructions here.
    var isImpossible = false
    /// The first iteration of the parallel loop, which counts on from it, and the end.
    private var range: (counter: VirtualRegister, end: VirtualRegister?) = (VirtualRegister(id: -1, isVector: false), nil)

    struct Lanes {
        var registers: [VirtualRegister]
        /// Whether every lane of the whole register has the value.
        var isSpread: Bool
    }

    struct Mode {
        var lanes: Int
        var unroll: Int
        var variable: LoopVariable?
    }

    struct OpenLoop {
        var variable: LoopVariable
        var counter: VirtualRegister
        var step: Int
        /// Pointers that advance by so many bytes an iteration.
        var inductions: [(pointer: VirtualRegister, bytes: Int)] = []
    }

    struct PointerKey: Hashable {
        var buffer: BufferID
        var terms: [LoopIndex.Term]
        var clamped: [LoopIndex.Clamped]
        var isInduction = false
    }

    init(_ kernel: Kernel, hasAVX512: Bool) {
        self.kernel = kernel
        self.hasAVX512 = hasAVX512
    }

    /// The code, or nil where an operation has no instructions here.
    static func code(_ kernel: Kernel, _ features: X86Features) -> [UInt8]? {
        var selection = Selection(kernel, hasAVX512: features.hasAVX512)
        selection.takeArguments()
        selection.block(kernel.body)
        if selection.isImpossible { return nil }
        return Emission.code(selection.blocks[0], registerCount: selection.registerCount, selection.assembler,
                             hasAVX512: features.hasAVX512)
    }

    var widest: VectorWidth { hasAVX512 ? .zmm : .ymm }

    // MARK: Instructions

    mutating func newVector() -> VirtualRegister {
        registerCount += 1
        return VirtualRegister(id: Int32(registerCount - 1), isVector: true)
    }

    mutating func newGeneral() -> VirtualRegister {
        registerCount += 1
        return VirtualRegister(id: Int32(registerCount - 1), isVector: false)
    }

    mutating func append(_ instruction: MachineInstruction) { blocks[blocks.count - 1].append(instruction) }

    mutating func vector(_ op: MachineOp, _ width: VectorWidth, _ sources: [VirtualRegister], memory: MachineAddress? = nil)
        -> VirtualRegister {
        let destination = newVector()
        append(MachineInstruction(op: op, width: width, destination: destination, sources: sources, memory: memory))
        return destination
    }

    mutating func general(_ op: MachineOp, _ sources: [VirtualRegister] = [], memory: MachineAddress? = nil, in block: Int? = nil)
        -> VirtualRegister {
        let destination = newGeneral()
        blocks[block ?? blocks.count - 1].append(MachineInstruction(op: op, destination: destination, sources: sources, memory: memory))
        return destination
    }

    mutating func control(_ op: MachineOp, _ sources: [VirtualRegister] = []) { append(MachineInstruction(op: op, sources: sources)) }

    // MARK: Statements

    mutating func block(_ statements: [Statement]) {
        for statement in statements where !isImpossible {
            note(statement)
            switch statement {
            case .constant(let value, let bits):
                values[value.id] = Lanes(registers: [constant(kernel.type(of: value), bits)], isSpread: true)
            case .index(let value, let index): self.index(value, index)
            case .compute(let value, let op, let a, let b, let c): compute(value, op, [a, b, c].compactMap { $0 })
            case .load(let value, let buffer, let index): load(value, buffer, index)
            case .store(let buffer, let index, let value): store(value, buffer, index)
            case .loop(let loop): loop.kind == .vector ? vectorLoop(loop) : serialLoop(loop)
            case .whileLoop(let loop): whileLoop(loop)
            }
        }
    }

    private mutating func note(_ statement: Statement) {
        let depth = blocks.count - 1
        switch statement {
        case .constant(let value, _), .index(let value, _), .compute(let value, _, _, _, _), .load(let value, _, _):
            depths[value.id] = depth
        case .store: break
        case .loop(let loop): note(loop.carried, depth)
        case .whileLoop(let loop): note(loop.carried, depth)
        }
    }

    private mutating func note(_ carried: [Carried], _ depth: Int) {
        for value in carried {
            depths[value.current.id] = depth + 1
            depths[value.result.id] = depth
        }
    }

    /// A constant in every lane of the widest register.
    mutating func constant(_ type: LaneType, _ bits: LaneBits) -> VirtualRegister {
        let word = type == .bool ? (bits != 0 ? 0xFFFF_FFFF : 0) : bits
        if type.bitWidth == 64 {
            let label = assembler.constant(word)
            return vector(.unary(.vbroadcastsd), widest, [], memory: MachineAddress(label))
        }
        let label = assembler.constant(UInt32(truncatingIfNeeded: word))
        return vector(.unary(.vbroadcastss), widest, [], memory: MachineAddress(label))
    }

    /// The same constant as an operand in memory, of the size of a register.
    mutating func memoryConstant(_ word: UInt32, _ width: VectorWidth) -> MachineAddress {
        MachineAddress(assembler.constant(repeating: word, width))
    }

    /// How wide `lanes` lanes of a type are.
    func width(_ type: LaneType, lanes: Int) -> VectorWidth {
        let bytes = lanes * (type.bitWidth == 64 ? 8 : 4)
        return bytes <= 16 ? .xmm : bytes <= 32 ? .ymm : .zmm
    }

    /// The register of a value for the vector number `part`.
    func register(_ value: LaneValue, _ part: Int) -> VirtualRegister {
        let lanes = values[value.id]!
        return lanes.registers.count == 1 ? lanes.registers[0] : lanes.registers[part]
    }

    func isSpread(_ value: LaneValue) -> Bool { values[value.id]!.isSpread }

    /// An operation part by part; of spread operands alone once for all lanes.
    mutating func compute(_ value: LaneValue, _ op: LaneOp, _ operands: [LaneValue]) {
        let spread = operands.allSatisfy { isSpread($0) }
        let parts = spread ? 1 : operands.map { values[$0.id]!.registers.count }.max() ?? 1
        var registers: [VirtualRegister] = []
        for part in 0..<parts {
            let sources = operands.map { register($0, part) }
            if op == .multiplyAdd, spread || !isSpread(operands[2]) {
                // Sums that go on are added to in place; of the steps of a polynomial it is the product that goes on.
                let isDouble = kernel.type(of: value) == .f64
                let w = spread ? widest : width(kernel.type(of: value), lanes: mode.lanes)
                registers.append(vector(.tied(isDouble ? .vfmadd231pd : .vfmadd231ps), w, [sources[2], sources[0], sources[1]]))
                continue
            }
            guard let result = operation(op, kernel.type(of: operands[0]), kernel.type(of: value), sources, isSpread: spread) else {
                isImpossible = true
                return
            }
            registers.append(result)
        }
        values[value.id] = Lanes(registers: registers, isSpread: spread)
    }

    // MARK: Loops

    /// Runs `body` as the body of a loop by `step` from the counter's value while counter + step stays within `end`.
    mutating func loop(_ variable: LoopVariable, counter: VirtualRegister, step: Int, end: LoopEnd, _ body: (inout Selection) -> Void) {
        loops.append(OpenLoop(variable: variable, counter: counter, step: step))
        blocks.append([])
        pointers.append([:])
        body(&self)
        let inner = blocks.removeLast()
        pointers.removeLast()
        let open = loops.removeLast()
        let top = assembler.makeLabel(), done = assembler.makeLabel()
        control(.loopStart)
        exit(counter, step, end, done)
        control(.bind(top))
        blocks[blocks.count - 1] += inner
        for induction in open.inductions {
            append(MachineInstruction(op: .addImmediate(Int32(induction.bytes)), destination: induction.pointer,
                                      sources: [induction.pointer]))
        }
        append(MachineInstruction(op: .addImmediate(Int32(step)), destination: counter, sources: [counter]))
        stay(counter, step, end, top)
        control(.loopEnd)
        control(.bind(done))
    }

    enum LoopEnd {
        case count(Int)
        /// As many as the caller asked for.
        case register(VirtualRegister)
    }

    /// Leaves where fewer than `step` iterations are left.
    private mutating func exit(_ counter: VirtualRegister, _ step: Int, _ end: LoopEnd, _ done: Label) {
        switch end {
        case .count(let count): control(.jumpCompare(.g, Int32(count - step), done), [counter])
        case .register(let limit): control(.jumpCompareRegisters(.g, done), [counter, limit])
        }
    }

    private mutating func stay(_ counter: VirtualRegister, _ step: Int, _ end: LoopEnd, _ top: Label) {
        switch end {
        case .count(let count): control(.jumpCompare(.le, Int32(count - step), top), [counter])
        case .register(let limit): control(.jumpCompareRegisters(.le, top), [counter, limit])
        }
    }

    /// The end for a step: the last counter from which the step still fits.
    private mutating func limit(_ end: VirtualRegister, _ step: Int) -> VirtualRegister {
        let limit = newGeneral()
        append(MachineInstruction(op: .move, destination: limit, sources: [end]))
        append(MachineInstruction(op: .addImmediate(Int32(-step)), destination: limit, sources: [limit]))
        return limit
    }

    /// The iterations that the caller asks for come in registers, which are free for other values once they have been read.
    private mutating func takeArguments() {
        let isParallel = kernel.body.contains { if case .loop(let loop) = $0 { loop.isParallel } else { false } }
        guard isParallel else { return }
        range.counter = newGeneral()
        append(MachineInstruction(op: .argument(.rsi), destination: range.counter))
        let end = newGeneral()
        append(MachineInstruction(op: .argument(.rdx), destination: end))
        range.end = end
    }

    private mutating func start(_ loop: Loop) -> (counter: VirtualRegister, end: VirtualRegister?) {
        guard loop.isParallel else {
            let counter = newGeneral()
            append(MachineInstruction(op: .immediate(0), destination: counter))
            return (counter, nil)
        }
        return range
    }

    mutating func serialLoop(_ loop: Loop) {
        let (counter, end) = start(loop)
        let parts = mode.variable == nil ? 1 : mode.unroll
        let current = carry(loop.carried, parts: parts)
        let limit = end.map { LoopEnd.register(self.limit($0, 1)) } ?? .count(loop.count)
        self.loop(loop.variable, counter: counter, step: 1, end: limit) { selection in
            selection.block(loop.body)
            if !selection.isImpossible { selection.carryOn(loop.carried, current) }
        }
        for (carried, lanes) in zip(loop.carried, current) { values[carried.result.id] = lanes }
    }

    /// Registers for carried values, with the initial ones in them.
    mutating func carry(_ carried: [Carried], parts: Int) -> [Lanes] {
        var all: [Lanes] = []
        for value in carried {
            let isSpread = mode.variable == nil
            var registers: [VirtualRegister] = []
            for part in 0..<parts {
                let copy = newVector()
                append(MachineInstruction(op: .moveVector, width: widest, destination: copy, sources: [register(value.initial, part)]))
                registers.append(copy)
            }
            let lanes = Lanes(registers: registers, isSpread: isSpread)
            values[value.current.id] = lanes
            all.append(lanes)
        }
        return all
    }

    /// The next values take the places of the current ones, all at once.
    mutating func carryOn(_ carried: [Carried], _ current: [Lanes]) {
        var moves: [(from: VirtualRegister, to: VirtualRegister)] = []
        for (value, lanes) in zip(carried, current) {
            for (part, to) in lanes.registers.enumerated() {
                let from = register(value.next, part)
                if from != to { moves.append((from, to)) }
            }
        }
        let targets = Set(moves.map { $0.to })
        if moves.contains(where: { targets.contains($0.from) }) {
            // One's next value is another's current one: by way of copies.
            for place in moves.indices { moves[place].from = copied(moves[place].from) }
        } else {
            let all = moves
            moves = all.filter { move in
                let isOnlyOne = all.filter { $0.from == move.from }.count == 1
                return !(isOnlyOne && definedInPlace(move.from, as: move.to))
            }
        }
        for move in moves {
            append(MachineInstruction(op: .moveVector, width: widest, destination: move.to, sources: [move.from]))
        }
    }

    private mutating func copied(_ register: VirtualRegister) -> VirtualRegister {
        vector(.moveVector, widest, [register])
    }

    /// Lets the instruction of this block that defines `next` write the carried register itself, where nothing reads that behind it.
    private mutating func definedInPlace(_ next: VirtualRegister, as current: VirtualRegister) -> Bool {
        let block = blocks.count - 1
        guard let definition = blocks[block].lastIndex(where: { $0.destination == next }),
              blocks[block].firstIndex(where: { $0.destination == next }) == definition else { return false }
        for place in (definition + 1)..<max(blocks[block].count, definition + 1) {
            let instruction = blocks[block][place]
            if instruction.destination == current || instruction.uses.contains(current) { return false }
        }
        for place in definition..<blocks[block].count { blocks[block][place].replace(next, by: current) }
        return true
    }

    // MARK: Vector loops

    mutating func vectorLoop(_ loop: Loop) {
        let lanes = laneCount(loop)
        let (counter, end) = start(loop)
        var current: [Lanes] = []
        let unroll = max(1, min(loop.unroll, loop.count / lanes))
        func phase(_ lanes: Int, _ unroll: Int, _ selection: inout Selection) {
            let step = lanes * unroll
            let limit = end.map { LoopEnd.register(selection.limit($0, step)) } ?? .count(loop.count)
            let outer = selection.mode
            selection.mode = Mode(lanes: lanes, unroll: unroll, variable: loop.variable)
            selection.loop(loop.variable, counter: counter, step: step, end: limit) { selection in
                selection.block(loop.body)
                if !selection.isImpossible { selection.carryOn(loop.carried, current) }
            }
            selection.mode = outer
        }
        let isReduction = !loop.carried.isEmpty
        if isReduction {
            mode = Mode(lanes: lanes, unroll: unroll, variable: loop.variable)
            current = carry(loop.carried, parts: unroll)
            mode = Mode(lanes: 1, unroll: 1, variable: nil)
        }
        if loop.count >= lanes * unroll { phase(lanes, unroll, &self) }
        if unroll > 1 {
            for part in (1..<unroll).reversed() {
                let first = current.map { $0.registers[0] }, second = current.map { $0.registers[part] }
                replace(current, 0, combine(loop, first, second, lanes: lanes))
            }
            current = current.map { Lanes(registers: [$0.registers[0]], isSpread: false) }
            for (carried, lanes) in zip(loop.carried, current) { values[carried.current.id] = lanes }
            if loop.count % (lanes * unroll) >= lanes { phase(lanes, 1, &self) }
        }
        if isReduction { fold(loop, current, lanes: lanes) }
        if loop.isParallel || loop.count % lanes != 0 { phase(1, 1, &self) }
        for (carried, value) in zip(loop.carried, current) {
            values[carried.result.id] = Lanes(registers: [spread(value.registers[0], kernel.type(of: carried.current))], isSpread: true)
        }
    }

    private mutating func replace(_ current: [Lanes], _ part: Int, _ results: [VirtualRegister]) {
        for (lanes, result) in zip(current, results) {
            append(MachineInstruction(op: .moveVector, width: widest, destination: lanes.registers[part], sources: [result]))
        }
    }

    /// What a loop's combiner makes of two sets of registers.
    private mutating func combine(_ loop: Loop, _ first: [VirtualRegister], _ second: [VirtualRegister], lanes: Int) -> [VirtualRegister] {
        guard let combiner = loop.combiner else { return first }
        for (parameter, register) in zip(combiner.parameters, first + second) {
            values[parameter.id] = Lanes(registers: [register], isSpread: false)
        }
        let outer = mode
        mode = Mode(lanes: lanes, unroll: 1, variable: loop.variable)
        block(combiner.body)
        mode = outer
        return isImpossible ? first : combiner.results.map { register($0, 0) }
    }

    /// The lanes of carried values put together in the lowest, half by half.
    private mutating func fold(_ loop: Loop, _ current: [Lanes], lanes: Int) {
        var count = lanes
        while count > 1 {
            var upper: [VirtualRegister] = []
            for (carried, value) in zip(loop.carried, current) {
                upper.append(upperHalf(value.registers[0], bytes: count * (kernel.type(of: carried.current).bitWidth == 64 ? 8 : 4)))
            }
            count /= 2
            replace(current, 0, combine(loop, current.map { $0.registers[0] }, upper, lanes: count))
        }
    }

    private mutating func upperHalf(_ register: VirtualRegister, bytes: Int) -> VirtualRegister {
        switch bytes {
        case 64: vector(.extract(.vextractf64x4, 1), .zmm, [register])
        case 32: vector(.extract(.vextractf32x4, 1), .ymm, [register])
        case 16: vector(.unaryImmediate(.vpshufd, 0x4E), .xmm, [register])
        default: vector(.unaryImmediate(.vpshufd, 0xB1), .xmm, [register])
        }
    }

    /// The lowest lane in all lanes.
    mutating func spread(_ register: VirtualRegister, _ type: LaneType) -> VirtualRegister {
        vector(.unary(type.bitWidth == 64 ? .vbroadcastsd : .vbroadcastss), widest, [register])
    }

    /// As many lanes as the widest value of the body has room for in a register.
    private func laneCount(_ loop: Loop) -> Int {
        var isWide = loop.carried.contains { kernel.type(of: $0.current).bitWidth == 64 }
        func look(_ statements: [Statement]) {
            for statement in statements {
                switch statement {
                case .constant: break
                case .index(let value, _), .load(let value, _, _): if kernel.type(of: value).bitWidth == 64 { isWide = true }
                case .compute(let value, let op, let a, _, _):
                    if kernel.type(of: value).bitWidth == 64 || kernel.type(of: a).bitWidth == 64 { isWide = true }
                    if [.divide, .remainder, .divideUnsigned, .remainderUnsigned].contains(op), kernel.type(of: a) == .i32 { isWide = true }
                case .store: break
                case .loop(let inner): look(inner.body)
                case .whileLoop(let inner):
                    look(inner.condition)
                    look(inner.body)
                }
            }
        }
        look(loop.body)
        if let combiner = loop.combiner { look(combiner.body) }
        return widest.byteCount / (isWide ? 8 : 4)
    }

    // MARK: While

    mutating func whileLoop(_ loop: WhileLoop) {
        guard mode.variable == nil else {
            isImpossible = true
            return
        }
        let current = carry(loop.carried, parts: 1)
        let top = assembler.makeLabel(), done = assembler.makeLabel()
        // A block of its own, of a loop without a variable: addresses are made in front of it.
        loops.append(OpenLoop(variable: LoopVariable(id: -1), counter: VirtualRegister(id: -1, isVector: false), step: 0))
        blocks.append([])
        pointers.append([:])
        block(loop.condition)
        if !isImpossible {
            control(.jumpFalse(done), [register(loop.holds, 0)])
            block(loop.body)
        }
        if !isImpossible { carryOn(loop.carried, current) }
        let inner = blocks.removeLast()
        pointers.removeLast()
        loops.removeLast()
        control(.loopStart)
        control(.bind(top))
        blocks[blocks.count - 1] += inner
        control(.jump(top))
        control(.loopEnd)
        control(.bind(done))
        for (carried, lanes) in zip(loop.carried, current) { values[carried.result.id] = lanes }
    }
}

extension MachineInstruction {
    /// Lets another register stand for one.
    mutating func replace(_ old: VirtualRegister, by new: VirtualRegister) {
        if destination == old { destination = new }
        for place in sources.indices where sources[place] == old { sources[place] = new }
        guard var address = memory else { return }
        if case .register(old) = address.base { address.base = .register(new) }
        if address.index == old { address.index = new }
        memory = address
    }
}
