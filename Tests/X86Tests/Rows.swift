// What each vector instruction is expected to be, from Intel's manual: a table apart from the assembler's own.
import X86Assembler

/// A line of the table.
struct Row {
    let vex: [VectorWidth], evex: [VectorWidth]
    /// Bytes, or a part of the width, or "-" where there is no such form.
    let memory: String
    let broadcast: Int?
    let options: Set<String>
    let vexName: String?, evexName: String?

    var widths: [VectorWidth] { VectorWidth.allCases.filter { vex.contains($0) || evex.contains($0) } }

    func memoryBytes(_ width: VectorWidth) -> Int {
        switch memory {
        case "full": width.byteCount
        case "half": width.byteCount / 2
        case "quarter": width.byteCount / 4
        case "eighth": width.byteCount / 8
        case "duplicated": width == .xmm ? 8 : width.byteCount
        case "-": width.byteCount
        default: Int(memory)!
        }
    }

    func mnemonic(_ op: String, _ form: Form, _ width: VectorWidth) -> String {
        var isPlain = false
        if case .broadcast = form.last {} else {
            isPlain = !form.isVEX && width != .zmm && form.masking.isNone && form.highest < 16
        }
        return (isPlain && options.contains("marked") ? "{evex} " : "") + ((form.isVEX ? vexName : evexName) ?? op)
    }

    /// Names | VEX widths | EVEX widths | memory | element of a broadcast | options, by name.
    ///
    /// Options: memory (no register there), nomask, half (the destination has half the width), lanes (objdump says how many there are,
    /// where the width does not), shift (memory in EVEX only), marked (objdump writes {evex} where the form does not show it), store;
    /// vex=, evex= are mnemonics that differ.
    static func table(_ text: String) -> [String: Row] {
        var rows: [String: Row] = [:]
        for line in text.split(separator: "\n") {
            let columns = line.split(separator: "|", omittingEmptySubsequences: false).map { $0.split(separator: " ").map(String.init) }
            func widths(_ column: [String]) -> [VectorWidth] {
                (column.first ?? "").compactMap { $0 == "x" ? .xmm : $0 == "y" ? .ymm : $0 == "z" ? .zmm : nil }
            }
            let options = columns.count > 5 ? columns[5] : []
            func value(_ key: String) -> String? { options.first { $0.hasPrefix(key) }.map { String($0.dropFirst(key.count)) } }
            let row = Row(vex: widths(columns[1]), evex: widths(columns[2]), memory: columns[3][0],
                          broadcast: columns[4].first.flatMap { Int($0) }, options: Set(options),
                          vexName: value("vex="), evexName: value("evex="))
            for name in columns[0] { rows[name] = row }
        }
        return rows
    }

