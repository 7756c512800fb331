// Made by scripts/math/coefficients.py. Lowest power first; the error is the greatest of the polynomial, relative to the function.

enum Coefficients {
    static let ln2 = 0x1.62e42fefa39efp-1, halfLog2E = 0x1.71547652b82fep-1

    /// 2 ln 2 as the sum of two numbers, of which the first has so few digits that its products with exponents are exact.
    static func twiceLn2(_ type: LaneType) -> [Double] {
        type == .f32 ? [0x1.62e4p+0, 0x1.7f7d1cp-19] : [0x1.62e42fefap+0, 0x1.cf79abc9e3b3ap-39]
    }

    /// π/2 as the sum of two numbers.
    static func halfPi(_ type: LaneType) -> [Double] {
        type == .f32 ? [0x1.921fb6p+0, -0x1.777a5cp-25] : [0x1.921fb54442d18p+0, 0x1.1a62633145c07p-54]
    }

    /// (exp(r) − 1) / r for |r| ≤ ln 2. Error 2^-26.1, 2^-55.3.
    static func exponential(_ type: LaneType) -> [Double] {
        type == .f32 ? [
            0x1.0p+0, 0x1.00000cp-1, 0x1.55551p-3, 0x1.5549dap-5, 0x1.1127d2p-7, 0x1.71c5c4p-10, 0x1.9b7a28p-13
        ] : [
            0x1.fffffffffffffp-1, 0x1.ffffffffffffp-2, 0x1.555555555562fp-3, 0x1.5555555556b8bp-5, 0x1.11111111031f4p-7,
            0x1.6c16c16995ba4p-10, 0x1.a01a01b87f5bp-13, 0x1.a01a05ae6dacap-16, 0x1.71de260323999p-19, 0x1.27e1b49cdec05p-22,
            0x1.ae73add4922b7p-26, 0x1.21824efb0addbp-29, 0x1.5dd58acf35c52p-33]
    }

    /// (exp(r) − 1 − r) / r² for |r| ≤ ln 2. Error 2^-29.3, 2^-58.4.
    static func exponentialMinusOne(_ type: LaneType) -> [Double] {
        type == .f32 ? [
            0x1.0p-1, 0x1.55555cp-3, 0x1.555548p-5, 0x1.110b6cp-7, 0x1.6c1de6p-10, 0x1.a55962p-13, 0x1.a04ebcp-16
        ] : [
            0x1.0p-1, 0x1.5555555555553p-3, 0x1.5555555555562p-5, 0x1.1111111111797p-7, 0x1.6c16c16c14837p-10, 0x1.a01a019eada6dp-13,
            0x1.a01a01a461112p-16, 0x1.71de3c962af14p-19, 0x1.27e4f7f33d62bp-22, 0x1.ae60c26d9160dp-26, 0x1.1eefcdad3762bp-29,
            0x1.63ec76c050803p-33, 0x1.93b72f17ef35dp-37]
    }

    /// (exp(r) − 1 − r) / r² for |r| ≤ ln 2 / 2. Error 2^-26.1, 2^-59.7.
    static func exponentialMinusOneNarrow(_ type: LaneType) -> [Double] {
        type == .f32 ? [
            0x1.fffffep-2, 0x1.5554bp-3, 0x1.55571p-5, 0x1.1227c2p-7, 0x1.6b7aaap-10
        ] : [
            0x1.0p-1, 0x1.5555555555559p-3, 0x1.5555555555549p-5, 0x1.111111110f708p-7, 0x1.6c16c16c1c474p-10, 0x1.a01a01afce18dp-13,
            0x1.a01a01866662p-16, 0x1.71ddf877b9735p-19, 0x1.27e522bf1283p-22, 0x1.af5e9e3b043e9p-26, 0x1.1f0393cab9298p-29]
    }

    /// (log(1 + f) − f) / f² for √½ ≤ 1 + f ≤ √2. Error 2^-27.9, 2^-58.0.
    static func log(_ type: LaneType) -> [Double] {
        type == .f32 ? [
            -0x1.fffff8p-2, 0x1.55555p-2, -0x1.000432p-2, 0x1.99a41p-3, -0x1.5425cap-3, 0x1.227038p-3, -0x1.0f427cp-3, 0x1.084bc8p-3,
            -0x1.37f73cp-4
        ] : [
            -0x1.0p-1, 0x1.555555555556bp-2, -0x1.ffffffffffe79p-3, 0x1.9999999994d7p-3, -0x1.555555556b15ap-3, 0x1.249249275fcecp-3,
            -0x1.fffffff3b70f9p-4, 0x1.c71c702d31b5p-4, -0x1.99999a9d209e8p-4, 0x1.745d58e58817ep-4, -0x1.5555770a1f09bp-4,
            0x1.3b0d77f0b7e11p-4, -0x1.24894930b6ab1p-4, 0x1.116a04f86276ap-4, -0x1.00cf9f21426d7p-4, 0x1.dc97546d2a579p-5,
            -0x1.b460491251c37p-5, 0x1.bbb2b55d9b7dbp-5, -0x1.0104493bd0b44p-4, 0x1.d294b0a838e0bp-5, -0x1.8d917891e3b12p-6]
    }

