// Two ways to execute kernels beside the region's evaluation: the loop form's interpreter, and machine code for a chosen processor.
import JaxCompile
import JaxOps
import JaxPlatform
import Loops
import X86

private final class InterpretedKernel: CompiledKernel {
    private let kernel: Kernel

    init(_ kernel: Kernel, source: String?) {
        self.kernel = kernel
        super.init(name: kernel.name, source: source, cost: kernel.cost)
    }

    override func run(_ table: UnsafeMutablePointer<UnsafeMutableRawPointer>) throws(JaxError) {
        var interpreter = KernelInterpreter(kernel, kernel.buffers.indices.map { table[$0] })
        interpreter.run()
    }
}

public final class Interpreting: KernelCompiler {
    public let target = LoopTarget(lanes: 8, registers: 13)
    /// Told of each kernel.
    public var sees: (Kernel) -> Void = { _ in }

    public init() {}

    public func compile(_ kernel: Kernel, source: String?) throws(JaxError) -> CompiledKernel? {
        sees(kernel)
        try kernel.verify()
        return InterpretedKernel(kernel, source: source)
    }
}

public final class Compiling: KernelCompiler {
    private let features: X86Features
    public var target: LoopTarget { features.target }
    public var sees: (Kernel) -> Void = { _ in }
    /// Kernels that have no code on this processor.
    public private(set) var failures: [String] = []

    public init(_ features: X86Features) { self.features = features }

    public func compile(_ kernel: Kernel, source: String?) throws(JaxError) -> CompiledKernel? {
        sees(kernel)
        try kernel.verify()
        if let code = X86.code(kernel, features) { return try MachineCode(code.bytes, for: kernel, source: source) }
        failures.append(kernel.name)
        return nil
    }
}