    static let binary = table("""
        vaddps vsubps vmulps vdivps vminps vmaxps vandps vandnps vorps vxorps vunpcklps vunpckhps | xy | xyz | full | 4 |
        vaddpd vsubpd vmulpd vdivpd vminpd vmaxpd vandpd vandnpd vorpd vxorpd vunpcklpd vunpckhpd | xy | xyz | full | 8 |
        vaddss vsubss vmulss vdivss vminss vmaxss vsqrtss vcvtss2sd | x | x | 4 | |
        vaddsd vsubsd vmulsd vdivsd vminsd vmaxsd vsqrtsd vcvtsd2ss | x | x | 8 | |
        vfmadd132ps vfmadd213ps vfmadd231ps vfmsub132ps vfmsub213ps vfmsub231ps | xy | xyz | full | 4 |
        vfnmadd132ps vfnmadd213ps vfnmadd231ps vfnmsub132ps vfnmsub213ps vfnmsub231ps | xy | xyz | full | 4 |
        vfmadd132pd vfmadd213pd vfmadd231pd vfmsub132pd vfmsub213pd vfmsub231pd | xy | xyz | full | 8 |
        vfnmadd132pd vfnmadd213pd vfnmadd231pd vfnmsub132pd vfnmsub213pd vfnmsub231pd | xy | xyz | full | 8 |
        vfmadd132ss vfmadd213ss vfmadd231ss vfmsub132ss vfmsub213ss vfmsub231ss | x | x | 4 | |
        vfnmadd132ss vfnmadd213ss vfnmadd231ss vfnmsub132ss vfnmsub213ss vfnmsub231ss | x | x | 4 | |
        vfmadd132sd vfmadd213sd vfmadd231sd vfmsub132sd vfmsub213sd vfmsub231sd | x | x | 8 | |
        vfnmadd132sd vfnmadd213sd vfnmadd231sd vfnmsub132sd vfnmsub213sd vfnmsub231sd | x | x | 8 | |
        vscalefps vdpbf16ps vblendmps vpblendmd vprolvd vprorvd vpdpbusd | | xyz | full | 4 |
        vscalefpd vblendmpd vpblendmq vprolvq vprorvq vpmullq vpminsq vpminuq vpmaxsq vpmaxuq vpsravq | | xyz | full | 8 |
        vscalefss vgetexpss | | x | 4 | |
        vscalefsd vgetexpsd | | x | 8 | |
        vpblendmb vpblendmw vpsllvw vpsrlvw vpsravw | | xyz | full | |
        vpaddb vpaddw vpsubb vpsubw vpmullw vpmaddwd vpminsb vpminsw vpminub vpminuw | xy | xyz | full | |
        vpmaxsb vpmaxsw vpmaxub vpmaxuw vpunpcklbw vpunpcklwd vpunpckhbw vpunpckhwd vpacksswb vpackuswb vpshufb | xy | xyz | full | |
        vpaddd vpsubd vpmulld vpminsd vpminud vpmaxsd vpmaxud vpsllvd vpsrlvd vpsravd | xy | xyz | full | 4 |
        vpunpckldq vpunpckhdq vpackssdw vpackusdw | xy | xyz | full | 4 |
        vpaddq vpsubq vpmuludq vpmuldq vpsllvq vpsrlvq vpunpcklqdq vpunpckhqdq | xy | xyz | full | 8 |
        vpandd | xy | xyz | full | 4 | vex=vpand
        vpandq | xy | xyz | full | 8 | vex=vpand
        vpandnd | xy | xyz | full | 4 | vex=vpandn
        vpandnq | xy | xyz | full | 8 | vex=vpandn
        vpord | xy | xyz | full | 4 | vex=vpor
        vporq | xy | xyz | full | 8 | vex=vpor
        vpxord | xy | xyz | full | 4 | vex=vpxor
        vpxorq | xy | xyz | full | 8 | vex=vpxor
        vpcmpeqb vpcmpeqw vpcmpeqd vpcmpeqq vpcmpgtb vpcmpgtw vpcmpgtd vpcmpgtq | xy | | full | |
        vpermd vpermps | y | yz | full | 4 |
        vpermq | | yz | full | 8 |
        vpermpd | | yz | full | 8 | marked
        vmovlhps vmovhlps | x | x | - | | nomask
        vmovss vmovsd | x | x | - | |
        """)

    static let binaryImmediate = table("""
        vcmpps vcmppd | xy | | full | |
        vshufps | xy | xyz | full | 4 |
        vshufpd | xy | xyz | full | 8 |
        vshuff32x4 vshufi32x4 | | yz | full | 4 |
        vshuff64x2 vshufi64x2 | | yz | full | 8 |
        vinsertf32x4 | y | yz | 16 | | vex=vinsertf128
        vinserti32x4 | y | yz | 16 | | vex=vinserti128
        vinsertf64x4 vinserti64x4 | | z | 32 | |
        vperm2f128 vperm2i128 | y | | full | |
        vpalignr | xy | xyz | full | |
        valignd vpternlogd | | xyz | full | 4 |
        valignq vpternlogq | | xyz | full | 8 |
        vroundss | x | x | 4 | | evex=vrndscaless
        vroundsd | x | x | 8 | | evex=vrndscalesd
        vrndscaless vgetmantss | | x | 4 | |
        vrndscalesd vgetmantsd | | x | 8 | |
        """)