    /// 2π as the sum of two numbers.
    static var twoPi: [Double] { [
        0x1.921fb54442d18p+2, 0x1.1a62633145c07p-52] }

    /// 1 / 2π: three multiples of 2^-31, 2^-60, 2^-89, and the rest.
    static var turns: [Double] { [
        0x1.45f306ep-3, -0x1.b1bbeacp-34, -0x1.603d8a8p-62, -0x1.70565911f924fp-93] }

    /// The same behind the multiple of 2^-57: multiples of 2^-86, 2^-115, 2^-144, and the rest.
    static var turnsOfLarge: [Double] { [
        -0x1.ac07b16p-59, 0x1.f47d4d4p-88, -0x1.11f924ep-117, -0x1.6a66c3bc6fbep-146] }

    /// 2^200 / 2π as a sum: number i is a multiple of 2^(200 − 53 i − 55).
    static var turnsInDoubles: [Double] { [
        0x1.45f306dc9c883p+197, -0x1.6b01ec5417056p+143, -0x1.6447e493ad4ccp+89, -0x1.8778df7c035d4p+37, 0x1.d5ef5de2b0db8p-17,
        0x1.2371d2126e97p-69, 0x1.924bba827468p-128, -0x1.bc603c429c69ep-175, 0x1.4d39f74411afcp-229, -0x1.68a25dbd8b31cp-281,
        -0x1.fb29741037d8cp-335, -0x1.b8a719f2b3184p-388, 0x1.272117e2ef7e4p-440, 0x1.41d8ffc4bfffp-493, -0x1.fa67f010d0ee8p-546,
        0x1.6b414da3eda6cp-599, 0x1.fb3c9f2c26dd4p-652, -0x1.738132c3402b8p-707, -0x1.28ad84538141ap-758, -0x1.d0985f18c10ep-815,
        -0x1.6b5b456501282p-864, 0x1.88fc6ae842b02p-917, -0x1.9f72070928a8p-971] }

    /// (sin r − r) / r³ in r² for |r| ≤ π/4. Error 2^-32.5, 2^-62.2.
    static func sine(_ type: LaneType) -> [Double] {
        type == .f32 ? [
            -0x1.555556p-3, 0x1.111172p-7, -0x1.a056f2p-13, 0x1.7b81bep-19
        ] : [
            -0x1.5555555555555p-3, 0x1.111111111106bp-7, -0x1.a01a019ffeeeap-13, 0x1.71de3a34a8e0fp-19, -0x1.ae642dde747d1p-26,
            0x1.610ad944e2041p-33, -0x1.a0971c368f894p-41]
    }

    /// (cos r − 1 + r²/2) / r⁴ in r² for |r| ≤ π/4. Error 2^-33.0, 2^-67.1.
    static func cosine(_ type: LaneType) -> [Double] {
        type == .f32 ? [
            0x1.55554ap-5, -0x1.6c0c2p-10, 0x1.99e432p-16
        ] : [
            0x1.5555555555555p-5, -0x1.6c16c16c16b33p-10, 0x1.a01a019ffd722p-16, -0x1.27e4fb5b288d4p-22, 0x1.1eed70e38d796p-29,
            -0x1.93761b1a17bebp-37, 0x1.9e8fe9024b8cep-45]
    }

    /// (tan r − r) / r³ in r² for |r| ≤ π/4. Error 2^-29.4, 2^-59.1.
    static func tan(_ type: LaneType) -> [Double] {
        type == .f32 ? [
            0x1.555562p-2, 0x1.110d26p-3, 0x1.baed34p-5, 0x1.5c0336p-6, 0x1.667deap-7, -0x1.5ad55ep-15, 0x1.2302c8p-8
        ] : [
            0x1.555555555555fp-2, 0x1.1111111110492p-3, 0x1.ba1ba1bad01f9p-5, 0x1.664f48598da7cp-6, 0x1.226e3af4ff9ap-7,
            0x1.d6d2d4e26f4a4p-9, 0x1.7db299b5926f4p-10, 0x1.34b1b40887284p-11, 0x1.ffc309d92e838p-13, 0x1.5b7f733f0605ap-14,
            0x1.1f63e212479f1p-14, -0x1.c9bb69e15923cp-16, 0x1.a398948abdca5p-15, -0x1.a2ce72fe9fe66p-16, 0x1.4df86817e7a0fp-17]
    }

