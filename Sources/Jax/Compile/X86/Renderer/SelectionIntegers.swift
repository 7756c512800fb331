// Operations on integers that x86 has no single instruction for, or AVX2 has none. The constants are those of a double's layout: 2^52 + n
// has the 52 bits of n as its fraction.
import Loops
import X86Assembler

extension Selection {
    private mutating func both(_ op: VectorBinary, _ w: VectorWidth, _ x: VirtualRegister, _ y: VirtualRegister) -> VirtualRegister {
        vector(.binary(op), w, [x, y])
    }

    private mutating func with(_ op: VectorBinary, _ w: VectorWidth, _ x: VirtualRegister, _ word: UInt64) -> VirtualRegister {
        vector(.binary(op), w, [x], memory: MachineAddress(assembler.constant(repeating: word, w)))
    }

    private mutating func shift(_ op: VectorUnaryImmediate, _ w: VectorWidth, _ x: VirtualRegister, _ count: UInt8) -> VirtualRegister {
        vector(.unaryImmediate(op, count), w, [x])
    }

    mutating func zero(_ w: VectorWidth) -> VirtualRegister { vector(.unary(.vmovups), w, [], memory: memoryConstant(0, w)) }

    // MARK: 64 bits with AVX2

    /// The sum of the products of halves: what lies above 64 bits is not needed.
    mutating func multiply64(_ a: VirtualRegister, _ b: VirtualRegister, _ w: VectorWidth) -> VirtualRegister {
        if hasAVX512 { return both(.vpmullq, w, a, b) }
        let upper = both(.vpaddq, w, both(.vpmuludq, w, shift(.vpsrlq, w, a, 32), b), both(.vpmuludq, w, a, shift(.vpsrlq, w, b, 32)))
        return both(.vpaddq, w, both(.vpmuludq, w, a, b), shift(.vpsllq, w, upper, 32))
    }

    /// The greater or the lesser.
    mutating func extreme64(_ a: VirtualRegister, _ b: VirtualRegister, isGreater: Bool, isUnsigned: Bool, _ w: VectorWidth)
        -> VirtualRegister {
        if hasAVX512 {
            let op: VectorBinary = isGreater ? (isUnsigned ? .vpmaxuq : .vpmaxsq) : (isUnsigned ? .vpminuq : .vpminsq)
            return both(op, w, a, b)
        }
        let x = isUnsigned ? with(.vpxord, w, a, 1 << 63) : a, y = isUnsigned ? with(.vpxord, w, b, 1 << 63) : b
        let mask = both(.vpcmpgtq, w, x, y)
        return vector(.blend(.vblendvps), w, isGreater ? [b, a, mask] : [a, b, mask])
    }

    /// All ones where a number is negative.
    private mutating func sign64(_ x: VirtualRegister, _ w: VectorWidth) -> VirtualRegister { both(.vpcmpgtq, w, zero(w), x) }

    mutating func shiftRightArithmetic64(_ x: VirtualRegister, _ count: VirtualRegister, _ w: VectorWidth) -> VirtualRegister {
        if hasAVX512 { return both(.vpsravq, w, x, count) }
        let sign = sign64(x, w)
        return both(.vpxord, w, both(.vpsrlvq, w, both(.vpxord, w, x, sign), count), sign)
    }

    mutating func absolute64(_ x: VirtualRegister, _ w: VectorWidth) -> VirtualRegister {
        if hasAVX512 { return vector(.unary(.vpabsq), w, [x]) }
        let sign = sign64(x, w)
        return both(.vpsubq, w, both(.vpxord, w, x, sign), sign)
    }

    // MARK: Bits

