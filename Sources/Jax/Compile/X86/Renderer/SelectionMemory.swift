// Loads, stores and the addresses that they need.
import Loops
import X86Assembler

extension Selection {
    // MARK: Addresses

    /// The block in which everything that an index depends on is known: 0 is the outermost.
    private func depth(_ terms: [LoopIndex.Term]) -> Int {
        var depth = 0
        for (place, loop) in loops.enumerated() where terms.contains(where: { $0.variable == loop.variable }) { depth = place + 1 }
        return depth
    }

    /// The address of an element; of the first one of a vector in a vector loop.
    mutating func address(_ buffer: BufferID, _ index: LoopIndex, part: Int) -> MachineAddress {
        let size = kernel.buffers[Int(buffer.id)].element.byteCount
        var displacement = index.constant * size
        if let variable = mode.variable { displacement += index.stride(of: variable) * part * mode.lanes * size }
        var address = address(buffer, index.terms, index.clamped, size)
        guard displacement >= Int(Int32.min) && displacement <= Int(Int32.max) else {
            isImpossible = true
            return address
        }
        address.displacement += Int32(displacement)
        return address
    }

    private mutating func address(_ buffer: BufferID, _ terms: [LoopIndex.Term], _ clamped: [LoopIndex.Clamped], _ size: Int)
        -> MachineAddress {
        let depth = depth(terms)
        // Of the innermost loop's variable the processor adds a multiple itself; in other loops the sum is made once.
        if depth == loops.count, depth > 0, let innermost = loops.last,
           let term = terms.first(where: { $0.variable == innermost.variable }) {
            let rest = terms.filter { $0.variable != innermost.variable }, bytes = term.stride * size
            let base = pointer(buffer, rest, clamped, size)
            let scales: [Int: Scale] = [1: .one, 2: .two, 4: .four, 8: .eight]
            if let scale = scales[bytes] { return MachineAddress(base, index: innermost.counter, scale: scale) }
            // A base that the loop itself finds out cannot be advanced from trip to trip.
            let isFoundInside = clamped.contains { (depths[$0.value.id] ?? 0) >= loops.count }
            if isFoundInside { return MachineAddress(pointer(buffer, terms, clamped, size)) }
            return MachineAddress(induction(buffer, terms, clamped, base, bytes))
        }
        return MachineAddress(pointer(buffer, terms, clamped, size))
    }

    /// A pointer that a loop advances; its first value is made in front of the loop.
    private mutating func induction(_ buffer: BufferID, _ terms: [LoopIndex.Term], _ clamped: [LoopIndex.Clamped], _ base: VirtualRegister,
                                    _ bytes: Int) -> VirtualRegister {
        let key = PointerKey(buffer: buffer, terms: terms, clamped: clamped, isInduction: true)
        if let known = pointers[loops.count][key] { return known }
        let place = loops.count - 1
        let offset = general(.multiply(Int32(bytes)), [loops[place].counter], in: place)
        let pointer = general(.add, [offset, base], in: place)
        loops[place].inductions.append((pointer, bytes * loops[place].step))
        pointers[loops.count][key] = pointer
        return pointer
    }

    /// base + the terms, in a register, in the block where all of it is known.
    private mutating func pointer(_ buffer: BufferID, _ terms: [LoopIndex.Term], _ clamped: [LoopIndex.Clamped], _ size: Int)
        -> VirtualRegister {
        let key = PointerKey(buffer: buffer, terms: terms, clamped: clamped)
        for known in pointers { if let register = known[key] { return register } }
        if let last = clamped.last {
            let base = pointer(buffer, terms, Array(clamped.dropLast()), size)
            let lane = values[last.value.id]!
            guard lane.isSpread || mode.lanes == 1 else {
                isImpossible = true
                return base
            }
            // Where both the value and the base are known, which may be outside of the loops that are open.
            let block = max(depth(terms), clamped.map { depths[$0.value.id] ?? 0 }.max() ?? 0)
            let isWide = kernel.type(of: last.value) == .i64
            var position = general(.toGeneral(isWide ? .vmovq : .vmovd), [lane.registers[0]], in: block)
            if !isWide { position = general(.signExtend32, [position], in: block) }
            position = general(.clamp(Int64(last.limit)), [position], in: block)
            let offset = general(.multiply(Int32(truncatingIfNeeded: last.stride * size)), [position], in: block)
            let pointer = general(.add, [offset, base], in: block)
            pointers[block][key] = pointer
            return pointer
        }
        let depth = depth(terms)
        guard depth > 0 else {
            let pointer = general(.loadGeneral(.qword), memory: MachineAddress(table: 8 * buffer.id), in: 0)
            pointers[0][key] = pointer
            return pointer
        }
        let variable = loops[depth - 1].variable
        let term = terms.first { $0.variable == variable }!
        let base = pointer(buffer, terms.filter { $0.variable != variable }, [], size)
        let bytes = term.stride * size
        guard bytes >= Int(Int32.min) && bytes <= Int(Int32.max) else {
            isImpossible = true
            return base
        }
        let offset = general(.multiply(Int32(bytes)), [loops[depth - 1].counter], in: depth)
        let pointer = general(.add, [offset, base], in: depth)
        pointers[depth][key] = pointer
        return pointer
    }

