// From a program to one with kernels of machine code: the passes in their order.
import JaxCompile
import JaxIR
import JaxOps
import JaxPlatform
import JaxTransform
import Loops
import X86

final class ProcessorCompiler: KernelCompiler {
    private let features = X86Features.detected

    var target: LoopTarget { features.target }

    /// A program that does the same. Throws `resourceExhausted` where it would grow too large.
    func compile(_ module: Module) throws(JaxError) -> Module {
        let result = try fused(try inlined(module), self)
        try verify(result)
        return result
    }

    func compile(_ kernel: Kernel) throws(JaxError) -> CompiledKernel? {
        guard let code = X86.code(kernel, features) else { return nil }
        return try MachineCode(code, for: kernel)
    }
}

extension X86Features {
    /// Vectors of 512 or 256 bits; three registers are the renderer's own.
    var target: LoopTarget { hasAVX512 ? LoopTarget(lanes: 16, registers: 29) : LoopTarget(lanes: 8, registers: 13) }
}
