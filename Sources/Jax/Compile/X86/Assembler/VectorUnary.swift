// Vector instructions with a destination and one source: loads and moves, broadcasts, roots, conversions. One row for each: how it
// is encoded. `vmovdqu32` and `vmovdqu64` are `vmovdqu` in VEX; the moves of 8 and 16 bits are for masks and have no VEX form.

/// destination, source or memory. The width is that of the wider of the two.
public enum VectorUnary: UInt16, CaseIterable {
    case vmovups, vmovupd, vmovaps, vmovapd, vmovdqu8, vmovdqu16, vmovdqu32, vmovdqu64, vmovdqa32, vmovdqa64
    case vmovss, vmovsd, vmovd, vmovq
    case vbroadcastss, vbroadcastsd, vpbroadcastb, vpbroadcastw, vpbroadcastd, vpbroadcastq
    case vbroadcastf32x4, vbroadcasti32x4, vbroadcastf64x4, vbroadcasti64x4
    case vsqrtps, vsqrtpd, vgetexpps, vgetexppd
    case vpabsb, vpabsw, vpabsd, vpabsq, vpopcntd, vpopcntq, vplzcntd, vplzcntq
    case vmovshdup, vmovsldup, vmovddup
    case vcvtdq2ps, vcvtps2dq, vcvttps2dq, vcvtudq2ps, vcvttps2udq
    case vcvtps2pd, vcvtpd2ps, vcvtdq2pd, vcvtudq2pd, vcvttpd2dq, vcvttpd2udq
    case vcvtqq2pd, vcvtuqq2pd, vcvtqq2ps, vcvtuqq2ps, vcvttpd2qq, vcvttpd2uqq, vcvttps2qq, vcvttps2uqq
    case vcvtph2ps, vcvtneps2bf16
    case vpmovsxbw, vpmovsxbd, vpmovsxbq, vpmovsxwd, vpmovsxwq, vpmovsxdq
    case vpmovzxbw, vpmovzxbd, vpmovzxbq, vpmovzxwd, vpmovzxwq, vpmovzxdq

