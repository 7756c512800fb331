// From a program to one with kernels of machine code, by the passes of `compilerPasses`.
import JaxCompile
import JaxIR
import JaxOps
import JaxPlatform
import JaxTransform
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

    /// A program that does the same, after all passes or those up to and including `last`. Where a pass or the verifier refuses what it
    /// was given, that is logged, and the pass is left out: whatever is not compiled is evaluated. Throws where the job has to end.
    func compile(_ module: Module, upTo last: String? = nil) throws(JaxError) -> Module {
        var current = module
        for pass in compilerPasses {
            do throws(JaxError) {
                let result = try pass.run(current, self)
                try verify(result)
                current = result
            } catch {
                if error.kind == .cancelled || error.kind == .resourceExhausted { throw error }
                platform.log("the compiler's pass \(pass.name) gave up on \(module.name): \(error.message)")
            }
            if pass.name == last { break }
        }
        return current
    }

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
