// Selection by a vector's highest bits, and comparisons that set the processor's flags.

/// The second source where the selector's highest bit is set, else the first (AVX, VEX only).
public enum VectorBlend: UInt16, CaseIterable {
    case vblendvps, vblendvpd, vpblendvb

    var encoding: Encoding {
        switch self {
        case .vblendvps: Encoding(.p66, .m3A, 0x4a, .w0, .full, .vex)
        case .vblendvpd: Encoding(.p66, .m3A, 0x4b, .w0, .full, .vex)
        case .vpblendvb: Encoding(.p66, .m3A, 0x4c, .w0, .full, .vex)
        }
    }
}

/// Comparisons for jumps, `setcc` and `cmovcc`.
public enum VectorFlags: UInt16, CaseIterable {
    case vucomiss, vucomisd, vptest

    var encoding: Encoding {
        switch self {
        case .vucomiss: Encoding(.none, .m0F, 0x2e, .w0, .bytes4, .scalar)
        case .vucomisd: Encoding(.p66, .m0F, 0x2e, .evex1, .bytes8, .scalar)
        case .vptest: Encoding(.p66, .m38, 0x17, .w0, .full, .vex)
        }
    }
}
