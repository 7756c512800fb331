// Vectors of elements that do not lie side by side.
import Loops
import X86Assembler

extension Selection {
    /// Elements that lie apart by the same distance.
    mutating func gather(_ element: ElementType, _ address: MachineAddress, _ stride: Int) -> VirtualRegister? {
        guard element.byteCount >= 4, abs(stride) * mode.lanes < Int(Int32.max) else { return nil }
        return gather(element, address, vector(.unary(.vmovups), width(.i32, lanes: mode.lanes), [], memory: laneMultiples(stride)))
    }

    /// Elements at places that are computed for each lane, as 32-bit integers.
    mutating func gather(_ value: LaneValue, _ buffer: BufferID, _ index: LoopIndex, _ varying: [LoopIndex.Clamped], _ stride: Int) {
        let element = kernel.buffers[Int(buffer.id)].element
        guard element.byteCount >= 4, varying.allSatisfy({ kernel.type(of: $0.value) == .i32 && $0.limit <= Int(Int32.max)
                                                            && abs($0.stride) <= Int(Int32.max) }) else {
            isImpossible = true
            return
        }
        var rest = index, registers: [VirtualRegister] = []
        rest.clamped.removeAll { !isSpread($0.value) }
        let w = width(.i32, lanes: mode.lanes)
        for part in 0..<mode.unroll {
            let address = address(buffer, rest, part: part)
            var sum: VirtualRegister?
            for term in varying {
                let atLeast = vector(.binary(.vpmaxsd), w, [register(term.value, part)], memory: memoryConstant(0, w))
                var place = vector(.binary(.vpminsd), w, [atLeast], memory: memoryConstant(UInt32(term.limit), w))
                if term.stride != 1 {
                    place = vector(.binary(.vpmulld), w, [place], memory: memoryConstant(UInt32(bitPattern: Int32(term.stride)), w))
                }
                sum = sum.map { vector(.binary(.vpaddd), w, [$0, place]) } ?? place
            }
            guard var places = sum else { return }
            if stride != 0 { places = vector(.binary(.vpaddd), w, [places], memory: laneMultiples(stride)) }
            registers.append(gather(element, address, places))
        }
        values[value.id] = Lanes(registers: registers, isSpread: false)
    }

    /// 0, stride, 2 × stride, … as 32-bit integers.
    private mutating func laneMultiples(_ stride: Int) -> MachineAddress {
        var bytes: [UInt8] = []
        for lane in 0..<(width(.i32, lanes: mode.lanes).byteCount / 4) {
            let offset = UInt32(bitPattern: Int32(truncatingIfNeeded: lane < mode.lanes ? lane * stride : 0))
            for byte in 0..<4 { bytes.append(UInt8(truncatingIfNeeded: offset >> UInt32(8 * byte))) }
        }
        return MachineAddress(assembler.constant(bytes))
    }

    private mutating func gather(_ element: ElementType, _ address: MachineAddress, _ index: VirtualRegister) -> VirtualRegister {
        let lanes = mode.lanes
        // A gather takes base + vector: the rest of the address goes into the base.
        let base = general(.address, memory: address)
        var memory = MachineAddress(base)
        memory.scale = element.byteCount == 4 ? .four : .eight
        let op: VectorGather = element.byteCount == 4 ? .vgatherdps : .vgatherdpd
        return vector(.gather(op), self.width(element.lane, lanes: lanes), [index], memory: memory)
    }
}