    /// Ones of each byte's nibbles, pairs of bits first (the sums fit where they are).
    mutating func countOnes(_ x: VirtualRegister, _ w: VectorWidth) -> VirtualRegister {
        let pairs = vector(.binary(.vpandd), w, [shift(.vpsrld, w, x, 1)], memory: memoryConstant(0x5555_5555, w))
        let twos = both(.vpsubd, w, x, pairs)
        let low = vector(.binary(.vpandd), w, [twos], memory: memoryConstant(0x3333_3333, w))
        let high = vector(.binary(.vpandd), w, [shift(.vpsrld, w, twos, 2)], memory: memoryConstant(0x3333_3333, w))
        let fours = both(.vpaddd, w, low, high)
        let folded = both(.vpaddd, w, fours, shift(.vpsrld, w, fours, 4))
        let bytes = vector(.binary(.vpandd), w, [folded], memory: memoryConstant(0x0F0F_0F0F, w))
        let products = vector(.binary(.vpmulld), w, [bytes], memory: memoryConstant(0x0101_0101, w))
        return shift(.vpsrld, w, products, 24)
    }

    mutating func countOnes64(_ x: VirtualRegister, _ w: VectorWidth) -> VirtualRegister {
        let halves = countOnes(x, w)
        return both(.vpaddq, w, with(.vpandd, w, halves, 0xFFFF_FFFF), shift(.vpsrlq, w, halves, 32))
    }

    /// The zeros in front: all bits but those from the highest one down, which is what spreading it downwards sets.
    mutating func leadingZeros(_ x: VirtualRegister, _ is64: Bool, _ w: VectorWidth) -> VirtualRegister {
        if hasAVX512 { return vector(.unary(is64 ? .vplzcntq : .vplzcntd), w, [x]) }
        var set = x
        for count: UInt8 in is64 ? [1, 2, 4, 8, 16, 32] : [1, 2, 4, 8, 16] {
            set = both(.vpord, w, set, shift(is64 ? .vpsrlq : .vpsrld, w, set, count))
        }
        let ones = is64 ? countOnes64(set, w) : countOnes(set, w)
        let width = with(.vpord, w, zero(w), is64 ? 64 : 32 << 32 | 32)
        return both(is64 ? .vpsubq : .vpsubd, w, width, ones)
    }

    // MARK: Doubles

    /// 2^84 + 2^63 + high half and 2^52 + low half: only the last sum is rounded.
    mutating func doubles(of64 x: VirtualRegister, _ w: VectorWidth) -> VirtualRegister {
        if hasAVX512 { return vector(.unary(.vcvtqq2pd), w, [x]) }
        let high = with(.vpxord, w, shift(.vpsrlq, w, x, 32), 0x4530_0000_8000_0000)
        let low = with(.vpord, w, with(.vpandd, w, x, 0xFFFF_FFFF), 0x4330_0000_0000_0000)
        return both(.vaddpd, w, with(.vsubpd, w, high, 0x4530_0000_8010_0000), low)
    }

    /// By doubles: beyond 2^53 the lowest eleven bits, too low to be seen in an f32, become one that says whether any is set, so that
    /// rounding twice does no harm.
    mutating func floats(of64 x: VirtualRegister, _ w: VectorWidth) -> VirtualRegister {
        if hasAVX512 { return vector(.unary(.vcvtqq2ps), w, [x]) }
        let isLarge = both(.vpcmpgtq, w, absolute64(x, w), with(.vpord, w, zero(w), 1 << 53 - 1))
        // The least number's magnitude is itself.
        let isLeast = sign64(absolute64(x, w), w)
        let rest = with(.vpandd, w, with(.vpaddq, w, with(.vpandd, w, x, 0x7FF), 0x7FF), 0x800)
        let sticky = both(.vpord, w, with(.vpandd, w, x, ~0x7FF), rest)
        let chosen = vector(.blend(.vblendvps), w, [x, sticky, both(.vpord, w, isLarge, isLeast)])
        return vector(.unary(.vcvtpd2ps), w, [doubles(of64: chosen, w)])
    }