    var encoding: Encoding {
        switch self {
        case .vmovups: Encoding(.none, .m0F, 0x10, .w0, .full)
        case .vmovupd: Encoding(.p66, .m0F, 0x10, .evex1, .full)
        case .vmovaps: Encoding(.none, .m0F, 0x28, .w0, .full)
        case .vmovapd: Encoding(.p66, .m0F, 0x28, .evex1, .full)
        case .vmovdqu8: Encoding(.pF2, .m0F, 0x6f, .w0, .full, .evex)
        case .vmovdqu16: Encoding(.pF2, .m0F, 0x6f, .w1, .full, .evex)
        case .vmovdqu32: Encoding(.pF3, .m0F, 0x6f, .w0, .full)
        case .vmovdqu64: Encoding(.pF3, .m0F, 0x6f, .evex1, .full)
        case .vmovdqa32: Encoding(.p66, .m0F, 0x6f, .w0, .full)
        case .vmovdqa64: Encoding(.p66, .m0F, 0x6f, .evex1, .full)
        case .vmovss: Encoding(.pF3, .m0F, 0x10, .w0, .bytes4, .scalar, .memory)
        case .vmovsd: Encoding(.pF2, .m0F, 0x10, .evex1, .bytes8, .scalar, .memory)
        case .vmovd: Encoding(.p66, .m0F, 0x6e, .w0, .bytes4, .unmaskedScalar, .memory)
        case .vmovq: Encoding(.pF3, .m0F, 0x7e, .evex1, .bytes8, .unmaskedScalar)
        case .vbroadcastss: Encoding(.p66, .m38, 0x18, .w0, .bytes4)
        case .vbroadcastsd: Encoding(.p66, .m38, 0x19, .evex1, .bytes8, .wide)
        case .vpbroadcastb: Encoding(.p66, .m38, 0x78, .w0, .bytes1)
        case .vpbroadcastw: Encoding(.p66, .m38, 0x79, .w0, .bytes2)
        case .vpbroadcastd: Encoding(.p66, .m38, 0x58, .w0, .bytes4)
        case .vpbroadcastq: Encoding(.p66, .m38, 0x59, .evex1, .bytes8)
        case .vbroadcastf32x4: Encoding(.p66, .m38, 0x1a, .w0, .bytes16, .wide, .memory)
        case .vbroadcasti32x4: Encoding(.p66, .m38, 0x5a, .w0, .bytes16, .wide, .memory)
        case .vbroadcastf64x4: Encoding(.p66, .m38, 0x1b, .w1, .bytes32, .evex512, .memory)
        case .vbroadcasti64x4: Encoding(.p66, .m38, 0x5b, .w1, .bytes32, .evex512, .memory)
        case .vsqrtps: .ps(0x51)
        case .vsqrtpd: .pd(0x51)
        case .vgetexpps: .d(.m38, 0x42, .evex)
        case .vgetexppd: .q(.m38, 0x42, .evex)
        case .vpabsb: .narrow(.m38, 0x1c)
        case .vpabsw: .narrow(.m38, 0x1d)
        case .vpabsd: .d(.m38, 0x1e)
        case .vpabsq: .q(.m38, 0x1f, .evex)
        case .vpopcntd: .d(.m38, 0x55, .evex)
        case .vpopcntq: .q(.m38, 0x55, .evex)
        case .vplzcntd: .d(.m38, 0x44, .evex)
        case .vplzcntq: .q(.m38, 0x44, .evex)
        case .vmovshdup: Encoding(.pF3, .m0F, 0x16, .w0, .full)
        case .vmovsldup: Encoding(.pF3, .m0F, 0x12, .w0, .full)
        case .vmovddup: Encoding(.pF2, .m0F, 0x12, .evex1, .duplicated)
        case .vcvtdq2ps: Encoding(.none, .m0F, 0x5b, .w0, .full32)
        case .vcvtps2dq: Encoding(.p66, .m0F, 0x5b, .w0, .full32)
        case .vcvttps2dq: Encoding(.pF3, .m0F, 0x5b, .w0, .full32)
        case .vcvtudq2ps: Encoding(.pF2, .m0F, 0x7a, .w0, .full32, .evex)
        case .vcvttps2udq: Encoding(.none, .m0F, 0x78, .w0, .full32, .evex)
        case .vcvtps2pd: Encoding(.none, .m0F, 0x5a, .w0, .half32)
        case .vcvtpd2ps: Encoding(.p66, .m0F, 0x5a, .evex1, .full64)
        case .vcvtdq2pd: Encoding(.pF3, .m0F, 0xe6, .w0, .half32)
        case .vcvtudq2pd: Encoding(.pF3, .m0F, 0x7a, .w0, .half32, .evex)
        case .vcvttpd2dq: Encoding(.p66, .m0F, 0xe6, .evex1, .full64)
        case .vcvttpd2udq: Encoding(.none, .m0F, 0x78, .w1, .full64, .evex)
        case .vcvtqq2pd: Encoding(.pF3, .m0F, 0xe6, .w1, .full64, .evex)
        case .vcvtuqq2pd: Encoding(.pF3, .m0F, 0x7a, .w1, .full64, .evex)
        case .vcvtqq2ps: Encoding(.none, .m0F, 0x5b, .w1, .full64, .evex)
        case .vcvtuqq2ps: Encoding(.pF2, .m0F, 0x7a, .w1, .full64, .evex)
        case .vcvttpd2qq: Encoding(.p66, .m0F, 0x7a, .w1, .full64, .evex)
        case .vcvttpd2uqq: Encoding(.p66, .m0F, 0x78, .w1, .full64, .evex)
        case .vcvttps2qq: Encoding(.p66, .m0F, 0x7a, .w0, .half32, .evex)
        case .vcvttps2uqq: Encoding(.p66, .m0F, 0x78, .w0, .half32, .evex)
        case .vcvtph2ps: Encoding(.p66, .m38, 0x13, .w0, .half)
        case .vcvtneps2bf16: Encoding(.pF3, .m38, 0x72, .w0, .full32, .evex)
        case .vpmovsxbw: Encoding(.p66, .m38, 0x20, .w0, .half)
        case .vpmovsxbd: Encoding(.p66, .m38, 0x21, .w0, .quarter)
        case .vpmovsxbq: Encoding(.p66, .m38, 0x22, .w0, .eighth)
        case .vpmovsxwd: Encoding(.p66, .m38, 0x23, .w0, .half)
        case .vpmovsxwq: Encoding(.p66, .m38, 0x24, .w0, .quarter)
        case .vpmovsxdq: Encoding(.p66, .m38, 0x25, .w0, .half)
        case .vpmovzxbw: Encoding(.p66, .m38, 0x30, .w0, .half)
        case .vpmovzxbd: Encoding(.p66, .m38, 0x31, .w0, .quarter)
        case .vpmovzxbq: Encoding(.p66, .m38, 0x32, .w0, .eighth)
        case .vpmovzxwd: Encoding(.p66, .m38, 0x33, .w0, .half)
        case .vpmovzxwq: Encoding(.p66, .m38, 0x34, .w0, .quarter)
        case .vpmovzxdq: Encoding(.p66, .m38, 0x35, .w0, .half)
        }
    }
}
