// Everything that the host's side can get wrong, many times each: the call under way ends with a typed error, what was
// lost says so by name, and the next work runs on a device rebuilt from scratch.
import AcceleratorSelfTest
import Foundation
import GPU
import JaxPlatform
import Testing

@Suite struct FaultTests {
    let server = VtestServer()

    @Test(arguments: HostFault.allCases) func hostFaults(_ fault: HostFault) throws {
        let server = try #require(server)
        var transport: InterposedTransport?
        var seed: UInt64 = 1
        let device = try VulkanAccelerator { () throws(AcceleratorError) in
            let fresh = InterposedTransport(try VtestTransport(server))
            fresh.seed = seed
            seed += 1
            transport = fresh
            return try VenusCalls(fresh, commandBudget: 300_000_000)
        }
        let words = TestKernels.histogram()
        // A command too large for the ring needs memory of its own, which can be refused.
        let large = words + [UInt32](repeating: 0x0001_0000, count: 4000)
        for round in 0..<100 {
            let kept = try device.makeBuffer(byteCount: 64, name: "kept \(round)", owner: testOwner)
            let resets = device.ledger.resetCount
            transport?.fault = fault
            let start = DispatchTime.now().uptimeNanoseconds
            do {
                _ = try device.makeModule(fault == .refusedBlob ? large : words, name: "m", owner: testOwner)
                Issue.record("\(fault) went unnoticed")
            } catch {
                switch fault {
                case .ringFatal, .silence: #expect(error.kind == .deviceLost)
                case .wildHead: #expect(error.kind == .protocolViolation)
                case .garbageReply: #expect(error.kind == .protocolViolation)
                case .callFails:
                    #expect(error.kind == .outOfMemory)
                    #expect(error.message == "vkCreateShaderModule answered VK_ERROR_OUT_OF_DEVICE_MEMORY")
                case .refusedBlob: #expect(error.kind == .outOfMemory)
                }
            }
            #expect(DispatchTime.now().uptimeNanoseconds - start < 2_000_000_000)
            transport?.fault = nil
            // The next work runs.
            let module = try device.makeModule(words, name: "next", owner: testOwner)
            module.free()
            if fault == .callFails || fault == .refusedBlob {
                #expect(device.ledger.resetCount == resets)
                kept.free()
            } else {
                #expect(device.ledger.resetCount == resets + 1)
                do {
                    _ = try device.makeList([.fill(BufferView(kept), pattern: 0)], timed: false, owner: testOwner)
                    Issue.record("a lost buffer was used")
                } catch {
                    #expect(error.kind == .bufferLost)
                    #expect(error.message.contains("'kept \(round)'"))
                }
            }
            #expect(device.ledger.isEmpty)
        }
        device.close()
    }
}
