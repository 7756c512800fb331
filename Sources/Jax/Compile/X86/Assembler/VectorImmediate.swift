// Vector instructions whose last operand is a byte that chooses: predicates, shuffles, counts of shifts, modes of rounding.

/// destination, source, source or memory, immediate. `vroundss` is `vrndscaless` in EVEX.
public enum VectorBinaryImmediate: UInt16, CaseIterable {
    case vcmpps, vcmppd, vshufps, vshufpd
    case vshuff32x4, vshuff64x2, vshufi32x4, vshufi64x2
    case vinsertf32x4, vinserti32x4, vinsertf64x4, vinserti64x4, vperm2f128, vperm2i128
    case vpalignr, valignd, valignq, vpternlogd, vpternlogq
    case vroundss, vroundsd, vrndscaless, vrndscalesd, vgetmantss, vgetmantsd

    var encoding: Encoding {
        switch self {
        case .vcmpps: Encoding(.none, .m0F, 0xc2, .w0, .full32, .vex)
        case .vcmppd: Encoding(.p66, .m0F, 0xc2, .w0, .full64, .vex)
        case .vshufps: .ps(0xc6)
        case .vshufpd: .pd(0xc6)
        case .vshuff32x4: Encoding(.p66, .m3A, 0x23, .w0, .full32, .evexWide)
        case .vshuff64x2: Encoding(.p66, .m3A, 0x23, .w1, .full64, .evexWide)
        case .vshufi32x4: Encoding(.p66, .m3A, 0x43, .w0, .full32, .evexWide)
        case .vshufi64x2: Encoding(.p66, .m3A, 0x43, .w1, .full64, .evexWide)
        case .vinsertf32x4: Encoding(.p66, .m3A, 0x18, .w0, .bytes16, .wide)
        case .vinserti32x4: Encoding(.p66, .m3A, 0x38, .w0, .bytes16, .wide)
        case .vinsertf64x4: Encoding(.p66, .m3A, 0x1a, .w1, .bytes32, .evex512)
        case .vinserti64x4: Encoding(.p66, .m3A, 0x3a, .w1, .bytes32, .evex512)
        case .vperm2f128: Encoding(.p66, .m3A, 0x06, .w0, .full, .vex256)
        case .vperm2i128: Encoding(.p66, .m3A, 0x46, .w0, .full, .vex256)
        case .vpalignr: .narrow(.m3A, 0x0f)
        case .valignd: .d(.m3A, 0x03, .evex)
        case .valignq: .q(.m3A, 0x03, .evex)
        case .vpternlogd: .d(.m3A, 0x25, .evex)
        case .vpternlogq: .q(.m3A, 0x25, .evex)
        case .vroundss: Encoding(.p66, .m3A, 0x0a, .w0, .bytes4, .scalar)
        case .vroundsd: Encoding(.p66, .m3A, 0x0b, .evex1, .bytes8, .scalar)
        case .vrndscaless: Encoding(.p66, .m3A, 0x0a, .w0, .bytes4, .evex128)
        case .vrndscalesd: Encoding(.p66, .m3A, 0x0b, .w1, .bytes8, .evex128)
        case .vgetmantss: Encoding(.p66, .m3A, 0x27, .w0, .bytes4, .evex128)
        case .vgetmantsd: Encoding(.p66, .m3A, 0x27, .w1, .bytes8, .evex128)
        }
    }
}

/// destination, source or memory, immediate. `vroundps` is `vrndscaleps` in EVEX.
public enum VectorUnaryImmediate: UInt16, CaseIterable {
    case vroundps, vroundpd, vrndscaleps, vrndscalepd, vgetmantps, vgetmantpd
    case vpsllw, vpslld, vpsllq, vpsrlw, vpsrld, vpsrlq, vpsraw, vpsrad, vpsraq
    case vprold, vprolq, vprord, vprorq
    case vpshufd, vpermilps, vpermilpd, vpermq, vpermpd

    var encoding: Encoding {
        switch self {
        case .vroundps: .d(.m3A, 0x08)
        case .vroundpd: .q(.m3A, 0x09)
        case .vrndscaleps: .d(.m3A, 0x08, .evex)
        case .vrndscalepd: .q(.m3A, 0x09, .evex)
        case .vgetmantps: .d(.m3A, 0x26, .evex)
        case .vgetmantpd: .q(.m3A, 0x26, .evex)
        case .vpsllw: Encoding(.p66, .m0F, 0x71, .w0, .full, digit: 6)
        case .vpslld: Encoding(.p66, .m0F, 0x72, .w0, .full32, digit: 6)
        case .vpsllq: Encoding(.p66, .m0F, 0x73, .evex1, .full64, digit: 6)
        case .vpsrlw: Encoding(.p66, .m0F, 0x71, .w0, .full, digit: 2)
        case .vpsrld: Encoding(.p66, .m0F, 0x72, .w0, .full32, digit: 2)
        case .vpsrlq: Encoding(.p66, .m0F, 0x73, .evex1, .full64, digit: 2)
        case .vpsraw: Encoding(.p66, .m0F, 0x71, .w0, .full, digit: 4)
        case .vpsrad: Encoding(.p66, .m0F, 0x72, .w0, .full32, digit: 4)
        case .vpsraq: Encoding(.p66, .m0F, 0x72, .w1, .full64, .evex, digit: 4)
        case .vprold: Encoding(.p66, .m0F, 0x72, .w0, .full32, .evex, digit: 1)
        case .vprolq: Encoding(.p66, .m0F, 0x72, .w1, .full64, .evex, digit: 1)
        case .vprord: Encoding(.p66, .m0F, 0x72, .w0, .full32, .evex, digit: 0)
        case .vprorq: Encoding(.p66, .m0F, 0x72, .w1, .full64, .evex, digit: 0)
        case .vpshufd: .d(.m0F, 0x70)
        case .vpermilps: .d(.m3A, 0x04)
        case .vpermilpd: .q(.m3A, 0x05)
        case .vpermq: Encoding(.p66, .m3A, 0x00, .w1, .full64, .wide)
        case .vpermpd: Encoding(.p66, .m3A, 0x01, .w1, .full64, .wide)
        }
    }
}
