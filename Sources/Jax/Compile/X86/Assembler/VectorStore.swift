// Vector instructions that write memory, or may: stores, and those that write a part of a register or memory. Loads by a vector
// of masks stand here too, beside the stores.

/// memory, source. The narrowing moves also write a register; the width is the source's.
public enum VectorStore: UInt16, CaseIterable {
    case vmovups, vmovupd, vmovaps, vmovapd, vmovdqu8, vmovdqu16, vmovdqu32, vmovdqu64, vmovdqa32, vmovdqa64
    case vmovss, vmovsd, vmovd, vmovq
    case vpmovwb, vpmovdb, vpmovqb, vpmovdw, vpmovqw, vpmovqd

    var encoding: Encoding {
        switch self {
        case .vmovups: Encoding(.none, .m0F, 0x11, .w0, .full, .all, .memory)
        case .vmovupd: Encoding(.p66, .m0F, 0x11, .evex1, .full, .all, .memory)
        case .vmovaps: Encoding(.none, .m0F, 0x29, .w0, .full, .all, .memory)
        case .vmovapd: Encoding(.p66, .m0F, 0x29, .evex1, .full, .all, .memory)
        case .vmovdqu8: Encoding(.pF2, .m0F, 0x7f, .w0, .full, .evex, .memory)
        case .vmovdqu16: Encoding(.pF2, .m0F, 0x7f, .w1, .full, .evex, .memory)
        case .vmovdqu32: Encoding(.pF3, .m0F, 0x7f, .w0, .full, .all, .memory)
        case .vmovdqu64: Encoding(.pF3, .m0F, 0x7f, .evex1, .full, .all, .memory)
        case .vmovdqa32: Encoding(.p66, .m0F, 0x7f, .w0, .full, .all, .memory)
        case .vmovdqa64: Encoding(.p66, .m0F, 0x7f, .evex1, .full, .all, .memory)
        case .vmovss: Encoding(.pF3, .m0F, 0x11, .w0, .bytes4, .scalar, .memory)
        case .vmovsd: Encoding(.pF2, .m0F, 0x11, .evex1, .bytes8, .scalar, .memory)
        case .vmovd: Encoding(.p66, .m0F, 0x7e, .w0, .bytes4, .unmaskedScalar, .memory)
        case .vmovq: Encoding(.p66, .m0F, 0xd6, .evex1, .bytes8, .unmaskedScalar, .memory)
        case .vpmovwb: Encoding(.pF3, .m38, 0x30, .w0, .half, .evex)
        case .vpmovdb: Encoding(.pF3, .m38, 0x31, .w0, .quarter, .evex)
        case .vpmovqb: Encoding(.pF3, .m38, 0x32, .w0, .eighth, .evex)
        case .vpmovdw: Encoding(.pF3, .m38, 0x33, .w0, .half, .evex)
        case .vpmovqw: Encoding(.pF3, .m38, 0x34, .w0, .quarter, .evex)
        case .vpmovqd: Encoding(.pF3, .m38, 0x35, .w0, .half, .evex)
        }
    }
}

/// destination or memory, source, immediate. The width is the source's. `vextractf32x4` is `vextractf128` in VEX.
public enum VectorExtract: UInt16, CaseIterable {
    case vextractf32x4, vextracti32x4, vextractf64x4, vextracti64x4, vcvtps2ph

    var encoding: Encoding {
        switch self {
        case .vextractf32x4: Encoding(.p66, .m3A, 0x19, .w0, .bytes16, .wide)
        case .vextracti32x4: Encoding(.p66, .m3A, 0x39, .w0, .bytes16, .wide)
        case .vextractf64x4: Encoding(.p66, .m3A, 0x1b, .w1, .bytes32, .evex512)
        case .vextracti64x4: Encoding(.p66, .m3A, 0x3b, .w1, .bytes32, .evex512)
        case .vcvtps2ph: Encoding(.p66, .m3A, 0x1d, .w0, .half)
        }
    }
}

/// Elements whose mask has its highest bit set; the others become zero (AVX, VEX only).
public enum VectorMaskedLoad: UInt16, CaseIterable {
    case vmaskmovps, vmaskmovpd, vpmaskmovd, vpmaskmovq

    var encoding: Encoding {
        switch self {
        case .vmaskmovps: Encoding(.p66, .m38, 0x2c, .w0, .full, .vex, .memory)
        case .vmaskmovpd: Encoding(.p66, .m38, 0x2d, .w0, .full, .vex, .memory)
        case .vpmaskmovd: Encoding(.p66, .m38, 0x8c, .w0, .full, .vex, .memory)
        case .vpmaskmovq: Encoding(.p66, .m38, 0x8c, .w1, .full, .vex, .memory)
        }
    }
}

/// Elements whose mask has its highest bit set; the others stay (AVX, VEX only).
public enum VectorMaskedStore: UInt16, CaseIterable {
    case vmaskmovps, vmaskmovpd, vpmaskmovd, vpmaskmovq

    var encoding: Encoding {
        switch self {
        case .vmaskmovps: Encoding(.p66, .m38, 0x2e, .w0, .full, .vex, .memory)
        case .vmaskmovpd: Encoding(.p66, .m38, 0x2f, .w0, .full, .vex, .memory)
        case .vpmaskmovd: Encoding(.p66, .m38, 0x8e, .w0, .full, .vex, .memory)
        case .vpmaskmovq: Encoding(.p66, .m38, 0x8e, .w1, .full, .vex, .memory)
        }
    }
}
