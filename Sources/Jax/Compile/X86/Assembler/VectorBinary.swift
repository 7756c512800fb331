// Vector instructions with a destination and two sources: arithmetic, logic, comparisons to vectors, and what rearranges lanes.
// One row for each: how it is encoded. Names are Intel's; where VEX and EVEX have different ones it is EVEX's
// (`vpandd` is `vpand` in VEX, `vinsertf32x4` is `vinsertf128`).

/// destination, source, source or memory. Multiply-adds read the destination too. Scalar ones have the width xmm.
public enum VectorBinary: UInt16, CaseIterable {
    case vaddps, vaddpd, vaddss, vaddsd, vmulps, vmulpd, vmulss, vmulsd
    case vsubps, vsubpd, vsubss, vsubsd, vdivps, vdivpd, vdivss, vdivsd
    case vminps, vminpd, vminss, vminsd, vmaxps, vmaxpd, vmaxss, vmaxsd
    case vsqrtss, vsqrtsd, vcvtss2sd, vcvtsd2ss
    case vandps, vandpd, vandnps, vandnpd, vorps, vorpd, vxorps, vxorpd
    case vfmadd132ps, vfmadd132pd, vfmadd132ss, vfmadd132sd
    case vfmadd213ps, vfmadd213pd, vfmadd213ss, vfmadd213sd
    case vfmadd231ps, vfmadd231pd, vfmadd231ss, vfmadd231sd
    case vfmsub132ps, vfmsub132pd, vfmsub132ss, vfmsub132sd
    case vfmsub213ps, vfmsub213pd, vfmsub213ss, vfmsub213sd
    case vfmsub231ps, vfmsub231pd, vfmsub231ss, vfmsub231sd
    case vfnmadd132ps, vfnmadd132pd, vfnmadd132ss, vfnmadd132sd
    case vfnmadd213ps, vfnmadd213pd, vfnmadd213ss, vfnmadd213sd
    case vfnmadd231ps, vfnmadd231pd, vfnmadd231ss, vfnmadd231sd
    case vfnmsub132ps, vfnmsub132pd, vfnmsub132ss, vfnmsub132sd
    case vfnmsub213ps, vfnmsub213pd, vfnmsub213ss, vfnmsub213sd
    case vfnmsub231ps, vfnmsub231pd, vfnmsub231ss, vfnmsub231sd
    case vscalefps, vscalefpd, vscalefss, vscalefsd, vgetexpss, vgetexpsd
    case vdpbf16ps
    case vpaddb, vpaddw, vpaddd, vpaddq, vpsubb, vpsubw, vpsubd, vpsubq
    case vpmullw, vpmulld, vpmullq, vpmuludq, vpmuldq, vpmaddwd
    case vpminsb, vpminsw, vpminsd, vpminsq, vpminub, vpminuw, vpminud, vpminuq
    case vpmaxsb, vpmaxsw, vpmaxsd, vpmaxsq, vpmaxub, vpmaxuw, vpmaxud, vpmaxuq
    case vpandd, vpandq, vpandnd, vpandnq, vpord, vporq, vpxord, vpxorq
    case vpcmpeqb, vpcmpeqw, vpcmpeqd, vpcmpeqq, vpcmpgtb, vpcmpgtw, vpcmpgtd, vpcmpgtq
    case vpsllvw, vpsllvd, vpsllvq, vpsrlvw, vpsrlvd, vpsrlvq, vpsravw, vpsravd, vpsravq
    case vprolvd, vprolvq, vprorvd, vprorvq
    case vpdpbusd
    case vunpcklps, vunpcklpd, vunpckhps, vunpckhpd
    case vpunpcklbw, vpunpcklwd, vpunpckldq, vpunpcklqdq, vpunpckhbw, vpunpckhwd, vpunpckhdq, vpunpckhqdq
    case vpacksswb, vpackssdw, vpackuswb, vpackusdw
    case vpshufb, vpermd, vpermps, vpermq, vpermpd
    case vmovlhps, vmovhlps, vmovss, vmovsd
    case vblendmps, vblendmpd, vpblendmb, vpblendmw, vpblendmd, vpblendmq

