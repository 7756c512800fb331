// The vector instructions. An operation's type says which operands it takes, its row (`encoding`) how it is encoded; the methods bring
// the operands into the fields. Of VEX and EVEX `encode` chooses, so a caller names registers 0…31, widths and masks freely and is
// stopped where an operation has no form for them.

extension Assembler {
    public mutating func vector(_ op: VectorBinary, _ width: VectorWidth, _ destination: VectorRegister, _ first: VectorRegister,
                                _ second: VectorOperand, mask: Masking = .none) {
        encode(op.encoding, width, reg: destination.number, second: first.number, second.place, isBroadcast: second.isBroadcast, mask)
    }

    public mutating func vector(_ op: VectorBinaryImmediate, _ width: VectorWidth, _ destination: VectorRegister, _ first: VectorRegister,
                                _ second: VectorOperand, immediate: UInt8, mask: Masking = .none) {
        precondition((op != .vroundss && op != .vroundsd) || immediate < 16, "scales are vrndscale's")
        encode(op.encoding, width, reg: destination.number, second: first.number, second.place, isBroadcast: second.isBroadcast, mask,
               immediate: immediate)
    }

    public mutating func vector(_ op: VectorUnary, _ width: VectorWidth, _ destination: VectorRegister, _ source: VectorOperand,
                                mask: Masking = .none) {
        encode(op.encoding, width, reg: destination.number, source.place, isBroadcast: source.isBroadcast, mask)
    }

    public mutating func vector(_ op: VectorUnaryImmediate, _ width: VectorWidth, _ destination: VectorRegister, _ source: VectorOperand,
                                immediate: UInt8, mask: Masking = .none) {
        precondition((op != .vroundps && op != .vroundpd) || immediate < 16, "scales are vrndscale's")
        let encoding = op.encoding
        if let digit = encoding.digit {
            encode(encoding, width, reg: digit, second: destination.number, source.place, isBroadcast: source.isBroadcast, mask,
                   immediate: immediate)
        } else {
            encode(encoding, width, reg: destination.number, source.place, isBroadcast: source.isBroadcast, mask, immediate: immediate)
        }
    }

    public mutating func vector(_ op: VectorBlend, _ width: VectorWidth, _ destination: VectorRegister, _ first: VectorRegister,
                                _ second: VectorOperand, selector: VectorRegister) {
        precondition(selector.number < 16, "VEX has 16 registers")
        encode(op.encoding, width, reg: destination.number, second: first.number, second.place, isBroadcast: second.isBroadcast,
               immediate: selector.number << 4)
    }

    // Memory

    /// The destination is memory, for the narrowing moves also a register.
    public mutating func vector(_ op: VectorStore, _ width: VectorWidth, _ destination: VectorOperand, _ source: VectorRegister,
                                mask: Masking = .none) {
        precondition(!destination.place.isMemory || !mask.isZeroing, "nothing zeroes memory")
        encode(op.encoding, width, reg: source.number, destination.place, isBroadcast: destination.isBroadcast, mask)
    }

    public mutating func vector(_ op: VectorExtract, _ width: VectorWidth, _ destination: VectorOperand, _ source: VectorRegister,
                                immediate: UInt8, mask: Masking = .none) {
        precondition(!destination.place.isMemory || !mask.isZeroing, "nothing zeroes memory")
        encode(op.encoding, width, reg: source.number, destination.place, isBroadcast: destination.isBroadcast, mask, immediate: immediate)
    }

    public mutating func vector(_ op: VectorMaskedLoad, _ width: VectorWidth, _ destination: VectorRegister, _ source: Address,
                                mask: VectorRegister) {
        encode(op.encoding, width, reg: destination.number, second: mask.number, .memory(source))
    }

    public mutating func vector(_ op: VectorMaskedStore, _ width: VectorWidth, _ destination: Address, _ source: VectorRegister,
                                mask: VectorRegister) {
        encode(op.encoding, width, reg: source.number, second: mask.number, .memory(destination))
    }

    /// By the highest bits of a vector (AVX2). The mask is zero afterwards; the three registers must differ.
    public mutating func vector(_ op: VectorGather, _ width: VectorWidth, _ destination: VectorRegister, _ source: VectorAddress,
                                mask: VectorRegister) {
        precondition(destination != mask && destination != source.index && mask != source.index, "a gather's registers must differ")
        precondition(width != .zmm && destination.number < 16 && source.index.number < 16 && mask.number < 16,
                     "a gather by a vector of masks has VEX only")
        encode(op.encoding, width, reg: destination.number, second: mask.number, .vectorMemory(source))
    }

    /// By a mask register (AVX-512), which is zero afterwards. The two vector registers must differ.
    public mutating func vector(_ op: VectorGather, _ width: VectorWidth, _ destination: VectorRegister, _ source: VectorAddress,
                                mask: Mask) {
        precondition(destination != source.index, "a gather's registers must differ")
        encode(op.encoding, width, reg: destination.number, .vectorMemory(source), .merging(mask))
    }

    /// The mask is zero afterwards. Where elements have the same address the last one stays.
    public mutating func vector(_ op: VectorScatter, _ width: VectorWidth, _ destination: VectorAddress, _ source: VectorRegister,
                                mask: Mask) {
        encode(op.encoding, width, reg: source.number, .vectorMemory(destination), .merging(mask))
    }

    // General purpose registers and flags

    public mutating func vector(_ op: VectorFromGeneral, _ width: VectorWidth, _ destination: VectorRegister, _ source: GPR,
                                mask: Masking = .none) {
        encode(op.encoding, width, reg: destination.number, .register(source.rawValue), mask)
    }

    public mutating func vector(_ op: VectorToGeneral, _ width: VectorWidth, _ destination: GPR, _ source: VectorRegister) {
        if op.isStore {
            encode(op.encoding, width, reg: source.number, .register(destination.rawValue))
        } else {
            encode(op.encoding, width, reg: destination.rawValue, .register(source.number))
        }
    }

    public mutating func vector(_ op: VectorFromInteger, _ integer: IntegerWidth, _ destination: VectorRegister, _ upper: VectorRegister,
                                _ source: GeneralOperand) {
        encode(op.encoding(integer), .xmm, reg: destination.number, second: upper.number, source.place)
    }

    public mutating func vector(_ op: VectorToInteger, _ integer: IntegerWidth, _ destination: GPR, _ source: VectorOperand) {
        encode(op.encoding(integer), .xmm, reg: destination.rawValue, source.place, isBroadcast: source.isBroadcast)
    }

    public mutating func vector(_ op: VectorFlags, _ width: VectorWidth, _ first: VectorRegister, _ second: VectorOperand) {
        encode(op.encoding, width, reg: first.number, second.place, isBroadcast: second.isBroadcast)
    }
}
