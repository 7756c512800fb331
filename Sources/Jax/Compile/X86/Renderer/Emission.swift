// From instructions over virtual registers to machine code: registers put in, what lives in the frame fetched and stored around each
// instruction, and the function's head and tail.
import X86Assembler

struct Emission {
    private var assembler: Assembler
    private let allocation: RegisterAllocation
    /// Registers that belong to no value: what lives in the frame passes through them.
    private let scratch: [VectorRegister]
    private let scratchGeneral: [GPR] = [.rax, .r11]
    private static let saved: [GPR] = [.rbx, .r12, .r13, .r14, .r15]
    static let general: [GPR] = [.rcx, .rdx, .rsi, .r8, .r9, .r10, .rbx, .r12, .r13, .r14, .r15]

    static func code(_ instructions: [MachineInstruction], registerCount: Int, _ assembler: Assembler, hasAVX512: Bool) -> X86Code {
        let vectors = hasAVX512 ? 29 : 13
        let allocation = RegisterAllocation(instructions, registerCount: registerCount, general: general, vectors: vectors)
        var emission = Emission(assembler, allocation, (vectors..<(vectors + 3)).map { VectorRegister($0) })
        emission.head()
        for instruction in instructions { emission.emit(instruction) }
        emission.tail()
        let instructionBytes = emission.assembler.offset
        return X86Code(bytes: emission.assembler.finish(), instructionBytes: instructionBytes)
    }

    private init(_ assembler: Assembler, _ allocation: RegisterAllocation, _ scratch: [VectorRegister]) {
        self.assembler = assembler
        self.allocation = allocation
        self.scratch = scratch
    }

    /// The frame lies below rbp and the saved registers, aligned to 64.
    private mutating func head() {
        assembler.push(.rbp)
        assembler.mov(.qword, .rbp, .rsp)
        for register in Emission.saved { assembler.push(register) }
        if allocation.frameSize > 0 {
            assembler.integer(.sub, .qword, .rsp, .immediate((allocation.frameSize + 63) & ~63))
            assembler.integer(.and, .qword, .rsp, .immediate(-64))
        }
    }

    private mutating func tail() {
        assembler.lea(.qword, .rsp, Address(.rbp, Int32(-8 * Emission.saved.count)))
        for register in Emission.saved.reversed() { assembler.pop(register) }
        assembler.pop(.rbp)
        assembler.vzeroupper()
        assembler.ret()
    }

    // MARK: Operands

    /// The slots are counted from 1 byte behind their end; the frame's lowest address is rsp.
    private func slot(_ end: Int32, _ size: Int32) -> Address { Address(.rsp, end - size) }

    private mutating func source(_ register: VirtualRegister, _ place: Int) -> VectorRegister {
        switch allocation.places[Int(register.id)] {
        case .vector(let found): return found
        case .frame(let end):
            assembler.vector(VectorUnary.vmovups, widest, scratch[place], .memory(slot(end, 64)))
            return scratch[place]
        default: preconditionFailure("a vector in a general purpose register")
        }
    }

    private mutating func general(_ register: VirtualRegister, _ place: Int) -> GPR {
        switch allocation.places[Int(register.id)] {
        case .general(let found): return found
        case .frame(let end):
            assembler.load(.qword, scratchGeneral[place], slot(end, 8))
            return scratchGeneral[place]
        default: preconditionFailure("an integer in a vector register")
        }
    }

    private var widest: VectorWidth { scratch[0].number >= 16 ? .zmm : .ymm }

    private func target(_ register: VirtualRegister) -> VectorRegister {
        if case .vector(let found) = allocation.places[Int(register.id)] { return found }
        return scratch[0]
    }

    private func targetGeneral(_ register: VirtualRegister) -> GPR {
        if case .general(let found) = allocation.places[Int(register.id)] { return found }
        return scratchGeneral[0]
    }

    private mutating func finish(_ register: VirtualRegister) {
        guard case .frame(let end) = allocation.places[Int(register.id)] else { return }
        if register.isVector {
            assembler.vector(VectorStore.vmovups, widest, .memory(slot(end, 64)), scratch[0])
        } else {
            assembler.store(.qword, slot(end, 8), scratchGeneral[0])
        }
    }

    private mutating func address(_ address: MachineAddress) -> Address {
        switch address.base {
        case .table: return Address(.rdi, address.displacement)
        case .constant(let label): return Address(label, address.displacement)
        case .register(let base):
            let register = general(base, 0)
            guard let index = address.index else { return Address(register, address.displacement) }
            return Address(register, index: general(index, 1), scale: address.scale, address.displacement)
        }
    }