    static let unary = table("""
        vmovups vmovupd vmovaps vmovapd | xy | xyz | full | |
        vmovdqu8 vmovdqu16 | | xyz | full | |
        vmovdqu32 vmovdqu64 | xy | xyz | full | | vex=vmovdqu
        vmovdqa32 vmovdqa64 | xy | xyz | full | | vex=vmovdqa
        vmovss | x | x | 4 | | memory
        vmovsd | x | x | 8 | | memory
        vmovd | x | x | 4 | | memory nomask
        vmovq | x | x | 8 | | nomask
        vbroadcastss vpbroadcastd | xy | xyz | 4 | |
        vbroadcastsd | y | yz | 8 | |
        vpbroadcastb | xy | xyz | 1 | |
        vpbroadcastw | xy | xyz | 2 | |
        vpbroadcastq | xy | xyz | 8 | |
        vbroadcastf32x4 | y | yz | 16 | | memory vex=vbroadcastf128
        vbroadcasti32x4 | y | yz | 16 | | memory vex=vbroadcasti128
        vbroadcastf64x4 vbroadcasti64x4 | | z | 32 | | memory
        vsqrtps vcvtdq2ps vcvtps2dq vcvttps2dq | xy | xyz | full | 4 |
        vsqrtpd | xy | xyz | full | 8 |
        vgetexpps vpopcntd vplzcntd vcvtudq2ps vcvttps2udq | | xyz | full | 4 |
        vgetexppd vpabsq vpopcntq vplzcntq vcvtqq2pd vcvtuqq2pd vcvttpd2qq vcvttpd2uqq | | xyz | full | 8 |
        vpabsb vpabsw vmovshdup vmovsldup | xy | xyz | full | |
        vpabsd | xy | xyz | full | 4 |
        vmovddup | xy | xyz | duplicated | |
        vcvtps2pd vcvtdq2pd | xy | xyz | half | 4 |
        vcvtudq2pd vcvttps2qq vcvttps2uqq | | xyz | half | 4 |
        vcvtpd2ps vcvttpd2dq | xy | xyz | full | 8 | half lanes
        vcvttpd2udq vcvtqq2ps vcvtuqq2ps | | xyz | full | 8 | half lanes
        vcvtneps2bf16 | | xyz | full | 4 | half lanes
        vcvtph2ps vpmovsxbw vpmovsxwd vpmovsxdq vpmovzxbw vpmovzxwd vpmovzxdq | xy | xyz | half | |
        vpmovsxbd vpmovsxwq vpmovzxbd vpmovzxwq | xy | xyz | quarter | |
        vpmovsxbq vpmovzxbq | xy | xyz | eighth | |
        """)

    static let unaryImmediate = table("""
        vroundps | xy | xyz | full | 4 | evex=vrndscaleps
        vroundpd | xy | xyz | full | 8 | evex=vrndscalepd
        vrndscaleps vgetmantps | | xyz | full | 4 |
        vrndscalepd vgetmantpd | | xyz | full | 8 |
        vpsllw vpsrlw vpsraw | xy | xyz | full | | shift marked
        vpslld vpsrld vpsrad | xy | xyz | full | 4 | shift marked
        vpsllq vpsrlq | xy | xyz | full | 8 | shift marked
        vpsraq vprolq vprorq | | xyz | full | 8 |
        vprold vprord | | xyz | full | 4 |
        vpshufd vpermilps | xy | xyz | full | 4 |
        vpermilpd | xy | xyz | full | 8 |
        vpermq vpermpd | y | yz | full | 8 |
        """)

    static let store = table("""
        vmovups vmovupd vmovaps vmovapd | xy | xyz | full | | memory store
        vmovdqu8 vmovdqu16 | | xyz | full | | memory store
        vmovdqu32 vmovdqu64 | xy | xyz | full | | memory store vex=vmovdqu
        vmovdqa32 vmovdqa64 | xy | xyz | full | | memory store vex=vmovdqa
        vmovss | x | x | 4 | | memory store
        vmovsd | x | x | 8 | | memory store
        vmovd | x | x | 4 | | memory store nomask
        vmovq | x | x | 8 | | memory store nomask
        vpmovwb vpmovdw vpmovqd | | xyz | half | | store
        vpmovdb vpmovqw | | xyz | quarter | | store
        vpmovqb | | xyz | eighth | | store
        """)

    static let extract = table("""
        vextractf32x4 | y | yz | 16 | | store vex=vextractf128
        vextracti32x4 | y | yz | 16 | | store vex=vextracti128
        vextractf64x4 vextracti64x4 | | z | 32 | | store
        vcvtps2ph | xy | xyz | half | | store
        """)

    static let blend = table("vblendvps vblendvpd vpblendvb | xy | | full | |")

    static let masked = table("vmaskmovps vmaskmovpd vpmaskmovd vpmaskmovq | xy | | full | | memory")

    static let compare = table("""
        vcmpps vpcmpd vpcmpud | | xyz | full | 4 |
        vcmppd vpcmpq vpcmpuq | | xyz | full | 8 |
        vcmpss | | x | 4 | |
        vcmpsd | | x | 8 | |
        vpcmpb vpcmpw vpcmpub vpcmpuw | | xyz | full | |
        """)

    static let flags = table("""
        vucomiss | x | x | 4 | | nomask
        vucomisd | x | x | 8 | | nomask
        vptest | xy | | full | |
        """)
}
