// The bytes that general purpose and vector instructions share: ModRM, SIB and displacement, and the prefixes without VEX.

extension Assembler {
    /// ModRM with what follows it. `compression` is what EVEX divides a displacement of 8 bits by; `trailing` bytes of immediate follow.
    mutating func place(_ reg: UInt8, _ place: Place, compression: Int = 1, trailing: Int = 0) {
        switch place {
        case .register(let number):
            byte(0xc0 | (reg & 7) << 3 | number & 7)
        case .memory(let address):
            switch address.base {
            case .label(let label):
                byte((reg & 7) << 3 | 5)
                reference(label, displacement: address.displacement, trailing: trailing)
            case .register(let base):
                based(reg, base, index: address.index?.rawValue, address.scale, address.displacement, compression)
            }
        case .vectorMemory(let address):
            based(reg, address.base, index: address.index.number, address.scale, address.displacement, compression)
        }
    }

    private mutating func based(_ reg: UInt8, _ base: GPR, index: UInt8?, _ scale: Scale, _ displacement: Int32, _ compression: Int) {
        let low = base.rawValue & 7
        let scaled = Int(displacement) / compression
        // Without a displacement, rbp and r13 as a base mean another mode.
        let mode: UInt8 = displacement == 0 && low != 5 ? 0
            : Int(displacement) % compression == 0 && scaled >= -128 && scaled <= 127 ? 1 : 2
        let first = mode << 6 | (reg & 7) << 3
        if let index {
            byte(first | 4)
            byte(scale.rawValue << 6 | (index & 7) << 3 | low)
        } else if low == 4 {  // rsp and r12 stand for "SIB follows"; index 4 is none
            byte(first | 4)
            byte(4 << 3 | low)
        } else {
            byte(first | low)
        }
        if mode == 1 { byte(UInt8(bitPattern: Int8(scaled))) }
        if mode == 2 { dword(UInt32(bitPattern: displacement)) }
    }

    /// An instruction without VEX. `opcode` is 0xNN or 0x0fNN. `isByte` says that registers mean their lowest byte: of rsp…rdi there is
    /// one only with a REX prefix.
    mutating func legacy(_ opcode: UInt16, prefix: UInt8 = 0, _ width: IntegerWidth, _ reg: UInt8, _ rm: Place,
                         isByte: Bool = false, trailing: Int = 0) {
        if prefix != 0 { byte(prefix) }
        var rex: UInt8 = width == .qword ? 0x48 : 0
        if reg & 8 != 0 { rex |= 0x44 }
        if rm.extendsIndex { rex |= 0x42 }
        if rm.extendsBase { rex |= 0x41 }
        if isByte {
            // Beside a byte in a register `reg` is wider or no register at all.
            if case .register(let number) = rm { if number >= 4 { rex |= 0x40 } } else if reg >= 4 { rex |= 0x40 }
        }
        if rex != 0 { byte(rex) }
        if opcode > 0xff { byte(UInt8(opcode >> 8)) }
        byte(UInt8(opcode & 0xff))
        place(reg, rm, trailing: trailing)
    }
}
