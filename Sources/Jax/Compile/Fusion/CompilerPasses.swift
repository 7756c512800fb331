// The table of the compiler's passes, in their order.
import JaxIR
import JaxOps
import JaxPlatform
import JaxTransform

/// A step of the compiler: a verified program in, another one that does the same out.
public struct CompilerPass {
    public let name: String
    /// `compiler` makes kernels executable; without one they are not.
    public let run: (Module, (any KernelCompiler)?) throws(JaxError) -> Module
}

/// All passes. Not stored: what is made within a job goes with the job.
public var compilerPasses: [CompilerPass] {
    [
        CompilerPass(name: "inline") { module, _ throws(JaxError) in try inlined(module) },
        CompilerPass(name: "structured") { module, _ throws(JaxError) in try withoutStructured(module) },
        CompilerPass(name: "algebra") { module, _ throws(JaxError) in try simplified(module) },
        CompilerPass(name: "subexpressions") { module, _ throws(JaxError) in try withoutCommonSubexpressions(module) },
        CompilerPass(name: "fusion") { module, compiler throws(JaxError) in try fused(module, compiler) },
    ]
}

/// A program after all passes, each verified. Throws what a pass or the verifier throws.
public func compiled(_ module: Module, _ compiler: (any KernelCompiler)?) throws(JaxError) -> Module {
    var current = module
    for pass in compilerPasses {
        current = try pass.run(current, compiler)
        try verify(current)
    }
    return current
}
