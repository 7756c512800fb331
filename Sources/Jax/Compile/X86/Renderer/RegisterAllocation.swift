// Which register each virtual register is in: linear scan (Poletto and Sarkar, 1999). A register lives from its first definition to its
// last use; what is used in a loop and defined in front of it lives to the loop's end. Where registers are short, what is used least,
// weighed by the depth of loops, lives in the frame.
import X86Assembler

/// Where a virtual register is.
enum RegisterPlace {
    case general(GPR)
    case vector(VectorRegister)
    /// A slot of 64 bytes (vectors) or 8 in the frame.
    case frame(Int32)
}

struct RegisterAllocation {
    private(set) var places: [RegisterPlace?]
    /// Bytes of the frame.
    private(set) var frameSize: Int32 = 0

    private struct Interval {
        var register: VirtualRegister
        var start, end: Int
        var weight = 0.0
        /// The register that would save a move.
        var hint: VirtualRegister?
    }

    private struct LoopRange {
        var start, end: Int
        var outer: Int
    }

    init(_ instructions: [MachineInstruction], registerCount: Int, general: [GPR], vectors: Int) {
        places = [RegisterPlace?](repeating: nil, count: registerCount)
        var intervals = RegisterAllocation.intervals(instructions, registerCount)
        intervals.sort { $0.start < $1.start }
        var freeGeneral = Array(general.reversed()), freeVectors = (0..<vectors).reversed().map { VectorRegister($0) }
        var active: [Interval] = []
        for interval in intervals {
            active.removeAll { old in
                guard old.end <= interval.start else { return false }
                switch places[Int(old.register.id)] {
                case .general(let register): freeGeneral.append(register)
                case .vector(let register): freeVectors.append(register)
                default: break
                }
                return true
            }
            let hint = interval.hint.flatMap { places[Int($0.id)] }
            if interval.register.isVector {
                if case .vector(let wanted) = hint, let index = freeVectors.firstIndex(of: wanted) {
                    places[Int(interval.register.id)] = .vector(freeVectors.remove(at: index))
                } else if let register = freeVectors.popLast() {
                    places[Int(interval.register.id)] = .vector(register)
                } else {
                    spill(interval, &active)
                    continue
                }
            } else {
                if case .general(let wanted) = hint, let index = freeGeneral.firstIndex(of: wanted) {
                    places[Int(interval.register.id)] = .general(freeGeneral.remove(at: index))
                } else if let register = freeGeneral.popLast() {
                    places[Int(interval.register.id)] = .general(register)
                } else {
                    spill(interval, &active)
                    continue
                }
            }
            active.append(interval)
        }
    }

    /// The least used of those alive gives way, which may be the new one itself.
    private mutating func spill(_ new: Interval, _ active: inout [Interval]) {
        var victim = -1, least = new.weight
        for (index, old) in active.enumerated() where old.register.isVector == new.register.isVector && old.weight < least {
            victim = index
            least = old.weight
        }
        let size: Int32 = new.register.isVector ? 64 : 8
        frameSize = (frameSize + size - 1) / size * size + size
        if victim < 0 {
            places[Int(new.register.id)] = .frame(frameSize)
        } else {
            let old = active.remove(at: victim)
            places[Int(new.register.id)] = places[Int(old.register.id)]
            places[Int(old.register.id)] = .frame(frameSize)
            active.append(new)
        }
    }

    private static func intervals(_ instructions: [MachineInstruction], _ count: Int) -> [Interval] {
        var loops: [LoopRange] = [], open: [Int] = []
        var loopAt = [Int](repeating: -1, count: instructions.count)
        for (position, instruction) in instructions.enumerated() {
            switch instruction.op {
            case .loopStart:
                loops.append(LoopRange(start: position, end: position, outer: open.last ?? -1))
                open.append(loops.count - 1)
            case .loopEnd: loops[open.removeLast()].end = position
            default: break
            }
            loopAt[position] = open.last ?? -1
        }
        var intervals = [Interval?](repeating: nil, count: count)
        for (position, instruction) in instructions.enumerated() {
            var depth = 0, loop = loopAt[position]
            while loop >= 0 {
                depth += 1
                loop = loops[loop].outer
            }
            var weight = 1.0
            for _ in 0..<depth { weight *= 8 }
            func touch(_ register: VirtualRegister, until last: Int) {
                let id = Int(register.id)
                if intervals[id] == nil { intervals[id] = Interval(register: register, start: position, end: position) }
                intervals[id]!.weight += weight
                intervals[id]!.end = max(intervals[id]!.end, last)
                var loop = loopAt[position]
                while loop >= 0, loops[loop].start > intervals[id]!.start {
                    intervals[id]!.end = max(intervals[id]!.end, loops[loop].end)
                    loop = loops[loop].outer
                }
            }
            // The first source of a tied instruction is moved to the destination before the others are read.
            for (place, use) in instruction.uses.enumerated() {
                touch(use, until: instruction.isTied && place > 0 ? position + 1 : position)
            }
            if let destination = instruction.destination {
                let isNew = intervals[Int(destination.id)] == nil
                touch(destination, until: position)
                var isMove = instruction.isTied
                if case .move = instruction.op { isMove = true }
                if case .moveVector = instruction.op { isMove = true }
                if isNew, isMove, let source = instruction.sources.first { intervals[Int(destination.id)]!.hint = source }
            }
        }
        return intervals.compactMap { $0 }
    }
}
