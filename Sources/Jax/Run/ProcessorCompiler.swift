// Kernels as machine code of this processor, or of one with other features.
import JaxCompile
import JaxOps
import JaxPlatform
import Loops
import X86

final class ProcessorCompiler: KernelCompiler {
    private let features: X86Features
    /// Told of each kernel that has code.
    private let sees: ((Kernel, X86Code, CompiledKernel) -> Void)?

    init(_ features: X86Features = .detected, sees: ((Kernel, X86Code, CompiledKernel) -> Void)? = nil) {
        self.features = features
        self.sees = sees
    }

    var target: LoopTarget { features.target }

    func compile(_ kernel: Kernel, source: String?) throws(JaxError) -> CompiledKernel? {
        do throws(JaxError) {
            try kernel.verify()
        } catch {
            platform.log("the compiler made an unsound kernel, whose operations are evaluated: \(error.message)")
            return nil
        }
        guard let code = X86.code(kernel, features) else { return nil }
        let compiled = try MachineCode(code.bytes, for: kernel, source: source)
        sees?(kernel, code, compiled)
        return compiled
    }
}
