// From a kernel to instructions. Lanes lie in vector registers: a value that a vector loop computes has a register for each vector that is
// computed at once; any other value is spread over all lanes of one register, so that both mix freely. Truth values are masks of 32 bits
// a lane. Addresses are built where the loops that they depend on are: what an inner loop repeats is only what it changes.
import Loops
import X86Assembler

struct Selection {
    let kernel: Kernel
    let hasAVX512: Bool
    /// Whether vector loops go element by element.
    let isScalar: Bool
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
    /// How often each value is used.
    let useCounts: [Int]
    /// What follows each value that an open serial loop carries.
    var handedOn: [Int32: LaneValue] = [:]
    /// Whether an operation has no instructions here.
    var isImpossible = false
    /// The first iteration of the parallel loop, which counts on from it, and the end.
    var range: (counter: VirtualRegister, end: VirtualRegister?) = (VirtualRegister(id: -1, isVector: false), nil)

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

    init(_ kernel: Kernel, hasAVX512: Bool, isScalar: Bool) {
        self.kernel = kernel
        self.hasAVX512 = hasAVX512
        self.isScalar = isScalar
        useCounts = kernel.useCounts
    }

    /// The code, or nil where an operation has no instructions here. What has none for vectors may have some for single elements.
    static func code(_ kernel: Kernel, _ features: X86Features) -> X86Code? {
        code(kernel, features, isScalar: false) ?? code(kernel, features, isScalar: true)
    }

    private static func code(_ kernel: Kernel, _ features: X86Features, isScalar: Bool) -> X86Code? {
        var selection = Selection(kernel, hasAVX512: features.hasAVX512, isScalar: isScalar)
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
            if op == .multiplyAdd || op == .accumulate, spread || !isSpread(operands[2]) {
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
