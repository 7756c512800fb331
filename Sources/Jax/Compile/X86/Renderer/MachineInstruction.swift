// Instructions before registers are assigned: what the selection makes and the emission writes. Operands are virtual registers, of which
// there are as many as are wanted.
import X86Assembler

/// A register that the allocation will choose, of one of two kinds.
struct VirtualRegister: Hashable {
    let id: Int32
    let isVector: Bool
}

/// base + index × scale + displacement, or a constant of the code.
struct MachineAddress {
    enum Base {
        case register(VirtualRegister)
        /// The table of buffers.
        case table
        case constant(Label)
    }

    var base: Base
    var index: VirtualRegister?
    var scale = Scale.one
    var displacement: Int32 = 0

    init(_ base: VirtualRegister, index: VirtualRegister? = nil, scale: Scale = .one, _ displacement: Int32 = 0) {
        self.base = .register(base)
        self.index = index
        self.scale = scale
        self.displacement = displacement
    }

    init(table displacement: Int32) {
        base = .table
        self.displacement = displacement
    }

    init(_ constant: Label) { base = .constant(constant) }
}

enum MachineOp {
    // Vectors: destination, sources in order; the last source may be memory instead.
    case binary(VectorBinary)
    /// The destination is the first source too.
    case tied(VectorBinary)
    case binaryImmediate(VectorBinaryImmediate, UInt8)
    case tiedImmediate(VectorBinaryImmediate, UInt8)
    case unary(VectorUnary)
    case unaryImmediate(VectorUnaryImmediate, UInt8)
    /// Sources: where the selector is 0, where it is 1, the selector.
    case blend(VectorBlend)
    case extract(VectorExtract, UInt8)
    /// Sources: what is stored; to memory.
    case store(VectorStore)
    case storeExtract(VectorExtract, UInt8)
    /// A comparison whose mask becomes a vector of 32-bit lanes, of the width given.
    case compare(VectorCompare, FloatPredicate, to: VectorWidth)
    case integerCompare(VectorIntegerCompare, IntegerPredicate, to: VectorWidth)
    /// All lanes from memory at base + index × scale; the source is the index. AVX2's form.
    case gather(VectorGather)
    case fromGeneral(VectorFromGeneral)
    case toGeneral(VectorToGeneral)
    case narrow(VectorStore)
    // General purpose registers.
    case loadGeneral(MemorySize)
    case loadZero(MemorySize)
    case loadSign(MemorySize)
    case storeGeneral(MemorySize)
    /// A register that the caller filled.
    case argument(GPR)
    case move
    case moveVector
    case immediate(Int64)
    /// destination = source × factor
    case multiply(Int32)
    /// Tied.
    case add
    case addImmediate(Int32)
    case signExtend32
    /// Tied: bring into 0 … limit.
    case clamp(Int64)
    case address
    // Control.
    case bind(Label)
    case jump(Label)
    /// Compares sources[0] with an immediate, or sources[0] with sources[1].
    case jumpCompare(Condition, Int32, Label)
    case jumpCompareRegisters(Condition, Label)
    /// Where the lowest lane of a truth value is false.
    case jumpFalse(Label)
    case loopStart
    case loopEnd
}

struct MachineInstruction {
    var op: MachineOp
    var width = VectorWidth.xmm
    var destination: VirtualRegister?
    var sources: [VirtualRegister] = []
    var memory: MachineAddress?

    /// Every register that is read.
    var uses: [VirtualRegister] {
        var list = sources
        if let memory {
            if case .register(let base) = memory.base { list.append(base) }
            if let index = memory.index { list.append(index) }
        }
        return list
    }

    /// Whether the first source's register becomes the destination.
    var isTied: Bool {
        switch op {
        case .tied, .tiedImmediate, .add, .addImmediate, .clamp: true
        default: false
        }
    }
}
