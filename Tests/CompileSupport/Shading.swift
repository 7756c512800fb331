// A third way to execute kernels: as shaders, one by one. Software Vulkan runs in this process and takes any of its addresses for one of
// the device's, so that kernels work on the tensors as they lie there.
import GPU
import HostAccelerator
import JaxCompile
import JaxOps
import JaxPlatform
import Loops
import SPIRVRenderer

public final class Shading: KernelCompiler {
    private let accelerator: VulkanAccelerator
    private let shaderTarget: ShaderTarget
    private let owner = AcceleratorOwner(id: 1, name: "shaders")
    private let stream: any AcceleratorStream
    private var kernels: [[UInt32]: any AcceleratorKernel] = [:]
    public var target: LoopTarget { shaderTarget.loops }
    /// Told of each module that is executed for the first time.
    public var sees: (Kernel, [UInt32]) -> Void = { _, _ in }
    /// Told of each kernel that leaves other bits in its buffers than the interpreter does, with how many bytes differ.
    public var differs: ((Kernel, Int) -> Void)?
    /// Kernels that the device cannot have.
    public private(set) var failures: [String] = []

    /// Throws `unavailable` where the host has no software Vulkan.
    public init() throws(AcceleratorError) {
        accelerator = try VulkanAccelerator.host()
        guard accelerator.information.kind == .processor, let target = try ShaderTarget.probing(accelerator, owner: owner) else {
            throw AcceleratorError(.unavailable, "\(accelerator.information.name) does not compute in this process's memory")
        }
        shaderTarget = target
        stream = try accelerator.makeStream(owner: owner)
    }

    public func compile(_ kernel: Kernel, source: String?) throws(JaxError) -> CompiledKernel? {
        try kernel.verify()
        guard let code = ShaderCode.render(kernel, for: shaderTarget, source: source) else {
            failures.append(kernel.name)
            return nil
        }
        for dispatch in code.dispatches where kernels[dispatch.words] == nil { sees(kernel, dispatch.words) }
        return ShadedKernel(kernel, code, self)
    }

    fileprivate func run(_ code: ShaderCode, _ table: UnsafeMutablePointer<UnsafeMutableRawPointer>) throws(AcceleratorError) {
        let scratch = UnsafeMutableRawPointer.allocate(byteCount: max(code.scratchByteCount, 8), alignment: 64)
        defer { scratch.deallocate() }
        let addresses = [UInt64(UInt(bitPattern: table)), UInt64(UInt(bitPattern: scratch))]
        var commands: [AcceleratorCommand] = []
        for dispatch in code.dispatches {
            let kernel = try self.kernel(dispatch.words, code.name)
            let parameters = addresses.flatMap { address in (0..<8).map { UInt8(truncatingIfNeeded: address >> (8 * $0)) } }
            commands += [.dispatch(kernel: kernel, bindings: [], parameters: parameters, groups: dispatch.groups), .barrier]
        }
        let list = try accelerator.makeList(commands, timed: false, owner: owner)
        try stream.wait(for: try stream.submit(list), budget: 60_000_000_000)
        list.free()
    }

    private func kernel(_ words: [UInt32], _ name: String) throws(AcceleratorError) -> any AcceleratorKernel {
        if let known = kernels[words] { return known }
        let module = try accelerator.makeModule(words, name: name, owner: owner)
        let layout = KernelLayout(bindingCount: 0, parameterByteCount: ShaderCode.parameterByteCount)
        let kernel = try accelerator.makeKernel(module, layout)
        kernels[words] = kernel
        return kernel
    }
}

private final class ShadedKernel: CompiledKernel {
    private let kernel: Kernel
    private let code: ShaderCode
    private let shading: Shading

    init(_ kernel: Kernel, _ code: ShaderCode, _ shading: Shading) {
        self.kernel = kernel
        self.code = code
        self.shading = shading
        super.init(name: code.name, source: code.source, cost: code.cost)
    }

    override func run(_ table: UnsafeMutablePointer<UnsafeMutableRawPointer>) throws(JaxError) {
        var copies: [UnsafeMutableRawPointer] = []
        defer { for copy in copies { copy.deallocate() } }
        if let differs = shading.differs {
            for (number, buffer) in kernel.buffers.enumerated() {
                let byteCount = buffer.count * buffer.element.byteCount
                copies.append(.allocate(byteCount: max(byteCount, 8), alignment: 64))
                copies[number].copyMemory(from: table[number], byteCount: byteCount)
            }
            defer {
                for (number, buffer) in kernel.buffers.enumerated() where buffer.isWritten {
                    let byteCount = buffer.count * buffer.element.byteCount
                    let wrong = (0..<byteCount).count { copies[number].load(fromByteOffset: $0, as: UInt8.self) != table[number].load(fromByteOffset: $0, as: UInt8.self) }
                    if wrong > 0 { differs(kernel, wrong) }
                }
            }
            var interpreter = KernelInterpreter(kernel, copies)
            interpreter.run()
            do throws(AcceleratorError) { try shading.run(code, table) } catch { throw JaxError(error) }
            return
        }
        do throws(AcceleratorError) { try shading.run(code, table) } catch { throw JaxError(error) }
    }
}
