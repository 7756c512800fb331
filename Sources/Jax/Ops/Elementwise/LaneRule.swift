// How an elementwise operation is lowered to the loop form: from the lanes of its operands, the lane of its result.
import JaxIR
import Loops

/// What a lowering rule is given.
public struct LaneContext {
    public let builder: KernelBuilder
    /// The operands' lanes.
    public let x: [LaneValue]
    /// The element types of the last operand and of the result.
    public let operand: DType
    public let result: DType
    public let parameters: Parameters

    public init(_ builder: KernelBuilder, _ x: [LaneValue], operand: DType, result: DType, _ parameters: Parameters) {
        self.builder = builder
        self.x = x
        self.operand = operand
        self.result = result
        self.parameters = parameters
    }
}

/// Returns nil where the loop form has no way to compute it: then the evaluator does.
public typealias LaneRule = (LaneContext) -> LaneValue?

extension DType {
    /// How elements lie in a kernel's buffers; nil for types that kernels do not know.
    public var laneElement: ElementType? {
        switch self {
        case .i1: return .bool
        case .i8: return .i8
        case .u8: return .u8
        case .i16: return .i16
        case .u16: return .u16
        case .i32, .u32: return .i32
        case .i64, .u64: return .i64
        case .f16: return .f16
        case .bf16: return .bf16
        case .f32: return .f32
        case .f64: return .f64
        default: return nil
        }
    }
}

extension KernelBuilder {
    /// A computed lane as a value of `dtype`: integers wrapped, 16-bit floats rounded.
    func normalised(_ value: LaneValue, _ dtype: DType) -> LaneValue {
        switch dtype {
        case .i8: return emit(.signExtend8, value)
        case .i16: return emit(.signExtend16, value)
        case .u8: return emit(.zeroExtend8, value)
        case .u16: return emit(.zeroExtend16, value)
        case .f16: return emit(.roundF16, value)
        case .bf16: return emit(.roundBF16, value)
        default: return value
        }
    }

    /// IEEE maximum (minimum): NaN wins, and -0 is below +0.
    func extreme(_ op: LaneOp, _ a: LaneValue, _ b: LaneValue) -> LaneValue {
        let type = self.type(of: a)
        if let bits = constantBits(a), constantBits(b) == nil { return extreme(op, b, constant(type, bits: bits)) }
        if let bits = constantBits(b), let known = extreme(op, a, constant: bits) { return known }
        // Where the two are no numbers of an order the second operand comes out: a NaN once, or each of two zeros.
        let first = emit(op, a, b), second = emit(op, b, a)
        let join: LaneOp = op == .maximum ? .and : .or
        let both = emit(.fromBits, emit(join, emit(.bits, first), emit(.bits, second)))
        let nan = constant(type, bits: type == .f32 ? LaneBits(Float.nan.bitPattern) : Double.nan.bitPattern)
        return select(emit(.equal, first, second), both, nan)
    }

    /// With a constant that is no NaN: the other operand comes out where it is one, because it stands second.
    private func extreme(_ op: LaneOp, _ a: LaneValue, constant bits: LaneBits) -> LaneValue? {
        let type = self.type(of: a)
        let value = type == .f32 ? Double(Float(bitPattern: UInt32(truncatingIfNeeded: bits))) : Double(bitPattern: bits)
        if value.isNaN { return nil }
        let chosen = emit(op, constant(type, bits: bits), a)
        if value != 0 || (value.sign == .minus) == (op == .maximum) { return chosen }
        // Of the two zeros the constant is the one that wins; adding it makes it of the other.
        return op == .maximum ? add(chosen, constant(type, bits: bits)) : nil
    }

    /// An integer's lane in a wider or narrower integer type.
    fileprivate func integer(_ value: LaneValue, from: DType, to: DType) -> LaneValue {
        let isWide = type(of: value) == .i64, toWide = to.bitWidth == 64
        var value = value
        if isWide && !toWide { value = emit(.low, value) }
        if !isWide && toWide { value = emit(from.kind == .signed ? .signExtend : .zeroExtend, value) }
        return from.kind == to.kind && from.bitWidth <= to.bitWidth ? value : normalised(value, to)
    }

    /// An integer's lane as a float.
    fileprivate func float(_ value: LaneValue, from: DType, _ type: LaneType) -> LaneValue? {
        let op: LaneOp = type == .f32 ? .toF32 : .toF64
        switch from {
        case .u32:
            let low = emit(op, emit(.and, value, constant(.i32, 0xFFFF)))
            let high = emit(op, emit(.shiftRightLogical, value, constant(.i32, 16)))
            return multiplyAdd(high, constant(type, 65536.0), low)
        case .u64:
            // Both halves are exact in f64; f32 would be rounded twice.
            guard type == .f64 else { return nil }
            let low = emit(.and, value, constant(.i64, 0xFFFF_FFFF)), high = emit(.shiftRightLogical, value, constant(.i64, 32))
            return multiplyAdd(emit(op, high), constant(type, 4294967296.0), emit(op, low))
        default: return emit(op, value)
        }
    }

