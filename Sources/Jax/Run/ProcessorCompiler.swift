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

    /// A program that does the same. Where a pass or the verifier refuses what it was given, that is logged, and the program stays as it
    /// is for the evaluator. Throws where the job has to end.
    func compile(_ module: Module) throws(JaxError) -> Module {
        do throws(JaxError) {
            let result = try fused(try inlined(module), self)
            try verify(result)
            return result
        } catch {
            if error.kind == .cancelled || error.kind == .resourceExhausted { throw error }
            platform.log("the compiler gave up on \(module.name): \(error.message)")
            return module
        }
    }

    func compile(_ kernel: Kernel) throws(JaxError) -> CompiledKernel? {
        guard let code = X86.code(kernel, features) else { return nil }
        return try MachineCode(code, for: kernel)
    }
}
