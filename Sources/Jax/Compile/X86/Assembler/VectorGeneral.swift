// Vector instructions with a general purpose register: moves, broadcasts, sign bits, scalar conversions.

/// destination, general purpose register. The broadcasts take its low part (AVX-512).
public enum VectorFromGeneral: UInt16, CaseIterable {
    case vmovd, vmovq
    case vpbroadcastb, vpbroadcastw, vpbroadcastd, vpbroadcastq

    var encoding: Encoding {
        switch self {
        case .vmovd: Encoding(.p66, .m0F, 0x6e, .w0, .none, .unmaskedScalar, .register)
        case .vmovq: Encoding(.p66, .m0F, 0x6e, .w1, .none, .unmaskedScalar, .register)
        case .vpbroadcastb: Encoding(.p66, .m38, 0x7a, .w0, .none, .evex, .register)
        case .vpbroadcastw: Encoding(.p66, .m38, 0x7b, .w0, .none, .evex, .register)
        case .vpbroadcastd: Encoding(.p66, .m38, 0x7c, .w0, .none, .evex, .register)
        case .vpbroadcastq: Encoding(.p66, .m38, 0x7c, .w1, .none, .evex, .register)
        }
    }
}

/// general purpose register, source: the first element, or the highest bit of each. The upper part of the register becomes zero.
public enum VectorToGeneral: UInt16, CaseIterable {
    case vmovd, vmovq
    case vmovmskps, vmovmskpd, vpmovmskb

    var encoding: Encoding {
        switch self {
        case .vmovd: Encoding(.p66, .m0F, 0x7e, .w0, .none, .unmaskedScalar, .register)
        case .vmovq: Encoding(.p66, .m0F, 0x7e, .w1, .none, .unmaskedScalar, .register)
        case .vmovmskps: Encoding(.none, .m0F, 0x50, .w0, .none, .vex, .register)
        case .vmovmskpd: Encoding(.p66, .m0F, 0x50, .w0, .none, .vex, .register)
        case .vpmovmskb: Encoding(.p66, .m0F, 0xd7, .w0, .none, .vex, .register)
        }
    }

    /// The moves of an element name the vector in ModRM's `reg`, the others in `rm`.
    var isStore: Bool { self == .vmovd || self == .vmovq }
}

/// destination, source for the upper elements, integer in a general purpose register or memory. u stands for unsigned (AVX-512).
public enum VectorFromInteger: UInt16, CaseIterable {
    case vcvtsi2ss, vcvtsi2sd, vcvtusi2ss, vcvtusi2sd

    func encoding(_ width: IntegerWidth) -> Encoding {
        let memory: Encoding.MemoryOperand = width == .qword ? .bytes8 : .bytes4
        switch self {
        case .vcvtsi2ss: return Encoding(.pF3, .m0F, 0x2a, width.w, memory, .scalar)
        case .vcvtsi2sd: return Encoding(.pF2, .m0F, 0x2a, width.w, memory, .scalar)
        case .vcvtusi2ss: return Encoding(.pF3, .m0F, 0x7b, width.w, memory, .evex128)
        case .vcvtusi2sd: return Encoding(.pF2, .m0F, 0x7b, width.w, memory, .evex128)
        }
    }
}

/// general purpose register, source or memory: conversions by rounding, or with t by cutting. u stands for unsigned (AVX-512).
public enum VectorToInteger: UInt16, CaseIterable {
    case vcvtss2si, vcvtsd2si, vcvttss2si, vcvttsd2si, vcvttss2usi, vcvttsd2usi

    func encoding(_ width: IntegerWidth) -> Encoding {
        switch self {
        case .vcvtss2si: return Encoding(.pF3, .m0F, 0x2d, width.w, .bytes4, .scalar)
        case .vcvtsd2si: return Encoding(.pF2, .m0F, 0x2d, width.w, .bytes8, .scalar)
        case .vcvttss2si: return Encoding(.pF3, .m0F, 0x2c, width.w, .bytes4, .scalar)
        case .vcvttsd2si: return Encoding(.pF2, .m0F, 0x2c, width.w, .bytes8, .scalar)
        case .vcvttss2usi: return Encoding(.pF3, .m0F, 0x78, width.w, .bytes4, .evex128)
        case .vcvttsd2usi: return Encoding(.pF2, .m0F, 0x78, width.w, .bytes8, .evex128)
        }
    }
}

private extension IntegerWidth {
    var w: Encoding.W { self == .qword ? .w1 : .w0 }
}