    var encoding: Encoding {
        switch self {
        case .vaddps: .ps(0x58)
        case .vaddpd: .pd(0x58)
        case .vaddss: .ss(0x58)
        case .vaddsd: .sd(0x58)
        case .vmulps: .ps(0x59)
        case .vmulpd: .pd(0x59)
        case .vmulss: .ss(0x59)
        case .vmulsd: .sd(0x59)
        case .vsubps: .ps(0x5c)
        case .vsubpd: .pd(0x5c)
        case .vsubss: .ss(0x5c)
        case .vsubsd: .sd(0x5c)
        case .vdivps: .ps(0x5e)
        case .vdivpd: .pd(0x5e)
        case .vdivss: .ss(0x5e)
        case .vdivsd: .sd(0x5e)
        case .vminps: .ps(0x5d)
        case .vminpd: .pd(0x5d)
        case .vminss: .ss(0x5d)
        case .vminsd: .sd(0x5d)
        case .vmaxps: .ps(0x5f)
        case .vmaxpd: .pd(0x5f)
        case .vmaxss: .ss(0x5f)
        case .vmaxsd: .sd(0x5f)
        case .vsqrtss: .ss(0x51)
        case .vsqrtsd: .sd(0x51)
        case .vcvtss2sd: .ss(0x5a)
        case .vcvtsd2ss: .sd(0x5a)
        case .vandps: .ps(0x54)
        case .vandpd: .pd(0x54)
        case .vandnps: .ps(0x55)
        case .vandnpd: .pd(0x55)
        case .vorps: .ps(0x56)
        case .vorpd: .pd(0x56)
        case .vxorps: .ps(0x57)
        case .vxorpd: .pd(0x57)
        case .vfmadd132ps: .fma(0x98, .full32)
        case .vfmadd132pd: .fma(0x98, .full64)
        case .vfmadd132ss: .fma(0x99, .bytes4)
        case .vfmadd132sd: .fma(0x99, .bytes8)
        case .vfmadd213ps: .fma(0xa8, .full32)
        case .vfmadd213pd: .fma(0xa8, .full64)
        case .vfmadd213ss: .fma(0xa9, .bytes4)
        case .vfmadd213sd: .fma(0xa9, .bytes8)
        case .vfmadd231ps: .fma(0xb8, .full32)
        case .vfmadd231pd: .fma(0xb8, .full64)
        case .vfmadd231ss: .fma(0xb9, .bytes4)
        case .vfmadd231sd: .fma(0xb9, .bytes8)
        case .vfmsub132ps: .fma(0x9a, .full32)
        case .vfmsub132pd: .fma(0x9a, .full64)
        case .vfmsub132ss: .fma(0x9b, .bytes4)
        case .vfmsub132sd: .fma(0x9b, .bytes8)
        case .vfmsub213ps: .fma(0xaa, .full32)
        case .vfmsub213pd: .fma(0xaa, .full64)
        case .vfmsub213ss: .fma(0xab, .bytes4)
        case .vfmsub213sd: .fma(0xab, .bytes8)
        case .vfmsub231ps: .fma(0xba, .full32)
        case .vfmsub231pd: .fma(0xba, .full64)
        case .vfmsub231ss: .fma(0xbb, .bytes4)
        case .vfmsub231sd: .fma(0xbb, .bytes8)
        case .vfnmadd132ps: .fma(0x9c, .full32)
        case .vfnmadd132pd: .fma(0x9c, .full64)
        case .vfnmadd132ss: .fma(0x9d, .bytes4)
        case .vfnmadd132sd: .fma(0x9d, .bytes8)
        case .vfnmadd213ps: .fma(0xac, .full32)
        case .vfnmadd213pd: .fma(0xac, .full64)
        case .vfnmadd213ss: .fma(0xad, .bytes4)
        case .vfnmadd213sd: .fma(0xad, .bytes8)
        case .vfnmadd231ps: .fma(0xbc, .full32)
        case .vfnmadd231pd: .fma(0xbc, .full64)
        case .vfnmadd231ss: .fma(0xbd, .bytes4)
        case .vfnmadd231sd: .fma(0xbd, .bytes8)
        case .vfnmsub132ps: .fma(0x9e, .full32)
        case .vfnmsub132pd: .fma(0x9e, .full64)
        case .vfnmsub132ss: .fma(0x9f, .bytes4)
        case .vfnmsub132sd: .fma(0x9f, .bytes8)
        case .vfnmsub213ps: .fma(0xae, .full32)
        case .vfnmsub213pd: .fma(0xae, .full64)
        case .vfnmsub213ss: .fma(0xaf, .bytes4)
        case .vfnmsub213sd: .fma(0xaf, .bytes8)
        case .vfnmsub231ps: .fma(0xbe, .full32)
        case .vfnmsub231pd: .fma(0xbe, .full64)
        case .vfnmsub231ss: .fma(0xbf, .bytes4)
        case .vfnmsub231sd: .fma(0xbf, .bytes8)
        case .vscalefps: .d(.m38, 0x2c, .evex)
        case .vscalefpd: .q(.m38, 0x2c, .evex)
        case .vscalefss: Encoding(.p66, .m38, 0x2d, .w0, .bytes4, .evex128)
        case .vscalefsd: Encoding(.p66, .m38, 0x2d, .evex1, .bytes8, .evex128)
        case .vgetexpss: Encoding(.p66, .m38, 0x43, .w0, .bytes4, .evex128)
        case .vgetexpsd: Encoding(.p66, .m38, 0x43, .evex1, .bytes8, .evex128)
        case .vdpbf16ps: Encoding(.pF3, .m38, 0x52, .w0, .full32, .evex)
        case .vpaddb: .narrow(.m0F, 0xfc)
        case .vpaddw: .narrow(.m0F, 0xfd)
        case .vpaddd: .d(.m0F, 0xfe)
        case .vpaddq: .q(.m0F, 0xd4)
        case .vpsubb: .narrow(.m0F, 0xf8)
        case .vpsubw: .narrow(.m0F, 0xf9)
        case .vpsubd: .d(.m0F, 0xfa)
        case .vpsubq: .q(.m0F, 0xfb)
        case .vpmullw: .narrow(.m0F, 0xd5)
        case .vpmulld: .d(.m38, 0x40)
        case .vpmullq: .q(.m38, 0x40, .evex)
        case .vpmuludq: .q(.m0F, 0xf4)
        case .vpmuldq: .q(.m38, 0x28)
        case .vpmaddwd: .narrow(.m0F, 0xf5)
        case .vpminsb: .narrow(.m38, 0x38)
        case .vpminsw: .narrow(.m0F, 0xea)
        case .vpminsd: .d(.m38, 0x39)
        case .vpminsq: .q(.m38, 0x39, .evex)
        case .vpminub: .narrow(.m0F, 0xda)
        case .vpminuw: .narrow(.m38, 0x3a)
        case .vpminud: .d(.m38, 0x3b)
        case .vpminuq: .q(.m38, 0x3b, .evex)
        case .vpmaxsb: .narrow(.m38, 0x3c)
        case .vpmaxsw: .narrow(.m0F, 0xee)
        case .vpmaxsd: .d(.m38, 0x3d)
        case .vpmaxsq: .q(.m38, 0x3d, .evex)
        case .vpmaxub: .narrow(.m0F, 0xde)
        case .vpmaxuw: .narrow(.m38, 0x3e)
        case .vpmaxud: .d(.m38, 0x3f)
        case .vpmaxuq: .q(.m38, 0x3f, .evex)
        case .vpandd: .d(.m0F, 0xdb)
        case .vpandq: .q(.m0F, 0xdb)
        case .vpandnd: .d(.m0F, 0xdf)
        case .vpandnq: .q(.m0F, 0xdf)
        case .vpord: .d(.m0F, 0xeb)
        case .vporq: .q(.m0F, 0xeb)
        case .vpxord: .d(.m0F, 0xef)
        case .vpxorq: .q(.m0F, 0xef)
        case .vpcmpeqb: .narrow(.m0F, 0x74, .vex)
        case .vpcmpeqw: .narrow(.m0F, 0x75, .vex)
        case .vpcmpeqd: .d(.m0F, 0x76, .vex)
        case .vpcmpeqq: .q(.m38, 0x29, .vex)
        case .vpcmpgtb: .narrow(.m0F, 0x64, .vex)
        case .vpcmpgtw: .narrow(.m0F, 0x65, .vex)
        case .vpcmpgtd: .d(.m0F, 0x66, .vex)
        case .vpcmpgtq: .q(.m38, 0x37, .vex)
        case .vpsllvw: Encoding(.p66, .m38, 0x12, .w1, .full, .evex)
        case .vpsllvd: .d(.m38, 0x47)
        case .vpsllvq: Encoding(.p66, .m38, 0x47, .w1, .full64)
        case .vpsrlvw: Encoding(.p66, .m38, 0x10, .w1, .full, .evex)
        case .vpsrlvd: .d(.m38, 0x45)
        case .vpsrlvq: Encoding(.p66, .m38, 0x45, .w1, .full64)
        case .vpsravw: Encoding(.p66, .m38, 0x11, .w1, .full, .evex)
        case .vpsravd: .d(.m38, 0x46)
        case .vpsravq: .q(.m38, 0x46, .evex)
        case .vprolvd: .d(.m38, 0x15, .evex)
        case .vprolvq: .q(.m38, 0x15, .evex)
        case .vprorvd: .d(.m38, 0x14, .evex)
        case .vprorvq: .q(.m38, 0x14, .evex)
        case .vpdpbusd: .d(.m38, 0x50, .evex)
        case .vunpcklps: .ps(0x14)
        case .vunpcklpd: .pd(0x14)
        case .vunpckhps: .ps(0x15)
        case .vunpckhpd: .pd(0x15)
        case .vpunpcklbw: .narrow(.m0F, 0x60)
        case .vpunpcklwd: .narrow(.m0F, 0x61)
        case .vpunpckldq: .d(.m0F, 0x62)
        case .vpunpcklqdq: .q(.m0F, 0x6c)
        case .vpunpckhbw: .narrow(.m0F, 0x68)
        case .vpunpckhwd: .narrow(.m0F, 0x69)
        case .vpunpckhdq: .d(.m0F, 0x6a)
        case .vpunpckhqdq: .q(.m0F, 0x6d)
        case .vpacksswb: .narrow(.m0F, 0x63)
        case .vpackssdw: .d(.m0F, 0x6b)
        case .vpackuswb: .narrow(.m0F, 0x67)
        case .vpackusdw: .d(.m38, 0x2b)
        case .vpshufb: .narrow(.m38, 0x00)
        case .vpermd: .d(.m38, 0x36, .wide)
        case .vpermps: .d(.m38, 0x16, .wide)
        case .vpermq: .q(.m38, 0x36, .evexWide)
        case .vpermpd: .q(.m38, 0x16, .evexWide)
        case .vmovlhps: Encoding(.none, .m0F, 0x16, .w0, .bytes8, .unmaskedScalar, .register)
        case .vmovhlps: Encoding(.none, .m0F, 0x12, .w0, .bytes8, .unmaskedScalar, .register)
        case .vmovss: Encoding(.pF3, .m0F, 0x10, .w0, .bytes4, .scalar, .register)
        case .vmovsd: Encoding(.pF2, .m0F, 0x10, .evex1, .bytes8, .scalar, .register)
        case .vblendmps: .d(.m38, 0x65, .evex)
        case .vblendmpd: .q(.m38, 0x65, .evex)
        case .vpblendmb: .narrow(.m38, 0x66, .evex)
        case .vpblendmw: Encoding(.p66, .m38, 0x66, .w1, .full, .evex)
        case .vpblendmd: .d(.m38, 0x64, .evex)
        case .vpblendmq: .q(.m38, 0x64, .evex)
        }
    }
}
