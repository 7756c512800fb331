// The mask registers of AVX-512: comparisons that write them, moves, and logic between them.

/// How many bits of a mask an instruction takes.
public enum MaskWidth: UInt8, CaseIterable {
    case b, w, d, q
}

/// mask = first op second; the number is the opcode.
public enum MaskBinary: UInt8, CaseIterable {
    case kand = 0x41, kandn, kor = 0x45, kxnor, kxor
}

extension Assembler {
    /// Bits outside of `mask` become zero.
    public mutating func vector(_ op: VectorCompare, _ width: VectorWidth, _ destination: Mask, _ first: VectorRegister,
                                _ second: VectorOperand, _ predicate: FloatPredicate, mask: Mask = .k0) {
        encode(op.encoding, width, reg: destination.rawValue, second: first.number, second.place, isBroadcast: second.isBroadcast,
               mask.masking, immediate: predicate.rawValue)
    }

    /// Bits outside of `mask` become zero.
    public mutating func vector(_ op: VectorIntegerCompare, _ width: VectorWidth, _ destination: Mask, _ first: VectorRegister,
                                _ second: VectorOperand, _ predicate: IntegerPredicate, mask: Mask = .k0) {
        encode(op.encoding, width, reg: destination.rawValue, second: first.number, second.place, isBroadcast: second.isBroadcast,
               mask.masking, immediate: predicate.rawValue)
    }

    public mutating func vector(_ op: VectorFromMask, _ width: VectorWidth, _ destination: VectorRegister, _ source: Mask) {
        encode(op.encoding, width, reg: destination.number, .register(source.rawValue))
    }

    public mutating func vector(_ op: VectorToMask, _ width: VectorWidth, _ destination: Mask, _ source: VectorRegister) {
        encode(op.encoding, width, reg: destination.rawValue, .register(source.number))
    }

    // Masks alone

    public mutating func mask(_ op: MaskBinary, _ width: MaskWidth, _ destination: Mask, _ first: Mask, _ second: Mask) {
        mask(op.rawValue, width, .vex256, reg: destination.rawValue, second: first.rawValue, second.rawValue)
    }

    public mutating func knot(_ width: MaskWidth, _ destination: Mask, _ source: Mask) {
        mask(0x44, width, .vex128, reg: destination.rawValue, source.rawValue)
    }

    /// Sets the flags by first | second: `e` if all bits are zero, `b` if all are one.
    public mutating func kortest(_ width: MaskWidth, _ first: Mask, _ second: Mask) {
        mask(0x98, width, .vex128, reg: first.rawValue, second.rawValue)
    }

    public mutating func kmov(_ width: MaskWidth, _ destination: Mask, _ source: Mask) {
        mask(0x90, width, .vex128, reg: destination.rawValue, source.rawValue)
    }

    public mutating func kmov(_ width: MaskWidth, _ destination: Mask, _ source: GPR) {
        encode(width.move(0x92), .xmm, reg: destination.rawValue, .register(source.rawValue))
    }

    /// Zeros above the mask.
    public mutating func kmov(_ width: MaskWidth, _ destination: GPR, _ source: Mask) {
        encode(width.move(0x93), .xmm, reg: destination.rawValue, .register(source.rawValue))
    }

    private mutating func mask(_ opcode: UInt8, _ width: MaskWidth, _ forms: Encoding.Forms, reg: UInt8, second: UInt8 = 0, _ rm: UInt8) {
        let encoding = Encoding(width == .b || width == .d ? .p66 : .none, .m0F, opcode, width == .d || width == .q ? .w1 : .w0,
                                .none, forms, .register)
        encode(encoding, forms == .vex256 ? .ymm : .xmm, reg: reg, second: second, .register(rm))
    }
}

extension Mask {
    /// k0 stands for no mask.
    var masking: Masking { self == .k0 ? .none : .merging(self) }
}

private extension MaskWidth {
    /// Moves from and to general purpose registers have prefixes of their own.
    func move(_ opcode: UInt8) -> Encoding {
        let prefix: Encoding.Prefix = self == .b ? .p66 : self == .w ? .none : .pF2
        return Encoding(prefix, .m0F, opcode, self == .q ? .w1 : .w0, .none, .vex128, .register)
    }
}
