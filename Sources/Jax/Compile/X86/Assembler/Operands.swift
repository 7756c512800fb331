// Operands: places in memory, and what may stand where an instruction takes a register or memory.

/// A place in the code, or a constant behind it. Made by the assembler that it belongs to.
public struct Label: Hashable {
    let index: Int
}

/// base + index × scale + displacement, or a label + displacement, which is encoded relative to the instruction's end.
public struct Address {
    enum Base {
        case register(GPR)
        case label(Label)
    }

    let base: Base
    let index: GPR?
    let scale: Scale
    let displacement: Int32

    public init(_ base: GPR, _ displacement: Int32 = 0) {
        self.base = .register(base)
        index = nil
        scale = .one
        self.displacement = displacement
    }

    public init(_ base: GPR, index: GPR, scale: Scale = .one, _ displacement: Int32 = 0) {
        precondition(index != .rsp, "rsp is no index")
        self.base = .register(base)
        self.index = index
        self.scale = scale
        self.displacement = displacement
    }

    public init(_ label: Label, _ displacement: Int32 = 0) {
        base = .label(label)
        index = nil
        scale = .one
        self.displacement = displacement
    }
}

/// base + each element of a vector × scale + displacement: where gathers read and scatters write.
public struct VectorAddress {
    let base: GPR
    let index: VectorRegister
    let scale: Scale
    let displacement: Int32

    public init(_ base: GPR, index: VectorRegister, scale: Scale = .one, _ displacement: Int32 = 0) {
        self.base = base
        self.index = index
        self.scale = scale
        self.displacement = displacement
    }
}

/// The operand of a vector instruction that need not be a register.
public enum VectorOperand {
    case register(VectorRegister)
    case memory(Address)
    /// One element of memory in every lane ({1toN}, AVX-512).
    case broadcast(Address)
}

/// The operand of a general purpose instruction that need not be a register. Immediates are sign-extended.
public enum GeneralOperand {
    case register(GPR)
    case memory(Address)
    case immediate(Int32)
}

/// What the bytes ModRM, SIB and displacement say.
enum Place {
    case register(UInt8)
    case memory(Address)
    case vectorMemory(VectorAddress)

    /// Bit 3 of the base, or of the register.
    var extendsBase: Bool {
        switch self {
        case .register(let number): return number & 8 != 0
        case .memory(let address):
            guard case .register(let base) = address.base else { return false }
            return base.rawValue & 8 != 0
        case .vectorMemory(let address): return address.base.rawValue & 8 != 0
        }
    }

    /// Bit 3 of the index; of a vector register bit 4, which EVEX keeps in the same place.
    var extendsIndex: Bool {
        switch self {
        case .register(let number): return number & 16 != 0
        case .memory(let address): return (address.index?.rawValue ?? 0) & 8 != 0
        case .vectorMemory(let address): return address.index.number & 8 != 0
        }
    }

    var isMemory: Bool {
        if case .register = self { return false }
        return true
    }
}
