// From a program to one with kernels, by the passes of `compilerPasses`: the same for every device, whose compiler of kernels it is given.
import JaxCompile
import JaxIR
import JaxOps
import JaxPlatform

extension KernelCompiler {
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
}
