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
