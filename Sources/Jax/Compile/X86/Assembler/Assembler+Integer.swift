// Arithmetic on general purpose registers. Each method writes one instruction; the first operand is the destination.

/// Two-operand arithmetic; the number is the place in the row of encodings that begins with `add`.
public enum IntegerOp: UInt8, CaseIterable {
    case add, or, adc, sbb, and, sub, xor, cmp
}

/// Arithmetic with one operand named; `mul`…`idiv` work on rdx:rax. The number is the opcode's extension.
public enum IntegerUnary: UInt8, CaseIterable {
    case not = 2, neg, mul, imul, div, idiv
}

/// Shifts and rotations of a register in place; the number is the opcode's extension.
public enum Shift: UInt8, CaseIterable {
    case rol, ror, shl = 4, shr, sar = 7
}

/// Shifts by any register that leave the flags alone (BMI2); the number is the prefix.
public enum FlaglessShift: UInt8, CaseIterable {
    case shlx = 1, sarx, shrx
}

/// Counts of bits; the number is the opcode.
public enum BitCount: UInt8, CaseIterable {
    case popcnt = 0xb8, tzcnt = 0xbc, lzcnt
}

extension Assembler {
    public mutating func integer(_ op: IntegerOp, _ width: IntegerWidth, _ destination: GPR, _ source: GeneralOperand) {
        switch source {
        case .immediate(let value) where destination == .rax && Int8(exactly: value) == nil:
            if width == .qword { byte(0x48) }
            byte(op.rawValue * 8 + 5)
            dword(UInt32(bitPattern: value))
        case .immediate(let value): immediate(op, width, .register(destination.rawValue), value)
        case .register(let register): legacy(UInt16(op.rawValue) * 8 + 3, width, destination.rawValue, .register(register.rawValue))
        case .memory(let address): legacy(UInt16(op.rawValue) * 8 + 3, width, destination.rawValue, .memory(address))
        }
    }

    /// With memory as the destination.
    public mutating func integer(_ op: IntegerOp, _ width: IntegerWidth, _ destination: Address, _ source: GPR) {
        legacy(UInt16(op.rawValue) * 8 + 1, width, source.rawValue, .memory(destination))
    }

    public mutating func integer(_ op: IntegerOp, _ width: IntegerWidth, _ destination: Address, immediate value: Int32) {
        immediate(op, width, .memory(destination), value)
    }

    private mutating func immediate(_ op: IntegerOp, _ width: IntegerWidth, _ destination: Place, _ value: Int32) {
        if let short = Int8(exactly: value) {
            legacy(0x83, width, op.rawValue, destination, trailing: 1)
            byte(UInt8(bitPattern: short))
        } else {
            legacy(0x81, width, op.rawValue, destination, trailing: 4)
            dword(UInt32(bitPattern: value))
        }
    }

    /// `and` that only sets the flags.
    public mutating func test(_ width: IntegerWidth, _ first: GPR, _ second: GeneralOperand) {
        switch second {
        case .register(let register): legacy(0x85, width, register.rawValue, .register(first.rawValue))
        case .memory(let address): legacy(0x85, width, first.rawValue, .memory(address))
        case .immediate(let value):
            if first == .rax {
                if width == .qword { byte(0x48) }
                byte(0xa9)
            } else {
                legacy(0xf7, width, 0, .register(first.rawValue))
            }
            dword(UInt32(bitPattern: value))
        }
    }

    public mutating func integer(_ op: IntegerUnary, _ width: IntegerWidth, _ operand: GeneralOperand) {
        legacy(0xf7, width, op.rawValue, operand.place)
    }

    public mutating func imul(_ width: IntegerWidth, _ destination: GPR, _ source: GeneralOperand) {
        if case .immediate(let value) = source {
            imul(width, destination, .register(destination), by: value)
        } else {
            legacy(0x0faf, width, destination.rawValue, source.place)
        }
    }

    /// destination = source × factor
    public mutating func imul(_ width: IntegerWidth, _ destination: GPR, _ source: GeneralOperand, by factor: Int32) {
        if let short = Int8(exactly: factor) {
            legacy(0x6b, width, destination.rawValue, source.place, trailing: 1)
            byte(UInt8(bitPattern: short))
        } else {
            legacy(0x69, width, destination.rawValue, source.place, trailing: 4)
            dword(UInt32(bitPattern: factor))
        }
    }

    /// rax's sign in all of rdx, as division wants it: `cdq`, `cqo`.
    public mutating func signIntoRDX(_ width: IntegerWidth) {
        if width == .qword { byte(0x48) }
        byte(0x99)
    }

    public mutating func shift(_ op: Shift, _ width: IntegerWidth, _ destination: GPR, by count: UInt8) {
        precondition(count < (width == .qword ? 64 : 32), "the processor would reduce this count")
        if count == 1 {
            legacy(0xd1, width, op.rawValue, .register(destination.rawValue))
        } else {
            legacy(0xc1, width, op.rawValue, .register(destination.rawValue))
            byte(count)
        }
    }

    public mutating func shiftByCL(_ op: Shift, _ width: IntegerWidth, _ destination: GPR) {
        legacy(0xd3, width, op.rawValue, .register(destination.rawValue))
    }

    public mutating func shift(_ op: FlaglessShift, _ width: IntegerWidth, _ destination: GPR, _ source: GeneralOperand, by count: GPR) {
        let prefix = Encoding.Prefix(rawValue: op.rawValue)!
        encode(Encoding(prefix, .m38, 0xf7, width == .qword ? .w1 : .w0, .none, .vex128), .xmm,
               reg: destination.rawValue, second: count.rawValue, source.place)
    }

    public mutating func count(_ op: BitCount, _ width: IntegerWidth, _ destination: GPR, _ source: GeneralOperand) {
        legacy(0x0f00 | UInt16(op.rawValue), prefix: 0xf3, width, destination.rawValue, source.place)
    }

    /// The bit goes to the carry flag: conditions `b` and `ae`.
    public mutating func bt(_ width: IntegerWidth, _ operand: GPR, bit: GPR) {
        legacy(0x0fa3, width, bit.rawValue, .register(operand.rawValue))
    }

    public mutating func bt(_ width: IntegerWidth, _ operand: GPR, bit: UInt8) {
        precondition(bit < (width == .qword ? 64 : 32), "there is no such bit")
        legacy(0x0fba, width, 4, .register(operand.rawValue))
        byte(bit)
    }
}

extension GeneralOperand {
    /// For instructions that have no form with an immediate.
    var place: Place {
        switch self {
        case .register(let register): return .register(register.rawValue)
        case .memory(let address): return .memory(address)
        case .immediate: preconditionFailure("this instruction takes no immediate here")
        }
    }
}
