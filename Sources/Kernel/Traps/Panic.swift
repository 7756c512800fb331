// The end of the machine: a full report, then a stop.
#if hasFeature(Embedded)
import CPU

/// The status that a machine test sees after a panic.
public let panicExitCode: UInt8 = 0x3F

nonisolated(unsafe) private var isPanicking = false

/// Reports what nothing could catch and stops.
public func panic(_ record: FaultRecord) -> Never {
    cpu_disable_interrupts()
    logSink = earlyPut
    if !isPanicking {
        isPanicking = true
        logText("\npanic: no recovery is left\n")
        record.writeReport()
    }
    exitMachine(code: panicExitCode)
}

public func panic(_ message: StaticString) -> Never {
    cpu_disable_interrupts()
    logSink = earlyPut
    logText("\npanic: ")
    log(message)
    exitMachine(code: panicExitCode)
}
#endif
