// The encoder's bytes before the real decoder: everything up to submission and completion; device memory cannot be
// read on this way, so what is computed is checked on the machine.
import AcceleratorSelfTest
import Foundation
@testable import GPU
import HostAccelerator
import JaxPlatform
import Testing

@Suite(.serialized) struct VenusTests {
    let server = VtestServer()

    @Test func everyCallIsAccepted() throws {
        let server = try #require(server, "virgl_test_server is not installed (package virgl-server)")
        let device = try VulkanAccelerator { () throws(AcceleratorError) in try VenusCalls(VtestTransport(server)) }
        let native = try VulkanAccelerator.host()
        #expect(device.information.limits.workgroupSize == native.information.limits.workgroupSize)
        #expect(device.information.limits.viewByteCount == native.information.limits.viewByteCount)
        #expect(device.information.features.contains(.float64))

        let x = try device.makeBuffer(byteCount: 4 * 1000, name: "x", owner: testOwner)
        let y = try device.makeBuffer(byteCount: 4 * 1000, name: "y", owner: testOwner)
        let module = try device.makeModule(TestKernels.chainStep(), name: "chain", owner: testOwner)
        let kernel = try device.makeKernel(module, KernelLayout(bindingCount: 2,
                                                                parameterByteCount: 8, specializations: [Specialization(0, UInt32(5))]))
        let stream = try device.makeStream(owner: testOwner)
        let list = try device.makeList([
            .fill(BufferView(x), pattern: 3), .barrier,
            .dispatch(kernel: kernel, bindings: [BufferView(x), BufferView(y)],
                      parameters: [0xe8, 3, 0, 0, 1, 0, 0, 0], groups: Extent3(16)),
            .barrier, .copy(from: BufferView(y), to: BufferView(x)),
        ], timed: true, owner: testOwner)
        for _ in 0..<70 {
            let submission = try stream.submit(list)
            try stream.wait(for: submission, budget: 5_000_000_000)
            #expect(try stream.duration(of: submission) != nil)
        }
        #expect(device.ledger.submissionCount == 70)
        #expect(device.ledger.dispatchCount == 70)
        device.end(owner: testOwner, budget: 1_000_000_000)
        #expect(device.ledger.isEmpty)
        device.close()
    }

    @Test func largeCommandsTravelThroughSharedMemory() throws {
        let server = try #require(server)
        let device = try VulkanAccelerator { () throws(AcceleratorError) in try VenusCalls(VtestTransport(server)) }
        // A module of 200 KB: the chain kernel with a long debug name in front would not change it, so one with many instructions.
        let words = TestKernels.matrixProduct() + [UInt32](repeating: 0x0001_0000, count: 50_000)  // OpNop after the function
        let module = try device.makeModule(words, name: "padded", owner: testOwner)
        module.free()
        device.close()
    }

    @Test func aMalformedCommandEndsTheContextAndTheNextOneWorks() throws {
        let server = try #require(server)
        var calls: VenusCalls?
        let device = try VulkanAccelerator { () throws(AcceleratorError) in
            let fresh = try VenusCalls(VtestTransport(server), commandBudget: 500_000_000)
            calls = fresh
            return fresh
        }
        let buffer = try device.makeBuffer(byteCount: 64, name: "kept", owner: testOwner)
        let context = try #require(calls).context
        var garbage = context.begin(0xdead_beef, answered: false)
        try context.send(&garbage)
        #expect(throws: AcceleratorError.self) { try device.makeModule(TestKernels.histogram(), name: "m", owner: testOwner) }
        do {
            try buffer.read(into: UnsafeMutableRawBufferPointer(start: nil, count: 0), at: 0)
            Issue.record("a lost buffer was read")
        } catch {
            #expect(error.kind == .bufferLost)
            #expect(error.message.contains("'kept'"))
        }
        let module = try device.makeModule(TestKernels.histogram(), name: "m", owner: testOwner)
        module.free()
        #expect(device.ledger.resetCount == 1)
        device.close()
    }
}
