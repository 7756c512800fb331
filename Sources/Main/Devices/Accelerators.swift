// The machine's accelerators: the GPU where virtio-gpu offers Venus. What is missing is said in the log in one line, and
// the machine goes on without.
import CPU
import Drivers
import GPU
import JaxPlatform
import Kernel

enum Accelerators {
    /// In the order in which they were found.
    nonisolated(unsafe) private(set) static var all: [any Accelerator] = []
    nonisolated(unsafe) private(set) static var gpu: VirtioGPU?

    /// Looks for GPUs on the bus. Runs in the kernel's heap.
    static func start(_ bus: PCIBus, _ environment: any DriverEnvironment) {
        for function in bus.functions where PCITransport.deviceType(of: function) == VirtioDeviceType.gpu {
            do throws(DeviceError) {
                let device = try VirtioGPU(try PCITransport(function, environment), environment) { (region) throws(DeviceError) in
                    guard let base = DeviceMappings.map(region.physical, byteCount: Int(region.byteCount), cache: .writeBack) else {
                        throw DeviceError(.resourceExhausted, "virtio-gpu", "no memory to map its window of \(region.byteCount) bytes")
                    }
                    return UInt(bitPattern: base)
                }
                start(device)
            } catch {
                log("no GPU: " + error.description)
            }
        }
    }

    private static func start(_ device: VirtioGPU) {
        do throws(AcceleratorError) {
            let accelerator = try VulkanAccelerator(device, access: KernelAccess())
            all.append(accelerator)
            gpu = device
            log("GPU: " + accelerator.information.name)
        } catch {
            log("no GPU: " + error.description)
            device.close()
        }
    }

    /// Name, description, bytes in use and dispatches of each, for the prompt and the statistics.
    static func devices() -> [(name: String, description: String, memoryBytes: Int, dispatchCount: Int)] {
        var list: [(name: String, description: String, memoryBytes: Int, dispatchCount: Int)] = []
        for (number, accelerator) in all.enumerated() {
            list.append(("gpu:\(number)", accelerator.information.name, accelerator.ledger.byteCount, accelerator.ledger.dispatchCount))
        }
        return list
    }

    /// Gives back all that an owner still holds, on every accelerator.
    static func end(owner: AcceleratorOwner, budget: UInt64) {
        for accelerator in all { accelerator.end(owner: owner, budget: budget) }
    }
}

/// One task at a time, its allocations charged to the kernel.
private final class KernelAccess: AcceleratorAccess {
    private let mutex = Mutex()
    private var holder: UnsafeMutableRawPointer?
    private var depth = 0
    private var previousOwner: UInt32 = 0

    func enter() {
        let task = UnsafeMutableRawPointer(cpu_current_task())
        if holder == task && task != nil {
            depth += 1
            return
        }
        mutex.lock()
        holder = task
        depth = 1
        previousOwner = cpu_current_task().pointee.owner
        cpu_current_task().pointee.owner = 0
    }

    func leave() {
        depth -= 1
        guard depth == 0 else { return }
        cpu_current_task().pointee.owner = previousOwner
        holder = nil
        mutex.unlock()
    }
}
