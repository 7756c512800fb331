// Whether a device rounds a × b + c once. Vulkan leaves that to the device and has no question for it ("Precision and Operation of SPIR-V
// Instructions": fma is as precise as a product and a sum), so the device computes one that tells.
import JaxPlatform
import SPIRV

extension ShaderTarget {
    /// What suits the device of `accelerator`, which executes a small kernel; nil where it lacks what every kernel needs. Throws what the
    /// device throws.
    public static func probing(_ accelerator: any Accelerator, owner: AcceleratorOwner) throws(AcceleratorError) -> ShaderTarget? {
        guard var target = ShaderTarget(accelerator.information) else { return nil }
        target.fusesMultiplyAdd = try fuses(accelerator, owner, .f32, 4, [0x3F80_0800, 0x3F80_0800, 0xBF80_1000, 0])
        if target.fusesMultiplyAdd && target.features.contains(.float64) {
            target.fusesMultiplyAdd = try fuses(accelerator, owner, .f64, 8,
                                                [0, 0x3FF0_0000 + 1 << 5, 0, 0x3FF0_0000 + 1 << 5, 0, 0xBFF0_0000 + 1 << 6, 0, 0])
        }
        return target
    }

    private static let budget: UInt64 = 10_000_000_000

    /// `numbers`, in memory: x, x and −(x² rounded), where x² has more digits than the type, then room for the result, which is 0 only
    /// after two roundings.
    private static func fuses(_ accelerator: any Accelerator, _ owner: AcceleratorOwner, _ scalar: Scalar, _ byteCount: UInt64,
                              _ numbers: [UInt32]) throws(AcceleratorError) -> Bool {
        let buffer = try accelerator.makeBuffer(byteCount: 4 * numbers.count, name: "probe", owner: owner)
        defer { buffer.free() }
        var memory = numbers
        var failure: AcceleratorError?
        memory.withUnsafeBytes { do throws(AcceleratorError) { try buffer.write($0, at: 0) } catch { failure = error } }
        if let failure { throw failure }
        let address = try buffer.deviceAddress

        let builder = ModuleBuilder(), word = ShaderType(.uint(64))
        builder.parameters([word])
        let words = builder.kernel(workgroupSize: (1, 1, 1)) { shader in
            func place(_ number: UInt64) -> Pointer {
                shader.place(at: shader.add(shader.parameter(0), builder.constant(word, bits: number * byteCount)), ShaderType(scalar))
            }
            shader.store(shader.fma(shader.load(place(0)), shader.load(place(1)), shader.load(place(2))), to: place(3))
        }
        let module = try accelerator.makeModule(words, name: "probe", owner: owner)
        defer { module.free() }
        let kernel = try accelerator.makeKernel(module, KernelLayout(bindingCount: 0, parameterByteCount: 8))
        defer { kernel.free() }
        let parameters = (0..<8).map { UInt8(truncatingIfNeeded: address >> (8 * $0)) }
        let list = try accelerator.makeList([.dispatch(kernel: kernel, bindings: [], parameters: parameters, groups: Extent3(1))],
                                            timed: false, owner: owner)
        defer { list.free() }
        let stream = try accelerator.makeStream(owner: owner)
        defer { stream.free() }
        try stream.wait(for: try stream.submit(list), budget: budget)
        memory.withUnsafeMutableBytes { do throws(AcceleratorError) { try buffer.read(into: $0, at: 0) } catch { failure = error } }
        if let failure { throw failure }
        return memory.suffix(Int(byteCount) / 4).contains { $0 & 0x7FFF_FFFF != 0 }
    }
}