    /// The halves by way of 1.5 × 2^52, whose low bits are those of a number with a sign, and of 2^52.
    mutating func integers64(ofDoubles x: VirtualRegister, _ w: VectorWidth) -> VirtualRegister {
        if hasAVX512 { return vector(.unary(.vcvttpd2qq), w, [x]) }
        let whole = vector(.unaryImmediate(.vroundpd, 11), w, [x])
        let high = vector(.unaryImmediate(.vroundpd, 9), w, [with(.vmulpd, w, whole, Double(0x1p-32).bitPattern)])
        let low = both(.vsubpd, w, whole, with(.vmulpd, w, high, Double(0x1p32).bitPattern))
        let upper = shift(.vpsllq, w, with(.vaddpd, w, high, Double(0x1.8p52).bitPattern), 32)
        return both(.vpaddq, w, upper, with(.vpxord, w, with(.vaddpd, w, low, Double(0x1p52).bitPattern), Double(0x1p52).bitPattern))
    }

    // MARK: Division

    /// By doubles, which hold every 32-bit integer and round a quotient so that its whole part is right.
    mutating func integerDivision(_ op: LaneOp, _ x: [VirtualRegister], isSpread: Bool, _ lanes: Int) -> VirtualRegister {
        let narrow = isSpread ? widest : width(.i32, lanes: lanes), wide = isSpread ? widest : width(.f64, lanes: lanes)
        let isUnsigned = op == .divideUnsigned || op == .remainderUnsigned
        let a = toDouble(x[0], isUnsigned, wide), b = toDouble(x[1], isUnsigned, wide)
        let quotient = vector(.binary(.vdivpd), wide, [a, b])
        let whole: VirtualRegister
        if isUnsigned && !hasAVX512 {
            // By 0 the quotient is infinite, of which no use is made.
            let bits = with(.vaddpd, wide, vector(.unaryImmediate(.vroundpd, 11), wide, [quotient]), Double(0x1p52).bitPattern)
            whole = low32(bits, isSpread: isSpread, lanes, wide)
        } else {
            whole = respread(vector(.unary(isUnsigned ? .vcvttpd2udq : .vcvttpd2dq), wide, [quotient]), .i32, isSpread)
        }
        let zeros = zero(narrow)
        let isZero = hasAVX512
            ? vector(.integerCompare(.vpcmpd, .eq, to: narrow), narrow, [x[1], zeros])
            : vector(.binary(.vpcmpeqd), narrow, [x[1], zeros])
        if op == .divide || op == .divideUnsigned { return vector(.binary(.vpord), narrow, [whole, isZero]) }
        let product = vector(.binary(.vpmulld), narrow, [whole, x[1]])
        // What is left by 0 is the dividend, whatever the quotient.
        return vector(.binary(.vpsubd), narrow, [x[0], product])
    }

    private mutating func toDouble(_ x: VirtualRegister, _ isUnsigned: Bool, _ wide: VectorWidth) -> VirtualRegister {
        if !isUnsigned { return vector(.unary(.vcvtdq2pd), wide, [x]) }
        if hasAVX512 { return vector(.unary(.vcvtudq2pd), wide, [x]) }
        let extended = vector(.unary(.vpmovzxdq), wide, [x])
        return with(.vsubpd, wide, with(.vpord, wide, extended, Double(0x1p52).bitPattern), Double(0x1p52).bitPattern)
    }

    /// The low halves of 64-bit lanes.
    mutating func low32(_ x: VirtualRegister, isSpread: Bool, _ lanes: Int, _ w: VectorWidth) -> VirtualRegister {
        if hasAVX512 { return respread(vector(.narrow(.vpmovqd), w, [x]), .i32, isSpread) }
        if isSpread || lanes == 1 { return respread(x, .i32, isSpread) }
        let upper = vector(.extract(.vextractf32x4, 1), .ymm, [x])
        return vector(.binaryImmediate(.vshufps, 0x88), .xmm, [x, upper])
    }
}
