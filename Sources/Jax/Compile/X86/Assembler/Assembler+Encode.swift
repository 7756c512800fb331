// Writes one instruction with a VEX or EVEX prefix, from its row and its operands (Intel's manual, volume 2, 2.3 and 2.7).

extension Assembler {
    /// VEX where it can say everything, since it is shorter and older processors know it; else EVEX. `second` is the field `vvvv`;
    /// `reg` and `second` of 16 and above, 512 bits, masks and broadcasts need EVEX.
    mutating func encode(_ encoding: Encoding, _ width: VectorWidth, reg: UInt8, second: UInt8 = 0, _ rm: Place,
                         isBroadcast: Bool = false, _ masking: Masking = .none, immediate: UInt8? = nil) {
        precondition(encoding.last != .register || !rm.isMemory, "this instruction takes no memory")
        precondition(encoding.last != .memory || rm.isMemory, "this instruction takes no register here")
        var needsEVEX = width == .zmm || reg >= 16 || second >= 16 || isBroadcast || masking.number != 0
        switch rm {
        case .register(let number): needsEVEX = needsEVEX || number >= 16
        case .vectorMemory(let address): needsEVEX = needsEVEX || address.index.number >= 16
        case .memory: needsEVEX = needsEVEX || encoding.digit != nil  // VEX has no such form of shifts by an immediate.
        }
        if needsEVEX || !encoding.hasVEX(width) {
            precondition(encoding.hasEVEX(width),
                         "no EVEX form: no such width, registers 16 to 31, masks, broadcasts or shifts of memory here")
            precondition(masking.number == 0 || !encoding.forms.contains(.unmasked), "this instruction takes no mask")
            evex(encoding, width, reg: reg, second: second, rm, isBroadcast: isBroadcast, masking)
            let unit = isBroadcast ? encoding.broadcastBytes : encoding.memoryBytes(width)
            guard let unit else { preconditionFailure("this instruction has no broadcast") }
            place(reg, rm, compression: unit, trailing: immediate == nil ? 0 : 1)
        } else {
            vex(encoding, width, reg: reg, second: second, rm)
            place(reg, rm, trailing: immediate == nil ? 0 : 1)
        }
        if let immediate { byte(immediate) }
    }

    private mutating func vex(_ encoding: Encoding, _ width: VectorWidth, reg: UInt8, second: UInt8, _ rm: Place) {
        let w: UInt8 = encoding.w == .w1 ? 0x80 : 0
        let notR: UInt8 = reg & 8 != 0 ? 0 : 0x80
        let last = ~second << 3 & 0x78 | width.rawValue << 2 | encoding.prefix.rawValue
        if encoding.map == .m0F && w == 0 && !rm.extendsBase && !rm.extendsIndex {
            byte(0xc5)
            byte(notR | last)
        } else {
            byte(0xc4)
            byte(notR | (rm.extendsIndex ? 0 : 0x40) | (rm.extendsBase ? 0 : 0x20) | encoding.map.rawValue)
            byte(w | last)
        }
        byte(encoding.opcode)
    }

    private mutating func evex(_ encoding: Encoding, _ width: VectorWidth, reg: UInt8, second: UInt8, _ rm: Place,
                               isBroadcast: Bool, _ masking: Masking) {
        // V' belongs to `vvvv`, or to the index of a gather, which has no `vvvv`.
        var high = second
        if case .vectorMemory(let address) = rm { high = address.index.number }
        byte(0x62)
        byte((reg & 8 != 0 ? 0 : 0x80) | (rm.extendsIndex ? 0 : 0x40) | (rm.extendsBase ? 0 : 0x20) | (reg & 16 != 0 ? 0 : 0x10)
             | encoding.map.rawValue)
        byte((encoding.w == .w0 ? 0 : 0x80) | ~second << 3 & 0x78 | 4 | encoding.prefix.rawValue)
        byte((masking.isZeroing ? 0x80 : 0) | width.rawValue << 5 | (isBroadcast ? 0x10 : 0) | (high & 16 != 0 ? 0 : 8) | masking.number)
        byte(encoding.opcode)
    }
}

extension Masking {
    /// The field `aaa`; 0 is no mask.
    var number: UInt8 {
        switch self {
        case .none: return 0
        case .merging(let mask), .zeroing(let mask):
            precondition(mask != .k0, "k0 masks nothing")
            return mask.rawValue
        }
    }

    var isZeroing: Bool {
        if case .zeroing = self { return true }
        return false
    }
}

extension VectorOperand {
    var place: Place {
        switch self {
        case .register(let register): return .register(register.number)
        case .memory(let address), .broadcast(let address): return .memory(address)
        }
    }

    var isBroadcast: Bool {
        if case .broadcast = self { return true }
        return false
    }
}
