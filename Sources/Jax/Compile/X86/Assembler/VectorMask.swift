// What connects vectors with the mask registers of AVX-512: comparisons, and masks spread to vectors and back.

/// What a comparison of floating-point numbers asks; with a NaN it is true for those with U, false for those with O. Those with Q
/// raise no exception for quiet NaNs.
public enum FloatPredicate: UInt8, CaseIterable {
    case eqOQ, ltOS, leOS, unordQ, neqUQ, nltUS, nleUS, ordQ, eqUQ, ngeUS, ngtUS, falseOQ, neqOQ, geOS, gtOS, trueUQ
    case eqOS, ltOQ, leOQ, unordS, neqUS, nltUQ, nleUQ, ordS, eqUS, ngeUQ, ngtUQ, falseOS, neqOS, geOQ, gtOQ, trueUS
}

/// What a comparison of integers asks.
public enum IntegerPredicate: UInt8, CaseIterable {
    case eq, lt, le, never, ne, ge, gt, always
}

/// mask, source, source or memory, predicate.
public enum VectorCompare: UInt16, CaseIterable {
    case vcmpps, vcmppd, vcmpss, vcmpsd

    var encoding: Encoding {
        switch self {
        case .vcmpps: Encoding(.none, .m0F, 0xc2, .w0, .full32, .evex)
        case .vcmppd: Encoding(.p66, .m0F, 0xc2, .w1, .full64, .evex)
        case .vcmpss: Encoding(.pF3, .m0F, 0xc2, .w0, .bytes4, .evex128)
        case .vcmpsd: Encoding(.pF2, .m0F, 0xc2, .w1, .bytes8, .evex128)
        }
    }
}

/// mask, source, source or memory, predicate. The letter u compares unsigned numbers.
public enum VectorIntegerCompare: UInt16, CaseIterable {
    case vpcmpb, vpcmpw, vpcmpd, vpcmpq, vpcmpub, vpcmpuw, vpcmpud, vpcmpuq

    var encoding: Encoding {
        switch self {
        case .vpcmpb: Encoding(.p66, .m3A, 0x3f, .w0, .full, .evex)
        case .vpcmpw: Encoding(.p66, .m3A, 0x3f, .w1, .full, .evex)
        case .vpcmpd: Encoding(.p66, .m3A, 0x1f, .w0, .full32, .evex)
        case .vpcmpq: Encoding(.p66, .m3A, 0x1f, .w1, .full64, .evex)
        case .vpcmpub: Encoding(.p66, .m3A, 0x3e, .w0, .full, .evex)
        case .vpcmpuw: Encoding(.p66, .m3A, 0x3e, .w1, .full, .evex)
        case .vpcmpud: Encoding(.p66, .m3A, 0x1e, .w0, .full32, .evex)
        case .vpcmpuq: Encoding(.p66, .m3A, 0x1e, .w1, .full64, .evex)
        }
    }
}

/// All ones in the elements whose bit is set, zero in the others.
public enum VectorFromMask: UInt16, CaseIterable {
    case vpmovm2b, vpmovm2w, vpmovm2d, vpmovm2q

    var encoding: Encoding {
        switch self {
        case .vpmovm2b: Encoding(.pF3, .m38, 0x28, .w0, .none, .evex, .register)
        case .vpmovm2w: Encoding(.pF3, .m38, 0x28, .w1, .none, .evex, .register)
        case .vpmovm2d: Encoding(.pF3, .m38, 0x38, .w0, .none, .evex, .register)
        case .vpmovm2q: Encoding(.pF3, .m38, 0x38, .w1, .none, .evex, .register)
        }
    }
}

/// The highest bit of each element.
public enum VectorToMask: UInt16, CaseIterable {
    case vpmovb2m, vpmovw2m, vpmovd2m, vpmovq2m

    var encoding: Encoding {
        switch self {
        case .vpmovb2m: Encoding(.pF3, .m38, 0x29, .w0, .none, .evex, .register)
        case .vpmovw2m: Encoding(.pF3, .m38, 0x29, .w1, .none, .evex, .register)
        case .vpmovd2m: Encoding(.pF3, .m38, 0x39, .w0, .none, .evex, .register)
        case .vpmovq2m: Encoding(.pF3, .m38, 0x39, .w1, .none, .evex, .register)
        }
    }
}
