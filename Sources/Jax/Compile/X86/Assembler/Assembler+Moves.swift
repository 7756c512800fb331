// Moves between general purpose registers and memory.

extension Assembler {
    public mutating func mov(_ width: IntegerWidth, _ destination: GPR, _ source: GPR) {
        legacy(0x8b, width, destination.rawValue, .register(source.rawValue))
    }

    /// All 64 bits, in the shortest form that leaves the flags alone.
    public mutating func mov(_ destination: GPR, immediate value: Int64) {
        if let short = UInt32(exactly: value) {
            if destination.rawValue >= 8 { byte(0x41) }
            byte(0xb8 | destination.rawValue & 7)
            dword(short)
        } else if let short = Int32(exactly: value) {
            legacy(0xc7, .qword, 0, .register(destination.rawValue))
            dword(UInt32(bitPattern: short))
        } else {
            byte(destination.rawValue >= 8 ? 0x49 : 0x48)
            byte(0xb8 | destination.rawValue & 7)
            qword(UInt64(bitPattern: value))
        }
    }

    /// Memory into a register, zeros above it.
    public mutating func load(_ size: MemorySize, _ destination: GPR, _ source: Address) {
        movzx(size, destination, .memory(source))
    }

    /// The low part of a register, or memory; zeros above it.
    public mutating func movzx(_ size: MemorySize, _ destination: GPR, _ source: GeneralOperand) {
        switch size {
        case .byte: legacy(0x0fb6, .dword, destination.rawValue, source.place, isByte: source.isRegister)
        case .word: legacy(0x0fb7, .dword, destination.rawValue, source.place)
        case .dword: legacy(0x8b, .dword, destination.rawValue, source.place)
        case .qword: legacy(0x8b, .qword, destination.rawValue, source.place)
        }
    }

    /// The low part of a register, or memory, with its sign as far as `width`.
    public mutating func movsx(_ size: MemorySize, _ width: IntegerWidth, _ destination: GPR, _ source: GeneralOperand) {
        switch size {
        case .byte: legacy(0x0fbe, width, destination.rawValue, source.place, isByte: source.isRegister)
        case .word: legacy(0x0fbf, width, destination.rawValue, source.place)
        case .dword where width == .qword: legacy(0x63, .qword, destination.rawValue, source.place)
        case .dword, .qword: preconditionFailure("nothing is left to extend")
        }
    }

    public mutating func store(_ size: MemorySize, _ destination: Address, _ source: GPR) {
        let opcode: UInt16 = size == .byte ? 0x88 : 0x89
        legacy(opcode, prefix: size == .word ? 0x66 : 0, size == .qword ? .qword : .dword, source.rawValue, .memory(destination),
               isByte: size == .byte)
    }

    /// The immediate is cut to the size; for eight bytes it is sign-extended.
    public mutating func store(_ size: MemorySize, _ destination: Address, immediate value: Int32) {
        let byteCount = size == .byte ? 1 : size == .word ? 2 : 4
        legacy(size == .byte ? 0xc6 : 0xc7, prefix: size == .word ? 0x66 : 0, size == .qword ? .qword : .dword, 0, .memory(destination),
               trailing: byteCount)
        for index in 0..<byteCount { byte(UInt8(truncatingIfNeeded: value >> Int32(8 * index))) }
    }

    public mutating func lea(_ width: IntegerWidth, _ destination: GPR, _ source: Address) {
        legacy(0x8d, width, destination.rawValue, .memory(source))
    }

    public mutating func cmov(_ condition: Condition, _ width: IntegerWidth, _ destination: GPR, _ source: GeneralOperand) {
        legacy(0x0f40 | UInt16(condition.rawValue), width, destination.rawValue, source.place)
    }

    /// 1 or 0 in the register's lowest byte; the others stay.
    public mutating func set(_ condition: Condition, _ destination: GPR) {
        legacy(0x0f90 | UInt16(condition.rawValue), .dword, 0, .register(destination.rawValue), isByte: true)
    }

    public mutating func push(_ register: GPR) {
        if register.rawValue >= 8 { byte(0x41) }
        byte(0x50 | register.rawValue & 7)
    }

    public mutating func pop(_ register: GPR) {
        if register.rawValue >= 8 { byte(0x41) }
        byte(0x58 | register.rawValue & 7)
    }

    /// Into the nearest cache.
    public mutating func prefetcht0(_ address: Address) { legacy(0x0f18, .dword, 1, .memory(address)) }

    /// Into the second cache.
    public mutating func prefetcht1(_ address: Address) { legacy(0x0f18, .dword, 2, .memory(address)) }
}

extension GeneralOperand {
    var isRegister: Bool {
        if case .register = self { return true }
        return false
    }
}
