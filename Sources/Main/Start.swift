// The kernel's first Swift function: brings the machine up in order, each part by its own line.
import Boot
import CPU
import Kernel

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

/// Everything that needs the heap and may fault safely.
private func afterMemory() -> Never {
    log("BareJAX \(KernelMemory.bytesInUse >> 10) KiB in use of \(PageFrames.totalBytes >> 20) MiB")
    if CommandLine.has("test=memory") { runMemoryTests() }
    if CommandLine.has("test=traps") { runTrapTests() }
    if CommandLine.has("test=jobs") { runJobTests() }
    exitMachine(code: selfTestFailures == 0 ? 0 : 1)
}
