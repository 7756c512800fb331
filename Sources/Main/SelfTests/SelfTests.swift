// The machine tests of time, tasks and devices, by the names that `test=NAME` on the kernel's command line selects.
import Kernel

/// Runs the tests that the command line names. The host plays the other end of `echo`.
func runDeviceTests() {
    if CommandLine.has("test=tasks") { runTaskTests() }
    if CommandLine.has("test=echo") { report("echo", DeviceTests.echo()) }
    if CommandLine.has("test=msix") { report("msix", DeviceTests.messageInterrupts()) }
    if CommandLine.has("test=misuse") { report("misuse", TaskTests.misuse()) }
    if CommandLine.value("test")?.hasPrefix("gpu") ?? false { GPUTests.run() }
    if CommandLine.has("test=bench") { Benchmarks.run() }
    if CommandLine.has("test=poweroff") { Power.off() }
    if CommandLine.has("test=reset") { Power.reset() }
    if CommandLine.has("test=panic") { panic("on purpose") }
}

/// All that need no host, on however many processors there are.
private func runTaskTests() {
    report("smp", TaskTests.processors())
    report("timers", TaskTests.timers())
    report("preemption", TaskTests.preemption())
    report("priorities", TaskTests.priorities())
    report("exclusion", TaskTests.exclusion())
    report("parallel", TaskTests.parallel())
    report("many tasks", TaskTests.manyTasks())
    report("misuse", TaskTests.misuse())
}

private func report(_ name: StaticString, _ failures: Int) { check(name, failures == 0) }
