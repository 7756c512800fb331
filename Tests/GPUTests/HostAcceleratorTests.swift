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

    @Test func informationNamesTheDevice() throws {
        let information = try VulkanAccelerator.host().information
        #expect(!information.name.isEmpty)
        #expect(information.limits.subgroupSize >= 1)
        #expect(information.limits.workgroupInvocations >= 128)
        #expect(information.memoryByteCount > 0)
    }
}
