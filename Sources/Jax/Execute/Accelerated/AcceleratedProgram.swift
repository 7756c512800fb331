// A program on a device: its kernels and constants, made once for all executions. They are made outside of jobs, under an owner of the
// program's own, so that a job that ends in the middle leaves nothing half made.
import JaxOps
import JaxPlatform
import SPIRVRenderer

public final class AcceleratedProgram {
    let plan: AcceleratedPlan
    let accelerator: any Accelerator
    private let owner: AcceleratorOwner
    private var modules: [any AcceleratorModule] = []
    private(set) var kernels: [any AcceleratorKernel] = []
    /// All constants one behind the other, and where each lies, by its address in the program.
    private(set) var constants: (any AcceleratorBuffer)?
    private(set) var constantPlaces: [Int: Int] = [:]

    /// Puts kernels and constants on the device. Throws what the device throws: `moduleRejected`, `outOfMemory`.
    public init(_ plan: AcceleratedPlan, on accelerator: any Accelerator, owner: AcceleratorOwner) throws(AcceleratorError) {
        self.plan = plan
        self.accelerator = accelerator
        self.owner = owner
        do throws(AcceleratorError) {
            try makeKernels()
            try makeConstants()
        } catch {
            accelerator.end(owner: owner, budget: AcceleratedProgram.endBudget)
            throw error
        }
    }

    deinit {
        for kernel in kernels { kernel.free() }
        for module in modules { module.free() }
        constants?.free()
    }

    /// How long work may go on for an owner who has ended, nanoseconds.
    public static let endBudget: UInt64 = 1_000_000_000

    private func makeKernels() throws(AcceleratorError) {
        var names = [String](repeating: "kernel", count: plan.modules.count)
        for list in plan.lists { for command in list { names[command.module] = command.code.name } }
        for (number, words) in plan.modules.enumerated() {
            let module = try accelerator.makeModule(words, name: names[number], owner: owner)
            modules.append(module)
            let layout = KernelLayout(bindingCount: 0, parameterByteCount: ShaderCode.parameterByteCount)
            kernels.append(try accelerator.makeKernel(module, layout))
        }
    }

    private func makeConstants() throws(AcceleratorError) {
        var byteCount = 0
        for constant in plan.plan.constants where constantPlaces[constant.address] == nil {
            constantPlaces[constant.address] = byteCount
            byteCount += ArenaLayout.rounded(constant.byteCount)
        }
        guard !constantPlaces.isEmpty else { return }
        // Constants without elements have a place too.
        let buffer = try accelerator.makeBuffer(byteCount: max(8, byteCount), name: "constants", owner: owner)
        constants = buffer
        for constant in plan.plan.constants where constant.byteCount > 0 {
            guard let place = constantPlaces[constant.address] else { continue }
            try buffer.write(UnsafeRawBufferPointer(start: UnsafeRawPointer(bitPattern: constant.address), count: constant.byteCount), at: place)
        }
    }
}
