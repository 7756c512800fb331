// The compiler of kernels for x86-64.
import CPU
import JaxPlatform
import Loops

/// What the processor can do.
public struct X86Features {
    /// AVX-512 F, DQ, CD, BW and VL, with their state kept by who switches tasks; else AVX2 and FMA.
    public var hasAVX512: Bool

    public init(hasAVX512: Bool) { self.hasAVX512 = hasAVX512 }

    /// This processor's (Intel SDM vol. 1, 15.2).
    public static var detected: X86Features {
        let wanted: UInt32 = 1 << 16 | 1 << 17 | 1 << 28 | 1 << 30 | 1 << 31
        let hasInstructions = cpu_cpuid(0, 0).eax >= 7 && cpu_cpuid(7, 0).ebx & wanted == wanted
        return X86Features(hasAVX512: hasInstructions && cpu_read_xcr0() & 0xE6 == 0xE6)
    }
}

extension X86Features {
    /// Vectors of 512 or 256 bits; three registers are the renderer's own.
    public var target: LoopTarget { hasAVX512 ? LoopTarget(lanes: 16, registers: 29) : LoopTarget(lanes: 8, registers: 13) }
}

/// A kernel's machine code: instructions, then the constants that they load.
public struct X86Code {
    public var bytes: [UInt8]
    /// Bytes of instructions.
    public var instructionBytes: Int
}

public enum X86 {
    /// The code of a verified kernel, to be called with the address of a table of its buffers and the first and the end of the iterations
    /// of its parallel loop; nil where it has operations that this processor has no instructions for.
    /// Buffers of 2 GiB and more have no code either: distances within them would not fit an instruction's 32 bits.
    public static func code(_ kernel: Kernel, _ features: X86Features) -> X86Code? {
        guard kernel.buffers.allSatisfy({ $0.count <= Int(Int32.max) / $0.element.byteCount }) else { return nil }
        return Selection.code(kernel, features)
    }
}