    /// A float's lane as an integer: towards 0, what does not fit becomes the nearest that does, NaN becomes 0.
    fileprivate func integer(_ value: LaneValue, to: DType) -> LaneValue {
        let type = self.type(of: value)
        let isWide = to.bitWidth == 64
        let lane: LaneType = isWide ? .i64 : .i32, op: LaneOp = isWide ? .toI64 : .toI32
        if to.bitWidth < 32 {
            let low = to.kind == .signed ? -(1 << (to.bitWidth - 1)) : 0
            let high = to.kind == .signed ? (1 << (to.bitWidth - 1)) - 1 : (1 << to.bitWidth) - 1
            let bounded = emit(.minimum, emit(.maximum, value, constant(type, low)), constant(type, high))
            return emit(.toI32, select(isNaN(value), constant(type, 0), bounded))
        }
        let half = constant(type, isWide ? 9223372036854775808.0 : 2147483648.0)
        let least = isWide ? Int.min : Int(Int32.min)
        if to.kind == .signed {
            let inRange = select(less(value, half), emit(op, value), constant(lane, isWide ? Int.max : Int(Int32.max)))
            let above = select(emit(.less, value, emit(.negate, half)), constant(lane, least), inRange)
            return select(isNaN(value), constant(lane, 0), above)
        }
        let whole = constant(type, isWide ? 18446744073709551616.0 : 4294967296.0)
        let upper = emit(.xor, emit(op, subtract(value, half)), constant(lane, least))
        let inRange = select(less(value, half), emit(op, value), upper)
        let above = select(less(value, whole), inRange, constant(lane, -1))
        return select(less(constant(type, 0), value), above, constant(lane, 0))
    }

    /// A conversion between element types; nil for those that would be rounded twice and for types without lanes.
    public func converted(_ value: LaneValue, from: DType, to: DType) -> LaneValue? {
        guard let target = to.laneElement?.lane, from.laneElement != nil else { return nil }
        if from == to { return value }
        if to == .i1 { return emit(.notEqual, value, constant(type(of: value), 0)) }
        if from == .i1 {
            let number = emit(.toInteger, value)
            return to.isInteger ? integer(number, from: .u8, to: to) : emit(target == .f32 ? .toF32 : .toF64, number)
        }
        switch (from.isFloat, to.isFloat) {
        case (false, false): return integer(value, from: from, to: to)
        case (false, true):
            // An f32 does not hold every integer of 32 bits, so bf16 would be rounded twice; f16 overflows before that matters.
            if to == .bf16 && from.bitWidth >= 32 { return nil }
            return float(value, from: from, target).map { normalised($0, to) }
        case (true, false): return integer(value, to: to)
        case (true, true):
            if type(of: value) == target { return normalised(value, to) }
            return target == .f64 ? emit(.toF64, value) : to == .f32 ? emit(.toF32, value) : nil
        }
    }
}

extension KernelBuilder {
    /// The same bits as another type of the same width; nil where there is no such type of lanes.
    func reinterpreted(_ value: LaneValue, from: DType, to: DType) -> LaneValue? {
        guard from.bitWidth == to.bitWidth, from.bitWidth > 1, let bits = bits(of: value, from) else { return nil }
        switch to {
        case .f32, .f64: return emit(.fromBits, bits)
        case .bf16: return emit(.fromBits, emit(.shiftLeft, bits, constant(.i32, 16)))
        default: return to.isInteger && to.laneElement != nil ? normalised(bits, to) : nil
        }
    }

    /// An element's bits in the low part of an integer.
    private func bits(of value: LaneValue, _ dtype: DType) -> LaneValue? {
        switch dtype {
        case .f32, .f64: return emit(.bits, value)
        case .bf16: return emit(.shiftRightLogical, emit(.bits, value), constant(.i32, 16))
        default: return dtype.isInteger && dtype.laneElement != nil ? value : nil
        }
    }
}

extension OpDefinition {
    /// The lowering of an operation whose results need to be brought back into their type.
    func lanes(_ rule: @escaping LaneRule) -> OpDefinition {
        exactLanes { context in rule(context).map { context.builder.normalised($0, context.result) } }
    }

    /// One operation on lanes for all types, but for unsigned integers and booleans where they have their own.
    func lanes(_ op: LaneOp, unsigned: LaneOp? = nil, boolean: LaneOp? = nil) -> OpDefinition {
        lanes { c in
            let chosen = c.operand == .i1 ? boolean : c.operand.kind == .unsigned ? unsigned ?? op : op
            return chosen.map { c.builder.emit($0, c.x[0], c.x.count > 1 ? c.x[1] : nil) }
        }
    }

    /// A function of floats that the builder composes.
    func floatLanes(_ function: @escaping (KernelBuilder) -> (LaneValue) -> LaneValue) -> OpDefinition {
        lanes { c in c.operand.isFloat ? function(c.builder)(c.x[0]) : nil }
    }
}
