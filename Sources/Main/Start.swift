// The kernel's first Swift function: brings the machine up in order, each part by its own line.
import Boot
import CPU
import Kernel

@_cdecl("kernel_main")
func kernelMain(_ info: UnsafePointer<boot_info>) -> Never {
    startEarlyConsole()
    CPULocal.startFirst()
    KernelMemory.start(info)
    log("BareJAX \(KernelMemory.bytesInUse >> 10) KiB in use of \(PageFrames.totalBytes >> 20) MiB")
    logDecimal(cpu_tsc() - info.pointee.entry_tsc)
    log("")
    exitMachine(code: 0)
}
