// How a vector instruction is encoded, as one row of a table says it: the columns are those of Intel's manual (volume 2,
// "Instruction Format").

/// One row.
struct Encoding {
    enum Prefix: UInt8 {
        case none, p66, pF3, pF2
    }

    /// The leading bytes of the opcode: 0F, 0F 38 or 0F 3A.
    enum Map: UInt8 {
        case m0F = 1, m38, m3A
    }

    /// The bit W: 0 or 1 in both encodings, or 1 in EVEX only, where VEX ignores it.
    enum W {
        case w0, w1, evex1
    }

    /// What the instruction reads or writes of memory; EVEX counts short displacements in this unit.
    enum MemoryOperand {
        case none
        /// The whole width; `full32` and `full64` also take one element of that size for all lanes.
        case full, full32, full64
        /// A part of the width, because the elements in memory are narrower.
        case half, half32, quarter, eighth
        case bytes1, bytes2, bytes4, bytes8, bytes16, bytes32
        /// 8 bytes for xmm, else the whole width: `vmovddup` only.
        case duplicated
    }

    struct Forms: OptionSet {
        let rawValue: UInt8
        static let vex128 = Forms(rawValue: 1), vex256 = Forms(rawValue: 2)
        static let evex128 = Forms(rawValue: 4), evex256 = Forms(rawValue: 8), evex512 = Forms(rawValue: 16)
        static let vex: Forms = [.vex128, .vex256]
        static let evex: Forms = [.evex128, .evex256, .evex512]
        static let all: Forms = [.vex128, .vex256, .evex128, .evex256, .evex512]
        /// Of instructions that move parts wider than xmm.
        static let wide: Forms = [.vex256, .evex256, .evex512]
        static let evexWide: Forms = [.evex256, .evex512]
        static let scalar: Forms = [.vex128, .evex128]
        /// Without masks, though EVEX has a place for them.
        static let unmasked = Forms(rawValue: 32)
        static let unmaskedScalar: Forms = [.vex128, .evex128, .unmasked]
    }

    /// Which kinds of operand may stand last.
    enum Last {
        case any, register, memory
    }

    let prefix: Prefix
    let map: Map
    let opcode: UInt8
    let w: W
    let memory: MemoryOperand
    let forms: Forms
    let last: Last
    /// For instructions whose opcode goes on in ModRM's `reg`: the destination is the field `vvvv` then, as in shifts by an immediate.
    let digit: UInt8?

    init(_ prefix: Prefix, _ map: Map, _ opcode: UInt8, _ w: W, _ memory: MemoryOperand, _ forms: Forms = .all, _ last: Last = .any,
         digit: UInt8? = nil) {
        self.prefix = prefix
        self.map = map
        self.opcode = opcode
        self.w = w
        self.memory = memory
        self.forms = forms
        self.last = last
        self.digit = digit
    }

    // The families that most rows belong to

    /// Packed and scalar numbers of 32 and 64 bits in the map 0F, where the prefix alone tells them apart.
    static func ps(_ opcode: UInt8) -> Encoding { Encoding(.none, .m0F, opcode, .w0, .full32) }
    static func pd(_ opcode: UInt8) -> Encoding { Encoding(.p66, .m0F, opcode, .evex1, .full64) }
    static func ss(_ opcode: UInt8) -> Encoding { Encoding(.pF3, .m0F, opcode, .w0, .bytes4, .scalar) }
    static func sd(_ opcode: UInt8) -> Encoding { Encoding(.pF2, .m0F, opcode, .evex1, .bytes8, .scalar) }

    /// Elements of 8 or 16 bits: no broadcast, and W does not matter.
    static func narrow(_ map: Map, _ opcode: UInt8, _ forms: Forms = .all) -> Encoding {
        Encoding(.p66, map, opcode, .w0, .full, forms)
    }

    /// Elements of 32 or 64 bits with prefix 66.
    static func d(_ map: Map, _ opcode: UInt8, _ forms: Forms = .all) -> Encoding { Encoding(.p66, map, opcode, .w0, .full32, forms) }
    static func q(_ map: Map, _ opcode: UInt8, _ forms: Forms = .all) -> Encoding { Encoding(.p66, map, opcode, .evex1, .full64, forms) }

    /// Multiply-adds, where W tells the types apart.
    static func fma(_ opcode: UInt8, _ memory: MemoryOperand) -> Encoding {
        switch memory {
        case .full64: return Encoding(.p66, .m38, opcode, .w1, memory)
        case .bytes4: return Encoding(.p66, .m38, opcode, .w0, memory, .scalar)
        case .bytes8: return Encoding(.p66, .m38, opcode, .w1, memory, .scalar)
        default: return Encoding(.p66, .m38, opcode, .w0, memory)
        }
    }

    /// The bytes of memory that one instruction takes, without a broadcast.
    func memoryBytes(_ width: VectorWidth) -> Int {
        switch memory {
        case .none: return 1
        case .full, .full32, .full64: return width.byteCount
        case .half, .half32: return width.byteCount / 2
        case .quarter: return width.byteCount / 4
        case .eighth: return width.byteCount / 8
        case .bytes1: return 1
        case .bytes2: return 2
        case .bytes4: return 4
        case .bytes8: return 8
        case .bytes16: return 16
        case .bytes32: return 32
        case .duplicated: return width == .xmm ? 8 : width.byteCount
        }
    }

    var broadcastBytes: Int? {
        switch memory {
        case .full32, .half32: return 4
        case .full64: return 8
        default: return nil
        }
    }

    func hasVEX(_ width: VectorWidth) -> Bool {
        width == .xmm ? forms.contains(.vex128) : width == .ymm && forms.contains(.vex256)
    }

    func hasEVEX(_ width: VectorWidth) -> Bool {
        forms.contains(width == .xmm ? .evex128 : width == .ymm ? .evex256 : .evex512)
    }
}
