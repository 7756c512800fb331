// The instructions for each operation on lanes. What has none on AVX2 is said so (nil), and the kernel is then not compiled for it.
import Loops
import X86Assembler

extension Selection {
    /// The result of an operation on registers of `lanes` lanes; of spread operands on whole registers. Nil: there is no way here.
    mutating func operation(_ op: LaneOp, _ type: LaneType, _ result: LaneType, _ x: [VirtualRegister], isSpread: Bool)
        -> VirtualRegister? {
        let lanes = isSpread ? widest.byteCount / 4 : mode.lanes
        let w = isSpread ? widest : width(type, lanes: lanes)
        let to = isSpread ? widest : width(result, lanes: lanes)
        let is64 = type.bitWidth == 64, isDouble = type == .f64
        switch op {
        case .add: return binary(type, w, x, .vaddps, .vaddpd, .vpaddd, .vpaddq)
        case .subtract: return binary(type, w, x, .vsubps, .vsubpd, .vpsubd, .vpsubq)
        case .multiply:
            if type == .i64 && !hasAVX512 { return nil }
            return binary(type, w, x, .vmulps, .vmulpd, .vpmulld, .vpmullq)
        case .divide, .remainder, .divideUnsigned, .remainderUnsigned:
            if type.isFloat { return op == .divide ? binary(type, w, x, .vdivps, .vdivpd, .vdivps, .vdivpd) : nil }
            return type == .i32 ? integerDivision(op, x, isSpread: isSpread, lanes) : nil
        case .minimum:
            if type.isFloat { return binary(type, w, x, .vminps, .vminpd, .vminps, .vminpd) }
            return is64 && !hasAVX512 ? nil : vector(.binary(is64 ? .vpminsq : .vpminsd), w, x)
        case .maximum:
            if type.isFloat { return binary(type, w, x, .vmaxps, .vmaxpd, .vmaxps, .vmaxpd) }
            return is64 && !hasAVX512 ? nil : vector(.binary(is64 ? .vpmaxsq : .vpmaxsd), w, x)
        case .minimumUnsigned: return is64 && !hasAVX512 ? nil : vector(.binary(is64 ? .vpminuq : .vpminud), w, x)
        case .maximumUnsigned: return is64 && !hasAVX512 ? nil : vector(.binary(is64 ? .vpmaxuq : .vpmaxud), w, x)
        case .and: return vector(.binary(.vpandd), w, x)
        case .or: return vector(.binary(.vpord), w, x)
        case .xor: return vector(.binary(.vpxord), w, x)
        case .not: return vector(.binary(.vpxord), w, [x[0]], memory: memoryConstant(~0, w))
        case .shiftLeft: return vector(.binary(is64 ? .vpsllvq : .vpsllvd), w, x)
        case .shiftRightLogical: return vector(.binary(is64 ? .vpsrlvq : .vpsrlvd), w, x)
        case .shiftRightArithmetic: return is64 && !hasAVX512 ? nil : vector(.binary(is64 ? .vpsravq : .vpsravd), w, x)
        case .multiplyAdd: return vector(.tied(isDouble ? .vfmadd213pd : .vfmadd213ps), w, x)
        case .negate:
            if type.isFloat { return vector(.binary(.vpxord), w, [x[0]], memory: signConstant(is64, w)) }
            return vector(.binary(is64 ? .vpsubq : .vpsubd), w, [zero(w), x[0]])
        case .absolute:
            if type.isFloat { return vector(.binary(.vpandd), w, [x[0]], memory: magnitudeConstant(is64, w)) }
            return is64 && !hasAVX512 ? nil : vector(.unary(is64 ? .vpabsq : .vpabsd), w, x)
        case .squareRoot: return vector(.unary(isDouble ? .vsqrtpd : .vsqrtps), w, x)
        case .floor: return vector(.unaryImmediate(isDouble ? .vroundpd : .vroundps, 9), w, x)
        case .ceiling: return vector(.unaryImmediate(isDouble ? .vroundpd : .vroundps, 10), w, x)
        case .truncate: return vector(.unaryImmediate(isDouble ? .vroundpd : .vroundps, 11), w, x)
        case .roundEven: return vector(.unaryImmediate(isDouble ? .vroundpd : .vroundps, 8), w, x)
        case .leadingZeros: return hasAVX512 ? vector(.unary(is64 ? .vplzcntq : .vplzcntd), w, x) : nil
        case .countOnes: return is64 ? nil : countOnes(x[0], w)
        case .equal, .notEqual, .less, .lessOrEqual, .lessUnsigned, .lessOrEqualUnsigned:
            return compare(op, type, w, to, x, isSpread: isSpread)
        case .select: return select(x, result, to, isSpread: isSpread)
        default: return conversion(op, type, w, to, x[0], lanes, isSpread: isSpread)
        }
    }

