// and, or, xor, not, shifts, popcnt, count_leading_zeros (StableHLO, sections of these names) on integers and booleans.
import JaxIR
import JaxPlatform
import Loops

func bitwiseFamily() -> [OpDefinition] {
    [
        elementwise(.and, 2, [.boolean, .integer], .bits(And.self) + .booleans(And.self), traits: .commutative)
            .lanes(.and, boolean: .and),
        elementwise(.or, 2, [.boolean, .integer], .bits(Or.self) + .booleans(Or.self), traits: .commutative)
            .lanes(.or, boolean: .or),
        elementwise(.xor, 2, [.boolean, .integer], .bits(Xor.self) + .booleans(Xor.self), traits: .commutative)
            .lanes(.xor, boolean: .xor),
        elementwise(.not, 1, [.boolean, .integer], .integers(Not.self) + ScalarKernels { dtype in
            dtype == .i1 ? BlockKernel { a, _, _, r, n in loop(a, r, n) { (x: Boolean) in Boolean(!x.value) } } : nil
        }).lanes(.not, boolean: .not),
        elementwise(.shiftLeft, 2, .integer, shifts(ShiftLeft.self, narrow: ShiftLeft.of)).lanes(shift(.shiftLeft)),
        elementwise(.shiftRightLogical, 2, .integer, shifts(ShiftRightLogical.self, narrow: ShiftRightLogical.of))
            .lanes(shift(.shiftRightLogical)),
        elementwise(.shiftRightArithmetic, 2, .integer, shifts(ShiftRightArithmetic.self, narrow: ShiftRightArithmetic.of))
            .lanes(shift(.shiftRightArithmetic)),
        elementwise(.popcnt, 1, .integer, narrow { bits, _ in UInt8(bits.nonzeroBitCount) } + .integers(PopulationCount.self))
            .exactLanes { c in c.builder.emit(.countOnes, c.bitsAlone(c.x[0])) },
        elementwise(.countLeadingZeros, 1, .integer,
                    narrow { bits, width in UInt8(bits.leadingZeroBitCount - 8 + width) } + .integers(LeadingZeros.self))
            .exactLanes { c in
                let zeros = c.builder.emit(.leadingZeros, c.bitsAlone(c.x[0]))
                return c.operand.bitWidth >= 32 ? zeros : c.builder.subtract(zeros, c.builder.constant(.i32, 32 - c.operand.bitWidth))
            },
    ]
}

extension LaneContext {
    /// A lane without the bits above its element type's width, which are the sign's.
    fileprivate func bitsAlone(_ value: LaneValue) -> LaneValue {
        switch operand.bitWidth {
        case 8: return builder.emit(.zeroExtend8, value)
        case 16: return builder.emit(.zeroExtend16, value)
        default: return value
        }
    }
}

/// A narrow type's width is below the lane's: a count beyond it shifts everything out all the same.
private func shift(_ op: LaneOp) -> LaneRule {
    { c in
        let b = c.builder
        guard c.operand.bitWidth < 32 else { return b.emit(op, c.x[0], c.x[1]) }
        let count = c.bitsAlone(c.x[1]), value = op == .shiftRightLogical ? c.bitsAlone(c.x[0]) : c.x[0]
        let isSigned = c.operand.kind == .signed
        if op == .shiftRightArithmetic {
            // The sign of an unsigned number is its highest bit too.
            let narrow: LaneOp = c.operand.bitWidth == 8 ? .signExtend8 : .signExtend16
            return b.emit(op, isSigned ? value : b.emit(narrow, value), count)
        }
        return b.emit(op, value, count)
    }
}

enum And: IntegerBinary, BooleanBinary {
    @inline(__always) static func of<T: IntegerElement>(_ a: T, _ b: T) -> T { a & b }
    @inline(__always) static func of(_ a: Bool, _ b: Bool) -> Bool { a && b }
}

enum Or: IntegerBinary, BooleanBinary {
    @inline(__always) static func of<T: IntegerElement>(_ a: T, _ b: T) -> T { a | b }
    @inline(__always) static func of(_ a: Bool, _ b: Bool) -> Bool { a || b }
}

enum Xor: IntegerBinary, BooleanBinary {
    @inline(__always) static func of<T: IntegerElement>(_ a: T, _ b: T) -> T { a ^ b }
    @inline(__always) static func of(_ a: Bool, _ b: Bool) -> Bool { a != b }
}

private enum Not: IntegerUnary {
    @inline(__always) static func of<T: IntegerElement>(_ a: T) -> T { ~a }
}

private enum PopulationCount: IntegerUnary {
    @inline(__always) static func of<T: IntegerElement>(_ a: T) -> T { T(truncatingIfNeeded: a.nonzeroBitCount) }
}

private enum LeadingZeros: IntegerUnary {
    @inline(__always) static func of<T: IntegerElement>(_ a: T) -> T { T(truncatingIfNeeded: a.leadingZeroBitCount) }
}

// Shifts by the width or more (seen as unsigned) give 0, or the sign in every bit. `width` is the dtype's, and the upper bits of
// a narrow type's byte are clear.

private protocol Shift { static func of<T: IntegerElement>(_ a: T, _ b: T, _ width: T) -> T }

private enum ShiftLeft: Shift {
    @inline(__always) static func of<T: IntegerElement>(_ a: T, _ b: T, _ width: T) -> T { b < width ? a &<< b : 0 }
}

private enum ShiftRightLogical: Shift {
    @inline(__always) static func of<T: IntegerElement>(_ a: T, _ b: T, _ width: T) -> T { b < width ? a &>> b : 0 }
}

private enum ShiftRightArithmetic: Shift {
    @inline(__always) static func of<T: IntegerElement>(_ a: T, _ b: T, _ width: T) -> T {
        let ones: T = width >= T(T.bitWidth) ? ~0 : (1 &<< width) &- 1
        let sign = ones & (0 &- (a &>> (width &- 1)))
        return b < width ? (a &>> b) | ~(ones &>> b) & sign : sign
    }
}

private func shifts<S: Shift>(_ shift: S.Type, narrow: @escaping (UInt8, UInt8, UInt8) -> UInt8) -> ScalarKernels {
    func kernel<T: IntegerElement>(_ type: T.Type) -> BlockKernel {
        BlockKernel { a, b, _, r, n in loop(a, b, r, n) { (x: T, y: T) -> T in S.of(x, y, T(T.bitWidth)) } }
    }
    return ScalarKernels { dtype in
        switch dtype {
        case .i2, .i4, .u2, .u4:
            let width = UInt8(dtype.bitWidth), mask = (UInt8(1) << width) - 1
            return ScalarKernels.wrapping(BlockKernel { a, b, _, r, n in
                loop(a, b, r, n) { (x: UInt8, y: UInt8) in narrow(x & mask, y & mask, width) }
            }, dtype)
        case .i8, .u8: return kernel(UInt8.self)
        case .i16, .u16: return kernel(UInt16.self)
        case .i32, .u32: return kernel(UInt32.self)
        case .i64, .u64: return kernel(UInt64.self)
        default: return nil
        }
    }
}

/// A function of the bits of an integer of 2 or 4 bits and its width.
private func narrow(_ function: @escaping (UInt8, Int) -> UInt8) -> ScalarKernels {
    ScalarKernels { dtype in
        guard dtype.isInteger, dtype.bitWidth < 8 else { return nil }
        let width = dtype.bitWidth, mask = (UInt8(1) << UInt8(width)) - 1
        return ScalarKernels.wrapping(BlockKernel { a, _, _, r, n in loop(a, r, n) { (x: UInt8) in function(x & mask, width) } }, dtype)
    }
}
