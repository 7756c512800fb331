// The machine's devices as the JAX layer's: its processors as one device, or several by `cpu_devices=N` on the command line, as JAX's
// jax_num_cpu_devices; and its accelerators.
import JaxPlatform
import JaxRun
import Kernel

/// Called whenever the JAX layer has started; what the session has already stays as it is.
func addSessionDevices() {
    if let count = CommandLine.value("cpu_devices").flatMap({ Int($0) }), count > 1, count <= 64 { session?.addProcessors(upTo: count) }
    platform.charging(.library) {
        for (number, accelerator) in Accelerators.all.enumerated() {
            let name = "gpu:\(number)"
            if session?.devices.contains(where: { $0.name == name }) ?? true { continue }
            session?.add(AcceleratorDevice(accelerator, name: name))
        }
    }
}