    private mutating func binary(_ type: LaneType, _ w: VectorWidth, _ x: [VirtualRegister], _ f32: VectorBinary, _ f64: VectorBinary,
                                 _ i32: VectorBinary, _ i64: VectorBinary) -> VirtualRegister {
        switch type {
        case .f32: vector(.binary(f32), w, x)
        case .f64: vector(.binary(f64), w, x)
        case .i64: vector(.binary(i64), w, x)
        default: vector(.binary(i32), w, x)
        }
    }

    private func signWord(_ is64: Bool) -> UInt64 { is64 ? 1 << 63 : 0x8000_0000_8000_0000 }

    private mutating func signConstant(_ is64: Bool, _ w: VectorWidth) -> MachineAddress {
        MachineAddress(assembler.constant(repeating: signWord(is64), w))
    }

    private mutating func magnitudeConstant(_ is64: Bool, _ w: VectorWidth) -> MachineAddress {
        MachineAddress(assembler.constant(repeating: ~signWord(is64), w))
    }

    private mutating func zero(_ w: VectorWidth) -> VirtualRegister {
        vector(.unary(.vmovups), w, [], memory: memoryConstant(0, w))
    }

    // MARK: Truth values

    /// The mask of a comparison; x86 has equal and greater of signed integers, and all of floats.
    private mutating func compare(_ op: LaneOp, _ type: LaneType, _ w: VectorWidth, _ to: VectorWidth, _ x: [VirtualRegister],
                                  isSpread: Bool) -> VirtualRegister? {
        let is64 = type.bitWidth == 64
        if type.isFloat {
            let predicate: FloatPredicate = op == .equal ? .eqOQ : op == .notEqual ? .neqUQ : op == .less ? .ltOQ : .leOQ
            if hasAVX512 {
                return respread(vector(.compare(is64 ? .vcmppd : .vcmpps, predicate, to: to), w, x), .bool, isSpread && is64)
            }
            return narrowMask(vector(.binaryImmediate(is64 ? .vcmppd : .vcmpps, predicate.rawValue), w, x), is64, isSpread: isSpread)
        }
        if hasAVX512 {
            let isUnsigned = op == .lessUnsigned || op == .lessOrEqualUnsigned
            let predicate: IntegerPredicate = op == .equal ? .eq : op == .notEqual ? .ne
                : op == .less || op == .lessUnsigned ? .lt : .le
            let instruction: VectorIntegerCompare = is64 ? (isUnsigned ? .vpcmpuq : .vpcmpq) : (isUnsigned ? .vpcmpud : .vpcmpd)
            return respread(vector(.integerCompare(instruction, predicate, to: to), w, x), .bool, isSpread && is64)
        }
        var a = x[0], b = x[1]
        if op == .lessUnsigned || op == .lessOrEqualUnsigned {
            a = vector(.binary(.vpxord), w, [a], memory: signConstant(is64, w))
            b = vector(.binary(.vpxord), w, [b], memory: signConstant(is64, w))
        }
        let mask: VirtualRegister
        switch op {
        case .equal, .notEqual: mask = vector(.binary(is64 ? .vpcmpeqq : .vpcmpeqd), w, [a, b])
        case .less, .lessUnsigned: mask = vector(.binary(is64 ? .vpcmpgtq : .vpcmpgtd), w, [b, a])
        default: mask = vector(.binary(is64 ? .vpcmpgtq : .vpcmpgtd), w, [a, b])
        }
        let isNegated = op == .notEqual || op == .lessOrEqual || op == .lessOrEqualUnsigned
        let narrow = narrowMask(mask, is64, isSpread: isSpread)
        return isNegated ? vector(.binary(.vpxord), to, [narrow], memory: memoryConstant(~0, to)) : narrow
    }

