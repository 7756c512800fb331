// Ends a machine test: QEMU's isa-debug-exit device turns a byte written to its port into the process's status.
#if hasFeature(Embedded)
import CPU

/// Ends QEMU with status `code << 1 | 1` where the machine has `-device isa-debug-exit,iobase=0xf4`; elsewhere halts.
public func exitMachine(code: UInt8) -> Never {
    cpu_out8(0xf4, code)
    haltForever()
}

public func haltForever() -> Never {
    while true {
        cpu_disable_interrupts()
        cpu_halt()
    }
}
#endif
