// Loops: counters and where they end, values carried from trip to trip, and vector loops as phases of full vectors, then of single lanes.
import Loops
import X86Assembler

extension Selection {
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
    mutating func takeArguments() {
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
        for carried in loop.carried { handedOn[carried.current.id] = carried.next }
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
            // What the loop around this one carries and leaves to this one alone stays in its registers.
            if handedOn[value.initial.id] == value.result, useCounts[Int(value.initial.id)] == 1, let lanes = values[value.initial.id],
               lanes.isSpread == isSpread, lanes.registers.count == parts {
                values[value.current.id] = lanes
                all.append(lanes)
                continue
            }
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
        accumulateInPlace(definition, current)
        return true
    }

    /// What the instruction that writes a carried register goes on from is computed there, too, as far back as nothing else reads it:
    /// a sum of several products has one register.
    private mutating func accumulateInPlace(_ last: Int, _ current: VirtualRegister) {
        let block = blocks.count - 1
        var place = last
        while blocks[block][place].isTied, let source = blocks[block][place].sources.first, source != current,
              let earlier = blocks[block][..<place].lastIndex(where: { $0.destination == source }),
              blocks[block][earlier].isTied, blocks[block].filter({ $0.destination == source }).count == 1,
              blocks[block].reduce(0, { count, one in count + one.uses.filter { $0 == source }.count }) == 1,
              !blocks[block][(earlier + 1)..<place].contains(where: { $0.destination == current || $0.uses.contains(current) }) {
            blocks[block][place].replace(source, by: current)
            blocks[block][earlier].replace(source, by: current)
            place = earlier
        }
    }

    // MARK: Vector loops

    mutating func vectorLoop(_ loop: Loop) {
        let lanes = laneCount(loop)
        let (counter, end) = start(loop)
        var current: [Lanes] = []
        let unroll = isScalar ? 1 : max(1, min(loop.unroll, loop.count / lanes))
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
        var done = lanes
        if !isReduction, !loop.isParallel || loop.count < 32 * lanes {
            // The rest by vectors of half the size, as long as they fill a register and some are left; of many it is not worth the code.
            while done > 4, loop.count % done != 0 {
                done /= 2
                if loop.count % (2 * done) >= done { phase(done, 1, &self) }
            }
        }
        if loop.isParallel || loop.count % done != 0 { phase(1, 1, &self) }
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
        if isScalar { return 1 }
        var isWide = loop.carried.contains { kernel.type(of: $0.current).bitWidth == 64 }
        func look(_ statements: [Statement]) {
            for statement in statements {
                switch statement {
                case .constant: break
                case .index(let value, _), .load(let value, _, _), .store(_, _, let value):
                    if kernel.type(of: value).bitWidth == 64 { isWide = true }
                case .compute(let value, let op, let a, _, _):
                    if kernel.type(of: value).bitWidth == 64 || kernel.type(of: a).bitWidth == 64 { isWide = true }
                    if [.divide, .remainder, .divideUnsigned, .remainderUnsigned].contains(op), kernel.type(of: a) == .i32 { isWide = true }
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