    // MARK: Loads

    mutating func load(_ value: LaneValue, _ buffer: BufferID, _ index: LoopIndex) {
        let element = kernel.buffers[Int(buffer.id)].element
        let stride = mode.variable.map { index.stride(of: $0) } ?? 0
        // Clamped places that differ from lane to lane.
        let varying = mode.lanes == 1 ? [] : index.clamped.filter { !isSpread($0.value) }
        if !varying.isEmpty {
            gather(value, buffer, index, varying, stride)
            return
        }
        if stride == 0, index.clamped.allSatisfy({ isSpread($0.value) }) {
            let address = address(buffer, index, part: 0)
            values[value.id] = Lanes(registers: [spreadLoad(element, address)], isSpread: true)
            return
        }
        var registers: [VirtualRegister] = []
        for part in 0..<mode.unroll {
            let address = address(buffer, index, part: part)
            if mode.lanes == 1 {
                registers.append(scalarLoad(element, address))
            } else if stride == 1 {
                registers.append(vectorLoad(element, address))
            } else if let register = gather(element, address, stride) {
                registers.append(register)
            } else {
                isImpossible = true
                return
            }
        }
        values[value.id] = Lanes(registers: registers, isSpread: false)
    }

    private mutating func vectorLoad(_ element: ElementType, _ address: MachineAddress) -> VirtualRegister {
        let w = width(element.lane, lanes: mode.lanes)
        switch element {
        case .f32, .i32, .f64, .i64: return vector(.unary(.vmovups), w, [], memory: address)
        case .i8: return vector(.unary(.vpmovsxbd), w, [], memory: address)
        case .u8: return vector(.unary(.vpmovzxbd), w, [], memory: address)
        case .i16: return vector(.unary(.vpmovsxwd), w, [], memory: address)
        case .u16: return vector(.unary(.vpmovzxwd), w, [], memory: address)
        case .f16: return vector(.unary(.vcvtph2ps), w, [], memory: address)
        case .bf16: return vector(.unaryImmediate(.vpslld, 16), w, [vector(.unary(.vpmovzxwd), w, [], memory: address)])
        case .bool: return mask(vector(.unary(.vpmovzxbd), w, [], memory: address), w)
        }
    }

    /// Numbers that are not negative as masks: not 0.
    private mutating func mask(_ number: VirtualRegister, _ w: VectorWidth) -> VirtualRegister {
        let zeros = vector(.unary(.vmovups), w, [], memory: memoryConstant(0, w))
        if hasAVX512 {
            return vector(.integerCompare(.vpcmpd, .gt, to: w), w, [number, zeros])
        }
        return vector(.binary(.vpcmpgtd), w, [number, zeros])
    }

    /// One element in the lowest lane.
    private mutating func scalarLoad(_ element: ElementType, _ address: MachineAddress) -> VirtualRegister {
        switch element {
        case .f32, .i32: return vector(.unary(.vmovss), .xmm, [], memory: address)
        case .f64, .i64: return vector(.unary(.vmovsd), .xmm, [], memory: address)
        case .i8: return fromGeneral(general(.loadSign(.byte), memory: address))
        case .u8: return fromGeneral(general(.loadZero(.byte), memory: address))
        case .i16: return fromGeneral(general(.loadSign(.word), memory: address))
        case .u16: return fromGeneral(general(.loadZero(.word), memory: address))
        case .f16: return vector(.unary(.vcvtph2ps), .xmm, [fromGeneral(general(.loadZero(.word), memory: address))])
        case .bf16: return vector(.unaryImmediate(.vpslld, 16), .xmm, [fromGeneral(general(.loadZero(.word), memory: address))])
        case .bool: return mask(fromGeneral(general(.loadZero(.byte), memory: address)), .xmm)
        }
    }

    private mutating func fromGeneral(_ register: VirtualRegister) -> VirtualRegister {
        vector(.fromGeneral(.vmovd), .xmm, [register])
    }

    private mutating func spreadLoad(_ element: ElementType, _ address: MachineAddress) -> VirtualRegister {
        switch element {
        case .f32, .i32: return vector(.unary(.vbroadcastss), widest, [], memory: address)
        case .f64, .i64: return vector(.unary(.vbroadcastsd), widest, [], memory: address)
        default: return spread(scalarLoad(element, address), element.lane)
        }
    }

    // MARK: Indices

