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

    /// Looks for GPUs on the bus; `accelerators=null` on the command line adds the null device. Runs in the kernel's heap.
    static func start(_ bus: PCIBus, _ environment: any DriverEnvironment) {
        var found = false
        for function in bus.functions where PCITransport.deviceType(of: function) == VirtioDeviceType.gpu {
            found = true
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
        if !found { log("no GPU: none on the bus") }
        if CommandLine.has("accelerators=null") { all.append(NullAccelerator()) }
        Jobs.whenDeviceUserEnds = { job in end(owner: owner(ofJob: job), budget: endBudget) }
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

    /// How long a job's unfinished work may go on after the job's end, in nanoseconds.
    private static let endBudget: UInt64 = 1_000_000_000

    private static func owner(ofJob job: UInt64) -> AcceleratorOwner { AcceleratorOwner(id: job, name: job == 0 ? "kernel" : "job \(job)") }

    /// On whose account the running task asks a device for something: its job's. What the job has not freed when it
    /// ends is freed then.
    static var currentOwner: AcceleratorOwner { owner(ofJob: Jobs.noteDeviceUse()) }

    /// Runs the test kernels on every device that executes any: one line a check. Throws where there is none.
    static func selfTest() throws(JaxError) -> [(line: String, isWrong: Bool)] {
        var lines: [(line: String, isWrong: Bool)] = []
        for accelerator in all where accelerator.information.kind != .none {
            lines.append((accelerator.information.name, false))
            do throws(AcceleratorError) {
                lines += try GPUTests.report(accelerator, owner: currentOwner)
            } catch {
                throw JaxError(error)
            }
        }
        guard !lines.isEmpty else { throw JaxError(.notImplemented, "this machine has no GPU") }
        return lines
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
    var whenAbandoned: () -> Void = {}

    func enter() {
        let task = UnsafeMutableRawPointer(cpu_current_task())
        if holder == task && task != nil && mutex.isHeldByCurrentTask {
            depth += 1
            return
        }
        mutex.lock()
        holder = task
        depth = 1
        previousOwner = cpu_current_task().pointee.owner
        cpu_current_task().pointee.owner = 0
        _ = Jobs.noteDeviceUse()
        guard mutex.isPoisoned else { return }
        mutex.isPoisoned = false
        whenAbandoned()
    }

    func leave() {
        depth -= 1
        guard depth == 0 else { return }
        cpu_current_task().pointee.owner = previousOwner
        holder = nil
        mutex.unlock()
    }
}