    private mutating func last(_ instruction: MachineInstruction, _ index: Int) -> VectorOperand {
        if let memory = instruction.memory { return .memory(address(memory)) }
        return .register(source(instruction.sources[index], index))
    }

    // MARK: Instructions

    private mutating func emit(_ i: MachineInstruction) {
        switch i.op {
        case .binary, .tied, .binaryImmediate, .tiedImmediate, .unary, .unaryImmediate, .blend, .extract, .compare, .integerCompare,
             .gather, .fromGeneral, .narrow, .moveVector:
            emitVector(i)
        case .store, .storeExtract, .storeGeneral: emitStore(i)
        default: emitGeneral(i)
        }
        if let destination = i.destination { finish(destination) }
    }

    private mutating func emitVector(_ i: MachineInstruction) {
        let destination = target(i.destination!)
        switch i.op {
        case .binary(let op):
            let first = source(i.sources[0], 0)
            assembler.vector(op, i.width, destination, first, last(i, 1))
        case .tied(let op):
            let first = source(i.sources[1], 1), second = last(i, 2)
            let place = settleTied(i, destination, first, second)
            assembler.vector(op, i.width, place, first, second)
            move(destination, place)
        case .binaryImmediate(let op, let byte):
            let first = source(i.sources[0], 0)
            assembler.vector(op, i.width, destination, first, last(i, 1), immediate: byte)
        case .tiedImmediate(let op, let byte):
            let first = source(i.sources[1], 1), second = last(i, 2)
            let place = settleTied(i, destination, first, second)
            assembler.vector(op, i.width, place, first, second, immediate: byte)
            move(destination, place)
        case .unary(let op): assembler.vector(op, i.width, destination, last(i, 0))
        case .unaryImmediate(let op, let byte): assembler.vector(op, i.width, destination, last(i, 0), immediate: byte)
        case .blend(let op):
            let first = source(i.sources[0], 0), second = source(i.sources[1], 1), selector = source(i.sources[2], 2)
            assembler.vector(op, i.width, destination, first, .register(second), selector: selector)
        case .extract(let op, let byte):
            assembler.vector(op, i.width, .register(destination), source(i.sources[0], 0), immediate: byte)
        case .narrow(let op): assembler.vector(op, i.width, .register(destination), source(i.sources[0], 0))
        case .compare(let op, let predicate, let width):
            let first = source(i.sources[0], 0)
            assembler.vector(op, i.width, .k1, first, last(i, 1), predicate)
            assembler.vector(VectorFromMask.vpmovm2d, width, destination, .k1)
        case .integerCompare(let op, let predicate, let width):
            let first = source(i.sources[0], 0)
            assembler.vector(op, i.width, .k1, first, last(i, 1), predicate)
            assembler.vector(VectorFromMask.vpmovm2d, width, destination, .k1)
        case .gather(let op):
            // The mask is used up; the destination is none of the other two, so the result moves afterwards.
            var index = source(i.sources[0], 0)
            let base = gatherBase(i)
            // QEMU up to 7.2 takes an index in register 4 for none, which that number says of general registers.
            if index.number == 4 {
                move(scratch[0], index)
                index = scratch[0]
            }
            let place = VectorAddress(base, index: index, scale: i.memory!.scale, i.memory!.displacement)
            if widest == .zmm {
                assembler.mask(.kxnor, .w, .k1, .k1, .k1)
                assembler.vector(op, i.width, scratch[1], place, mask: .k1)
            } else {
                assembler.vector(VectorBinary.vpcmpeqd, i.width, scratch[2], scratch[2], .register(scratch[2]))
                assembler.vector(op, i.width, scratch[1], place, mask: scratch[2])
            }
            move(destination, scratch[1])
        case .fromGeneral(let op): assembler.vector(op, i.width, destination, general(i.sources[0], 0))
        case .moveVector: settle(i.sources[0], destination)
        default: preconditionFailure("no vector instruction")
        }
    }

    private mutating func gatherBase(_ i: MachineInstruction) -> GPR {
        guard case .register(let base) = i.memory!.base else { preconditionFailure("a gather has a base") }
        return general(base, 0)
    }

    private mutating func move(_ destination: VectorRegister, _ source: VectorRegister) {
        if destination != source { assembler.vector(VectorUnary.vmovaps, widest, destination, .register(source)) }
    }

    private mutating func settle(_ register: VirtualRegister, _ destination: VectorRegister) {
        switch allocation.places[Int(register.id)] {
        case .vector(let found): move(destination, found)
        case .frame(let end): assembler.vector(VectorUnary.vmovups, widest, destination, .memory(slot(end, 64)))
        default: preconditionFailure("a vector in a general purpose register")
        }
    }