    /// Where an iteration is, as an integer in each lane.
    mutating func index(_ value: LaneValue, _ index: LoopIndex) {
        let type = kernel.type(of: value)
        var sum: VirtualRegister?
        for term in index.terms {
            guard let loop = loops.first(where: { $0.variable == term.variable }) else { continue }
            let part = general(.multiply(Int32(truncatingIfNeeded: term.stride)), [loop.counter])
            sum = sum.map { general(.add, [$0, part]) } ?? part
        }
        if index.constant != 0, let place = sum {
            let moved = general(.addImmediate(Int32(truncatingIfNeeded: index.constant)), [place])
            sum = moved
        }
        let place = sum ?? general(.immediate(Int64(index.constant)))
        let first = spread(vector(.fromGeneral(type == .i64 ? .vmovq : .vmovd), .xmm, [place]), type)
        let stride = mode.variable.map { index.stride(of: $0) } ?? 0
        if stride == 0 {
            values[value.id] = Lanes(registers: [first], isSpread: true)
            return
        }
        let w = width(type, lanes: mode.lanes)
        var registers: [VirtualRegister] = []
        for part in 0..<mode.unroll {
            var bytes: [UInt8] = []
            let size = type == .i64 ? 8 : 4
            for lane in 0..<(w.byteCount / size) {
                let offset = UInt64(bitPattern: Int64((part * mode.lanes + lane) * stride))
                for byte in 0..<size { bytes.append(UInt8(truncatingIfNeeded: offset >> UInt64(8 * byte))) }
            }
            registers.append(vector(.binary(type == .i64 ? .vpaddq : .vpaddd), w, [first],
                                    memory: MachineAddress(assembler.constant(bytes))))
        }
        values[value.id] = Lanes(registers: registers, isSpread: false)
    }

    // MARK: Stores

    mutating func store(_ value: LaneValue, _ buffer: BufferID, _ index: LoopIndex) {
        let element = kernel.buffers[Int(buffer.id)].element
        let stride = mode.variable.map { index.stride(of: $0) } ?? 0
        guard mode.lanes == 1 || index.clamped.allSatisfy({ isSpread($0.value) }) else {
            isImpossible = true
            return
        }
        if mode.lanes == 1 || stride == 0 {
            scalarStore(element, register(value, 0), address(buffer, index, part: 0))
            return
        }
        guard stride == 1 else {
            isImpossible = true
            return
        }
        for part in 0..<mode.unroll { vectorStore(element, register(value, part), address(buffer, index, part: part)) }
    }

    private mutating func put(_ op: MachineOp, _ w: VectorWidth, _ source: VirtualRegister, _ address: MachineAddress) {
        append(MachineInstruction(op: op, width: w, sources: [source], memory: address))
    }

    private mutating func scalarStore(_ element: ElementType, _ source: VirtualRegister, _ address: MachineAddress) {
        switch element {
        case .f32, .i32: put(.store(.vmovss), .xmm, source, address)
        case .f64, .i64: put(.store(.vmovsd), .xmm, source, address)
        default:
            guard let bits = narrowBits(element, source, .xmm) else { return }
            put(.storeGeneral(element.byteCount == 1 ? .byte : .word), .xmm, general(.toGeneral(.vmovd), [bits]), address)
        }
    }

    /// The element's bits in the low part of each 32-bit lane, nothing above them.
    private mutating func narrowBits(_ element: ElementType, _ source: VirtualRegister, _ w: VectorWidth) -> VirtualRegister? {
        switch element {
        case .bool: return vector(.unaryImmediate(.vpsrld, 31), w, [source])
        case .i8, .u8: return vector(.binary(.vpandd), w, [source], memory: memoryConstant(0xFF, w))
        case .i16, .u16: return vector(.binary(.vpandd), w, [source], memory: memoryConstant(0xFFFF, w))
        case .bf16: return roundBF16(source, w).map { vector(.unaryImmediate(.vpsrld, 16), w, [$0]) }
        case .f16: return vector(.unary(.vpmovzxwd), w, [vector(.extract(.vcvtps2ph, 0), w, [source])])
        default: return nil
        }
    }

    private mutating func vectorStore(_ element: ElementType, _ source: VirtualRegister, _ address: MachineAddress) {
        let w = width(element.lane, lanes: mode.lanes)
        switch element {
        case .f32, .i32, .f64, .i64: return put(.store(.vmovups), w, source, address)
        case .f16 where mode.lanes * 4 == w.byteCount: return put(.storeExtract(.vcvtps2ph, 0), w, source, address)
        default: break
        }
        guard let bits = narrowBits(element, source, w) else { return }
        if hasAVX512 { return put(.store(element.byteCount == 1 ? .vpmovdb : .vpmovdw), w, bits, address) }
        // Words of both halves side by side, then bytes of those.
        let upper = w == .ymm ? vector(.extract(.vextracti32x4, 1), .ymm, [bits]) : bits
        let words = vector(.binary(.vpackusdw), .xmm, [bits, upper])
        if element.byteCount == 2 { return put(.store(w == .ymm ? .vmovups : .vmovq), .xmm, words, address) }
        let bytes = vector(.binary(.vpackuswb), .xmm, [words, words])
        put(.store(w == .ymm ? .vmovq : .vmovd), .xmm, bytes, address)
    }
}
