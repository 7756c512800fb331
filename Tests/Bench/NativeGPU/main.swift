// The GPU benchmark on this host's own Vulkan, without the machine: the same modules through the same object layer.
import AcceleratorSelfTest
import GPU
import HostAccelerator
import JaxPlatform

do {
    let device = try VulkanAccelerator.host()
    print("device \(device.information.name)")
    for result in try Benchmark.run(device, owner: AcceleratorOwner(id: 1, name: "bench")) {
        print("bench \(result.name): \(result.value) \(result.unit)")
    }
} catch {
    print("failed: \(error)")
}