    /// Where a tied instruction's first source is put: the destination, unless that is one of the other sources too. Then it is the scratch
    /// register that neither the destination nor those two have.
    private mutating func settleTied(_ i: MachineInstruction, _ destination: VectorRegister, _ first: VectorRegister,
                                     _ second: VectorOperand) -> VectorRegister {
        var place = destination
        if first == destination { place = scratch[0] }
        if case .register(let register) = second, register == destination { place = scratch[0] }
        if case .vector(destination) = allocation.places[Int(i.sources[0].id)] { place = destination }
        settle(i.sources[0], place)
        return place
    }

    private mutating func emitStore(_ i: MachineInstruction) {
        let place = address(i.memory!)
        switch i.op {
        case .store(let op): assembler.vector(op, i.width, .memory(place), source(i.sources[0], 0))
        case .storeExtract(let op, let byte): assembler.vector(op, i.width, .memory(place), source(i.sources[0], 0), immediate: byte)
        case .storeGeneral(let size):
            // The address may have taken both scratch registers, the integer may need one.
            assembler.lea(.qword, .r11, place)
            assembler.store(size, Address(.r11), general(i.sources[0], 0))
        default: preconditionFailure("no store")
        }
    }

    private mutating func emitGeneral(_ i: MachineInstruction) {
        switch i.op {
        case .loadGeneral(let size): assembler.load(size, targetGeneral(i.destination!), address(i.memory!))
        case .loadZero(let size): assembler.movzx(size, targetGeneral(i.destination!), .memory(address(i.memory!)))
        case .loadSign(let size): assembler.movsx(size, .dword, targetGeneral(i.destination!), .memory(address(i.memory!)))
        case .move:
            let destination = targetGeneral(i.destination!), from = general(i.sources[0], 1)
            if destination != from { assembler.mov(.qword, destination, from) }
        case .argument(let register): assembler.mov(.qword, targetGeneral(i.destination!), register)
        case .immediate(let value): assembler.mov(targetGeneral(i.destination!), immediate: value)
        case .multiply(let factor):
            assembler.imul(.qword, targetGeneral(i.destination!), .register(general(i.sources[0], 1)), by: factor)
        case .add:
            let destination = targetGeneral(i.destination!), other = general(i.sources[1], 1)
            settleGeneral(i.sources[0], destination)
            assembler.integer(.add, .qword, destination, .register(other))
        case .addImmediate(let value):
            let destination = targetGeneral(i.destination!)
            settleGeneral(i.sources[0], destination)
            assembler.integer(.add, .qword, destination, .immediate(value))
        case .signExtend32:
            assembler.movsx(.dword, .qword, targetGeneral(i.destination!), .register(general(i.sources[0], 1)))
        case .clamp(let limit):
            let destination = targetGeneral(i.destination!)
            settleGeneral(i.sources[0], destination)
            assembler.mov(.r11, immediate: limit)
            assembler.integer(.cmp, .qword, destination, .register(.r11))
            assembler.cmov(.g, .qword, destination, .register(.r11))
            assembler.mov(.r11, immediate: 0)
            assembler.integer(.cmp, .qword, destination, .register(.r11))
            assembler.cmov(.l, .qword, destination, .register(.r11))
        case .address: assembler.lea(.qword, targetGeneral(i.destination!), address(i.memory!))
        case .toGeneral(let op): assembler.vector(op, .xmm, targetGeneral(i.destination!), source(i.sources[0], 0))
        case .bind(let label): assembler.bind(label)
        case .jump(let label): assembler.jump(label)
        case .jumpCompare(let condition, let value, let label):
            assembler.integer(.cmp, .qword, general(i.sources[0], 0), .immediate(value))
            assembler.jump(condition, label)
        case .jumpCompareRegisters(let condition, let label):
            let first = general(i.sources[0], 0)
            assembler.integer(.cmp, .qword, first, .register(general(i.sources[1], 1)))
            assembler.jump(condition, label)
        case .jumpFalse(let label):
            assembler.vector(VectorToGeneral.vmovd, .xmm, .rax, source(i.sources[0], 0))
            assembler.test(.dword, .rax, .register(.rax))
            assembler.jump(.e, label)
        case .loopStart, .loopEnd: break
        default: preconditionFailure("no general instruction")
        }
    }

    private mutating func settleGeneral(_ register: VirtualRegister, _ destination: GPR) {
        switch allocation.places[Int(register.id)] {
        case .general(let found): if found != destination { assembler.mov(.qword, destination, found) }
        case .frame(let end): assembler.load(.qword, destination, slot(end, 8))
        default: preconditionFailure("an integer in a vector register")
        }
    }
}