    /// (sinh x − x) / x³ in x² for |x| ≤ 1. Error 2^-31.7, 2^-60.9.
    static func sinh(_ type: LaneType) -> [Double] {
        type == .f32 ? [
            0x1.555556p-3, 0x1.1110e2p-7, 0x1.a0215ep-13, 0x1.75a4bcp-19
        ] : [
            0x1.5555555555556p-3, 0x1.1111111111025p-7, 0x1.a01a01a036057p-13, 0x1.71de3a3c14fc6p-19, 0x1.ae646f0ecf998p-26,
            0x1.61174fef862e5p-33, 0x1.b5ad380e34257p-41]
    }

    /// (asin x − x) / x³ in x² for |x| ≤ 0.5625. Error 2^-29.0, 2^-60.0.
    static func asin(_ type: LaneType) -> [Double] {
        type == .f32 ? [
            0x1.555524p-3, 0x1.3349b8p-4, 0x1.6a4d06p-5, 0x1.16e3a6p-5, 0x1.b4361ap-8, 0x1.85afcp-5
        ] : [
            0x1.5555555555562p-3, 0x1.33333333313bdp-4, 0x1.6db6db6f6e85dp-5, 0x1.f1c71baef3daap-6, 0x1.6e8bbc99a07ddp-6,
            0x1.1c4c913aac67ap-6, 0x1.c9dbd7c6eeaa3p-7, 0x1.77c5a59b03893p-7, 0x1.5512abe511f4cp-7, 0x1.38e40716e5943p-8,
            0x1.6733d1b93a619p-6, -0x1.223f0875a0ba3p-5, 0x1.65e64ef8c559ep-4, -0x1.81247326b566bp-4, 0x1.09bc36c059a3ep-4]
    }

    /// (atanh x − x) / x³ in x² for |x| ≤ ½. Error 2^-32.9, 2^-60.5.
    static func atanh(_ type: LaneType) -> [Double] {
        type == .f32 ? [
            0x1.555558p-2, 0x1.9997a4p-3, 0x1.24d096p-3, 0x1.bfd36ap-4, 0x1.add264p-4, 0x1.2873fap-6, 0x1.77f56cp-3
        ] : [
            0x1.5555555555556p-2, 0x1.999999999976ep-3, 0x1.24924924a5db3p-3, 0x1.c71c71bbf9a77p-4, 0x1.745d19273fc55p-4,
            0x1.3b137c74caab1p-4, 0x1.111507da463fbp-4, 0x1.e175e27cf06adp-5, 0x1.b34ead6067e9ap-5, 0x1.6868533dc32adp-5,
            0x1.fe0b816ac136cp-5, -0x1.df5618e31a37fp-6, 0x1.b167f65c93277p-3, -0x1.f0de3e07fd952p-3, 0x1.085a3a76092efp-2]
    }

    /// (atan x − x) / x³ in x² for |x| ≤ 1. Error 2^-28.5, 2^-57.3.
    static func atan(_ type: LaneType) -> [Double] {
        type == .f32 ? [
            -0x1.55553ep-2, 0x1.9991e6p-3, -0x1.2420cep-3, 0x1.c09148p-4, -0x1.581cfap-4, 0x1.da7e5p-5, -0x1.fe431cp-6, 0x1.6514e8p-7,
            -0x1.d5369ap-10
        ] : [
            -0x1.555555555554dp-2, 0x1.9999999998c51p-3, -0x1.2492492456f87p-3, 0x1.c71c71b631323p-4, -0x1.745d15d05b597p-4,
            0x1.3b139bcda5dfep-4, -0x1.11103251e25c5p-4, 0x1.e1d48597c366p-5, -0x1.aeda49f97729bp-5, 0x1.84b431989dddbp-5,
            -0x1.5f23cc7d4d962p-5, 0x1.390397398091ap-5, -0x1.0c92cf5fd7b85p-5, 0x1.ac74cf60fd448p-6, -0x1.30f63e7867c1dp-6,
            0x1.72d5dfa833cffp-7, -0x1.6fc974c428edfp-8, 0x1.19fd14d7dad91p-9, -0x1.36d0c6b71cd49p-11, 0x1.b39ec2c8ed1a6p-14,
            -0x1.225967fd1f1ecp-17]
    }

    /// erf(x) / x − 1 in x² for |x| ≤ 1.25, in f64 1. Error 2^-29.8, 2^-55.7.
    static func erf(_ type: LaneType) -> [Double] {
        type == .f32 ? [
            0x1.06eba8p-3, -0x1.812742p-2, 0x1.ce2e14p-4, -0x1.b81648p-6, 0x1.556f44p-8, -0x1.b59e4cp-11, 0x1.b545cp-14, -0x1.ffd458p-18
        ] : [
            0x1.06eba8214db69p-3, -0x1.812746b037a1dp-2, 0x1.ce2f21a04517cp-4, -0x1.b82ce3132f19cp-6, 0x1.565bcd266a1e9p-8,
            -0x1.c02db81b8879bp-11, 0x1.f9a399542ccc5p-14, -0x1.f4da8d5632c4p-17, 0x1.ba4abfc5996cp-20, -0x1.6293a2a4ffe07p-23,
            0x1.0de9069c6db29p-26, -0x1.a52c6dcfe8029p-30, 0x1.11f67756269f1p-33]
    }

