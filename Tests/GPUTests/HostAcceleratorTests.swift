// The self-test's kernels on this host's own Vulkan (lavapipe where there is no GPU), through the same object layer that
// the machine uses.
import AcceleratorSelfTest
import Foundation
import GPU
import HostAccelerator
import JaxPlatform
import Testing

let testOwner = AcceleratorOwner(id: 7, name: "test")

@Suite(.serialized) struct HostAcceleratorTests {
    @Test func selfTest() throws {
        let device = try VulkanAccelerator.host()
        let results = try SelfTest(device, owner: testOwner).run()
        for result in results { #expect(result.isCorrect == true, "\(result.name)") }
        device.end(owner: testOwner, budget: 1_000_000_000)
        #expect(device.ledger.isEmpty)
        #expect(device.reservedByteCount == 0)
    }

    /// Memory that the processor cannot see, as most of a real GPU's: bytes pass through memory that it can.
    @Test func bytesReachMemoryThatIsNotMapped() throws {
        let device = try VulkanAccelerator { () throws(AcceleratorError) in try NativeVulkan(largestMapping: 2 << 20) }
        let byteCount = (5 << 20) + 3, offset = 4097
        let buffer = try device.makeBuffer(byteCount: byteCount + offset, name: "large", owner: testOwner)
        let sent = (0..<byteCount).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ $0 >> 12) }
        var received = [UInt8](repeating: 0, count: byteCount)
        for _ in 0..<3 {
            var failure: AcceleratorError?
            sent.withUnsafeBytes { bytes in do throws(AcceleratorError) { try buffer.write(bytes, at: offset) } catch { failure = error } }
            received.withUnsafeMutableBytes { bytes in
                do throws(AcceleratorError) { try buffer.read(into: bytes, at: offset) } catch { failure = error }
            }
            #expect(failure == nil)
            #expect(received == sent)
        }
        device.end(owner: testOwner, budget: 1_000_000_000)
        #expect(device.ledger.isEmpty)
        #expect(device.reservedByteCount == 0)
    }

    /// What was lost with a device is refused by name, and the device that came after is none the worse for it.
    @Test func whatWasLostDoesNotHarmTheNextDevice() throws {
        let device = try VulkanAccelerator.host()
        let module = try device.makeModule(TestKernels.busy(), name: "busy", owner: testOwner)
        let kernel = try device.makeKernel(module, KernelLayout(bindingCount: 1, parameterByteCount: 4))
        let list = try device.makeList([], timed: false, owner: testOwner)
        let stream = try device.makeStream(owner: testOwner)
        try device.reset()
        let x = try device.makeBuffer(byteCount: 256, name: "x", owner: testOwner)
        let next = try device.makeStream(owner: testOwner)
        let uses: [() throws -> Void] = [
            { _ = try device.makeKernel(module, KernelLayout(bindingCount: 1, parameterByteCount: 4)) },
            { _ = try device.makeList([.dispatch(kernel: kernel, bindings: [BufferView(x)], parameters: [1, 0, 0, 0], groups: Extent3(1))],
                                      timed: false, owner: testOwner) },
            { _ = try next.submit(list) },
            { _ = try stream.submit(list) },
            { try stream.wait(for: 1, budget: 1) },
        ]
        for use in uses {
            let error = #expect(throws: AcceleratorError.self) { try use() }
            #expect(error?.kind == .deviceLost)
        }
        module.free()
        let fill = try device.makeList([.fill(BufferView(x), pattern: 9)], timed: false, owner: testOwner)
        try next.wait(for: try next.submit(fill), budget: 1_000_000_000)
        #expect(device.ledger.resetCount == 1)
        device.end(owner: testOwner, budget: 1_000_000_000)
        #expect(device.ledger.isEmpty)
    }

    @Test func informationNamesTheDevice() throws {
        let information = try VulkanAccelerator.host().information
        #expect(!information.name.isEmpty)
        #expect(information.limits.subgroupSize >= 1)
        #expect(information.limits.workgroupInvocations >= 128)
        #expect(information.memoryByteCount > 0)
    }
}
