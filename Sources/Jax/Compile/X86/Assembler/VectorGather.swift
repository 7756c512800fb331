// Gathers and scatters: one element of memory for each element of an index vector. The first letter after the name is the index's
// (d 32 bits, q 64 bits), the rest says what is moved.

/// The width is that of the wider of data and index.
public enum VectorGather: UInt16, CaseIterable {
    case vgatherdps, vgatherdpd, vgatherqps, vgatherqpd, vpgatherdd, vpgatherdq, vpgatherqd, vpgatherqq

    var encoding: Encoding {
        switch self {
        case .vgatherdps: Encoding(.p66, .m38, 0x92, .w0, .bytes4)
        case .vgatherdpd: Encoding(.p66, .m38, 0x92, .w1, .bytes8)
        case .vgatherqps: Encoding(.p66, .m38, 0x93, .w0, .bytes4)
        case .vgatherqpd: Encoding(.p66, .m38, 0x93, .w1, .bytes8)
        case .vpgatherdd: Encoding(.p66, .m38, 0x90, .w0, .bytes4)
        case .vpgatherdq: Encoding(.p66, .m38, 0x90, .w1, .bytes8)
        case .vpgatherqd: Encoding(.p66, .m38, 0x91, .w0, .bytes4)
        case .vpgatherqq: Encoding(.p66, .m38, 0x91, .w1, .bytes8)
        }
    }
}

/// The width is that of the wider of data and index (AVX-512).
public enum VectorScatter: UInt16, CaseIterable {
    case vscatterdps, vscatterdpd, vscatterqps, vscatterqpd, vpscatterdd, vpscatterdq, vpscatterqd, vpscatterqq

    var encoding: Encoding {
        switch self {
        case .vscatterdps: Encoding(.p66, .m38, 0xa2, .w0, .bytes4, .evex)
        case .vscatterdpd: Encoding(.p66, .m38, 0xa2, .w1, .bytes8, .evex)
        case .vscatterqps: Encoding(.p66, .m38, 0xa3, .w0, .bytes4, .evex)
        case .vscatterqpd: Encoding(.p66, .m38, 0xa3, .w1, .bytes8, .evex)
        case .vpscatterdd: Encoding(.p66, .m38, 0xa0, .w0, .bytes4, .evex)
        case .vpscatterdq: Encoding(.p66, .m38, 0xa0, .w1, .bytes8, .evex)
        case .vpscatterqd: Encoding(.p66, .m38, 0xa1, .w0, .bytes4, .evex)
        case .vpscatterqq: Encoding(.p66, .m38, 0xa1, .w1, .bytes8, .evex)
        }
    }
}
