// The names that instructions are written with: registers, widths, masks and conditions, with the numbers that encodings hold.

/// A general purpose register.
public enum GPR: UInt8, CaseIterable {
    case rax, rcx, rdx, rbx, rsp, rbp, rsi, rdi, r8, r9, r10, r11, r12, r13, r14, r15
}

/// A vector register by its number, 0…31. It stands for xmm, ymm or zmm; the instruction's width says which.
public struct VectorRegister: Hashable {
    public let number: UInt8

    public init(_ number: Int) {
        precondition(number >= 0 && number < 32, "there are 32 vector registers")
        self.number = UInt8(number)
    }
}

/// The width of an instruction. Where operands differ in width (conversions, extracts, gathers) it is that of the widest.
public enum VectorWidth: UInt8, CaseIterable {
    case xmm, ymm, zmm

    public var byteCount: Int { 16 << Int(rawValue) }
}

/// A mask register of AVX-512.
public enum Mask: UInt8, CaseIterable {
    case k0, k1, k2, k3, k4, k5, k6, k7
}

/// What happens to the elements that a mask leaves out. k0 cannot be used here: its number means "no mask".
public enum Masking {
    case none
    /// They keep their values.
    case merging(Mask)
    /// They become zero.
    case zeroing(Mask)
}

/// The width of an operation on general purpose registers; one of 32 bits clears the upper half.
public enum IntegerWidth {
    case dword, qword
}

/// How much of memory a load or a store takes.
public enum MemorySize: CaseIterable {
    case byte, word, dword, qword
}

/// What jumps, moves and `setcc` ask of the flags.
public enum Condition: UInt8, CaseIterable {
    case o, no, b, ae, e, ne, be, a, s, ns, p, np, l, ge, le, g

    public var negated: Condition { Condition(rawValue: rawValue ^ 1)! }
}

/// What an index is multiplied by.
public enum Scale: UInt8, CaseIterable {
    case one, two, four, eight
}
