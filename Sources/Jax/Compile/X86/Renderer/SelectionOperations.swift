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
            return type == .i64 ? multiply64(x[0], x[1], w) : binary(type, w, x, .vmulps, .vmulpd, .vpmulld, .vpmulld)
        case .divide, .remainder, .divideUnsigned, .remainderUnsigned:
            if type.isFloat { return op == .divide ? binary(type, w, x, .vdivps, .vdivpd, .vdivps, .vdivpd) : nil }
            return type == .i32 ? integerDivision(op, x, isSpread: isSpread, lanes) : nil
        case .minimum:
            if type.isFloat { return binary(type, w, x, .vminps, .vminpd, .vminps, .vminpd) }
            return is64 ? extreme64(x[0], x[1], isGreater: false, isUnsigned: false, w) : vector(.binary(.vpminsd), w, x)
        case .maximum:
            if type.isFloat { return binary(type, w, x, .vmaxps, .vmaxpd, .vmaxps, .vmaxpd) }
            return is64 ? extreme64(x[0], x[1], isGreater: true, isUnsigned: false, w) : vector(.binary(.vpmaxsd), w, x)
        case .minimumUnsigned:
            return is64 ? extreme64(x[0], x[1], isGreater: false, isUnsigned: true, w) : vector(.binary(.vpminud), w, x)
        case .maximumUnsigned:
            return is64 ? extreme64(x[0], x[1], isGreater: true, isUnsigned: true, w) : vector(.binary(.vpmaxud), w, x)
        case .and: return vector(.binary(.vpandd), w, x)
        case .or: return vector(.binary(.vpord), w, x)
        case .xor: return vector(.binary(.vpxord), w, x)
        case .not: return vector(.binary(.vpxord), w, [x[0]], memory: memoryConstant(~0, w))
        case .shiftLeft: return vector(.binary(is64 ? .vpsllvq : .vpsllvd), w, x)
        case .shiftRightLogical: return vector(.binary(is64 ? .vpsrlvq : .vpsrlvd), w, x)
        case .shiftRightArithmetic: return is64 ? shiftRightArithmetic64(x[0], x[1], w) : vector(.binary(.vpsravd), w, x)
        case .multiplyAdd, .accumulate: return vector(.tied(isDouble ? .vfmadd213pd : .vfmadd213ps), w, x)
        case .negate:
            if type.isFloat { return vector(.binary(.vpxord), w, [x[0]], memory: signConstant(is64, w)) }
            return vector(.binary(is64 ? .vpsubq : .vpsubd), w, [zero(w), x[0]])
        case .absolute:
            if type.isFloat { return vector(.binary(.vpandd), w, [x[0]], memory: magnitudeConstant(is64, w)) }
            return is64 ? absolute64(x[0], w) : vector(.unary(.vpabsd), w, x)
        case .squareRoot: return vector(.unary(isDouble ? .vsqrtpd : .vsqrtps), w, x)
        case .floor: return vector(.unaryImmediate(isDouble ? .vroundpd : .vroundps, 9), w, x)
        case .ceiling: return vector(.unaryImmediate(isDouble ? .vroundpd : .vroundps, 10), w, x)
        case .truncate: return vector(.unaryImmediate(isDouble ? .vroundpd : .vroundps, 11), w, x)
        case .roundEven: return vector(.unaryImmediate(isDouble ? .vroundpd : .vroundps, 8), w, x)
        case .leadingZeros: return leadingZeros(x[0], is64, w)
        case .countOnes: return is64 ? countOnes64(x[0], w) : countOnes(x[0], w)
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
            default: return respread(floats(of64: x, w), .f32, isSpread)
            }
        case .toF64:
            switch type {
            case .i32: return vector(.unary(.vcvtdq2pd), wider, [x])
            case .f32: return vector(.unary(.vcvtps2pd), wider, [x])
            default: return doubles(of64: x, w)
            }
        case .toI32:
            return type == .f32 ? vector(.unary(.vcvttps2dq), w, [x]) : respread(vector(.unary(.vcvttpd2dq), w, [x]), .i32, isSpread)
        case .toI64:
            return integers64(ofDoubles: type == .f32 ? vector(.unary(.vcvtps2pd), wider, [x]) : x, wider)
        case .signExtend: return vector(.unary(.vpmovsxdq), wider, [x])
        case .zeroExtend: return vector(.unary(.vpmovzxdq), wider, [x])
        case .low: return low32(x, isSpread: isSpread, lanes, w)
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
    mutating func respread(_ x: VirtualRegister, _ type: LaneType, _ isSpread: Bool) -> VirtualRegister {
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
}
