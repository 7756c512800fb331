// The processors as several devices: `cpu_devices=N` on the command line, as JAX's jax_num_cpu_devices.
import JaxRun
import Kernel

/// Called whenever the JAX layer has started.
func addProcessorDevices() {
    if let count = CommandLine.value("cpu_devices").flatMap({ Int($0) }), count > 1, count <= 64 { session?.addProcessors(upTo: count) }
}