    /// A mask of 64-bit lanes as one of 32-bit lanes. A spread one is both at once.
    private mutating func narrowMask(_ mask: VirtualRegister, _ is64: Bool, isSpread: Bool) -> VirtualRegister {
        if !is64 || isSpread { return mask }
        if mode.lanes == 1 { return mask }
        let upper = vector(.extract(.vextractf32x4, 1), .ymm, [mask])
        return vector(.binaryImmediate(.vshufps, 0x88), .xmm, [mask, upper])
    }

    private mutating func select(_ x: [VirtualRegister], _ type: LaneType, _ w: VectorWidth, isSpread: Bool) -> VirtualRegister {
        var mask = x[0]
        if type.bitWidth == 64 && !isSpread { mask = vector(.unary(.vpmovsxdq), w, [mask]) }
        if hasAVX512 { return vector(.tiedImmediate(.vpternlogd, 0xCA), w, [mask, x[1], x[2]]) }
        return vector(.blend(.vblendvps), w, [x[2], x[1], mask])
    }

    // MARK: Conversions

    private mutating func conversion(_ op: LaneOp, _ type: LaneType, _ w: VectorWidth, _ to: VectorWidth, _ x: VirtualRegister,
                                     _ lanes: Int, isSpread: Bool) -> VirtualRegister? {
        let wider = isSpread ? widest : to
        switch op {
        case .toF32:
            switch type {
            case .i32: return vector(.unary(.vcvtdq2ps), w, [x])
            case .f64: return respread(vector(.unary(.vcvtpd2ps), w, [x]), .f32, isSpread)
            default: return hasAVX512 ? respread(vector(.unary(.vcvtqq2ps), w, [x]), .f32, isSpread) : nil
            }
        case .toF64:
            switch type {
            case .i32: return vector(.unary(.vcvtdq2pd), wider, [x])
            case .f32: return vector(.unary(.vcvtps2pd), wider, [x])
            default: return hasAVX512 ? vector(.unary(.vcvtqq2pd), w, [x]) : nil
            }
        case .toI32:
            return type == .f32 ? vector(.unary(.vcvttps2dq), w, [x]) : respread(vector(.unary(.vcvttpd2dq), w, [x]), .i32, isSpread)
        case .toI64:
            if !hasAVX512 { return nil }
            return vector(.unary(type == .f32 ? .vcvttps2qq : .vcvttpd2qq), wider, [x])
        case .signExtend: return vector(.unary(.vpmovsxdq), wider, [x])
        case .zeroExtend: return vector(.unary(.vpmovzxdq), wider, [x])
        case .low:
            if hasAVX512 { return respread(vector(.narrow(.vpmovqd), w, [x]), .i32, isSpread) }
            if isSpread || lanes == 1 { return respread(x, .i32, isSpread) }
            let upper = vector(.extract(.vextractf32x4, 1), .ymm, [x])
            return vector(.binaryImmediate(.vshufps, 0x88), .xmm, [x, upper])
        case .bits, .fromBits: return x
        case .toInteger: return vector(.unaryImmediate(.vpsrld, 31), w, [x])
        case .signExtend8, .signExtend16:
            let shift: UInt8 = op == .signExtend8 ? 24 : 16
            return vector(.unaryImmediate(.vpsrad, shift), w, [vector(.unaryImmediate(.vpslld, shift), w, [x])])
        case .zeroExtend8: return vector(.binary(.vpandd), w, [x], memory: memoryConstant(0xFF, w))
        case .zeroExtend16: return vector(.binary(.vpandd), w, [x], memory: memoryConstant(0xFFFF, w))
        case .roundF16:
            return vector(.unary(.vcvtph2ps), w, [vector(.extract(.vcvtps2ph, 0), w, [x])])
        case .roundBF16: return roundBF16(x, w)
        default: return nil
        }
    }

    /// After a step from 64-bit lanes to half their width the upper half of a spread register is to be filled again.
    private mutating func respread(_ x: VirtualRegister, _ type: LaneType, _ isSpread: Bool) -> VirtualRegister {
        isSpread ? spread(x, type) : x
    }