    static let erfcRootCentre = 0x1.4c28f6p+1

    /// erfc(x)^¼ in x − erfcRootCentre for 1.25 ≤ x ≤ 3.94; of erf. Error 2^-28.5.
    static var erfcRoot: [Double] { [
        0x1.ff391ep-4, -0x1.618826p-3, 0x1.6fe46cp-4, -0x1.db4ffp-7, -0x1.5570bep-8, 0x1.5f75f2p-9, -0x1.731cdep-14, -0x1.99a184p-13] }

    static let erfcCentre = 0x1.8p-3

    /// exp(x²) erfc(x) / u in u − erfcCentre with u = 1 / (x + 3), in f64 1 / (x + 2), for ½ ≤ x, to 10.3 and 27.5. Error 2^-26.3, 2^-53.7.
    static func erfc(_ type: LaneType) -> [Double] {
        type == .f32 ? [
            0x1.31bcfcp+0, 0x1.91d848p+2, 0x1.9dc8c6p+4, 0x1.436faep+6, 0x1.60082ap+7, 0x1.831566p+7, -0x1.8358fap+7, -0x1.e772acp+9,
            -0x1.b5cc2cp+4, 0x1.277798p+12
        ] : [
            0x1.bbb4b72bf870bp-1, 0x1.1c65214e64442p+1, 0x1.f643762c5c558p+1, 0x1.b2e2737fc9a95p+1, -0x1.6d142beefe731p+1,
            -0x1.36ffa30df2f6bp+3, 0x1.4e34852ac9008p+1, 0x1.d66d334cdf4d6p+4, -0x1.400fa4f0f6d33p+3, -0x1.a01fdea0479d7p+6,
            0x1.6b10ab4cbe223p+6, 0x1.76f3c0a96b85bp+8, -0x1.6f5f63ac26001p+9, -0x1.f2b09dd71afaep+9, 0x1.2f203a96b987bp+12,
            -0x1.6ba1d37aa1559p+10, -0x1.79685d3f2a4e3p+14, 0x1.75cdf04403c51p+15, 0x1.d3118fdc1b6b5p+15, -0x1.7c8aac6c55402p+18,
            0x1.474bf28db71dcp+18, 0x1.54a3307d2714ep+20, -0x1.c1847b8a562b8p+21, 0x1.3aa26755d3959p+21]
    }

    /// log2(m) / s in s² with s = (m − 1) / (m + 1), for √½ ≤ m ≤ √2. Error 2^-45.1.
    static var log2: [Double] { [
        0x1.71547652b824cp+1, 0x1.ec709dc542892p-1, 0x1.2776c28ea5ee7p-1, 0x1.a61a312aeab9bp-2, 0x1.479517b768d02p-2,
        0x1.21b306dcdae37p-2] }

    /// ⅓ as the sum of two numbers.
    static var third: [Double] { [
        0x1.5555555555555p-2, 0x1.5555555555555p-56] }

    /// ln 2 as the sum of two numbers, the first a multiple of 2^-42.
    static var ln2InTwo: [Double] { [
        0x1.62e42fefa38p-1, 0x1.ef35793c7673p-45] }

    /// (atanh(s) / s − 1 − z/3) / z² in z = s²; of atanh. Error 2^-66.4.
    static var atanhTail: [Double] { [
        0x1.9999999999b1fp-3, 0x1.24924924599c6p-3, 0x1.c71c722b21485p-4, 0x1.745cea9c57fd8p-4, 0x1.3b1eccba52b3p-4,
        0x1.0f829c3f67812p-4, 0x1.0e2ad831d0835p-4] }

    /// (2^r − 1) / r for |r| ≤ 1. Error 2^-26.2.
    static var exp2Wide: [Double] { [
        0x1.62e432p-1, 0x1.ebfbf8p-3, 0x1.c6afa2p-5, 0x1.3b1fe8p-7, 0x1.5dbd1p-10, 0x1.481d54p-13, 0x1.f502fep-17] }

    /// The cube root of 1 ≤ m < 8. Error 2^-9.1.
    static var cbrt: [Double] { [
        0x1.41d252p-1, 0x1.ca1c78p-2, -0x1.53ec42p-4, 0x1.35c77ep-7, -0x1.bd7ab4p-12] }
}
