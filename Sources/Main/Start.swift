// The kernel's first Swift function: brings the machine up in order, each part by its own line.
import Boot
import CPU
import JaxPlatform
import JaxRun
import Kernel
import Python
import WireProtocol

@_cdecl("kernel_main")
func kernelMain(_ info: UnsafePointer<boot_info>) -> Never {
    startEarlyConsole()
    CPULocal.startFirst()
    KernelMemory.start(info)
    Symbols.start(info)
    DescriptorTables.start()
    bootRecord = info
    KernelMemory.continueOnGuardedStack { afterMemory() }
}

nonisolated(unsafe) var bootRecord: UnsafePointer<boot_info>! = nil

/// Everything that needs the heap and may fault safely. Ends as the task "main".
private func afterMemory() -> Never {
    Devices.startTime(bootRecord)
    Devices.startProcessors()
    Devices.startSerial()
    Devices.startControlPort()
    if let bus = Devices.bus {
        Accelerators.start(bus, Devices.environment)
        Watchdog.start(bus, Devices.environment)
    }
    Trace.start(processorCount: Devices.processorCount)
    if CommandLine.value("test") != nil { runSelfTests() }
    platform = KernelPlatform()
    guard load_jax_library() == 0 else { panic("the JAX layer does not start") }
    addSessionDevices()
    BootFiles.start(bootRecord)
    KernelServiceHost.start()
    connectPrompt()
    Prompt.start(line: Devices.serial)
    Tasks.exit()
}

/// `test=NAME` on the command line: runs the machine's own tests and ends QEMU with their result.
private func runSelfTests() -> Never {
    log("BareJAX \(KernelMemory.bytesInUse >> 10) KiB in use of \(PageFrames.totalBytes >> 20) MiB")
    if CommandLine.has("test=memory") {
        runMemoryTests()
        runCodeTests()
    }
    if CommandLine.has("test=traps") { runTrapTests() }
    if CommandLine.has("test=stacks") { runStackTests() }
    if CommandLine.has("test=jobs") {
        runJobTests()
        runForcedEndTests()
    }
    runDeviceTests()
    exitMachine(code: selfTestFailures == 0 ? 0 : 1)
}

/// What Python asks of the machine beyond the kernel (`KernelPromptHost.swift`).
private func connectPrompt() {
    let services = promptHost
    services.version = productVersion
    services.processorCount = { Devices.processorCount }
    services.files = { PromptFiles.list() }
    services.readFile = { name throws(JaxError) in try PromptFiles.read(name) }
    services.reboot = { () throws(JaxError) in Power.reset() }
    services.powerOff = { () throws(JaxError) in Power.off() }
}