    /// To nearest, ties to even, on the bits; a NaN keeps its upper half and becomes quiet.
    mutating func roundBF16(_ x: VirtualRegister, _ w: VectorWidth) -> VirtualRegister? {
        let upper = vector(.unaryImmediate(.vpsrld, 16), w, [x])
        let odd = vector(.binary(.vpandd), w, [upper], memory: memoryConstant(1, w))
        let half = vector(.binary(.vpaddd), w, [odd], memory: memoryConstant(0x7FFF, w))
        let sum = vector(.binary(.vpaddd), w, [half, x])
        let quiet = vector(.binary(.vpord), w, [x], memory: memoryConstant(0x40_0000, w))
        let isNaN = hasAVX512 ? vector(.compare(.vcmpps, .unordQ, to: w), w, [x, x])
            : vector(.binaryImmediate(.vcmpps, FloatPredicate.unordQ.rawValue), w, [x, x])
        let chosen = hasAVX512 ? vector(.tiedImmediate(.vpternlogd, 0xCA), w, [isNaN, quiet, sum])
            : vector(.blend(.vblendvps), w, [sum, quiet, isNaN])
        return vector(.binary(.vpandd), w, [chosen], memory: memoryConstant(0xFFFF_0000, w))
    }

    // MARK: Integers

    /// Ones of each byte's nibbles, pairs of bits first (the sums fit where they are).
    private mutating func countOnes(_ x: VirtualRegister, _ w: VectorWidth) -> VirtualRegister {
        let pairs = vector(.binary(.vpandd), w, [vector(.unaryImmediate(.vpsrld, 1), w, [x])], memory: memoryConstant(0x5555_5555, w))
        let twos = vector(.binary(.vpsubd), w, [x, pairs])
        let low = vector(.binary(.vpandd), w, [twos], memory: memoryConstant(0x3333_3333, w))
        let high = vector(.binary(.vpandd), w, [vector(.unaryImmediate(.vpsrld, 2), w, [twos])], memory: memoryConstant(0x3333_3333, w))
        let fours = vector(.binary(.vpaddd), w, [low, high])
        let folded = vector(.binary(.vpaddd), w, [fours, vector(.unaryImmediate(.vpsrld, 4), w, [fours])])
        let bytes = vector(.binary(.vpandd), w, [folded], memory: memoryConstant(0x0F0F_0F0F, w))
        let products = vector(.binary(.vpmulld), w, [bytes], memory: memoryConstant(0x0101_0101, w))
        return vector(.unaryImmediate(.vpsrld, 24), w, [products])
    }

    /// By doubles, which hold every 32-bit integer and round a quotient so that its whole part is right.
    private mutating func integerDivision(_ op: LaneOp, _ x: [VirtualRegister], isSpread: Bool, _ lanes: Int) -> VirtualRegister? {
        let narrow = isSpread ? widest : width(.i32, lanes: lanes), wide = isSpread ? widest : width(.f64, lanes: lanes)
        let isUnsigned = op == .divideUnsigned || op == .remainderUnsigned
        if isUnsigned && !hasAVX512 { return nil }
        func toDouble(_ value: VirtualRegister) -> MachineOp { .unary(isUnsigned ? .vcvtudq2pd : .vcvtdq2pd) }
        let a = vector(toDouble(x[0]), wide, [x[0]]), b = vector(toDouble(x[1]), wide, [x[1]])
        let quotient = vector(.binary(.vdivpd), wide, [a, b])
        let whole = respread(vector(.unary(isUnsigned ? .vcvttpd2udq : .vcvttpd2dq), wide, [quotient]), .i32, isSpread)
        let zeros = zero(narrow)
        let isZero = hasAVX512
            ? vector(.integerCompare(.vpcmpd, .eq, to: narrow), narrow, [x[1], zeros])
            : vector(.binary(.vpcmpeqd), narrow, [x[1], zeros])
        if op == .divide || op == .divideUnsigned { return vector(.binary(.vpord), narrow, [whole, isZero]) }
        let product = vector(.binary(.vpmulld), narrow, [whole, x[1]])
        return vector(.binary(.vpsubd), narrow, [x[0], product])
    }
}
