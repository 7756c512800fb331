// Kernels as an accelerator's shaders.
import JaxCompile
import JaxOps
import JaxPlatform
import Loops
import SPIRVRenderer

final class AcceleratorCompiler: KernelCompiler {
    private let shaders: ShaderTarget

    init(_ shaders: ShaderTarget) { self.shaders = shaders }

    var target: LoopTarget { shaders.loops }

    func compile(_ kernel: Kernel, source: String?) throws(JaxError) -> CompiledKernel? {
        do throws(JaxError) {
            try kernel.verify()
        } catch {
            platform.log("the compiler made an unsound kernel, whose operations are evaluated: \(error.message)")
            return nil
        }
        return ShaderCode.render(kernel, for: shaders, source: source)
    }
}
